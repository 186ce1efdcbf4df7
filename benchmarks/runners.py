"""What `benchmarks.run` compares: tangle, bare Python, and the tools that people use instead."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import workload

Command = list[str]
TANGLE = str(Path(sys.executable).with_name("tangle"))

PEERS = ("nbconvert", "papermill", "nbmake", "jupyter-cache", "marimo", "nbdev", "ipykernel")
"""What pip installs for the comparison; torch, matplotlib and pytest are the project's own."""

_NBDEV = """
import sys
from nbdev.test import test_nb
results = [test_nb(name)[0] for name in sys.argv[1:]]
sys.exit(0 if all(results) else 1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One tool.

    Attributes:
        package: the distribution whose version is shown; empty for Python itself.
        write: makes the workload in a folder, as the tool has it.
        cold: the commands, in that folder, that run all of it.
        again: those that run it once more, for a tool that remembers; None for others.
        edit: changes the last cell of a section.
        slow: whether twenty sections take it minutes.
    """

    name: str
    package: str
    write: Callable[[Path, Sequence[int]], None]
    cold: Callable[[Path], list[Command]]
    again: Callable[[Path], list[Command]] | None = None
    edit: Callable[[Path, int, int], None] | None = None
    slow: bool = False


def environment(folder: Path) -> dict[str, str]:
    """The variables that every tool gets: as on a user's machine, the peers' programs first."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "OMP_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def make_peers(folder: Path) -> None:
    """An environment with the peers, on top of the one that runs this."""
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PEERS]
    subprocess.run([*pip, "--disable-pip-version-check"], check=True, env=environment(folder))


def has_server() -> bool:
    """Whether this tangle keeps a server between commands, which has to be turned off."""
    said = subprocess.run([TANGLE, "run", "--help"], capture_output=True, text=True, check=True)
    return "--no-server" in said.stdout


def runners(peers: Path) -> tuple[Runner, ...]:
    """Everything that can be compared, tangle first."""
    python = str(peers / "bin" / "python")
    server = has_server()
    quick = [
        _tangle("tangle", ["--no-server"] if server else []),
        *([_tangle("tangle, server up", [])] if server else []),
        Runner(
            name="python script.py",
            package="",
            write=workload.write_scripts,
            cold=lambda folder: [[sys.executable, name] for name in _files(folder, "py")],
            slow=True,
        ),
        Runner(
            name="nbdev, in one process",
            package="nbdev",
            write=workload.write_notebooks,
            cold=lambda folder: [[python, "-c", _NBDEV, *_files(folder, "ipynb")]],
        ),
    ]
    return (*quick, *_batch(peers, python), *_caching(peers))


def _tangle(name: str, options: Sequence[str]) -> Runner:
    def commands(_: Path) -> list[Command]:
        return [[TANGLE, "run", "--all", "--jobs", "2", *options]]

    return Runner(
        name=name,
        package="logseq-tangle",
        write=workload.write_notes,
        cold=commands,
        again=commands,
        edit=workload.edit_notes,
    )


def _batch(peers: Path, python: str) -> tuple[Runner, ...]:
    """Tools that run a notebook in a kernel of its own each time."""
    convert = [str(peers / "bin" / "jupyter-nbconvert"), "--to", "notebook", "--execute"]
    # tangle's plugin is named in the environment below, from where its modules cannot be loaded.
    off = ["-p", "no:cacheprovider", "-p", "no:tangle"]
    nbmake = [python, "-m", "pytest", "-q", *off, "--nbmake"]
    mill = str(peers / "bin" / "papermill")
    return (
        Runner(
            name="nbconvert",
            package="nbconvert",
            write=workload.write_notebooks,
            cold=lambda folder: [[*convert, "--output-dir", "out", *_files(folder, "ipynb")]],
            slow=True,
        ),
        Runner(
            name="papermill",
            package="papermill",
            write=workload.write_notebooks,
            cold=lambda folder: [[mill, name, f"out-{name}"] for name in _files(folder, "ipynb")],
            slow=True,
        ),
        Runner(
            name="nbmake",
            package="nbmake",
            write=workload.write_notebooks,
            cold=lambda folder: [[*nbmake, *_files(folder, "ipynb")]],
            slow=True,
        ),
    )


def _caching(peers: Path) -> tuple[Runner, ...]:
    """Tools that remember what they ran."""
    cache = [str(peers / "bin" / "jcache")]
    where = ["--cache-path", ".jupyter_cache"]
    execute = [*cache, "project", *where, "execute"]
    marimo = [str(peers / "bin" / "marimo"), "export", "session", "."]
    return (
        Runner(
            name="jupyter-cache",
            package="jupyter-cache",
            write=workload.write_notebooks,
            cold=lambda folder: [
                [*cache, "notebook", *where, "add", *_files(folder, "ipynb")],
                execute,
            ],
            again=lambda _: [execute],
            edit=lambda folder, number, edition: workload.write_notebooks(
                folder, [number], edition
            ),
            slow=True,
        ),
        Runner(
            name="marimo",
            package="marimo",
            write=workload.write_marimo,
            cold=lambda _: [marimo],
            again=lambda _: [marimo],
            edit=lambda folder, number, edition: workload.write_marimo(folder, [number], edition),
            slow=True,
        ),
    )


def _files(folder: Path, end: str) -> list[str]:
    return sorted(path.name for path in folder.glob(f"section_*.{end}"))
