"""The messages from a worker to its parent: one JSON line each, on a pipe of their own.

A line is `[marks, message]`, and a message names its type. `marks` says into which of the raw pipes
(1: standard output, 2: standard error) the worker put a mark just before it sent the line, so that
what C code and subprocesses wrote can be put in its place among the messages.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from tangle import typed_json
from tangle.model import Failure, MimeType, Outcome, ReadFile, Seen, Skip

CANNOT_REPORT = 97
"""Exit code of a worker whose event pipe was closed under it."""

RawNumber = Literal[1, 2]
RAW_NUMBERS: Final[tuple[RawNumber, ...]] = (1, 2)


class _Tagged(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A message's type stands in its JSON under `type`."""


class Begun(_Tagged, frozen=True, kw_only=True):
    """The cell of this index begins."""

    index: int


class Wrote(_Tagged, frozen=True, kw_only=True):
    """Text written to `sys.stdout` or `sys.stderr`."""

    name: Literal["stdout", "stderr"]
    text: str


class Showed(_Tagged, frozen=True, kw_only=True):
    """One MIME bundle; with `update` it replaces those shown before under `display`."""

    kind: Literal["result", "display"]
    data: tuple[tuple[MimeType, str], ...]
    display: str | None
    update: bool


class Cleared(_Tagged, frozen=True, kw_only=True):
    """The cell's outputs so far go; with `wait`, only when the next one comes."""

    wait: bool


class Flooded(_Tagged, frozen=True, kw_only=True):
    """The code kept writing after it was asked to stop; the worker asks to be killed."""


class Usage(Struct, frozen=True, kw_only=True):
    """What the session has used so far."""

    device: str
    device_memory: int
    peak_memory: int


class Measured(_Tagged, frozen=True, kw_only=True):
    """Lines of the notes that were run for the first time: pages, each with its lines."""

    lines: tuple[tuple[str, tuple[int, ...]], ...]


class Ended(_Tagged, frozen=True, kw_only=True):
    """The cell of this index has ended."""

    index: int
    outcome: Outcome
    failure: Failure | None
    seconds: float
    usage: Usage
    seen: Seen


class Skipped(_Tagged, frozen=True, kw_only=True):
    """The cell of this index is not run.

    Attributes:
        skip: why.
    """

    index: int
    skip: Skip


class Snapshotted(_Tagged, frozen=True, kw_only=True):
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


class UnseenWrite(_Tagged, frozen=True, kw_only=True):
    """The session read a file that it may have written itself without being seen.

    Attributes:
        time: when the file was written; copies made after that know too little of it.
    """

    time: float


class Closed(_Tagged, frozen=True, kw_only=True):
    """The cells are over; `failure` is set where they could not even begin."""

    usage: Usage
    versions: tuple[tuple[str, str], ...]
    failure: Failure | None


class Noted(_Tagged, frozen=True, kw_only=True):
    """Something that a person should know, and that is no output of the notes."""

    text: str


class Listening(_Tagged, frozen=True, kw_only=True):
    """A debugger's client can connect."""

    host: str
    port: int


class Left(_Tagged, frozen=True, kw_only=True):
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
    | Skipped
    | Snapshotted
    | UnseenWrite
    | Noted
    | Listening
    | Closed
    | Left
)


class _Line(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    marks: tuple[RawNumber, ...]
    message: Message


def encode(message: Message, marks: tuple[RawNumber, ...]) -> bytes:
    """The line for `message`, with its end."""
    return typed_json.encode(_Line(marks, message)) + b"\n"


def encoded_size(text: str) -> int:
    """Bytes that a text takes on a line; control characters take six each."""
    return len(typed_json.encode(text))


def decode(line: bytes) -> tuple[tuple[RawNumber, ...], Message]:
    """The marks and the message of a line.

    Raises:
        DamagedDocument: the line is not one that a worker sends.
    """
    found = typed_json.decode(line, _Line)
    return found.marks, found.message
