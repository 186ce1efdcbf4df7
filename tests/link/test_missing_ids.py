"""Hints for references to ids that no block has."""

from __future__ import annotations

import pytest

from tangle.link import near_id
from tangle.model import Uuid
from tests.graphs import MakeNotes

ID = "6543ed3a-1b2c-4d5e-8f90-0000000000aa"
CODE = f"- ```python\n  x = 1\n  ```\n  id:: {ID}\n"
TEXT = f"- words\n  id:: {ID}\n"
USE = "- ```python\n  <<(({id}))>>\n  print(x)\n  ```\n"


def mistyped(at: int) -> str:
    """The id with another character at a place."""
    return ID[:at] + ("0" if ID[at] != "0" else "1") + ID[at + 1 :]


@pytest.mark.parametrize("at", [0, 7, 20, 35])
def test_an_id_with_a_slip_in_it_is_recognised(notes: MakeNotes, at: int) -> None:
    pages = {"a": CODE, "b": USE.format(id=mistyped(at)) + f"- see (({mistyped(at)}))\n"}
    said = notes(pages).tangle("check", "--all").out
    assert said.count(f"did you mean {ID}?") == 2


def test_only_one_id_that_is_near_is_named() -> None:
    known = [Uuid(mistyped(1)), Uuid(mistyped(2)), Uuid("0" * 36)]
    assert near_id(Uuid(mistyped(1)), [Uuid(ID), *known[2:]]) == ID
    assert near_id(Uuid(ID), known) is None
    assert near_id(Uuid(ID), [Uuid(ID[:-1])]) is None


def test_a_block_without_code_is_named_by_its_place(notes: MakeNotes) -> None:
    said = notes({"a": "- first\n" + TEXT, "b": USE.format(id=ID)}).tangle("check", "--all").out
    assert f"no block with code has the id {ID}" in said
    assert "the block with this id is at pages/a.md:2, and holds no Python" in said


def test_a_page_that_cannot_be_read_may_hold_the_block(notes: MakeNotes) -> None:
    conflict = f"{TEXT}<<<<<<< HEAD\n- a\n=======\n- b\n>>>>>>> main\n"
    graph = notes({"a": conflict, "b": USE.format(id=ID) + f"- see (({ID}))\n"})
    said = graph.tangle("check", "--all").out
    assert said.count("the block may be on pages/a.md, which cannot be read") == 2
    graph.write("a", CODE)
    assert "pages/b.md" not in graph.tangle("check", "--all").out


def test_nothing_is_suggested_where_nothing_is_known(notes: MakeNotes) -> None:
    said = notes({"a": f"- see (({ID}))\n" + USE.format(id=ID)}).tangle("check", "--all").out
    assert "the block was deleted, or its page is not in this graph" in said
    assert "copy the reference again" in said
