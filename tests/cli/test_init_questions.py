"""`tangle init` asks on a terminal, and takes the defaults elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes


def on_a_terminal(graph: Notes, typed: str, *options: str) -> tuple[int, str]:
    """The exit code and the output of `tangle init` where a person types."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), "init", *options]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    os.write(ours, typed.encode())
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said, _ = process.communicate(timeout=120)
    os.close(theirs)
    os.close(ours)
    return process.returncode, said


def written(graph: Notes) -> dict[str, Any]:
    """What the new configuration says."""
    return tomllib.loads((graph.root / "tangle.toml").read_text())


def test_three_answers(notes: MakeNotes) -> None:
    graph = notes({})
    code, said = on_a_terminal(graph, "made\nown.code\nclippings, pages/x*.md\n")
    assert (code, said.count("]: ")) == (0, 3)
    found = written(graph)
    assert (found["output"], found["package"]) == ("made", "own.code")
    assert found["exclude"] == ["clippings", "pages/x*.md"]
    assert graph.tangle("list").code == 0


@pytest.mark.parametrize(("typed", "options"), [("\n\n\n", ()), ("", ("--yes",))])
def test_defaults(notes: MakeNotes, typed: str, options: tuple[str, ...]) -> None:
    graph = notes({})
    code, said = on_a_terminal(graph, typed, *options)
    assert (code, "block-hidden-properties" in said) == (0, True)
    found = written(graph)
    assert (found["output"], found["package"], found["exclude"]) == ("generated", "", [])


def test_an_answer_that_cannot_be_obeyed_writes_nothing(notes: MakeNotes) -> None:
    graph = notes({})
    code, said = on_a_terminal(graph, "../away\n\n\n")
    assert (code, "output leads out of its folder" in said) == (2, True)
    code, said = on_a_terminal(graph, "\nnumpy.x\n\n")
    assert (code, "it would hide" in said) == (2, True)
    assert not (graph.root / "tangle.toml").exists()


def test_settings_that_are_there_are_not_proposed(notes: MakeNotes) -> None:
    graph = notes({}, config="{:block-hidden-properties #{:tangle.output}}")
    assert "block-hidden" not in graph.tangle("init").out


def test_nothing_is_asked_where_a_configuration_exists(notes: MakeNotes) -> None:
    graph = notes({})
    (graph.root / "tangle.toml").write_text("")
    code, said = on_a_terminal(graph, "\n\n\n")
    assert (code, "exists already" in said, "]: " in said) == (3, True, False)


SECTION = "- ## {0} S\n  tangle.run:: yes\n\t- ```python\n\t  print(1)\n\t  ```\n"


@pytest.mark.parametrize(
    ("pages", "book"),
    [
        ({"chapter 1": "1.1", "chapter 2": "2.1"}, ["pages/chapter *.md"]),
        ({"Basics [a]": "1.1", "Models": "2.1"}, ["pages/Basics [[]a].md", "pages/Models.md"]),
        (  # no one glob means the two chapters
            {"chapter 1": "1.1", "chapter 2": "2.1", "chapter x": "x"},
            ["pages/chapter 1.md", "pages/chapter 2.md"],
        ),
        ({"a": "1.1", "b": "1.1"}, None),
        ({"a": "x"}, None),
    ],
)
def test_the_book_that_was_found_is_written(
    notes: MakeNotes, pages: dict[str, str], book: list[str] | None
) -> None:
    graph = notes({name: SECTION.format(number) for name, number in pages.items()})
    before = graph.tangle("list").out
    said = graph.tangle("init", "--yes")
    assert said.code == 0
    assert written(graph).get("book") == book
    assert graph.tangle("list").out == before
    assert "unmatched-glob" not in graph.tangle("check", "--all").out


def test_a_book_that_names_itself_is_not_written(notes: MakeNotes) -> None:
    graph = notes({"a": "tangle.book:: mine\n\n" + SECTION.format("1.1")})
    graph.tangle("init", "--yes")
    assert "book" not in written(graph)
