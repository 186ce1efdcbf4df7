"""Expansion of references at sizes that a person would not write by hand, and its places."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from tangle.link.expand import MAX_CHARACTERS, MAX_TOTAL, ChunkKey, Names, expand
from tangle.model import CodeLine, PagePath, Place, Problem

Lines = tuple[CodeLine, ...]


def chunk(*texts: str) -> Lines:
    path = PagePath("pages/a.md")
    return tuple(
        CodeLine(text=text, place=Place(path=path, line=row, column=3))
        for row, text in enumerate(texts, start=1)
    )


def expanded(chunks: list[Lines]) -> tuple[tuple[Lines | None, ...], tuple[Problem, ...]]:
    """Chunks that are named by their index."""
    named = {str(index): [[ChunkKey(index)]] for index in range(len(chunks))}
    return expand(chunks, Names(named=named, blocks={}))


def test_a_chain_of_ten_thousand() -> None:
    chunks = [chunk(f"<<{index + 1}>>") for index in range(10_000)]
    found, problems = expanded([*chunks, chunk("x = 1")])
    assert problems == ()
    assert {lines[0].text for lines in found if lines} == {"x = 1"}


def test_a_long_chain_in_which_each_adds_a_line_ends_with_a_problem() -> None:
    chunks = [chunk("x = 1", f"    <<{index + 1}>>") for index in range(10_000)]
    found, problems = expanded([*chunks, chunk("y")])
    assert {problem.code for problem in problems} == {"too-large"}
    sizes = [sum(len(line.text) + 1 for line in lines) for lines in found if lines]
    assert max(sizes) <= MAX_CHARACTERS
    assert sum(sizes) <= MAX_TOTAL + 10


def test_a_web_of_a_hundred_thousand_edges() -> None:
    inner = [chunk(f"v{index}") for index in range(100)]
    outer = [chunk(*(f"<<{index}>>" for index in range(100))) for _ in range(1000)]
    start = time.perf_counter()
    found, problems = expanded([*inner, *outer])
    assert time.perf_counter() - start < 5
    assert problems == ()
    assert all(lines is not None and len(lines) == 100 for lines in found[100:])


def test_a_bomb_that_doubles_at_every_step() -> None:
    chunks = [chunk(f"<<{index + 1}>>", f"<<{index + 1}>>") for index in range(100)]
    found, problems = expanded([*chunks, chunk("x = 1")])
    assert problems[0].code == "too-large"
    assert str(problems[0].place) == "pages/a.md:2:3"
    assert found[0] is None
    assert len(found[-2] or ()) == 2


def test_circles_everywhere_cost_no_more_than_their_edges() -> None:
    chunks = [chunk(*(f"<<{other}>>" for other in range(300))) for _ in range(300)]
    start = time.perf_counter()
    found, problems = expanded(chunks)
    assert time.perf_counter() - start < 5
    assert set(found) == {None}
    assert {problem.code for problem in problems} == {"reference-cycle"}


def test_a_line_keeps_its_place_and_its_column_moves_with_its_indentation() -> None:
    found, _ = expanded([chunk("if x:", "      <<1>>"), chunk("y", "")])
    assert found[0] is not None
    assert [(line.text, str(line.place)) for line in found[0]] == [
        ("if x:", "pages/a.md:1:3"),
        ("      y", "pages/a.md:1:-3"),
        ("", "pages/a.md:2:3"),
    ]


@given(st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=7))
def test_every_chunk_is_expanded_or_a_problem_says_why(edges: list[list[int]]) -> None:
    chunks = [chunk("own", *(f"<<{target}>>" for target in targets)) for targets in edges]
    found, problems = expanded(chunks)
    assert (None in found) == bool(problems)
    for lines in found:
        assert lines is None or not any("<<" in line.text for line in lines)
