"""Fonts for the text of figures whose own font lacks its letters, such as Chinese titles.

Figures are usually drawn with DejaVu Sans, which has no Chinese, Japanese or Korean letters.
matplotlib asks for a text's layout before it draws it. At that moment an installed font that has
the missing letters is appended to the families of that text, so the families that the notes chose
still come first. Figures without such text cost one `str.isascii` per text.
"""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from tangle.engine.wire import Noted
from tangle.engine.worker.after_import import AfterImport

if TYPE_CHECKING:
    from matplotlib.text import Text

    from tangle.engine.worker.reporter import Reporter

_SIMPLIFIED: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "STHeiti", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback",
)  # fmt: skip
_JAPANESE: Final = (
    "Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Source Han Sans", "Hiragino Sans",
    "Hiragino Kaku Gothic ProN", "Yu Gothic", "Meiryo", "MS Gothic", "IPAexGothic", "IPAGothic",
    "TakaoGothic", "VL Gothic",
)  # fmt: skip
_KOREAN: Final = (
    "Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans KR", "Source Han Sans K",
    "Apple SD Gothic Neo", "AppleGothic", "Malgun Gothic", "NanumGothic", "UnDotum",
)  # fmt: skip
_USELESS: Final = re.compile(r"\.?last ?resort|adobe blank|.*(color|emoji)", re.IGNORECASE)
"""Fonts that have a box for every letter, or pictures that matplotlib cannot draw."""

_KANA: Final = re.compile("[\u3041-\u30ff\uff66-\uff9d]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]"
)
_PUNCTUATION: Final = re.compile("[\u3000-\u303f\uff00-\uffef]")
_BEYOND_BMP: Final = range(0x20000, 0x40000)  # the planes of rare Chinese characters
_MOST_SHOWN: Final = 8


def prepare_fonts(after: AfterImport, reporter: Reporter) -> None:
    """Have figures drawn with fonts that have their letters; matplotlib is not imported for it.

    Args:
        after: runs actions after imports.
        reporter: is sent a notice if no installed font has some letters.
    """
    fonts = _Fonts(reporter)
    after.add("matplotlib.font_manager", fonts.quiet)
    after.add("matplotlib.text", fonts.attach)


class _Fonts:
    """Completes the families of texts; remembers what each font has."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._has: dict[tuple[str, str], bool] = {}
        self._appended: set[str] = set()
        self._absent: set[str] = set()
        self._said: set[str] = set()
        self._searched = False
        self._choosing = False

    def quiet(self, _: ModuleType) -> None:
        """Filter matplotlib's messages about fonts."""
        logging.getLogger("matplotlib.font_manager").addFilter(self._is_news)
        logging.getLogger("matplotlib.mathtext").addFilter(self._is_unexpected)

    def attach(self, module: ModuleType) -> None:
        """Complete each text just before matplotlib lays it out."""
        layout = getattr(module.Text, "_get_layout", None)
        if layout is None:
            return  # a matplotlib that works otherwise draws as it does by itself

        def completed_layout(text: Text, *arguments: Any) -> Any:
            if not text.get_text().isascii():
                try:
                    self.complete(text)
                except Exception as error:  # noqa: BLE001 -- the figure is drawn without it
                    module.Text._get_layout = layout  # noqa: SLF001
                    said = f"no further fonts are looked for: {type(error).__name__}: {error}"
                    self._reporter.send(Noted(text=said))
            return layout(text, *arguments)

        module.Text._get_layout = completed_layout  # noqa: SLF001 -- nothing public comes so late

    def complete(self, text: Text) -> None:
        """Append families that have the letters which the text's own fonts lack."""
        properties = text.get_fontproperties()
        if text.get_usetex() or properties.get_file() is not None:
            return  # TeX, or a single file that the notes chose
        said = text.get_text()
        # matplotlib draws text beside a formula with the first family alone.
        own = _paths(properties)[:1] if _has_formula(text) else _paths(properties)
        lacking = {c for c in set(said) - self._absent if self._lacks(own, c)}
        if not lacking:
            return
        self._choosing = True
        try:
            families, lacking = self._choose(lacking, said)
        finally:
            self._choosing = False
        if families:
            theirs = properties.get_family()
            is_first = _has_formula(text) and self._has_glyph(_paths(families[0])[0], "a")
            text.set_fontfamily([*families, *theirs] if is_first else [*theirs, *families])
        if lacking:
            self._report([letter for letter in dict.fromkeys(said) if letter in lacking])

    def _choose(self, letters: set[str], text: str) -> tuple[list[str], set[str]]:
        """Return families that have the letters, and the letters that no installed font has."""
        families: list[str] = []
        while letters and (family := self._best(letters, text)):
            families.append(family)
            letters = {letter for letter in letters if self._lacks(_paths(family), letter)}
        self._appended.update(families)
        return families, letters

    def _lacks(self, paths: Sequence[str], letter: str) -> bool:
        return _is_letter(letter) and not any(self._has_glyph(path, letter) for path in paths)

    def _has_glyph(self, path: str, letter: str) -> bool:
        key = (repr(path), letter)  # of a collection of fonts, `str` names the file alone
        if key not in self._has:
            self._has[key] = _has_glyph(path, letter)
        return self._has[key]

    def _best(self, letters: set[str], text: str) -> str | None:
        """Return the family that has most of the letters; of equals, the first in order."""
        for again in (False, True):
            if again and not self._search():
                break
            best, most = None, 0
            for family in _candidates(text):
                found = sum(not self._lacks(_paths(family), letter) for letter in letters)
                if found > most:
                    best, most = family, found
                if most == len(letters):
                    break
            if best is not None:
                return best
        return None

    def _search(self) -> bool:
        """Add fonts installed since matplotlib listed them; return whether there are any."""
        if self._searched:
            return False
        self._searched = True
        from matplotlib import font_manager

        known = {entry.fname for entry in font_manager.fontManager.ttflist}
        found = sorted(set(_font_files()) - known)
        for path in found:
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError, ValueError):
                continue  # damaged, or of a kind that matplotlib does not read
        return bool(found)

    def _report(self, letters: Sequence[str]) -> None:
        """Say once that there is no font, instead of one warning for each letter."""
        first = not self._absent
        self._absent.update(letters)
        for letter in letters:
            warnings.filterwarnings("ignore", message=rf"Glyph {ord(letter)} \(")
        if first:
            self._reporter.send(Noted(text=_hint(letters)))

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Whether a message about fonts is one of the notes' own, for the first time."""
        message = record.getMessage()
        if self._choosing or "font cache" in message or message in self._said:
            return False  # the cache is built once a machine
        self._said.add(message)
        weight = message.startswith("findfont: Failed to find font weight")
        return not (weight and any(f" for {family}," in message for family in self._appended))

    def _is_unexpected(self, record: logging.LogRecord) -> bool:
        """Whether a message of a formula is about a letter that was not reported yet."""
        return not any(f"[U+{ord(letter):x}]" in record.getMessage() for letter in self._absent)


