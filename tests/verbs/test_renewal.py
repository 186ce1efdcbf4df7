"""What is made anew of some pages is what is found in all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.analyse import Planning
from tests.verbs.graphs import (
    Item,
    data_of,
    edited,
    found_in,
    graphs,
    plain,
    project_in,
    renewed_in,
)

EXAMPLES = int(os.environ.get("TANGLE_EXAMPLES", "120"))
"""How many graphs are tried; tens of thousands found nothing more."""

PROJECT = project_in(Path("/nowhere"))


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
        {"1.3", "1.4"},
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
    known = found_in(PROJECT, data_of(pages))
    right = found_in(PROJECT, data_of({**pages, "b": edit}))
    new = renewed_in(PROJECT, known, data_of({**pages, "b": edit}))
    assert new is not None
    assert plain(new) == plain(right)
    before, after = plain(known)["units"], plain(right)["units"]
    assert {name for name in after if after[name] != before[name]} == others | {"1.2"}


def test_an_edit_that_makes_no_difference_to_others_leaves_them_out() -> None:
    pages = {name: page(f"1.{at}", f"x{at} = 1") for at, name in enumerate("abcd", start=1)}
    known = found_in(PROJECT, data_of(pages))
    new = renewed_in(PROJECT, known, data_of({**pages, "b": page("1.2", "x2 = 2")}))
    assert new is not None
    same = [a is b for a, b in zip(new.units, known.units, strict=True)]
    assert same == [True, False, True, True]


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_renewing_comes_to_what_looking_at_everything_does(data: st.DataObject) -> None:
    pages = data.draw(graphs())
    known = found_in(PROJECT, data_of(pages))
    for _ in range(4):
        pages = data.draw(edited(pages))
        right = found_in(PROJECT, data_of(pages))
        new = renewed_in(PROJECT, known, data_of(pages))
        if new is not None:
            assert plain(new) == plain(right)
        known = new or right


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
def test_the_package_is_not_made_anew_where_it_gets_what_it_did(
    edit: tuple[Item, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = found_in(PROJECT, data_of(SAVING))
    right = found_in(PROJECT, data_of({**SAVING, "b": edit}))
    monkeypatch.setattr(Planning, "package", None)
    new = renewed_in(PROJECT, known, data_of({**SAVING, "b": edit}))
    assert new is not None
    assert plain(new) == plain(right)


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
    known = found_in(PROJECT, data_of(pages))
    right = found_in(PROJECT, data_of({**pages, **edit}))
    assert plain(right) != plain(known)
    new = renewed_in(PROJECT, known, data_of({**pages, **edit}))
    assert new is None or plain(new) == plain(right)


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
    known = found_in(PROJECT, data_of(pages(sizes)))
    for at in range(5):
        sizes[at] = 100_000
        data = data_of(pages(sizes))
        new = renewed_in(PROJECT, known, data)
        known = new or found_in(PROJECT, data)
    assert "too-large" in {problem.code for p in known.pages.values() for problem in p.problems}
