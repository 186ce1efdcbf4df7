"""Symbols, folding, lenses, marks and code actions of a page; bad input."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tangle.lsp.actions import code_actions
from tangle.lsp.diagnostics import diagnostics
from tangle.lsp.lenses import code_lenses, inlay_hints
from tangle.lsp.session import Session
from tangle.lsp.symbols import document_symbols, folding_ranges, workspace_symbols
from tangle.model import PagePath
from tests.graphs import MakeNotes
from tests.lsp.pages import asked, edited, session_of

pytestmark = pytest.mark.book

PAGE = (
    "- # Book\n"
    "\t- ## 1.1. First\n"
    "\t\t- ```python\n\t\t  def net(x):  #@save\n\t\t      return x\n\t\t  ```\n"
    "\t\t- tangle.name:: second one\n\t\t  ```python\n\t\t  print(net(1))\n\t\t  ```\n"
    "\t- ## 1.2. Next\n"
)
FIRST = PagePath("pages/First.md")


def _session(notes: MakeNotes, text: str = PAGE) -> Session:
    return session_of(notes({"First": text}).root)


def _tree(symbols: list[types.DocumentSymbol]) -> list[object]:
    return [
        (symbol.name, _tree([*symbol.children]) if symbol.children else []) for symbol in symbols
    ]


def test_the_outline_has_headings_sections_and_chunks(notes: MakeNotes) -> None:
    found = document_symbols(_session(notes), FIRST)
    chunks: list[object] = [("def net(x):  #@save", []), ("second one", [])]
    assert _tree(found) == [("Book", [("1.1. First", chunks), ("1.2. Next", [])])]
    assert (found[0].range.start.line, found[0].range.end.line) == (0, 10)


def test_blocks_and_code_fold(notes: MakeNotes) -> None:
    found = folding_ranges(_session(notes), FIRST)
    assert {(entry.start_line, entry.end_line) for entry in found} == {
        *((0, 10), (1, 9), (2, 5), (6, 9), (7, 9)),
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [("nt", ["net", "1.2 Next"]), ("SEC", ["second one"]), ("first", ["First", "1.1 First"])],
)
def test_symbols_of_all_pages_are_found_by_letters(
    notes: MakeNotes, wanted: str, names: list[str]
) -> None:
    found = workspace_symbols(_session(notes), wanted)
    assert [symbol.name for symbol in found] == names


def test_each_chunk_can_be_run_alone_or_with_those_above(notes: MakeNotes) -> None:
    found = code_lenses(_session(notes), FIRST)
    commands = [(lens.range.start.line, lens.command) for lens in found]
    assert [(line, c.title, c.arguments) for line, c in commands if c is not None] == [
        (1, "Run section 1.1", ["1.1"]),
        (2, "Run", ["pages/First.md:3"]),
        (7, "Run", ["pages/First.md:8"]),
        (7, "Run above", ["pages/First.md:3"]),
    ]


def test_stale_and_failed_outputs_are_marked(notes: MakeNotes) -> None:
    page = "- ## 1.1. A\n\t- ```python\n\t  print(1)\n\t  ```\n\t- ```python\n\t  1 / 0\n\t  ```\n"
    graph = notes({"First": page})
    assert graph.tangle("run", "1.1").code == 1

    def marks() -> list[tuple[int, object]]:
        found = inlay_hints(session_of(graph.root), FIRST, 1, 99)
        return [(hint.position.line, hint.label) for hint in found]

    [(line, label)] = marks()
    assert label == "failed"
    assert graph.text("First").split("\n")[line + 1] == "\t  1 / 0"
    graph.write("First", graph.text("First").replace("print(1)", "print(2)"))
    assert next(label for _, label in marks()) == "stale"


def test_a_repair_of_check_is_a_code_action(notes: MakeNotes) -> None:
    page = "- ## 1.1. 😀\r\n\t- ```python\r\n\t  if True:\r\n\t    x = [1, 2\r\n\t  ```\r\n"
    session = _session(notes, page)
    [problem] = diagnostics(session)[FIRST]
    assert problem.code == "slip"
    text = session.text(FIRST)
    [action] = code_actions(session, FIRST, text.string.index("x ="), text.string.index("x ="))
    assert action.edit is not None
    assert edited(session, action.edit)["First"] == page.replace("[1, 2", "[1, 2]")
    assert code_actions(session, FIRST, 0, 1) == []


def test_a_supplied_import_can_be_written_into_the_chunk(notes: MakeNotes) -> None:
    page = "- ## 1.1. A\n\t- ```python\n\t\t'''Words.'''\n\t\tprint(math.pi¦)\n\t\t```\n"
    found = asked(notes, {"First": page})
    [action] = code_actions(found.session, found.path, found.offset, found.offset)
    assert action.title == "Write the supplied import: import math"
    assert action.edit is not None
    made = edited(found.session, action.edit)["First"]
    assert "\n\t\timport math\n" in made
    found.session.open((found.session.project.graph / FIRST).as_uri(), 1, made)
    assert code_actions(found.session, found.path, found.offset, found.offset) == []
    assert found.path not in diagnostics(found.session)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "- ```python\n",
        "- ```python\n  def f(\n",
        "\ufeff- [[x\r\n- ```python\r\n  <<\r\n  ```\r\n",
        "- \ud83d\u2028((\x0c#",
        "<<<<<<< a\n- x\n=======\n- y\n>>>>>>> b\n",
    ],
)
def test_broken_text_has_answers(notes: MakeNotes, text: str) -> None:
    session = _session(notes)
    for name in ("First", "Never saved", "Neu/#ß"):
        uri = (session.project.graph / "pages" / f"{name}.md").as_uri()
        session.open(uri, 1, text)
        diagnostics(session)
        path = session.path_of(uri)
        if path is not None:
            document_symbols(session, path)
            folding_ranges(session, path)
            code_lenses(session, path)
            code_actions(session, path, 0, 99)
    untitled = "untitled:Untitled-1"
    session.open(untitled, 1, text)
    diagnostics(session)
    session.close(untitled)
    assert session.path_of(untitled) is None


def test_two_buffers_of_two_editors_do_not_meet(notes: MakeNotes) -> None:
    graph = notes({"First": PAGE})
    one, two = session_of(graph.root), session_of(graph.root)
    uri = (graph.root / FIRST).as_uri()
    one.open(uri, 1, PAGE.replace("print(net", "print(nut"))
    two.open(uri, 1, PAGE)
    assert [problem.code for problem in diagnostics(one)[FIRST]] == ["undefined-name"]
    assert diagnostics(two) == {}


def test_an_address_may_leave_characters_as_they_are(notes: MakeNotes) -> None:
    graph = notes({"线性 回归": PAGE})
    session = session_of(graph.root)
    raw = f"file://{graph.root}/pages/线性 回归.md"
    session.open(raw, 1, PAGE)
    assert session.path_of(raw) == "pages/线性 回归.md"
    assert (
        session.path_of((graph.root / "pages" / "线性 回归.md").as_uri())
        == raw.partition(f"{graph.root}/")[2]
    )
    assert session.uri_of(PagePath("pages/线性 回归.md")) == raw


def test_a_large_page_is_edited_and_asked_about(notes: MakeNotes) -> None:
    large = PAGE + "- 一些 words [[First]] 😀\n" * 170_000
    assert len(large.encode()) > 5_000_000
    session = _session(notes, large)
    uri = (session.project.graph / FIRST).as_uri()
    session.open(uri, 1, large)
    end = types.Position(10**6, 0)
    change = types.TextDocumentContentChangePartial(range=types.Range(end, end), text="- end")
    session.change(uri, 2, [change])
    assert session.text(FIRST).string.endswith("- end")
    assert diagnostics(session) == {}
    assert len(document_symbols(session, FIRST)) == 1
