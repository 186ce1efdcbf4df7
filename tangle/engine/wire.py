"""The messages from a worker to its parent: one JSON line each, on a pipe of their own.

A line is `[marks, type, fields]`. `marks` says into which of the raw pipes (1: standard output, 2:
standard error) the worker put a mark just before it sent the line, so that what C code and
subprocesses wrote can be put in its place among the messages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from tangle.engine.codec import from_json, to_json
from tangle.model import Failure, MimeType, Outcome, ReadFile, Seen

CANNOT_REPORT = 97
"""Exit code of a worker whose event pipe was closed under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The cell of this index begins."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """Text written to `sys.stdout` or `sys.stderr`."""

    name: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Showed:
    """One MIME bundle; with `update` it replaces those shown before under `display`."""

    kind: Literal["result", "display"]
    data: tuple[tuple[MimeType, str], ...]
    display: str | None
    update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """The cell's outputs so far go; with `wait`, only when the next one comes."""

    wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flooded:
    """The code wrote on after it was told to stop; the worker asks to be killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the session has used so far."""

    device: str
    device_memory: int
    peak_memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Lines of the notes that were run for the first time: pages, each with its lines."""

    lines: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The cell of this index has ended."""

    index: int
    outcome: Outcome
    failure: Failure | None
    seconds: float
    usage: Usage
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshotted:
    """A copy of the session waits for its next run.

    Attributes:
        index: how many cells it has done.
        name: the abstract socket on which it wants to be called, soon.
        imported: whether it has loaded a module of the generated package.
        world: what the session learned and left, which must still be so.
    """

    index: int
    pid: int
    name: str
    imported: bool
    world: tuple[ReadFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Veiled:
    """The session has read what it wrote itself unseen: older copies of it know too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The cells are over; `failure` is set where they could not even begin."""

    usage: Usage
    versions: tuple[tuple[str, str], ...]
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that a person should know, and that is no output of the notes."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Threads, exit handlers and open files are done with: the process ends.

    Attributes:
        seen: what they read and wrote.
    """

    seen: Seen


Message = (
    Begun
    | Wrote
    | Showed
    | Cleared
    | Flooded
    | Measured
    | Ended
    | Snapshotted
    | Veiled
    | Noted
    | Closed
    | Left
)

_TYPES: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        *(Begun, Wrote, Showed, Cleared, Flooded, Measured, Ended),
        *(Snapshotted, Veiled, Noted, Closed, Left),
    )
}


def encode(message: Message, marks: tuple[int, ...]) -> bytes:
    """The line for `message`, with its end."""
    line = [list(marks), type(message).__name__, to_json(message)]
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def encoded_size(text: str) -> int:
    """Bytes that a text takes on a line; control characters take six each."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def decode(line: bytes) -> tuple[tuple[int, ...], Message]:
    """The marks and the message of a line.

    Raises:
        ValueError: the line is not one that a worker sends.
    """
    try:
        parts = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[1], str):
        raise ValueError("not a message")
    marks: tuple[int, ...] = from_json(tuple[int, ...], parts[0])
    kind = _TYPES.get(parts[1])
    if kind is None or not set(marks) <= {1, 2}:
        raise ValueError("not a message")
    message: Message = from_json(kind, parts[2])
    return marks, message
