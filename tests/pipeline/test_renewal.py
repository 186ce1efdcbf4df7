"""What is made anew of some pages is what is found in all of them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.graphs import data_of, edited, found_in, graphs, plain, project_in, renewed_in

PROJECT = project_in(Path("/nowhere"))


@settings(max_examples=200)
@given(st.data())
def test_renewing_comes_to_what_looking_at_everything_does(data: st.DataObject) -> None:
    pages = data.draw(graphs())
    known = found_in(PROJECT, data_of(pages))
    for _ in range(4):
        pages = data.draw(edited(pages))
        right = found_in(PROJECT, data_of(pages))
        new = renewed_in(PROJECT, known, data_of(pages))
        if new is not None:
            assert plain(new) == plain(right)
        known = new or right
