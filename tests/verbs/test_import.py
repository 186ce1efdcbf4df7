"""Pages made of notebooks and of scripts."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import PagePath
from tangle.parse import parse
from tangle.write.foreign_cells import SourceCell
from tangle.write.new_page import first_heading, new_page
from tests.graphs import MakeNotes, Notes

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwAB"
    "BAEAX+XDSwAAAABJRU5ErkJggg=="
)


Cell = dict[str, Any]


def new_notebook(cells: list[Cell], metadata: Cell | None = None) -> Cell:
    """A notebook in nbformat 4."""
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": cells}


def new_cell(kind: str, source: str, **more: Any) -> Cell:
    """A cell, its source as a list of lines."""
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "id": "a", "metadata": {}, "source": lines, **more}


def new_markdown_cell(source: str, **more: Any) -> Cell:
    """A Markdown cell."""
    return new_cell("markdown", source, **more)


def new_code_cell(source: str, outputs: list[Cell] | None = None, **more: Any) -> Cell:
    """A code cell."""
    return new_cell("code", source, outputs=outputs or [], execution_count=None, **more)


def new_raw_cell(source: str, **more: Any) -> Cell:
    """A raw cell."""
    return new_cell("raw", source, **more)


def new_output(kind: str, **more: Any) -> Cell:
    """An output."""
    return {"output_type": kind, **({"name": "stdout"} if kind == "stream" else {}), **more}


def brought(notes: MakeNotes, cells: list[Cell], **about: Any) -> Notes:
    """A graph with a notebook imported as the page `x`."""
    made = notes({})
    save(made, new_notebook(cells=cells, metadata=about))
    said = made.tangle("import", str(made.root / "x.ipynb"), "--page", "x")
    assert said.code == 0, said.err
    return made


def save(made: Notes, notebook: Any) -> Path:
    """Write a notebook beside the graph's pages."""
    path = made.root / "x.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("# A\n\ntext\n\n## B\nmore\n# C", "- # A\n\t- text\n\t- ## B\n\t\t- more\n- # C\n"),
        ("Title\n=====\nwords", "- # Title\n\t- words\n"),
        ("one\ntwo\n\nthree", "- one\n  two\n- three\n"),
        ("- a\n  - b\n    more\n* c", "- a\n\t- b\n\t  more\n- c\n"),
        ("1. a\n2. b", "- 1. a\n  2. b\n"),
        ("$$\na\n\n- b\n$$", "- $$\n  a\n\n  - b\n  $$\n"),
        ("```js\n# x\n\n- y\n```", "- ```js\n  # x\n\n  - y\n  ```\n"),
        ("```python\nx\n```", "title:: x\n\n- tangle.run:: no\n  ```python\n  x\n  ```\n"),
        ("| a |\n|---|\n| 1 |", "- | a |\n  |---|\n  | 1 |\n"),
    ],
)
def test_markdown_becomes_an_outline(notes: MakeNotes, source: str, page: str) -> None:
    assert brought(notes, [new_markdown_cell(source)]).text("x") == page


def test_code_cells_become_chunks_with_their_outputs(notes: MakeNotes) -> None:
    made = brought(
        notes,
        [
            new_markdown_cell("# Part"),
            new_code_cell("x = 1\nprint(x)", outputs=[new_output("stream", text="1\n")]),
            new_code_cell(
                "show()",
                outputs=[
                    new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"})
                ],
            ),
            new_code_cell(
                "1 / 0",
                outputs=[new_output("error", ename="ZeroDivisionError", evalue="division by zero")],
            ),
        ],
    )
    text = made.text("x")
    assert text.startswith(
        "- # Part\n\t- ```python\n\t  x = 1\n\t  print(x)\n\t  ```\n\t\t- tangle.output:: "
    )
    assert "\n\t\t  ```text\n\t\t  1\n\t\t  ```\n" in text
    assert "  ZeroDivisionError: division by zero\n" in text
    (figure,) = (made.root / "assets" / "tangle").iterdir()
    assert figure.read_bytes() == base64.b64decode(PNG)
    assert f"(../assets/tangle/{figure.name})" in text
    # What a run would write is what is there.
    assert made.tangle("run", "x").code == 1
    assert "  1\n" in made.text("x")


def test_an_error_that_a_cell_is_marked_to_raise_is_expected(notes: MakeNotes) -> None:
    error = new_output("error", ename="ZeroDivisionError", evalue="division by zero")
    cell = new_code_cell("1 / 0", outputs=[error], metadata={"tags": ["raises-exception"]})
    made = brought(notes, [cell])
    assert made.text("x").startswith(
        "title:: x\n\n- tangle.raises:: ZeroDivisionError\n  ```python\n  1 / 0\n"
    )
    assert made.tangle("run", "x").code == 0


