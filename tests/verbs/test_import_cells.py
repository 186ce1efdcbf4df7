"""Cells of an exported notebook that were deleted, moved or added, and scripts that come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tangle.write.block import output_digest
from tests.graphs import MakeNotes, Notes, new_graph

pytestmark = pytest.mark.book

ID = "66666666-0000-4000-8000-000000000001"
EMPTY = output_digest((), failed=False)
PAGE = f"""\
- # 1.1 Data
  - Words.
  - ```python
    one = 1
    ```
    - tangle.output:: 000000000000.{EMPTY}
    - below it
  - text before
    ```python
    two = 2
    ```
    ```python
    three = 3
    ```
  - id:: {ID}
    tangle.name:: part
    ```python
    four = 4
    ```
  - ## More
    - inside
    - ```python
      five = 5
      ```
  - The end.
"""
Cells = list[dict[str, Any]]


def section(notes: MakeNotes, page: str = PAGE, **others: str) -> Notes:
    """A book with an exported section."""
    made = notes({"a": page, **others})
    assert made.tangle("export", "1.1", "-o", str(made.root / "x.ipynb")).code == 0
    return made


def edit_cells(made: Notes, edit: Callable[[Cells], object]) -> Cells:
    """Change the cells of the notebook; return them as they are then."""
    path = made.root / "x.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")
    cells: Cells = notebook["cells"]
    return cells


def imported(made: Notes, *arguments: str) -> Any:
    """Import the notebook."""
    return made.tangle("import", str(made.root / "x.ipynb"), *arguments)


def new_cell(kind: str, name: str, source: str) -> dict[str, Any]:
    """A cell that is not in the export."""
    found: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": source}
    return found | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def place(cells: Cells, text: str) -> int:
    """The place of the first cell with a text."""
    return next(at for at, cell in enumerate(cells) if text in "".join(cell["source"]))


def said(cells: Cells) -> list[str]:
    """What cells say, however Markdown is cut into them."""
    found: list[str] = []
    for cell in cells:
        source = "".join(cell["source"]).rstrip("\n")
        if cell["cell_type"] == "markdown":
            found += [line for line in source.split("\n") if line.strip()]
        elif not cell["metadata"].get("tags"):
            found.append(source)
    return found


def exported_again(made: Notes) -> list[str]:
    """What the section says in a new notebook."""
    path = made.root / "y.ipynb"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    return said(json.loads(path.read_text(encoding="utf-8"))["cells"])


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        # What is below the block stays, and the block with it.
        (
            "one = 1",
            f"  - ```python\n    one = 1\n    ```\n    - tangle.output:: 000000000000.{EMPTY}\n",
        ),
        ("two = 2", "    ```python\n    two = 2\n    ```\n"),
        ("three = 3", "    ```python\n    three = 3\n    ```\n"),
        ("five = 5", "    - ```python\n      five = 5\n      ```\n"),
        ("The end.", "  - The end.\n"),
    ],
)
def test_a_deleted_cell_takes_what_only_it_shows(notes: MakeNotes, text: str, gone: str) -> None:
    page = PAGE.replace("  - The end.\n", "  - ```python\n    last = 0\n    ```\n  - The end.\n")
    made = section(notes, page)
    cells = edit_cells(made, lambda cells: cells.pop(place(cells, text)))
    found = imported(made)
    assert (found.code, found.err) == (0, "")
    assert "removed, as in" in found.out
    assert made.text("a") == page.replace(gone, "  -\n" if text == "one = 1" else "", 1)
    assert exported_again(made) == said(cells)
    assert imported(made).out == "no edits in the notebook\n"


@pytest.mark.parametrize("take", ["", "notes", "notebook"])
@pytest.mark.parametrize("why", ["changed", "id", "name"])
def test_a_deleted_cell_that_the_notes_need_is_a_question(
    notes: MakeNotes, why: str, take: str
) -> None:
    others = {"id": f"- See (({ID})).\n", "name": "- ```python\n  <<part>>\n  ```\n"}
    made = section(notes, PAGE, b=others.get(why, "- nothing\n"))
    edit_cells(made, lambda cells: cells.pop(place(cells, "four = 4")))
    page = PAGE.replace("four = 4", "four = 40") if why == "changed" else PAGE
    made.write("a", page)
    assert imported(made).code == 3
    assert made.text("a") == page
    if not take:
        return
    line = page.split("\n").index("    tangle.name:: part") + 2
    assert imported(made, f"a:{line}", "--take", take).code == 0
    assert ("four" in made.text("a")) == (take == "notes")
    assert imported(made).out == "no edits in the notebook\n"


def test_a_moved_cell_takes_its_block_along(notes: MakeNotes) -> None:
    made = section(notes)

    def edit(cells: Cells) -> None:
        moved = cells.pop(place(cells, "four = 4"))
        cells.insert(place(cells, "one = 1"), moved)

    cells = edit_cells(made, edit)
    found = imported(made)
    assert (found.code, found.err) == (0, "")
    block = f"  - id:: {ID}\n    tangle.name:: part\n    ```python\n    four = 4\n    ```\n"
    assert made.text("a") == PAGE.replace(block, "").replace("  - Words.\n", f"  - Words.\n{block}")
    assert exported_again(made) == said(cells)


def test_a_cell_that_the_outline_cannot_move_is_named(notes: MakeNotes) -> None:
    made = section(notes)
    edit_cells(made, lambda cells: cells.append(cells.pop(place(cells, "two = 2"))))
    found = imported(made)
    assert found.code == 3
    assert "this cell was moved: its block, or one below it, has other cells as well" in found.err
    assert made.text("a") == PAGE


def test_what_both_sides_moved_is_a_question(notes: MakeNotes) -> None:
    page = "- # 1.1 A\n" + "".join(f"  - ```python\n    {n} = 0\n    ```\n" for n in "abcde")
    made = section(notes, page)
    edit_cells(made, lambda cells: cells.append(cells.pop(place(cells, "a = 0"))))
    block = "  - ```python\n    a = 0\n    ```\n"
    c = "  - ```python\n    c = 0\n    ```\n"
    now = page.replace(block, "").replace(c, c + block)
    made.write("a", now)
    found = imported(made)
    assert found.code == 3
    assert "moved in the notes and in the notebook; nothing was written" in found.err
    assert made.text("a") == now
    line = now.split("\n").index("    a = 0")
    assert imported(made, f"a:{line}", "--take", "notebook").code == 0
    assert made.text("a") == page.replace(block, "") + block


def test_a_chunk_that_the_notes_deleted_and_the_notebook_changed_is_a_question(
    notes: MakeNotes,
) -> None:
    page = "- # 1.1 A\n" + "".join(f"  - ```python\n    {n} = 0\n    ```\n" for n in "abc")
    made = section(notes, page)
    edit_cells(made, lambda cells: cells[place(cells, "b = 0")].update(source="b = 1"))
    made.write("a", page.replace("  - ```python\n    b = 0\n    ```\n", ""))
    found = imported(made)
    assert found.code == 3
    assert "+b = 1\n" in found.err
    assert imported(made, "a:2", "--take", "notebook").code == 0
    assert made.text("a") == page.replace("b = 0", "b = 1")


def test_cells_that_the_page_has_already_are_not_written_again(notes: MakeNotes) -> None:
    made = section(notes)
    record = made.root / ".tangle" / "exports"
    before = {path: path.read_bytes() for path in record.iterdir()}

    def edit(cells: Cells) -> None:
        cells.insert(place(cells, "four = 4"), new_cell("markdown", "new", "New words."))
        cells.insert(place(cells, "five = 5"), new_cell("markdown", "newer", "More words."))
        cells.pop(place(cells, "three = 3"))

    edit_cells(made, edit)
    assert imported(made).code == 0
    page = made.text("a")
    # As if it had been killed between the page and the record.
    for path, data in before.items():
        path.write_bytes(data)
    assert imported(made).code == 0
    assert made.text("a") == page
    assert imported(made).out == "no edits in the notebook\n"


def test_the_first_cell_may_be_missing_and_ids_doubled(notes: MakeNotes) -> None:
    made = section(notes)

    def edit(cells: Cells) -> None:
        cells.pop(0)
        at = place(cells, "one = 1")
        cells.insert(at + 1, {**cells[at], "source": "one = 2"})

    edit_cells(made, edit)
    assert imported(made).code == 0
    assert made.text("a").count("one = 1\n") == 1
    assert made.text("a").count("one = 2\n") == 1


def test_a_deleted_cell_of_which_the_notes_moved_a_part_is_a_question(notes: MakeNotes) -> None:
    text = f"- # 1.1 Data\n{block_of('one')}  - Words.\n  - More.\n{block_of('two')}"
    made = section(notes, text)
    page = text.replace("  - Words.\n  - More.\n", "") + "  - More.\n"
    made.write("a", page)
    edit_cells(made, lambda cells: cells.pop(place(cells, "Words.")))
    found = imported(made)
    assert found.code == 3
    assert "deleted in the notebook; changed in the notes" in found.err
    assert made.text("a") == page


def test_an_output_that_a_person_edited_is_a_question(notes: MakeNotes) -> None:
    page = PAGE.replace(EMPTY, "00000000\n      ```text\n      1\n      ```")
    made = section(notes, page)
    edit_cells(made, lambda cells: cells.pop(place(cells, "one = 1")))
    found = imported(made)
    assert found.code == 3
    assert "deleted in the notebook; its output was edited in the notes" in found.err
    assert made.text("a") == page


# --- scripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["\n", "\r\n", "\ufeff"])
def test_a_script_comes_back(notes: MakeNotes, how: str) -> None:
    page = PAGE.replace("one = 1", "%matplotlib inline\n    one = '''\n    # %% no cell\n    '''")
    made = notes({"a": page})
    path = made.root / "x.py"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    text = path.read_bytes().decode()
    assert made.tangle("import", str(path)).out == "no edits in the notebook\n"
    text = text.replace("four = 4", "four = 40").replace("# inside", "# inside of it")
    text = text.replace("# %% no cell", "# %% still none")
    text += "\n# %%\nnew = 6\n"
    text = how + text if how == "\ufeff" else text.replace("\n", how)
    path.write_bytes(text.encode())
    assert made.tangle("import", str(path)).code in (0, 3)
    now = page.replace("four = 4", "four = 40").replace("- inside", "- inside of it")
    assert "four = 40" in made.text("a")
    assert "- inside of it" in made.text("a")
    assert "new = 6" in made.text("a")
    assert made.text("a").startswith(now[: now.index("  - ```python")])


LINES = "".join(
    f"  - ```python\n    {name} = {number}\n    ```\n"
    for number, name in enumerate(["one", "two", "three", "four", "five", "six"], 1)
)


def block_of(name: str) -> str:
    """A block of the section with nothing but chunks."""
    return next(f"  - {text}" for text in LINES.split("  - ") if f" {name} = " in text)


def test_cells_behind_one_that_both_sides_deleted_go_too(notes: MakeNotes) -> None:
    made = section(notes, f"- # 1.1 Data\n{LINES}")
    made.write("a", made.text("a").replace(block_of("one"), ""))

    def edit(cells: Cells) -> None:
        for name in ("one", "three", "five"):
            cells.pop(place(cells, f"{name} = "))

    edit_cells(made, edit)
    found = imported(made)
    assert (found.code, found.err) == (0, "")
    assert made.text("a") == "- # 1.1 Data\n" + "".join(map(block_of, ["two", "four", "six"]))
    assert imported(made).out == "no edits in the notebook\n"


def test_cells_behind_one_that_both_sides_moved_move_too(notes: MakeNotes) -> None:
    made = section(notes, f"- # 1.1 Data\n{LINES}")
    now = made.text("a").replace(block_of("one"), "")
    made.write("a", now.replace(block_of("four"), block_of("four") + block_of("one")))

    def edit(cells: Cells) -> None:
        for name, behind in (("one", "four"), ("two", "five")):
            cell = cells.pop(place(cells, f"{name} = "))
            cells.insert(place(cells, f"{behind} = ") + 1, cell)

    edit_cells(made, edit)
    found = imported(made)
    assert (found.code, found.err) == (0, "")
    order = ["three", "four", "one", "five", "two", "six"]
    assert made.text("a") == "- # 1.1 Data\n" + "".join(map(block_of, order))
    assert imported(made).out == "no edits in the notebook\n"


@pytest.mark.parametrize("how", ["add", "move"])
def test_text_that_the_notes_cut_is_one_cell_still(notes: MakeNotes, how: str) -> None:
    text = f"- # 1.1 Data\n{block_of('one')}  - Words.\n  - More.\n"
    text += block_of("two") + block_of("five")
    made = section(notes, text)
    page = text.replace("  - More.\n", block_of("three") + "  - More.\n")
    made.write("a", page)

    def edit(cells: Cells) -> None:
        at = place(cells, "Words.")
        if how == "add":
            cells.insert(at + 1, new_cell("code", "new", "four = 4"))
        else:
            cells.append(cells.pop(at))

    edit_cells(made, edit)
    found = imported(made)
    if how == "move":
        assert found.code == 3
        assert "its blocks are not beside one another in the notes" in found.err
        assert made.text("a") == page
    else:
        assert (found.code, found.err) == (0, "")
        assert made.text("a") == page.replace("  - More.\n", "  - More.\n" + block_of("four"))


def test_a_new_cell_that_is_not_where_it_was_added_is_named(notes: MakeNotes) -> None:
    chunk = "    ```python\n    b = 2\n    ```\n"
    page = f"- # 1.1 Data\n  - Words.\n  - before\n{chunk}    behind\n{block_of('one')}"
    made = section(notes, page)
    page = page.replace("  - before", block_of("two") + "  - before").replace("b = 2", "b = 3")
    made.write("a", page)
    new = new_cell("code", "n", "n = 1")
    edit_cells(made, lambda cells: cells.insert(place(cells, "b = ") + 1, new))
    found = imported(made)
    assert found.code == 0
    # The chunk that the notes add is taken for the one that they change.
    assert made.text("a").index("n = 1") < made.text("a").index("before")
    assert "x.ipynb, cell 4: a new export shows this in another form" in found.err


@pytest.mark.parametrize("how", ["delete", "move"])
def test_a_cell_that_is_one_with_others_in_the_notes_is_named(notes: MakeNotes, how: str) -> None:
    chunk = "  - before\n    ```python\n    b = 2\n    ```\n"
    made = section(notes, f"- # 1.1 Data\n{block_of('one')}{chunk}    behind\n{block_of('two')}")
    made.write("a", made.text("a").replace(chunk, "  - before it\n"))
    page = made.text("a")

    def edit(cells: Cells) -> None:
        cell = cells.pop(place(cells, "behind"))
        if how == "move":
            cells.append(cell)

    edit_cells(made, edit)
    for _ in range(2):
        found = imported(made)
        assert found.code == 3
        assert "its block, or one below it, has other cells as well" in found.err
        assert made.text("a") == page


def test_of_equal_cells_of_a_script_one_can_go(notes: MakeNotes) -> None:
    made = notes({"a": "- # 1.1 Data\n" + block_of("one") + block_of("two")})
    path = made.root / "x.py"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    equal = "\n# %%\nprint()\n"
    path.write_text(text + 3 * equal, encoding="utf-8")
    assert made.tangle("import", str(path)).code == 0
    assert made.text("a").count("print()") == 3
    path.write_text(text + 2 * equal, encoding="utf-8")
    found = made.tangle("import", str(path))
    assert (found.code, found.err) == (0, "")
    assert made.text("a").count("print()") == 2
    assert made.tangle("import", str(path)).out == "no edits in the notebook\n"


def test_a_script_of_another_version_is_refused(notes: MakeNotes) -> None:
    made = notes({"a": PAGE})
    path = made.root / "x.py"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"format": 1', '"format": 9'), encoding="utf-8")
    found = made.tangle("import", str(path))
    assert found.code == 3
    assert "another version of tangle" in found.err
    assert "--page" in found.err


# --- a law ----------------------------------------------------------------------------------------

HEADED = "  - ## A heading\n    - below it\n    - ```python\n      inside = 1\n      ```\n"
EQUAL = "  - ```python\n    a = 1\n    ```\n    - tangle.output:: 000000000000.00000000\n"
AROUND = "  - before\n    ```python\n    b = 2\n    ```\n    behind\n"
BLOCKS = st.lists(
    st.sampled_from(
        [
            "  - Words.\n",
            HEADED,
            "  - a point\n    - an entry\n      - deeper\n",
            EQUAL,
            AROUND,
            "  - ```python\n    c = 3\n    ```\n    ```python\n    d = 4\n    ```\n",
            "  - parent\n    - ```python\n      e = 5\n      ```\n",
            "  -\n",
        ]
    ),
    min_size=1,
    max_size=6,
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["delete", "move", "code", "words"]), st.integers(0, 9)),
    min_size=1,
    max_size=3,
)


def take_step(cells: Cells, kind: str, number: int, serial: int) -> None:
    """Delete, move or add a cell below the section's heading."""
    at = 2 + number % (len(cells) - 2)
    if kind == "delete":
        if len(cells) > 4:
            cells.pop(at)
    elif kind == "move":
        cells.insert(2 + (number * 7) % (len(cells) - 2), cells.pop(at))
    elif kind == "code":
        cells.insert(at, new_cell("code", f"n{serial}", f"n = {serial}"))
    else:
        cells.insert(at, new_cell("markdown", f"n{serial}", f"New {serial}."))


