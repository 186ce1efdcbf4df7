"""The results of one session as bytes for a shared cache, signed, and back.

An entry is a head (what it is, whose key, the signature) and a compressed JSON document. The
signature covers the name under which the entry is kept, so that it counts under no other one.
Nothing of the document is decompressed or read before the signature was checked.
"""

from __future__ import annotations

import zlib
from collections.abc import Container
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Output
from tangle.store.remote.signing import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    KeyPair,
    is_signed,
    public_bytes,
    public_text,
    sign,
)
from tangle.typed_json import DamagedDocument, decode, encode
from tangle.verbs.results.kept_runs import KeptRun, KeptRuns, pooled

MOST_BYTES: Final = 32 * 1024 * 1024
"""The size of an entry at most."""

_MOST_TEXT: Final = 8 * MOST_BYTES
"""The size of its document at most."""

_MAGIC: Final = b"tangle result 1\n"
_HEAD: Final = len(_MAGIC) + KEY_BYTES + SIGNATURE_BYTES


class EntryRefused(Exception):
    """Bytes are no entry that counts."""


class EntryTooLarge(Exception):
    """A result is too large for an entry."""


class _Document(Struct, frozen=True, kw_only=True):
    """What an entry holds.

    Attributes:
        name: under which it is kept.
        device: that the session used.
        made: when it was run.
    """

    name: str
    device: str
    made: str
    run: KeptRun
    outputs: dict[str, Output]
    code: dict[str, str]


def pack(name: str, kept: KeptRuns, pair: KeyPair) -> bytes:
    """Return the entry of a run.

    Args:
        name: under which it is to be kept.
        kept: the run, the only one, with what it names.
        pair: the key that signs it.

    Raises:
        EntryTooLarge: it would be.
    """
    (run,) = kept.runs
    document = _Document(
        name=name,
        device=run.cells[-1].end.device,
        made=run.made,
        run=run,
        outputs=kept.outputs,
        code=kept.code,
    )
    text = encode(document)
    body = zlib.compress(text)
    if len(text) > _MOST_TEXT or _HEAD + len(body) > MOST_BYTES:
        raise EntryTooLarge
    public = public_bytes(pair.public)
    return _MAGIC + public + sign(pair, _signed(name, public, body)) + body


def unpack(data: bytes, name: str, trusted: Container[str]) -> KeptRuns:
    """Return the run that an entry holds.

    Args:
        data: the entry.
        name: under which it was kept.
        trusted: the public keys that count.

    Raises:
        EntryRefused: it is damaged, of another name, or signed with no such key.
    """
    if not _HEAD < len(data) <= MOST_BYTES or not data.startswith(_MAGIC):
        raise EntryRefused("this is no entry")
    head, body = memoryview(data)[len(_MAGIC) : _HEAD], data[_HEAD:]
    public, signature = bytes(head[:KEY_BYTES]), bytes(head[KEY_BYTES:])
    if public_text(public) not in trusted:
        raise EntryRefused("its key is not trusted")
    if not is_signed(public, signature, _signed(name, public, body)):
        raise EntryRefused("its signature is wrong")
    document = _read(body)
    run = document.run
    if document.name != name or not run.cells or run.cells[-1].end.device != document.device:
        raise EntryRefused("it says something else in its head")
    try:
        kept = KeptRuns(
            runs=(replace(run, made=document.made, signer=public_text(public)),),
            outputs=document.outputs,
            code=document.code,
        )
    except ValueError as error:
        raise EntryRefused(str(error)) from error
    for pool in (kept.outputs, kept.code):
        if any(pooled([value], {}) != (digest,) for digest, value in pool.items()):
            raise EntryRefused("a digest is wrong")
    return kept


def _signed(name: str, public: bytes, body: bytes) -> bytes:
    return b"\0".join((_MAGIC, name.encode("ascii"), public, body))


def _read(body: bytes) -> _Document:
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(body, _MOST_TEXT)
        if not inflate.eof or inflate.unused_data:
            raise EntryRefused("its document is cut short, or too large")
        return decode(text, _Document)
    except (zlib.error, DamagedDocument, MemoryError) as error:
        raise EntryRefused(str(error)) from error
