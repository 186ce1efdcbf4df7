"""Takes pictures of HTML documents with Chromium, cut to what they show."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_TALLEST: Final = 6000
_MARGIN: Final = 12
_TIMEOUT: Final = 60
_ATTEMPTS: Final = 4
"""On a busy machine Chromium may hang, and be well the next time."""


def browser() -> str | None:
    """The path of a Chromium, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def has_font(language: str) -> bool:
    """Whether a font is installed that has a language's characters.

    Args:
        language: its code, such as `zh`.
    """
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    done = subprocess.run([lister, f":lang={language}"], capture_output=True, check=True)
    return bool(done.stdout.strip())


def picture(html: str, target: Path, *, width: int, height: int = 1200, colours: int = 96) -> None:
    """Write a picture of a document as PNG, without the empty space below.

    Args:
        html: the document; it may name files.
        target: the picture's file.
        width: in pixels.
        height: at most, in pixels.
        colours: of the palette.
    """
    command = browser()
    if command is None:
        raise FileNotFoundError("there is no Chromium here")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, shot = folder / "page.html", folder / "page.png"
        source.write_text(html, encoding="utf-8")
        for attempt in range(_ATTEMPTS):
            try:
                subprocess.run(
                    [
                        *(command, "--headless", "--no-sandbox", "--disable-gpu"),
                        *("--hide-scrollbars", "--force-device-scale-factor=1"),
                        *("--run-all-compositor-stages-before-draw",),
                        *("--allow-file-access-from-files",),
                        f"--user-data-dir={folder / f'profile-{attempt}'}",
                        f"--window-size={width},{_TALLEST}",
                        f"--screenshot={shot}",
                        source.as_uri(),
                    ],
                    check=True,
                    capture_output=True,
                    timeout=_TIMEOUT,
                )
                break
            except subprocess.TimeoutExpired:
                if attempt == _ATTEMPTS - 1:
                    raise
        with Image.open(shot) as opened:
            image = opened.convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    bottom = box[3] + _MARGIN if box else _MARGIN
    image = image.crop((0, 0, width, min(bottom, height, image.height)))
    image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        target, optimize=True
    )
