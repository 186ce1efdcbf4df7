"""A store after edits says what a new one says, for every query."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath
from tangle.notes import QUERIES, Core, overlaid, roots, rows, units
from tangle.notes.core import page_digest as DIGEST  # noqa: N812
from tangle.notes.pages import adopt_facts, work_out_facts
from tests.analyse.readers import Reader
from tests.notes.graphs import (
    ALL_PAGES,
    CONFIG,
    ENVIRONMENTS,
    PACKAGE,
    Item,
    Pages,
    configured_books,
    data_of,
    differing,
    edited,
    graphs,
    items,
    new_core,
    titles,
    told,
)

EXAMPLES = int(os.environ.get("TANGLE_EXAMPLES", "120"))
"""How many graphs are tried; tens of thousands found nothing more."""


def page(number: str, *lines: str) -> tuple[Item, ...]:
    """A page that is one section of one chunk."""
    body = (f"\t  {line}" for line in lines)
    return ((f"- ## {number}. s",), ("\t- ```python", *body, "\t  ```"))


REACHING = {
    "a name that a borrowed statement needs gets a nearer definition": (
        {
            "a": page("1.1", "q = 1"),
            "b": page("1.2", "print()"),
            "c": page("1.3", "def h():", "    return q"),
            "d": page("1.4", "h()"),
        },
        page("1.2", "q = 2"),
        {"1.3", "1.4"},
    ),
    "a name is defined that another is like": (
        {
            "a": page("1.1", "y = 1"),
            "b": page("1.2", "print()"),
            "c": page("1.3", "treiner()"),
            "d": page("1.4", "print(y)"),
        },
        page("1.2", "trainer = 3"),
        {"1.3"},
    ),
    "what the package has means something else": (
        {
            "a": page("1.1", "def f():  #@save", "    return g()"),
            "b": page("1.2", "def g():  #@save", "    return 1"),
            "c": page("1.3", "from d2l.torch import f", "f()"),
            "d": page("1.4", "print()"),
        },
        page("1.2", "def g():  #@save", "    return 2"),
        {"1.3"},
    ),
    "the generated module gets another name": (
        {
            "a": page("1.1", "print()"),
            "b": page("1.2", "from d2l import torch as d2l"),
            "c": page("1.3", "d2l.f()"),
            "d": page("1.4", "print()"),
        },
        page("1.2", "d2l = 3"),
        {"1.3"},
    ),
    "a line above a definition that a problem speaks of": (
        {
            "a": page("1.1", "print(later)"),
            "b": page("1.2", "later = 1"),
            "c": page("1.3", "print(later)"),
            "d": page("1.4", "print()"),
        },
        (("- prose",), *page("1.2", "later = 1")),
        {"1.1"},
    ),
}


@pytest.mark.parametrize(("pages", "edit", "others"), REACHING.values(), ids=REACHING)
def test_an_edit_reaches_the_units_to_which_it_makes_a_difference(
    pages: dict[str, tuple[Item, ...]], edit: tuple[Item, ...], others: set[str]
) -> None:
    core = new_core(data_of(pages), book=ALL_PAGES)
    before = {row.name: row for row in rows(core)}
    data = data_of({**pages, "b": edit})
    core.take_bytes(data)
    assert not differing(core, data)
    after = {row.name: row for row in rows(core)}
    assert {name for name in after if after[name] != before[name]} == others | {"1.2"}


def test_an_edit_that_makes_no_difference_to_others_leaves_them_alone() -> None:
    pages = {name: page(f"1.{at}", f"x{at} = 1") for at, name in enumerate("abcd", start=1)}
    core = new_core(data_of(pages), book=ALL_PAGES)
    before = rows(core)
    core.take_bytes(data_of({**pages, "b": page("1.2", "x2 = 2")}))
    assert [new is old for new, old in zip(rows(core), before, strict=True)] == [1, 0, 1, 1]


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_a_store_after_edits_is_like_a_new_one(data: st.DataObject) -> None:
    """Pages are edited, come, go, are renamed and change case; the store goes to disk and back."""
    pages: Pages = data.draw(graphs())
    book = data.draw(configured_books)
    core = new_core(data_of(pages), book=book)
    told(core)
    for _ in range(4):
        pages = _other_pages(data, pages)
        if data.draw(st.booleans()):
            core = _reloaded(core, book)
        core.take_bytes(data_of(pages))
        assert not differing(core, data_of(pages))


def _other_pages(data: st.DataObject, pages: Pages) -> Pages:
    match data.draw(st.sampled_from(["edit", "edit", "edit", "add", "remove", "rename"])):
        case "add":
            name = data.draw(st.sampled_from("efgA"))
            return {**pages, name: ((data.draw(titles),), *data.draw(st.lists(items, max_size=4)))}
        case "remove" if len(pages) > 1:
            gone = data.draw(st.sampled_from(sorted(pages)))
            return {name: blocks for name, blocks in pages.items() if name != gone}
        case "rename":
            old = data.draw(st.sampled_from(sorted(pages)))
            new = data.draw(st.sampled_from([old.swapcase(), "z", "0"]))
            return {new if name == old else name: blocks for name, blocks in pages.items()}
        case _:
            return data.draw(edited(pages))


def _reloaded(core: Core, book: tuple[str, ...] | None = ALL_PAGES) -> Core:
    """A store from what another one keeps on disk."""
    found = Core()
    found.load(core.dump(roots(core)), QUERIES)
    found.configure(CONFIG, PACKAGE, borrow=True, book=book)
    return found


@settings(max_examples=EXAMPLES // 2)
@given(st.data())
def test_other_settings_come_to_what_they_do_in_a_new_store(data: st.DataObject) -> None:
    pages = data_of(data.draw(graphs()))
    core = new_core(pages)
    told(core)
    for _ in range(3):
        settings_of_graph = GraphConfig(
            name_format=data.draw(st.sampled_from(["legacy", "triple-lowbar"])),
            journal_format=data.draw(st.sampled_from(["MMM do, yyyy", "yyyy-MM-dd"])),
            include=data.draw(st.sampled_from([(), ("pages",), ("**/[ab].md",)])),
            exclude=data.draw(st.sampled_from([(), ("**/a*.md",), ("pages/c.md", "b.md")])),
            exclude_tags=data.draw(st.sampled_from([(), ("old",)])),
        )
        package = PackageName(root="d2l", module=data.draw(st.sampled_from(["torch", "other"])))
        borrow, supply = data.draw(st.booleans()), data.draw(st.booleans())
        book = data.draw(configured_books)
        stamp = data.draw(st.sampled_from(sorted(ENVIRONMENTS)))
        new = Core()
        for each in (core, new):
            each.configure(settings_of_graph, package, borrow=borrow, book=book)
            each.install(Reader(ENVIRONMENTS[stamp]), stamp, supply=supply)
            each.name_package(found=supply)
        new.take_bytes(pages)
        assert told(core) == told(new)


@settings(max_examples=EXAMPLES // 2)
@given(st.data())
def test_unsaved_texts_lie_over_files(data: st.DataObject) -> None:
    """An editor's buffers are the notes while they are open; without them the files are again."""
    pages = data.draw(graphs())
    files = data_of(pages)
    unsaved = data_of(_other_pages(data, pages))
    core = new_core(files)
    before = told(core)
    core.take_bytes(overlaid(files, unsaved))
    assert not differing(core, {**files, **unsaved})
    core.take_bytes(files)
    assert told(core) == before


