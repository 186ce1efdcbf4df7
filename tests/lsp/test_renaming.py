"""Renaming of names and chunks over all pages, whole or not at all."""

from __future__ import annotations

import pytest

from tangle.lsp.renaming import CannotRename, prepare, rename
from tests.graphs import MakeNotes
from tests.lsp.pages import asked, edited

pytestmark = pytest.mark.book

HOME = (
    "- ## 1.1. 首\n"
    "\t- net in words\n"
    "\t- ```python\n"
    "\t  def net(x):  #@save\n"
    "\t      net = x  # another net\n"
    "\t      return net\n"
    "\t  net.cost = 1; 价 = '😀'; print(net)\n"
    "\t  ```\n"
)
AWAY = (
    "- ## 1.2. Second\n"
    "\t- ```python\n"
    "\t  from notes.all import net\n"
    "\t  import notes.all as d2l\n"
    "\t  def use() -> 'list[net]':\n"
    "\t      global made\n"
    "\t      made = d2l.net(net(1))\n"
    "\t  print('net', [net for net in ()], thing.net)\n"
    "\t  ```\n"
)
CONFIG = 'book = ["**"]\npackage = "notes.all"\n'


def _renamed(notes: MakeNotes, pages: dict[str, str], name: str) -> dict[str, str]:
    found = asked(notes, pages, CONFIG)
    return edited(found.session, rename(*found.at, name))


def test_a_saved_name_changes_where_it_is_meant_and_nowhere_else(notes: MakeNotes) -> None:
    pages = {"Home": HOME.replace("def net", "def n¦et"), "Away": AWAY}
    assert _renamed(notes, pages, "模型") == {
        "Home": HOME.replace("def net", "def 模型")
        .replace("\t  net.cost", "\t  模型.cost")
        .replace("print(net)", "print(模型)"),
        "Away": AWAY.replace("import net", "import 模型")
        .replace("'list[net]'", "'list[模型]'")
        .replace("d2l.net(net(1))", "d2l.模型(模型(1))"),
    }


def test_a_rename_from_where_the_name_is_used_is_the_same(notes: MakeNotes) -> None:
    pages = {"Home": HOME, "Away": AWAY.replace("d2l.net", "d2l.ne¦t")}
    assert _renamed(notes, pages, "model").keys() == {"Home", "Away"}


def test_a_chunk_is_renamed_with_all_references(notes: MakeNotes) -> None:
    pages = {
        "Main": "- ```python\r\n  if 1:\r\n      <<old¦ name>>\r\n  ```\r\n",
        "Parts": "- tangle.name:: old name\n  ```python\n  x = 1  # <<old name>>\n  ```\n",
    }
    assert _renamed(notes, pages, "new") == {
        "Main": "- ```python\r\n  if 1:\r\n      <<new>>\r\n  ```\r\n",
        "Parts": "- tangle.name:: new\n  ```python\n  x = 1  # <<old name>>\n  ```\n",
    }


@pytest.mark.parametrize(
    ("pages", "name", "why"),
    [
        ({"Home": HOME.replace("def net", "def n¦et")}, "1x", "'1x' is no name in Python"),
        ({"Home": HOME.replace("def net", "def n¦et")}, "class", "'class' is no name in Python"),
        ({"Home": HOME.replace("def net", "def n¦et")}, "print", "hide Python's own print"),
        ({"Home": HOME.replace("def net", "def n¦et")}, "x", "x is used in this chunk already"),
        ({"Home": HOME.replace("def net", "def n¦et")}, "价", "价 is defined in 1.1"),
        ({"Home": HOME.replace("print(", "pri¦nt(")}, "y", "print is not defined in the notes"),
        ({"Home": HOME.replace("net = x", "n¦et = x")}, "y", "local names are not renamed"),
        ({"Home": HOME.replace("net in words", "[[no¦te]]")}, "y", "pages are not renamed here"),
        (
            {
                "Home": HOME.replace("def net", "def n¦et"),
                "Twice": "- ## 1.3. C\n\t- ```python\n\t  def net(): ...  #@save\n\t  ```\n",
            },
            "y",
            "is saved in 1.3, too|is saved in 1.1, too",
        ),
        (
            {
                "Home": HOME.replace("def net", "def n¦et"),
                "Away": AWAY + "\t- ```python\n\t  net(]\n\t  ```\n",
            },
            "y",
            "Away.md:10: this chunk cannot be read",
        ),
        ({"A": "- ## 1.1. A\n\t- ```python\n\t  import ma¦th\n\t  ```\n"}, "y", "is imported"),
    ],
)
def test_what_cannot_be_renamed_safely_is_refused_whole(
    notes: MakeNotes, pages: dict[str, str], name: str, why: str
) -> None:
    with pytest.raises(CannotRename, match=why):
        _renamed(notes, pages, name)


def test_an_open_page_that_changed_on_disk_refuses_a_rename(notes: MakeNotes) -> None:
    found = asked(notes, {"Home": HOME.replace("def net", "def n¦et")})
    session, path = found.session, found.path
    file = session.project.graph / path
    session.open(file.as_uri(), 7, HOME)
    assert session.range(path, 0, 1) is not None
    assert prepare(*found.at).start.line == 3
    file.write_text(HOME + "- more\n", encoding="utf-8")
    with pytest.raises(CannotRename, match="was changed on disk; nothing is renamed"):
        rename(*found.at, "model")
    session.save(file.as_uri())
    assert edited(session, rename(*found.at, "model")).keys() == {"Home"}
