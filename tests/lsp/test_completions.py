"""Completion of pages, blocks, chunks, properties and names."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tangle.lsp.completions import completion
from tests.graphs import MakeNotes
from tests.lsp.pages import MARK, asked

pytestmark = pytest.mark.book

UUID = "65a0b0c0-0000-4000-8000-000000000001"
PAGES = {
    "Linear model": (
        "- ## 1.1. Linear\n"
        f"\t- the first loss\n\t  id:: {UUID}\n"
        "\t- tangle.name:: set up\n\t  ```python\n"
        "\t  def squared(x):  #@save\n\t      return x * x\n\t  rate = 1\n\t  ```\n"
    ),
    "Other": (
        "- ## 1.3. Other\n\t- ```python\n\t  import notes.all as d2l\n\t  d2l.squared(2)\n\t  ```\n"
    ),
}
CODE = "- ## 1.2. Use\n\t- ```python\n\t  import notes.all as d2l\n\t  mine = 1\n\t  {}\n\t  ```\n"


def _choices(notes: MakeNotes, text: str) -> dict[str, str]:
    """Labels of the choices at the mark, each with the line that it makes."""
    found = asked(notes, {**PAGES, "Use": text})
    offset = found.offset
    session = found.session
    string = session.text(found.path).string
    made = {}
    for item in completion(*found.at).items:
        assert isinstance(item.text_edit, types.TextEdit)
        place = item.text_edit.range
        start = session.offset(found.path, place.start)
        assert session.offset(found.path, place.end) == offset
        whole = string[:start] + item.text_edit.new_text + MARK + string[offset:]
        made[item.label] = whole[: whole.index(MARK)].split("\n")[-1]
    return made


@pytest.mark.parametrize(
    ("text", "label", "line"),
    [
        ("- 😀 [[lin¦\n", "Linear model", "- 😀 [[Linear model]]"),
        ("- [[¦]] x\n", "Linear model", "- [[Linear model"),
        ("- #Lin¦\n", "Linear model", "- #[[Linear model]]"),
        ("- ((loss fi¦\n", "the first loss", f"- (({UUID}))"),
        ("- tangle.ne¦\n", "tangle.needs", "- tangle.needs:: "),
        ("- tangle.run:: ¦\n", "no", "- tangle.run:: no"),
        ("- tangle.device:: c¦\n", "cuda", "- tangle.device:: cuda"),
        ("- tangle.raises:: Val¦\n", "ValueError", "- tangle.raises:: ValueError"),
        ("- tangle.needs:: 9.9, 1¦\n", "1.1", "- tangle.needs:: 9.9, 1.1"),
        (CODE.format("<<s¦"), "set up", "\t  <<set up>>"),
        (CODE.format("d2l.sq¦"), "squared", "\t  d2l.squared"),
        (CODE.format("print(d2l.¦"), "squared", "\t  print(d2l.squared"),
        (CODE.format("x = ra¦"), "rate", "\t  x = rate"),
        (CODE.format("mi¦"), "mine", "\t  mine"),
    ],
)
def test_what_is_typed_is_completed(notes: MakeNotes, text: str, label: str, line: str) -> None:
    assert _choices(notes, text).get(label) == line


@pytest.mark.parametrize("text", ["- words ¦\n", "- tangle.timeout:: ¦\n", CODE.format("x.sq¦")])
def test_where_nothing_is_meant_nothing_is_offered(notes: MakeNotes, text: str) -> None:
    assert _choices(notes, text) == {}


def test_a_later_section_does_not_lend(notes: MakeNotes) -> None:
    text = "- ## 1.0. Before\n\t- ```python\n\t  ra¦\n\t  ```\n"
    assert "rate" not in _choices(notes, text)
