"""Edits of generated files go back into the notes; what both sides changed is a conflict."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tangle.verbs.last_build import LastBuild
from tangle.verbs.project import find_project
from tangle.verbs.sync import sync
from tangle.write.three_way import three_way
from tests.graphs import MakeNotes, Notes, new_graph

pytestmark = pytest.mark.book

PAGE = """\
- # 1.1 Data
  - Words.
  - ```python
    half = 0.5
    class Box:  #@save
        kind = "box"

        def size(self):
            return 1
    ```
  - ```python
    if half:
        <<inner>>
    print(np.zeros(1))
    ```
  - tangle.name:: inner
    ```python
    def inner():
        return half
    ```
- # 1.2 Use
  - tangle.raises:: ZeroDivisionError
    ```python
    from d2l import torch as d2l
    print(half, d2l.Box.kind)
    1 / 0
    ```
  - ```python
    %matplotlib inline
    x = 1
    ```
  - tangle.run:: no
    ```python
    never()
    ```
"""
FIRST = "sections/sec_1_1.py"
SECOND = "sections/sec_1_2.py"
MODULE = "torch.py"


def edit(notes: Notes, name: str, old: str, new: str) -> None:
    """Replace text in a generated file, the first that is found."""
    path = generated(notes, name)
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def generated(notes: Notes, name: str) -> Path:
    """A generated file."""
    return notes.root / "generated" / "d2l" / name


@pytest.fixture
def book(notes: MakeNotes) -> Notes:
    """A book that was built."""
    made = notes({"a": PAGE})
    assert made.tangle("build").code == 0
    return made


@pytest.mark.parametrize(
    ("name", "old", "new", "was", "now"),
    [
        (FIRST, "half = 0.5\n", "half = 1.5\n", "    half = 0.5\n", "    half = 1.5\n"),
        (MODULE, "return 1\n", "return 2\n", "return 1\n", "return 2\n"),
        (MODULE, '"box"\n', '"box"\n    more = 2\n', '"box"\n', '"box"\n        more = 2\n'),
        (SECOND, "half = 0.5\n", "half = 2\n", "half = 0.5\n", "half = 2\n"),
        (SECOND, "    1 / 0\n", "    2 / 0\n", "    1 / 0\n", "    2 / 0\n"),
        (SECOND, "x = 1\n", "x = 1\n\ny = 2\n", "x = 1\n", "x = 1\n\n    y = 2\n"),
        (SECOND, "# never()", "# always()", "    never()", "    always()"),
        (FIRST, "        return half\n", "        return 2\n", "return half\n", "return 2\n"),
        (FIRST, "print(np.zeros(1))\n", "", "    print(np.zeros(1))\n", ""),
    ],
)
def test_an_edit_goes_to_the_chunk_that_its_line_came_from(
    book: Notes, name: str, old: str, new: str, was: str, now: str
) -> None:
    edit(book, name, old, new)
    said = book.tangle("sync")
    assert (said.code, said.err) == (0, "")
    assert book.text("a") == PAGE.replace(was, now, 1)
    assert book.tangle("build", "--check").code == 0
    assert book.tangle("sync").out == "no edits in generated files\n"


def test_lines_at_the_end_of_a_script_go_to_its_last_chunk(notes: MakeNotes) -> None:
    made = notes({"a": "- # 1.1 A\n  - ```python\n    x = 1\n    ```"})
    made.tangle("build")
    path = next((made.root / "generated").glob("*/sections/sec_1_1.py"))
    path.write_text(f"{path.read_text()}\ny = x\n")
    assert made.tangle("sync").code == 0
    assert made.text("a") == "- # 1.1 A\n  - ```python\n    x = 1\n\n    y = x\n    ```"


def test_line_ends_of_a_page_stay(notes: MakeNotes) -> None:
    page = PAGE.replace("\n", "\r\n")
    made = notes({"a": page})
    made.tangle("build")
    path = generated(made, FIRST)
    path.write_bytes(path.read_bytes().replace(b"half = 0.5", b"half = 1\nlast = 2"))
    assert made.tangle("sync").code == 0
    assert made.text("a") == page.replace("half = 0.5\r\n", "half = 1\r\n    last = 2\r\n")


def test_an_editor_that_saves_other_line_ends_edits_nothing(book: Notes) -> None:
    path = generated(book, FIRST)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert book.tangle("sync").out == "no edits in generated files\n"
    assert book.tangle("build").code == 0
    assert b"\r" not in path.read_bytes()


def test_build_keeps_an_edit_and_names_both_ways_out(book: Notes) -> None:
    edit(book, FIRST, "half = 0.5", "half = 1")
    book.write("a", PAGE.replace("x = 1", "x = 2"))
    before = generated(book, FIRST).read_bytes()
    said = book.tangle("build")
    assert said.code == 3
    assert "sec_1_1.py: edited since" in said.err
    assert "`tangle sync`" in said.err
    assert "`tangle build --force`" in said.err
    assert generated(book, FIRST).read_bytes() == before
    assert "x = 1" in generated(book, SECOND).read_text()
    assert book.tangle("build", "--force").code == 0
    assert "half = 0.5" in generated(book, FIRST).read_text()


def test_both_sides_come_together_where_they_changed_different_lines(book: Notes) -> None:
    book.write(
        "a", PAGE.replace('kind = "box"', 'kind = "case"').replace("- Words", "- More words")
    )
    edit(book, FIRST, "half = 0.5", "half = 1")
    assert book.tangle("sync").code == 0
    wanted = PAGE.replace('kind = "box"', 'kind = "case"').replace("- Words", "- More words")
    assert book.text("a") == wanted.replace("half = 0.5", "half = 1")


def test_lines_that_both_sides_changed_are_shown_and_left_alone(book: Notes) -> None:
    page = PAGE.replace("half = 0.5", "half = 0.75")
    book.write("a", page)
    edit(book, FIRST, "half = 0.5", "half = 0.25")
    edit(book, FIRST, "return 1", "return 3")
    edit(book, SECOND, "x = 1", "x = 7")
    script = generated(book, FIRST).read_bytes()
    said = book.tangle("sync")
    assert said.code == 3
    assert "a.md:3: changed here and in generated code" in said.err
    assert "-half = 0.75\n+half = 0.25\n" in said.err
    # The chunk gets none of its edits, the other chunk gets its own.
    assert book.text("a") == page.replace("x = 1", "x = 7")
    assert generated(book, FIRST).read_bytes() == script
    assert book.tangle("build").code == 3


@pytest.mark.parametrize(("side", "half"), [("notes", "0.75"), ("code", "0.25")])
def test_one_side_is_taken_for_one_chunk(book: Notes, side: str, half: str) -> None:
    book.write("a", PAGE.replace("half = 0.5", "half = 0.75").replace("x = 1", "x = 2"))
    edit(book, FIRST, "half = 0.5", "half = 0.25")
    edit(book, FIRST, "return 1", "return 3")
    edit(book, SECOND, "x = 1", "x = 7")
    assert book.tangle("sync", "--take", side, "a:3").code == 0
    wanted = PAGE.replace("half = 0.5", f"half = {half}").replace("return 1", "return 3")
    assert book.text("a") == wanted.replace("x = 1", "x = 2")
    said = book.tangle("sync")
    assert said.code == 3
    assert "a.md:3:" not in said.err
    assert book.tangle("sync", "--take", "code", "1.2").code == 0
    assert book.text("a") == wanted.replace("x = 1", "x = 7")
    assert book.tangle("build", "--check").code == 0


def test_a_decision_leaves_other_files_as_they_are(book: Notes) -> None:
    book.write("a", PAGE.replace("half = 0.5", "half = 0.75"))
    edit(book, FIRST, "half = 0.5", "half = 0.25")
    edit(book, SECOND, "x = 1\n", "x = 7\r\n")
    other = generated(book, SECOND).read_bytes()
    assert book.tangle("sync", "--take", "notes", "a:3").code == 0
    assert generated(book, SECOND).read_bytes() == other


def test_a_decision_keeps_what_was_saved_meanwhile(
    book: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.write("a", PAGE.replace("half = 0.5", "half = 0.75"))
    edit(book, FIRST, "half = 0.5", "half = 0.25")

    def saved_then_read(path: Path) -> bytes:
        path.write_bytes(path.read_bytes() + b"more = 1\n")
        return path.read_bytes()

    monkeypatch.setattr(sync, "read_bytes", saved_then_read)
    said = book.tangle("sync", "--take", "notes", "a:3")
    assert (said.code, "was changed by another program" in said.err) == (3, True)
    assert "half = 0.25" in generated(book, FIRST).read_text()


def test_two_files_that_say_different_things_conflict(book: Notes) -> None:
    edit(book, FIRST, "return 1", "return 2")
    edit(book, MODULE, "return 1", "return 3")
    assert book.tangle("sync").code == 3
    assert book.text("a") == PAGE
    said = book.tangle("sync", "--take", "code", "a:3")
    assert said.code == 3
    assert "another generated file" in said.err
    assert book.text("a") == PAGE
    assert book.tangle("sync", "--take", "notes", "a:3").code == 0
    assert book.tangle("build", "--check").code == 0


def test_two_files_that_say_the_same_agree(book: Notes) -> None:
    edit(book, FIRST, "return 1", "return 2")
    edit(book, MODULE, "return 1", "return 2")
    assert book.tangle("sync").code == 0
    assert book.text("a") == PAGE.replace("return 1", "return 2")


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        (FIRST, "import numpy as np", "import numpy", "tangle supplied this import"),
        (FIRST, "# %% 1.1 Data (a", "# %% 1.1 Dato (a", "this line is tangle's"),
        (FIRST, "import pathlib as _pathlib", "import pathlib", "this line is tangle's"),
        (FIRST, "print(np", "# %% mine\nprint(1)\nprint(np", "a new cell has no place"),
        (SECOND, "pass  # IPython only", "pass  # IPython", "has another form in the notes"),
        (SECOND, "    1 / 0\n", "    1 / 0\nprint()\n", "lay out the new lines"),
        ("__init__.py", "import ", "import abc, ", "this line is tangle's"),
    ],
)
def test_an_edit_without_a_place_in_the_notes_is_refused(
    book: Notes, name: str, old: str, new: str, why: str
) -> None:
    edit(book, name, old.replace("(a", "(pages/a"), new.replace("(a", "(pages/a"))
    before = generated(book, name).read_bytes()
    said = book.tangle("sync")
    assert said.code == 3
    assert f"{name.rpartition('/')[2]}:" in said.err
    assert why in said.err
    assert book.text("a") == PAGE
    assert generated(book, name).read_bytes() == before


def test_an_edit_after_which_logseq_reads_another_page_is_refused(book: Notes) -> None:
    edit(book, FIRST, "half = 0.5\n", "half = 1\n```\n")
    said = book.tangle("sync")
    assert said.code == 3
    assert "Logseq would read the page in another way" in said.err
    assert book.text("a") == PAGE


def test_an_edit_of_a_section_that_is_gone_is_named(book: Notes) -> None:
    edit(book, SECOND, "x = 1", "x = 2")
    page = PAGE.partition("- # 1.2")[0]
    book.write("a", page)
    for command in ("sync", "build"):
        said = book.tangle(command)
        assert said.code == 3
        assert "sec_1_2.py" in said.err
    assert "x = 2" in generated(book, SECOND).read_text()


def test_check_and_diff_change_nothing(book: Notes) -> None:
    edit(book, FIRST, "half = 0.5", "half = 1")
    said = book.tangle("sync", "--check")
    assert (said.code, "1 edited line would be written" in said.out) == (1, True)
    said = book.tangle("sync", "--diff")
    assert said.code == 0
    assert "-    half = 0.5\n+    half = 1\n" in said.out
    assert book.text("a") == PAGE


def test_without_a_record_of_the_last_build_an_edit_is_a_question(book: Notes) -> None:
    for path in (book.root / ".tangle" / "generated").iterdir():
        path.write_bytes(b"{}")
    edit(book, FIRST, "half = 0.5", "half = 1")
    assert book.tangle("sync").code == 3
    assert book.text("a") == PAGE
    assert book.tangle("sync", "--take", "code", "a:3").code == 0
    assert book.text("a") == PAGE.replace("half = 0.5", "half = 1")


def test_files_of_a_build_that_was_killed_are_no_edits(book: Notes) -> None:
    project = find_project(start=book.root, graph=book.root, output=None, config=None)
    last = LastBuild(project)
    coming = {name: text.replace("half = 0.5", "half = 2") for name, text in last.texts().items()}
    last.begin(coming)
    edit(book, FIRST, "half = 0.5", "half = 2")  # the one file that was written
    assert book.tangle("sync").out == "no edits in generated files\n"
    book.write("a", PAGE.replace("half = 0.5", "half = 3"))
    assert book.tangle("build").code == 0
    assert "half = 3" in generated(book, FIRST).read_text()


@pytest.mark.parametrize("arguments", [("--take", "code"), ("--take", "notes", "1.1"), ("9.9",)])
def test_a_decision_needs_a_conflict(book: Notes, arguments: tuple[str, ...]) -> None:
    assert book.tangle("sync", *arguments).code == 2


TEXTS = st.lists(st.sampled_from("abcde"), max_size=8)


@given(base=TEXTS, ours=TEXTS, theirs=TEXTS)
def test_a_merge_has_every_change_of_either_side_or_reports_it(
    base: list[str], ours: list[str], theirs: list[str]
) -> None:
    done = (0, 0, 0)
    for change in three_way(base, ours, theirs):
        ends = (change.base, change.ours, change.theirs)
        gaps = [
            side[start : end[0]]
            for side, start, end in zip((base, ours, theirs), done, ends, strict=True)
        ]
        assert gaps[0] == gaps[1] == gaps[2]
        before, own, other = (
            side[slice(*end)] for side, end in zip((base, ours, theirs), ends, strict=True)
        )
        expected = {
            "ours": other == before != own,
            "theirs": own == before != other,
            "both": own == other != before,
            "conflict": own != other,
        }
        assert expected[change.kind]
        done = (change.base[1], change.ours[1], change.theirs[1])
    assert base[done[0] :] == ours[done[1] :] == theirs[done[2] :]
    assert {change.kind for change in three_way(base, ours, base)} <= {"ours"}
    assert {change.kind for change in three_way(base, base, theirs)} <= {"theirs"}


LINE = st.sampled_from(["a = 1", "b = 2", "c = [\n    3,\n]", "def f():\n    return 1", "d = a"])
CODE = st.lists(LINE, min_size=1, max_size=4, unique=True).map("\n".join)


@settings(max_examples=40, deadline=None)
@example(before="a = 1\nc = [\n    3,\n]\nd = a\nb = 2", note="d = a", script="d = a\nb = 2\na = 1")
@given(before=CODE, note=CODE, script=CODE)
def test_nothing_of_either_side_is_lost(
    tmp_path_factory: pytest.TempPathFactory, before: str, note: str, script: str
) -> None:
    def page(code: str) -> str:
        body = "".join(f"    {line}\n" for line in code.split("\n") if line)
        return f"- # 1.1 A\n  - ```python\n{body}    ```\n"

    made = new_graph(tmp_path_factory.mktemp("graph"), {"a": page(before)})
    made.tangle("build")
    path = next((made.root / "generated").glob("*/sections/sec_1_1.py"))
    head, _, _ = path.read_text().rpartition("chunk 1)\n")
    path.write_text(f"{head}chunk 1)\n{script}\n")
    made.write("a", page(note))
    said = made.tangle("sync")
    if said.code == 3:
        assert made.text("a") == page(note)
        assert path.read_text().endswith(f"chunk 1)\n{script}\n")
        assert note != before != script
        return
    assert said.code in (0, 1), said.err  # 1 where the parts do not parse together
    found = [line[4:] for line in made.text("a").split("\n")[2:-2]]
    old, *new = ({*text.split("\n")} for text in (before, note, script))
    assert (new[0] | new[1]) - old <= {*found}
    if before in (note, script):
        assert "\n".join(found) == (script if note == before else note)
