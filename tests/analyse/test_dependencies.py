"""What a failed chunk stops, and what one chunk needs."""

from __future__ import annotations

import random

import pytest

from tangle.analyse.dependencies import flows, needed_chunks

from .going_on import going_on, plainly, session_of

FAILS = "1 / 0\n"


def skipped(*codes: str) -> list[int]:
    """The chunks (from 1) that are skipped."""
    found = enumerate(going_on(codes), start=1)
    return [number for number, (outcome, _) in found if outcome == "skipped"]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["df.drop(columns=['a'])", "print(1)", "left.merge(right)", "print(2)"], []),
        ([f"{FAILS}a = 1", "print(a)", "b = a", "print(b)", "print(0)"], [2, 3, 4]),
        ([f"a = 1\n{FAILS}b = 2", "print(a)", "print(b)"], [3]),
        ([f"a = 1\n{FAILS}a = 2", "print(a)"], [2]),
        (["a = 1", f"{FAILS}a = 2", "print(a)"], [3]),
        ([f"{FAILS}a = 1", "a = 2", "print(a)"], []),
        ([f"{FAILS}a = 1", "if len('x') > 1:\n    a = 2", "print(a)"], [3]),
        ([f"{FAILS}a = 1", "def f():\n    return a", "print('f')", "f()", "a = 1", "f()"], [4]),
        (
            ["class A:\n    def m(self):\n        return k", "o = A()", f"{FAILS}k = 1", "o.m()"],
            [4],
        ),
        (["def f():\n    return k", "g = f", f"{FAILS}k = 1", "g()"], [4]),
        (["k = 1", "def f():\n    return k", "x = f()", f"{FAILS}k = 2", "print(x)"], []),
        (["rows = []", f"{FAILS}rows.append(1)", "print(rows)"], [3]),
        (["rows = []", f"{FAILS}rows[0] = 1", "print(rows)"], [3]),
        (["n = 1", f"{FAILS}n += 1", "print(n)"], [3]),
        (["n = 1", f"{FAILS}del n", "print(n)"], [3]),
        (
            [
                "rows = []",
                "def add():\n    rows.append(1)",
                f"{FAILS}add()",
                "print(rows)",
            ],
            [4],
        ),
        (["def f():\n    global n\n    n = 1", "n = 0", f"{FAILS}f()", "print(n)"], [4]),
        (["import no_such_module as m", "m.f()", "print(1)"], [2]),
        (["import math", f"{FAILS}math.sqrt(2)", "math.sqrt(3)"], []),
        (["import random", f"{FAILS}random.seed(1)", "random.random()"], [3]),
        (["from no_such_module import *", "a = 1", "print(a)", "f(a)", "len('x')"], [4]),
        ([f"{FAILS}exec('a' + ' = 1')", "print(a)", "print(2)"], [2]),
        (["a = 0", f"{FAILS}exec('a' + ' = 1')", "print(a)", "print(2)"], [3]),
        ([f"{FAILS}a = 1", "exec('print' + '(2)')", "eval('1 + 1')", "eval('a')"], [2, 4]),
        ([f"{FAILS}a = 1", "globals()", "print(2)"], [2]),
        (["x = = 1", "print(x)", "print(2)"], [2]),
        (["x = 1", "x += = 1", "print(x)"], [3]),
        (["rows = []", "rows.append(1", "print(rows)", "print(2)"], [3]),
        ([f"{FAILS}a = 1", "try:\n    a\nexcept NameError:\n    print('none')"], [2]),
        (["class A:\n    pass", f"{FAILS}A.b = 1", "print(A)"], [3]),
        ([f"a, (b, *c) = 1, (2,)\n{FAILS}", "print(a, b, c)"], []),
        ([f"{FAILS}a = [y for y in '']", "print([a for a in '12'])"], []),
        ([f"{FAILS}for i in '12':\n    pass", "print(i)"], [2]),
        ([f"{FAILS}a = 1", "a = 2\nprint(a)"], []),
    ],
)
def test_a_failed_chunk_stops_what_needs_it(codes: list[str], expected: list[int]) -> None:
    assert skipped(*codes) == expected


def test_the_reason_names_what_failed_also_where_it_is_needed_by_way_of_another() -> None:
    found = going_on(["1", f"{FAILS}a = 1", "b = a", "print(b)"])
    reason = "needs a from line 2, which failed"
    assert found[2:] == [("skipped", reason), ("skipped", reason)]


