"""What people type to name a page: titles, paths, dates, globs, tags, beginnings."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from tangle_cli.common import complete_sections
from tangle_cli.main import cli
from tangle_cli.run import run
from tests.graphs import MakeNotes, Notes, Said, call

CODE = "- ```python\n  print({0!r})\n  ```\n"


def page(word: str, head: str = "") -> str:
    """A page of one chunk that prints a word."""
    return head + CODE.format(word)


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    made = notes(
        {
            "Long title, second part": page("long"),
            "Sales report": page("report", "alias:: turnover, [[Money in]]\ntags:: work\n\n"),
            "Sales plan": "- of the year #[[next year]]\n\t" + page("plan").replace("\n", "\n\t"),
            "Sales talk": "- words, no code\n",
            "a%2Fb": page("slash"),
            "deep___er": page("deep"),
            "Café": page("coffee"),
            "12": page("twelve"),
            "Page": page("page"),
            "Page%3A12": page("colon"),
            "🚀 launch": page("rocket"),
            "odd": "- a [[link]] and `#notatag`\n\t" + page("odd").replace("\n", "\n\t"),
        },
        config='{:file/name-format :triple-lowbar :journal/page-title-format "dd.MM.yyyy"}',
    )
    (made.root / "journals").mkdir()
    (made.root / "journals" / "2024_10_29.md").write_text(page("day"), encoding="utf-8")
    return made


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("Long title, second part", "long"),
        ("  long TITLE, second part ", "long"),
        ("[[Long title, second part]]", "long"),
        ("pages/Long title, second part.md", "long"),
        ("pages/Long title, second part", "long"),
        ("Long title, second part.md", "long"),
        ("Long", "long"),
        ("Ｌｏｎｇ title, second part", "long"),
        ("2024-10-29", "day"),
        ("29.10.2024", "day"),
        ("Oct 29th, 2024", "day"),
        ("2024_10_29", "day"),
        ("journals/2024_10_29.md", "day"),
        ("journals", "day"),
        ("journals/", "day"),
        ("turnover", "report"),
        ("Money in", "report"),
        ("money", "report"),
        ("*report", "report"),
        ("pages/*report.md", "report"),
        ("#work", "report"),
        ("#[[next year]]", "plan"),
        ("a/b", "slash"),
        ("pages/a%2Fb.md", "slash"),
        ("a%2Fb.md", "slash"),
        ("deep/er", "deep"),
        ("pages/deep___er.md", "deep"),
        (unicodedata.normalize("NFD", "Café"), "coffee"),
        (unicodedata.normalize("NFD", "pages/Café.md"), "coffee"),
        ("12", "twelve"),
        ("１２", "twelve"),
        ("Page", "page"),
        ("Page:12", "colon"),
        ("🚀 launch", "rocket"),
        ("🚀", "rocket"),
    ],
)
def test_a_page_is_named(graph: Notes, wanted: str, word: str) -> None:
    said = graph.tangle("show", wanted)
    assert (said.code, said.err) == (0, "")
    assert f"print('{word}')" in said.out


def test_paths_are_relative_to_the_current_folder_too(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(graph.root / "pages")
    for wanted in ("Page.md", "./Page.md", "../pages/Page.md", str(graph.page("Page"))):
        assert "print('page')" in call("show", wanted).out
    assert "print('day')" in call("show", "../journals/2024_10_29.md").out


def test_an_absolute_path_through_a_link(graph: Notes, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(graph.root)
    said = graph.tangle("show", str(tmp_path / "link" / "pages" / "Page.md"))
    assert "print('page')" in said.out


def test_a_beginning_of_several_titles_names_them(graph: Notes) -> None:
    said = graph.tangle("show", "sales")
    assert said.code == 2
    assert "2 pages have titles that begin so: Sales plan, Sales report; name one" in said.err


@pytest.mark.parametrize("wanted", ["Sales*", "pages/Sales*.md", "pages/Sales [pr]*.md"])
def test_a_glob_names_the_pages_with_code(graph: Notes, wanted: str) -> None:
    said = graph.tangle("run", wanted, "--no-write")
    assert (said.code, said.out.count("passed")) == (0, 2)


@pytest.mark.parametrize("wanted", ["Sales talk", "pages/Sales talk.md", "[[sales TALK]]"])
def test_a_page_without_code_is_no_unknown_one(graph: Notes, wanted: str) -> None:
    said = graph.tangle("run", wanted)
    assert (said.code, "it has no code" in said.err) == (2, True)


LIST = "`tangle list` shows what has code"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("Lnog title", "no section or page 'Lnog title'; did you mean 'Long title, second part'?"),
        ("plan sales", "no section or page 'plan sales'; did you mean 'Sales plan'?"),
        ("caféé", "no section or page 'caféé'; did you mean 'Café'?"),
        ("turnovre", "no section or page 'turnovre'; did you mean 'turnover'?"),
        ("nothing near", f"no section or page 'nothing near'; {LIST}"),
        ("#wrok", "no page with code has the tag '#wrok'; did you mean '#work'?"),
        ("#notatag", f"no page with code has the tag '#notatag'; {LIST}"),
        ("*nothing*", f"no section or page with code matches '*nothing*'; {LIST}"),
        (
            "pages/Sales plans.md",
            "no page 'pages/Sales plans.md' in this graph; did you mean 'pages/Sales plan.md'?",
        ),
        (
            "1999-01-01",
            f"no code on the journal page of 1999-01-01 ('01.01.1999'); {LIST}",
        ),
        ("Sales paln#Part", "no page 'Sales paln'; did you mean 'Sales plan#Part'?"),
        ("Sales paln:3", "no page 'Sales paln'; did you mean 'Sales plan:3'?"),
        ("Sales plan#Part", "no heading 'Part' on 'Sales plan'; the page has no headings"),
    ],
)
def test_what_names_nothing_gets_one_sentence(graph: Notes, wanted: str, sentence: str) -> None:
    said = graph.tangle("show", wanted)
    assert (said.code, said.out, said.err) == (2, "", f"tangle: {sentence}\n")


def test_a_wrong_heading_lists_those_of_the_page(notes: MakeNotes) -> None:
    chunk = page("x").replace("\n", "\n\t").rstrip("\t")
    heads = "".join(f"- ## Part {n}\n\t{chunk}" for n in range(1, 13))
    graph = notes({"Sales plots": f"- # Plots\n\t{chunk}", "long": heads, "words": "- # Head\n"})
    for command in ("run", "show", "check"):
        said = graph.tangle(command, "Sales plots#Nope")
        assert said.err == "tangle: no heading 'Nope' on 'Sales plots'; it has: Plots\n"
    said = graph.tangle("show", "long#Prt 12")
    assert "it has: Part 12, Part 1, Part 2, " in said.err
    assert said.err.endswith(" and 2 more\n")
    said = graph.tangle("show", "words#Head")
    assert said.err == f"tangle: 'words#Head': it has no code; {LIST}\n"


def test_names_in_chinese_are_near_too(notes: MakeNotes) -> None:
    graph = notes({"线性回归模型": page("a"), "softmax 回归": page("b")})
    assert "did you mean '线性回归模型'?" in graph.tangle("show", "线性回规模型").err
    assert "did you mean 'softmax 回归'?" in graph.tangle("show", "SOFTMAX 回规").err


@pytest.mark.book
def test_a_number_that_is_none_says_which_there_are(notes: MakeNotes) -> None:
    part = "- ## {0}. S\n\t- ```python\n\t  print(1)\n\t  ```\n\t- ### {0}.1 T\n"
    graph = notes({"a": part.format("3.1") + part.format("3.2") + part.format("5.1")})
    for wanted, hint in (
        ("3.9", "no section '3.9'; chapter 3 has 3.1, 3.2"),
        ("4", "no section '4'; this graph has chapters 3, 5"),
        ("7.2", "no section '7.2'; this graph has chapters 3, 5"),
        ("3.2.7", "no section '3.2.7'; section 3.2 has 3.2.1"),
    ):
        assert graph.tangle("run", wanted).err == f"tangle: {hint}\n"


def test_a_title_that_the_shell_has_split_is_recognised(graph: Notes) -> None:
    said = graph.tangle("run", "Sales", "plan")
    sentence = "no section or page 'Sales'; quote a name with blanks: 'Sales plan'"
    assert (said.code, said.err) == (2, f"tangle: {sentence}\n")


def test_show_takes_no_line(graph: Notes) -> None:
    said = graph.tangle("show", "Sales plan:2")
    assert "`tangle run` alone takes a line of a page or the id of a block" in said.err


def test_titles_that_differ_in_case(notes: MakeNotes) -> None:
    graph = notes({"Plan": page("large"), "plan": page("small")})
    assert "print('large')" in graph.tangle("show", "Plan").out
    assert "print('small')" in graph.tangle("show", "pages/plan.md").out
    said = graph.tangle("show", "PLAN")
    assert (said.code, "2 pages have this title but for its case" in said.err) == (2, True)


def test_several_arguments_of_different_kinds(graph: Notes) -> None:
    said = graph.tangle("run", "2024-10-29", "#work", "pages/Page.md", "--no-write")
    assert (said.code, said.out.count("passed")) == (0, 3)


def test_a_page_that_is_left_out_is_refused_by_its_path(notes: MakeNotes) -> None:
    merge = "<<<<<<< HEAD\n- a\n=======\n- b\n>>>>>>> other\n"
    graph: Notes = notes({"a": merge, "b": page("b")})
    for wanted in ("a", "[[a]]", "pages/a.md"):
        said: Said = graph.tangle("run", wanted)
        assert (said.code, "pages/a.md:1:1: " in said.err) == (1, True), said


def test_a_title_that_looks_like_a_glob_or_a_path_wins_and_says_so(notes: MakeNotes) -> None:
    graph = notes({"Sales*": page("star"), "Sales plan": page("plan"), "12": page("twelve")})
    said = graph.tangle("run", "Sales*", "--no-write")
    assert (said.code, said.out.count("passed")) == (0, 1)
    assert "Sales*: the page of that title was taken; it may also mean Sales" in said.err
    assert "may also mean" not in graph.tangle("run", "12", "Sales plan", "--no-write").err


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Sales p", ["Sales plan"]),
        ("turn", ["turnover"]),
        ("pages/Caf", ["pages/Café.md"]),
        ("2024-", ["2024-10-29"]),
        ("#wo", ["#work"]),
        ("#[[ne", ["#[[next year]]"]),
        ("Sales talk", []),
        ("no such", []),
    ],
)
def test_what_the_shell_completes(
    graph: Notes, monkeypatch: pytest.MonkeyPatch, typed: str, found: list[str]
) -> None:
    monkeypatch.chdir(graph.root)
    assert completed(graph, typed) == found
    for name in found:
        assert graph.tangle("run", name, "--no-write").code == 0


def test_headings_are_completed(notes: MakeNotes) -> None:
    chunk = page("x").replace("\n", "\n\t").rstrip("\t")
    graph = notes({"My page": f"- # First\n\t{chunk}- # Second part\n\t{chunk}- # Other\n"})
    assert completed(graph, "My page#") == [
        *("My page#First", "My page#Second part", "My page#Other"),
    ]
    assert completed(graph, "My page#Se") == ["My page#Second part"]
    assert completed(graph, "No page#Se") == []


def completed(graph: Notes, typed: str) -> list[str]:
    """What completion offers for an argument of `tangle run`."""
    context = cli.make_context("tangle", ["--graph", str(graph.root), "run", typed])
    with context:
        items = complete_sections(context, run.params[0], typed)
    return [item.value for item in items]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (("Sales plan",), {"Sales report", "Page"}),
        (("#work", "pages/Page.md"), {"Sales plan"}),
        (("Sales*",), {"Page"}),
    ],
)
def test_clean_takes_the_same_names(graph: Notes, wanted: tuple[str, ...], left: set[str]) -> None:
    pages = ("Sales plan", "Sales report", "Page")
    graph.tangle("run", *pages)
    assert graph.tangle("clean", *wanted).code == 0
    assert {name for name in pages if "tangle.output" in graph.text(name)} == left
    said = graph.tangle("run", *wanted)
    assert (said.code, said.out.count("from the cache")) == (0, 3 - len(left))


def test_clean_of_one_block(notes: MakeNotes) -> None:
    graph = notes({"a": page("x") + page("y")})
    graph.tangle("run", "a")
    line = graph.text("a").split("print('y')")[0].count("\n") + 1
    graph.tangle("clean", f"a:{line}")
    assert "\n\t  x\n" in graph.text("a")
    assert "\n\t  y\n" not in graph.text("a")
    assert graph.tangle("clean", "nothing").code == 2


# --- titles that look like something else ---------------------------------------------------------

PLAIN_NAMES = "{:file/name-format :triple-lowbar}"
ODD_TITLES = {
    "3.6": "number",
    "7": "whole",
    "Oct 29th, 2024": "words",
    "pages%2Fother": "path",
    "other": "other",
    "other.md": "suffix",
    "Page%3A12": "line",
    "Page": "page",
    "Page#2": "part",
    "%23work": "tag",
    "🚀": "rocket",
    "Plan": "large",
    "plan": "small",
    "--all": "option",
}


@pytest.mark.parametrize(("file", "word"), ODD_TITLES.items())
def test_any_title_names_its_page(notes: MakeNotes, file: str, word: str) -> None:
    graph = notes({name: page(text) for name, text in ODD_TITLES.items()}, config=PLAIN_NAMES)
    title = file.replace("%2F", "/").replace("%3A", ":").replace("%23", "#")
    for wanted in (title, f"[[{title}]]", f"pages/{file}.md"):
        said = graph.tangle("show", "--", wanted)
        assert f"print('{word}')" in said.out, (wanted, said)
    said = graph.tangle("run", "--no-write", "--", title)
    assert (said.code, f"\n{word}\n" in said.out) == (0, True)


def test_every_name_that_is_listed_can_be_run(notes: MakeNotes) -> None:
    graph = notes({name: page(text) for name, text in ODD_TITLES.items()}, config=PLAIN_NAMES)
    rows = json.loads(graph.tangle("list", "--format", "json").out)["sections"]
    assert len(rows) == len(ODD_TITLES)
    for row in rows:
        said = graph.tangle("show", "--", row["number"])
        word = ODD_TITLES[row["page"].removeprefix("pages/").removesuffix(".md")]
        assert f"print('{word}')" in said.out, (row, said)


@pytest.mark.book
def test_a_page_called_as_a_section_of_a_book(notes: MakeNotes) -> None:
    book = "- ## 3.6. S\n\t- ```python\n\t  print('section')\n\t  ```\n"
    graph = notes({"book": book, "3.6": page("page")}, config=PLAIN_NAMES)
    (graph.root / "tangle.toml").write_text('book = ["pages/book.md"]\n', encoding="utf-8")
    assert "print('section')" in graph.tangle("show", "3.6").out
    for wanted in ("pages/3.6.md", "[[3.6]]"):
        assert "print('page')" in graph.tangle("show", wanted).out


def test_a_journal_beside_a_page_that_is_called_as_its_day(notes: MakeNotes) -> None:
    graph = notes({"2024-10-29": page("page")})
    (graph.root / "journals").mkdir()
    (graph.root / "journals" / "2024_10_29.md").write_text(page("day"), encoding="utf-8")
    said = graph.tangle("run", "2024-10-29", "--no-write")
    assert "\npage\n" in said.out
    assert "2024-10-29: the page of that title was taken; it may also mean Oct 29th" in said.err
    assert "print('day')" in graph.tangle("show", "journals/2024_10_29.md").out
    assert "print('page')" in graph.tangle("show", "pages/2024-10-29.md").out
    both = graph.tangle("show", "Oct 29th, 2024")  # Logseq reads that title from both
    assert (both.code, "name one: Oct 29th, 2024, pages/2024-10-29.md" in both.err) == (2, True)


def test_an_unknown_chunk_proposes_the_nearest_name(notes: MakeNotes) -> None:
    named = "- ```python\n  x = 1\n  ```\n  tangle.name:: helper\n"
    graph = notes({"a": named + "- ```python\n  <<hepler>>\n  ```\n"})
    said = graph.tangle("check", "--all")
    assert "no chunk is named 'hepler'" in said.out
    assert "    hint: did you mean <<helper>>?" in said.out
