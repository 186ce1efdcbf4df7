"""What objects show beside their text: formatters that fail, widgets, interactive figures."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tangle.engine.worker.after_import import AfterImport
    from tangle.engine.worker.shell import CellShell

WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_METHOD: Final = re.compile(r"_ipython_display_|_repr_(?!pretty_)\w+_")
_PATIENCE: Final = 60.0
"""Seconds that a program which draws a static picture may take."""


def failed_method(error: BaseException | None) -> str | None:
    """Return the method of an object's own that failed to show it; None of any other error.

    Its text can stand for it. What a text form raises is a failure.

    Args:
        error: that came up.
    """
    trace: TracebackType | None = error.__traceback__ if error is not None else None
    while trace is not None:
        name = trace.tb_frame.f_code.co_name
        if _METHOD.fullmatch(name):
            return name
        trace = trace.tb_next
    return None


def value_text(shell: CellShell, value: object) -> str:
    """Return a value as text, as the shell shows it; raise what its `__repr__` raises.

    Args:
        shell: whose settings apply, such as `%precision`.
        value: of an expression.
    """
    assert shell.display_formatter is not None
    plain = shell.display_formatter.formatters["text/plain"]
    # The formatter itself reports an exception as the cell's failure, and returns nothing.
    made: object = type(plain).__call__.__wrapped__(plain, value)  # type: ignore[attr-defined]
    return str(made)


def widget_texts(shown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts of widgets as they are now, by the names that their models have.

    Args:
        shown: the widgets' models that a cell has shown, by name.
    """
    module = sys.modules.get("ipywidgets.widgets.widget")
    instances = getattr(module, "_instances", None) or {}
    for name in shown:
        widget = instances.get(name)
        if widget is not None:
            yield name, repr(widget)


def prepare_displays(shell: CellShell, after: AfterImport) -> None:
    """Has interactive figures shown as pages of HTML that need nothing else.

    Args:
        shell: that shows them.
        after: runs actions after imports.
    """
    after.add("plotly.io._renderers", lambda module: _take_plotly(module, shell))


def _take_plotly(module: ModuleType, shell: CellShell) -> None:
    """Has plotly's figures shown by a renderer of ours, unless the user chose one."""
    import os

    if os.environ.get("PLOTLY_RENDERER"):
        return

    class Renderer(module.ExternalRenderer):  # type: ignore[misc,name-defined]
        """Shows a figure as HTML with all of plotly in it, and a picture where kaleido draws it."""

        def render(self, figure: Mapping[str, Any]) -> None:
            """Shows a figure."""
            shell.display_pub.publish(dict(_plotly_forms(figure)))

    module.renderers["tangle"] = Renderer()
    module.renderers.default = "tangle"


def _plotly_forms(figure: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    from importlib.util import find_spec

    io = sys.modules["plotly.io"]
    yield "text/plain", f"plotly figure: {_titled(figure)}"
    yield "application/vnd.plotly.v1+json", figure
    yield "text/html", io.to_html(figure, include_plotlyjs=True, full_html=True, validate=False)
    if find_spec("kaleido") is not None:
        picture = within(_PATIENCE, lambda: io.to_image(figure, format="png", validate=False))
        if picture is not None:
            yield "image/png", picture


def _titled(figure: Mapping[str, Any]) -> str:
    title = (figure.get("layout") or {}).get("title")
    text = title.get("text") if isinstance(title, Mapping) else title
    kinds = dict.fromkeys(str(trace.get("type", "")) for trace in figure.get("data") or ())
    return str(text) if text else ", ".join(filter(None, kinds)) or "empty"


def within(seconds: float, draw: Callable[[], bytes]) -> bytes | None:
    """Return a picture, or None with a line that says why there is none.

    Args:
        seconds: that it may take; what hangs is left behind.
        draw: draws it.
    """
    found: list[bytes] = []
    said: list[str] = []

    def run() -> None:
        try:
            found.append(draw())
        except Exception as error:  # noqa: BLE001 -- whatever it is, the HTML shows the figure
            said.append(f"{type(error).__name__}: {error}".split("\n", 1)[0])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if found:
        return found[0]
    why = said[0] if said else f"not done after {seconds:.0f} s"
    sys.stderr.write(f"no static picture of the figure: {why}\n")
    return None