def test_an_unsaved_page_that_is_no_file_yet_counts() -> None:
    files = data_of({"a": page("1.1", "x = 1")})
    buffer = {PagePath("pages/b.md"): b"- ## 1.2. s\n\t- ```python\n\t  print(x)\n\t  ```\n"}
    core = new_core(overlaid(files, buffer), book=ALL_PAGES)
    assert [(row.name, row.borrowed) for row in rows(core)] == [("1.1", 0), ("1.2", 1)]


SAVING = {
    "a": page("1.1", "def f():  #@save", "    return 1"),
    "b": page("1.2", "k = 2", "def g():  #@save", "    return 2"),
    "c": page("1.3", "from d2l import torch as d2l", "d2l.g()"),
}
SAME_PACKAGE = {
    "a line above it": (("- prose",), *SAVING["b"]),
    "a statement before it": page("1.2", "k = 2", "j = 3", "def g():  #@save", "    return 2"),
}


@pytest.mark.parametrize("edit", SAME_PACKAGE.values(), ids=SAME_PACKAGE)
def test_other_sections_are_not_planned_again_where_the_package_gets_what_it_did(
    edit: tuple[Item, ...],
) -> None:
    core = new_core(data_of(SAVING), book=ALL_PAGES)
    before = rows(core)
    data = data_of({**SAVING, "b": edit})
    core.take_bytes(data)
    assert not differing(core, data)
    assert [new is old for new, old in zip(rows(core), before, strict=True)] == [1, 0, 1]


ID, OTHER = "10000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-000000000002"
PATCH = ("@d2l.add_to_class(Trainer)  #@save", "def fit(self):", "    return 1")


def block(uuid: str, *lines: str, settings: tuple[str, ...] = (), indent: str = "\t") -> Item:
    """A block with an id and a chunk."""
    inner = f"{indent}  "
    code = (f"{inner}{line}" for line in lines)
    kept = (f"{inner}{line}" for line in settings)
    return (f"{indent}- id:: {uuid}", *kept, f"{inner}```python", *code, f"{inner}```")


