"""Figures: fonts for all letters, a background that is readable everywhere, alternative text."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest

from tangle.model import SessionResult

from .sessions import bundles, run, run_one, text

pytest.importorskip("matplotlib", reason="the notes' packages are not installed")

ALTERNATIVE = "text/vnd.tangle.alternative"
NO_FONT_HAS = "\U00030f01\U00030f02"  # Unicode 13

# A font of triangles, installed after matplotlib listed the fonts; chosen if there is no other.
FONT = """
from matplotlib import font_manager
font_manager.X11FontDirectories.insert(0, {folder!r})
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
pen = TTGlyphPen(None)
pen.moveTo((100, 0)), pen.lineTo((100, 800)), pen.lineTo((900, 800)), pen.closePath()
triangle, letters = pen.glyph(), "损失训练かな한글 abc"
names = [".notdef", *(f"u{{ord(c)}}" for c in letters)]
font = FontBuilder(1000)
font.setupGlyphOrder(names)
font.setupCharacterMap({{ord(c): f"u{{ord(c)}}" for c in letters}})
font.setupGlyf(dict.fromkeys(names, triangle))
font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable(dict(familyName="Zz Triangles", styleName="Regular"))
font.setupOS2(sTypoAscender=800, sTypoDescender=-200)
font.setupPost()
font.save({folder!r} + "/triangles.ttf")
"""


def drawn_with_a_font(folder: Path, *cells: str) -> SessionResult:
    """Run cells where letters of three scripts are in an installed font."""
    session = run(FONT.format(folder=str(folder)), *cells)
    assert [result.failure for result in session.results] == [None] * (len(cells) + 1)
    return session


def warned(session: SessionResult) -> str:
    return "".join(text(result, "stderr") for result in session.results)


@pytest.mark.parametrize(
    "draw",
    [
        "plt.title('损失')",
        "plt.ylabel('かな')",
        "plt.suptitle('한글', weight='bold')",
        "plt.title('损失 $w_1$')",
        "plt.rcParams['font.family'] = ['DejaVu Serif', 'Zz Triangles']; plt.title('损失 $w_1$')",
        "plt.bar(['训练', '损失'], [1, 2])",
        "plt.plot([1, 2], label='训练'); plt.legend()",
        "plt.rcParams['font.family'] = 'serif'; plt.title('损失')",
    ],
)
def test_text_is_drawn_with_an_installed_font_that_has_it(tmp_path: Path, draw: str) -> None:
    code = f"import matplotlib.pyplot as plt\nplt.plot([-1, 1])\n{draw};"
    session = drawn_with_a_font(tmp_path, code)
    assert (warned(session), session.notices) == ("", ())
    again = drawn_with_a_font(tmp_path, code)
    assert bundles(session.results) == bundles(again.results)


def test_the_family_that_notes_choose_stays_first(tmp_path: Path) -> None:
    code = (
        "import matplotlib.pyplot as plt\n"
        "plt.rcParams['font.family'] = ['DejaVu Serif']\n"
        "fonts = {**plt.rcParams.find_all('^font')}\n"
        "title, label = plt.title('损失 loss'), plt.xlabel('loss é')\nplt.show()\n"
        "print(title.get_fontfamily()[0], len(title.get_fontfamily()))\n"
        "print(label.get_fontfamily(), fonts == {**plt.rcParams.find_all('^font')})"
    )
    session = drawn_with_a_font(tmp_path, code)
    assert text(session.results[1]) == "DejaVu Serif 2\n['DejaVu Serif'] True\n"


def test_a_family_that_is_not_installed_is_reported_once(tmp_path: Path) -> None:
    session = drawn_with_a_font(
        tmp_path,
        "import matplotlib.pyplot as plt\nplt.rcParams['font.sans-serif'] = ['Nowhere Sans']\n"
        "plt.plot([1, 2])\nplt.title('损失');",
    )
    assert warned(session).count("Nowhere Sans") == 1
    assert "Glyph" not in warned(session)


def test_letters_that_no_font_has_are_one_hint_with_the_package_that_has_them() -> None:
    code = (
        f"import matplotlib.pyplot as plt\nplt.title('{NO_FONT_HAS}')\n"
        f"plt.xlabel('$x$ {NO_FONT_HAS}')\nplt.show()"
    )
    session = run(code, code)
    assert session.outcome == "passed"
    assert warned(session) == ""
    (notice,) = session.notices
    assert NO_FONT_HAS in notice
    assert "fonts-noto-cjk" in notice


def test_figures_that_need_no_other_font_search_for_none() -> None:
    session = run(
        "import matplotlib.pyplot as plt\nfrom matplotlib import font_manager\n"
        "fonts = len(font_manager.fontManager.ttflist)\n"
        "plt.title('Größe, 1 µm ≤ α ✓ 😀')\nplt.show()\n"
        "new = len(font_manager.fontManager.ttflist) - fonts\n"
        "print(new, plt.figure().text(0, 0, 'é').get_family())"
    )
    assert session.notices == ()
    assert text(session.results[0]) == "0 ['sans-serif']\n"


def test_a_figure_is_drawn_though_the_search_for_a_font_fails() -> None:
    session = run(
        "import matplotlib.pyplot as plt\nplt.title('a');",
        "from matplotlib import font_manager\nfont_manager.fontManager.ttflist.append(None)\n"
        "plt.title('损失');",
    )
    assert session.outcome == "passed"
    assert len(bundles(session.results)) == 2
    (notice,) = session.notices
    assert "no further fonts are looked for" in notice


@pytest.mark.parametrize("theme", ["", "plt.style.use('ggplot')\n"])
def test_a_figure_has_a_background_of_its_own_to_be_read_on_dark_pages(theme: str) -> None:
    from matplotlib.image import imread

    code = f"import matplotlib.pyplot as plt\n{theme}plt.plot([1, 2]);"
    (bundle,) = bundles([run_one(code, figure_format="png")])
    pixels = imread(io.BytesIO(base64.b64decode(bundle["image/png"])))
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() == 1.0


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ("plt.title('Loss')", "Loss"),
        ("plt.title('Loss'); plt.xlabel('epoch'); plt.ylabel('value')", "Loss, value / epoch"),
        ("plt.title('left', loc='left'); plt.suptitle('All\\n of it')", "All of it; left"),
        ("plt.subplots(1, 2)[1][1].set_title('损失 $w_1$')", "损失 w_1"),
        ("_, (a, b) = plt.subplots(2)\na.set_ylabel('p')\nb.set_ylabel('p')", "p"),
        ("plt.title('word ' * 100)", "word " * 31 + "word..."),
        ("plt.plot([1, 2])", None),
    ],
)
def test_titles_and_labels_are_a_figures_alternative_text(draw: str, said: str | None) -> None:
    code = f"%matplotlib inline\nimport matplotlib.pyplot as plt\n{draw}\nplt.show()"
    (bundle,) = bundles([run_one(code)])
    assert bundle.get(ALTERNATIVE) == said
