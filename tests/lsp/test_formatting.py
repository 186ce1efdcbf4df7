"""Formatting of chunks by ruff, everything else to the byte."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types

from tangle.lsp.formatting import draft, formatted
from tangle.model import PagePath
from tests.graphs import MakeNotes
from tests.lsp.pages import edited, session_of

PATH = PagePath("pages/A.md")


def _formatted(notes: MakeNotes, text: str, first: int = 1, last: int = 999) -> str:
    session = session_of(notes({"A": text}).root)
    made = draft(session, PATH, first, last)
    assert made is not None
    edits = asyncio.run(formatted(made))
    document = types.OptionalVersionedTextDocumentIdentifier(uri=session.uri_of(PATH))
    change = types.TextDocumentEdit(text_document=document, edits=[*edits])
    return edited(session, types.WorkspaceEdit(document_changes=[change]))["A"]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (
            "- 😀  x=1\n\t- ```python\n\t  x=1;y = 2\n\n\t  z = 3\n\t  ```\n",
            "\t  x=1;y = 2\n",
            "\t  x = 1\n\t  y = 2\n",
        ),
        ("- ```python\r\n  x = 1\r\n  y=2\r\n  ```\r\n- z=1\r\n", "y=2", "y = 2"),
        ("- ```python\n  def f():\n    return 1\n  ```\n", "    return", "      return"),
    ],
)
def test_code_changes_and_nothing_else(notes: MakeNotes, text: str, old: str, new: str) -> None:
    assert _formatted(notes, text) == text.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        "- ```python\n  x=(1\n  ```\n",
        "- ```python\n  %%bash\n  echo   1\n  ```\n",
        "- ```python\n  >>> 1+1\n  2\n  ```\n",
        "- ```js\n  x=1\n  ```\n",
        (
            "- tangle.name:: a\n  ```python\n  <<b>>\n  x=1\n  ```\n- tangle.name:: b\n"
            "  ```python\n  y = 1\n  ```\n"
        ),
    ],
)
def test_what_is_no_plain_program_stays(notes: MakeNotes, text: str) -> None:
    session = session_of(notes({"A": text}).root)
    made = draft(session, PATH, 1, 99)
    assert made is not None
    assert asyncio.run(formatted(made)) == []


def test_magics_and_the_semicolon_that_hides_a_value_stay(notes: MakeNotes) -> None:
    text = "- ```python\n  %time x=1\n  y=2\n  plot(y);\n  ```\n"
    assert _formatted(notes, text) == text.replace("y=2", "y = 2")


def test_a_range_formats_the_chunks_in_it(notes: MakeNotes) -> None:
    text = "- ```python\n  x=1\n  ```\n- ```python\n  y=1\n  ```\n"
    assert _formatted(notes, text, 4, 5) == text.replace("y=1", "y = 1")
