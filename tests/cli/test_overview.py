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


def test_org_pages_are_counted(notes: MakeNotes) -> None:
    graph = notes({"words": "- words\n"})
    for number in range(3):
        (graph.root / "pages" / f"p{number}.org").write_text("* words\n", encoding="utf-8")
    lines = graph.tangle().out.splitlines()
    assert lines[1] == "pages  1 page, none with Python; 3 Org pages are not read"
    assert "on a Markdown page" in lines[2]
    graph.write("code", CODE.format("print(1)"))
    lines = graph.tangle().out.splitlines()
    assert lines[1] == "pages  2 pages, 1 with Python; 3 Org pages are not read"
    assert len(lines) == 5


def test_the_state_of_the_outputs(notes: MakeNotes) -> None:
    graph = notes({"a": CODE.format("print(1)"), "b": CODE.format("print(2)")})
    graph.tangle("run", "--all")
    assert "2 sections: 2 fresh; 2 outputs, all match" in graph.tangle().out
    graph.write("a", graph.text("a").replace("print(1)", "print(11)"))
    assert "1 fresh, 1 stale; 2 outputs, 1 matches" in graph.tangle().out
    assert last_command(graph.tangle().out) == ["run", "a"]


def test_the_book_is_named(notes: MakeNotes) -> None:
    page = "- ## 3.1 S\n  tangle.run:: yes\n\t- ```python\n\t  print(1)\n\t  ```\n"
    graph = notes({"All of it": page})
    assert "1 page, 1 with Python; book: All of it\n" in graph.tangle().out
    graph.write("All of it", f"tangle.book:: mine\n\n{page}")
    assert "1 page, 1 with Python; book: mine\n" in graph.tangle().out


def test_what_failed_is_not_proposed(notes: MakeNotes) -> None:
    graph = notes({"a": CODE.format("1 / 0"), "b": CODE.format("print(2)")})
    graph.tangle("run", "a")
    assert last_command(graph.tangle().out) == ["run", "b"]


def test_a_folder_above_graphs_names_them(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"a": CODE.format("print(1)")})
    monkeypatch.chdir(graph.root.parent)
    said = call()
    assert (said.code, "below it there is graph: tangle --graph graph" in said.err) == (2, True)


def test_a_folder_that_logseq_has_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pages").mkdir()
    monkeypatch.chdir(tmp_path)
    said = call()
    assert (said.code, "open this folder once in Logseq" in said.err) == (2, True)


def test_many_pages_without_python(notes: MakeNotes) -> None:
    graph = notes({f"clip {n}": f"- words of [[clip {n + 1}]]\n" for n in range(300)})
    said = graph.tangle()
    assert said.out.splitlines()[1] == "pages  300 pages, none with Python"
