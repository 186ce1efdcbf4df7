from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import Span
from tangle.write import Edit, apply
from tangle.write.edits import disjoint


def edit(start: int, end: int, data: bytes) -> Edit:
    return Edit(span=Span(start=start, end=end), data=data)


def test_edits_are_made_in_order_of_their_spans() -> None:
    edits = [edit(4, 6, b"XYZ"), edit(0, 1, b""), edit(4, 4, b"-")]
    assert apply(b"abcdefg", edits) == b"bcd-XYZg"


def test_what_two_edits_both_take_away_is_taken_away_once() -> None:
    edits = disjoint([edit(2, 5, b""), edit(0, 3, b""), edit(5, 5, b"x")])
    assert apply(b"abcdefg", edits) == b"xfg"
    with pytest.raises(ValueError, match="overlap"):
        apply(b"abcdefg", disjoint([edit(0, 3, b""), edit(2, 5, b"x")]))


def test_no_edits() -> None:
    assert apply(b"abc", ()) == b"abc"


@pytest.mark.parametrize(
    "edits",
    [[edit(0, 2, b""), edit(1, 3, b"")], [edit(2, 9, b"")], [edit(2, 1, b"")], [edit(-1, 1, b"")]],
)
def test_edits_that_make_no_sense(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlap or leave"):
        apply(b"abc", edits)


@given(st.binary(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.binary())))
def test_what_no_edit_names_stays(data: bytes, wanted: list[tuple[int, int, bytes]]) -> None:
    edits: list[Edit] = []
    done = 0
    for start, length, new in sorted(wanted):
        if done <= start and start + length <= len(data):
            edits.append(edit(start, start + length, new))
            done = start + length
    result = apply(data, edits)
    gaps = b""
    position = 0
    for each in edits:
        gaps += data[position : each.span.start]
        position = each.span.end
    gaps += data[position:]
    assert len(result) == len(gaps) + sum(len(each.data) for each in edits)
    assert apply(data, [edit(each.span.start, each.span.end, b"") for each in edits]) == gaps
