"""Edits of an exported notebook go back into the page that it is from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs import MakeNotes, Notes, new_graph

pytestmark = pytest.mark.book

PAGE = """\
- # 1.1 Data
  - Words.
    More words.
    - a point
  - ```python
    half = 0.5
    print(half)
    ```
  - See [[Other]] and ((no)).
  - ```python
    def size():
        return 1
    ```
    - tangle.output:: 000000000000.00000000
"""


ID = "66666666-0000-4000-8000-000000000001"


@pytest.fixture
def book(notes: MakeNotes) -> Notes:
    """A book with an exported section."""
    made = notes({"a": PAGE})
    assert made.tangle("export", "1.1", "-o", str(made.root / "x.ipynb")).code == 0
    return made


def changed(made: Notes, old: str, new: str) -> None:
    """Edit the notebook: replace text in the first cell that has it."""
    path = made.root / "x.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if old in "".join(cell["source"]))
    # As one string, and with other ids: editors save either.
    cell["source"] = "".join(cell["source"]).replace(old, new, 1)
    cell["id"] = "changed"
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "other"}]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def imported(made: Notes, *arguments: str) -> Any:
    """Import the notebook."""
    return made.tangle("import", str(made.root / "x.ipynb"), *arguments)


def test_a_notebook_without_edits_changes_nothing(book: Notes) -> None:
    said = imported(book)
    assert (said.code, said.out) == (0, "no edits in the notebook\n")
    assert book.text("a") == PAGE
    assert [path.name for path in (book.root / "pages").iterdir()] == ["a.md"]


@pytest.mark.parametrize(
    ("old", "new", "was", "now"),
    [
        ("half = 0.5", "half = 1", "    half = 0.5\n", "    half = 1\n"),
        ("half = 0.5", "half = 1\nlast = 2", "    half = 0.5\n", "    half = 1\n    last = 2\n"),
        ("return 1", "return 2", "        return 1\n", "        return 2\n"),
        ("Words.", "Other words.", "- Words.\n", "- Other words.\n"),
        ("More words.", "More.\nAnd more.", "    More words.\n", "    More.\n    And more.\n"),
        ("a point", "another point", "- a point", "- another point"),
        ("1.1 Data", "1.1 More data", "1.1 Data", "1.1 More data"),
    ],
)
def test_an_edit_of_a_cell_goes_to_its_lines(
    book: Notes, old: str, new: str, was: str, now: str
) -> None:
    changed(book, old, new)
    said = imported(book)
    assert (said.code, said.err) == (0, "")
    assert book.text("a") == PAGE.replace(was, now, 1)
    assert imported(book).out == "no edits in the notebook\n"
    # What was imported may be exported again.
    assert book.tangle("export", "1.1", "-o", str(book.root / "x.ipynb")).code == 0


def test_both_sides_come_together(book: Notes) -> None:
    changed(book, "half = 0.5", "half = 1")
    page = PAGE.replace("return 1", "return 2").replace("Words.", "Other words.", 1)
    book.write("a", page)
    assert imported(book).code == 0
    assert book.text("a") == page.replace("half = 0.5", "half = 1")


@pytest.mark.parametrize(("side", "half"), [("notes", "2"), ("notebook", "1")])
def test_a_conflict_is_shown_and_decided(book: Notes, side: str, half: str) -> None:
    changed(book, "half = 0.5", "half = 1")
    page = PAGE.replace("half = 0.5", "half = 2")
    book.write("a", page)
    before = (book.root / "x.ipynb").read_bytes()
    said = imported(book)
    assert said.code == 3
    assert "-half = 2\n+half = 1\n" in said.err
    assert "x.ipynb, cell 3:1" in said.err
    assert book.text("a") == page
    assert (book.root / "x.ipynb").read_bytes() == before
    assert imported(book, "a:5", "--take", side).code == 0
    assert book.text("a") == PAGE.replace("half = 0.5", f"half = {half}")
    assert imported(book).out == "no edits in the notebook\n"


def test_text_that_the_notebook_has_in_another_form_is_refused(book: Notes) -> None:
    changed(book, "See", "Look at")
    said = imported(book)
    assert said.code == 3
    assert "another form in the notes" in said.err
    assert book.text("a") == PAGE


def added(made: Notes, at: int, kind: str, source: str) -> None:
    """Add a cell to the notebook."""
    path = made.root / "x.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = {"cell_type": kind, "id": f"new-{at}", "metadata": {}, "source": source}
    notebook["cells"].insert(at, cell | ({"outputs": []} if kind == "code" else {}))
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_new_cells_become_blocks_behind_those_before_them(book: Notes) -> None:
    added(book, 5, "markdown", "At the end.\n\n- one")
    added(book, 3, "code", "new = half")
    added(book, 4, "markdown", "New words.")
    changed(book, "half = 0.5", "half = 1")
    said = imported(book)
    assert said.code == 0
    # An entry of a list becomes a block, which a notebook shows as a paragraph.
    assert said.err.endswith("x.ipynb, cell 8: a new export shows this in another form\n")
    page = PAGE.replace("half = 0.5", "half = 1")
    chunk = "    print(half)\n    ```\n"
    page = page.replace(chunk, f"{chunk}  - ```python\n    new = half\n    ```\n  - New words.\n")
    see = "  - See [[Other]] and ((no)).\n"
    assert book.text("a").replace("  - At the end.\n  - one\n", "") == page
    assert see in book.text("a")
    # Nothing is written twice.
    assert imported(book).out == "no edits in the notebook\n"
    assert book.tangle("export", "1.1", "-o", str(book.root / "x.ipynb")).code == 0


def test_a_new_cell_that_was_written_may_be_edited_again(book: Notes) -> None:
    added(book, 3, "code", "new = half")
    assert imported(book).code == 0
    changed(book, "new = half", "new = 2")
    assert imported(book).code == 0
    chunk = "    print(half)\n    ```\n"
    assert book.text("a") == PAGE.replace(chunk, f"{chunk}  - ```python\n    new = 2\n    ```\n")
    assert imported(book).out == "no edits in the notebook\n"


def test_a_blank_cell_that_jupyter_adds_is_no_edit(book: Notes) -> None:
    added(book, 5, "code", "\n")
    assert imported(book).out == "no edits in the notebook\n"
    assert book.tangle("export", "1.1", "-o", str(book.root / "x.ipynb")).code == 0


def test_a_new_cell_behind_one_that_the_notes_have_no_more_is_named(book: Notes) -> None:
    added(book, 5, "code", "new = half")
    page = PAGE.partition("  - See")[0]
    book.write("a", page)
    said = imported(book)
    assert said.code == 3
    assert "x.ipynb, cell 6:1: a new cell" in said.err
    assert book.text("a") == page


def test_a_cell_with_a_line_that_looks_like_a_cell_is_counted_once(book: Notes) -> None:
    changed(book, "half = 0.5", "half = '''\n# %% a\n'''")
    changed(book, "See", "Look at")
    assert "x.ipynb, cell 4:1: this text has another form" in imported(book).err


Damage = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda book: book.pop("cells"), 3),
        (lambda book: book["cells"].clear(), 3),
        (lambda book: book["cells"].append("text"), 2),
        (lambda book: book["cells"][2].pop("source"), 2),
        (lambda book: book["cells"][2].update(source=3), 2),
        (lambda book: book["cells"][2].update(metadata=["tangle"]), 2),
        (lambda book: book["cells"][2].update(metadata={"tags": 3}), 2),
        (lambda book: book["cells"][2].update(source="half = '\ud800'", id="\ud800"), 0),
    ],
)
def test_a_damaged_notebook_changes_no_page(book: Notes, damage: Damage, code: int) -> None:
    path = book.root / "x.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    damage(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    said = imported(book)
    assert said.code == code, said.err
    assert [page.name for page in (book.root / "pages").iterdir()] == ["a.md"]
    if code:
        assert book.text("a") == PAGE


def edit_cells(made: Notes, edit: Callable[[list[Any]], object]) -> None:
    """Change the list of the notebook's cells."""
    path = made.root / "x.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_a_cell_above_the_section_is_named(book: Notes) -> None:
    cell = {"cell_type": "code", "id": "n", "metadata": {}, "source": "new = 1", "outputs": []}
    edit_cells(book, lambda cells: cells.insert(0, cell))
    said = imported(book)
    assert said.code == 3
    assert "x.ipynb, cell 1:1: a new cell" in said.err
    assert book.text("a") == PAGE


