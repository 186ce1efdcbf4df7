"""Alternative text of figures, from their titles and the labels of their axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from IPython.core.formatters import BaseFormatter

from tangle.model import ALTERNATIVE_TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CHARACTERS = 160


class AlternativeText(BaseFormatter):
    """Adds a figure's alternative text to its bundle."""

    def __init__(self, kind: type[Figure]) -> None:
        """Format objects of `kind`, matplotlib's figures."""
        super().__init__(format_type=ALTERNATIVE_TEXT, print_method="_repr_alternative_text_")
        self.for_type(kind, alternative_text)  # type: ignore[no-untyped-call]


def alternative_text(figure: Figure) -> str | None:
    """Return what a figure says that it shows, in one line; None where it has no titles or labels.

    Titles come first, then `y / x` for the labels of axes; what is there twice is said once.
    """
    heading = getattr(figure, "_suptitle", None)
    said = [] if heading is None else [_line(heading.get_text())]
    said += (", ".join(_parts(axes)) for axes in figure.axes)
    text = "; ".join(filter(None, dict.fromkeys(said)))
    if len(text) > _MOST_CHARACTERS:
        text = text[:_MOST_CHARACTERS].rsplit(" ", 1)[0] + "..."
    return text or None


def _parts(axes: Axes) -> Iterator[str]:
    """Yield the titles of axes, and their labels."""
    titles = (_line(axes.get_title(place)) for place in ("left", "center", "right"))
    yield from filter(None, titles)
    labels = _line(axes.get_ylabel()), _line(axes.get_xlabel())
    if any(labels):
        yield " / ".join(filter(None, labels))


def _line(text: str) -> str:
    return " ".join(text.replace("$", " ").replace("\\", " ").split())
