"""Inline figures in one format, byte-identical between runs."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from tangle.engine.output_limits import LARGEST_SVG
from tangle.engine.wire import Noted
from tangle.engine.worker.after_import import AfterImport
from tangle.engine.worker.figure_text import AlternativeText
from tangle.engine.worker.fonts import prepare_fonts
from tangle.model import ALTERNATIVE_TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tangle.engine.worker.reporter import Reporter
    from tangle.engine.worker.shell import CellShell

SALT = "tangle"
"""What the ids in an SVG are made from beside its content; matplotlib takes a random one."""

_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def prepare_figures(chosen: Literal["svg", "png"], after: AfterImport, reporter: Reporter) -> None:
    """Has every inline figure shown as `chosen`, whatever format the notes ask for.

    matplotlib is not imported for it.

    Args:
        chosen: the format.
        after: runs actions after imports.
        reporter: is sent notices about figures.
    """
    from IPython.core import pylabtools

    # The backend takes it from there.
    pylabtools.select_figure_formats = functools.partial(_select, chosen)
    after.add("matplotlib", _configure)
    prepare_fonts(after, reporter)


def _configure(matplotlib: ModuleType) -> None:
    matplotlib.rcParams["svg.hashsalt"] = SALT


def _select(chosen: Literal["svg", "png"], shell: CellShell, _: object, **options: Any) -> None:
    """Stands in for `IPython.core.pylabtools.select_figure_formats`."""
    from matplotlib.figure import Figure

    assert shell.display_formatter is not None
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters[ALTERNATIVE_TEXT] = AlternativeText(Figure)
    if chosen == "png":
        formatters["image/png"].for_type(Figure, functools.partial(_png, options))
        return
    large = _LargeFigures(options, shell.reporter)
    # IPython asks for the one before the other.
    formatters["image/svg+xml"].for_type(Figure, large.svg)
    formatters["image/png"].for_type(Figure, large.png)


class _LargeFigures:
    """Figures as SVG, but for those that would be too large: these are PNG."""

    def __init__(self, options: Mapping[str, Any], reporter: Reporter) -> None:
        self._options, self._reporter = options, reporter
        self._figure: Figure | None = None

    def svg(self, figure: Figure) -> str | None:
        """The SVG; None where there is nothing to show, or it is too large."""
        self._figure = None
        if not figure.axes and not figure.lines:
            return None
        file = _SvgFile()
        given = {
            "format": "svg",
            "facecolor": figure.get_facecolor(),
            "edgecolor": figure.get_edgecolor(),
            "dpi": figure.dpi,
            "bbox_inches": "tight",
            **_settings("svg", self._options),
        }
        try:
            figure.canvas.print_figure(file, **given)
        except _TooLarge:
            self._figure = figure
            size = f"{LARGEST_SVG >> 20} MiB"
            self._reporter.send(
                Noted(
                    text=f"a figure is shown as a PNG, as its SVG would be larger than {size}; "
                    "rasterized=True makes pixels of its points alone"
                )
            )
            return None
        return file.getvalue().decode()

    def png(self, figure: Figure) -> str | None:
        """The PNG of a figure that is too large as SVG; None of any other."""
        return _png(self._options, figure) if figure is self._figure else None


class _TooLarge(Exception):
    """The SVG is larger than it may be."""


class _SvgFile(io.BytesIO):
    """A file that stops its writer, rather than have it go on for half a minute."""

    def write(self, data: Any) -> int:
        """Takes bytes.

        Raises:
            _TooLarge: they are too many.
        """
        if self.tell() + len(data) > LARGEST_SVG:
            raise _TooLarge
        return super().write(data)


def _png(options: Mapping[str, Any], figure: Figure) -> str | None:
    from IPython.core.pylabtools import print_figure

    drawn = print_figure(  # type: ignore[no-untyped-call]
        figure, fmt="png", base64=True, **_settings("png", options)
    )
    return None if drawn is None else str(drawn)  # None: there is nothing on the figure


def _settings(chosen: Literal["svg", "png"], options: Mapping[str, Any]) -> dict[str, Any]:
    import matplotlib

    matplotlib.rcParams["svg.hashsalt"] = SALT  # `rcdefaults` and styles may have taken it away
    return {**options, "metadata": {**options.get("metadata", {}), **_METADATA[chosen]}}
