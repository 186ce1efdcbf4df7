"""Reads a great many damaged pages, and says where tangle.parse fails.

    python -m benchmarks.fuzz_parse --inputs 1000000 --processes 2 --seed 1

Each input is a random outline, or a sample or a piece of a real page that was cut, doubled, mixed
with others or hit by stray bytes. For each: no exception, not a byte lost, blocks that tile the
file, spans within their blocks, margins that lead back to the file. Every now and then a short
input is repeated to two lengths, and the longer must not take out of proportion longer. The same
seed gives the same inputs. Ends with 1 where anything failed.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tangle.model import Page
from tangle.parse import NotUtf8, outline, parse, render

_ROOT = Path(__file__).parents[1]
_SHARED = _ROOT.parent / "shared"
_CASES = _ROOT / "tests" / "parse" / "cases"
_WORDS = [
    *[bytes([c]) for c in b'-#*+>`~$<>[](){}:|\\"/!?.1aZ \t\n\r\f\v\x1a\x00'],
    *[w.encode() for w in ("\u2028", "\u0085", "\ufeff", "\u00a0", "\u3000", "注意力", "é", "𝒳")],
    *(b"- ", b"\n- ", b"\n\t- ", b"\n  ", b"## ", b"```", b"```python\n", b"~~~", b"\n  ```\n"),
    *(b"k:: v\n", b"tangle.run:: no\n", b"id:: ", b":x:\n", b":END:\n", b":PROPERTIES:\n"),
    *(b"#+BEGIN_SRC python\n", b"#+END_SRC\n", b"#+BEGIN_NOTE\n", b"#+END_NOTE\n", b"#+T: x\n"),
    *(b"$$", b"<div>", b"</div>", b"<!--", b"-->", b"\\begin{a}", b"\\end{a}", b"[:div ", b"---\n"),
    *(b"* ", b"1. ", b"> ", b"((6543ed3a-0000-4000-8000-0000000000aa))", b"{{embed ", b"}}"),
    *(b"[[", b"]]", b"](", b"#tag", b"TODO ", b"[^1]: ab", b"\n: def\n", b"\r\n", b"\xff", b"\xc3"),
]
_PIECE = 1_200
_PART = 5_000
"""Inputs that one task holds."""
_ODD = 500
"""One input in so many is timed at two lengths."""


class Failure(NamedTuple):
    """What went wrong with an input."""

    what: str
    data: bytes


class Task(NamedTuple):
    """Some inputs that a process makes and reads."""

    seed: int
    inputs: int
    material: list[bytes]


def main() -> int:
    """Fuzz; the exit code."""
    arguments = _arguments()
    material = gather(arguments.folder)
    print(f"{len(material)} pieces of text to start from, seed {arguments.seed}", flush=True)
    parts = -(-arguments.inputs // _PART)
    tasks = [Task(arguments.seed * 1_000_003 + i, _PART, material) for i in range(parts)]
    count, failures, began = 0, 0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for done, found in enumerate(pool.imap_unordered(run, tasks), 1):
            count += _PART
            for failure in found:
                failures += 1
                print(f"{failure.what}\n  {failure.data!r}", flush=True)
            if done % 20 == 0:
                print(f"{count} inputs, {failures} failures", flush=True)
    print(f"{count} inputs, {failures} failures, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    parser.add_argument("--seed", type=int, default=1, help="other inputs for another seed (1)")
    parser.add_argument(
        "--folder",
        type=Path,
        action="append",
        default=[],
        help="pages to start from; without it the sample graphs beside the project, if any",
    )
    return parser.parse_args()


def gather(folders: list[Path]) -> list[bytes]:
    """Samples, golden cases, and pieces of real pages."""
    found = [text.encode() for path in sorted(_CASES.glob("*.md")) for text in _golden(path)]
    samples = _SHARED / "logseq-cases.json"
    if samples.exists():
        found += [item["input"].encode() for item in json.loads(samples.read_bytes())]
    for folder in folders or [_SHARED]:
        for path in sorted(folder.rglob("*.md")):
            data = path.read_bytes()
            found += [data[i : i + _PIECE] for i in range(0, min(len(data), 40_000), _PIECE)]
    return found


def _golden(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n.\n")[1::3]


def run(task: Task) -> list[Failure]:
    """Make and read the inputs of a task."""
    rng = random.Random(task.seed)
    failures: list[Failure] = []
    for number in range(task.inputs):
        data = make(rng, task.material)
        failures += check(data)
        if number % _ODD == 0:
            failures += check_growth(data[:200])
    return failures


def make(rng: random.Random, material: list[bytes]) -> bytes:
    """One input."""
    if rng.random() < 0.4:
        return b"".join(rng.choices(_WORDS, k=rng.randrange(1, 40)))
    data = rng.choice(material)
    for _ in range(rng.randrange(1, 6)):
        data = mutate(rng, data, material)
    return data


def mutate(rng: random.Random, data: bytes, material: list[bytes]) -> bytes:
    """The input with one piece cut, doubled, moved, replaced or put in."""
    a, b = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    b = min(b, a + rng.choice((1, 3, 10, 100)))
    match rng.randrange(7):
        case 0:
            piece = b""
        case 1:
            piece = data[a:b] * 2
        case 2:
            piece = rng.choice(_WORDS)
        case 3:
            piece = rng.choice(_WORDS) + data[a:b]
        case 4:
            piece, data = rng.choice(material)[:_PIECE], data[: b + _PIECE]
        case 5:
            piece = bytes([rng.randrange(256)])
        case _:
            return _lines_swapped(rng, data)
    return data[:a] + piece + data[b:]


def _lines_swapped(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def check(data: bytes) -> Iterator[Failure]:
    """What is wrong with how an input is read."""
    try:
        began = time.perf_counter()
        page = parse(data, errors="surrogateescape")
        took = time.perf_counter() - began
        outline(page)
        yield from (Failure(what, data) for what in broken_laws(page))
        if took > 0.1 + len(data) * 1e-5 and _seconds(data) > 0.05 + len(data) * 1e-5:
            yield Failure(f"slow: {took:.3f} s for {len(data)} bytes", data)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what we look for)
        yield Failure(f"{type(error).__name__}: {error}", data)
    try:
        parse(data)
    except NotUtf8 as error:
        if data.isascii() or not 0 <= error.offset < len(data):
            yield Failure("refused without reason", data)
    except Exception as error:  # noqa: BLE001
        yield Failure(f"{type(error).__name__}: {error}", data)


def broken_laws(page: Page) -> Iterator[str]:
    """The laws of `tests/parse/test_laws.py` that a page breaks."""
    data, blocks = page.data, page.blocks
    if render(page) != data:
        yield "bytes lost"
    edges = [0, *(block.span.end for block in blocks)]
    if edges[-1] != len(data) or any(
        b.span.start != e for b, e in zip(blocks, edges, strict=False)
    ):
        yield "blocks do not tile the file"
    for index, block in enumerate(blocks):
        above = 0 if block.parent < 0 else blocks[block.parent].level
        if not -1 <= block.parent < index or block.level != above + 1:
            yield "a parent is wrong"
        if not block.span.start <= block.content <= block.span.end:
            yield "content outside of its block"
    for reference in page.references:
        span = blocks[reference.block].span
        if not span.start <= reference.span.start < reference.span.end <= span.end:
            yield "a reference outside of its block"
    yield from _broken_code(page)


def _broken_code(page: Page) -> Iterator[str]:
    lines = page.data.decode("utf-8", "surrogateescape").split("\n")
    for fence in page.fences:
        span = page.blocks[fence.block].span
        marks = (span.start, fence.span.start, fence.body.start, fence.body.end, fence.span.end)
        if list(marks) != sorted(marks) or fence.span.end > span.end:
            yield "code outside of its block"
        code = fence.code.split("\n")[:-1]
        for number, (text, margin) in enumerate(zip(code, fence.margins, strict=True)):
            if lines[fence.line + number][margin : margin + len(text)] != text:
                yield "a margin is wrong"


def check_growth(data: bytes) -> Iterator[Failure]:
    """Whether an input, repeated, takes out of proportion longer."""
    if not data:
        return
    short, long = (data * (size // len(data) + 1) for size in (30_000, 120_000))
    if _seconds(long) > 8 * _seconds(short) + 0.02:  # four times would be in proportion
        again = min(_seconds(long) for _ in range(3)) / min(_seconds(short) for _ in range(3))
        if again > 7:
            yield Failure(f"four times the length takes {again:.0f} times as long", data)


def _seconds(data: bytes) -> float:
    began = time.process_time()
    parse(data, errors="surrogateescape")
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
