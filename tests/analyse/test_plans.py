"""Digests, places, reach and order of a plan."""

from __future__ import annotations

import time

import pytest

from tangle.notes import Plan

from .plans import NAME, codes, digests, fence, only, planned, prelude, sections

OUTPUT = "\t\t- tangle.output:: 0.0\n\t\t  ```text\n\t\t  1\n\t\t  ```\n"


def test_borrowing_may_be_switched_off() -> None:
    found = planned(sections("x = 1", "x, y\nx"), borrow=False)
    assert codes(found) == ["borrowed-name", "undefined-name"]
    assert "1.1 defines it" in (found.problems[0].hint or "")
    assert prelude(found, "1.2") == []


# --- digests --------------------------------------------------------------------------------------

BASE = sections(
    ["def f(): return g()  #@save\ndef g(): return 1  #@save\ndef h(): return 2  #@save", "a = 1"],
    ["from d2l import torch as d2l\nb = a", "d2l.f()", "c = b"],
)


def changed(before: str, after: str) -> list[bool]:
    """For each chunk, whether its digest changed."""
    pairs = zip(digests(planned(before)), digests(planned(after)), strict=True)
    return [one != other for one, other in pairs]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- # 1.2 s2\n", "- # 1.2 s2\n\t- a sentence\n", [0, 0, 0, 0, 0]),
        ("- # 1.1 s1", "- words\n- # 1.1 other", [0, 0, 0, 0, 0]),
        (
            "\t- ```python\n\t  a = 1\n\t  ```\n",
            "\t- ```py\n\t  a = 1\n\t  ```\n" + OUTPUT,
            [0] * 5,
        ),
        ("c = b", "c = b + 1", [0, 0, 0, 0, 1]),
        ("d2l.f()", "d2l.f(1)", [0, 0, 0, 1, 1]),
        ("a = 1", "a = 2", [0, 1, 1, 1, 1]),
        ("g(): return 1", "g(): return 3", [1, 1, 0, 1, 1]),
        ("h(): return 2", "h(): return 3", [1, 1, 0, 0, 0]),
    ],
)
def test_what_changes_a_digest(old: str, new: str, expected: list[int]) -> None:
    assert old in BASE
    assert changed(BASE, BASE.replace(old, new)) == [bool(entry) for entry in expected]


def test_a_chunk_that_is_not_run_changes_no_digest_after_it() -> None:
    notes = "- # 1.1 s\n\t- tangle.run:: no\n\t  ```python\n\t  x\n\t  ```\n" + fence("y = 1")
    assert changed(notes, notes.replace("\t  x\n", "\t  z\n")) == [False, False]


def test_an_import_of_the_package_changes_the_digest_of_those_who_reach_it() -> None:
    base = sections(
        "import a as x\ndef f(): return x  #@save\ndef g(): return 1  #@save",
        "import d2l.torch as d2l\nd2l.f()",
        "import d2l.torch as d2l\nd2l.g()",
        "from d2l.torch import f",
        "from d2l.torch import *",
        "f()",
        "x = d2l.f()",
        "x",
        "f = 1",
    )
    assert changed(base, base.replace("import a as", "import b as")) == [
        True, True, False, True, True, True, True, True, False,
    ]  # fmt: skip


def test_a_method_of_another_class_changes_nothing() -> None:
    base = sections(
        [
            "def add_to_class(c): return print  #@save",
            "class A: pass  #@save\nclass B: pass  #@save",
            "@add_to_class(A)  #@save\ndef f(self): return 1",
            "@add_to_class(B)  #@save\ndef f(self): return 2",
            "TABLE = {}  #@save\nTABLE['k'] = 3  #@save",
        ],
        "import d2l.torch as d2l\nd2l.A",
        "import d2l.torch as d2l\nd2l.B",
        "import d2l.torch as d2l\nd2l.TABLE",
    )
    assert changed(base, base.replace("return 1", "return 9"))[-3:] == [True, False, False]
    assert changed(base, base.replace("return 2", "return 9"))[-3:] == [False, True, False]
    assert changed(base, base.replace("= 3", "= 9"))[-3:] == [False, False, True]


# --- what a session receives ----------------------------------------------------------------------


def test_modules_that_a_session_imports() -> None:
    found = planned(
        sections(
            "import os.path\nfrom torch import nn\ndef f(): return nn  #@save\nfrom . import x",
            "os",
            "f()",
            "import d2l.torch as d2l",
            "def g():\n    import json\nfrom .y import z",
        )
    )
    assert [session.imports for session in found.sessions] == [
        ("os", "torch"),
        ("os",),
        ("torch",),
        ("torch",),
        ("json",),
    ]


def test_a_session_knows_what_of_the_package_it_reaches() -> None:
    found = planned(
        sections(
            "def f(): pass  #@save\ndef g(): pass  #@save", "g()", "import d2l.torch as d\nd.f"
        )
    )
    reached = [
        (*session.lent, *(text for chunk in session.chunks for text in chunk.reaches))
        for session in found.sessions
    ]
    assert reached == [(), ("def g(): pass  #@save",), ("def f(): pass  #@save",)]


