"""Which pages take part, by the configuration."""

from __future__ import annotations

import json

import pytest

from tangle.link import path_matches
from tests.graphs import MakeNotes, Notes, call

ID = "65a0b6f2-0000-4000-8000-000000000001"
BROKEN = f"- ```python\n  shared = 1\n  ```\n  id:: {ID}\n- ```python\n  broken(\n  ```\n"
GOOD = "- ```python\n  print('good')\n  ```\n"


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    made = notes({"good": GOOD, "draft": f"tags:: Old things, [[draft]]\n\n{BROKEN}"})
    (made.root / "clippings" / "deep").mkdir(parents=True)
    (made.root / "clippings" / "deep" / "clip.md").write_text("- ```python\n  x(\n  ```\n")
    return made


def names(graph: Notes) -> set[str]:
    """The sections that `list` shows."""
    return {
        row["number"]
        for row in json.loads(graph.tangle("list", "--format", "json").out)["sections"]
    }


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ("", {"good", "draft", "clip"}),
        ('exclude = ["clippings"]', {"good", "draft"}),
        ('exclude = ["clippings/**", "pages/dr*.md"]', {"good"}),
        ('exclude = ["**/clip.md"]', {"good", "draft"}),
        ('exclude = ["*.md"]', {"good", "draft", "clip"}),
        ('include = ["pages"]', {"good", "draft"}),
        ('include = ["pages/*.md"]\nexclude = ["pages/draft.md"]', {"good"}),
        ('exclude_tags = ["old Things"]', {"good", "clip"}),
        ('exclude_tags = ["draft", "other"]', {"good", "clip"}),
    ],
)
def test_pages_that_take_part(graph: Notes, config: str, left: set[str]) -> None:
    (graph.root / "tangle.toml").write_text(config)
    assert names(graph) == left
    assert names(graph) == left  # from what the first command kept
    said = graph.tangle("check", "--all")
    assert (said.code, said.out == "") == ((1, False) if left != {"good"} else (0, True))


def test_another_configuration_counts_at_once(graph: Notes) -> None:
    graph.tangle("run", "good")
    (graph.root / "tangle.toml").write_text('exclude = ["clippings"]')
    assert names(graph) == {"good", "draft"}
    (graph.root / "tangle.toml").write_text('include = ["clippings"]')
    assert names(graph) == {"clip"}


def test_references_to_an_excluded_page_stand_for_its_code(graph: Notes) -> None:
    graph.write("user", f"- (({ID}))\n- ```python\n  print(shared + 41)\n  ```\n")
    (graph.root / "tangle.toml").write_text('include = ["pages"]\nexclude = ["pages/draft.md"]')
    said = graph.tangle("run", "user")
    assert (said.code, "\n42\n" in said.out) == (0, True)
    assert graph.tangle("check", "--all").code == 0


@pytest.mark.parametrize(
    "text",
    ["include = 'pages'", "exclude = [1]", "exclude_tags = ['']", "exclude = {a = 1}"],
)
def test_a_value_that_is_no_list_of_texts(graph: Notes, text: str) -> None:
    (graph.root / "tangle.toml").write_text(text)
    said = graph.tangle("list")
    assert (said.code, "it takes a list of patterns or names" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("path", "glob", "matches"),
    [
        ("pages/a.md", "pages/*.md", True),
        ("pages/b/a.md", "pages/*.md", False),
        ("pages/b/a.md", "pages/**/*.md", True),
        ("pages/a.md", "pages/**/*.md", True),
        ("pages/a.md", "./pages/", True),
        ("pagesx/a.md", "pages", False),
        ("pages/a.md", "**", True),
        ("a.md", "**/a.md", True),
        ("b/xa.md", "**/a.md", False),
    ],
)
def test_globs(path: str, glob: str, matches: bool) -> None:
    assert path_matches(path, glob) is matches


def test_an_excluded_page_that_is_named_is_not_run_and_says_why(graph: Notes) -> None:
    (graph.root / "tangle.toml").write_text('exclude_tags = ["draft"]')
    said = graph.tangle("run", "draft")
    assert (said.code, "its page is excluded" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("option", "glob", "hint"),
    [
        ("book", "chapter*.md", "did you mean 'pages/chapter*.md'?"),
        ("include", "notes", "did you mean 'pages/notes.md'?"),
        ("exclude", "graph/pages/notes.md", "did you mean 'pages/notes.md'?"),
        ("exclude", "clippings/**", "globs are relative to the graph, such as pages/chapter*.md"),
    ],
)
def test_a_glob_that_matches_no_page_is_reported(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, option: str, glob: str, hint: str
) -> None:
    graph = notes({"chapter 1": "- words\n", "notes": "- ```python\n  1\n  ```\n"})
    text = f'graph = "graph"\n\n{option} = ["pages/*.md", "{glob}"]\n'
    (graph.root.parent / "tangle.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(graph.root.parent)
    for command, stream in (("check", "out"), ("build", "err")):
        said = call(command)
        lines = getattr(said, stream)
        assert f"tangle.toml:3:1: warning: no page matches '{glob}' in {option}" in lines
        assert f"    hint: {hint}" in lines
        assert (said.code, lines.count("unmatched-glob")) == (0, 1)
