"""What sync tools and git leave in a graph: placeholders, copies, conflicts, graphs in graphs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tangle.model import PagePath
from tangle.parse import merge_conflict, parse
from tangle.store import sync_copies
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

CHUNK = "- ```python\n  print('fine')\n  ```\n"
SAVED = "- ## 3.2. B\n\t- ```python\n\t  def h(): #@save\n\t      return 1\n\t  h()\n\t  ```\n"
BETWEEN = (
    "- intro\n<<<<<<< HEAD\n- ```python\n  print('mine')\n  ```\n=======\n"
    "- ```python\n  print('theirs')\n  ```\n>>>>>>> 0f0f0f0f0f\n- end\n"
)
INSIDE = (
    "- a\n\t- ```python\n<<<<<<< HEAD\n\t  x = 10\n=======\n\t  x = 11\n"
    ">>>>>>> 0f0f0f0f0f\n\t  ```\n"
)
# As Logseq writes the two pages after it has read them.
SAVED_BETWEEN = "\n".join(
    f"  {line}" if line[0] in "<=>" else line for line in BETWEEN.split("\n") if line
)
SAVED_INSIDE = (
    INSIDE.replace("\n<<<", "\n\t  <<<").replace("\n===", "\n\t  ===").replace("\n>>>", "\n\t  >>>")
)
DIFF3 = BETWEEN.replace("=======\n", "||||||| base\n- ```python\n  print('base')\n  ```\n=======\n")

# As Jujutsu writes it: what changed on one side, then the other side whole.
JUJUTSU = BETWEEN.replace("HEAD\n", "conflict 1 of 1\n%%%%%%% changes from base\n").replace(
    "=======\n", "+++++++ contents of side 2\n"
)


def codes(graph: Notes) -> list[tuple[str, str, int]]:
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    return [(problem["code"], problem["path"], problem["line"]) for problem in found]


# --- merges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "line"),
    [
        (BETWEEN, 2),
        (INSIDE, 3),
        (SAVED_BETWEEN, 2),
        (SAVED_INSIDE, 3),
        (DIFF3, 2),
        (JUJUTSU, 2),
        (BETWEEN.replace("\n", "\r\n"), 2),
        ("title:: x\n" + BETWEEN, 3),
        # Git's markers in a fence that is no Python, which stands under a bullet.
        ("- ```js\n<<<<<<< HEAD\n  a\n=======\n  b\n>>>>>>> x\n  ```\n" + CHUNK, 2),
    ],
)
def test_a_page_with_a_conflict_has_one_error_and_is_left_alone(
    notes: MakeNotes, page: str, line: int
) -> None:
    graph = notes({"Merged": page, "good": CHUNK})
    assert codes(graph) == [("merge-conflict", "pages/Merged.md", line)]
    said = graph.tangle("run", "Merged")
    assert said.code == 1
    assert f"Merged.md:{line}:1: section Merged: an unresolved merge conflict" in said.err
    everything = graph.tangle("run", "--all")
    assert everything.code == 1
    assert "fine" in everything.out
    assert "mine" not in everything.out
    assert graph.tangle("clean").code == 0
    assert graph.tangle("check", "--all", "--fix").code == 1
    assert graph.page("Merged").read_bytes().decode() == page


@pytest.mark.parametrize(
    "page",
    [
        "- a heading\n  =======\n" + CHUNK,
        "- seven signs\n  <<<<<<< HEAD\n  and no more of it\n" + CHUNK,
        "- in no order\n  >>>>>>> x\n  =======\n  <<<<<<< HEAD\n" + CHUNK,
        "- ```text\n  <<<<<<< HEAD\n  a\n  =======\n  b\n  >>>>>>> x\n  ```\n" + CHUNK,
        "- ```\n  <<<<<<< HEAD\n  a\n  =======\n  b\n  >>>>>>> x\n  ```\n" + CHUNK,
        "```diff\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n```\n\n" + CHUNK,
        "- git:\n  #+BEGIN_EXAMPLE\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n  #+END_EXAMPLE\n"
        + CHUNK,
    ],
)
def test_a_page_about_conflicts_has_none(page: str) -> None:
    assert merge_conflict(parse(page.encode(), PagePath("pages/a.md"))) is None


def test_an_output_that_shows_a_conflict_is_none(notes: MakeNotes) -> None:
    code = "- ```python\n  print('<<<<<<< HEAD\\na\\n=======\\nb\\n>>>>>>> x\\n```\\n~~~')\n  ```\n"
    graph = notes({"a": code})
    assert graph.tangle("run", "a").code == 0
    assert codes(graph) == []
    assert graph.tangle("run", "a", "--fresh").code == 0


def test_a_section_that_stands_in_part_on_a_merged_page_is_not_run_in_part(
    notes: MakeNotes,
) -> None:
    graph = notes({"a": "- ## 3.1. A\n\t- ```python\n\t  print('part')\n\t  ```\n"})
    graph.write("b", "- ### 3.1.2. B\n" + BETWEEN.replace("- ", "\t- ").replace("\n  ", "\n\t  "))
    for name in ("3.1", "3.1.2", "3"):
        said = graph.tangle("run", name)
        assert said.code == 1, name
        assert "part" not in said.out
        assert "b.md:3:1: section" in said.err
    assert "part" not in graph.tangle("run", "--all").out


def test_a_conflict_that_comes_later_is_noticed_though_the_notes_are_remembered(
    notes: MakeNotes,
) -> None:
    graph = notes({"Merged": CHUNK, "other": CHUNK})
    graph.tangle("run", "Merged")
    assert codes(graph) == []
    graph.write("Merged", BETWEEN)
    assert [code for code, _, _ in codes(graph)] == ["merge-conflict"]
    graph.write("Merged", CHUNK)
    assert codes(graph) == []


# --- iCloud ---------------------------------------------------------------------------------------


def test_a_placeholder_is_reported_and_nothing_is_taken_away_for_it(notes: MakeNotes) -> None:
    graph = notes({"a": "- ## 3.1. A\n\t" + CHUNK.replace("\n", "\n\t"), "b": SAVED})
    assert graph.tangle("build").code == 0
    generated = graph.root / "generated"
    before = {path: path.read_bytes() for path in generated.rglob("*.py")}
    placeholder = graph.page("b").with_name(".b.md.icloud")
    graph.page("b").rename(placeholder)
    assert codes(graph) == [("not-downloaded", "pages/b.md", 1)]
    said = graph.tangle("build")
    assert said.code == 3
    assert "pages/b.md:1:1: this page is in iCloud" in said.err
    assert {path: path.read_bytes() for path in generated.rglob("*.py")} == before
    assert graph.tangle("run", "b").code == 1
    assert "pages/b.md" in graph.tangle("run", "3.2").err
    assert graph.tangle("run", "3.1").code == 0
    assert graph.tangle("clean").code == 0
    assert placeholder.exists()
    placeholder.rename(graph.page("b"))
    assert graph.tangle("build").code == 0
    assert codes(graph) == []


def test_a_placeholder_of_a_page_without_code_stops_no_build(notes: MakeNotes) -> None:
    graph = notes({"a": CHUNK})
    graph.tangle("build")
    graph.page(".x.md").with_name(".x.md.icloud").write_bytes(b"bplist")
    graph.write("a", CHUNK.replace("fine", "changed"))
    assert graph.tangle("build").code == 1  # the page is an error, as other unread pages are
    assert "changed" in (graph.root / "generated/graph/sections/sec_a.py").read_text("utf-8")


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a (conflicted copy 2024-01-05)",
        "a (Jo's conflicted copy 2024-01-05 1)",
        "a (Case Conflict)",
        "a (Kopie von Jo, in Konflikt 2024-01-05)",
        "a (Copia in conflitto di Jo 2024-01-05)",
        "a (Cópia em conflito de Jo 2024-01-05)",
        "a (конфликтующая копия, Jo 2024-01-05)",
        "a (충돌된 사본 2024-01-05)",
        "a.sync-conflict-20240105-101112-ABCDEFG",
        "a_conflict-20240105-101112",
        "a (SFConflict jo@example.org 2024-01-05-10-11-12)",
        "a 2",
        "a (1)",
        "a-DESKTOP-AB12CD3",
    ],
)
def test_a_sync_copy_is_named_once_and_takes_no_part(notes: MakeNotes, name: str) -> None:
    code = "def f(): #@save\n\t      return 1\n\t  print(f())"
    page = f"- ## 3.1. A\n\t- ```python\n\t  {code}\n\t  ```\n"
    copy = page.replace("return 1", "return 2")
    graph = notes({"a": page, name: copy})
    assert codes(graph) == [("sync-copy", f"pages/{name}.md", 1)]
    said = graph.tangle("run", "--all")
    assert (said.code, said.out.splitlines()[1]) == (0, "1")
    assert graph.text(name) == copy
    assert graph.tangle("run", name).code == 1
    assert graph.tangle("build").code == 0
    assert "return 2" not in (graph.root / "generated/graph/saved.py").read_text("utf-8")


def test_a_page_that_only_looks_like_a_copy_is_a_page() -> None:
    pages = {
        "Lecture": b"- # Lecture\n- ```python\n  a = 1\n  ```\n- words\n",
        "Lecture 2": b"- # The second\n- ```python\n  b = 2\n  c = 3\n  ```\n- others\n",
        "Lecture (3)": b"- # The third\n- ```python\n  d = 2\n  e = 3\n  ```\n- more\n",
        "Alone (conflicted copy)": b"- whose original is gone\n",
        "Route 66": b"- a road\n",
    }
    data = {PagePath(f"pages/{name}.md"): text for name, text in pages.items()}
    assert sync_copies(data) == {}


# --- graphs in graphs -----------------------------------------------------------------------------


def test_a_graph_in_the_graph_is_named_and_its_pages_are_its_own(notes: MakeNotes) -> None:
    graph = notes({"a": CHUNK})
    inner = Notes(root=graph.root / "old" / "copy")
    for folder in ("logseq", "pages"):
        (inner.root / folder).mkdir(parents=True)
    (inner.root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    inner.write("a", CHUNK)
    assert codes(graph) == [("nested-graph", "old/copy/logseq/config.edn", 1)]
    assert graph.tangle("run", "--all").out.count("fine\n") == 1
    assert inner.text("a") == CHUNK
    assert inner.tangle("run", "a").code == 0
    assert Path(inner.page("a")).read_text("utf-8") != CHUNK
