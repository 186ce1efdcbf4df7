"""Measures `tangle build` and `tangle check` on large graphs: cold, again, and after one edit.

    python -m benchmarks.graphs [--rounds 5]

Makes a graph of 10,000 pages from the real graphs that stand beside the project (each copy with
ids, titles and saved names of its own, so that the graph is a sane one), and one of 1,000 pages of
code that borrow from each other. An edit of code puts a statement into the first chunk of a page.
Every figure is the median of fresh processes, start of Python included. Write the output into
benchmarks/README.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SHARED = _ROOT.parent / "shared"
_SOURCES = [_SHARED / "graphs" / "logseq-docs", _SHARED / "user-notes"]
_UUID = re.compile(rb"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NAMES = re.compile(
    rb"^([ \t]*(?:- )?(?:title::?|alias::|tangle\.name::) )(.*?)[ \t\r]*$", re.MULTILINE
)
_NUMBER = re.compile(rb"^([ \t]*- #+ )([0-9]{1,2})(?=[. ])", re.MULTILINE)
_SAVED = re.compile(rb"^[ \t]*(?:def|class) (\w+)[^\n]*#@save", re.MULTILINE)
_FENCE = re.compile(rb"(```python[^\n]*\n)([ \t]*)(?=\S)")
_PROSE = 10_000
_CODE = 1_000


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}\n")
    print("| graph | command | cold | nothing changed | prose changed | code changed |")
    print("|---|---|--:|--:|--:|--:|")
    for name, make in (("10,000 pages", _prose_graph), ("1,000 pages of code", _code_graph)):
        for command in ("build", "check"):
            with tempfile.TemporaryDirectory() as folder:
                graph = Path(folder)
                size, prose, code = make(graph)
                times = _measured(graph, command, (prose, code), rounds)
                cells = " | ".join(f"{seconds:.2f} s" for seconds in times)
                print(f"| {name}, {size / 1e6:.1f} MB | `{command}` | {cells} |", flush=True)
    return 0


def _measured(graph: Path, command: str, edited: Sequence[Path], rounds: int) -> list[float]:
    """Seconds of each case, each run from the state that the case says."""

    def cold() -> None:
        shutil.rmtree(graph / ".tangle", ignore_errors=True)
        shutil.rmtree(graph / "generated", ignore_errors=True)
        if command == "check":
            (graph / ".tangle").mkdir()

    prose, code = edited
    cases: list[Callable[[], None]] = [
        cold,
        lambda: None,
        lambda: _edit_prose(prose),
        lambda: _edit_code(code),
    ]
    return [
        statistics.median(_seconds(graph, command, case) for _ in range(rounds)) for case in cases
    ]


def _edit_prose(page: Path) -> None:
    with page.open("a", encoding="utf-8") as file:
        file.write(f"- {uuid.uuid4().hex} is said here\n")


def _edit_code(page: Path) -> None:
    """Puts a statement with a name of its own in front of the page's first chunk."""
    statement = b"\\1\\2x_%s = 1\n\\2" % uuid.uuid4().hex.encode()
    page.write_bytes(_FENCE.sub(statement, page.read_bytes(), count=1))


def _seconds(graph: Path, command: str, before: Callable[[], None]) -> float:
    before()
    line = [sys.executable, "-m", "tangle_cli", "--graph", str(graph), command]
    if command == "build":
        line[-1:-1] = ["--output", str(graph / "generated")]
    start = time.perf_counter()
    done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
        sys.exit(f"{' '.join(line)}: exit code {done.returncode}")
    return seconds


# --- the graphs -----------------------------------------------------------------------------------


def _prose_graph(graph: Path) -> tuple[int, Path, Path]:
    """Copies of real pages: bytes, a page of prose, a page with code."""
    pages = [page for source in _SOURCES for page in sorted(source.rglob("pages/*.md"))]
    _begin(graph)
    stem = Counter(page.stem for page in pages)
    for number in range(_PROSE):
        copy, at = divmod(number, len(pages))
        page = pages[at]
        mark = str(copy) if stem[page.stem] == 1 else f"{copy}-{at}"
        data = _of_its_own(page.read_bytes(), mark, chapters=20 * copy)
        (graph / "pages" / f"{page.stem} {mark}.md").write_bytes(data)
    written = sorted((graph / "pages").iterdir())
    has_code = [b"```python" in page.read_bytes() for page in written]
    middle = has_code.index(False, len(written) // 2)
    return _size(graph), written[middle], written[has_code.index(True, len(written) // 3)]


def _of_its_own(data: bytes, mark: str, chapters: int) -> bytes:
    """A page with ids, names, saved names and section numbers that no other copy has."""
    for name in {found[1] for found in _SAVED.finditer(data)}:
        data = re.sub(rb"\b%s\b" % name, b"%s_%s" % (name, mark.encode().replace(b"-", b"_")), data)

    def identifier(found: re.Match[bytes]) -> bytes:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{found[0].decode()} {mark}")).encode()

    def names(found: re.Match[bytes]) -> bytes:
        return found[1] + b", ".join(
            b"%s %s" % (name.strip(), mark.encode()) for name in found[2].split(b",")
        )

    def number(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) + chapters).encode()

    return _NUMBER.sub(number, _NAMES.sub(names, _UUID.sub(identifier, data)))


def _code_graph(graph: Path) -> tuple[int, Path, Path]:
    """Sections of five chunks each that borrow from those before: bytes, and two pages."""
    draw = random.Random(0)
    _begin(graph)
    for number in range(_CODE):
        text = "\n".join(_section(number, max(0, number - draw.randint(1, 5))))
        (graph / "pages" / f"page {number:04}.md").write_text(text + "\n", encoding="utf-8")
    (graph / "pages" / "prose.md").write_text("- nothing but words\n", encoding="utf-8")
    middle = graph / "pages" / f"page {_CODE // 2:04}.md"
    return _size(graph), graph / "pages" / "prose.md", middle


def _section(number: int, lender: int) -> list[str]:
    chapter, section = number // 50 + 1, number % 50 + 1
    saved = "  #@save" if number % 20 == 0 else ""
    chunks = [
        "import math\nimport torch" if number % 7 == 0 else "import math\nbatch_size, lr = 16, 0.1",
        f'def f_{number}(x, y=2):{saved}\n    """Doc."""\n    return math.sqrt(x) + y * {number}',
        f"a_{number} = torch.ones(3)\nb_{number} = a_{lender} + f_{lender}(3)",
        f"for epoch in range(3):\n    print(epoch, b_{number}.sum())",
        f"values = [f_{number}(v) for v in range(10)]\nprint(len(values), lr)",
        f"assert f_{number}(4) == 2 + 2 * {number}\nb_{number}",
    ]
    lines = [f"- ## {chapter}.{section}. Topic {number}", "\t- What it is about, with a [[link]]."]
    for chunk in chunks:
        lines.append("\t- What comes next and why, in a sentence or two.")
        code = [f"\t  {line}" for line in chunk.split("\n")]
        lines += ["\t- ```python", *code, "\t  ```"]
    return lines


def _begin(graph: Path) -> None:
    (graph / "logseq").mkdir()
    (graph / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    (graph / "pages").mkdir()


def _size(graph: Path) -> int:
    return sum(page.stat().st_size for page in (graph / "pages").iterdir())


if __name__ == "__main__":
    sys.exit(main())
