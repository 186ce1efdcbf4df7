"""Writes a great many outputs into damaged pages, and says where tangle.write fails.

    python -m benchmarks.fuzz_write --inputs 1000000 --processes 2 --seed 1

Each input is a page as `benchmarks.fuzz_parse` makes them, with a chunk put in if it has none, and
outputs for its chunks of the same stuff. For each: no exception; edits touch output blocks alone;
taking the outputs out gives the page back, to the byte; writing them twice is writing them once;
other outputs in their place leave everything else as it was, and the ids that outputs got. Some of
the outputs are failures. The same seed gives the same inputs.
Ends with 1 where anything failed.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks import fuzz_parse
from benchmarks.fuzz_parse import Failure, Task
from tangle.model import Failure as ChunkFailure
from tangle.model import Frame, Page, PagePath, Place, Trace
from tangle.parse import parse
from tangle.write import (
    ChunkOutput,
    OutputPlan,
    Piece,
    apply,
    failure_note,
    plan_outputs,
    remove_outputs,
    stored_outputs,
)
from tangle.write.html_forms import HtmlTable
from tangle.write.parts import PieceKind
from tangle.write.tables import table_lines

_PART = 1_000
"""Inputs that one task holds."""
_CHUNKS = (
    b"- ```python\n  x = 1\n  ```\n",
    b"\t- text\n\t  ```python\n\t  x\n\t  ```\n\t  ~~~py\n\t  y\n\t  ~~~\n",
    b"```python\nx\n```\n",
    b"- #+BEGIN_SRC python\n  x\n  #+END_SRC\n",
)

_KINDS: tuple[PieceKind, ...] = ("text", "text", "markdown", "math", "table", "sentence")


class Done(NamedTuple):
    """What came of a task: what became of its inputs, and what failed."""

    counts: Counter[str]
    failures: list[Failure]


def main() -> int:
    """Fuzz; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    parser.add_argument("--seed", type=int, default=1, help="other inputs for another seed (1)")
    arguments = parser.parse_args()
    material = fuzz_parse.gather([])
    parts = -(-arguments.inputs // _PART)
    tasks = [Task(arguments.seed * 1_000_003 + i, _PART, material) for i in range(parts)]
    counts: Counter[str] = Counter()
    failures, began = 0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for number, done in enumerate(pool.imap_unordered(run, tasks), 1):
            counts += done.counts
            for failure in done.failures:
                failures += 1
                print(f"{failure.what}\n  {failure.data!r}", flush=True)
            if number % 100 == 0:
                print(f"{number * _PART} inputs, {failures} failures", flush=True)
    print(f"{parts * _PART} inputs, {dict(counts)}, {failures} failures, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if failures else 0


def run(task: Task) -> Done:
    """Make the inputs of a task, and write into them."""
    rng = random.Random(task.seed)
    counts: Counter[str] = Counter()
    failures: list[Failure] = []
    for _ in range(task.inputs):
        data = page_data(rng, task.material)
        state = rng.getstate()
        try:
            for what in check(rng, data, task.material, counts):
                failures.append(Failure(what, data))  # noqa: PERF401  (a failure may end the loop)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is what we look for)
            failures.append(Failure(f"{type(error).__name__}: {error}, state {state[2]}", data))
    return Done(counts, failures)


def page_data(rng: random.Random, material: list[bytes]) -> bytes:
    """A page with a chunk somewhere."""
    return with_chunk(rng, fuzz_parse.make(rng, material))


def with_chunk(rng: random.Random, data: bytes) -> bytes:
    """A page as UTF-8, with a chunk put in if it has none."""
    data = data.decode("utf-8", "replace").encode()
    if not hosts(parse(data)):
        lines = data.split(b"\n")
        at = rng.randrange(len(lines) + 1)
        data = b"\n".join([*lines[:at], rng.choice(_CHUNKS).rstrip(b"\n"), *lines[at:]])
    return data


def hosts(page: Page) -> dict[int, int]:
    """By block, how many chunks stand in it."""
    return dict(Counter(f.block for f in page.fences if f.language.lower() in {"python", "py"}))


def outputs(
    rng: random.Random, counts: dict[int, int], material: list[bytes]
) -> dict[int, list[ChunkOutput | None]]:
    """An output for every chunk of a page, now and then none."""
    return {
        host: [
            ChunkOutput(
                digest=f"{host:06x}{chunk:06x}",
                pieces=tuple(_pieces(rng, material)),
                failure=_failure(rng, material),
            )
            for chunk in range(number)
        ]
        for host, number in counts.items()
    }


def _piece(kind: PieceKind, text: str) -> Piece:
    if kind == "table":
        cells = tuple(text.split("\n"))
        text = "\n".join(table_lines(HtmlTable(head=(cells,), body=(cells[::-1],)))[0])
    return Piece(kind=kind, text=text)


def _pieces(rng: random.Random, material: list[bytes]) -> Iterator[Piece]:
    for number in range(rng.choice((0, 1, 1, 1, 2, 3))):
        if rng.random() < 0.3:
            target = f"../assets/tangle/1.1-{number}.svg"
            yield Piece(kind="image", text=f"1.1 figure {number}", target=target)
        else:
            yield _piece(rng.choice(_KINDS), _text(rng, material))


def _text(rng: random.Random, material: list[bytes]) -> str:
    return fuzz_parse.make(rng, material)[:2_000].decode("utf-8", "replace")


def _failure(rng: random.Random, material: list[bytes]) -> tuple[str, ...]:
    """What a note says of a failure, now and then."""
    if rng.random() < 0.8:
        return ()
    message, path = _text(rng, material), PagePath("x.md")
    title = message.partition("\n")[0][:80]
    place = Place(path=path, line=rng.randrange(1, 99))
    frame = Frame(place=place, path=path, line=place.line, function=title, source=title)
    failure = ChunkFailure(
        name="ValueError",
        message=title,
        traceback="",
        place=place,
        trace=Trace(before="", frames=(frame,), said=f"ValueError: {message}"),
    )
    return failure_note(failure, lambda _: (path, title)).lines()


def check(
    rng: random.Random, data: bytes, material: list[bytes], counts: Counter[str]
) -> Iterator[str]:
    """The laws of `tests/write/test_laws.py` that a page breaks."""
    page = parse(data)
    chunks = hosts(page)
    if not chunks:
        counts["without a chunk"] += 1
        return
    wanted = outputs(rng, chunks, material)
    plan = plan_outputs(page, wanted)
    yield from _beyond_outputs(page, plan)
    if plan.refused:
        counts["refused"] += 1
        if plan.edits:
            yield "refused and written"
        return
    counts["written"] += 1
    after = parse(apply(data, plan.edits))
    yield from _written(page, after, wanted)
    again = dict(zip(hosts(after), wanted.values(), strict=True))
    if plan_outputs(after, again).edits:
        yield "writing twice is not writing once"
    yield from _with_ids(rng, after, material)
    other = dict(zip(hosts(after), outputs(rng, chunks, material).values(), strict=True))
    second = plan_outputs(after, other)
    yield from _beyond_outputs(after, second)
    if not second.refused and not stored_outputs(page):
        yield from _written(page, parse(apply(after.data, second.edits)), other)


def _with_ids(rng: random.Random, page: Page, material: list[bytes]) -> Iterator[str]:
    """Ids that outputs got are there after other outputs of other code, or of none."""
    data = page.data
    for number, stored in enumerate(reversed(stored_outputs(page))):
        if stored.edited or stored.reworked or rng.random() < 0.5:
            continue
        at, indent = stored.head.end, stored.indent + b"  "
        eol = b"\r\n" if data[at : at + 1] == b"\r" else b"\n"
        line = f"id:: 6543ed3a-0000-4000-8000-{number:012x}".encode()
        data = data[:at] + eol + indent + line + data[at:]
    named = parse(data)
    ids = Counter(named.blocks[stored.block].id for stored in stored_outputs(named))
    wanted = {
        host: [
            output and replace(output, digest=f"{rng.choice((0, 9))}{output.digest[1:]}")
            for output in outputs_of_host[: rng.randrange(len(outputs_of_host) + 1)]
        ]
        for host, outputs_of_host in outputs(rng, hosts(named), material).items()
    }
    plan = plan_outputs(named, wanted)
    yield from _beyond_outputs(named, plan)
    if plan.refused:
        return
    after = parse(apply(data, plan.edits))
    left = Counter(after.blocks[stored.block].id for stored in stored_outputs(after))
    if any(left[name] != count for name, count in ids.items() if name is not None):
        yield "an id of an output is lost"
    if plan_outputs(after, dict(zip(hosts(after), wanted.values(), strict=True))).edits:
        yield "writing twice is not writing once, with ids"


def _beyond_outputs(page: Page, plan: OutputPlan) -> Iterator[str]:
    """Edits that touch what is no output block."""
    mine = [stored.span for stored in stored_outputs(page)]
    for edit in plan.edits:
        span = edit.span
        inserts = span.start == span.end
        if not inserts and not any(
            m.start - 2 <= span.start and span.end <= m.end + 2 for m in mine
        ):
            yield "an edit beyond output blocks"


def _written(page: Page, after: Page, wanted: dict[int, list[ChunkOutput | None]]) -> Iterator[str]:
    if stored_outputs(page):
        return  # outputs that the page came with are not put back
    if any(stored.edited for stored in stored_outputs(after)):
        yield "what is written looks edited"
    if len(stored_outputs(after)) > sum(map(len, wanted.values())):
        yield "more outputs than chunks"
    back = remove_outputs(after)
    if back.refused or apply(after.data, back.edits) != page.data:
        yield "the page does not come back"


if __name__ == "__main__":
    sys.exit(main())
