"""What travels between a command and the workers of its cluster: typed JSON, never pickles.

A `Task` is one attempt to run a section. What all sections of a run share is in a `RunContext`,
which travels once to each worker, as a file does: by its digest. A worker answers with a `Reply`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, get_args

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.events import (
    CellFinished,
    CellOutput,
    CellStarted,
    DebuggerListens,
    LinesRun,
    Noticed,
    Sampled,
    SessionStarted,
)
from tangle.model import Job, MimeBundle, Output, Result, SessionResult, Source, Stream
from tangle.typed_json import DamagedDocument, decode, encode

TOPIC: Final = "tangle-run"
"""Events of a run have the topic `tangle-run-RUN`."""

LIVE_TEXT: Final = 64 * 1024
"""Characters of one live event; the complete output comes with the result."""

RESULT_BYTES: Final = 256 * 1024 * 1024
"""The most that a section may send back: it travels as one value, through memory."""

_LEFT_OUT: Final = "[… the rest comes with the result]"


class SentFile(Struct, frozen=True, kw_only=True):
    """A file that a worker without the project's folder needs.

    Attributes:
        path: absolute, as it is where the command runs.
        digest: SHA-256 of its content.
        size: bytes.
        modified: nanoseconds since 1970.
    """

    path: str
    digest: str
    size: int
    modified: int


class Proof(Struct, frozen=True, kw_only=True):
    """A file that only who shares the project's folder can read.

    Attributes:
        path: absolute.
        text: what it holds.
    """

    path: str
    text: str


class RunContext(Struct, frozen=True, kw_only=True):
    """What all sections of a run share.

    Attributes:
        run: names the run.
        roots: absolute folders whose files are the project's.
        proof: shows a worker that it shares them; None if it cannot.
        package: the folder of the generated package, where the command runs.
        files: its files, by paths relative to it.
        module: the text of the generated module.
        sources: as in `Job`.
        slots: for each host of the cluster, how many sections it runs at a time.
        same_machine: whether the workers were started by the command, on its machine.
        fresh: whether each section has a process that nothing was imported in before.
    """

    run: str
    roots: tuple[str, ...]
    proof: Proof | None
    package: str
    files: tuple[tuple[str, str], ...]
    module: str
    sources: tuple[Source, ...]
    slots: tuple[tuple[str, int], ...]
    same_machine: bool
    fresh: bool


class Task(Struct, frozen=True, kw_only=True):
    """One attempt to run a section.

    Attributes:
        run: names the run.
        context: digest of its `RunContext`.
        job: without `path` and `sources`, which are the context's.
        files: what it reads, as far as is known.
        gpu: whether it has a GPU for itself.
    """

    run: str
    context: str
    job: Job
    files: tuple[SentFile, ...] = ()
    gpu: bool = False


class Ran(Struct, frozen=True, kw_only=True, tag=True):
    """The section ran.

    Attributes:
        worker: the address of the worker that ran it.
        finished: of each cell that ended, the result as it was then; None where it is the same as
            in `result`.
        shared: whether the worker shares the project's folder.
    """

    worker: str
    result: SessionResult
    finished: tuple[Result | None, ...]
    shared: bool


class Lacks(Struct, frozen=True, kw_only=True, tag=True):
    """Nothing ran yet: the worker needs the contents of these digests."""

    worker: str
    digests: tuple[str, ...]


class NotRun(Struct, frozen=True, kw_only=True, tag=True):
    """The attempt was given up; its outputs do not count.

    Attributes:
        why: in words, after the name of the worker.
        again: whether another attempt may succeed.
    """

    worker: str
    why: str
    again: bool


Reply = Ran | Lacks | NotRun

LiveEvent = (
    SessionStarted
    | CellStarted
    | CellOutput
    | CellFinished
    | LinesRun
    | Sampled
    | DebuggerListens
    | Noticed
)
_LIVE: Final = {kind.__name__: kind for kind in get_args(LiveEvent)}


class EventMessage(Struct, frozen=True, kw_only=True):
    """An event of a section, on its way to the command.

    Attributes:
        attempt: names the attempt; a later one makes the events of an earlier one void.
        worker: the address of the worker.
    """

    section: str
    attempt: str
    worker: str
    event: LiveEvent


class _Envelope(Struct, frozen=True, array_like=True):
    section: str
    attempt: str
    worker: str
    kind: str
    body: str


def encode_event(message: EventMessage) -> bytes:
    """An event as bytes, with long output cut: it stays in the scheduler's memory for a while."""
    body = encode(_shortened(message.event)).decode()
    kind = type(message.event).__name__
    return encode(_Envelope(message.section, message.attempt, message.worker, kind, body))


def decode_event(data: bytes) -> EventMessage:
    """The event that `encode_event` made bytes of.

    Raises:
        DamagedDocument: the bytes are anything else.
    """
    found = decode(data, _Envelope)
    if found.kind not in _LIVE:
        raise DamagedDocument(f"{found.kind} is no event")
    event: LiveEvent = decode(found.body.encode(), _LIVE[found.kind])
    return EventMessage(
        section=found.section, attempt=found.attempt, worker=found.worker, event=event
    )


def _shortened(event: LiveEvent) -> LiveEvent:
    match event:
        case CellOutput():
            return replace(event, outputs=_short_outputs(event.outputs))
        case CellFinished():
            result = replace(event.result, outputs=_short_outputs(event.result.outputs), end=None)
            return replace(event, result=result)
        case _:
            return event


def _short_outputs(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """Outputs up to `LIVE_TEXT`; of a bundle that is longer, its plain text."""
    left = LIVE_TEXT
    made: list[Output] = []
    for output in outputs:
        short = _short(output, left)
        left -= _length(short)
        made.append(short)
        if left <= 0:
            made.append(Stream("stdout", f"{_LEFT_OUT}\n"))
            break
    return tuple(made)


def _short(output: Output, left: int) -> Output:
    if isinstance(output, MimeBundle):
        if _length(output) <= left:
            return output
        plain = [pair for pair in output.data if pair[0] == "text/plain" and len(pair[1]) <= left]
        return replace(output, data=tuple(plain))
    return Stream(output.name, output.text[: max(left, 0)])


def _length(output: Output) -> int:
    if isinstance(output, MimeBundle):
        return sum(len(content) for _, content in output.data)
    return len(output.text)


def digest_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def topic_of(run: str) -> str:
    """The topic of a run's events."""
    return f"{TOPIC}-{run}"
