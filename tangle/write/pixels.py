"""The pixels of a PNG file, so that figures can be compared without a library for images.

Read are the files that plotting libraries write: 8 bits a channel, not interlaced (PNG, third
edition, sections 5, 7 and 9).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of decoded pixels; a file that claims more is not unpacked."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels by colour type: grey, colours, a palette's index, grey and alpha, colours and alpha."""


class NotDecoded(ValueError):
    """The file is no PNG, or one of a kind that is not read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture: four bytes a pixel, red, green, blue, alpha, row by row."""

    width: int
    height: int
    rgba: bytes


def pixels(data: bytes) -> Pixels:
    """The pixels of a PNG file.

    Raises:
        NotDecoded: it is damaged, no PNG, too large, interlaced, or not of 8 bits a channel.
    """
    if not data.startswith(_SIGNATURE):
        raise NotDecoded("it is no PNG")
    chunks = list(_chunks(data))
    header = dict(chunks).get(b"IHDR", b"")
    if len(header) != 13:
        raise NotDecoded("it has no header")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colour, interlaced = header[8], header[9], header[12]
    if depth != 8 or interlaced or colour not in _CHANNELS:
        raise NotDecoded(f"{depth} bits a channel, colour type {colour}, interlaced {interlaced}")
    channels = _CHANNELS[colour]
    size = height * (1 + width * channels)
    if not 0 < size <= _MOST_BYTES:
        raise NotDecoded("it is too large")
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    rows = b"".join(_rows(_unpacked(packed, size), width * channels, channels))
    found = dict(chunks)
    return Pixels(width=width, height=height, rgba=_rgba(rows, colour, found))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        raw = zlib.decompressobj().decompress(packed, size)
    except zlib.error as error:
        raise NotDecoded(str(error)) from error
    if len(raw) != size:
        raise NotDecoded("it is cut short")
    return raw


def _rows(raw: bytes, width: int, step: int) -> Iterator[bytes]:
    """The rows with their filters undone; `step` is how many bytes a pixel takes."""
    above = bytearray(width)
    for start in range(0, len(raw), width + 1):
        row = bytearray(raw[start + 1 : start + 1 + width])
        _unfilter(raw[start], row, above, step)
        yield bytes(row)
        above = row


def _unfilter(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    if kind == 0:
        return
    if kind == 2:
        row[:] = bytes((value + up) & 255 for value, up in zip(row, above, strict=True))
        return
    if kind > 4:
        raise NotDecoded(f"filter {kind}")
    for at, value in enumerate(row):
        left = row[at - step] if at >= step else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[at]) // 2
        else:
            guess = _paeth(left, above[at], above[at - step] if at >= step else 0)
        row[at] = (value + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    """Of three neighbours the one nearest to left + up - corner (section 9.4)."""
    estimate = left + up - corner
    by_left, by_up, by_corner = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def _rgba(rows: bytes, colour: int, chunks: dict[bytes, bytes]) -> bytes:
    match colour:
        case 0:
            return b"".join(bytes((grey, grey, grey, 255)) for grey in rows)
        case 2:
            return b"".join(rows[at : at + 3] + b"\xff" for at in range(0, len(rows), 3))
        case 3:
            return _from_palette(rows, chunks.get(b"PLTE", b""), chunks.get(b"tRNS", b""))
        case 4:
            return b"".join(
                bytes((rows[at], rows[at], rows[at], rows[at + 1])) for at in range(0, len(rows), 2)
            )
        case _:
            return rows


def _from_palette(rows: bytes, palette: bytes, alpha: bytes) -> bytes:
    alpha = alpha.ljust(256, b"\xff")
    colours = (palette[at : at + 3] for at in range(0, len(palette), 3))
    table = [colour + alpha[index : index + 1] for index, colour in enumerate(colours)]
    try:
        return b"".join(table[index] for index in rows)
    except IndexError as error:
        raise NotDecoded("a colour that the palette lacks") from error
