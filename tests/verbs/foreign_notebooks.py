"""Notebooks as people publish them: every type of cell and of output, in several styles."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

Cell = dict[str, Any]

_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwAB"
    "BAEAX+XDSwAAAABJRU5ErkJggg=="
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
_GIF = "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
_TABLE = (
    "<div><style scoped>.dataframe tbody tr th {vertical-align: top}</style>"
    '<table border="1" class="dataframe"><thead><tr><th></th><th>WORD</th></tr></thead>'
    "<tbody><tr><th>0</th><td>1.5</td></tr></tbody></table></div>"
)


class Kernel(NamedTuple):
    """A kernel as a notebook names it, with statements in its language."""

    name: str
    language: str
    code: tuple[str, ...]


PYTHON = Kernel(
    "python3", "python",
    (
        "import pandas as pd\nWORD = pd.DataFrame({'a': [1, 2]})\nWORD.head()",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2], label='WORD');",
        "%%time\nWORD = sum(range(10))",
        "%%bash\necho WORD\nls | head",
        "!pip install WORD --quiet",
        "WORD?",
        "%%writefile WORD.py\nprint('x')",
        "def WORD(x):\n    '''Text with ``` in it.'''\n\n    return x\n",
        "#@title A form { run: \"auto\" }\nWORD = 3 #@param {type:\"slider\"}",
        "# + parameters\nWORD = 0.1  # a learning rate",
        "from ipywidgets import interact\n@interact(x=(0, 10))\ndef WORD(x):\n    return x",
        "for i in range(3):\n\n\tprint('WORD',\n\t\ti)",
        "raise ValueError('WORD')",
        "",
        "# WORD: only a comment",
        "print('''\n- WORD\n# no heading\n''')",
        "s = \"WORD \u2028 \\u2028 中文\"",
        "df.query('a > 1').style.background_gradient()  # WORD",
        "WORD = [\n    1,\n\n    2,\n]\n\n\n",
        "get_ipython().run_line_magic('WORD', '')",
        "~~~\nWORD no code at all",
    ),
)  # fmt: skip
_OTHERS = (
    Kernel("ir", "R", ("library(ggplot2)\nWORD <- c(1, 2)\nggplot(df)", "x <- `WORD`")),
    Kernel("julia-1.11", "julia", ("using Plots\nWORD = 1:10 .^ 2", "function WORD(x)\n  x\nend")),
    Kernel("javascript", "javascript", ("const WORD = [1, 2].map(x => `${x}`)", "/* WORD */")),
    Kernel("bash", "bash", ("echo WORD <<EOF\n- x\nEOF", "ls -l # WORD")),
    Kernel("xcpp17", "c++", ("#include <vector>\nint WORD = 1;",)),
    Kernel("sos", "sos", ("%use R\nWORD <- 1",)),
)  # fmt: skip

_PROSE = (
    "# WORD: a study",
    "## WORD\n\nSome text with **bold**, *emphasis*, `code` and [a link](https://example.org/WORD).",
    "WORD\n====\n\nSetext headings\n---------------\n\nand text.",
    "#### WORD #",
    "# 1. WORD\n## 1.1 First part\n### 1.1.1 Details",
    "- WORD\n- two\n  - nested\n    - deeper\n- three",
    "1. WORD\n2. two\n   1. nested\n\n   more of two",
    "* WORD\n\n  a paragraph in it\n\n  ```python\n  x = 1\n  ```",
    "- [ ] WORD to do\n- [x] done",
    "$$\n\\begin{aligned}\nWORD &= mc^2 \\\\\n&= 1\n\\end{aligned}\n$$",
    "Inline $\\alpha_{WORD}$ and \\(\\beta\\), and money: $5 and $6.",
    "\\begin{equation}\nWORD\n\\end{equation}",
    "| a | WORD |\n|---|:-:|\n| 1 | 2 \\| 3 |",
    '<div class="alert alert-info">\n<b>WORD</b> see <a href="#x">x</a>\n</div>',
    '<center><img src="https://example.org/WORD.png" width=300/></center>',
    "<!-- WORD -->\n\n<details><summary>Solution</summary>\n\n```python\ny = 2\n```\n</details>",
    "> WORD said\n> in two lines\n>\n> > nested",
    "```\nWORD = plain fence\n```",
    "````markdown\n```python\nWORD = 1\n```\n````",
    "~~~r\nWORD <- 1\n~~~",
    "    WORD = indented_code()",
    "Text with a footnote[^1] WORD.\n\n[^1]: The footnote.",
    "WORD  \nwith a hard break\\\nand another",
    "---\n\nWORD\n\n***",
    "key:: WORD\ntags:: a, b",
    "TODO WORD and [[double brackets]] and ((parentheses)) and #hash and {{macro}}",
    "WORD 中文段落，带有 **粗体** 和 $x$。",
    "<a id='WORD'></a>\n# [Contents](#WORD)\n* [One](#one)",
    "![WORD](attachment:image.png)",
    "![WORD](attachment:missing.png)",
    "https://example.org/WORD?a=1&b=2#c",
    "Term WORD\n: its definition",
    "",
    "   \n\n",
    "\ufeffWORD behind a mark",
    "WORD\twith\ttabs\r\nand a line end of Windows",
    "#+BEGIN_SRC python\nWORD = 1\n#+END_SRC",
    "- WORD\n```python\nx = 1\n```\nbehind the fence",
)


def _stream(text: str, name: str = "stdout") -> Cell:
    return {"output_type": "stream", "name": name, "text": text.splitlines(keepends=True)}


def _shown(data: Cell, kind: str = "display_data") -> Cell:
    more = {"execution_count": 3} if kind == "execute_result" else {}
    return {"output_type": kind, "metadata": {}, "data": data, **more}


def _outputs(word: str) -> tuple[list[Cell], ...]:
    """Return what a cell may show; each names the word."""
    frame = _TABLE.replace("WORD", word)
    figure = {"image/png": _PNG, "text/plain": ["<Figure size 640x480 with 1 Axes>"]}
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": word,
        "traceback": [f"\x1b[0;31mValueError\x1b[0m: {word}", "\x1b[1;32mx\x1b[0m"],
    }
    return (
        [],
        [_stream(f"{word}\n")],
        [_stream(f"{word}\n"), _stream("warning\n", "stderr")],
        [_stream("".join(f"{word} {row}\n" for row in range(200)))],
        [_stream(f"\x1b[32m{word}\x1b[0m\n 10%|#   |\r100%|####|\n")],
        [_shown({"text/plain": [word]}, "execute_result")],
        [_shown({"text/html": [frame], "text/plain": [word]}, "execute_result")],
        [_shown(figure), _stream(f"{word}\n")],
        [_shown({"image/svg+xml": [_SVG], "text/plain": ["<Digraph>"]})],
        [_shown({"image/gif": _GIF, "text/plain": ["<Image>"]})],
        [_shown({"text/latex": [f"$\\displaystyle {word}$"], "text/plain": [word]})],
        [_shown({"text/markdown": [f"**{word}**\n\n- a\n- b"], "text/plain": ["x"]})],
        [_shown({"application/json": {"word": word}, "text/plain": [word]})],
        [_shown({"application/javascript": ["alert(1)"], "text/plain": [word]})],
        [_shown({
            "application/vnd.jupyter.widget-view+json": {"model_id": "a1", "version_major": 2},
            "text/plain": [f"IntSlider({word})"],
        })],
        [_shown({
            "application/vnd.plotly.v1+json": {"data": [], "layout": {"title": word}},
            "text/html": [f"<div>{word}</div><script>Plotly.newPlot('x')</script>"],
        })],
        [_shown({"application/vnd.vegalite.v5+json": {"mark": word}, "text/plain": [word]})],
        [_shown({"text/html": [f"<iframe src='https://example.org/{word}'></iframe>"]})],
        [_shown({"text/html": [f"<audio src='data:audio/wav;base64,UklGRg=='></audio>{word}"]})],
        [error],
        [_stream(f"{word}\n"), error],
        [_shown({"text/plain": [f"- {word}\n", "```\n", "x:: y"]}, "execute_result")],
        [_shown({"image/png": "no base64!", "text/plain": [word]})],
        [_shown({})],
    )  # fmt: skip


class Notebook(NamedTuple):
    """A notebook, and the words that a page of it has to hold.

    Attributes:
        code: the text of each code cell that is not blank.
        words: a word of each cell or output that has one, with the number of the cell, from 1.
    """

    data: bytes
    python: bool
    code: tuple[str, ...]
    words: tuple[tuple[int, str], ...]


def published(seed: int) -> Notebook:
    """Return a notebook made with a seed; the same seed gives the same notebook."""
    chance = random.Random(seed)
    kernel = PYTHON if chance.random() < 0.75 else chance.choice(_OTHERS)
    words = (f"word{seed}x{count}" for count in range(1000))
    cells: list[Cell] = [{"cell_type": "markdown", "metadata": {}, "source": [f"# Study {seed}"]}]
    code: list[str] = []
    held: list[tuple[int, str]] = []
    for number in range(2, chance.randint(5, 16)):
        word = next(words)
        kind = chance.choices(["code", "markdown", "raw"], [6, 5, 1])[0]
        if kind == "code":
            text = chance.choice(kernel.code).replace("WORD", word)
            shown = next(words)
            outputs = chance.choice(_outputs(shown))
            cells.append(_code(text, outputs, chance))
            if text.strip():
                code.append(text)
                held += [(number, shown)] if shown in json.dumps(outputs) else []
        else:
            text = chance.choice(_PROSE) if kind == "markdown" else "\\newpage WORD"
            text = text.replace("WORD", word)
            cells.append(_text(kind, text))
            held += [(number, word)] if word in text else []
    return Notebook(
        data=_document(kernel, cells, chance),
        python=kernel is PYTHON,
        code=tuple(code),
        words=tuple(held),
    )


def _code(text: str, outputs: list[Cell], chance: random.Random) -> Cell:
    metadata: Cell = chance.choice([
        {},
        {"tags": ["parameters"]},
        {"collapsed": True, "scrolled": False},
        {"colab": {"base_uri": "https://localhost/"}, "id": "x1", "outputId": "y"},
        {"_kg_hide-input": True, "execution": {"iopub.status.busy": "2024-01-01T00:00:00Z"}},
        {"slideshow": {"slide_type": "fragment"}, "jupyter": {"source_hidden": True}},
    ])  # fmt: skip
    source: str | list[str] = text if chance.random() < 0.3 else text.splitlines(keepends=True)
    count = chance.choice([None, chance.randint(1, 99)])
    return {
        "cell_type": "code",
        "metadata": metadata,
        "execution_count": count,
        "source": source,
        "outputs": outputs,
    }


def _text(kind: str, text: str) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    if "attachment:" in text:
        cell["attachments"] = {"image.png": {"image/png": _PNG}}
    return cell


def _document(kernel: Kernel, cells: list[Cell], chance: random.Random) -> bytes:
    metadata: Cell = {
        "kernelspec": {
            "name": kernel.name,
            "display_name": kernel.name,
            "language": kernel.language,
        },
        "language_info": {"name": kernel.language},
        **chance.choice([{}, {"widgets": {"state": {}}}, {"toc": {"base_numbering": 1}}]),
    }
    minor = chance.choice([0, 2, 4, 5])
    if minor == 5:
        for number, cell in enumerate(cells):
            cell["id"] = f"c{number}"
    if chance.random() < 0.1:
        del metadata["language_info"]
    if chance.random() < 0.15:
        return _of_version_3(cells, kernel)
    document = {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}
    indent = chance.choice([None, 1, 2])
    text = json.dumps(document, indent=indent, ensure_ascii=chance.random() < 0.5)
    return text.encode()


def _of_version_3(cells: list[Cell], kernel: Kernel) -> bytes:
    """Return the cells as nbformat 3 has them: worksheets, `input`, and outputs by short names."""
    sheet = {"cells": [dict(_old_cells(cell, kernel.language)) for cell in cells], "metadata": {}}
    document = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [sheet],
    }
    return json.dumps(document).encode()


def _old_cells(cell: Cell, language: str) -> Iterator[tuple[str, Any]]:
    yield "cell_type", cell["cell_type"]
    yield "metadata", {}
    if cell["cell_type"] != "code":
        yield "source", cell["source"]
        return
    yield "language", language
    yield "input", cell["source"]
    yield "prompt_number", cell["execution_count"] or 1
    yield "outputs", [dict(_old_output(output)) for output in cell["outputs"]]


_OLD_NAMES = {
    "text/plain": "text",
    "text/html": "html",
    "text/latex": "latex",
    "image/png": "png",
    "image/svg+xml": "svg",
}


def _old_output(output: Cell) -> Iterator[tuple[str, Any]]:
    kind = output["output_type"]
    yield "output_type", {"execute_result": "pyout", "error": "pyerr"}.get(kind, kind)
    if kind == "stream":
        yield "stream", output["name"]
        yield "text", output["text"]
    elif kind == "error":
        yield from ((key, output[key]) for key in ("ename", "evalue", "traceback"))
    else:
        yield "metadata", {}
        for mime, data in output["data"].items():
            yield _OLD_NAMES.get(mime, mime), data
