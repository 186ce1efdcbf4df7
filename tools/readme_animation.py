"""Make docs/images/run.gif: a terminal in which a note is run, and the note beside it.

    python tools/readme_animation.py

What the terminal shows is a real run, in tmux; what the page shows is the note before and after
it, drawn as docs/reference/results.md explains. It needs tmux, node, mldoc (`make mldoc`) and
Chromium.
"""

from __future__ import annotations

# ruff: noqa: E101 -- a page of Logseq has blanks behind its tabs
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

from logseq_html import page_html
from logseq_page import Settings, can_read_pages, read_pages
from page_pictures import browser, picture
from terminal_pictures import Picture, Tmux, drawn

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "images" / "run.gif"

NOTE: Final = """\
- # Savings
	- What a sum is worth after some years, at a rate of interest:
	- ```python
	  def worth(rate, years, start=100):  #@save
	      return start * (1 + rate) ** years
	  ```
	- Ten years, at three rates:
	- ```python
	  import matplotlib.pyplot as plt

	  for rate in 0.02, 0.04, 0.06:
	      values = [worth(rate, year) for year in range(11)]
	      print(f"{rate:.0%}: {values[-1]:.2f}")
	      plt.plot(values, label=f"{rate:.0%}")
	  plt.gcf().set_size_inches(4.2, 1.6)
	  plt.legend()
	  plt.show()
	  ```
"""
SETTINGS: Final = "{:block-hidden-properties #{:tangle.output}}"
COMMAND: Final = "tangle run Savings"
COLUMNS: Final = 58
LINES: Final = 20
_PAGE: Final = 540
_HEIGHT: Final = 610
_GAP: Final = 16
_COLOURS: Final = 96
_WIDTH: Final = round(COLUMNS * 8.4 + 24)
_MARGIN: Final = 12
_ROUND: Final = 8
"""What a picture has below the SVG, and the height of the SVG's round corners, in pixels."""

_TERMINAL: Final = (30, 30, 36)
_PATIENCE: Final = 60.0


class Frame(NamedTuple):
    """What the terminal shows, whether the note has its outputs, and for how many milliseconds."""

    screen: str
    after: bool
    duration: int


def main() -> int:
    """Run the note, and make the animation; without the programs, leave it as it is."""
    if browser() is None or not can_read_pages():
        print("Chromium, node and mldoc are needed: the animation is left as it is.")
        return 0
    with tempfile.TemporaryDirectory() as name:
        graph = Path(name) / "notes"
        for folder in ("logseq", "pages"):
            (graph / folder).mkdir(parents=True)
        (graph / "logseq" / "config.edn").write_text(SETTINGS, encoding="utf-8")
        (graph / "tangle.toml").write_text("server = false\n", encoding="utf-8")
        note = graph / "pages" / "Savings.md"
        note.write_text(NOTE, encoding="utf-8")
        before = _page(note, Path(name) / "before.png")
        frames = list(_frames(graph))
        after = _page(note, Path(name) / "after.png")
        images = [
            _joined(_terminal(frame.screen, Path(name)), after if frame.after else before)
            for frame in frames
        ]
    images[0].save(
        TARGET,
        save_all=True,
        append_images=images[1:],
        duration=[frame.duration for frame in frames],
        loop=0,
        optimize=True,
    )
    print(f"{len(frames)} frames, {TARGET.stat().st_size:,} bytes")
    return 0


def _frames(graph: Path) -> Iterator[Frame]:
    """Type the command, and yield each state of the screen until the prompt is back."""
    tmux = Tmux(Picture(name="readme", columns=COLUMNS, lines=LINES, command="", until=""), graph)
    try:
        tmux.type("PS1='$ '; clear")
        time.sleep(1.0)
        yield Frame(tmux.screen(colour=True), after=False, duration=1200)
        for end in range(1, len(COMMAND) + 1):
            tmux.press(COMMAND[end - 1])
            time.sleep(0.1)
            if end % 3 == 0 or end == len(COMMAND):
                yield Frame(tmux.screen(colour=True), after=False, duration=180)
        tmux.type("")
        yield from _until_prompt(tmux)
        yield Frame(tmux.screen(colour=True), after=True, duration=5000)
    finally:
        tmux.end()


def _until_prompt(tmux: Tmux) -> Iterator[Frame]:
    """Yield the states of the screen while the command runs."""
    began = last = time.monotonic()
    shown = tmux.screen(colour=True)
    while time.monotonic() < began + _PATIENCE:
        screen = tmux.screen(colour=True)
        if screen != shown:
            now = time.monotonic()
            yield Frame(shown, after=False, duration=max(60, round(1000 * (now - last))))
            shown, last = screen, now
        if tmux.screen().rstrip("\n").endswith("\n$"):
            return
        time.sleep(0.05)
    raise TimeoutError(tmux.screen())


def _page(note: Path, target: Path) -> Image.Image:
    [blocks] = read_pages([note.read_text(encoding="utf-8")])
    html = page_html(blocks, Settings.of(SETTINGS), base=note.parent)
    picture(html, target, width=_PAGE, height=_HEIGHT, colours=256)
    with Image.open(target) as opened:
        return opened.convert("RGB")


def _terminal(screen: str, folder: Path) -> Image.Image:
    target = folder / "terminal.png"
    style = "<style>body { margin: 0 } svg { display: block }</style>"
    svg = drawn(screen.rstrip("\n"), COLUMNS)
    picture(style + svg, target, width=_WIDTH, colours=256)
    with Image.open(target) as opened:
        return opened.convert("RGB").crop((0, 0, _WIDTH, opened.height - _MARGIN - _ROUND))


def _joined(terminal: Image.Image, page: Image.Image) -> Image.Image:
    """Return a frame: the terminal on the left, the page on the right."""
    size = (terminal.width + _GAP + _PAGE, _HEIGHT)
    image = Image.new("RGB", size, "white")
    image.paste(_TERMINAL, (0, 0, terminal.width, _HEIGHT))
    image.paste(
        terminal.crop((_ROUND, _ROUND, terminal.width - _ROUND, terminal.height)), (_ROUND, _ROUND)
    )
    image.paste(page, (terminal.width + _GAP, 0))
    return image.quantize(_COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main())