@pytest.mark.parametrize(
    ("codes", "wanted", "expected"),
    [
        (["a = 1", "b = 2", "print(b)"], 2, [1, 2]),
        (["import math", "a = 1", "math.pi", "print(math.e)"], 3, [0, 3]),
        (["a = 1", "def f():\n    return a", "b = 2", "f()"], 3, [0, 1, 3]),
        (["rows = []", "rows.append(1)", "x = 1", "print(rows)"], 3, [0, 1, 3]),
        (["a = 1", "a = 2", "print(a)"], 2, [1, 2]),
        (["a = 1", "a = a + 1", "print(a)"], 2, [0, 1, 2]),
        (["from math import *", "x = 1", "print(2)"], 2, [0, 2]),
        (["import random", "random.seed(0)", "x = 1", "random.random()"], 3, [0, 1, 3]),
        (["%matplotlib inline", "x = 1", "print(2)"], 2, [0, 2]),
    ],
)
def test_one_chunk_needs(codes: list[str], wanted: int, expected: list[int]) -> None:
    assert sorted(needed_chunks(flows(session_of(codes)), [wanted])) == expected


# --- laws -----------------------------------------------------------------------------------------

_STATEMENTS = (
    "{x} = {n}",
    "{x} = {y} + {n}",
    "{x} += {n}",
    "print({x}, {y})",
    "print({f}())",
    "{x} = {f}()",
    "def {f}():\n    return {x} + 1",
    "def {f}():\n    global {x}\n    {x} = {n}\n    return {y}",
    "def {f}():\n    return {g}() + {x}",
    "{f} = {g}",
    "rows = [{n}]",
    "rows.append({x})",
    "rows[0] = {x}",
    "print(rows)",
    "def {f}():\n    rows.append({n})\n    return len(rows)",
    "if {x} > {n}:\n    {y} = {n}",
    "for {x} in range({n} % 3):\n    {y} = {x}",
    "class K:\n    def m(self):\n        return {x}",
    "k = K()",
    "print(k.m())",
    "del {x}",
    "{x} = sum({y} for _ in range(2))",
    "{f} = lambda: {y}\n{x} = {f}()",
    "{f} = lambda: {x}",
    "try:\n    {x} = {f}()\nexcept NameError:\n    {x} = {n}",
)


def _unit(dice: random.Random) -> list[list[str]]:
    return [
        [
            dice.choice(_STATEMENTS).format(
                x=dice.choice("abc"),
                y=dice.choice("abc"),
                f=dice.choice("fgh"),
                g=dice.choice("fgh"),
                n=dice.randrange(9),
            )
            for _ in range(dice.randrange(1, 4))
        ]
        for _ in range(dice.randrange(4, 12))
    ]


def _broken(dice: random.Random, unit: list[list[str]]) -> list[list[str]]:
    found = [list(chunk) for chunk in unit]
    for chunk in dice.sample(found, 2):
        chunk.insert(dice.randrange(len(chunk) + 1), FAILS.strip())
    return found


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_what_passes_prints_what_it_prints_without_the_failures(start: int) -> None:
    passed = 0
    for seed in range(start, start + 50):
        dice = random.Random(seed)
        whole = _unit(dice)
        broken = ["\n".join(chunk) for chunk in _broken(dice, whole)]
        repaired = plainly(["\n".join(chunk) for chunk in whole])
        guarded = plainly(broken)
        for at, (outcome, printed) in enumerate(going_on(broken)):
            if outcome == "passed":
                passed += 1
                assert repaired[at] == ("passed", printed), (seed, at, broken)
                assert guarded[at] == ("passed", printed), (seed, at, broken)
    assert passed > 20


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_a_slice_prints_what_the_whole_prints(start: int) -> None:
    compared = 0
    for seed in range(start, start + 50):
        dice = random.Random(seed)
        codes = ["\n".join(chunk) for chunk in _unit(dice)]
        found = flows(session_of(codes))
        for at, (outcome, printed) in enumerate(going_on(codes)):
            if outcome == "passed":
                compared += 1
                alone = plainly(codes, needed_chunks(found, [at]))
                assert alone[at] == ("passed", printed), (seed, at, codes)
    assert compared > 20
