"""Inline figures in one format, the same bytes each time."""

from __future__ import annotations

import functools
import logging
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from tangle.run.worker.after_import import AfterImport

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib.figure import Figure

SALT = "tangle"
"""What the ids in an SVG are made from beside its content; matplotlib takes a random one."""

_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}
_FORMATTERS = {"svg": "image/svg+xml", "png": "image/png"}


def prepare_figures(chosen: Literal["svg", "png"], after: AfterImport) -> None:
    """Has every inline figure shown as `chosen`, whatever format the notes ask for.

    matplotlib is not imported for it.
    """
    from IPython.core import pylabtools

    # The backend takes it from there.
    pylabtools.select_figure_formats = functools.partial(_select, chosen)
    after.add("matplotlib", _configure)


def _configure(matplotlib: ModuleType) -> None:
    matplotlib.rcParams["svg.hashsalt"] = SALT
    logging.getLogger("matplotlib.font_manager").addFilter(
        lambda record: "font cache" not in record.getMessage()  # once a machine, not the notes'
    )


def _select(
    chosen: Literal["svg", "png"], shell: InteractiveShell, _: object, **options: Any
) -> None:
    """Stands in for `IPython.core.pylabtools.select_figure_formats`."""
    from matplotlib.figure import Figure

    assert shell.display_formatter is not None
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    render = functools.partial(_render, chosen, options)
    formatters[_FORMATTERS[chosen]].for_type(Figure, render)


def _render(chosen: Literal["svg", "png"], options: dict[str, Any], figure: Figure) -> str | None:
    import matplotlib
    from IPython.core.pylabtools import print_figure

    matplotlib.rcParams["svg.hashsalt"] = SALT  # `rcdefaults` and styles may have taken it away
    metadata = {**options.get("metadata", {}), **_METADATA[chosen]}
    wanted = {**options, "metadata": metadata}
    drawn = print_figure(  # type: ignore[no-untyped-call]
        figure, fmt=chosen, base64=chosen == "png", **wanted
    )
    return None if drawn is None else str(drawn)  # None: there is nothing on the figure
