"""Writes docs/images/weave-*.png: four pages of the shipped notes' site.

    python tools/weave_pictures.py

Needs Chromium and a font with Chinese characters.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

from page_pictures import browser, has_font

_ROOT: Final = Path(__file__).parents[1]
_IMAGES: Final = _ROOT / "docs" / "images"
_SIZE: Final = (1400, 900)
_COLOURS: Final = 128


class Shot(NamedTuple):
    """A page and how far it is scrolled."""

    name: str
    page: str
    dark: bool = False


_SHOTS: Final = (
    Shot("weave-home", "index.html"),
    Shot("weave-chapter", "线性神经网络.html"),
    Shot("weave-concept", "交叉熵.html", dark=True),
    Shot("weave-package", "package.html"),
)


def main() -> int:
    """Weave the notes and photograph the pages."""
    if browser() is None or not has_font("zh"):
        print("There is no Chromium here, or no Chinese font: the pictures are left as they are.")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = folder / "site"
        subprocess.run(
            [sys.executable, "-m", "tangle_cli", "weave", "--output", str(site)],
            cwd=_ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for shot in _SHOTS:
            _photograph(site, shot, folder / "shot.png")
    return 0


def _photograph(site: Path, shot: Shot, raw: Path) -> None:
    page, _, anchor = shot.page.partition("#")
    address = (site / page).as_uri() + ("#" + anchor if anchor else "")
    scheme = ["--blink-settings=preferredColorScheme=0"] if shot.dark else []
    subprocess.run(
        [
            *(str(browser()), "--headless=new", "--no-sandbox", "--disable-gpu", *scheme),
            *("--hide-scrollbars", "--virtual-time-budget=9000"),
            *("--window-size={},{}".format(*_SIZE), f"--screenshot={raw}", address),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(raw) as taken:
        picture = taken.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        picture.save(_IMAGES / f"{shot.name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