def test_with_a_title_it_becomes_another_page(book: Notes) -> None:
    changed(book, "half = 0.5", "half = 1")
    assert imported(book, "--page", "copy").code == 0
    assert book.text("a") == PAGE
    assert "half = 1" in book.text("copy")
    assert "tangle-setup" not in book.text("copy")


def test_without_a_record_of_the_export_an_edit_is_a_question(book: Notes) -> None:
    for record in (book.root / ".tangle" / "exports").iterdir():
        record.unlink()
    changed(book, "half = 0.5", "half = 1")
    assert imported(book).code == 3
    assert book.text("a") == PAGE
    assert imported(book, "a:5", "--take", "notebook").code == 0
    assert book.text("a") == PAGE.replace("half = 0.5", "half = 1")


def test_without_a_record_a_deleted_cell_is_a_question_also_beside_a_new_one(book: Notes) -> None:
    for record in (book.root / ".tangle" / "exports").iterdir():
        record.unlink()
    added(book, 3, "code", "new = half")
    edit_cells(book, lambda cells: cells.pop())
    for _ in range(2):
        said = imported(book)
        assert said.code == 3
        assert "deleted in the notebook" in said.err
        assert "def size():" in book.text("a")
        assert book.text("a").count("new = half") == 1


def test_a_record_that_cannot_be_read_is_an_error(book: Notes) -> None:
    [record] = (book.root / ".tangle" / "exports").iterdir()
    record.unlink()
    record.mkdir()
    changed(book, "half = 0.5", "half = 1")
    said = imported(book)
    assert said.code == 3
    assert f"{record}: cannot be read" in said.err
    assert book.text("a") == PAGE


