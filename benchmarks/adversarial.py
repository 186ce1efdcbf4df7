"""Inputs that were made to be slow, for `benchmarks.parse`."""

from __future__ import annotations

from collections.abc import Callable

_ID = b"6543ed3a-0000-4000-8000-0000000000aa"
_REPEATED = [
    *(b"- ", b"- \n", b"- a\n", b"#", b"# \n", b">", b"> a\n", b"* a\n", b"1. ", b"1. a\n"),
    *(b"\t", b"\n", b"\r", b" -", b"`", b"`a", b"```\n", b"```\n\r```x\n", b"- ```python\r"),
    *(b"- ```python\n", b"- ```python\n  x\n  ```\n", b":a:\n", b":PROPERTIES:\n:a: b\n"),
    *(b"a:: b\n", b"k:: v\n\n", b":", b"#+begin_a\n", b"#+a: b\n", b"<div>\n", b"<br>\n"),
    *(b"<!--\n", b'[:div "\n', b"$$", b"$$a\n", b"\\begin{a}\n", b"\\", b"((", b"((" + _ID + b"))"),
    *(b"](((" + _ID + b")))", b"{{", b"[[", b"[[a]]", b"#a", b"#a ", b"://#a", b"> ```python\n"),
    *(b"- a\n  * ```python\n    x\n    ```\n", b"- > a\n", b"- * a\n", b"[^1]: ab\n", b"a\n: bc\n"),
    *(b": de\r", b"* a\r", b"> a\r", b"x", "注".encode(), b"- a b c, and so on to the end\n"),
]


def _repeater(piece: bytes) -> Callable[[int], bytes]:
    return lambda size: piece * (size // len(piece))


def _levels(size: int) -> bytes:
    depth = min(10_000, int((2 * size) ** 0.5))
    one = b"".join(b"\t" * level + b"- a\n" for level in range(depth))
    return one * max(1, round(size / len(one)))


INPUTS: dict[str, Callable[[int], bytes]] = {
    **{repr(piece)[1:]: _repeater(piece) for piece in _REPEATED},
    "10,000 levels": _levels,
    "[[ and as many ]]": lambda size: b"[[" * (size // 4) + b"]]" * (size // 4),
    "<div>, half closed": lambda size: b"<div>\n" * (size // 9) + b"</div>\n" * (size // 18),
    "front matter without end": lambda size: b"---\n" + b"a: b\n" * (size // 5),
    "runs of backquotes": lambda size: b" ".join(b"`" * (i % 600) for i in range(size // 300)),
    "#+begin_N, closed by others": lambda size: b"".join(
        b"#+begin_%05d\n#+end_%05d\n" % (i, i + 1) for i in range(size // 30)
    ),
}
"""For each input what makes it, about as many bytes long as is asked for."""
