"""A person types in a page while `tangle run` writes outputs into it: two processes, one file.

    python -m benchmarks.demonstration                  # --letters 200 --pause 0.1

The typist does as Logseq does: it holds the page in memory, and writes all of it a moment after
each key. Beside it `tangle run --all --fresh` runs the page's sections and writes their outputs,
again and again, until the sentence is typed. Then the page must have every letter and every
output, and `tangle clean` must give it back as it was typed, to the byte. Ends with 1 where it does
not.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_WORDS = "Nobody waits for a run to end before the next sentence. "
_WAIT = 60.0
"""Seconds that one command may take on a busy machine, twice."""
PAGE = """\
- typed:
- ## 1.1. Runs
\t- ```python
\t  import time
\t  time.sleep(0.3)
\t  print('first')
\t  ```
\t- ```python
\t  time.sleep(0.3)
\t  print('second')
\t  ```
- ## 1.2. Runs too
\t- ```python
\t  print('third')
\t  ```
- the end
"""
_TYPIST = """\
import pathlib, re, sys, time
page, sentence, pause = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
for end in range(1, len(sentence) + 1):
    text = page.read_bytes().decode()
    text = re.sub(r"^- typed:.*", lambda _: "- typed: " + sentence[:end], text, count=1)
    page.write_bytes(text.encode())
    print(end, flush=True)
    time.sleep(pause)
"""
_TANGLE = "from tangle_cli.main import main; main()"


@dataclass(slots=True, kw_only=True)
class Shown:
    """What was seen.

    Attributes:
        codes: the exit code of each run beside the typist (3: refused, since the page was saved
            again and again).
        letters: how many were typed while tangle ran.
        faults: what is not as it should be at the end.
    """

    codes: list[int] = field(default_factory=list)
    letters: int = 0
    faults: list[str] = field(default_factory=list)


def demonstrate(folder: Path, sentence: str, *, pause: float, say: Callable[[str], None]) -> Shown:
    """Type a sentence into a page of a new graph while tangle runs it; what was seen.

    Args:
        folder: where the graph is made; empty.
        sentence: what is typed.
        pause: seconds between two keys.
        say: receives lines of progress.
    """
    page = folder / "pages" / "x.md"
    config, book = folder / "logseq" / "config.edn", folder / "tangle.toml"
    for path, text in ((config, "{}"), (page, PAGE), (book, 'book = ["**"]\n')):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    shown = Shown()
    with _python(_TYPIST, str(page), sentence, str(pause)) as typist:
        assert typist.stdout is not None
        typist.stdout.readline()
        while typist.poll() is None:
            code, said = _tangle(folder, "run", "--all", "--fresh")
            shown.codes.append(code)
            # The page may be saved five times while it is placed: then that is said, as refused.
            if code not in {0, 3}:
                shown.faults.append(f"tangle ended with {code}: {said}")
            say(f"run {len(shown.codes)}: exit code {code}, {_state(page)}")
        shown.letters = 1 + sum(1 for _ in typist.stdout)
        if typist.returncode != 0:
            shown.faults.append(f"the typist ended with {typist.returncode}")
    shown.faults += _end(folder, page, sentence)
    return shown


def _end(folder: Path, page: Path, sentence: str) -> list[str]:
    """Run once more, without typing, and clean; what is not as it should be."""
    faults = []
    code, said = _tangle(folder, "run", "--all")
    text = page.read_bytes().decode()
    if code != 0:
        faults.append(f"the last run ended with {code}: {said}")
    if not text.startswith(f"- typed: {sentence}\n"):
        faults.append(f"letters are lost: {text[: len(sentence) + 20]!r}")
    faults += [f"no output {w}" for w in ("first", "second", "third") if f"\t\t  {w}\n" not in text]
    if text.count("tangle.output:: ") != 3:
        faults.append(f"{text.count('tangle.output:: ')} outputs, and not 3")
    _tangle(folder, "clean")
    if page.read_bytes().decode() != PAGE.replace("- typed:", f"- typed: {sentence}"):
        faults.append(f"cleaned, the page is {page.read_bytes()!r}")
    return faults + [f"left behind: {path}" for path in folder.rglob(".tangle-*")]


def _state(page: Path) -> str:
    text = page.read_bytes().decode()
    typed = text.partition("\n")[0].removeprefix("- typed:").strip()
    return f"{len(typed)} letters and {text.count('tangle.output:: ')} outputs in the page"


def _tangle(graph: Path, *arguments: str) -> tuple[int, str]:
    with _python(_TANGLE, "--graph", str(graph), *arguments) as process:
        _, said = process.communicate(timeout=_WAIT)
    return process.returncode, said


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'cli'}"},
    )


def main() -> int:
    """Demonstrate; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--letters", type=int, default=200, help="that are typed (200)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between keys (0.1)")
    arguments = parser.parse_args()
    sentence = (_WORDS * (arguments.letters // len(_WORDS) + 1))[: arguments.letters]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tangle-demonstration-") as name:
        shown = demonstrate(Path(name).resolve(), sentence, pause=arguments.pause, say=print)
    for fault in shown.faults:
        print(fault)
    print(
        f"{shown.letters} saves by the typist, {len(shown.codes)} runs beside it, "
        f"{shown.codes.count(3)} of them refused; {len(shown.faults)} faults, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if shown.faults else 0


if __name__ == "__main__":
    sys.exit(main())