def test_an_export_that_is_up_to_date_is_recorded_too(book: Notes) -> None:
    for record in (book.root / ".tangle" / "exports").iterdir():
        record.unlink()
    said = book.tangle("export", "1.1", "-o", str(book.root / "x.ipynb"))
    assert "up to date" in said.out
    changed(book, "half = 0.5", "half = 1")
    assert imported(book).code == 0


def test_a_section_that_is_gone_is_named(book: Notes) -> None:
    book.write("a", PAGE.replace("1.1 Data", "1.7 Other"))
    said = imported(book)
    assert said.code == 3
    assert "section 1.1 'Data'" in said.err
    assert "pages/a.md" in said.err
    assert "--page" in said.err


@pytest.mark.parametrize("how", ["renumbered", "renamed", "page renamed", "both, with an id"])
def test_a_section_is_found_where_it_is_now(notes: MakeNotes, how: str) -> None:
    page = PAGE.replace("  - ```python\n    half", f"  - id:: {ID}\n    ```python\n    half", 1)
    book = notes({"a": page if "id" in how else PAGE})
    assert book.tangle("export", "1.1", "-o", str(book.root / "x.ipynb")).code == 0
    changed(book, "half = 0.5", "half = 1")
    now = book.text("a")
    if how == "renamed":
        now = now.replace("1.1 Data", "1.1 Numbers")
    elif how in ("renumbered", "both, with an id"):
        now = "- # 1.1 New\n  - ```python\n    1\n    ```\n" + now.replace("1.1 Data", "1.2 Data")
    if how.startswith("both"):
        now = now.replace("1.2 Data", "1.2 Numbers")
    name = "b" if how.startswith(("page", "both")) else "a"
    book.page("a").unlink()
    book.write(name, now)
    said = imported(book)
    assert (said.code, said.err) == (0, "")
    assert book.text(name) == now.replace("half = 0.5", "half = 1")


LINES = st.lists(
    st.sampled_from(["a = 1", "b = 2", "c = 3", "d = 4"]), min_size=1, max_size=4, unique=True
)


@settings(max_examples=30, deadline=None)
@given(before=LINES, note=LINES, notebook=LINES)
def test_nothing_of_either_side_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[str],
    note: list[str],
    notebook: list[str],
) -> None:
    def page(lines: list[str]) -> str:
        body = "".join(f"    {line}\n" for line in lines)
        return f"- # 1.1 A\n  - ```python\n{body}    ```\n  - Words.\n"

    made = new_graph(tmp_path_factory.mktemp("graph"), {"a": page(before)})
    path: Path = made.root / "x.ipynb"
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    changed(made, "\n".join(before), "\n".join(notebook))
    made.write("a", page(note))
    said = imported(made)
    if said.code == 3:
        assert made.text("a") == page(note)
        assert note != before != notebook
        return
    assert said.code == 0, said.err
    found = [line.strip() for line in made.text("a").split("\n") if " = " in line]
    assert {*note, *notebook} - {*before} <= {*found}
    if before in (note, notebook):
        assert found == (notebook if note == before else note)


BLOCKS = st.lists(
    st.sampled_from(
        [
            "  - Words, **bold**, $x^2$ and [[Other]].\n",
            "  - ## A heading\n    - below it\n",
            "  - TODO a task\n    more of it\n",
            "  - tangle.name:: part\n    ```python\n    x = 1\n    ```\n",
            "  - ```python\n    for i in range(2):\n        <<part>>\n    ```\n",
            "  - ```python\n    >>> 1 + 1\n    2\n    ```\n",
            "  - ```js\n    let a\n    ```\n",
            "  - text\n    ```python\n    y = '''\n\n    # %% code\n    '''\n    ```\n",
            "  - # %% markdown\n",
            "\n",
        ]
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(
    blocks=BLOCKS, end=st.sampled_from(["\n", "\r\n"]), file=st.sampled_from(["x.ipynb", "x.py"])
)
def test_an_export_that_is_imported_gives_the_page_back(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[str], end: str, file: str
) -> None:
    text = "".join(["- # 1.1 A\n  - ```python\n    a = 1\n    ```\n", *blocks]).replace("\n", end)
    made = new_graph(tmp_path_factory.mktemp("graph"), {"a": text})
    path = made.root / file
    assert made.tangle("export", "1.1", "-o", str(path)).code == 0
    said = made.tangle("import", str(path))
    assert (said.code, said.out) == (0, "no edits in the notebook\n"), said.err
    assert made.text("a") == text
    assert made.tangle("build").code in (0, 1)
    assert made.tangle("sync").out == "no edits in generated files\n"
    assert made.text("a") == text
