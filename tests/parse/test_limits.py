"""Pages made to be slow: each is read in time that grows with its size and no faster.

Nothing is timed. A reader that looks at a page again for each opener would take hours for these.
"""

from __future__ import annotations

import pytest

from tangle.parse import parse, render

_ID = b"6543ed3a-0000-4000-8000-0000000000aa"
_REPEATED = [
    *(b"- ", b"- \n", b"#", b"# \n", b">", b"> a\n", b"* a\n", b"1. ", b"\t", b"\n", b"\r", b" -"),
    *(b"`", b"```\n", b"```\n\r```x\n", b"- ```python\r", b"- ```python\n  x\n  ```\n"),
    *(b":a:\n", b":PROPERTIES:\n:a: b\n", b"a:: b\n", b"k:: v\n\n", b":", b"#+begin_a\n"),
    *(b"<div>\n", b"<br>\n", b"<!--\n", b'[:div "\n', b"$$", b"$$a\n", b"\\begin{a}\n", b"\\"),
    *(b"((", b"((" + _ID + b"))", b"](((" + _ID + b")))", b"{{", b"[[", b"#a", b"://#a"),
    *(b"> ```python\n", b"- a\n  * ```python\n    x\n    ```\n"),
    *(b"[^1]: ab\n", b"[^1]: ab\r", b"a\n: bc\n", b": de\r", b"* a\r", b"> a\r", b"k:: v\r"),
    *(b":PROPERTIES:\n:a: b\r", b"`a``b", b"| a |\n: bc\n", b"[[a"),
    *(b"#+begin_a\n> b\nx\n#+end_a\n", b"x\n#+end_a\n#+begin_a\n> ```x"),
    *(b"#+begin_a\n* b\n #+end_a\n", b"- a\n  \\begin{x&"),
]
_SIZE = 200_000


@pytest.mark.parametrize("piece", _REPEATED, ids=repr)
def test_repeated(piece: bytes) -> None:
    """One construct over and over."""
    data = piece * (_SIZE // len(piece))
    assert render(parse(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[[" * 50_000 + b"]]" * 50_000, id="brackets in brackets"),
        pytest.param(b"<div>\n" * 30_000 + b"</div>\n" * 15_000, id="half of the tags closed"),
        pytest.param(b"---\n" + b"a: b\n" * 40_000, id="front matter without end"),
        pytest.param(b" ".join(b"`" * (i % 600) for i in range(600)), id="runs of backquotes"),
        pytest.param(
            b"".join(b"#+begin_%05d\n#+end_%05d\n" % (i, i + 1) for i in range(8_000)),
            id="closers of other names",
        ),
        pytest.param(
            b"".join(b"#+begin_%05d\n" % i for i in range(4_000))
            + b"".join(b"#+end_%05d\n" % i for i in reversed(range(4_000))),
            id="blocks in blocks",
        ),
        pytest.param(
            b"".join(b" " * i + b"* a\n" for i in range(400))
            + b"  x\n" * 20_000
            + b" " * 401
            + b"1 bad\n",
            id="a list that fails at its end",
        ),
    ],
)
def test_constructed(data: bytes) -> None:
    """Shapes that tempt a reader to look again and again."""
    assert render(parse(data)) == data


def test_depth() -> None:
    """Ten thousand levels need no stack."""
    page = parse(b"".join(b"\t" * level + b"- a\n" for level in range(10_000)))
    assert page.blocks[-1].level == 10_000


def test_ten_megabytes() -> None:
    """A page far larger than any is read."""
    data = b"- text of a block that says something\n  and goes on\n" * 190_000
    assert len(parse(data).blocks) == 190_000
