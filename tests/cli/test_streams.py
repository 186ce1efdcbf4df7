"""Closed streams and settings of Python's: they change neither what happens nor exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. Sums
	- ```python
	  import os, tempfile
	  with tempfile.NamedTemporaryFile() as file:
	      print(1 + 1, os.path.isabs(file.name))
	  ```
- ## 1.2. Fails
	- ```python
	  1 / 0
	  ```
"""


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    """A graph with a section that passes and one that fails."""
    return notes({"A": PAGE})


def _shell(graph: Notes, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell says of a command, in which `tangle` stands for the program."""
    program = f'tangle() {{ "{sys.executable}" -m tangle_cli "$@"; }}\n'
    return subprocess.run(
        ["/bin/sh", "-c", program + command],
        cwd=graph.root,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("section", "code"), [("1.1", 0), ("1.2", 1), ("9.9", 2)])
def test_closed_streams_are_as_if_they_were_not_read(
    graph: Notes, closed: str, section: str, code: int
) -> None:
    said = _shell(graph, f"tangle run {section} {closed}")
    assert said.returncode == code
    assert "Traceback" not in said.stderr
    assert ("2 True" in graph.text("A")) == (section == "1.1")


@pytest.mark.skipif(sys.platform != "linux", reason="the device is Linux's")
@pytest.mark.parametrize("arguments", ["--version", "--help", "list --help", "list"])
def test_a_full_disk_is_reported_in_one_line(graph: Notes, arguments: str) -> None:
    done = _shell(graph, f"tangle {arguments} > /dev/full")
    assert done.returncode == 3
    assert done.stderr == "tangle: No space left on device; fix this and try again\n"


SETTINGS = [
    {"PYTHONINSPECT": "1"},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONDEVMODE": "1"},
    {"PYTHONOPTIMIZE": "2"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "0", "LC_ALL": "C"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=" ".join)
@pytest.mark.parametrize(("section", "code"), [("1.1", 0), ("1.2", 1), ("9.9", 2)])
def test_settings_of_python_change_nothing(
    graph: Notes, settings: dict[str, str], section: str, code: int
) -> None:
    said = _shell(graph, f"tangle run {section} --no-write", **settings)
    assert said.returncode == code, said.stderr
    assert "Traceback" not in said.stderr
    assert ("2 True\n" in said.stdout) == (section == "1.1")


def test_python_that_would_stay_for_input_ends(graph: Notes) -> None:
    said = _shell(graph, f'"{sys.executable}" -i -m tangle_cli list')
    assert (said.returncode, "1.1" in said.stdout, said.stderr) == (0, True, "")


@pytest.mark.parametrize("folder", [".", "here"])
@pytest.mark.parametrize("name", ["TMPDIR", "TEMP"])
def test_a_relative_folder_for_temporary_files(graph: Notes, folder: str, name: str) -> None:
    (graph.root / "here").mkdir()
    environment = {"TMPDIR": "", name: folder}
    said = _shell(graph, "tangle run --all", **environment)
    assert (said.returncode, "ZeroDivisionError" in said.stdout) == (1, True)
    assert "2 True" in graph.text("A")
    assert list(Path(graph.root).glob("**/tangle-*")) == []
