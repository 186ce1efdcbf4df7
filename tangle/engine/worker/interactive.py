"""Have interactive figures shown as pages of HTML, and as pictures where a program draws them.

Nothing here imports a library: it acts when the user's code has imported one.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from tangle.engine.worker.after_import import AfterImport
    from tangle.engine.worker.shell import CellShell

Drawn = TypeVar("Drawn")

_PATIENCE: Final = 60.0
"""Seconds that a program which draws a static picture may take."""


def prepare_interactive(shell: CellShell, after: AfterImport) -> None:
    """Has interactive figures shown as pages of HTML that a browser opens.

    Args:
        shell: that shows them.
        after: runs actions after imports.
    """
    after.add("plotly.io._renderers", lambda module: _take_plotly(module, shell))
    after.add("altair.vegalite", _take_altair)
    after.add("bokeh.io", lambda module: _take_bokeh(module, shell))


def _take_altair(module: ModuleType) -> None:
    """Adds a picture to the HTML of Altair's charts, where vl-convert is there to draw it."""
    renderers = module.renderers
    if renderers.active != "default" or find_spec("vl_convert") is None:
        return
    as_html = renderers.get()
    with renderers.enable("svg"):
        as_svg = renderers.get()

    def render(spec: Mapping[str, Any], **options: Any) -> Mapping[str, Any]:
        drawn = within(_PATIENCE, lambda: as_svg(spec))
        return {**as_html(spec, **options), **(drawn or {})}

    renderers.register("tangle", render)
    renderers.enable("tangle")


def _take_bokeh(module: ModuleType, shell: CellShell) -> None:
    """Has Bokeh's figures shown as HTML with all of Bokeh in it, not as scripts for Jupyter."""

    def load(*_: Any, **__: Any) -> None:
        """Loads nothing: each page of HTML has what it needs."""

    def show(figure: Any, *_: Any, **__: Any) -> None:
        resources, embed = sys.modules["bokeh.resources"], sys.modules["bokeh.embed"]
        title = getattr(getattr(figure, "title", None), "text", None) or "Bokeh"
        html = embed.file_html(figure, resources=resources.INLINE, title=title)
        plain = f"Bokeh figure: {title}"
        shell.display_pub.publish({"text/plain": plain, "text/html": html})

    def show_app(*_: Any, **__: Any) -> None:
        sys.stderr.write("a Bokeh application needs a server, and is not shown\n")

    module.install_notebook_hook("jupyter", load, show, show_app, overwrite=True)


def _take_plotly(module: ModuleType, shell: CellShell) -> None:
    """Has plotly's figures shown by a renderer of ours, unless the user chose one."""
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


def within(seconds: float, draw: Callable[[], Drawn]) -> Drawn | None:
    """Return a picture, or None with a line that says why there is none.

    Args:
        seconds: that it may take; what hangs is left behind.
        draw: draws it.
    """
    found: list[Drawn] = []
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
