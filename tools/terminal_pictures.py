"""Make docs/images/terminal-*.svg: `tangle` in terminals of several widths, as tmux shows them.

Run it with the environment's own Python. It needs tmux. The graph is a small one that it writes
into a temporary folder; times in the pictures are those of the machine.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import ColorType
from rich.console import Console

if TYPE_CHECKING:
    from rich.text import Text

IMAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "images"

PATIENCE: Final = 60.0
"""Seconds within which what a picture waits for must appear."""

TRAINING: Final = (
    """\
import sys
import time

for epoch in range(3):
    print(f"epoch {epoch}: loss {1 / (epoch + 1):.3f}")
    time.sleep(0.3)""",
    """\
def bar(steps):
    for step in range(steps + 1):
        done = "█" * (step * 24 // steps)
        sys.stderr.write(f"\\r训练 {step:3}/{steps} |{done:24}|")
        time.sleep(0.05)
    sys.stderr.write("\\n")


bar(60)""",
    """\
def accuracy(right, total):
    # of a batch
    return right / total


accuracy(3, 0)""",
    """\
print("a chunk that does not need it goes on")""",
)
"""The chunks of a page that fails."""


def page(*chunks: str, before: str = "") -> str:
    """Return the text of a page.

    Args:
        chunks: its code.
        before: what is above its first block.
    """
    text = f"{before}- # Notes\n"
    for chunk in chunks:
        lines = (f"\t  {line}" for line in (*chunk.split("\n"), "```"))
        text += "\n".join(["\t- ```python", *lines]) + "\n"
    return text


def slow(seconds: int) -> str:
    """Return a page whose code takes so many seconds."""
    return page(f"import time\n\ntime.sleep({seconds})\nprint('done')")


PAGES: Final = {
    "Training": page(*TRAINING),
    "数据预处理": slow(1),
    "线性回归的从零开始实现": slow(5),
    "Weather": slow(2),
    "Evaluation": page("print('never')", before="tangle.needs:: [[Training]]\n\n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is typed in a terminal of a size, and when the picture is taken.

    Attributes:
        command: what is typed.
        until: a pattern of what must be on the screen; the shell's prompt is `$`.
        variables: of the environment, as a shell assigns them.
    """

    name: str
    columns: int
    lines: int
    command: str
    until: str
    variables: str = ""


RUN: Final = "tangle run --no-server --no-write --fresh"
ALL: Final = f"{RUN} --jobs 3 --all"

PICTURES: Final = (
    Picture(name="bar", columns=80, lines=9, command=f"{RUN} Training", until=r" [345]\d/60"),
    Picture(name="failure", columns=100, lines=26, command=f"{RUN} Training", until=r"\n\$ "),
    Picture(name="table-wide", columns=100, lines=9, command=ALL, until="1 of 5 done"),
    Picture(name="table-60", columns=60, lines=9, command=ALL, until="1 of 5 done"),
    Picture(name="table-40", columns=40, lines=9, command=ALL, until="1 of 5 done"),
    Picture(name="summary", columns=100, lines=25, command=ALL, until=r"\n\$ "),
    Picture(name="ci", columns=100, lines=34, command=ALL, until=r"\n\$ ", variables="CI=1"),
    Picture(name="no-color", columns=60, lines=12, command="tangle list", until=r"\n\$ ",
            variables="NO_COLOR=1"),
    Picture(name="list", columns=60, lines=12, command="tangle list", until=r"\n\$ "),
    Picture(name="list-40", columns=40, lines=12, command="tangle list", until=r"\n\$ "),
)  # fmt: skip


class Tmux:
    """A separate tmux server, with one window."""

    def __init__(self, picture: Picture, folder: Path) -> None:
        """Start it.

        Args:
            picture: which size it has.
            folder: the graph.
        """
        self._socket = folder.parent / f"tmux-{picture.name}"
        environment = {name: text for name, text in os.environ.items() if name not in _LEFT_OUT}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment |= {"PATH": path, "LC_ALL": "C.UTF-8"}
        size = ("-x", str(picture.columns), "-y", str(picture.lines))
        self._call("-f", "/dev/null", "new-session", "-d", *size, "bash --norc --noprofile",
                   environment=environment, folder=folder)  # fmt: skip

    def type(self, line: str) -> None:
        """Type a line, and press Enter."""
        if line:
            self.press(line)
        self._call("send-keys", "Enter")

    def press(self, text: str) -> None:
        """Type some characters."""
        self._call("send-keys", "-l", text)

    def screen(self, *, colour: bool = False) -> str:
        """Return what the window shows, with escape sequences for colours if asked for."""
        return self._call("capture-pane", "-p", *(["-e"] if colour else []))

    def end(self) -> None:
        """Stop it."""
        self._call("kill-server")

    def _call(
        self, *arguments: str, environment: dict[str, str] | None = None, folder: Path | None = None
    ) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        return done.stdout


_LEFT_OUT: Final = ("CI", "TMUX", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


def taken(picture: Picture, folder: Path) -> str:
    """Return what a terminal shows, with escape sequences for its colours.

    Args:
        picture: which.
        folder: the graph.

    Raises:
        TimeoutError: what the picture waits for did not appear.
    """
    tmux = Tmux(picture, folder)
    try:
        tmux.type("PS1='$ '; clear")
        _await(tmux, r"\$ ", exactly=True)
        tmux.type(f"{picture.variables} {picture.command}".strip())
        time.sleep(0.3)
        _await(tmux, picture.until)
        return tmux.screen(colour=True)
    finally:
        tmux.end()


def _await(tmux: Tmux, pattern: str, *, exactly: bool = False) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        screen = tmux.screen().rstrip("\n") + " "
        if re.fullmatch(pattern, screen) if exactly else re.search(pattern, screen):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{pattern!r} did not appear:\n{tmux.screen()}")


# --- SVG ------------------------------------------------------------------------------------------

_CONSOLE: Final = Console()
_LETTER: Final = 8.4
_LINE: Final = 18
_MARGIN: Final = 12
_STYLE: Final = """\
.page { fill: #1e1e24; }
text { font: 14px ui-monospace, "DejaVu Sans Mono", monospace; fill: #e4e4e7; white-space: pre; }
.bold { font-weight: 700; }
.dim { opacity: 0.62; }
.c1 { fill: #f7768e; }
.c2 { fill: #7fd88f; }
.c3 { fill: #e0c074; }
.c6 { fill: #6cc7d9; }"""


def drawn(ansi: str, columns: int) -> str:
    """Return an SVG of what a terminal shows.

    Args:
        ansi: its lines, with escape sequences for colours.
        columns: of the terminal.
    """
    lines = list(AnsiDecoder().decode(ansi.rstrip("\n")))  # a style may go on in the next line
    width = round(columns * _LETTER + 2 * _MARGIN)
    height = len(lines) * _LINE + 2 * _MARGIN
    body = [part for row, line in enumerate(lines) for part in _parts(line, row)]
    title = escape("\n".join(line.plain for line in lines))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{title}</title>",
            f"<style>\n{_STYLE}\n</style>",
            f'<rect class="page" width="{width}" height="{height}" rx="6"/>',
            *body,
            "</svg>\n",
        ]
    )