SECTION, REFERENCE = ("- ## 1.1. s",), (f"\t- (({ID}))",)
REFERRING = {
    "a chunk that is not left out any more": (
        {
            "a": (SECTION, REFERENCE),
            "b": (("- ## 1.2. s",), block(ID, "x = 1", settings=("tangle.skip:: yes",))),
        },
        {"b": (("- ## 1.2. s",), block(ID, "x = 1"))},
    ),
    "a copy of saved code that becomes a reference to it": (
        {"a": page("1.1", *PATCH), "b": (("- ## 1.2. s",), block(ID, *PATCH))},
        {"a": (SECTION, REFERENCE)},
    ),
    "a reference to other saved code of the same text": (
        {
            "a": (SECTION, REFERENCE),
            "b": (("- ## 1.2. s",), block(ID, "import math  #@save")),
            "c": (("- ## 1.3. s",), block(OTHER, "import math  #@save")),
        },
        {"a": (SECTION, (f"\t- (({OTHER}))",))},
    ),
    "the same on one page": (
        {
            "a": (SECTION, REFERENCE),
            "b": (
                ("- ## 1.2. s",),
                block(ID, "import math  #@save"),
                block(OTHER, "import math  #@save"),
            ),
        },
        {"a": (SECTION, (f"\t- (({OTHER}))",))},
    ),
    "a section around broken code that moves away": (
        {
            "a": (
                SECTION,
                REFERENCE,
                ("- ## 1.2. b",),
                ("\t- ## 1.3. c",),
                block(ID, "x = = 1", indent="\t\t"),
            )
        },
        {
            "a": (
                SECTION,
                REFERENCE,
                ("- ## 1.2. b",),
                ("\t\t- ## 1.3. c",),
                block(ID, "x = = 1", indent="\t\t"),
            )
        },
    ),
    "a magic above saved code that looks like another": (
        {"a": page("1.1", "#@save", 'print("""a=%s', '""" % 3)')},
        {"a": page("1.1", "!ls", "#@save", 'print("""a=%s', '""" % 3)')},
    ),
}


@pytest.mark.parametrize(("pages", "edit"), REFERRING.values(), ids=REFERRING)
def test_what_comes_of_a_reference_is_not_taken_over(
    pages: dict[str, tuple[Item, ...]], edit: dict[str, tuple[Item, ...]]
) -> None:
    core = new_core(data_of(pages), book=ALL_PAGES)
    before = told(core)
    data = data_of({**pages, **edit})
    core.take_bytes(data)
    assert told(core) != before
    assert not differing(core, data)


def test_what_references_bring_adds_up() -> None:
    def pages(sizes: list[int]) -> dict[str, tuple[Item, ...]]:
        return {
            f"p{at}": (
                (f"- ## 1.{at + 1}. s",),
                ("\t- tangle.name:: " + f"x{at}", "\t  ```python", "\t  #" + "1" * size, "\t  ```"),
                *((("\t- ```python", *[f"\t  <<x{at}>>"] * 9, "\t  ```"),) * 2),
            )
            for at, size in enumerate(sizes)
        }

    sizes = [1] * 5
    core = new_core(data_of(pages(sizes)))
    told(core)
    for at in range(5):
        sizes[at] = 100_000
        core.take_bytes(data_of(pages(sizes)))
    assert "too-large" in {problem.code for problem in told(core)[1]}
    assert not differing(core, data_of(pages(sizes)))


def test_a_store_on_disk_knows_all_without_working_anything_out() -> None:
    data = data_of({"a": page("1.1", "x = 1"), "b": page("1.2", "print(x, lost)")})
    core = new_core(data, book=ALL_PAGES)
    before = told(core)
    found = _reloaded(core)
    found.take_bytes(data)
    assert told(found) == before
    assert not found.news


def test_a_store_on_disk_knows_whether_what_is_installed_is_the_same() -> None:
    data = data_of({"a": page("1.1", "pandas.DataFrame(1)")})
    core = new_core(data, book=ALL_PAGES)
    core.install(Reader(ENVIRONMENTS["a library"]), "a library", supply=True)
    assert not told(core)[1]
    for stamp, codes in (("a library", []), ("nothing", ["undefined-name"])):
        found = _reloaded(core)
        found.install(Reader(ENVIRONMENTS[stamp]), stamp, supply=True)
        found.take_bytes(data)
        assert [problem.code for problem in told(found)[1]] == codes
        assert found.news == (stamp != "a library")


def test_one_session_is_planned_from_its_own_page_alone() -> None:
    pages = {name: page(f"1.{at}", f"x{at} = 1") for at, name in enumerate("abcd", start=1)}
    pages["d"] = page("1.4", "print(x1)")
    core = new_core(data_of(pages), book=ALL_PAGES)
    told(core)
    found = _reloaded(core)
    read: list[str] = []

    class Noting(dict[PagePath, bytes]):
        def __getitem__(self, path: PagePath) -> bytes:
            read.append(path)
            return super().__getitem__(path)

    data = data_of(pages)
    found.take({path: DIGEST(core, path) or "" for path in data}, Noting(data))
    session = units.session(found, 3)
    assert [entry.text for entry in session.prelude] == ["x1 = 1"]
    assert set(read) == {"pages/d.md"}


@settings(max_examples=EXAMPLES // 4)
@given(graphs())
def test_facts_that_another_process_worked_out_are_the_same(pages_of_graph: Pages) -> None:
    data = data_of(pages_of_graph)
    found = work_out_facts(new_core(data), sorted(data)[::2])
    core = new_core(data)
    adopt_facts(core, found)
    assert not differing(core, data)
    changed = {path: text + b"- ## 4.4. More\n" for path, text in data.items()}
    core.take_bytes(changed)
    assert not differing(core, changed)
