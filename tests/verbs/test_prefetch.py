"""Notes read ahead: what follows is what would be found without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tangle.verbs import prefetch
from tangle.verbs.generated import generated
from tangle.verbs.notes import Notes as Read
from tangle.verbs.notes import forget_notes, read_notes
from tangle.verbs.prefetch import read_ahead
from tangle.verbs.project import find_project
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. Sums
	- ```python
	  def double(x):  #@save
	      return 2 * x
	  ```
	- ```python
	  base = double(3)
	  ```
- ## 1.2. More
	- ```python
	  from d2l import torch as d2l
	  d2l.double(4), lost
	  ```
- ## 1.3. Borrows
	- ```python
	  base + 1
	  ```
"""


@pytest.fixture
def graph(notes: MakeNotes) -> Iterator[Notes]:
    """A graph whose notes were read ahead."""
    made = notes({"A": PAGE, "B": "- nothing\n"})
    forget_notes()
    read_ahead(str(made.root))
    yield made
    forget_notes()


def _load(graph: Notes) -> Read:
    return read_notes(find_project(start=graph.root))


def test_notes_that_did_not_change_are_those_that_were_read(graph: Notes) -> None:
    first = _load(graph)
    assert first.is_worked_out
    read_ahead(str(graph.root))
    assert _load(graph) is first


def _edit_code(graph: Notes) -> None:
    graph.write("A", PAGE.replace("2 * x", "3 * x"))


def _break(graph: Notes) -> None:
    graph.write("A", PAGE.replace("def double(x)", "def double(x"))


def _add_page(graph: Notes) -> None:
    graph.write("C", "- ## 2.1. Third\n\t- ```python\n\t  1\n\t  ```\n")


def _remove_page(graph: Notes) -> None:
    graph.page("A").unlink()


def _damage(graph: Notes) -> None:
    graph.page("B").write_bytes(b"- \xff\n")


def _hide(graph: Notes) -> None:
    (graph.root / "logseq" / "config.edn").write_text('{:hidden ["/pages/A.md"]}')


def _configure(graph: Notes) -> None:
    (graph.root / "tangle.toml").write_text('graph = "."\nborrow = "off"\n')


@pytest.mark.parametrize(
    "edit", [_edit_code, _break, _add_page, _remove_page, _damage, _hide, _configure]
)
@pytest.mark.parametrize("again", [False, True])
def test_an_edit_is_seen(graph: Notes, edit: Callable[[Notes], None], *, again: bool) -> None:
    before = _load(graph)
    edit(graph)
    if again:
        read_ahead(str(graph.root))
    found = _load(graph)
    forget_notes()
    expected = _load(graph)
    assert found.sources != before.sources or found.project != before.project
    for name in ("project", "sources", "config", "rows", "unread", "problems", "outputs"):
        assert getattr(found, name) == getattr(expected, name), name
    assert dict(found.pages) == dict(expected.pages)
    assert generated(found) == generated(expected)
    assert _digests(found) == _digests(expected)


def _digests(loaded: Read) -> list[str]:
    return [chunk.digest for session in loaded.plan.sessions for chunk in session.chunks]


def test_another_project_is_read_for_itself(graph: Notes, tmp_path: Path) -> None:
    other = Notes(root=tmp_path / "other")
    shutil.copytree(graph.root, other.root)
    other.write("A", "- ## 9.9. Other\n\t- ```python\n\t  9\n\t  ```\n")
    assert [session.name for session in _load(other).plan.sessions] == ["9.9"]
    read_ahead(str(other.root))
    assert [session.name for session in _load(other).plan.sessions] == ["9.9"]
    assert [session.name for session in _load(graph).plan.sessions] == ["1.1", "1.2", "1.3"]


def test_notes_that_take_too_much_are_not_kept(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefetch, "_MOST", 10)
    read_ahead(str(graph.root))
    assert not _load(graph).is_worked_out
    assert [session.name for session in _load(graph).plan.sessions] == ["1.1", "1.2", "1.3"]


def test_where_there_is_no_project_nothing_is_kept(graph: Notes) -> None:
    read_ahead(os.sep)
    assert not _load(graph).is_worked_out
    (graph.root / "tangle.toml").write_text("graph = [")
    read_ahead(str(graph.root))
    (graph.root / "tangle.toml").unlink()
    assert not _load(graph).is_worked_out


def test_what_goes_wrong_while_reading_is_left_to_the_command(
    graph: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    graph.write("A", PAGE.replace("2 * x", "4 * x"))
    with monkeypatch.context() as patched:
        patched.setattr(prefetch, "read_notes", fail)
        read_ahead(str(graph.root))
    assert not _load(graph).is_worked_out
    assert [session.name for session in _load(graph).plan.sessions] == ["1.1", "1.2", "1.3"]
