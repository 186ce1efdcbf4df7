"""What the package offers: errors, the outline as JSON and as a tree."""

from __future__ import annotations

import pytest

from tangle.errors import TangleError
from tangle.model import PagePath
from tangle.parse import NotUtf8, outline, outline_text, parse, render

_PAGE = """- Softmax
  id:: 6543ED3A-0000-4000-8000-0000000000AA
\t- ```python
\t  x = 1
\t  ```
- ((6543ed3a-0000-4000-8000-0000000000aa))
"""


def test_not_utf8() -> None:
    """A byte that is not UTF-8 is refused with its place and a way out."""
    with pytest.raises(NotUtf8) as caught:
        parse(b"- a\n- \xff\n", PagePath("pages/x.md"))
    error = caught.value
    assert (error.path, error.offset, error.line) == ("pages/x.md", 6, 2)
    assert str(error).startswith("pages/x.md:2: ")
    assert str(error).endswith("try again")
    assert isinstance(error, TangleError)
    assert error.exit_code == 1


def test_not_utf8_kept() -> None:
    """It is kept where that is asked for."""
    data = b"- a \xff\n"
    page = parse(data, errors="surrogateescape")
    assert page.blocks[0].title == "a \udcff"
    assert render(page) == data


def test_outline() -> None:
    """The JSON object of design.md 11."""
    page = parse(_PAGE.encode(), PagePath("pages/x.md"))
    assert outline(page) == {
        "path": "pages/x.md",
        "blocks": [
            {
                "kind": "bullet",
                "start": 0,
                "end": 54,
                "level": 1,
                "parent": -1,
                "id": "6543ED3A-0000-4000-8000-0000000000AA",
                "properties": {"id": "6543ED3A-0000-4000-8000-0000000000AA"},
            },
            {
                "kind": "bullet",
                "start": 54,
                "end": 83,
                "level": 2,
                "parent": 0,
                "id": None,
                "properties": {},
            },
            {
                "kind": "bullet",
                "start": 83,
                "end": 126,
                "level": 1,
                "parent": -1,
                "id": None,
                "properties": {},
            },
        ],
        "code": [
            {
                "block": 1,
                "language": "python",
                "start": 57,
                "end": 83,
                "text": "x = 1\n",
                "code": "x = 1\n",
            }
        ],
        "refs": [
            {
                "block": 2,
                "kind": "ref",
                "id": "6543ed3a-0000-4000-8000-0000000000aa",
                "start": 85,
                "end": 125,
            }
        ],
    }


def test_outline_text() -> None:
    """The tree for people."""
    assert outline_text(parse(_PAGE.encode(), PagePath("pages/x.md"))) == (
        "pages/x.md\n"
        "  - Softmax  [line 1]\n"
        "    -  [line 3]\n"
        "        python, 1 line from 4\n"
        "  - ((6543ed3a-0000-4000-8000-0000000000aa))  [line 6]\n"
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("title:: T\n- a\n", "T"),
        ("---\ntitle: F\n---\ntitle:: T\n", "F"),
        ("- a\n#+TITLE: D\n", "D"),
        ("- title:: T\n", None),
        ("", None),
    ],
)
def test_title(text: str, title: str | None) -> None:
    """Only page properties name a page."""
    assert parse(text.encode()).title == title


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("- a\n\n\n- b\n", 3),
        ("- a\r\n\r\n", 3),
        ("- a  \n", 5),
        ("\n\n- a\n", 0),
        ("  \n\n", 2),
        ("- ```\n  x\n  ```\n", 15),
    ],
)
def test_content_ends_at_the_last_line_that_says_something(text: str, content: int) -> None:
    """What is inserted there belongs under the block's own text."""
    assert parse(text.encode()).blocks[0].content == content