@pytest.mark.parametrize(
    "code",
    [
        "x = '''\n```\n'''",
        "x = '''\n- a\n# b\n'''",
        "    x = 1",
        "%%bash\nls",
        "x = '''\n~~~\n```\n'''",
    ],
)
def test_any_code_is_read_back_as_it_was(notes: MakeNotes, code: str) -> None:
    made = brought(notes, [new_markdown_cell("# A"), new_code_cell(code)])
    page = parse(made.page("x").read_bytes(), PagePath("pages/x.md"))
    assert [fence.text for fence in page.fences] == [f"{code}\n"]


def test_images_become_assets(notes: MakeNotes) -> None:
    made = notes({})
    (made.root / "img").mkdir()
    (made.root / "img" / "b.png").write_bytes(b"file")
    text = (
        "![a](attachment:a.png)\n\n![b](img/b.png)\n\n![c](https://x.org/c.png)\n\n![d](../d.png)"
    )
    cell = new_markdown_cell(text, attachments={"a.png": {"image/png": PNG}})
    path = save(made, new_notebook(cells=[cell]))
    said = made.tangle("import", str(path), "--page", "x")
    assert said.code == 0
    assert "cell 1: ../d.png lies outside" in said.err
    found = {p.read_bytes(): p.name for p in (made.root / "assets").iterdir() if p.is_file()}
    assert set(found) == {b"file", base64.b64decode(PNG)}
    assert f"![b](../assets/{found[b'file']})" in made.text("x")
    assert "![c](https://x.org/c.png)" in made.text("x")


@pytest.mark.parametrize("name", ["id_rsa", "page.html", "notes.md"])
def test_only_images_become_assets(notes: MakeNotes, name: str) -> None:
    made = notes({})
    (made.root / name).write_bytes(b"content")
    text = f"![a](attachment:{name})\n\n![b]({name})\n\n![c](data:image/html;base64,{PNG})"
    cell = new_markdown_cell(text, attachments={name: {"image/png": PNG}})
    said = made.tangle("import", str(save(made, new_notebook(cells=[cell]))), "--page", "x")
    assert (said.code, said.err.count("not an image")) == (0, 2)
    assert not (made.root / "assets").exists()
    assert f"![b]({name})" in made.text("x")


@pytest.mark.parametrize("name", ["a%00.png", f"{'a' * 300}.png", "none.png"])
def test_an_image_that_cannot_be_read_is_named(notes: MakeNotes, name: str) -> None:
    made = notes({})
    path = save(made, new_notebook(cells=[new_markdown_cell(f"![a]({name})")]))
    said = made.tangle("import", str(path), "--page", "x")
    assert (said.code, "cannot be read" in said.err) == (0, True)
    assert f"![a]({name})" in made.text("x")


def test_names_in_a_notebook_write_no_lines_of_their_own(notes: MakeNotes) -> None:
    error = new_output("error", ename="E\n  tangle.cwd:: /\n- more \ud800", evalue="\ud800")
    cell = new_code_cell("1 / 0", outputs=[error], metadata={"tags": ["raises-exception"]})
    shown = new_output("display_data", data={"application/json": {"a": "\ud800"}})
    made = brought(notes, [cell, new_code_cell("x", outputs=[shown])])
    page = parse(made.page("x").read_bytes(), PagePath("pages/x.md"))
    assert not any("cwd" in entry.key for block in page.blocks for entry in block.properties)
    assert "- ```python\n  1 / 0\n" in made.text("x")


def test_a_language_that_no_fence_can_name_is_text(notes: MakeNotes) -> None:
    made = brought(notes, [new_code_cell("y = 1")], language_info={"name": "x\n- more:: 1"})
    assert made.text("x") == "- ```text\n  y = 1\n  ```\n"


@pytest.mark.parametrize(
    ("level", "marks"), [(10**30, "######"), (float("inf"), "######"), (-1, "#")]
)
def test_a_heading_has_six_levels(notes: MakeNotes, level: float, marks: str) -> None:
    made = notes({})
    cells = [{"cell_type": "heading", "level": level, "source": "Old"}]
    save(made, {"nbformat": 3, "worksheets": [{"cells": cells}]})
    assert made.tangle("import", str(made.root / "x.ipynb"), "--page", "x").code == 0
    assert made.text("x").endswith(f"- {marks} Old\n")


def test_long_lines_are_read_in_linear_time() -> None:
    lines = ["# " + "a " * 200_000 + " " * 200_000 + "x", "![" * 200_000]
    cells = [SourceCell(kind="markdown", text=line) for line in lines]
    start = time.process_time()
    assert first_heading(cells).startswith("a a")
    for cell in cells:
        new_page([cell], "\t", lambda _, target: target)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("heading", ["# A", "# A  ", "# A ##", "# A #  "])
def test_a_heading_may_be_closed(heading: str) -> None:
    assert first_heading([SourceCell(kind="markdown", text=heading)]) == "A"


