"""What a notebook and others do to a page, in any order: each edit is there, or refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.web import HTTPError

from tests.graphs import new_graph
from tests.jupyter.manager import manager_of, opened

_WORDS = ["one", "two", "half", "值", "a % b", "x = 1  # é"]
_LINES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3)


def _code(lines: list[str], at: int) -> list[str]:
    return [f"name_{at}_{row} = {line!r}" for row, line in enumerate(lines)]


@st.composite
def _pages(draw: st.DrawFn) -> str:
    """A page of prose and chunks in any order, its lines all different."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    found = []
    for at in range(draw(st.integers(1, 4))):
        margin = "\t" * draw(st.integers(0, 1)) if at else ""
        code = draw(st.booleans()) or at == 0
        if code:
            lines = ["- ```python", *(f"  {each}" for each in _code(draw(_LINES), at)), "  ```"]
        else:
            lines = [f"- {draw(st.sampled_from(['Words', '[[Other]]', '## Title']))} {at}"]
        found += [margin + line for line in lines]
    return end.join(found) + draw(st.sampled_from(["", end]))


@settings(deadline=None, max_examples=12)
@given(page=_pages())
def test_opening_and_saving_leaves_each_byte(page: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = new_graph(Path(folder) / "graph", {"Study": page}, book=False)
        tab = opened(manager_of(made), "pages/Study.ipynb")
        tab.save()
        tab.save()
        assert made.text("Study") == page


@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_every_edit_of_either_side_is_in_the_page_or_refused(data: st.DataObject) -> None:
    lines = [line for at in range(3) for line in _code(["one", "two"], at)]
    chunks = [lines[at : at + 2] for at in range(0, 6, 2)]
    page = "".join(f"- ```python\n  {one}\n  {two}\n  ```\n" for one, two in chunks)
    with tempfile.TemporaryDirectory() as folder:
        made = new_graph(Path(folder) / "graph", {"Study": page}, book=False)
        manager = manager_of(made)
        tabs = [opened(manager, "pages/Study.ipynb") for _ in range(2)]
        # What a side wrote last into each line, the notes' being the last of the three.
        said: dict[int, set[str]] = {row: {line} for row, line in enumerate(lines)}
        texts = [list(lines) for _ in range(2)]
        for step in range(data.draw(st.integers(1, 6))):
            side, row = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 5))
            new = f"name_{row} = {step}"
            if side == 2:
                text = made.text("Study").split("\n")
                at = 4 * (row // 2) + 1 + row % 2
                text[at] = f"  {new}"
                made.write("Study", "\n".join(text))
                said[row] = {new}
                continue
            tab = tabs[side]
            tab.edit(texts[side][row], new)
            texts[side][row] = new
            try:
                tab.save()
            except HTTPError:
                said[row].add(new)
            else:
                said[row] = {new}
        shown = made.text("Study")
        for row in range(6):
            assert any(f"  {each}\n" in shown for each in said[row])
        assert shown.count("\n") == page.count("\n")
