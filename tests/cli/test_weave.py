"""`tangle weave` on a graph on disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tangle.store import lock
from tangle.verbs.weave import weaving
from tests.graphs import MakeNotes, Notes, call
from tests.weave.checking import faults, read_html

SHIPPED = Path(__file__).parents[2] / "notes"
CODE = "- ```python\n  print('ran')\n  ```\n"


def site_of(graph: Notes) -> Path:
    return graph.root / "site"


def files(graph: Notes) -> set[str]:
    """The pages of a site."""
    site = site_of(graph)
    return {path.relative_to(site).as_posix() for path in site.rglob("*.html")}


FIXED = {"index.html", "all-pages.html", "search.html"}


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    return notes({"a": "- see [[b]], ![p](../assets/p.png)", "b": f"{CODE}- of [[new idea]]"})


def test_the_site_of_a_graph(graph: Notes) -> None:
    (graph.root / "assets").mkdir(exist_ok=True)
    (graph.root / "assets" / "p.png").write_bytes(b"\x89PNG picture")
    (graph.root / "assets" / "unused.png").write_bytes(b"x")
    said = graph.tangle("weave")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("site: 2 pages, " + said.out.partition("pages, ")[2])
    assert files(graph) == FIXED | {"a.html", "b.html", "new-idea.html", "sections.html"}
    assert (site_of(graph) / "assets" / "p.png").read_bytes() == b"\x89PNG picture"
    assert not list(site_of(graph).rglob("unused*"))
    assert list(faults(site_of(graph))) == []
    assert not (graph.root / "ran").exists()


def test_weaving_again_writes_only_what_changed(graph: Notes) -> None:
    graph.tangle("weave")
    assert "up to date" in graph.tangle("weave").out
    before = {path: path.stat().st_mtime_ns for path in site_of(graph).rglob("*.html")}
    graph.write("a", "- see [[b]] now")
    graph.tangle("weave")
    changed = {p.name for p, time in before.items() if p.stat().st_mtime_ns != time}
    assert changed == {"a.html", "b.html"}


def test_a_page_that_goes_takes_its_file_with_it(graph: Notes) -> None:
    graph.tangle("weave")
    graph.page("b").unlink()
    said = graph.tangle("weave")
    assert "removed" in said.out
    assert files(graph) == FIXED | {"a.html", "b.html"}  # as a concept that `a` names
    assert "ran" not in (site_of(graph) / "b.html").read_text("utf-8")


def test_a_missing_file_is_a_warning(graph: Notes) -> None:
    said = graph.tangle("weave")
    assert said.code == 0
    assert "pages/a.md:1: warning: there is no file ../assets/p.png" in said.err
    assert graph.tangle("weave").err == said.err  # also where nothing is woven again


def test_pages_that_are_named(graph: Notes) -> None:
    said = graph.tangle("weave", "b")
    assert "1 page," in said.out
    assert files(graph) == FIXED | {"b.html", "sections.html"}
    assert list(faults(site_of(graph))) == []


@pytest.mark.parametrize(
    ("wanted", "woven"),
    [
        ("A", {"a"}),
        ("[[b]]", {"b"}),
        ("pages/b.md", {"b"}),
        ("pages/b", {"b"}),
        ("pages", {"a", "b"}),
        ("p*/a.md", {"a"}),
        ("[ab]", {"a", "b"}),
    ],
)
def test_names_of_pages(graph: Notes, wanted: str, woven: set[str]) -> None:
    assert graph.tangle("weave", wanted).code == 0
    assert {name.removesuffix(".html") for name in files(graph) - FIXED} - {"sections"} == woven


def test_a_name_of_no_page_is_a_usage_error(graph: Notes) -> None:
    said = graph.tangle("weave", "bb")
    assert said.code == 2
    assert "'bb': no page is called so" in said.err
    assert not site_of(graph).exists()


def test_a_folder_of_others_is_refused(graph: Notes, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    said = graph.tangle("weave", "-o", str(other))
    assert said.code == 3
    assert [path.name for path in other.iterdir()] == ["mine.txt"]
    assert graph.tangle("weave", "-o", str(graph.root)).code == 3


def test_the_default_folder_does_not_lead_out(graph: Notes, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    site_of(graph).symlink_to(tmp_path / "outside")
    assert graph.tangle("weave").code == 3
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[site]\ntitel = 'x'", "unknown option 'site.titel'"),
        ("[site]\ntitle = 3", "site.title cannot be 3"),
        ("[site]\nbase = 'notes.example'", "site.base cannot be 'notes.example'"),
        ("[site]\nlanguage = '\"><script>'", "site.language cannot be"),
        ("site = 'x'", "site cannot be 'x'"),
    ],
)
def test_bad_configurations(graph: Notes, config: str, message: str) -> None:
    (graph.root / "tangle.toml").write_text(config)
    said = graph.tangle("weave")
    assert said.code == 2
    assert message in said.err


def test_title_and_language_of_the_configuration(graph: Notes) -> None:
    (graph.root / "tangle.toml").write_text('[site]\ntitle = "My <notes>"\nlanguage = "zh-CN"\n')
    graph.tangle("weave")
    page = read_html((site_of(graph) / "a.html").read_text("utf-8"))
    assert ("html", {"lang": "zh-CN"}) in page.elements
    assert "My <notes>" in "".join(page.words)


def test_a_weave_that_waited_for_another_takes_its_files_for_tangles(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def behind_another(state: Path) -> Iterator[None]:
        monkeypatch.setattr(weaving, "lock", lock)
        assert graph.tangle("weave").code == 0
        with lock(state):
            yield

    monkeypatch.setattr(weaving, "lock", behind_another)
    said = graph.tangle("weave")
    assert "up to date" in said.out


@pytest.mark.parametrize("name", ["package", "sections"])
def test_a_page_that_is_called_like_one_of_the_site_has_its_own_file(
    notes: MakeNotes, name: str
) -> None:
    saves = "- ```python\n  #@save\n  def f():\n      return 1\n  ```\n"
    graph = notes({name: "- own words", "a": saves})
    assert graph.tangle("weave").code == 0
    assert "own words" not in (site_of(graph) / f"{name}.html").read_text("utf-8")
    (own,) = site_of(graph).glob(f"{name}~*.html")
    assert "own words" in own.read_text("utf-8")


def test_a_style_sheet_that_is_no_regular_file_is_none(graph: Notes) -> None:
    os.mkfifo(graph.root / "logseq" / "site.css")
    assert graph.tangle("weave").code == 0
    assert not (site_of(graph) / "static" / "own.css").exists()


def test_a_page_that_cannot_be_read_is_named_and_left_out(graph: Notes) -> None:
    graph.page("bad").write_bytes(b"- caf\xe9\n")
    said = graph.tangle("weave")
    assert said.code == 0
    assert "pages/bad.md:1" in said.err
    assert "bad.html" not in files(graph)


def test_an_unclear_name_on_a_disk_without_case(notes: MakeNotes) -> None:
    graph = notes({"x": "- [[A b]] [[a-b]] [[C/d]] [[c/D?]] [[index]] [[What? 100% #1]]"})
    assert graph.tangle("weave").code == 0
    named = [path.relative_to(site_of(graph)).as_posix() for path in site_of(graph).rglob("*")]
    assert len({name.casefold() for name in named}) == len(named)
    assert list(faults(site_of(graph))) == []


def test_the_shipped_notes_have_no_broken_link(tmp_path: Path) -> None:
    graph = tmp_path / "notes"
    shutil.copytree(SHIPPED, graph)
    said = call("--graph", str(graph), "weave", "-o", str(tmp_path / "site"))
    assert (said.code, said.err) == (0, "")
    assert list(faults(tmp_path / "site")) == []
    again = call("--graph", str(graph), "weave", "-o", str(tmp_path / "site"))
    assert "up to date" in again.out


SOLVED = (
    "- # 1. Part\n\t- ## 1.1. Asked\n\t\t- ```python\n\t\t  x = 1\n\t\t  ```\n"
    "\t\t- answer\n\t\t  tangle.solution:: yes\n"
    "\t\t\t- ```python\n\t\t\t  secret = 42\n\t\t\t  ```\n"
    "\t- ## 1.2. Told\n\t\t- ```python\n\t\t  y = 2\n\t\t  ```\n"
)


@pytest.mark.book
def test_the_edition_for_students_has_no_file_with_a_solution(notes: MakeNotes) -> None:
    graph = notes({"a": SOLVED})
    config = graph.root / "tangle.toml"
    config.write_text('book = ["pages/a.md"]\n[site]\nstudent = true\n')
    assert graph.tangle("weave").code == 0
    site = site_of(graph)
    texts = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert [path.name for path, data in texts.items() if b"secret" in data] == []
    assert sorted(path.name for path in (site / "downloads").iterdir()) == [
        "sec_1_2.ipynb",
        "sec_1_2.py",
    ]
    assert list(faults(site)) == []
    config.write_text('book = ["pages/a.md"]\n')
    assert graph.tangle("weave").code == 0
    assert (site / "downloads" / "sec_1_1.py").is_file()
    assert "secret" in (site / "a.html").read_text("utf-8")
