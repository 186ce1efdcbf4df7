"""Compare figures: SVG by elements, PNG by pixels, others by their bytes."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import reduce
from io import BytesIO
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from tangle.model import MimeType

if TYPE_CHECKING:
    from xml.etree import ElementTree

    from PIL.Image import Image  # heavy: imported where a PNG is compared

_NEAR: Final = 0.5
"""Units of a drawing (points, mostly) that a coordinate may be off: less than a line is thick."""
_SHADE: Final = 16
"""Of 255: a channel that differs by so much at most looks the same."""
_FEW: Final = 0.002
"""The part of the pixels that may differ by more: edges that are smoothed another way."""

_MOST_PIXELS: Final = 20_000_000
"""Of a picture that is unpacked: 80 MB."""

_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_IDENTIFIER: Final = re.compile(r"#[\w:.-]+")
_EMBEDDED: Final = re.compile(r"data:(image/[\w.+-]+);base64,\s*", re.ASCII)
_PLACES: Final = (
    *("cx", "cy", "d", "dx", "dy", "fx", "fy", "height", "offset", "points", "r", "rx", "ry"),
    *("transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2"),
)
"""Attributes whose numbers are places or sizes."""


def picture_difference(
    mime: MimeType, expected: bytes, actual: bytes, rtol: float | None = None
) -> str:
    """Return how a figure differs from the expected one, in words; empty if it does not.

    Args:
        mime: what both are.
        expected: the file that is known.
        actual: the other.
        rtol: how far a coordinate may be off, as a part of the drawing's longer side, and which
            part of the pixels may differ; None for what an eye does not see.
    """
    if expected == actual:
        return ""
    if mime == "image/svg+xml":
        return _svg_difference(expected, actual, rtol or 0.0)
    if mime == "image/png":
        return _png_difference(expected, actual, max(_FEW, rtol or 0.0))
    return f"{mime} is compared byte by byte"


# --- PNG ------------------------------------------------------------------------------------------


class _NotDecoded(ValueError):
    """The file is no PNG, or is damaged or too large."""


def _png_difference(expected: bytes, actual: bytes, few: float) -> str:
    from PIL import ImageChops

    try:
        old, new = _decoded(expected), _decoded(actual)
    except _NotDecoded as error:
        return f"its bytes are not the same, and its pixels cannot be compared ({error})"
    if old.size != new.size:
        (width, height), (new_width, new_height) = old.size, new.size
        return f"it was {width}×{height} pixels, and is {new_width}×{new_height}"
    # Of each pixel the channel that differs most, and how many pixels differ by 0, 1, ... 255.
    worst = reduce(ImageChops.lighter, ImageChops.difference(old, new).split())
    counts = worst.histogram()
    different, total = sum(counts[_SHADE + 1 :]), sum(counts)
    if different <= total * few:
        return ""
    most = max(value for value, count in enumerate(counts) if count)
    return f"{different} of {total} pixels, by up to {most} of 255"


def _decoded(data: bytes) -> Image:
    """The picture in a PNG file, in red, green, blue and alpha.

    Raises:
        _NotDecoded: it is no PNG, damaged, or so large that it is not unpacked.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(data), formats=["PNG"])
        if picture.width * picture.height <= _MOST_PIXELS:
            return picture.convert("RGBA")
    except UnidentifiedImageError as error:
        raise _NotDecoded("it is no PNG") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        pass
    except Exception as error:
        raise _NotDecoded(str(error)) from error
    raise _NotDecoded("it is too large")


# --- SVG ------------------------------------------------------------------------------------------