def test_a_session_knows_the_problems_that_keep_it_from_its_end() -> None:
    found = planned(sections(["x = = 1", "y"], "z = 1"))
    by_name = found.by_name
    assert [codes(session) for session in by_name.values()] == [
        ["syntax-error", "undefined-name"],
        [],
    ]


def test_what_is_missing_comes_along_with_what_is_borrowed() -> None:
    found = planned(
        sections(
            "a = b\nb = 1\nc = b\nfrom d2l import torch as d2l\nd = d2l.e",
            "a",
            "b, c",
            "f = a",
            "d",
            "f",
        )
    )
    inherited = [[problem.message for problem in session.problems] for session in found.sessions]
    missing, unsaved = "b is not defined", "no section saves e, so d2l.torch does not have it"
    assert inherited == [[missing, unsaved], [missing], [], [missing], [unsaved], [missing]]
    assert len(found.problems) == 2


def test_exports_and_aliases() -> None:
    found = planned(
        sections(
            "import os, a.b\nfrom d2l import torch as d2l\ndef f(): return os, a, d2l.x  #@save\n"
            "x = 1  #@save"
        )
    )
    assert found.package.name == NAME
    assert str(found.package.name) == "d2l.torch"
    assert found.package.exports == {"os", "a", "d2l", "f", "x"}
    assert not found.package.star


def test_an_alias_is_the_modules_until_it_means_something_else() -> None:
    found = planned(
        sections("from d2l import torch as t", "t.missing", "import torch as t\nt.other", "t.third")
        + "=== b\n- ```python\n  t = 1\n  t.fourth\n  ```\n"
    )
    assert [problem.message for problem in found.problems] == [
        "no section saves missing, so d2l.torch does not have it"
    ]


def test_a_saved_star_hides_what_the_package_has() -> None:
    notes = sections("from math import *  #@save", "import d2l.torch as d2l\nd2l.cos")
    assert codes(planned(notes)) == []


# --- places ---------------------------------------------------------------------------------------


def test_columns_count_characters() -> None:
    problem = only(planned(fence("文 = '字'; print(文, 缺)")))
    assert str(problem.place) == "pages/a.md:2:22"
    assert problem.excerpt == "\t  文 = '字'; print(文, 缺)"


def test_names_in_strings_have_a_place() -> None:
    problem = only(planned(fence('x = f"""\n{1}\n{missing}\n"""')))
    assert problem.code == "undefined-name"
    assert 2 <= problem.place.line <= 5


def test_windows_line_ends_are_no_part_of_an_excerpt() -> None:
    problem = only(planned(sections("x").replace("\n", "\r\n")))
    assert problem.excerpt == "\t  x"


def test_problems_come_in_order_of_place_each_once() -> None:
    notes = (
        "- # 1.1 s\n"
        "\t- id:: 6543ed3a-0000-4000-8000-000000000001\n\t  ```python\n\t  x = =\n\t  ```\n"
        "\t- ((6543ed3a-0000-4000-8000-000000000001))\n"
        "\t- ((6543ed3a-0000-4000-8000-000000000009))\n"
    )
    found = planned(notes)
    assert codes(found) == ["syntax-error", "unresolved-reference"]


# --- size -----------------------------------------------------------------------------------------


def timed(notes: dict[str, str]) -> tuple[Plan, float]:
    start = time.process_time()
    found = planned(notes)
    return found, time.process_time() - start


def test_a_thousand_pages_with_undefined_names() -> None:
    code = "import os\nx = 1\ndef f{0}(a):  #@save\n    return g{0}(a) + os.sep\ny = f{0}(x) + z{0}"
    notes = {
        f"pages/{i}.md": f"- # {1 + i // 50}.{1 + i % 50} s\n" + fence(code.replace("{0}", str(i)))
        for i in range(1000)
    }
    found, seconds = timed(notes)
    assert len(found.problems) == 2000
    assert seconds < 60


def test_a_page_of_five_thousand_chunks() -> None:
    notes = "- # 1.1 s\n" + "".join(
        fence(f"x = x + {i}\ndef f{i}(): return f{i - 1}, q  #@save") for i in range(5000)
    )
    found, seconds = timed({"pages/a.md": notes + "- # 1.2 t\n" + fence("x")})
    assert seconds < 60
    assert len(found.sessions[1].prelude) == 5000


# --- the end of a section, overloads, annotations -------------------------------------------------

TREE = (
    "from __future__ import annotations\n"
    "import dataclasses\n"
    "@dataclasses.dataclass\n"
    "class Tree:\n"
    "    left: Tree | None = None"
)


