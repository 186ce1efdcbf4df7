"""What counts as the same output: numbers as far as they are shown, no times, no places."""

from __future__ import annotations

import base64
import random
import struct
import time
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tangle.model import MimeType
from tangle.write import Shown, Tolerance, compare
from tangle.write.compare import USUAL
from tangle.write.volatile_text import normalised

SVG = MimeType("image/svg+xml")
PNG = MimeType("image/png")


def same(old: str, new: str, tolerance: Tolerance = USUAL) -> bool:
    before, after = (tuple(text.split("\n")) for text in (old, new))
    return not compare(Shown(lines=before), Shown(lines=after), tolerance)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tensor([0.1234, 2.0000])", "tensor([0.1235, 2.0000])"),
        ("tensor(1234.5678)", "tensor(1234.6000)"),
        (
            "tensor([[ 0.0123, -0.0001],\n        [ 1.0000,  2.5000]])",
            "tensor([[0.0124, 0.0000],\n        [1.0000, 2.5000]])",
        ),
        ("tensor([0.5000], dtype=torch.bfloat16)", "tensor([0.5070], dtype=torch.bfloat16)"),
        ("array([0.123456789])", "array([0.123456790])"),
        ("0.30000000000000004", "0.3000000000000001"),
        ("loss 12.57, accuracy 0.8125", "loss 12.58, accuracy 0.8126"),
        ("1.2345e-08", "1.2346e-08"),
        ("took 3.2 s", "took 0.11 s"),
        ("0.25 sec", "13 sec"),
        ("7890.1 examples/sec on cpu", "65.3 examples/sec on cpu"),
        (
            "1.2 µs ± 3.4 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)",
            "845 ns ± 12 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)",
        ),
        (
            "CPU times: user 3 ms, sys: 0 ns, total: 3 ms\nWall time: 3.2 ms",
            "CPU times: user 1.5 s, sys: 20 ms, total: 1.52 s\nWall time: 1.6 s",
        ),
        ("100%|████| 10/10 [00:01<00:00, 55.3it/s]", "100%|████| 10/10 [00:03<00:00, 3.10it/s]"),
        ("<object at 0x7f3a2b1c>", "<object at 0x7fffee00>"),
        ("saved /home/a/x/net.pt", "saved /tmp/b/net.pt"),
        ("C:\\Users\\a\\net.pt", "D:\\b\\net.pt"),
        ("/tmp/tmpab12cd34/x", "/tmp/tmpzz99yy88/x"),
        ("a  b", "a b"),
    ],
)
def test_the_same(old: str, new: str) -> None:
    assert same(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.5", "0.6"),
        ("3", "4"),
        ("epoch 3: 1.25", "epoch 4: 1.25"),
        ("1.25", "1.26"),
        ("tensor([0.1234])", "tensor([0.1244])"),
        ("tensor([1., 2.])", "tensor([1., 3.])"),
        ("tensor([1.])", "tensor(1.)"),
        ("0.30000000000000004", "0.3000001"),
        ("torch 2.13.0", "torch 2.13.1"),
        ("nan", "1.0"),
        ("x1 = 2", "x2 = 2"),
        ("one\ntwo", "one"),
        ("one", ""),
        ("saved /home/a/net.pt", "saved /home/a/other.pt"),
        ("https://a.org/x", "https://b.org/x"),
        ("3.2 m", "3.3 m"),
    ],
)
def test_not_the_same(old: str, new: str) -> None:
    assert not same(old, new)
    assert not same(new, old)


def test_a_tolerance_that_a_note_declares() -> None:
    assert same("loss 0.52", "loss 0.53", Tolerance(rtol=0.05))
    assert not same("loss 0.52", "loss 0.60", Tolerance(rtol=0.05))
    assert same("0.01", "0.03", Tolerance(atol=0.02))
    assert not same("tensor([0.1234])", "tensor([0.1235])", Tolerance(rtol=0))
    assert not same("epoch 3", "epoch 4", Tolerance(rtol=0.9))  # whole numbers count