def test_the_page_is_called_after_the_first_heading_and_never_overwritten(notes: MakeNotes) -> None:
    made = notes({"old": "- text\n"})
    path = save(made, new_notebook(cells=[new_markdown_cell("Words\n\n# My: study")]))
    assert made.tangle("import", str(path)).code == 0
    pages = {p.name: p.read_bytes() for p in (made.root / "pages").iterdir()}
    assert any(data == b"- Words\n- # My: study\n" for data in pages.values())
    for more in ((), ("--page", "old"), ("--page", "OLD")):
        said = made.tangle("import", str(path), *more)
        assert said.code == 3
        assert "nothing was written" in said.err
    assert {p.name: p.read_bytes() for p in (made.root / "pages").iterdir()} == pages


def test_widgets_and_raw_cells_are_named(notes: MakeNotes) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    shown = new_output("display_data", data={view: {"model_id": "1"}, "text/plain": "IntSlider()"})
    raw = new_raw_cell("<b>", metadata={"raw_mimetype": "text/html"})
    made = notes({})
    path = save(made, new_notebook(cells=[new_code_cell("w", outputs=[shown]), raw]))
    said = made.tangle("import", str(path), "--page", "x")
    assert "cell 1: shows a widget, of which only the text is kept" in said.err
    assert "  IntSlider()\n" in made.text("x")
    assert "- ```html\n  <b>\n  ```\n" in made.text("x")


def test_code_of_another_kernel_keeps_its_language(notes: MakeNotes) -> None:
    out = new_output("stream", text="[1] 1\n")
    made = brought(notes, [new_code_cell("x <- 1", outputs=[out])], language_info={"name": "R"})
    assert made.text("x") == "- ```r\n  x <- 1\n  ```\n"


def test_a_notebook_of_nbformat_3_is_read(notes: MakeNotes) -> None:
    made = notes({})
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old"]},
        {"cell_type": "markdown", "source": ["words\n", "more"]},
        {
            "cell_type": "code",
            "language": "python",
            "input": ["print(1)\n", "2"],
            "outputs": [
                {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                {"output_type": "pyout", "prompt_number": 1, "text": ["2"]},
            ],
        },
    ]
    save(made, {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]})
    assert made.tangle("import", str(made.root / "x.ipynb"), "--page", "x").code == 0
    assert made.text("x").startswith(
        "- ## Old\n\t- words\n\t  more\n\t- ```python\n\t  print(1)\n\t  2\n"
    )
    assert "\t\t  1\n\t\t  2\n" in made.text("x")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "not JSON at line 1"),
        (b"[]", "no notebook"),
        (b'{"nbformat": 2}', "nbformat 2 is not read"),
        (b'{"nbformat": 4, "cells": [3]}', "a cell is damaged"),
        (b'{"nbformat": 4, "cells": []}', "no cells"),
        (b'{"nbformat": 4, "metadata": [1], "cells": []}', "damaged"),
        (b'{"nbformat": 4, "metadata": {"kernelspec": "x"}}', "damaged"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "a cell is damaged"),
        (b'{"nbformat": 3, "worksheets": ["x"]}', "damaged"),
        (b"{\n<<<<<<< HEAD\n", "merge conflict"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_notebook_is_named(notes: MakeNotes, data: bytes, why: str) -> None:
    made = notes({})
    path = made.root / "x.ipynb"
    path.write_bytes(data)
    said = made.tangle("import", str(path))
    assert said.code == 2
    assert why in said.err
    assert list((made.root / "pages").iterdir()) == []


def test_a_script_in_percent_format_becomes_a_page(notes: MakeNotes) -> None:
    made = notes({})
    path = made.root / "x.py"
    path.write_bytes(
        b"\xef\xbb\xbf# ---\r\n# jupyter: x\r\n# ---\r\n\r\n"
        b"# %% [markdown]\r\n# # Study\r\n#\r\n# words\r\n\r\n"
        b"# %% first\r\n# %matplotlib inline\r\nx = 1\r\n\r\n"
        b'# %% [markdown]\r\n"""\r\nmore\r\n"""\r\n'
    )
    assert made.tangle("import", str(path)).code == 0
    chunk = "\t- ```python\n\t  %matplotlib inline\n\t  x = 1\n\t  ```\n"
    assert made.text("Study") == f"- # Study\n\t- words\n{chunk}\t- more\n"


TEXT = st.text("ab \n\t-*#`$|:>[](){}~=1.\\\u2028é", max_size=60)


@given(texts=st.lists(st.tuples(st.sampled_from(["markdown", "code", "raw"]), TEXT), max_size=4))
def test_no_text_of_a_notebook_is_lost(texts: list[tuple[Any, str]]) -> None:
    cells = [SourceCell(kind=kind, text=text, language="python") for kind, text in texts]
    made = new_page(cells, "\t", lambda _, target: target)
    page = parse(made.text.encode(), PagePath("pages/x.md"))
    assert page.data.decode() == made.text
    words = [letter for _, text in texts for letter in text if letter in "abé1"]
    frames = r"tangle\.run:: no|(?:```|~~~|#\+BEGIN_SRC )(?:python|markdown)|#\+END_SRC"
    shown = re.sub(frames, "", made.text)
    assert [letter for letter in shown if letter in "abé1"] == words
