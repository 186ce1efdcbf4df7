"""Definition, references and hover of what pages and code name."""

from __future__ import annotations

import pytest

from tangle.lsp.hovers import hover
from tangle.lsp.navigation import definition, references
from tests.graphs import MakeNotes
from tests.lsp.pages import Asked, asked

UUID = "65a0b0c0-0000-4000-8000-000000000001"

BOOK = {
    "A": (
        "- ## 1.1. First\n"
        "\t- ```python\n\t  def net(x):  #@save\n\t      return 2 * x\n\t  rate = 3\n\t  ```\n"
        "\t\t- tangle.output:: 000000000000.00000000\n\t\t  ```text\n\t\t  six\n\t\t  ```\n"
    ),
    "B": (
        "- ## 1.2. Second\n"
        "\t- ```python\n\t  from graph import notes as d2l\n"
        "\t  print(d2l.net(rate), net(1))\n\t  ```\n"
    ),
}


def _book(notes: MakeNotes, page: str, text: str, marked: str) -> Asked:
    """The book with a mark in a page."""
    assert BOOK[page].count(text) == 1
    pages = {**BOOK, page: BOOK[page].replace(text, marked)}
    return asked(notes, pages, 'book = ["**"]\npackage = "graph.notes"\n')


@pytest.mark.parametrize(
    ("page", "text", "marked", "places"),
    [
        ("B", "d2l.net", "d2l.n¦et", ["A:3:8 net"]),
        ("B", " net(1)", " net¦(1)", ["A:3:8 net"]),
        ("B", "(rate)", "(ra¦te)", ["A:5:4 rate"]),
        ("B", "print(", "pri¦nt(", []),
        ("A", "def net", "def n¦et", ["A:3:8 net"]),
    ],
)
def test_a_name_leads_to_where_it_is_bound(
    notes: MakeNotes, page: str, text: str, marked: str, places: list[str]
) -> None:
    found = _book(notes, page, text, marked)
    assert found.shown(definition(*found.at)) == places


@pytest.mark.parametrize("place", [("A", "def net", "def n¦et"), ("B", "d2l.net", "d2l.ne¦t")])
def test_a_saved_name_is_found_in_all_pages(notes: MakeNotes, place: tuple[str, str, str]) -> None:
    found = _book(notes, *place)
    uses = ["B:4:14 net", "B:4:25 net"]
    assert found.shown(references(*found.at, declaration=False)) == uses
    assert found.shown(references(*found.at, declaration=True)) == ["A:3:8 net", *uses]


def test_hover_shows_where_a_name_is_borrowed_from_and_the_last_output(notes: MakeNotes) -> None:
    found = hover(*_book(notes, "B", "(rate)", "(ra¦te)").at)
    assert found is not None
    text = found.contents.value  # type: ignore[union-attr]
    assert "**rate**: borrowed from 1.1 (pages/A.md:5)" in text
    assert "```python\nrate = 3\n```" in text
    assert "six" in text


LINKS = {
    "Here": f"- see [[Ot¦her]] and #Other and (({UUID}))\n- `[[Other]]` is code\n",
    "Other": f"alias:: Second\n\n- words\n  id:: {UUID}\n- back to [[Second]]\n",
}


def test_links_and_tags_lead_to_pages(notes: MakeNotes) -> None:
    found = asked(notes, LINKS)
    assert found.shown(definition(*found.at)) == ["Other:1:1 alias:: Second"]
    assert found.shown(references(*found.at, declaration=True)) == [
        "Here:1:22 Other",
        "Here:1:9 Other",
        "Other:5:13 Second",
    ]


def test_a_block_reference_leads_to_its_block(notes: MakeNotes) -> None:
    pages = {**LINKS, "Here": LINKS["Here"].replace("¦", "").replace(UUID, f"¦{UUID}")}
    found = asked(notes, pages)
    assert found.shown(definition(*found.at)) == ["Other:3:1 - words"]
    assert found.shown(references(*found.at, declaration=True)) == [
        f"Here:1:34 {UUID}",
        f"Other:4:8 {UUID}",
    ]


CHUNKS = {
    "Main": "- ```python\n  <<set¦ up>>\n  print(x)\n  ```\n",
    "Parts": "- tangle.name:: set up\n  ```python\n  x = 1\n  ```\n",
}


def test_a_chunk_reference_leads_to_its_chunk(notes: MakeNotes) -> None:
    found = asked(notes, CHUNKS)
    assert found.shown(definition(*found.at)) == ["Parts:2:3 ```python"]
    assert found.shown(references(*found.at, declaration=True)) == [
        "Main:2:5 set up",
        "Parts:1:17 set up",
    ]


def test_a_name_of_an_expanded_chunk_leads_to_its_own_page(notes: MakeNotes) -> None:
    pages = {"Main": CHUNKS["Main"].replace("¦", "").replace("(x", "(¦x"), "Parts": CHUNKS["Parts"]}
    found = asked(notes, pages)
    assert found.shown(definition(*found.at)) == ["Parts:3:3 x"]


def test_needs_lead_to_sections(notes: MakeNotes) -> None:
    pages = {
        "Data": "- ```python\n  d = 1\n  ```\n",
        "Use": "tangle.needs:: Da¦ta\n\n- ```python\n  print(d)\n  ```\n",
    }
    found = asked(notes, pages)
    assert found.shown(definition(*found.at)) == ["Data:1:1 - ```python"]
