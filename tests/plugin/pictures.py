"""Makes the pictures of docs/how-to/logseq-plugin.md: the plugin in Chromium, with a real server.

make plugin-pictures
"""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from tests.browser import browsing, needs_chromium
from tests.graphs import MakeNotes
from tests.plugin.building import needs_packages
from tests.plugin.desks import Desk, build_plugin, desk_of

pytestmark = [needs_chromium, needs_packages]

IMAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
COLOURS: Final = 256
FRAME: Final = {"width": 940, "height": 560}
COLUMNS: Final = 2
GAP: Final = 14
CAPTION: Final = 34

PAGES: Final = {
    "Descent": (
        "- ## Gradient descent\n"
        "\t- The smallest x² + 2x, step by step.\n"
        "\t- {{renderer :tangle-run}}\n"
        "\t  ```python\n\t  def slope(x):\n\t      return 2 * x + 2\n\t  ```\n"
        "\t- ```python\n\t  import time\n\n\t  x = 5.0\n\t  for step in range(1, 5):\n"
        "\t      x -= 0.4 * slope(x)\n\t      print(f'step {step}: x = {x:.3f}')\n"
        "\t      time.sleep(0.7)\n\t  ```\n"
    ),
    "Reading": (
        "- ```python\n  #@save\n  def mean(values):\n  return sum(values) / len(values)\n  ```\n"
        "- ```python\n  total = 0\n  fro value in range(9):\n      total += value\n  ```\n"
    ),
}


class Strip:
    """Screenshots of one run, each with what it shows and when it was taken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._began: float | None = None
        self._frames: list[tuple[str, Image.Image]] = []

    def begin(self) -> None:
        """Count the time from now on."""
        self._began = time.monotonic()

    def take(self, words: str) -> Image.Image:
        """Add what the window shows now, and return it."""
        since = "" if self._began is None else f"after {time.monotonic() - self._began:.1f} s: "
        frame = shot(self._desk)
        self._frames.append((f"{len(self._frames) + 1}   {since}{words}", frame))
        return frame

    def save(self, name: str) -> None:
        """Write the strip, with the first screenshot at the top left."""
        width, height = FRAME["width"] + GAP, FRAME["height"] + CAPTION + GAP
        rows = -(-len(self._frames) // COLUMNS)
        whole = Image.new("RGB", (COLUMNS * width + GAP, rows * height + GAP), "#e3e9ec")
        draw = ImageDraw.Draw(whole)
        font = ImageFont.load_default(size=20)
        for number, (words, frame) in enumerate(self._frames):
            left = GAP + number % COLUMNS * width
            top = GAP + number // COLUMNS * height
            draw.text((left + 4, top + 4), words, fill="#22303a", font=font)
            whole.paste(frame, (left, top + CAPTION))
        save(whole, name)


def shot(desk: Desk) -> Image.Image:
    """What the window shows, once it is drawn."""
    desk.tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60)))")
    return Image.open(BytesIO(desk.tab.screenshot())).convert("RGB")


def save(picture: Image.Image, name: str) -> None:
    """Write a picture with few colours: it shows text on plain grounds."""
    kept = Image.Quantize.MAXCOVERAGE  # the small dots of the states too
    small = picture.quantize(COLOURS, method=kept, dither=Image.Dither.NONE)
    small.save(IMAGES / f"{name}.png", optimize=True)


def test_pictures(notes: MakeNotes, tmp_path: Path) -> None:
    built = build_plugin(tmp_path / "dist")
    graph = notes({"Descent": PAGES["Descent"]})
    toolbar = "document.querySelector('#plugin-item a').click()"
    with browsing() as browser, desk_of(browser, built, graph, "Descent", **FRAME) as desk:
        desk.state("connected")
        desk.tab.wait("document.querySelector('button[data-uuid]')")
        strip = Strip(desk)
        strip.take("a page, and a run button that a person has inserted")
        desk.tab.evaluate(
            "document.querySelector(`[data-uuid='${uuidOf('The smallest')}'] > .dot`).click()"
        )
        strip.take("the menu of a block")
        desk.tab.evaluate(toolbar)
        strip.begin()
        desk.click("The smallest", "tangle: Run section")
        desk.panel("step 1")
        strip.take("the section runs")
        desk.panel("step 3")
        strip.take("it prints")
        desk.message("passed", "success")
        desk.press("Close")
        desk.tab.wait("document.getElementById('page').textContent.includes('step 4')")
        strip.take("its output is in the page")
        desk.notes.write("Reading", PAGES["Reading"])
        desk.state("problems")
        desk.tab.evaluate(toolbar)
        desk.panel("pages/Reading.md")
        save(strip.take("another page was saved, with problems"), "plugin-problems")
        strip.save("plugin-strip")
