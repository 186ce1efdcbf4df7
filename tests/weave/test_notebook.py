"""Notebooks of sections: cells, outputs, what they take from others, and that they run."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.graphs import MakeNotes, Notes, new_graph

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwAB"
    "BAEAX+XDSwAAAABJRU5ErkJggg=="
)
BOOK = {
    "a": """\
- # 1.1 Data
  id:: 66666666-0000-4000-8000-000000000001
  - Words on [[Other]], $x^2$ and `[[code]]`, ^^marked^^.
    - a point
      - a deeper one
    - TODO another point
  - ```python
    half = 0.5
    class Box:  #@save
        kind = "box"
    ```
  - ```js
    let a = 1
    ```
- # 1.2 Use
  - See ((66666666-0000-4000-8000-000000000001)).
  - ```python
    from d2l import torch as d2l
    print(half, d2l.Box.kind)
    ```
  - ```python
    from IPython.display import Image, Markdown
    display(Markdown("**bold**"))
    ```
  - tangle.raises:: ZeroDivisionError
    ```python
    1 / 0
    ```
  - tangle.run:: no
    ```python
    never()
    ```
""",
    "plain": "- A page of its own.\n- ```python\n  print(1)\n  ```\n",
}
pytestmark = pytest.mark.book


@pytest.fixture(scope="module")
def pages_that_ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The book with its outputs."""
    graph = new_graph(tmp_path_factory.mktemp("ran"), BOOK)
    assert graph.tangle("run", "--all").code == 0
    return {name: graph.text(name) for name in BOOK}


@pytest.fixture
def book(notes: MakeNotes, pages_that_ran: dict[str, str]) -> Notes:
    """A book of two sections that were run."""
    return notes(pages_that_ran)


def exported(graph: Notes, name: str, file: str = "x.ipynb") -> dict[str, Any]:
    """The notebook of a section, validated."""
    path = graph.root.parent / file
    said = graph.tangle("export", name, "-o", str(path))
    assert said.code == 0, said.err
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    nbformat.validate(nbformat.from_dict(found))
    return found


def sources(notebook: dict[str, Any], kind: str) -> list[str]:
    """The texts of the cells of one type."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def run(notebook: dict[str, Any]) -> None:
    """Run the cells as a kernel does."""
    make: Any = InteractiveShell  # it has no types
    shell = make()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            result = shell.run_cell("".join(cell["source"]))
            fails = "raises-exception" in cell["metadata"].get("tags", ())
            assert (result.error_in_exec is not None) == fails
            assert result.error_before_exec is None


def test_the_outline_becomes_markdown(book: Notes) -> None:
    first, *rest = sources(exported(book, "1.1"), "markdown")
    assert first == (
        "# 1.1 Data\n\nWords on Other, $x^2$ and `[[code]]`, <mark>marked</mark>.\n\n"
        "- a point\n  - a deeper one\n- **TODO** another point"
    )
    assert rest == ["```js\nlet a = 1\n```"]


def test_chunks_become_code_with_their_outputs(book: Notes) -> None:
    cells = [c for c in exported(book, "1.2")["cells"] if c["cell_type"] == "code"]
    setup, use, shown, failing = cells
    assert setup["metadata"]["tags"] == ["tangle-setup"]
    assert use["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["0.5 box\n"]}]
    (display,) = shown["outputs"]
    assert display["data"]["text/markdown"] == ["**bold**"]
    assert failing["metadata"]["tags"] == ["raises-exception"]
    assert use["metadata"]["tangle"] == {"chunk": 1, "section": "1.2", "state": "fresh"}


def test_what_is_not_run_stays_text(book: Notes) -> None:
    assert "```python\nnever()\n```" in sources(exported(book, "1.2"), "markdown")[-1]


def test_a_reference_shows_what_it_refers_to(book: Notes) -> None:
    assert "See 1.1 Data." in sources(exported(book, "1.2"), "markdown")[0]


def test_a_notebook_runs_by_itself(book: Notes, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = exported(book, "1.2")
    setup = sources(notebook, "code")[0]
    assert "half = 0.5" in setup
    run(notebook)
    assert "0.5 box\n" in capsys.readouterr().out


def test_the_bytes_are_the_same_each_time(book: Notes) -> None:
    exported(book, "1.2", "x.ipynb")
    exported(book, "1.2", "y.ipynb")
    folder = book.root.parent
    assert (folder / "x.ipynb").read_bytes() == (folder / "y.ipynb").read_bytes()
    assert str(folder).encode() not in (folder / "x.ipynb").read_bytes()


def test_a_cell_keeps_its_id_when_others_come(book: Notes) -> None:
    before = {"".join(c["source"]): c["id"] for c in exported(book, "1.2")["cells"]}
    more = "  - ```python\n    0\n    ```\n  - tangle.raises"
    book.write("a", book.text("a").replace("  - tangle.raises", more))
    after = {"".join(c["source"]): c["id"] for c in exported(book, "1.2")["cells"]}
    assert all(after[text] == own for text, own in before.items())
    assert len(after) == len(before) + 1


def test_block_ids_and_properties_are_in_the_metadata(book: Notes) -> None:
    cells = exported(book, "1.1")["cells"]
    assert cells[1]["metadata"]["tangle"]["block"] == "66666666-0000-4000-8000-000000000001"
    cells = exported(book, "1.2")["cells"]
    failing = next(c for c in cells if "raises-exception" in c["metadata"].get("tags", ()))
    properties = failing["metadata"]["tangle"]["properties"]
    assert properties == {"tangle.raises": "ZeroDivisionError"}


def test_a_page_without_number_is_headed_by_its_title(book: Notes) -> None:
    assert sources(exported(book, "plain"), "markdown") == ["# plain", "A page of its own."]


def test_figures_and_images_are_in_the_notebook(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a": """\
- # 1.1 Pictures
  - ![a dot](../assets/dot.png){:height 10}
  - ```python
    from pathlib import Path
    from IPython.display import Image
    Image(data=Path("../assets/dot.png").read_bytes())
    ```
