"""Small graphs that lean on each other in every way, and edits of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath
from tangle.notes import QUERIES, Core, core_of, rows
from tangle.notes.core import book_pages as BOOK_PAGES  # noqa: N812
from tangle.notes.core import borrows as BORROWS  # noqa: N812
from tangle.notes.notes import all_problems

IDS = [f"{n}0000000-0000-4000-8000-00000000000{n}" for n in range(3)]
Item = tuple[str, ...]
Pages = Mapping[str, tuple[Item, ...]]

LINES = (
    "x = 1",
    "y = x + 1",
    "net = [x, y]",
    "net[0] = 2",
    "net.append(3)",
    "z = net",
    "import math",
    "import os.path",
    "import os.sep",
    "from math import *",
    "from math import pi as x",
    "def f(a):\n    return a + y",
    "def f(a):  #@save\n    return a + math.pi",
    "def g():  #@save\n    return f(x)",
    "#@save\nimport math",
    "x = 5  #@save",
    "class Trainer:  #@save\n    pass",
    "class Trainer:\n    pass",
    "@d2l.add_to_class(Trainer)  #@save\ndef fit(self):\n    return g()",
    "@add_to_class(Trainer)\ndef fit(self):\n    return y",
    "from d2l import torch as d2l",
    "import d2l.torch as x",
    "from d2l.torch import f",
    "from d2l.torch import *",
    "d2l.f(2)",
    "d2l.Trainer()",
    "d2l.gg(3)",
    "f(3)",
    "g()",
    "yy",
    "Trainerr()",
    "treiner = 2",
    "del x",
    "print(y)",
    "for i in range(3):\n    y += i",
    "    if x:  #@save\n        y = 2",
    "if x:\n    y = 2  #@save",
    "x = = 2",
    "def f(a:\n    pass",
    "<<step>>",
    "  <<other>>",
    f"<<(({IDS[1]}))>>",
    "%matplotlib inline",
    "!ls {x}",
    "from __future__ import annotations",
    "def h(a: y):\n    global net\n    net = 2",
    "h()",
    "net.clear()",
    "random.shuffle(net)",
    "def use():\n    return net + z",
    "use()",
    "z.apply(use)",
    "for _ in range(9):\n    x += 1",
    "x = train(y)",
    "data = open(x)",
    "print(data)",
    "- print(x)",
    "+ f(3)\n1",
    "true_w = 2",
    "print(ture_w)",
    "try:\n    import pandas\nexcept ImportError:\n    pandas = None",
    "import nothing_like_it",
    "pandas.DataFrame(math.pi)",
)
PROPERTIES = (
    "tangle.run:: no",
    "tangle.skip:: yes",
    "tangle.raises:: ValueError",
    "tangle.xfail:: yes",
    "tangle.xfail:: not yet",
    "tangle.rtol:: 0.01",
    "tangle.atol:: much",
    "tangle.cache:: off",
    "tangle.cache:: no",
    "tangle.name:: step",
    "tangle.name:: other",
    "tangle.needs:: 1.1",
    "tangle.needs:: 1.2, 7.7",
    "tangle.needs:: [[a]]",
    "tangle.needs:: c, [[Same]]",
    "tangle.needs:: [[b]], [[d]]",
    "tangle.needs:: one#1.1",
    "tangle.device:: cpu",
    "tangle.borrow:: off",
    "tangle.rum:: no",
    "tangle.timeout:: never",
    "collapsed:: true",
)
HEADINGS = (
    "# 1 One",
    "## 1.1. First",
    "## 1.2. Second",
    "### 1.2.1. Inner",
    "## 1.3. Third",
    "## 2.1. Fourth",
    "1.3. Plain",
    "# Heading",
)


def _heading(words: str) -> Item:
    return (f"- {words}",)


def _chunk(drawn: tuple[list[str], list[str], int | None, str]) -> Item:
    lines, properties, number, margin = drawn
    head = [f"id:: {IDS[number]}"] if number is not None else []
    head += properties
    first, *rest = [*head, "```python"]
    code = [margin + line for text in lines for line in text.split("\n")]
    return (f"\t- {first}", *(f"\t  {line}" for line in (*rest, *code, "```")))


def _output(drawn: tuple[str, bool]) -> Item:
    code, whole = drawn
    value = f"{code * 12}.{'0' * 8}" if whole else "nonsense"
    return (f"\t\t- tangle.output:: {value}", "\t\t  ```text", "\t\t  1", "\t\t  ```")


codes = st.lists(st.sampled_from(LINES), min_size=1, max_size=3)
items: st.SearchStrategy[Item] = st.one_of(
    st.sampled_from(HEADINGS).map(_heading),
    st.tuples(
        codes,
        st.lists(st.sampled_from(PROPERTIES), max_size=1),
        st.none() | st.integers(0, 2),
        st.sampled_from(["", "", "", " "]),
    ).map(_chunk),
    codes.map(lambda lines: _chunk((lines, [], None, ""))),
    codes.map(lambda lines: _chunk((lines, [], None, ""))),
    st.sampled_from(IDS).map(lambda uuid: (f"\t- (({uuid}))",)),
    st.sampled_from(IDS).map(lambda uuid: (f"\t- {{{{embed (({uuid}))}}}}",)),
    st.sampled_from(IDS).map(lambda uuid: (f"\t- prose with (({uuid}))",)),
    st.sampled_from(PROPERTIES).map(lambda line: ("\t- prose", f"\t  {line}")),
    st.sampled_from(["prose", "more prose", "```python"]).map(lambda text: (f"\t- {text}",)),
    st.tuples(st.sampled_from("01"), st.booleans()).map(_output),
)
# The same with many sections, so that most units have a page of their own and a part stays small.
far_items = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 4)).map(
        lambda number: _heading(f"## {number[0]}.{number[1]}. Section")
    ),
    *(codes.map(lambda lines: _chunk((lines, [], None, ""))) for _ in range(4)),
    items,
)
titles = st.sampled_from(
    [
        *([""] * 5),
        "title:: 3.1. Numbered",
        "title:: Same",
        "title:: same",
        "title:: Dec 3rd, 2024",
        "alias:: Same, b",
        "title:: Other\nalias:: a, c",
        "title:: 1.2",
        "tangle.book:: one",
        "tangle.book:: one",
        "tangle.book:: two",
    ]
)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[Item, ...]]:
    """Pages by name, each a title and its blocks; few and entangled, or many and less so."""
    names, blocks = draw(st.sampled_from([("abcd", items), ("abcdefghij", far_items)]))
    found: dict[str, tuple[Item, ...]] = {}
    for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True)):
        found[name] = ((draw(titles),), *draw(st.lists(blocks, max_size=7)))
    return found


@st.composite
def edited(draw: st.DrawFn, pages: Pages) -> dict[str, tuple[Item, ...]]:
    """The same pages after an edit."""
    found = dict(pages)
    name = draw(st.sampled_from(sorted(found)))
    blocks = list(found[name])
    at = draw(st.integers(1, len(blocks)))
    match draw(st.sampled_from(["line", "line", "line", "insert", "replace", "delete", "title"])):
        case "insert":
            blocks.insert(at, draw(items))
        case "replace":
            blocks[at : at + 1] = [draw(items)]
        case "delete":
            del blocks[at : at + 1]
        case "title":
            blocks[0] = (draw(titles),)
        case _:
            coded = [i for i, block in enumerate(blocks) if "\t  ```" in block]
            if coded:
                where = draw(st.sampled_from(coded))
                block = blocks[where]
                start = next(i for i, line in enumerate(block) if line.endswith("```python")) + 1
                lines = list(block[start:-1])
                row = draw(st.integers(0, len(lines)))
                new = [f"\t  {line}" for line in draw(st.sampled_from(LINES)).split("\n")]
                lines[row : row + draw(st.integers(0, 1))] = new
                blocks[where] = (*block[:start], *lines, block[-1])
    found[name] = tuple(blocks)
    return found


def data_of(pages: Pages) -> dict[PagePath, bytes]:
    """The bytes of pages."""
    return {
        PagePath(f"pages/{name}.md"): "".join(
            f"{line}\n" for block in pages[name] for line in block if line
        ).encode()
        for name in sorted(pages)
    }


CONFIG = GraphConfig()
PACKAGE = PackageName(root="d2l", module="torch")
ALL_PAGES = ("**",)
"""All pages are those of one book."""
configured_books = st.sampled_from([None, None, ALL_PAGES, ("pages/[ab].md", "pages/?.md"), ()])
"""What a configuration can say of books."""
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "a library": {"pandas": "class DataFrame: ...\n", "nothing_like_it": ""},
    "a package of the same name": {
        "d2l": "",
        "d2l.torch": "def gg(x): ...\ndef g(): ...\nyy = 1\n",
    },
}
"""What may be installed, by the stamp that stands for it."""

INPUTS = frozenset(
    {
        *("config", "usual_package", "finds_package", "borrows", "supplies", "environment"),
        *("book_pages", "listing", "page_digest"),
    }
)


def new_core(
    data: Mapping[PagePath, bytes], *, borrow: bool = True, book: tuple[str, ...] | None = None
) -> Core:
    """A store that knows nothing but these pages."""
    return core_of(data, CONFIG, PACKAGE, borrow=borrow, book=book)


def told(core: Core) -> Any:
    """What verbs learn of the notes."""
    return rows(core), all_problems(core, "")


def differing(core: Core, data: Mapping[PagePath, bytes]) -> list[tuple[str, Any]]:
    """The kept queries that a store answers otherwise than a new one of the same pages."""
    new = new_core(data, borrow=BORROWS(core, ""), book=BOOK_PAGES(core, ""))
    told(core)
    told(new)
    return [
        (query.name, key)
        for query in QUERIES
        if query.name not in INPUTS
        for key in new.keys(query)
        if query(core, key) != query(new, key)
    ]
