"""Compares `pytest` on notes with nbmake and nbdev's test runner on the same code as notebooks.

    python -m benchmarks.testing [--rounds 3] [--sections 2.1 2.3 ...] [--keep FOLDER]

Copies the shipped notes, plants a fault (a false assertion that calls a function) in one chunk, and
exports the sections, one notebook each. The peers get an environment of their own, which sees this
one's packages behind its own, so that torch is not installed again. Prints a table and what each
runner says of the fault; the seconds are the least of the rounds. Write it into
benchmarks/README.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.workload import code_cell, notebook
from tangle.analyse import Session
from tangle.verbs.notes import read_notes
from tangle.verbs.project import find_project

_ROOT = Path(__file__).parents[1]

_PEERS = ("nbmake==1.5.5", "nbdev==3.3.26")
_SECTIONS = ("2.1", "2.3", "2.4", "2.5", "3.1")
_FAULTY = ("2.3", 19)
_FAULT = """\
def column_sums(M):
    return M.sum(axis=1)

assert column_sums(torch.arange(6).reshape(2, 3)).tolist() == [3, 5, 7]
"""
_OF_RUNNER = re.compile(r"site-packages|/lib/python3|ipykernel|IPython|_pytest|tangle/")


class Runner(NamedTuple):
    """A way to run the code: its name, the command, and where it is given."""

    name: str
    command: Sequence[str | Path]
    folder: Path


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sections", nargs="+", default=_SECTIONS)
    parser.add_argument("--parallel", action="store_true", help="with two workers as well")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).resolve()
        bin_folder = _environment(folder / "venv")
        runners = list(_runners(folder, bin_folder, options.sections))
        if not options.parallel:
            runners = runners[::2]
        best = {runner.name: float("inf") for runner in runners}
        said: dict[str, str] = {}
        for _ in range(options.rounds):
            for runner in runners:
                seconds, text = _run(runner)
                best[runner.name] = min(best[runner.name], seconds)
                said[runner.name] = text
        _report(runners, best, said)
    return 0


# --- what is run ----------------------------------------------------------------------------------


def _runners(folder: Path, peers: Path, sections: Sequence[str]) -> Iterator[Runner]:
    graph = _faulty_copy(folder / "notes")
    loaded = read_notes(find_project(start=graph, graph=graph))
    chosen = [loaded.plan.by_name[name] for name in sections]  # type: ignore[index]
    notebooks = folder / "notebooks"
    notebooks.mkdir(exist_ok=True)
    for session in chosen:
        _export(session, notebooks / f"sec_{session.name.replace('.', '_')}.ipynb")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "notes"\nversion = "0.1"\n[tool.nbdev]\nnbs_path = "notebooks"\n'
    )
    ids = [f"notes/{session.unit.section.page}::{session.name}" for session in chosen]
    here = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder)
    # tangle's own plugin is seen behind the peers.
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:tangle")
    there = (peers / "python", "-m", "pytest", *quiet, "--nbmake")
    yield Runner("tangle", (*here, *ids), folder)
    yield Runner("tangle, -n 2", (*here, "-n", "2", *ids), folder)
    yield Runner("nbmake", (*there, "notebooks"), folder)
    yield Runner("nbmake, -n 2", (*there, "-n", "2", "notebooks"), folder)
    nbdev = (peers / "nbdev-test", "notebooks", "--n-workers")
    yield Runner("nbdev-test", (*nbdev, "0"), folder)
    yield Runner("nbdev-test, 2 workers", (*nbdev, "2"), folder)


def _faulty_copy(graph: Path) -> Path:
    """A copy of the shipped notes, data left out, with the fault in it."""
    shutil.rmtree(graph, ignore_errors=True)
    ignored = shutil.ignore_patterns("data", "assets", ".tangle")
    shutil.copytree(_ROOT / "notes", graph, ignore=ignored)
    if (_ROOT / "notes" / "data").is_dir():
        (graph / "data").symlink_to(_ROOT / "notes" / "data")
    loaded = read_notes(find_project(start=graph, graph=graph))
    name, number = _FAULTY
    chunk = loaded.plan.by_name[name].chunks[number].code.chunk  # type: ignore[index]
    file = graph / chunk.page
    lines = file.read_text(encoding="utf-8").split("\n")
    last = chunk.lines[-1].place
    margin = lines[last.line - 1][: last.column - 1]
    lines[last.line : last.line] = [f"{margin}{line}" for line in _FAULT.rstrip("\n").split("\n")]
    file.write_text("\n".join(lines), encoding="utf-8")
    return graph


def _export(session: Session, path: Path) -> None:
    """A section as a notebook: what it borrows, then a cell a chunk that runs."""
    borrowed = "".join(f"{line.text}\n" for entry in session.prelude for line in entry.lines)
    texts: list[tuple[str, str | None]] = [(borrowed, None)] if borrowed else []
    texts += [(c.code.source, c.code.chunk.settings.raises) for c in session.chunks if c.code.runs]
    cells = []
    for number, (text, raises) in enumerate(texts):
        # nbmake knows a tag for cells that must fail, nbdev only to leave cells out.
        source = f"#| eval: false\n{text}" if raises else text
        tags = ["raises-exception"] if raises else []
        cells.append(code_cell(number, source.rstrip("\n"), tags))
    path.write_text(notebook(cells), encoding="utf-8")


# --- the peers ------------------------------------------------------------------------------------


def _environment(folder: Path) -> Path:
    """An environment with the peers; this one's packages stand behind its own."""
    if not folder.exists():
        venv.create(folder, symlinks=True, with_pip=True)
        site = next((folder / "lib").glob("python3*/site-packages"))
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *_PEERS, "pytest-xdist"], check=True)
        here = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
        # As a site: a repair of torchvision may hang on a path file there.
        (site / "behind.pth").write_text(
            "".join(f"import site; site.addsitedir({path!r})\n" for path in here)
        )
    return folder / "bin"


def _run(runner: Runner) -> tuple[float, str]:
    unwanted = ("PYTEST_", "COVERAGE_")
    environment = {k: text for k, text in os.environ.items() if not k.startswith(unwanted)}
    if not runner.name.startswith("tangle"):
        environment["PYTHONPATH"] = str(_ROOT / "generated")
    started = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in runner.command],
        cwd=runner.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return time.perf_counter() - started, done.stdout


# --- the report -----------------------------------------------------------------------------------


def _report(runners: Sequence[Runner], best: dict[str, float], said: dict[str, str]) -> None:
    print(
        "| runner | seconds | tests reported | lines said | of them the runner's or a library's |"
    )
    print("|---|--:|---|--:|--:|")
    for runner in runners:
        text = re.sub(r"\x1b\[[0-9;]*m", "", said[runner.name])
        lines = [line for line in text.split("\n") if line.strip()]
        own = sum(bool(_OF_RUNNER.search(line)) for line in lines)
        counts = re.findall(r"^.*\b\d+ (?:passed|failed).*$", text, re.MULTILINE)
        tests = re.sub(r"=| in .*", "", counts[-1]).strip() if counts else "none, only notebooks"
        print(f"| {runner.name} | {best[runner.name]:.1f} | {tests} | {len(lines)} | {own} |")
    for runner in runners:
        print(f"\n--- {runner.name} ---\n{said[runner.name]}")


if __name__ == "__main__":
    sys.exit(main())
