"""`tangle` alone: what is in the graph here, and what to type next."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes, call

CODE = "- ```python\n  {}\n  ```\n"


def last_command(said: str) -> list[str]:
    """The words of the command that is proposed."""
    (line,) = [line for line in said.split("\n") if line.startswith("next ")]
    assert line.split()[1] == "tangle"
    return shlex.split(line)[2:]


def test_it_says_what_there_is_and_proposes_a_command_that_passes(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a broken": CODE.format("broken("),
            "b lacks": CODE.format("import no_such_module_at_all"),
            "c unknown": CODE.format("print(nothing)"),
            "it's good": CODE.format("print('fine')"),
            "prose": "- words\n",
        }
    )
    said = graph.tangle()
    lines = said.out.splitlines()
    assert (said.code, len(lines)) == (0, 5)
    assert lines[0].endswith(str(graph.root))
    assert lines[1] == "pages  5 pages, 4 with Python"
    assert lines[2] == "code   4 sections: 1 needs-names, 1 needs-packages, 1 ready, 1 sketch"
    assert last_command(said.out) == ["run", "it's good"]
    assert not list(graph.root.glob("**/.tangle")) + list(graph.root.glob("*.toml"))
    assert graph.tangle(*last_command(said.out)).code == 0
    assert "fine" in graph.text("it's good")


@pytest.mark.book
def test_numbered_sections_are_named(notes: MakeNotes) -> None:
    page = "- ## {0}. S\n\t- ```python\n\t  print({0})\n\t  ```\n"
    graph = notes({"a": page.format("3.1") + page.format("3.2")})
    said = graph.tangle()
    assert "2 sections (3.1 to 3.2): 2 not-run" in said.out
    assert last_command(said.out) == ["run", "3.1"]


@pytest.mark.parametrize("pages", [{}, {"clip": "- words\n"}])
def test_a_graph_without_python(notes: MakeNotes, pages: dict[str, str]) -> None:
    graph: Notes = notes(pages)
    said = graph.tangle()
    assert (said.code, said.err) == (0, "")
    assert "none with Python" in said.out


def test_only_faulty_code_leads_to_check(notes: MakeNotes) -> None:
    assert last_command(notes({"a": CODE.format("broken(")}).tangle().out) == ["check"]


def test_outside_of_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call()
    assert (said.code, said.out) == (2, "")
    assert "no Logseq graph here" in said.err
    assert "tangle --graph DIR" in said.err
