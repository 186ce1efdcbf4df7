"""What a running chunk puts out, as finished lines, which scroll, and lines that may change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, assert_never

from tangle.model import MimeBundle, Output, Stream
from tangle.write import Screen, rendered

_CUT_SHORT: Final = re.compile(r"\x1b(?:[\[\]PX^_][^\x07\x1b@-~]{0,60}|[ -/]{0,3})?\Z")
"""An escape sequence whose end has not come yet."""

_MOST_CHANGING: Final = 4
"""Lines that are shown of those that may still change: bars, one below the other."""


class OutputScreen:
    """The output of the chunk that runs.

    Text goes through a screen of its own: carriage returns overwrite there, and only there.
    """

    def __init__(self) -> None:
        self._screen = Screen()
        self._rest = ""

    def take(self, outputs: Sequence[Output]) -> list[str]:
        """Add outputs; return the lines that are finished.

        Args:
            outputs: in order.
        """
        lines: list[str] = []
        for output in outputs:
            match output:
                case Stream(text=text):
                    self._feed(text)
                    lines += self._screen.take_settled()
                case MimeBundle():
                    if bundle := bundle_lines(output):
                        lines += self.finish()
                        lines += bundle
                case _:
                    assert_never(output)
        return lines

    def finish(self) -> list[str]:
        """Return the lines that were not finished: nothing changes them any more."""
        self._screen.feed(self._rest)
        lines = self._screen.lines()
        self._screen, self._rest = Screen(), ""
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

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
    """Return what a terminal shows of a bundle: its text, and a word for each figure.

    Args:
        bundle: what a chunk has shown.
    """
    shown = rendered((bundle,))
    lines = shown.text.split("\n") if shown.text else []
    return [*lines, *["[figure]"] * len(shown.figures)]
