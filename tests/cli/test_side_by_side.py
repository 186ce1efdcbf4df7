"""Runs beside each other, runs cut short, machines without room: nothing hangs, nothing is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

CHUNK = """\
	- ```python
	  import time
	  time.sleep({seconds})
	  print('{text}')
	  ```
	- Prose."""
OUTPUT = re.compile(r"\n(\t+)- tangle\.output::.*(?:\n\1(?:  |\t).*)*")


def section(number: str, *texts: str, seconds: float = 0.05) -> str:
    chunks = (CHUNK.format(text=text, seconds=seconds) for text in texts)
    return "\n".join([f"- ## {number}. S", *chunks])


def pages() -> dict[str, str]:
    return {
        f"p{page}": "\n".join(section(f"{page}.{s}", f"{page}{s}a", f"{page}{s}b") for s in (1, 2))
        for page in (1, 2)
    }


def start(graph: Notes, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(
        [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), *arguments],
        env={**os.environ, "PYTHONPATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def without_outputs(graph: Notes, names: Sequence[str]) -> dict[str, str]:
    return {name: OUTPUT.sub("", graph.text(name)) for name in names}


# --- two at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"), [(["--all"], ["--all"]), (["1", "2.1"], ["2", "1.2"]), (["1"], ["2"])]
)
def test_two_runs_at_once(notes: MakeNotes, one: list[str], other: list[str]) -> None:
    texts = pages()
    graph = notes(texts)
    runs = [start(graph, "run", *sections, "--jobs", "2") for sections in (one, other)]
    for process in runs:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert without_outputs(graph, list(texts)) == texts
    for name, text in texts.items():
        wrote = re.findall(r"print\('(\w+)'\)", text)
        assert re.findall(r"\n\t\t  (\d\d\w)\n", graph.text(name)) == wrote


# --- cut short ------------------------------------------------------------------------------------


def leftovers(graph: Notes) -> list[psutil.Process]:
    """Processes whose command or working directory is of the graph."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if any(word.startswith(str(graph.root)) for word in words):
            found.append(process)
    return found


@pytest.mark.parametrize("delay", [round(0.3 + 0.47 * step, 2) for step in range(8)])
def test_ctrl_c_at_any_moment(notes: MakeNotes, tmp_path: Path, delay: float) -> None:
    texts = pages()
    graph = notes(texts)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = start(graph, "run", "--all", "--jobs", "2", TMPDIR=str(scratch))
    time.sleep(delay)
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    # By the signal itself: before a line of ours runs, and when all is done.
    assert process.returncode in (0, 130, -signal.SIGINT), out + err
    if process.returncode == 130:
        assert "interrupted" in out + err
        assert "Traceback" not in err
    assert psutil.wait_procs(below, timeout=5)[1] == []
    assert leftovers(graph) == []
    assert list(scratch.iterdir()) == []
    assert without_outputs(graph, list(texts)) == texts
    assert list(graph.root.rglob(".tangle-*")) == []
    again = graph.tangle("run", "--all", "--jobs", "2")
    assert again.code == 0, again.out + again.err
    assert [graph.text(name).count("tangle.output::") for name in texts] == [4, 4]


# --- no room --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(notes: MakeNotes, small_disk: Path) -> None:
    texts = pages()
    made = notes(texts)
    graph = Notes(root=small_disk / "graph")
    shutil.copytree(made.root, graph.root)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError:
            pass
    process = start(graph, "run", "--all", "--jobs", "2")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, out + err
    assert "Traceback" not in out + err
    assert "make room on the disk" in err
    assert {name: graph.text(name) for name in texts} == texts
    assert list(graph.root.rglob(".tangle-*")) == []
    filler.unlink()
    assert graph.tangle("run", "--all").code == 0
    assert without_outputs(graph, list(texts)) == texts
    assert [graph.text(name).count("tangle.output::") for name in texts] == [4, 4]


# --- memory ---------------------------------------------------------------------------------------

GREEDY = """\
- ## 1.1. Greedy
	- ```python
	  x = []
	  while True: x.append(bytearray(10**7))
	  ```"""


@pytest.mark.skipif(sys.platform != "linux", reason="no report of memory here")
@pytest.mark.parametrize("where", ["option", "configuration"])
def test_a_section_that_eats_all_memory(notes: MakeNotes, where: str) -> None:
    graph = notes({"a": f"{GREEDY}\n{section('1.2', 'fine')}"})
    options = ["--max-memory", "200M"]
    if where == "configuration":
        (graph.root / "tangle.toml").write_text('book = ["**"]\nmax_memory = "200M"\n')
        options = []
    said = graph.tangle("run", "--all", *options, "--format", "json")
    greedy, other = json.loads(said.out)["sections"]
    assert said.code == 1
    assert (greedy["outcome"], other["outcome"]) == ("died", "passed")
    error = greedy["chunks"][0]["error"]
    assert (error["name"], error["path"], error["line"]) == ("MemoryLimit", "pages/a.md", 4)
    assert "more than 200 MiB" in error["message"]


@pytest.mark.parametrize("size", ["much", "-1", "2Q", ""])
def test_a_size_that_is_none(notes: MakeNotes, size: str) -> None:
    graph = notes({"a": GREEDY})
    said = graph.tangle("run", "--all", "--max-memory", size)
    assert (said.code, "it takes a size such as 2G" in said.err) == (2, True)
    (graph.root / "tangle.toml").write_text(f'max_memory = "{size}"\n')
    said = graph.tangle("run", "--all")
    assert (said.code, "max_memory cannot be" in said.err) == (2, True)
