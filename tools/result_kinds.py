"""The kinds of results that docs/reference/results.md shows: each has code that makes one."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKind:
    """A kind of result.

    Attributes:
        title: the heading, and the title of the page that the code is on.
        code: the chunk on that page.
        says: one or two sentences about what a reader sees.
        packages, programs: what the code needs; without them the kind is named and not shown.
        properties: lines of the chunk's block, such as `tangle.raises:: ValueError`.
    """

    title: str
    code: str
    says: str = ""
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()

    def lacks(self) -> tuple[str, ...]:
        """What the code needs and this machine does not have."""
        packages = (name for name in self.packages if find_spec(name) is None)
        return (*packages, *(name for name in self.programs if shutil.which(name) is None))


def _code(text: str) -> str:
    """A text without its indentation and the line ends around it."""
    return textwrap.dedent(text).strip("\n").rstrip()


KINDS: Final = (
    ResultKind(
        title="Text",
        code=_code(
            """
            print("three lines")
            for n in range(2):
                print(n, n**2)
            """
        ),
    ),
    ResultKind(
        title="The value of the last line",
        code=_code(
            """
            squares = {n: n**2 for n in range(5)}
            squares
            """
        ),
    ),
    ResultKind(
        title="Long text",
        code=_code(
            """
            for n in range(100):
                print(n, 'bottles')
            """
        ),
    ),
    ResultKind(
        title="Very long text",
        code=_code(
            """
            for n in range(2000):
                print(n, n**2, n**3)
            """
        ),
    ),
    ResultKind(
        title="A progress bar",
        says="The text is what a terminal would finally show.",
        code=_code(
            r"""
            import sys

            for n in range(11):
                sys.stdout.write(f"\r{n * 10:3} %")
            print(" done")
            """
        ),
    ),
    ResultKind(
        title="A figure",
        code=_code(
            """
            import matplotlib.pyplot as plt
            import numpy as np

            x = np.linspace(0, 6, 200)
            plt.plot(x, np.sin(x))
            plt.title("A wave")
            plt.show()
            """
        ),
        packages=("matplotlib",),
    ),
    ResultKind(
        title="Text and figures in turn",
        code=_code(
            """
            import matplotlib.pyplot as plt
            import numpy as np

            x = np.linspace(0, 6, 200)
            for name in ("sin", "cos"):
                print(name, "of x")
                plt.plot(x, getattr(np, name)(x))
                plt.title(name)
                plt.show()
            print("two figures")
            """
        ),
        packages=("matplotlib",),
    ),
    ResultKind(
        title="A DataFrame",
        code=_code(
            """
            import pandas as pd

            pd.DataFrame({"city": ["Oslo", "Rome", "Lima"], "people": [0.7, 2.8, 10.1]})
            """
        ),
        packages=("pandas",),
    ),
    ResultKind(
        title="A large DataFrame",
        code=_code(
            """
            import numpy as np
            import pandas as pd

            pd.DataFrame(np.arange(2000).reshape(100, 20))
            """
        ),
        packages=("pandas",),
    ),
    ResultKind(
        title="A DataFrame with a MultiIndex",
        code=_code(
            """
            import pandas as pd

            sales = pd.DataFrame({"year": [2024, 2024, 2025, 2025], "shop": ["A", "B"] * 2,
                                  "sum": [3, 5, 4, 8]})
            sales.groupby(["year", "shop"])["sum"].agg(["mean", "max"])
            """
        ),
        packages=("pandas",),
    ),
    ResultKind(
        title="A styled table",
        code=_code(
            """
            import pandas as pd

            pd.DataFrame({"x": [0.12345, 0.5]}).style.format("{:.2f}")
            """
        ),
        packages=("pandas", "jinja2"),
    ),
    ResultKind(
        title="Markdown",
        code=_code(
            r"""
            from IPython.display import Markdown

            Markdown("**Bold**, `code`, [[Text]] and a list:\n\n1. one\n2. two")
            """
        ),
    ),
    ResultKind(
        title="LaTeX",
        code=_code(
            r"""
            from IPython.display import Math

            Math(r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}")
            """
        ),
    ),
    ResultKind(
        title="Words, formulas and a list",
        says="A list would take in a fence, so text behind it is in the other wrapper.",
        code=_code(
            r"""
            from IPython.display import Latex, Markdown

            display(Latex("The sums\n\\begin{align} a &= b + c \\\\ &= d \\end{align}\nare equal."))
            display(Markdown("- the first\n- the second"))
            print("printed below the list")
            """
        ),
    ),
    ResultKind(
        title="A form that cannot be made",
        says="The text form is shown, and the method that failed is named.",
        code=_code(
            """
            class Chart:
                def _repr_html_(self):
                    raise ValueError("no data")

                def __repr__(self):
                    return "a chart"


            Chart()
            """
        ),
    ),
    ResultKind(
        title="HTML",
        code=_code(
            """
            from IPython.display import HTML

            HTML("<p style='color: teal'>Two <b>words</b></p>")
            """
        ),
    ),
    ResultKind(
        title="An HTML table",
        code=_code(
            """
            class Prices:
                def _repr_html_(self):
                    rows = ''.join(f'<tr><td>{n}</td><td>{n * 1.5}</td></tr>' for n in range(3))
                    return f'<table><tr><th>n</th><th>price</th></tr>{rows}</table>'

            Prices()
            """
        ),
    ),
    ResultKind(
        title="JSON",
        code=_code(
            """
            from IPython.display import JSON

            JSON({"name": "net", "layers": [{"units": 256}, {"units": 10}], "trained": True})
            """
        ),
    ),
    ResultKind(
        title="An SVG drawing",
        code=_code(
            """
            from IPython.display import SVG

            SVG('<svg xmlns="http://www.w3.org/2000/svg" width="160" height="60">'
                '<circle cx="30" cy="30" r="20" fill="teal"/>'
                '<rect x="80" y="10" width="60" height="40" fill="orange"/></svg>')
            """
        ),
    ),
    ResultKind(
        title="An image",
        code=_code(
            """
            from PIL import Image

            Image.linear_gradient("L").resize((200, 80)).convert("RGB")
            """
        ),
        packages=("PIL",),
    ),
    ResultKind(
        title="A GIF",
        code=_code(
            """
            import io

            from IPython.display import Image
            from PIL import Image as Picture

            frames = [Picture.new("RGB", (120, 60), (n * 60, 90, 160)) for n in range(4)]
            file = io.BytesIO()
            frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=300)
            Image(data=file.getvalue(), format="gif")
            """
        ),
        packages=("PIL",),
    ),
    ResultKind(
        title="An animation",
        code=_code(
            """
            import matplotlib.pyplot as plt
            import numpy as np

            x = np.linspace(0, 6, 200)
            from IPython.display import HTML
            from matplotlib.animation import FuncAnimation

            figure, axes = plt.subplots(figsize=(3, 2))
            (line,) = axes.plot(x, np.sin(x))

            def step(frame):
                line.set_ydata(np.sin(x + frame / 2))
                return (line,)

            moving = FuncAnimation(figure, step, frames=4)
            plt.close(figure)
            HTML(moving.to_jshtml())
            """
        ),
        packages=("matplotlib",),
    ),
    ResultKind(
        title="Audio",
        code=_code(
            """
            import numpy as np
            from IPython.display import Audio

            time = np.linspace(0, 0.2, 1600)
            Audio(np.sin(2 * np.pi * 440 * time), rate=8000)
            """
        ),
        packages=("numpy",),
    ),
    ResultKind(
        title="A video",
        code=_code(
            """
            import matplotlib.pyplot as plt
            import numpy as np

            x = np.linspace(0, 6, 200)
            from IPython.display import HTML
            from matplotlib.animation import FuncAnimation

            figure, axes = plt.subplots(figsize=(3, 2))
            (line,) = axes.plot(x, np.sin(x))
            moving = FuncAnimation(figure, lambda n: line.set_ydata(np.sin(x + n)), frames=4)
            plt.close(figure)
            HTML(moving.to_html5_video())
            """
        ),
        packages=("matplotlib",),
        programs=("ffmpeg",),
    ),
    ResultKind(
        title="A failure",
        code=_code(
            """
            def half(n):
                return n / 0


            print("before")
            half(3)
            """
        ),
    ),
    ResultKind(
        title="An expected failure",
        code=_code(
            """
            int("three")
            """
        ),
        properties=("tangle.raises:: ValueError",),
    ),
    ResultKind(
        title="A progress bar of a notebook",
        says="A widget has the text that it had when the chunk ended.",
        code=_code(
            """
            from tqdm.notebook import tqdm

            for n in tqdm(range(3)):
                pass
            """
        ),
        packages=("tqdm", "ipywidgets"),
    ),
    ResultKind(
        title="An expression of sympy",
        code=_code(
            """
            import sympy

            x = sympy.Symbol("x")
            sympy.Integral(sympy.exp(-x**2), x)
            """
        ),
        packages=("sympy",),
    ),
    ResultKind(
        title="A table of polars",
        code=_code(
            """
            import polars as pl

            pl.DataFrame({"city": ["Oslo", "Rome"], "people": [0.7, 2.8]})
            """
        ),
        packages=("polars",),
    ),
    ResultKind(
        title="A figure of plotly",
        code=_code(
            """
            import plotly.graph_objects as go

            go.Figure(go.Bar(x=['a', 'b', 'c'], y=[2, 5, 3]), layout={'title': 'Bars'})
            """
        ),
        packages=("plotly",),
    ),
    ResultKind(
        title="A figure of Altair",
        code=_code(
            """
            import altair as alt
            import pandas as pd

            data = pd.DataFrame({'x': [1, 2, 3], 'y': [2, 5, 3]})
            alt.Chart(data).mark_bar().encode(x='x', y='y')
            """
        ),
        packages=("altair", "pandas"),
    ),
    ResultKind(
        title="A figure of Bokeh",
        code=_code(
            """
            from bokeh.io import output_notebook, show
            from bokeh.plotting import figure

            output_notebook()
            plot = figure(title='Line', height=200)
            plot.line([1, 2, 3], [2, 5, 3])
            show(plot)
            """
        ),
        packages=("bokeh",),
    ),
    ResultKind(
        title="A model of torch",
        code=_code(
            """
            from torch import nn

            nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1))
            """
        ),
        packages=("torch",),
    ),
)