def _is_letter(character: str) -> bool:
    """Whether a character beyond ASCII is a letter, a mark, or East Asian punctuation: no emoji."""
    is_letter = not character.isascii() and unicodedata.category(character)[0] in "LM"
    return is_letter or _PUNCTUATION.match(character) is not None


def _is_east_asian(character: str) -> bool:
    return _EAST_ASIAN.match(character) is not None or ord(character) in _BEYOND_BMP


def _has_formula(text: Text) -> bool:
    from matplotlib.cbook import is_math_text

    return text.get_parse_math() and any(map(is_math_text, text.get_text().split("\n")))


def _paths(family: Any) -> Sequence[str]:
    """Return the files of a family, or of a text's properties; none where it is not installed."""
    from matplotlib import font_manager

    if isinstance(family, str):
        family = font_manager.FontProperties(family=[family])
        try:
            return (font_manager.findfont(family, fallback_to_default=False),)
        except ValueError:
            return ()
    found: Sequence[str] = font_manager.fontManager._find_fonts_by_props(family)  # noqa: SLF001
    return found


def _has_glyph(path: str, letter: str) -> bool:
    from matplotlib import font_manager

    try:
        return bool(font_manager.get_font(path).get_char_index(ord(letter)))
    except (OSError, RuntimeError):
        return False


def _candidates(text: str) -> Iterator[str]:
    """Yield installed families, those made for the text's language first; the order is fixed."""
    from matplotlib import font_manager

    names = {entry.name for entry in font_manager.fontManager.ttflist if entry.style == "normal"}
    preferred: tuple[str, ...] = (*_SIMPLIFIED, *_JAPANESE, *_KOREAN)
    if _KANA.search(text):
        preferred = (*_JAPANESE, *preferred)
    elif _HANGUL.search(text):
        preferred = (*_KOREAN, *preferred)
    yield from (name for name in dict.fromkeys(preferred) if name in names)
    rest = sorted(names - set(preferred))
    yield from (name for name in rest if not _USELESS.match(name))


def _font_files() -> Iterator[str]:
    """Yield the font files in the folders of the system and the user; no program is started."""
    from matplotlib import font_manager

    if sys.platform == "win32":
        yield from map(str, font_manager.findSystemFonts())
        return
    folders = (*font_manager.X11FontDirectories, *font_manager.OSXFontDirectories)
    for folder in dict.fromkeys(map(str, folders)):
        yield from map(str, font_manager.list_fonts(folder, ["ttf", "ttc", "otf"]))


def _hint(letters: Sequence[str]) -> str:
    shown = "".join(letters[:_MOST_SHOWN])
    if any(map(_is_east_asian, letters)):
        way = (
            "install fonts-noto-cjk or fonts-wqy-zenhei (Debian, Ubuntu) and run again with --fresh"
        )
    else:
        way = "install a font for this script, such as fonts-noto-core (Debian, Ubuntu)"
    return f"no installed font has letters that a figure shows, such as {shown}: {way}"