def test_a_diff_shows_only_what_differs_and_where() -> None:
    old = Shown(lines=("loss 0.12345", "epochs 3", "a", "b", "c", "d", "took 3.2 s"))
    new = Shown(lines=("loss 0.12346", "epochs 4", "a", "b", "c", "d", "took 9 s"))
    (found,) = compare(old, new)
    assert (found.line, found.message) == (1, "the output differs")
    assert found.diff == ("@@ -1,4 +1,4 @@", " loss 0.12345", "-epochs 3", "+epochs 4", " a", " b")


def test_a_line_more_does_not_hide_that_the_others_are_the_same() -> None:
    (found,) = compare(
        Shown(lines=("took 1 s", "0.123456")), Shown(lines=("new", "took 2 s", "0.123457"))
    )
    assert [line for line in found.diff if line[0] in "+-"] == ["+new"]


@given(st.text(max_size=200))
def test_everything_is_the_same_as_itself(text: str) -> None:
    assert same(text, text)
    assert normalised(normalised(text)) == normalised(text) or "‹" in text or "[" in text


@given(st.floats(1e-300, 1e300), st.floats(0.002, 1e3))
def test_what_python_prints_of_a_float_is_held_to_its_digits(value: float, factor: float) -> None:
    near, far = value * (1 + 1e-13), value * (1 + factor)
    assert same(repr(value), repr(near))
    assert not same(repr(value), repr(far))