"""
        }
    )
    (graph.root / "assets").mkdir()
    (graph.root / "assets" / "dot.png").write_bytes(PNG)
    assert graph.tangle("run", "1.1").code == 0
    _, text, code = exported(graph, "1.1")["cells"]
    encoded = base64.b64encode(PNG).decode()
    assert "![a dot](attachment:dot.png)" in "".join(text["source"])
    assert text["attachments"] == {"dot.png": {"image/png": encoded}}
    (output,) = code["outputs"]
    assert output["data"]["image/png"] == encoded


def test_images_of_one_name_in_two_folders_are_two(notes: MakeNotes) -> None:
    text = "- # 1.1 A\n  - ![x](../a/x.png) ![x](../b/x.png)\n  - ```python\n    1\n    ```\n"
    graph = notes({"a": text})
    for folder in ("a", "b"):
        (graph.root / folder).mkdir()
        (graph.root / folder / "x.png").write_bytes(folder.encode())
    cell = exported(graph, "1.1")["cells"][1]
    assert "![x](attachment:x.png) ![x](attachment:_x.png)" in "".join(cell["source"])
    found = {
        name: base64.b64decode(data["image/png"]) for name, data in cell["attachments"].items()
    }
    assert found == {"x.png": b"a", "_x.png": b"b"}


@pytest.mark.parametrize("name", ["a%00.png", f"{'a' * 300}.png"])
def test_an_image_whose_name_no_file_can_have_stays_a_link(notes: MakeNotes, name: str) -> None:
    graph = notes({"a": f"- # 1.1 A\n  - ![x]({name})\n  - ```python\n    1\n    ```\n"})
    assert f"![x]({name})" in "".join(exported(graph, "1.1")["cells"][1]["source"])


def test_a_failure_is_an_error_in_the_notebook(notes: MakeNotes) -> None:
    graph = notes({"a": "- # 1.1 A\n  - ```python\n    {}['key']\n    ```\n"})
    assert graph.tangle("run", "1.1").code == 1
    (output,) = exported(graph, "1.1")["cells"][-1]["outputs"]
    assert (output["output_type"], output["ename"]) == ("error", "KeyError")
    assert output["evalue"] == "'key'"


def test_an_interpreter_session_becomes_its_statements(notes: MakeNotes) -> None:
    graph = notes({"a": "- # 1.1 A\n  - ```pycon\n    >>> x = 2\n    >>> x\n    2\n    ```\n"})
    assert sources(exported(graph, "1.1"), "code")[-1] == "x = 2\nx"


def test_a_file_outside_of_the_graph_is_not_read(notes: MakeNotes, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    page = "- # 1.1 A\n  - ![x](../../secret.png)\n  - ```python\n    1\n    ```\n"
    cells = exported(notes({"a": page}), "1.1")["cells"]
    assert "attachments" not in cells[1]
    assert "../../secret.png" in "".join(cells[1]["source"])


def test_a_reference_to_a_chunk_is_a_cell(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a": """\
- # 1.1 A
  - id:: 66666666-0000-4000-8000-000000000002
    ```python
    print("here")
    ```
- # 1.2 B
  - ((66666666-0000-4000-8000-000000000002))