def test_what_is_borrowed_comes_with_its_imports_from_the_future() -> None:
    plan = planned(sections(TREE, "print(Tree())", "print(1)"))
    assert prelude(plan, "1.2")[0] == "from __future__ import annotations"
    assert prelude(plan, "1.3") == []
    names: dict[str, object] = {}
    exec("\n".join(prelude(plan, "1.2")), names)  # noqa: S102 -- a program of this test
    assert "Tree" in names


@pytest.mark.parametrize(
    ("lender", "borrowed"),
    [
        (["rate = 1\ndef f(): return rate", "rate = 2"],
         ["def f(): return rate", "rate = 2"]),
        (["rate = 1\ndef f(): return rate", "rate *= 2"],
         ["rate = 1", "def f(): return rate", "rate *= 2"]),
        (["rows = []\ndef f(): return rows", "rows.append(1)"],
         ["rows = []", "def f(): return rows", "rows.append(1)"]),
        (["rate = 1\ndef f(): return rate", "if rate:\n    rate = 2"],
         ["rate = 1", "def f(): return rate", "if rate:\n    rate = 2"]),
        (["rate = 1\ndef f(): return rate\ndef g():\n    global rate\n    rate = 3", "g()"],
         ["rate = 1", "def f(): return rate", "def g():\n    global rate\n    rate = 3", "g()"]),
    ],
)  # fmt: skip
def test_a_function_finds_what_it_reads_as_its_section_leaves_it(
    lender: list[str], borrowed: list[str]
) -> None:
    assert prelude(planned(sections(lender, "print(f())")), "1.2") == borrowed


OVERLOADS = (
    "import functools, typing\n"
    "@typing.overload\n"
    "def pick(x: int) -> int: ...  #@save\n"
    "@typing.overload\n"
    "def pick(x: str) -> str: ...  #@save\n"
    "def pick(x): return x  #@save"
)
KINDS = (
    "import functools\n"
    "@functools.singledispatch\n"
    "def kind(x): return 'any'  #@save\n"
    "@kind.register\n"
    "def _(x: int): return 'int'  #@save\n"
    "@kind.register(str)\n"
    "def _(x): return 'str'  #@save"
)


@pytest.mark.parametrize(
    "code",
    [
        OVERLOADS,
        OVERLOADS.replace("import functools, typing", "from typing import overload as ov").replace(
            "@typing.overload", "@ov"
        ),
        KINDS,
        "import sys\nif sys.argv:  #@save\n    limit = 1\nif not sys.argv:  #@save\n    limit = 2",
        "limit = 1  #@save\ntry:  #@save\n    limit = 2\nexcept ValueError:\n    limit = 3",
        "size = property(len)  #@save\n@size.setter\ndef size(self, n): pass  #@save",
    ],
)
def test_definitions_that_belong_together_are_not_saved_twice(code: str) -> None:
    assert codes(planned(sections(code))) == []


@pytest.mark.parametrize(
    "code", [f"{OVERLOADS}\ndef pick(y): return y  #@save", "a = 1  #@save\na = 2  #@save"]
)
def test_two_plain_definitions_are(code: str) -> None:
    assert codes(planned(sections(code))) == ["saved-twice"]


def test_an_overload_is_known_by_a_name_that_an_earlier_section_gave_it() -> None:
    code = OVERLOADS.replace("import functools, typing\n", "").replace("@typing.overload", "@ov")
    assert codes(planned(sections("from typing import overload as ov", code))) == []


def test_what_is_registered_comes_along_and_changes_what_reaches_it() -> None:
    plan = planned(sections(KINDS.replace("  #@save", ""), "print(kind(1))"))
    assert sum("kind.register" in text for text in prelude(plan, "1.2")) == 2
    using = "from d2l import torch as d2l\nd2l.kind(1)"
    before, after = (
        planned(sections(text, using)) for text in (KINDS, KINDS.replace("'int'", "0"))
    )
    assert digests(before)[-1] != digests(after)[-1]


@pytest.mark.parametrize(
    "annotation", ['"abc.Sequence"', 'list["abc.Sequence"]', '"list[abc.Sequence]"',
                   'typing.Annotated["abc.Sequence", "words, and so on"]']
)  # fmt: skip
def test_saved_code_takes_along_what_annotations_say_in_quotes(annotation: str) -> None:
    code = f"import collections.abc as abc\nimport typing\ndef f(x: {annotation}): pass  #@save"
    plan = planned(sections(code))
    assert codes(plan) == []
    assert "import collections.abc as abc" in plan.package.imports["abc"]


@pytest.mark.parametrize("annotation", ['"words, (and so"', '"nowhere"', 'typing.Literal["abc"]'])
def test_quoted_words_that_name_nothing_are_no_errors(annotation: str) -> None:
    code = f"import typing\nimport abc\ndef f(x: {annotation}): pass  #@save"
    plan = planned(sections(code))
    assert codes(plan) == []
    assert "abc" not in plan.package.imports
