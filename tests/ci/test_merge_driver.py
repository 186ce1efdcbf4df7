"""The merge driver, by git itself: outputs never conflict, text does where it must."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.model import PagePath
from tangle.parse import parse
from tangle.verbs.vcs.merge_driver import merge_pages
from tangle.verbs.vcs.repository import merge_texts
from tangle.write import remove_outputs, stored_outputs
from tangle.write.edits import apply
from tests.ci.git_notes import GitNotes, git_notes

PAGE = """\
tangle.book:: notes

- ## 1.1. First
	- Words about one.
	- ```python
	  print('one', 1)
	  ```
	- ```python
	  print('two', 2)
	  ```
	- Words about three.
	  ```python
	  print('three', 3)
	  ```
- ## 1.2. Second
	- ```python
	  print('other', 1)
	  ```
- the end
"""
PATH = "notes/pages/x.md"


@pytest.fixture
def graph(tmp_path: Path) -> GitNotes:
    """A graph that was run, in a clone with the driver, with the branches `ours` and `theirs`."""
    made = git_notes(tmp_path, {"x": PAGE})
    said = made.tangle("merge-driver", "--install")
    assert said.code == 0, said.err
    made.tangle("run", "--all")
    made.commit("outputs")
    made.git("branch", "theirs")
    made.git("checkout", "--quiet", "-b", "ours")
    return made


def change(graph: GitNotes, old: str, new: str, *sections: str) -> None:
    text = graph.text(PATH)
    assert old in text
    graph.write(PATH, text.replace(old, new))
    if sections:
        assert graph.tangle("run", *sections).code == 0
    graph.commit(new)


def merge(graph: GitNotes, *, conflict: bool = False) -> str:
    said = graph.git("merge", "--no-edit", "theirs", check=not conflict)
    assert ("CONFLICT" in said) == conflict, said
    return graph.text(PATH)


def both(graph: GitNotes, ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    graph.git("checkout", "--quiet", "theirs")
    change(graph, *theirs)
    graph.git("checkout", "--quiet", "ours")
    change(graph, *ours)


def stale(graph: GitNotes) -> int:
    return graph.tangle("check", "--all").out.count("[stale-output]")


def test_without_the_driver_outputs_do_conflict(graph: GitNotes) -> None:
    """The case that the others are about is one."""
    graph.git("config", "--remove-section", "merge.tangle")
    both(graph, ("'one', 1", "'one', 10", "1.1"), ("'three', 3", "'three', 30", "1.1"))
    assert "<<<<<<<" in merge(graph, conflict=True)


def test_both_changed_code_of_a_section_and_ran_it(graph: GitNotes) -> None:
    both(graph, ("'one', 1", "'one', 10", "1.1"), ("'three', 3", "'three', 30", "1.1"))
    text = merge(graph)
    assert "print('one', 10)" in text
    assert "print('three', 30)" in text
    # One and two are as on our side; three depends on both, and that was never run.
    assert "\t\t  one 10\n" in text
    assert "\t\t  two 2\n" in text
    assert "\t\t  three" not in text
    assert (stale(graph), text.count("tangle.output")) == (0, 3)
    graph.tangle("run", "--all")
    assert "\t\t  three 30\n" in graph.text(PATH)


def test_one_side_ran_and_the_other_wrote(graph: GitNotes) -> None:
    both(graph, ("'two', 2", "'two', 20", "1.1"), ("Words about three.", "Better words."))
    text = merge(graph)
    assert "Better words." in text
    assert "\t\t  two 20\n" in text
    assert "\t\t  three 3\n" in text
    assert (stale(graph), text.count("tangle.output")) == (0, 4)


def test_their_outputs_come_with_their_code(graph: GitNotes) -> None:
    both(graph, ("Words about one.", "Other words."), ("'two', 2", "'two', 20", "1.1"))
    text = merge(graph)
    assert "\t\t  two 20\n" in text
    assert (stale(graph), text.count("tangle.output")) == (0, 4)


def test_both_ran_the_same_and_got_the_same(graph: GitNotes) -> None:
    both(graph, ("'one', 1", "'one', 10", "1.1"), ("'one', 1", "'one', 10", "1.1"))
    text = merge(graph)
    assert (stale(graph), text.count("tangle.output")) == (0, 4)


def test_each_ran_another_section(graph: GitNotes) -> None:
    both(graph, ("'other', 1", "'other', 9", "1.2"), ("'three', 3", "'three', 30", "1.1"))
    text = merge(graph)
    assert "\t\t  other 9\n" in text
    assert "\t\t  three 30\n" in text
    assert (stale(graph), text.count("tangle.output")) == (0, 4)


def test_one_side_removed_outputs(graph: GitNotes) -> None:
    graph.git("checkout", "--quiet", "theirs")
    graph.tangle("clean")
    graph.commit()
    graph.git("checkout", "--quiet", "ours")
    change(graph, "'three', 3", "'three', 30", "1.1")
    text = merge(graph)
    assert "\t\t  three 30\n" in text  # of code that they never had
    assert text.count("tangle.output") == 1
    assert stale(graph) == 0


def test_the_users_own_text_conflicts_as_ever_and_outputs_around_it_do_not(
    graph: GitNotes,
) -> None:
    both(graph, ("'two', 2", "'two', 20", "1.1"), ("'two', 2", "'two', 200", "1.1"))
    text = merge(graph, conflict=True)
    start, end = text.index("<<<<<<< ours\n"), text.index(">>>>>>> theirs\n")
    inside = text[start:end]
    assert "print('two', 20)" in inside
    assert "print('two', 200)" in inside
    assert "tangle.output" not in inside
    assert "\t\t  one 1\n" in text
    assert "\t\t  other 1\n" in text
    resolved = text[:start] + "\t  print('two', 20)\n" + text[end + len(">>>>>>> theirs\n") :]
    graph.write(PATH, resolved)
    assert stale(graph) == 0


def test_a_section_moved_on_one_side_and_was_indented(graph: GitNotes) -> None:
    moved = "- # Chapter\n\t- ## 1.2. Second\n\t\t- ```python\n\t\t  print('other', 1)\n\t\t  ```\n"
    graph.git("checkout", "--quiet", "theirs")
    text = graph.text(PATH)
    start, end = text.index("- ## 1.2."), text.index("- the end")
    graph.write(PATH, text[:start] + moved + text[end:])
    graph.commit()
    graph.git("checkout", "--quiet", "ours")
    change(graph, "Words about one.", "Other words.")
    text = merge(graph)
    # They have code without output there, we have the code elsewhere with one: theirs changed.
    assert moved in text
    assert stale(graph) == 0


def test_rebase_and_cherry_pick_go_through_it_too(graph: GitNotes) -> None:
    both(graph, ("'one', 1", "'one', 10", "1.1"), ("'three', 3", "'three', 30", "1.1"))
    graph.git("rebase", "--quiet", "theirs")
    text = graph.text(PATH)
    assert "\t\t  one 10\n" in text
    assert "<<<<<<<" not in text
    assert stale(graph) == 0


def test_a_figure_that_both_changed(tmp_path: Path) -> None:
    draw = 'display(SVG(f\'<svg xmlns="http://www.w3.org/2000/svg" id="{size}"/>\'))'
    page = (
        "- ## 1.1. Drawn\n\t- ```python\n\t  from IPython.display import SVG, display\n"
        f"\t  size = 1\n\t  ```\n\t- ```python\n\t  {draw}\n\t  ```\n"
    )
    graph = git_notes(tmp_path, {"x": page})
    graph.tangle("merge-driver", "--install")
    graph.tangle("run", "--all")
    graph.commit()
    graph.git("branch", "theirs")
    graph.git("checkout", "--quiet", "-b", "ours")
    both(graph, ("size = 1", "size = 2", "1.1"), ("display(SVG(f", "display( SVG(f", "1.1"))
    text = merge(graph)
    assert "display( SVG(f" in text
    assert "size = 2" in text
    assert "tangle.output" not in text  # it would show the figure of neither
    (figure,) = (graph.project / "notes" / "assets" / "tangle").iterdir()
    assert 'id="2"' in figure.read_text()
    graph.tangle("run", "--all")
    assert graph.tangle("check", "--all").code == 0


def test_an_output_wins_over_a_failure_of_the_same_code(tmp_path: Path) -> None:
    code = "import os\n\t  print(os.environ['HERE'])"
    graph = git_notes(tmp_path, {"x": f"- ## 1.1. S\n\t- ```python\n\t  {code}\n\t  ```\n- end\n"})
    graph.tangle("merge-driver", "--install")
    graph.commit()
    graph.git("branch", "theirs")
    graph.git("checkout", "--quiet", "-b", "ours")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HERE", raising=False)
        assert graph.tangle("run", "1.1").code == 1
        graph.commit("failed")
        graph.git("checkout", "--quiet", "theirs")
        patch.setenv("HERE", "fine here")
        assert graph.tangle("run", "1.1").code == 0
        graph.commit("passed")
    graph.git("checkout", "--quiet", "ours")
    assert "KeyError" in graph.text(PATH)
    text = merge(graph)
    assert "fine here" in text
    assert "KeyError" not in text


def test_hand_edited_outputs_and_notes_below_them_are_not_lost(graph: GitNotes) -> None:
    text = graph.text(PATH)
    at = text.index("\t\t- tangle.output", text.index("'two', 2"))
    end = text.index("```\n", text.index("```text", at)) + 4
    graph.write(PATH, text[:end] + "\t\t\t- my remark\n" + text[end:])
    graph.commit()
    graph.git("checkout", "--quiet", "theirs")
    change(graph, "Words about one.", "Other words.")
    graph.git("checkout", "--quiet", "ours")
    merged = merge(graph)
    assert "\t\t\t- my remark\n" in merged
    assert "Other words." in merged
    assert (stale(graph), merged.count("tangle.output")) == (0, 4)


# --- installing, and bad use ----------------------------------------------------------------------


def test_installing_twice_writes_once_and_keeps_what_is_there(graph: GitNotes) -> None:
    path = graph.project / "notes" / ".gitattributes"
    before = path.read_text()
    assert "*.md merge=tangle\n" in before
    assert "wrote" not in graph.tangle("merge-driver", "--install").out
    path.write_text("*.png binary")
    assert "wrote" in graph.tangle("merge-driver", "--install").out
    assert path.read_text() == (
        "*.png binary\n*.md merge=tangle\n*.markdown merge=tangle\nassets/tangle/* merge=tangle\n"
    )


def test_bad_use(graph: GitNotes) -> None:
    assert graph.tangle("merge-driver").code == 2
    assert graph.tangle("merge-driver", "a", "b").code == 2
    assert graph.tangle("merge-driver", "--install", "a", "b", "c", "d").code == 2
    said = graph.tangle("merge-driver", "no1", "no2", "no3", "x.md")
    assert said.code == 3
    assert "no1" in said.err


# --- laws -----------------------------------------------------------------------------------------


def merged(base: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, bool]:
    found = merge_pages(base, ours, theirs, PagePath("pages/x.md"), merge_texts)
    return found.data, found.conflicts


def test_pages_that_are_no_text(tmp_path: Path) -> None:
    del tmp_path
    assert merged(b"a\n", b"\xff\n", b"a\n") == (b"\xff\n", False)
    assert merged(b"", b"", b"- x\n") == (b"- x\n", False)


_OUTPUTS = (
    "\t- tangle.output:: 0123456789ab.01234567\n\t  ```text\n\t  1\n\t  ```\n",
    "\t\t- tangle.output:: ba9876543210.76543210\n\t\t  ```text\n\t\t  2\n\t\t  ```\n",
)
_CODE = ("- ```python\n  x = 1\n  ```\n", "\t- ```python\n\t  y\n\t  ```\n")
_TEXT = ("- a\n", "\t- b\n", "\r\n", "## 1.1. c\n", "- ## 1.2. d\n", "```\n", "  e\n")
LINES = st.sampled_from([*_OUTPUTS, *_CODE, *_TEXT, "- ![f](../assets/tangle/1-1.svg)\n"])
PAGES = st.lists(LINES, max_size=12).map("".join)


@settings(max_examples=60)
@given(PAGES, PAGES)
def test_a_side_that_changed_nothing_gives_the_other(base: str, other: str) -> None:
    """All its text comes through, and each output that stands in the result stood in it."""
    before, after = base.encode(), other.encode()
    for data, conflicts in (merged(before, after, before), merged(before, before, after)):
        assert not conflicts
        assert without_outputs(data) == without_outputs(after)
        assert values(data) <= values(after)
    assert merged(before, before, before) == (before, False)


def without_outputs(data: bytes) -> bytes:
    page = parse(data, PagePath("pages/x.md"))
    return apply(data, remove_outputs(page, force=True).edits)


def values(data: bytes) -> set[str]:
    page = parse(data, PagePath("pages/x.md"))
    return {f"{o.code_digest}.{o.output_digest}" for o in stored_outputs(page)}