@given(st.text(alphabet="0123456789.e+-()[], tensor\n", max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    assert same(text, text)
    assert same(text, text[::-1]) in (True, False)


_REPEATED = ("1,", "1.", "[1:00<", "tensor(", "1e", "/a", "1 a", "a/s ", "0x123456", "1 s ", "±")


@pytest.mark.parametrize("unit", _REPEATED)
def test_a_hostile_line_takes_no_longer_than_another(unit: str) -> None:
    line = unit * (64 * 1024 // len(unit))
    before = time.process_time()
    compare(Shown(lines=(line,)), Shown(lines=(line + "x",)))
    assert time.process_time() - before < 5


# --- figures --------------------------------------------------------------------------------------


def figure(mime: MimeType, old: bytes, new: bytes, tolerance: Tolerance = USUAL) -> str:
    found = compare(Shown(figures=((mime, old),)), Shown(figures=((mime, new),)), tolerance)
    return found[0].message if found else ""


DRAWING = b"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="100pt" viewBox="0 0 100 80">
<metadata><date>2026-01-01</date></metadata>
<defs><clipPath id="p1234"><rect x="1" y="2" width="50" height="40"/></clipPath></defs>
<path d="M 10.0 20.0 L 30.5 40.5" clip-path="url(#p1234)" style="stroke: #1f77b4"/>
<text x="3" y="4">loss</text>
</svg>"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"p1234", b"pabcd", ""),
        (b"2026-01-01", b"2027-12-31", ""),
        (b"30.5 40.5", b"30.7 40.4", ""),
        (b"30.5 40.5", b"33.5 40.5", "d of <path>"),
        (b"L 30.5", b"C 30.5", "d of <path>"),
        (b"#1f77b4", b"#ff7f0e", "style of <path>"),
        (b">loss<", b">gain<", "the text 'loss' became 'gain'"),
        (b"</svg>", b"<path/></svg>", "it had 6 elements, and has 7"),
        (b"<text x", b"<title x", "no XML"),
        (b"<svg", b"<!DOCTYPE a [<!ENTITY b 'c'>]><svg", "entities"),
    ],
)
def test_drawings(old: bytes, new: bytes, said: str) -> None:
    assert old in DRAWING
    found = figure(SVG, DRAWING, DRAWING.replace(old, new))
    assert (said in found) if said else found == ""


@pytest.mark.parametrize(("moved", "same"), [(b"33.5 40.5", True), (b"36.5 40.5", False)])
def test_drawings_within_a_part_of_their_longer_side(moved: bytes, same: bool) -> None:
    new = DRAWING.replace(b"30.5 40.5", moved)
    assert (figure(SVG, DRAWING, new, Tolerance(rtol=0.05)) == "") is same
    assert figure(SVG, DRAWING, new, Tolerance(rtol=0)) != ""


def png(picture: Image.Image, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_kind_is_compared_by_its_pixels(mode: str) -> None:
    picture = Image.new("RGB", (40, 30), "white")
    picture.paste("black", (0, 0, 20, 30))
    other = picture.copy()
    other.paste("black", (0, 0, 21, 30))
    old, again, new = (
        png(entry.convert(mode), compress_level=level)
        for entry, level in ((picture, 9), (picture, 1), (other, 9))
    )
    assert old != again
    assert figure(PNG, old, again) == ""
    assert "30 of 1200 pixels, by up to 255 of 255" in figure(PNG, old, new)


def test_transparent_pixels_differ_from_white_ones() -> None:
    white = Image.new("RGBA", (10, 10), (255, 255, 255, 255))
    clear = Image.new("RGBA", (10, 10), (255, 255, 255, 0))
    assert "100 of 100 pixels, by up to 255" in figure(PNG, png(white), png(clear))


def test_pixels_within_a_shade_are_the_same() -> None:
    white = Image.new("RGB", (50, 50), "#ffffff")
    dots, many = white.copy(), white.copy()
    dots.paste("black", (0, 0, 2, 1))
    many.paste("black", (0, 0, 20, 1))
    plain = png(white)
    assert figure(PNG, plain, png(Image.new("RGB", (50, 50), "#efefef"))) == ""
    assert "2500 of 2500" in figure(PNG, plain, png(Image.new("RGB", (50, 50), "#eeeeee")))
    assert figure(PNG, plain, png(dots)) == ""
    assert "20 of 2500 pixels, by up to 255 of 255" in figure(PNG, plain, png(many))
    assert figure(PNG, plain, png(many), Tolerance(rtol=0.05)) == ""
    wide = png(Image.new("RGB", (51, 50), "#ffffff"))
    assert "was 50×50 pixels, and is 51×50" in figure(PNG, plain, wide)


GOOD = png(Image.frombytes("L", (16, 16), random.Random(1).randbytes(256)))
ANOTHER = png(Image.frombytes("RGBA", (8, 16), random.Random(2).randbytes(512)))


@given(st.binary(max_size=100))
def test_what_cannot_be_decoded_is_compared_by_bytes_and_says_so(junk: bytes) -> None:
    for bad in (junk, GOOD[:40] + junk, GOOD[:-200]):
        assert "cannot be compared" in figure(PNG, GOOD, bad)
        assert "0x" not in figure(PNG, GOOD, bad)  # no address of an object in memory


@given(st.integers(8, len(ANOTHER) - 1), st.integers(0, 255))
def test_a_damaged_picture_is_never_the_same_by_accident_and_never_fails(
    at: int, value: int
) -> None:
    damaged = ANOTHER[:at] + bytes([value]) + ANOTHER[at + 1 :]
    assert figure(PNG, GOOD, damaged) != ""


@pytest.mark.parametrize("side", [5_000, 12_000, 20_000, 60_000, 2**31 - 1])
def test_a_picture_that_claims_to_be_huge_is_not_unpacked(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
    assert "it is too large" in figure(PNG, GOOD, bomb + chunk(b"IEND", b""))


def test_a_picture_inside_a_drawing() -> None:
    def drawing(row: bytes) -> bytes:
        data = base64.b64encode(png(Image.frombytes("L", (len(row), 1), row)))
        return b'<svg xmlns="x"><image href="data:image/png;base64,\n' + data + b'"/></svg>'

    assert figure(SVG, drawing(b"\x10\x20"), drawing(b"\x12\x21")) == ""
    assert "href of <image>" in figure(SVG, drawing(b"\x10\x20"), drawing(b"\x12\xff"))


def test_figures_that_came_went_or_have_no_file() -> None:
    one = Shown(figures=((SVG, DRAWING),))
    none = Shown(figures=((SVG, None),))
    assert [d.message for d in compare(one, Shown())] == ["1 figure in the notes, 0 in this run"]
    assert [d.message for d in compare(none, one)] == ["figure 1 has no file to compare with"]
    other = Shown(figures=((MimeType("image/jpeg"), b"a"),))
    assert "was image/svg+xml, and is image/jpeg" in compare(one, other)[0].message
    assert "byte by byte" in figure(MimeType("image/jpeg"), b"a", b"b")