class _Same(Struct, frozen=True, kw_only=True):
    """What counts as the same value.

    Attributes:
        names: for each name that was made up in one drawing, that in the other.
        near: how far a coordinate may be off.
        rtol: as in `picture_difference`, for what is embedded.
    """

    names: Mapping[str, str]
    near: float
    rtol: float

    def value(self, name: str, old: str, new: str) -> bool:
        """Whether an attribute says the same."""
        embedded, other = _EMBEDDED.match(old), _EMBEDDED.match(new)
        if embedded and other:
            return embedded[1] == other[1] and not _embedded_difference(
                MimeType(embedded[1]), old[embedded.end() :], new[other.end() :], self.rtol
            )
        old = _IDENTIFIER.sub(lambda found: "#" + self.names.get(found[0][1:], found[0][1:]), old)
        if old == new:
            return True
        if name not in _PLACES:
            return False
        if _NUMBER.sub("#", old).split() != _NUMBER.sub("#", new).split():
            return False
        pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
        return all(abs(float(a) - float(b)) <= self.near for a, b in pairs)


def _svg_difference(expected: bytes, actual: bytes, rtol: float) -> str:
    from xml.etree import ElementTree  # most runs compare no drawings

    if b"<!ENTITY" in expected or b"<!ENTITY" in actual:
        return "it declares entities, and is compared byte by byte"
    try:
        old, new = ElementTree.fromstring(expected), ElementTree.fromstring(actual)
    except ElementTree.ParseError as error:
        return f"it is no XML ({error}), and is compared byte by byte"
    return next(_tree_differences(old, new, rtol), "")


def _tree_differences(
    old: ElementTree.Element, new: ElementTree.Element, rtol: float
) -> Iterator[str]:
    """Differences of two drawings, element by element; names that were made up are matched."""
    before, after = list(_elements(old)), list(_elements(new))
    same = _Same(
        names=dict(zip(_made_up(before), _made_up(after), strict=False)),
        near=max(_NEAR, rtol * _longer_side(old)),
        rtol=rtol,
    )
    for old_element, new_element in zip(before, after, strict=False):
        if old_element.tag != new_element.tag:
            yield f"<{_short(old_element.tag)}> became <{_short(new_element.tag)}>"
        said = _text_difference(old_element, new_element)
        if said:
            yield said
        yield from _attribute_differences(old_element, new_element, same)
    if len(before) != len(after):
        yield f"it had {len(before)} elements, and has {len(after)}"


def _elements(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The elements that are drawn, in order; who made the file and when is none of them."""
    todo = [root]
    while todo:
        element = todo.pop()
        yield element
        todo.extend(child for child in reversed(element) if _short(child.tag) != "metadata")


def _longer_side(root: ElementTree.Element) -> float:
    """Of what is drawn in, in its own units; 0 where it does not say."""
    box = _NUMBER.findall(root.get("viewBox", ""))[2:]
    return max((float(size) for size in box), default=0.0)


def _made_up(elements: list[ElementTree.Element]) -> list[str]:
    return [found for element in elements if (found := element.get("id"))]


def _short(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text_difference(old: ElementTree.Element, new: ElementTree.Element) -> str:
    before, after = (" ".join((element.text or "").split()) for element in (old, new))
    if before == after or _short(old.tag) == "style":
        return ""
    return f"the text {before!r} became {after!r}"


def _attribute_differences(
    old: ElementTree.Element, new: ElementTree.Element, same: _Same
) -> Iterator[str]:
    tag = _short(old.tag)
    for key in sorted(old.attrib.keys() | new.attrib.keys()):
        name, before, after = _short(key), old.get(key), new.get(key)
        if name == "id" or before == after:
            continue
        if before is None or after is None:
            yield f"<{tag}> {'lost' if after is None else 'got'} {name}"
        elif not same.value(name, before, after):
            yield f"{name} of <{tag}>: {_cut(before)} became {_cut(after)}"


def _cut(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:40]}…"


def _embedded_difference(mime: MimeType, old: str, new: str, rtol: float) -> str:
    try:
        return picture_difference(mime, base64.b64decode(old), base64.b64decode(new), rtol)
    except binascii.Error:
        return "it is not base64"
