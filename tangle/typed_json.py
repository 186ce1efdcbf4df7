"""Values as JSON and back, by their types: documents on disk, and messages between processes.

Types are dataclasses, `msgspec.Struct`s, tuples, dictionaries and plain values. A union may hold
one dataclass, or several Structs with tags. Data that does not fit its type is damaged as a whole;
nothing is guessed. A field that a dataclass does not have is ignored, so the key under which a
document is kept must tell its versions apart. Infinity and NaN become null.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_reading_types: Final = threading.Lock()
"""Held while msgspec reads the annotations of types; a process is not forked meanwhile.

msgspec keeps what it finds on each class before that is complete, and Python runs other threads in
between. If one of them decodes a value of such a class, the process ends by a segmentation fault.
"""
_decoders: Final[dict[object, msgspec.json.Decoder[Any]]] = {}

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_reading_types.acquire,
        after_in_parent=_reading_types.release,
        after_in_child=_reading_types.release,
    )


class DamagedDocument(ValueError):
    """Data that is not JSON, or not of the type that was asked for."""


def encode(value: object) -> bytes:
    """A value as JSON in UTF-8, on one line.

    Raises:
        TypeError: part of it is of another type.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a file name that is not UTF-8: its bytes are escaped
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")


def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of JSON for a type; any thread may ask for it."""
    found = _decoders.get(kind)
    if found is None:
        with _reading_types:
            found = _decoders[kind] = msgspec.json.Decoder(kind)
    return found


def msgpack_decoder(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    """A decoder of MessagePack for a type; any thread may ask for one."""
    with _reading_types:
        return msgspec.msgpack.Decoder(kind)


def decode(data: bytes, kind: type[T]) -> T:
    """The value of a type that `encode` made the data of.

    Raises:
        DamagedDocument: the data was made of anything else.
    """
    try:
        return json_decoder(kind).decode(data)
    except msgspec.ValidationError as error:
        raise DamagedDocument(str(error)) from error
    except (ValueError, RecursionError):  # damaged, or with escapes that msgspec does not read
        return convert(_loaded(data), kind)


def convert(value: object, kind: type[T]) -> T:
    """The value of a type that plain dictionaries, lists and scalars stand for.

    Raises:
        DamagedDocument: they do not stand for one.
    """
    json_decoder(kind)  # reads the type's annotations
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DamagedDocument(str(error)) from error


def _loaded(data: bytes) -> object:
    try:
        return json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DamagedDocument(str(error)) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
