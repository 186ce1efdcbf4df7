"""What a running chunk puts out, as finished lines, which scroll, and lines that may change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, assert_never

from tangle.model import MimeBundle, Output, Stream
from tangle.write import Screen, rendered

_CUT_SHORT: Final = re.compile(
    r"(?:(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,16}"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,4096}\x1b?"
    r"|\x1b[ -/]{0,16})\Z"
)
"""An escape sequence whose end has not come yet."""

_MOST_CHANGING: Final = 4
"""Lines that are shown of those that may still change: bars, one below the other."""


class OutputScreen:
    """The output of the chunk that runs.

    Text goes through a separate screen: carriage returns overwrite there, and only there.
    """

    def __init__(self) -> None:
        """Begin with an empty screen."""
        self._screen = Screen()
        self._rest = ""
        self._finished: list[str] = []

    def take(self, outputs: Sequence[Output]) -> None:
        """Add outputs.

        Args:
            outputs: in order.
        """
        for output in outputs:
            match output:
                case Stream(text=text):
                    self._feed(text)
                case MimeBundle():
                    if lines := bundle_lines(output):
                        self._end_lines()
                        self._finished += lines
                case _:
                    assert_never(output)

    def finished(self) -> list[str]:
        """Return the lines that nothing changes any more, each once."""
        lines = [*self._finished, *self._screen.take_settled()]
        self._finished.clear()
        return lines

    def end(self) -> list[str]:
        """Return all lines that are left: the chunk is over."""
        self._end_lines()
        return self.finished()

    def _end_lines(self) -> None:
        self._screen.feed(self._rest)
        lines = self._screen.lines()
        self._screen, self._rest = Screen(), ""
        while lines and not lines[-1].strip():
            lines.pop()
        self._finished += lines

    def changing(self) -> list[str]:
        """Return the last of the lines that may still change."""
        lines = self._screen.lines()
        while lines and not lines[-1].strip():
            lines.pop()
        return [line.expandtabs() for line in lines[-_MOST_CHANGING:]]

    def _feed(self, text: str) -> None:
        text = self._rest + text
        cut = _CUT_SHORT.search(text)
        end = cut.start() if cut else len(text)
        self._rest = text[end:]
        self._screen.feed(text[:end])


def bundle_lines(bundle: MimeBundle) -> list[str]:
    """Return what a terminal shows of a bundle: its text, and a word for each figure and file.

    Args:
        bundle: what a chunk has shown.
    """
    shown = rendered((bundle,))
    lines = shown.text.split("\n") if shown.text else []
    return [*lines, *(f"[{file.link or 'figure'}]" for file in shown.files)]
