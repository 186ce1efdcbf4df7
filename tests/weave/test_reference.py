"""The pages about all code: sections with their state, names of the package, downloads."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from tangle.weave.signatures import doc_parts, signed
from tests.graphs import MakeNotes, Notes

PAGES = {
    "a": """\
- # 1.1 Data
  - ```python
    import numpy as np  #@save
    class Box:  #@save
        \"\"\"A box of **things**.

        Args:
            size: how large it is.
        \"\"\"
        def __init__(self, size: int = 3, *, name="b") -> None:
            self.size = size
        def grow(self, by=1):
            \"\"\"Make it larger.\"\"\"
        def _hidden(self): ...
    LIMIT = 5  #@save
    ```
- # 1.2 Use
  - ```python
    from d2l import torch as d2l
    def area(box, scale: float = 1.0) -> float:  #@save
        \"\"\"The area.

        >>> area(d2l.Box())
        9.0
        \"\"\"
        return scale * box.size**2
    print(d2l.Box().size)
    ```
"""
}
pytestmark = pytest.mark.book


def woven(graph: Notes) -> Path:
    """The site of a graph."""
    site = graph.root.parent / "site"
    said = graph.tangle("weave", "-o", str(site))
    assert said.code == 0, said.err
    return site


def page(site: Path, name: str) -> str:
    """The main part of a page."""
    text = (site / name).read_text("utf-8")
    return text[text.index("<main") : text.index("</main>")]


def words(html: str) -> str:
    """What HTML says."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def test_names_have_signature_docstring_places_and_source(notes: MakeNotes) -> None:
    shown = page(woven(notes(PAGES)), "package.html")
    box = re.search(r'<section class="api" id="Box">.*?</section>', shown, re.DOTALL)
    assert box is not None
    said = words(box[0])
    assert "class Box(size: int = 3, *, name='b')" in said
    assert "<strong>things</strong>" in box[0]
    assert "<code>size</code>: how large it is." in box[0]
    assert 'Defined in <a href="a.html#L4">1.1</a>' in box[0]
    line = PAGES["a"].split("\n").index("    print(d2l.Box().size)") + 1
    assert f'used in <a href="a.html#L{line}">1.2</a>' in box[0]
    assert "grow(by=1)Make it larger." in said
    assert "_hidden(self)" not in said.partition("Code")[0]
    assert "<details" in box[0]
    assert "def _hidden(self): ..." in said.partition("Code")[2]


def test_functions_constants_and_imports_are_listed(notes: MakeNotes) -> None:
    shown = page(woven(notes(PAGES)), "package.html")
    said = words(shown)
    assert "area(box, scale: float = 1.0) -> float" in said
    assert ">>> area(d2l.Box()) 9.0" in said
    assert "LIMIT = 5" in said
    assert 'id="np"' in shown
    assert "import numpy as np" in said


def test_sections_have_state_chunks_saves_and_files(notes: MakeNotes) -> None:
    graph = notes(PAGES)
    shown = page(woven(graph), "sections.html")
    assert re.findall(r'<tr data-state="([^"]*)">', shown) == ["not-run", "not-run"]
    assert graph.tangle("run", "1.2").code == 0
    shown = page(woven(graph), "sections.html")
    assert re.findall(r'<tr data-state="([^"]*)">', shown) == ["not-run", "fresh"]
    assert '<a href="package.html#area"><code>area</code></a>' in shown
    assert 'href="downloads/sec_1_2.ipynb" download' in shown
    graph.write("a", graph.text("a").replace("Box().size)", "Box().size + 1)"))
    shown = page(woven(graph), "sections.html")
    assert re.findall(r'<tr data-state="([^"]*)">', shown) == ["not-run", "stale"]


def test_the_states_are_those_of_list(notes: MakeNotes) -> None:
    pages = {
        "ok": "- # 1.1 A\n  - ```python\n    1\n    ```\n",
        "bad": "- # 1.2 B\n  - ```python\n    def f(:\n        pass\n    ```\n",
        "lost": "- # 1.3 C\n  - ```python\n    print(unknown_name)\n    ```\n",
    }
    graph = notes(pages)
    listed = json.loads(graph.tangle("list", "--format", "json").out)["sections"]
    shown = page(woven(graph), "sections.html")
    states = re.findall(r'<tr data-state="([^"]*)">', shown)
    assert states == [row["state"] for row in listed if row["chunks"]]