def _parts(line: Text, row: int) -> Iterator[str]:
    """Yield an element for each part of a line that has one style, and letters of one width."""
    y = _MARGIN + (row + 1) * _LINE - 5
    start = 0
    for (names, _), letters in itertools.groupby(
        range(len(line)), lambda at: (_names(line, at), cell_len(line.plain[at]))
    ):
        end = start + len(list(letters))
        text = line.plain[start:end]
        if text.strip():
            x = _MARGIN + cell_len(line.plain[:start]) * _LETTER
            kind = f' class="{names}"' if names else ""
            length = f'textLength="{cell_len(text) * _LETTER:.1f}" lengthAdjust="spacingAndGlyphs"'
            yield f'<text x="{x:.1f}" y="{y}" {length}{kind}>{escape(text)}</text>'
        start = end


def _names(line: Text, at: int) -> str:
    style = line.get_style_at_offset(_CONSOLE, at)
    names = [name for name, is_set in (("bold", style.bold), ("dim", style.dim)) if is_set]
    if style.color is not None and style.color.type is ColorType.STANDARD:
        names.append(f"c{style.color.number}")
    return " ".join(names)


@contextlib.contextmanager
def graph() -> Iterator[Path]:
    """Provide a folder with the pages, for as long as this lasts."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "notes"
        (root / "pages").mkdir(parents=True)
        (root / "logseq").mkdir()
        (root / "logseq" / "config.edn").write_text("{}\n", encoding="utf-8")
        for title, text in PAGES.items():
            (root / "pages" / f"{title}.md").write_text(text, encoding="utf-8")
        yield root


def main() -> None:
    """Make the pictures that are named, or all."""
    if shutil.which("tmux") is None:
        sys.exit("tmux is not installed")
    wanted = sys.argv[1:]
    for picture in PICTURES:
        if wanted and picture.name not in wanted:
            continue
        with graph() as folder:
            svg = drawn(taken(picture, folder), picture.columns)
        path = IMAGES / f"terminal-{picture.name}.svg"
        path.write_text(svg, encoding="utf-8")
        print(path.relative_to(IMAGES.parents[1]))


if __name__ == "__main__":
    main()
