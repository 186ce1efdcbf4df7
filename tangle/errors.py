"""One class per way to fail: each carries its facts, says the way out, and knows its exit code."""

from __future__ import annotations

from typing import ClassVar


class TangleError(Exception):
    """Base of the errors that tangle raises on purpose.

    The message starts with the place and ends with the way out.
    """

    exit_code: ClassVar[int] = 1


class UsageError(TangleError):
    """What was asked for does not exist or makes no sense."""

    exit_code = 2


class Refused(TangleError):
    """Something stands in the way, and nothing was changed."""

    exit_code = 3


class ChangedMeanwhile(Refused):
    """A page was saved while the notes were being read."""

    def __init__(self, path: str) -> None:
        """Name the page."""
        super().__init__(f"{path}: this page was saved while the notes were read; try again")
