"""An area at the bottom of the terminal that is redrawn, while what is printed scrolls above it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TextIO

from tangle_cli.columns import display_width, fitted_line
from tangle_cli.printing import one_line, painted
from tangle_cli.style import Styled, look_of

_TICK: Final = 0.2
"""Seconds between two redraws if nothing is printed."""

_PAUSE: Final = 0.04
"""Seconds from what is printed to its redraw, so that much of it takes few of them."""

_WRAP: Final = "\x1b[?7h"
_NO_WRAP: Final = "\x1b[?7l"
_BEGIN: Final = f"\x1b[?25l{_NO_WRAP}"
_END: Final = f"{_WRAP}\x1b[?25h"
"""No cursor while a frame is drawn, and no line of it that wraps (DECTCEM, DECAWM). Both are undone
in the same write, so that a process may be killed at any time and leave a terminal as it was."""

_SPARE: Final = 3
"""Columns left free behind the last line, for the `^C` of a terminal."""

Size = os.terminal_size
Frame = Callable[[Size], Sequence[str]]
"""The lines of the area for a size of the terminal: at most as many as it has, and cut to fit."""


class LiveArea:
    """Draws the area, in a thread once `start` is called, and what is printed above it.

    Once there is a thread, it alone writes: a terminal that is held (Ctrl-S) delays nothing else.
    """

    def __init__(self, stream: TextIO, frame: Frame) -> None:
        """Draw nothing yet.

        Args:
            stream: a terminal that obeys escape sequences.
            frame: gives the lines of the area; is called in any thread, and may print.
        """
        self._stream = stream
        self._frame = frame
        self._drawing = threading.Lock()
        self._look = look_of(stream)
        self._above: deque[str] = deque()  # filled in one thread, emptied in another
        self._drawn: Sequence[str] = ()
        self._shown = ""
        self._size = Size((0, 0))
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._gone = False

    def start(self) -> None:
        """Have a thread redraw the area from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._redraw, daemon=True)
            self._thread.start()

    def print(self, lines: Iterable[str]) -> None:
        """Print lines above the area, soon.

        Args:
            lines: to print.
        """
        self._above.extend(painted(line, self._look) for line in lines)
        self._wake.set()

    def refresh(self) -> None:
        """Redraw the area: soon, in the thread if there is one, otherwise now."""
        if self._thread is None:
            self.draw()
        else:
            self._wake.set()

    def draw(self, *, last: bool = False) -> None:
        """Draw the area now.

        Args:
            last: take it away instead.
        """
        with self._drawing:
            size = terminal_size(self._stream)
            frame = [] if last else self._fitted(self._frame(size), size)
            above = "".join(f"{self._above.popleft()}\n" for _ in range(len(self._above)))
            body = "\n".join(painted(line, self._look) for line in frame)
            if not above and body == self._shown and size == self._size:
                return
            self._write(f"{_BEGIN}{self._erasing(size)}{_WRAP}{above}{_NO_WRAP}{body}{_END}")
            self._shown, self._size = body, size
            self._drawn = frame

    @staticmethod
    def _fitted(lines: Sequence[str], size: Size) -> list[str]:
        """The lines as far as they fit the terminal."""
        last = len(lines) - 1
        return [
            fitted_line(
                line if isinstance(line, Styled) else one_line(line),
                size.columns - (_SPARE if at == last else 1),
            )
            for at, line in enumerate(lines)
        ]

    def close(self) -> None:
        """Print what is left, and take the area away."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.draw(last=True)

    def _redraw(self) -> None:
        while not self._over.is_set():
            self._wake.wait(_TICK)
            self._over.wait(_PAUSE)  # what comes at once is drawn at once
            self._wake.clear()
            self.draw()

    def _erasing(self, size: Size) -> str:
        """What erases the area, if the terminal now has this size."""
        if not self._drawn:
            return ""
        wraps = size.columns < self._size.columns and _rewraps()
        rows = sum(_rows(line, size.columns) if wraps else 1 for line in self._drawn)
        up = f"\x1b[{rows - 1}A" if rows > 1 else ""
        return f"\r{up}\x1b[J"

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._gone = True  # the terminal was closed: the run continues without it


def _rows(line: str, columns: int) -> int:
    """Return how many lines of a terminal a line takes; no character is broken in two."""
    rows, used = 1, 0
    for character in line:
        width = display_width(character)
        used += width
        if used > columns:
            rows, used = rows + 1, width
    return rows


def terminal_size(stream: TextIO) -> Size:
    """Return the size of a terminal; 80 columns and 24 lines if it does not know."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        size = Size((0, 0))
    return Size((size.columns or 80, size.lines or 24))


def _rewraps() -> bool:
    """Whether the terminal wraps the lines that it shows again when it gets narrower: most do."""
    environment = os.environ
    screen = environment.get("TERM", "").startswith("screen") and "TMUX" not in environment
    return not (screen or environment.get("TERM") == "linux" or "XTERM_VERSION" in environment)


def width_of(stream: TextIO) -> int | None:
    """Return the columns of a terminal; None if a stream is none, and takes lines of any length."""
    return terminal_size(stream).columns if stream.isatty() else None
