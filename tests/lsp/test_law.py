"""After any edits, answers are those of a server that starts with the same texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from tangle.lsp.actions import code_actions
from tangle.lsp.completions import completion
from tangle.lsp.diagnostics import diagnostics
from tangle.lsp.hovers import hover
from tangle.lsp.lenses import code_lenses, inlay_hints
from tangle.lsp.navigation import definition, references
from tangle.lsp.renaming import CannotRename, rename
from tangle.lsp.session import Session
from tangle.lsp.symbols import document_symbols, folding_ranges, workspace_symbols
from tangle.lsp.texts import Encoding, Text, as_text, changed
from tangle.model import PagePath
from tests.lsp.pages import session_of

PAGES = {
    "A.md": (
        "- ## 1.1. Eß 😀\n\t- ```python\n\t  def net(x):  #@save\n\t      return x\n\t  rate = 1\n"
        "\t  ```\n\t\t- tangle.output:: 000000000000.00000000\n\t\t  ```text\n\t\t  1\n\t\t  ```\n"
    ),
    "B.md": (
        "- ## 1.2. Two [[A]]\r\n\t- ```python\r\n\t  import notes.all as d2l\r\n"
        "\t  print(d2l.net(rate), net)\r\n\t  <<part>>\r\n\t  ```\r\n"
    ),
    "C.md": "- tangle.name:: part\n  ```python\n  made = math.pi\n  ```\n- #A\n",
}
PIECES = (
    *("\n", "\r", "\r\n", "\t", "😀", "\u2028", "\x0c", "(", ")", "net", "rate", " = 1", "- "),
    *("```", "```python\n", "#@save", "[[A]]", "[[", "((", "<<part>>", "tangle.run:: no", "1.3. "),
    *("d2l.", "x", "def net():", "\ud83d", ""),
)

positions = st.builds(types.Position, st.integers(0, 14), st.integers(0, 45))
edits = st.tuples(st.sampled_from(sorted(PAGES)), positions, positions, st.sampled_from(PIECES))


def _change(start: types.Position, end: types.Position, text: str) -> Any:
    place = types.Range(start=start, end=end)
    return types.TextDocumentContentChangePartial(range=place, text=text)


def _renamed(session: Session, path: PagePath, offset: int) -> object:
    try:
        return rename(session, path, offset, "fresh_name")
    except CannotRename as error:
        return str(error)


def _answers(session: Session, paths: list[PagePath], asked: list[int]) -> Iterator[object]:
    yield diagnostics(session)
    yield workspace_symbols(session, "")
    for path in paths:
        if session.page(path) is None:
            yield "unread"
            continue
        yield document_symbols(session, path)
        yield folding_ranges(session, path)
        yield code_lenses(session, path)
        yield inlay_hints(session, path, 1, 99)
        yield code_actions(session, path, 0, 999)
        length = len(session.text(path).string)
        for offset in (min(entry, length) for entry in asked):
            yield hover(session, path, offset)
            yield definition(session, path, offset)
            yield references(session, path, offset, declaration=True)
            yield completion(session, path, offset)
            yield _renamed(session, path, offset)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@settings(max_examples=12)
@given(
    steps=st.lists(edits, min_size=1, max_size=6),
    asked=st.lists(st.integers(0, 160), min_size=1, max_size=3),
    closed=st.sampled_from([*sorted(PAGES), ""]),
)
def test_answers_are_those_of_a_new_server(
    encoding: Encoding, steps: list[Any], asked: list[int], closed: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "logseq").mkdir()
        (root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
        (root / "tangle.toml").write_text(
            'book = ["**"]\npackage = "notes.all"\n', encoding="utf-8"
        )
        for name, text in PAGES.items():
            (root / name).write_bytes(text.encode())
        session = session_of(root)
        session.encoding = encoding
        paths = [PagePath(name) for name in PAGES]
        for name, text in PAGES.items():
            session.open((root / name).as_uri(), 1, text)
        for number, (name, start, end, text) in enumerate(steps):
            uri = (root / name).as_uri()
            session.change(uri, number + 2, [_change(start, end, text)])
            list(_answers(session, paths, asked[:1]))
        if closed:
            session.close((root / closed).as_uri())
        other = session_of(root)
        other.encoding = encoding
        for buffer in session.buffers.values():
            other.open(buffer.uri, buffer.version, buffer.text.string)
        assert list(_answers(session, paths, asked)) == list(_answers(other, paths, asked))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@given(
    string=st.text(st.sampled_from("ab\n\r\t😀é\u2028\x0c"), max_size=30),
    offset=st.integers(0, 31),
)
def test_positions_lead_back_to_characters(encoding: Encoding, string: str, offset: int) -> None:
    text = as_text(string)
    offset = min(offset, len(string))
    if string[offset - 1 : offset + 1] == "\r\n":
        offset -= 1  # no editor has a place between the two
    assert text.offset(text.position(offset, encoding), encoding) == offset
    assert text.of_byte(len(string[:offset].encode())) == offset


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_position_outside_is_the_nearest_one_inside(encoding: Encoding) -> None:
    text = Text("a😀b\r\nc".encode())
    at = [
        text.offset(types.Position(*place), encoding)
        for place in ((0, 99), (1, 99), (7, 0), (0, 2))
    ]
    assert at == [3, 6, 6, 1 if encoding != "utf-32" else 2]
    whole = types.TextDocumentContentChangeWholeDocument("x")
    assert changed(text, whole, encoding).string == "x"
    backwards = _change(types.Position(1, 1), types.Position(0, 0), "!")
    assert changed(text, backwards, encoding).string == "a😀b\r\nc!"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    text = Text("\ufeff- 😀 x\n".encode())
    assert text.string == "- 😀 x\n"
    assert text.of_byte(len("\ufeff- 😀".encode())) == 3
    assert text.of_byte(0) == 0
