"""Chunks that do not parse: what is reported, and what is repaired."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tangle.analyse.repair import Diagnosis, diagnose
from tangle.analyse.source import readable
from tests.link.graphs import Case, cases

_ALL = list(cases(Path(__file__).with_name("cases_repair.md")))


def diagnosed(code: str) -> Diagnosis:
    """The diagnosis of code that does not parse."""
    with pytest.raises(SyntaxError) as caught:
        compile(code, "<chunk>", "exec", ast.PyCF_ONLY_AST)
    return diagnose(code, caught.value, readable)


def repaired(code: str) -> str | None:
    """Code as it is repaired; None where that is not sure."""
    sure = diagnosed(code).sure
    return None if sure is None else "".join(f"{line}\n" for line in sure.lines)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _ALL])
def test_case(case: Case) -> None:
    diagnosis = diagnosed(case.text)
    sure = diagnosis.sure
    if sure is None:
        assert case.expected == "none\n"
    else:
        told = "".join(f"{line}\n" for line in ("; ".join(sure.causes), *sure.lines))
        assert told == case.expected.replace("→", "\t")
        assert diagnosis.cause == "; ".join(sure.causes)


def test_there_are_cases() -> None:
    assert len(_ALL) > 20


def test_two_readings_are_both_reported_and_neither_is_taken() -> None:
    # With tabs of eight columns the last line belongs to the inner block, of four to the outer.
    diagnosis = diagnosed("if a:\n    if b:\n        c = 1\n\td = 1\n  \te = 1\n")
    assert diagnosis.sure is None


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        ("这 是 说明，不是代码\n", "prose, not code", "put it into the block's text"),
        ("this line says something in words\n", "prose, not code", "put it into the block's text"),
        ("x = = 1\n", "", ""),
    ],
)
def test_causes_that_are_only_reported(code: str, words: str, hint: str) -> None:
    diagnosis = diagnosed(code)
    assert diagnosis.readings == ()
    assert words in diagnosis.cause
    assert diagnosis.hint.startswith(hint)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
@pytest.mark.parametrize(
    "code", ["type Vector = list[float]\n", "def f[T](x: T): ...\n", "f'{x['a']}'\n"]
)
def test_syntax_of_a_newer_python_is_named(code: str) -> None:
    diagnosis = diagnosed(code)
    assert "Python 3.12" in diagnosis.cause
    assert "or newer" in diagnosis.hint


def test_the_place_is_where_the_damage_is() -> None:
    diagnosis = diagnosed("x = 1\ny = f(**True**)\n")
    assert (diagnosis.row, diagnosis.column) == (1, 6)
    diagnosis = diagnosed("x = 1\nprint（x）\n")
    assert (diagnosis.row, diagnosis.column) == (1, 5)


PROGRAMS = [
    """\
import math

def area(r, *, unit='m'):
    '''Area.'''
    if r < 0:
        raise ValueError('negative')
    return math.pi * r ** 2
""",
    """\
total = 0
for i in range(10):
    for j in range(i):
        if i % 2:
            total += i * j
        else:
            continue
    print(i, total)
""",
    """\
class Net:
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        return [v * self.size
                for v in x]
""",
    """\
x = {'a': 1, 'b': [2, 3]}
with open('f') as file:
    text = file.read()
print(*x, sep=';')
""",
    """\
def gen(n):
    while n:
        n -= 1
        yield n

print(sum(gen(3)))  # three
""",
]


def _tabs(code: str) -> str:
    """Every second indented line with a tab for its last four spaces."""
    lines = code.split("\n")
    for at in range(0, len(lines), 2):
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        if depth >= 4:
            lines[at] = " " * (depth - 4) + "\t" + lines[at].lstrip(" ")
    return "\n".join(lines)


def _wide(code: str) -> str:
    return code.replace("(", "（").replace(")", "）").replace(", ", "，")


def _bold(code: str) -> str:
    return code.replace("range", "**range**").replace("self.size", "**self.size**")


def _nbsp(code: str) -> str:
    return code.replace(" = ", "\u00a0=\u00a0").replace("    ", "\u00a0   ")


def _dashes(code: str) -> str:
    lines = code[:-1].split("\n")
    return "".join(f"{'  ' if not line or line[0] == ' ' else '- '}{line}\n" for line in lines)


DAMAGE = [_tabs, _wide, _bold, _nbsp, _dashes]


@given(st.sampled_from(PROGRAMS), st.sampled_from(DAMAGE))
def test_what_was_damaged_is_as_it_was_or_left_alone(code: str, damage: object) -> None:
    assert callable(damage)
    damaged = damage(code)
    assume(readable(damaged) is None)
    found = repaired(damaged)
    assert found is None or ast.dump(ast.parse(found)) == ast.dump(ast.parse(code))


def test_every_damage_is_repaired_somewhere() -> None:
    for damage in DAMAGE:
        damaged = [text for text in map(damage, PROGRAMS) if readable(text) is None]
        assert damaged
        assert any(repaired(text) for text in damaged), damage.__name__


@given(st.text(st.sampled_from("ax=1 \n\t:()[]*'\"#（“”→-.,"), max_size=60))
@example("“”＂")
@example('"""\n')
@example("\\\n*")
def test_whatever_stands_there_a_repair_parses_and_is_the_last(code: str) -> None:
    code += "\n"
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        pass
    else:
        assume(False)
    found = repaired(code) if readable(code) is None else None
    if found is not None:
        assert readable(found) is not None
        assert found.count("\n") == code.count("\n")


def test_a_chunk_of_ten_thousand_lines_is_reported_soon() -> None:
    code = "x = f(1, [2, 3])\n" * 10_000 + "y = = 2\n"
    before = time.process_time()
    assert diagnosed(code).readings == ()
    assert time.process_time() - before < 60
