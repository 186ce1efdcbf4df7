"""What objects show beside their text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tangle.engine.worker.interactive import within

from .sessions import bundles, run, run_one, text


@pytest.mark.parametrize("method", ["_repr_html_", "_repr_mimebundle_", "_ipython_display_"])
def test_a_method_that_fails_leaves_the_text_and_a_line(method: str) -> None:
    result = run_one(
        "class A:\n"
        f"    def {method}(self, **_): raise ValueError('boom\\nmore')\n"
        "    def __repr__(self): return 'an A'\n"
        "A()"
    )
    assert result.outcome == "passed"
    assert bundles([result]) == [{"text/plain": "an A"}]
    assert (
        text(result, "stderr") == f"{method} failed, its other forms are shown: ValueError: boom\n"
    )


WIDGETS = """
import sys, types
module = types.ModuleType("ipywidgets.widgets.widget")
module._instances = {}
sys.modules[module.__name__] = module

class Bar:
    done = 0
    def __init__(self): module._instances["m1"] = self
    def __repr__(self): return f"{self.done}%"
    def _repr_mimebundle_(self, **_):
        view = {"version_major": 2, "model_id": "m1"}
        return {"text/plain": repr(self), "application/vnd.jupyter.widget-view+json": view}
bar = Bar()
"""


@pytest.mark.parametrize("show", ["display(bar)\nbar.done = 100", "bar.done = 100\nbar"])
def test_a_widget_has_the_text_of_the_end_of_its_chunk(show: str) -> None:
    session = run(WIDGETS, show)
    assert [bundle["text/plain"] for bundle in bundles(session.results)] == ["100%"]


PLOTLY = {
    "plotly/__init__.py": "",
    "plotly/io/__init__.py": (
        "from plotly.io._renderers import renderers\n"
        "def to_html(figure, **options):\n"
        "    assert options['include_plotlyjs'] and options['full_html']\n"
        "    return f'<html>{figure}</html>'\n"
    ),
    "plotly/io/_renderers.py": (
        "class ExternalRenderer: pass\n"
        "class Renderers(dict): default = 'browser'\n"
        "renderers = Renderers()\n"
    ),
}


def install(folder: Path, files: Mapping[str, str]) -> None:
    """Write the modules of a library that stands in for another."""
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)


def test_a_plotly_figure_is_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    install(tmp_path, PLOTLY)
    session = run(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport plotly.io as pio",
        "figure = {'data': [{'type': 'bar'}], 'layout': {'title': {'text': 'Sales'}}}\n"
        "pio.renderers[pio.renderers.default].render(figure)",
    )
    (bundle,) = bundles(session.results)
    assert bundle["text/plain"] == "plotly figure: Sales"
    assert bundle["text/html"].startswith("<html>")
    assert "application/vnd.plotly.v1+json" in bundle


ALTAIR = {
    "vl_convert.py": "",
    "altair/__init__.py": "",
    "altair/vegalite/__init__.py": """
import contextlib

class Registry:
    def __init__(self):
        self.known, self.active = {}, 'default'
    def register(self, name, draw):
        self.known[name] = draw
    def enable(self, name):
        before, self.active = self.active, name
        stack = contextlib.ExitStack()
        stack.callback(setattr, self, 'active', before)
        return stack
    def get(self):
        return self.known[self.active]

def svg(spec):
    if spec.get('bad'):
        raise ValueError('no mark')
    return {'image/svg+xml': '<svg/>'}

renderers = Registry()
renderers.register('default', lambda spec, **_: {'text/html': '<div></div><script></script>'})
renderers.register('svg', svg)
""",
}


def test_a_chart_of_altair_has_a_picture_where_vl_convert_is_installed(tmp_path: Path) -> None:
    install(tmp_path, ALTAIR)
    session = run(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from altair.vegalite import renderers\nfrom IPython.display import display",
        "display(renderers.get()({}), raw=True)",
        "display(renderers.get()({'bad': True}), raw=True)",
        "print('vl_convert' in sys.modules)",
    )
    good, bad = bundles(session.results)
    assert (set(good), good["image/svg+xml"]) == ({"text/html", "image/svg+xml"}, "<svg/>")
    assert set(bad) == {"text/html"}
    assert "False" in str(session.results[3].outputs)


BOKEH = {
    "bokeh/__init__.py": "",
    "bokeh/resources.py": "INLINE = 'inline'",
    "bokeh/embed.py": "def file_html(figure, resources, title): "
    "return f'<html>{title} {resources}</html>'",
    "bokeh/io/__init__.py": """
import bokeh.embed, bokeh.resources
hooks = {}
def install_notebook_hook(kind, load, doc, app, overwrite=False):
    hooks[kind] = load, doc, app
""",
}


def test_a_figure_of_bokeh_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    install(tmp_path, BOKEH)
    session = run(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom bokeh.io import hooks\n"
        "from types import SimpleNamespace as Model",
        "load, show, _ = hooks['jupyter']\nload(None, verbose=False)\n"
        "show(Model(title=Model(text='Line')), None, False)",
    )
    (bundle,) = bundles(session.results)
    assert bundle == {"text/plain": "Bokeh figure: Line", "text/html": "<html>Line inline</html>"}


def test_a_renderer_that_hangs_or_fails_is_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    def hang() -> bytes:
        time.sleep(20)
        return b""

    def fail() -> bytes:
        raise OSError("no browser\nsomewhere")

    assert within(0.05, hang) is None
    assert within(5, fail) is None
    assert within(5, lambda: b"png") == b"png"
    assert capsys.readouterr().err == (
        "no static picture of the figure: not done after 0 s\n"
        "no static picture of the figure: OSError: no browser\n"
    )
