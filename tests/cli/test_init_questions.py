"""`tangle init` asks on a terminal, and takes the defaults elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path
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


def settings(graph: Notes) -> str:
    """The graph's `config.edn`, with its line ends."""
    return (graph.root / "logseq" / "config.edn").read_bytes().decode()


def test_answers(notes: MakeNotes) -> None:
    graph = notes({})
    code, said = on_a_terminal(graph, "made\nclippings, pages/x*.md\nn\n")
    assert (code, said.count("]: ")) == (0, 3)
    found = written(graph)
    assert (found["output"], found["package"]) == ("made", "")
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
    assert not (graph.root / "tangle.toml").exists()
    assert settings(graph) == "{}"


def test_settings_that_are_there_are_not_proposed(notes: MakeNotes) -> None:
    hidden = ":block-hidden-properties #{:tangle.output}"
    graph = notes({}, config=f"{{{hidden} :property-pages/enabled? false}}")
    code, said = on_a_terminal(graph, "\n\n")
    assert (code, said.count("]: "), "block-hidden" in said) == (0, 2, False)


OURS = " ;; :block-hidden-properties #{:public}\r\n :x #{:a} ; mine\r\n :property-pages/excludelist"
BEFORE = f"{{{OURS} #{{:b}}}}\r\n"
AFTER = (
    f"{{{OURS} #{{:b :tangle.output :tangle.chunk}}\r\n"
    " :block-hidden-properties #{:tangle.output}}\r\n"
)


@pytest.mark.parametrize(
    ("typed", "options", "after"),
    [
        ("\n\ny\n", (), AFTER),
        ("\n\n\n", (), AFTER),
        ("\n\nn\n", (), BEFORE),
        ("", ("--yes",), BEFORE),
        ("", ("--yes", "--hide-outputs"), AFTER),
        ("\n\n", ("--hide-outputs",), AFTER),
    ],
)
def test_the_settings_are_edited_where_that_was_agreed_to(
    notes: MakeNotes, typed: str, options: tuple[str, ...], after: str
) -> None:
    graph = notes({}, config=BEFORE)
    assert on_a_terminal(graph, typed, *options)[0] == 0
    assert settings(graph) == after
    assert (graph.root / "tangle.toml").exists()


def test_without_a_terminal_the_settings_are_edited_by_the_option_alone(notes: MakeNotes) -> None:
    graph = notes({}, config=BEFORE)
    assert "--hide-outputs" in graph.tangle("init").out
    assert settings(graph) == BEFORE
    # The configuration that exists now stays as it is.
    configured = (graph.root / "tangle.toml").read_bytes()
    ran = graph.tangle("init", "--hide-outputs")
    assert (ran.code, settings(graph)) == (0, AFTER)
    assert str(graph.root / "logseq" / "config.edn") in ran.out
    again = graph.tangle("init", "--hide-outputs")
    assert (again.code, settings(graph), "already" in again.out) == (0, AFTER, True)
    assert (graph.root / "tangle.toml").read_bytes() == configured


@pytest.mark.parametrize("config", ["{:a 1\n :b", "[:a]\n", "{\n:block-hidden-properties 1}"])
def test_settings_that_cannot_be_edited(notes: MakeNotes, config: str) -> None:
    graph = notes({}, config=config)
    ran = graph.tangle("init", "--hide-outputs")
    assert (ran.code, "config.edn:" in ran.err, "Traceback" in ran.err) == (3, True, False)
    assert (settings(graph), (graph.root / "tangle.toml").exists()) == (config, False)
    # Without the option they do not keep the configuration from being written.
    code, said = on_a_terminal(graph, "\n\n")
    assert (code, said.count("]: "), "config.edn:" in said) == (0, 2, True)
    assert (settings(graph), (graph.root / "tangle.toml").exists()) == (config, True)


def test_settings_of_other_bytes(notes: MakeNotes) -> None:
    graph = notes({}, config="")
    path = graph.root / "logseq" / "config.edn"
    path.write_bytes(b'{:a\n "\xff"}')
    ran = graph.tangle("init", "--hide-outputs")
    assert (ran.code, "config.edn:2: this is no UTF-8" in ran.err) == (3, True)
    assert path.read_bytes() == b'{:a\n "\xff"}'


def test_a_folder_without_settings_is_no_graph(notes: MakeNotes) -> None:
    graph = notes({})
    (graph.root / "logseq" / "config.edn").unlink()
    for options in ((), ("--hide-outputs",)):
        said = graph.tangle("init", *options)
        assert (said.code, "no logseq/config.edn" in said.err) == (2, True)
    assert not (graph.root / "tangle.toml").exists()


def test_settings_that_lead_out_of_the_graph_are_left_alone(
    notes: MakeNotes, tmp_path: Path
) -> None:
    graph = notes({})
    path = graph.root / "logseq" / "config.edn"
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere.edn"
    elsewhere.write_text("{}")
    path.unlink()
    path.symlink_to(elsewhere)
    ran = graph.tangle("init", "--hide-outputs")
    assert (ran.code, elsewhere.read_text()) == (3, "{}")


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