@settings(max_examples=40, deadline=None)
@example(blocks=[EQUAL, EQUAL, HEADED], steps=[("move", 1)], end="\n")
@example(blocks=[HEADED, HEADED], steps=[("move", 1), ("move", 3)], end="\n")
@example(blocks=[AROUND], steps=[("move", 1), ("delete", 1)], end="\n")
@example(blocks=5 * [HEADED], steps=2 * [("move", 3)], end="\n")
@given(blocks=BLOCKS, steps=STEPS, end=st.sampled_from(["\n", "\r\n"]))
def test_a_new_export_shows_the_cells_as_they_were_arranged(
    tmp_path_factory: pytest.TempPathFactory,
    blocks: list[str],
    steps: list[tuple[str, int]],
    end: str,
) -> None:
    text = "".join(["- # 1.1 A\n  - ```python\n    first = 0\n    ```\n", *blocks])
    after = "- # 1.2 B\n  - ```python\n    z = 1\n    ```\n"
    made = new_graph(tmp_path_factory.mktemp("graph"), {"a": (text + after).replace("\n", end)})
    path: Path = made.root / "x.ipynb"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0

    def edit(cells: Cells) -> None:
        for serial, (kind, number) in enumerate(steps):
            take_step(cells, kind, number, serial)

    cells = edit_cells(made, edit)
    found = imported(made)
    assert found.code in (0, 3), found.err
    assert made.text("a").endswith(after.replace("\n", end))
    if found.code == 3:
        assert "x.ipynb, cell" in found.err or "nothing was written" in found.err
        assert "as in" not in imported(made).out
    elif any("= " in text for text in said(cells)):
        again = exported_again(made)
        assert ("shows this in another form" in found.err) == (again != said(cells))
        assert [line.lstrip("- ") for line in again] == [line.lstrip("- ") for line in said(cells)]
        assert imported(made).out == "no edits in the notebook\n"
