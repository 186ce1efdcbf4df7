from __future__ import annotations

import base64
import time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import MimeBundle, MimeType, Output, Stream
from tangle.write import File, Piece, rendered
from tangle.write.terminal import shown

from .pages import hostile_texts

PNG = b"\x89PNG\r\n\x1a\n"


def stream(text: str, name: Literal["stdout", "stderr"] = "stdout") -> Stream:
    return Stream(name=name, text=text)


def bundle(**forms: str) -> MimeBundle:
    types = {"plain": "text/plain", "svg": "image/svg+xml", "png": "image/png"}
    types |= {"html": "text/html", "markdown": "text/markdown", "latex": "text/latex"}
    data = tuple(sorted((MimeType(types[name]), value) for name, value in forms.items()))
    return MimeBundle(kind="result", data=data)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ((), ""),
        ((stream("a\nb\n"),), "a\nb"),
        ((stream("a"), stream("b", "stderr"), stream("c")), "abc"),
        ((stream("a"), bundle(plain="42")), "a\n42"),
        ((stream("a\n"), stream(""), bundle(plain="42")), "a\n42"),
        ((bundle(plain="42"), stream("a")), "42\na"),
        ((bundle(plain="1\n"), bundle(plain="2")), "1\n2"),
        ((stream("50%\r"), bundle(plain="42")), "50%\n42"),
        ((bundle(plain=""), stream("a")), "a"),
        ((bundle(html="<b>x</b>", plain="x"),), "x"),
        ((bundle(html="<b>x</b>"),), "x"),
        ((bundle(markdown="**x**", plain="<IPython.core.display.Markdown object>"),), "**x**"),
        ((bundle(latex="$x$"),), "x"),
        ((bundle(html="<b>", plain="<IPython.core.display.HTML object>"),), ""),
    ],
)  # fmt: skip
def test_text(outputs: tuple[Output, ...], text: str) -> None:
    assert rendered(outputs).text == text


def test_a_figure_stands_for_its_bundle() -> None:
    shown_ = rendered(
        (
            stream("before"),
            bundle(plain="<Figure size 350x250>", svg="<svg>é</svg>", png="AAAA"),
            bundle(png=base64.encodebytes(PNG).decode(), plain="<Figure>"),
            stream("after"),
        )
    )
    assert shown_.parts == (
        Piece(kind="text", text="before"),
        File(mime=MimeType("image/svg+xml"), data="<svg>é</svg>".encode()),
        File(mime=MimeType("image/png"), data=PNG),
        Piece(kind="text", text="after"),
    )


def test_a_figure_that_is_no_base64_falls_back_on_text() -> None:
    assert rendered((bundle(png="é!", plain="text"),)).text == "text"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a\r\nb\r\n", "a\nb"),
        ("100%\r 20%", " 20%"),
        ("long line\rshort", "shortline"),
        ("50%\r\x1b[K7%", "7%"),
        ("abc\x1b[2Kd", "d"),
        ("abc\b\bX", "aXc"),
        ("\b\bX", "X"),
        ("a\nb\x1b[AX\nY", "aX\nY"),
        ("a\n\n\x1b[2Ab", "b"),
        ("ab\n\x1b[0Ac", "cb"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mx\x1b[m\x9b1my", "xy"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b(Bx\x1b=y\x1b7", "xy"),
        ("\x1b", "␛"),
        ("\x1b[12", "␛[12"),
        ("\x1b]x", "␛]x"),
        ("a\x00b\x07c\x7f", "a␀b␇c␡"),
        ("a\fb\vc", "a␌b␋c"),
        ("a\u2028b\u2029c\x85d", "a␤b␤c␤d"),
        ("a\x80b", "a�b"),
        ("a\ud800b", "a�b"),
        ("\tx  \n \n\n", "\tx  "),
        ("\n\na", "\n\na"),
        ("你好\r再", "再好"),
    ],
)
def test_what_a_terminal_shows(written: str, seen: str) -> None:
    assert shown(written) == seen


@given(hostile_texts | st.text(alphabet="a\r\n\b\x1b[KA2;m\x00 \t你"))
def test_what_is_shown_is_plain(text: str) -> None:
    seen = shown(text)
    assert shown(seen) == seen
    assert seen.isascii() or seen.encode()
    assert all(line.isprintable() or not line.strip() or "\t" in line or not line.isascii()
               for line in seen.split("\n"))  # fmt: skip
    assert not set(seen) & set(map(chr, [*range(9), *range(11, 32), *range(127, 160)]))
    assert not set(seen) & {"\u2028", "\u2029"}


@pytest.mark.parametrize(
    "text",
    [
        "a\x00" * 200_000,
        "x" * 500_000 + "\x1b[2Ky" * 50_000,
        "x" * 500_000 + "\n" + "\x1b[Ax\n" * 50_000,
        "\x1b]" * 200_000,
        "\x1b[" + "0" * 500_000,
        "\x1b[9999A" * 100_000,
        "\b" * 500_000,
    ],
)
def test_hostile_text_takes_time_in_proportion_to_it(text: str) -> None:
    start = time.process_time()
    shown(text)
    assert time.process_time() - start < 5


def test_addresses_in_memory_do_not_change_the_notes() -> None:
    said = Stream(name="stdout", text="<function f at 0x7f2b1c0a5d30> and 0x7f2b1c0a5d30\n")
    assert rendered((said,)).text == "<function f at 0x…> and 0x7f2b1c0a5d30"
