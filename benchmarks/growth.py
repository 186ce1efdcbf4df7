"""How the time and the memory of `tangle run` grow with one section: chunks, figures, references.

    python -m benchmarks.growth                      # 500 to 4,000 of each: a quiet machine
    python -m benchmarks.growth --most 1000

Each page is run afresh, then again, answered from the cache. What grows in proportion takes, for
each chunk, the same time at every size; the last column says how much the time for each chunk
grew from the smallest size to the largest, in processor time, the start of the program aside.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SMALLEST = 500
_ID = "6543ed3a-0000-4000-8000-0000000000aa"
_DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_TANGLE = "from tangle_cli.main import main; main()"


def _chunk(*lines: str) -> str:
    body = "".join(f"\t  {line}\n" for line in lines)
    return f"\t- ```python\n{body}\t  ```\n"


def _chunks(count: int) -> Iterator[str]:
    yield from (_chunk(f"x{n} = {n}", f"print(x{n})") for n in range(count))


def _figures(count: int) -> Iterator[str]:
    yield _chunk("import base64", "from IPython.display import Image", f"dot = '{_DOT}'")
    yield from (_chunk(f"Image(base64.b64decode(dot))  # {n}") for n in range(count))


def _references(count: int) -> Iterator[str]:
    yield _chunk(*(f"x{n} = {n}" for n in range(100))) + f"\t  id:: {_ID}\n"
    yield from (f"\t- (({_ID}))\n" for _ in range(count))


KINDS: dict[str, Callable[[int], Iterator[str]]] = {
    "chunks": _chunks,
    "figures": _figures,
    "references to a chunk of 100 lines": _references,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one command took: seconds, seconds of processors, bytes at most in one process."""

    wall: float
    work: float
    memory: int


def make_graph(folder: Path, kind: str, count: int) -> None:
    """Write a graph of one page with one section.

    Args:
        folder: an empty one.
        kind: one of `KINDS`.
        count: how many of it.
    """
    for name in ("logseq", "pages"):
        (folder / name).mkdir()
    (folder / "logseq" / "config.edn").write_text("{}")
    (folder / "tangle.toml").write_text('book = ["**"]\n')
    page = "- ## 1.1 Growth\n" + "".join(KINDS[kind](count))
    (folder / "pages" / "growth.md").write_text(page)


def run(folder: Path, *arguments: str) -> Took:
    """Call tangle in a folder; it must succeed."""
    command = [sys.executable, "-c", _TANGLE, *arguments]
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"tangle {' '.join(arguments)} ended with {process.returncode}")
    return Took(
        wall=time.perf_counter() - started,
        work=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss * 1024,
    )


def run_twice(kind: str, count: int) -> tuple[Took, Took]:
    """What a run takes, and another that the cache answers.

    Args:
        kind: one of `KINDS`.
        count: how many of it.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_graph(folder, kind, count)
        fresh = run(folder, "run", "1.1", "--no-server", "--fresh")
        return fresh, run(folder, "run", "1.1", "--no-server")


def measure(kind: str, sizes: list[int]) -> Iterator[str]:
    """The rows of the table for one kind.

    Args:
        kind: one of `KINDS`.
        sizes: how many of it.
    """
    starts = run_twice(kind, 1)
    first: tuple[float, float] | None = None
    for size in sizes:
        fresh, again = run_twice(kind, size)
        each = (fresh.work - starts[0].work) / size, (again.work - starts[1].work) / size
        first = first or each
        grown = " / ".join(f"{now / then:.1f} ×" for now, then in zip(each, first, strict=True))
        megabytes = max(fresh.memory, again.memory) / 2**20
        yield (
            f"| {size:,} {kind} | {fresh.wall:.1f} s | {again.wall:.1f} s "
            f"| {megabytes:.0f} MiB | {grown} |"
        )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--most", type=int, default=4000, help="the largest size")
    parser.add_argument("--only", action="append", choices=list(KINDS), help="these kinds alone")
    given = parser.parse_args()
    sizes = [size for size in (_SMALLEST * 2**n for n in range(8)) if size <= given.most]
    print("| one section of | run | run again | memory | time each, run / again |")
    print("|---|--:|--:|--:|--:|")
    for kind in given.only or KINDS:
        for row in measure(kind, sizes):
            print(row, flush=True)


if __name__ == "__main__":
    main()