def test_downloads_are_the_exports(notes: MakeNotes) -> None:
    graph = notes(PAGES)
    site = woven(graph)
    notebook = json.loads((site / "downloads" / "sec_1_2.ipynb").read_text("utf-8"))
    assert notebook["metadata"]["tangle"]["section"] == "1.2"
    script = (site / "downloads" / "sec_1_2.py").read_text("utf-8")
    assert script.startswith("# Exported by tangle from 1.2 Use, ")
    assert 'href="downloads/sec_1_2.py" download' in page(site, "a.html")


def test_one_changed_section_writes_only_its_own_files(notes: MakeNotes) -> None:
    graph = notes(PAGES)
    site = woven(graph)
    before = {p.name: p.read_bytes() for p in (site / "downloads").iterdir()}
    graph.write("a", graph.text("a").replace("print(d2l", "print(1, d2l"))
    woven(graph)
    after = {p.name: p.read_bytes() for p in (site / "downloads").iterdir()}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"sec_1_2.py", "sec_1_2.ipynb"}


def test_a_reference_shows_nothing_of_a_page_that_is_not_published(notes: MakeNotes) -> None:
    uuid = "66666666-0000-4000-8000-000000000003"
    secret = f"public:: false\n\n- hush\n  id:: {uuid}\n"
    use = f"- # 1.1 Use\n  - See (({uuid})).\n  - ```python\n    print(1)\n    ```\n"
    site = woven(notes({"a": f"public:: true\n\n{use}", "b": secret}))
    notebook = (site / "downloads" / "sec_1_1.ipynb").read_text("utf-8")
    assert f"See (({uuid}))." in notebook
    assert "hush" not in notebook


def test_pages_that_are_not_published_show_nothing_of_their_code(notes: MakeNotes) -> None:
    secret = "public:: false\n\n- # 1.1 Secret\n  - ```python\n    key = 'hush'\n    ```\n"
    saved = "  - ```python\n    def word(): return 'hush'  #@save\n    ```\n"
    use = """\
- # 1.2 Use
  - ```python
    from d2l import torch as d2l
    print(key, d2l.word())
    ```
- # 1.3 Alone
  - ```python
    print(1)
    ```
"""
    site = woven(notes({"a": secret + saved, "b": use}))
    assert not (site / "package.html").exists()
    assert [p.name for p in sorted((site / "downloads").iterdir())] == [
        "sec_1_3.ipynb",
        "sec_1_3.py",
    ]
    for file in site.rglob("*"):
        if file.is_file():
            assert b"hush" not in file.read_bytes(), file
    assert 'class="name' not in page(site, "b.html")


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        ("def f(): ...", "f()"),
        ("async def f(a, /, b, *c, d=1, **e): ...", "async f(a, /, b, *c, d=1, **e)"),
        ("class A(B, metaclass=M): ...", "class A: B"),
        ("class A:\n    def __init__(self, /, a=1): ...", "class A(a=1)"),
        ("class A:\n    def __init__(self=None): ...", "class A()"),
        ("@dataclass\nclass A:\n    a: int\n    b: str = 'x'", "class A(a: int, b: str = 'x')"),
        ("x = 1", "x = 1"),
        ("x: int = 1", "x: int = 1"),
        ("x = " + "1 + " * 50 + "1", "x"),
        ("x = " + "1 + " * 1000 + "1", "x"),
        ("a, x = 1, 2", "x"),
        ("%magic", "x"),
        ("    def f(a): ...", "f(a)"),
        ("@decorated(1)\ndef f(a: 'B' = None) -> 'C': ...", "f(a: 'B' = None) -> 'C'"),
    ],
)
def test_signatures(source: str, signature: str) -> None:
    assert signed(source, "x").text == signature


def test_methods_are_bound() -> None:
    source = """\
class A:
    def one(self, a): ...
    @staticmethod
    def two(a): ...
    @classmethod
    def three(cls, a): ...
    def __call__(self, x): ...
"""
    texts = [method.text for method in signed(source, "A").methods]
    assert texts == ["one(a)", "two(a)", "three(a)", "__call__(x)"]


def test_docstrings_are_separated_from_examples() -> None:
    doc = "Words.\n\n>>> f(1)\n2\n\nMore.\n\nReturns:\n    The sum\n      of all.\n"
    assert list(doc_parts(doc)) == [
        ("Words.", False),
        (">>> f(1)\n2", True),
        ("More.\n\n\n**Returns**\n\n- The sum\n  of all.", False),
    ]
