"""One sentence for one mistake: what is wrong, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes, call

CHUNK = "- ```python\n  {}\n  ```\n"
PAGES = {"Sales plots": CHUNK.format("print(1)")}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("rnu x", "no command 'rnu'; did you mean run?"),
        ("frobnicate", "no command 'frobnicate'; `tangle --help` lists them"),
        ("server strat", "no command 'strat'; did you mean status?"),
        ("run --jbos 3 x", "run has no option --jbos; did you mean --jobs?"),
        ("--grpah x list", "tangle has no option --grpah; did you mean --graph?"),
        ("run -q x", "run has no option -q; `tangle run --help` shows what it takes"),
        ("run --jobs many x", "--jobs: 'many' is not a whole number above zero"),
        ("run --jobs 0 x", "--jobs: '0' is not a whole number above zero"),
        ("run --timeout soon x", "--timeout: 'soon' is not a number of seconds above zero"),
        ("watch --quiet-seconds -1", "--quiet-seconds: '-1' is not a number of seconds above zero"),
        (
            "run --device gpu x",
            "--device: 'gpu' is not one of auto, cpu, cuda, cuda:N or mps; did you mean cuda?",
        ),
        (
            "check --format jsn",
            "--format: 'jsn' is not one of text, json, github; did you mean json?",
        ),
        ("run --all=3", "--all takes no value; `tangle --help` shows what it takes"),
        ("show", "show needs SECTION; `tangle show --help` shows what it takes"),
        (
            "show Sales plots",
            "show takes no further argument (plots); put a name with blanks into quotes",
        ),
        ("list x", "list takes no further argument (x); `tangle list --help` shows what it takes"),
        ("run", "name the sections to run, or give --all: tangle run 3.6, tangle run --all"),
    ],
)
def test_a_mistake_on_the_command_line(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, arguments: str, sentence: str
) -> None:
    monkeypatch.chdir(notes(PAGES).root)
    said = call(*arguments.split())
    assert (said.code, said.out, said.err) == (2, "", f"tangle: {sentence}\n")


def test_a_path_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pages").mkdir()
    monkeypatch.chdir(tmp_path)
    said = call("outline", "page")
    assert (said.code, said.err) == (2, "tangle: no file or folder 'page'; did you mean pages?\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("graph =\nseed = 1", ":1:8: this is no TOML: Invalid value; repair this line"),
        ("# a\n\nseed = 'x'", ":3: seed cannot be 'x'; it takes a whole number"),
        ("timeout = 'x'", ":1: timeout cannot be 'x'; it takes a number"),
        ("figures = 3", ":1: figures cannot be 3; it takes text in quotes"),
        ("timeout = -1", ":1: timeout cannot be -1; it takes 0 or more seconds"),
        ("sed = 1", ":1: unknown option 'sed'; did you mean seed?"),
        (
            "figures = 'svgs'",
            ":1: figures cannot be 'svgs'; did you mean svg? it takes one of svg, png",
        ),
        ("borrow = 'no'", ":1: borrow cannot be 'no'; it takes one of on, off"),
        (
            "device = 'gpu'",
            (
                ":1: device cannot be 'gpu'; "
                "did you mean cuda? it takes auto, cpu, cuda, cuda:N or mps"
            ),
        ),
        (
            "exclude = 'a'",
            (
                ":1: exclude cannot be 'a'; "
                "it takes a list of patterns or names, none of them blank, such as ['a']"
            ),
        ),
    ],
)
def test_a_mistake_in_the_configuration(notes: MakeNotes, text: str, sentence: str) -> None:
    graph = notes(PAGES)
    (graph.root / "tangle.toml").write_text(text, encoding="utf-8")
    said = graph.tangle("list")
    assert (said.code, said.err) == (2, f"tangle: {graph.root / 'tangle.toml'}{sentence}\n")


def test_the_line_of_an_option_in_a_pyproject(notes: MakeNotes) -> None:
    graph = notes(PAGES)
    text = "[tool.other]\nseed = 'x'\n[tool.tangle]\n\nseed = 'y'\n"
    (graph.root / "pyproject.toml").write_text(text, encoding="utf-8")
    assert "pyproject.toml:5: seed cannot be 'y'" in graph.tangle("list").err


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("tangle.run:: yse", "did you mean yes? it takes yes or no"),
        ("tangle.run:: perhaps", "it takes yes or no"),
        ("tangle.rnu:: no", "did you mean tangle.run?"),
        ("tangle.device:: GPU", "did you mean cuda? it takes auto, cpu, cuda, cuda:N or mps"),
    ],
)
def test_a_mistake_in_a_property(notes: MakeNotes, line: str, hint: str) -> None:
    said = notes({"a": f"{line}\n\n{CHUNK.format('1')}"}).tangle("check", "--all")
    assert f"    hint: {hint}\n" in said.out


# --- runs -----------------------------------------------------------------------------------------

CHAIN = {
    "Data": CHUNK.format("total = 1 / 0"),
    "Model": "tangle.needs:: [[Data]]\n\n" + CHUNK.format("print(total)"),
    "Report": "tangle.needs:: [[Model]]\n\n" + CHUNK.format("print(2)"),
    "Other": CHUNK.format("print(3)"),
}


def test_a_skipped_section_says_what_it_needs(notes: MakeNotes) -> None:
    graph = notes(CHAIN)
    said = graph.tangle("run", "--all", "--no-write")
    assert "\nModel: skipped: needs Data, which failed\n" in said.out
    assert "\nReport: skipped: needs Model, which needs Data, which failed\n" in said.out
    document = json.loads(graph.tangle("run", "--all", "--format", "json").out)
    reasons = {one["number"]: one["reason"] for one in document["sections"]}
    assert reasons["Data"] is None
    assert reasons["Model"] == "skipped: needs Data, which failed"
    chunks = {one["number"]: one["chunks"] for one in document["sections"]}
    assert [chunk["reason"] for chunk in chunks["Model"]] == [reasons["Model"]]


def test_outputs_of_failed_sections_are_not_said_to_match(notes: MakeNotes) -> None:
    graph = notes(CHAIN)
    graph.tangle("run", "--all")
    said = graph.tangle("run", "--all", "--verify")
    assert said.code == 1
    lost = "1 section failed, 2 skipped"
    assert f"{lost}; the outputs of the others are those in the notes\n" in said.out
    said = graph.tangle("run", "Data", "--verify")
    assert "\n1 section failed\n" in said.out
    assert "outputs match" not in said.out


@pytest.mark.parametrize(
    ("org", "sentence"),
    [
        (0, "no Python in this graph"),
        (1, "no Python in this graph (1 Org page is not read)"),
        (12, "no Python in this graph (12 Org pages are not read)"),
    ],
)
@pytest.mark.parametrize("command", [("run", "--all"), ("list",), ("check",)])
def test_a_graph_without_python(
    notes: MakeNotes, command: tuple[str, ...], org: int, sentence: str
) -> None:
    graph: Notes = notes({"words": "- words\n"})
    for number in range(org):
        (graph.root / "pages" / f"p{number}.org").write_text("* words\n", encoding="utf-8")
    said = graph.tangle(*command)
    assert said.code == 0
    assert (said.out + said.err).count(f"{sentence}\n") == 1
    assert "up to date" not in said.out


def test_a_name_in_a_graph_without_python(notes: MakeNotes) -> None:
    said = notes({"words": "- words\n"}).tangle("run", "Sales")
    sentence = "no section or page 'Sales'; there is no Python in this graph"
    assert (said.code, said.err) == (2, f"tangle: {sentence}\n")


@pytest.mark.parametrize(
    ("need", "hint"),
    [
        ("[[Sales plost]]", "did you mean [[Sales plots]]?"),
        ("Slaes plots", "did you mean [[Sales plots]]?"),
        (
            "[[Sales plots#Part]]",
            "a part of a page cannot be needed: name the whole page, [[Sales plots]]",
        ),
        ("[[words]]", "'words' has no code to share: add some, or leave the page out"),
        ("[[Nothing]]", "name a page, such as [[Data]], or a section with two numbers"),
    ],
)
def test_a_need_that_is_unknown(notes: MakeNotes, need: str, hint: str) -> None:
    page = f"tangle.needs:: {need}\n\n{CHUNK.format('1')}"
    graph = notes({**PAGES, "words": "- words\n", "a": page})
    said = graph.tangle("check", "--all")
    assert f"pages/a.md:1:1: error: tangle.needs names {need}, but no section" in said.out
    assert f"    hint: {hint}" in said.out