"""
        }
    )
    assert graph.tangle("run", "1.2").code == 0
    cells = exported(graph, "1.2")["cells"]
    assert "".join(cells[-1]["source"]) == 'print("here")'
    assert cells[-1]["outputs"][0]["text"] == ["here\n"]


def test_percent_format(book: Notes) -> None:
    path = book.root.parent / "x.py"
    assert book.tangle("export", "1.2", "-o", str(path)).code == 0
    text = path.read_text("utf-8")
    assert text.startswith("# Exported by tangle from 1.2 Use, ")
    text = re.sub(r' id="[0-9a-f]{12}"', "", text)
    assert '\n# %% tags=["tangle-setup"]\n' in text
    assert "\n# %% [markdown]\n# # 1.2 Use\n#\n# See 1.1 Data.\n" in text
    assert '\n# %% tags=["raises-exception"]\n1 / 0\n' in text
    compile(text, str(path), "exec")


def test_magics_are_comments_in_a_script(notes: MakeNotes) -> None:
    graph = notes({"a": "- # 1.1 A\n  - ```python\n    %matplotlib inline\n    ```\n"})
    path = graph.root.parent / "x.py"
    assert graph.tangle("export", "1.1", "-o", str(path)).code == 0
    assert "# IPython only: %matplotlib inline\n" in path.read_text("utf-8")
    assert sources(exported(graph, "1.1"), "code")[-1] == "%matplotlib inline"


# --- files ----------------------------------------------------------------------------------------


def test_an_export_is_replaced_by_the_next(book: Notes) -> None:
    path = book.root.parent / "x.ipynb"
    exported(book, "1.2")
    before = path.read_bytes()
    said = book.tangle("export", "1.2", "-o", str(path))
    assert said.out == f"{path}: up to date\n"
    book.write("a", book.text("a").replace("See ((", "Look at (("))
    assert book.tangle("export", "1.2", "-o", str(path)).code == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize("file", ["x.ipynb", "x.py"])
def test_an_edited_export_is_not_overwritten(book: Notes, file: str) -> None:
    path = book.root.parent / file
    assert book.tangle("export", "1.2", "-o", str(path)).code == 0
    edited = path.read_bytes().replace(b"d2l.Box.kind", b"d2l.Box.name")
    path.write_bytes(edited)
    said = book.tangle("export", "1.2", "-o", str(path))
    assert said.code == 3
    assert "was edited since it was exported" in said.err
    assert path.read_bytes() == edited
    assert book.tangle("export", "1.2", "-o", str(path), "--force").code == 0
    assert path.read_bytes() != edited


def test_an_export_that_was_run_is_no_edit(book: Notes) -> None:
    path = book.root.parent / "x.ipynb"
    notebook = exported(book, "1.2")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            text = "x" * (17 * 1024 * 1024)  # more than a page may have
            output = {"output_type": "stream", "name": "stdout", "text": text}
            cell["outputs"], cell["execution_count"] = [output], 1
    path.write_text(json.dumps(notebook), "utf-8")
    assert book.tangle("export", "1.2", "-o", str(path)).code == 0


@pytest.mark.parametrize(
    "content", [b"mine\n", b"{}", b"[1]", b"[" * 200_000, b'{"metadata": {"tangle": 1}}']
)
@pytest.mark.parametrize("file", ["x.ipynb", "x.py"])
def test_another_file_is_not_overwritten(book: Notes, file: str, content: bytes) -> None:
    path = book.root.parent / file
    path.write_bytes(content)
    said = book.tangle("export", "1.2", "-o", str(path))
    assert said.code == 3
    assert "tangle did not export it" in said.err
    assert path.read_bytes() == content


def test_usage(book: Notes) -> None:
    folder = book.root.parent
    said = book.tangle("export", "1.2", "-o", str(folder / "x.html"))
    assert (said.code, "ends in .ipynb or .py" in said.err) == (2, True)
    assert book.tangle("export", "9.9", "-o", str(folder / "x.py")).code == 2
    assert book.tangle("export", "1.2").code == 2
    said = book.tangle("export", "1.2", "-o", str(folder / "none" / "x.py"))
    assert said.code == 3


def test_an_export_loads_no_package_of_the_site(book: Notes) -> None:
    program = """\
import sys
from tangle_cli.main import cli
cli.main(sys.argv[1:], standalone_mode=False)
wanted = {"markupsafe", "mistune", "jinja2", "nh3", "pygments", "dukpy", "nbformat"}
print(sorted(wanted & set(sys.modules)))
"""
    path = book.root.parent / "x.ipynb"
    arguments = ["--graph", str(book.root), "export", "1.2", "-o", str(path)]
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"
    assert path.exists()
