"""Coverage of the notes: lines of pages, as `coverage report` and the plugin itself tell them."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from .pages import Graph, Said, section

Make = Callable[..., Graph]

PAGE = section(
    "3.6",
    "import threading\n"
    "def sign(x):  #@save\n"
    "    if x < 0:\n"
    "        return -1\n"
    "    return sum([1,\n"
    "                0])\n"
    "\n"
    "def unused():  #@save\n"
    "    return 0\n"
    "\n"
    "def excluded():  # pragma: no cover\n"
    "    return 0\n"
    "\n"
    "def in_thread():\n"
    "    return 0",
    "thread = threading.Thread(target=in_thread)\nthread.start()\nthread.join()",
    ("tangle.run:: no", "never = 1"),
) + section("3.7", "from d2l import torch as d2l\nd2l.sign(1)")
"""Lines 6 and 11 are not run: in the function that gets no negative number, and in the other."""


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage of these tests themselves must not reach the runs that they measure."""
    for name in list(os.environ):
        if name.startswith(("COVERAGE_", "COV_CORE")):
            monkeypatch.delenv(name)


def measured(made: Graph, configuration: str, *arguments: str) -> Said:
    """What `coverage run -m pytest notes` says."""
    (made.pytester.path / ".coveragerc").write_text(configuration)
    said = made.python("-m", "coverage", "run", "-m", "pytest", "notes", *arguments)
    assert "3 passed, 1 skipped" in said.out, said.out + said.err
    return said


@pytest.mark.parametrize("branch", ["", "branch = true\n"], ids=["lines", "branches"])
def test_lines_of_the_notes_in_a_report(graph: Make, branch: str) -> None:
    made = graph(x=PAGE)
    measured(made, f"[run]\nplugins = tangle.coverage_plugin\n{branch}")
    report = made.python("-m", "coverage", "report", "-m", "--include", "notes/*")
    (row,) = (line for line in report.out.split("\n") if line.startswith("notes"))
    assert row.split()[0] == "notes/pages/x.md"
    assert row.endswith("%   6, 11")
    xml = made.python("-m", "coverage", "xml", "--include", "notes/*", "-o", "-")
    assert '<line number="7" hits="1"' in xml.out
    assert '<line number="6" hits="0"' in xml.out
    html = made.python("-m", "coverage", "html", "--include", "notes/*")
    assert html.code == 0


def test_without_the_plugin_the_run_tells_it(graph: Make) -> None:
    said = measured(graph(x=PAGE), "")
    table = [line for line in said.out.partition("coverage of the notes")[2].split("\n") if line]
    assert table[1].split() == ["page", "stmts", "miss", "cover", "missing"]
    assert table[2] == "notes/pages/x.md     14     2    85%  6, 11"
    assert 'plugins = ["tangle.coverage_plugin"]' in table[3]


def test_only_what_is_to_be_measured(graph: Make) -> None:
    made = graph(x=PAGE)
    for configuration in ("[run]\nsource_pkgs = os\n", "[run]\nomit = notes/*\n"):
        assert "coverage of the notes" not in measured(made, configuration, "-Wignore").out
    said = measured(made, "[run]\nsource = notes\n")
    assert "notes/pages/x.md" in said.out


def test_not_measured_nothing_is_reported(graph: Make) -> None:
    assert "coverage" not in graph(x=PAGE).pytest("notes").out
