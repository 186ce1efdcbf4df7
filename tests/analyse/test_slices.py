"""Laws of borrowing: what a section borrows is enough, and makes what a run in order would."""

from __future__ import annotations

import copy
import os
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tangle.analyse import Session

from .plans import planned, sections

EXAMPLES = int(os.environ.get("TANGLE_EXAMPLES", "200"))

NAMES = st.sampled_from("abcd")
FUNCTIONS = st.sampled_from("fg")
STATEMENTS = st.one_of(
    st.builds("{0} = [{1}]".format, NAMES, st.integers(0, 9)),
    st.builds("{0} = list({1}) + [1]".format, NAMES, NAMES),
    st.builds("{0} = {1}() + [2]".format, NAMES, FUNCTIONS),
    st.builds("{0}.append({1})".format, NAMES, st.integers(0, 9)),
    st.builds("{0}[0] = len({1})".format, NAMES, NAMES),
    st.builds("{0} += [len({1})]".format, NAMES, NAMES),
    st.builds("for i in range(2):\n    {0}.append(i)".format, NAMES),
    st.builds("def {0}(): return list({1})".format, FUNCTIONS, NAMES),
    st.builds("def {0}():\n    return {1}() + list({2})".format, FUNCTIONS, FUNCTIONS, NAMES),
    st.builds("if len({0}) > 1:\n    {1} = [7]\nelse:\n    {1} = list({0})".format, NAMES, NAMES),
    st.builds("{0}".format, NAMES),
    st.builds("del {0}".format, NAMES),
)
SECTIONS = st.lists(
    st.lists(STATEMENTS, min_size=1, max_size=4).map("\n".join), min_size=2, max_size=5
)


def _text(session: Session) -> tuple[str, str]:
    """The code that a session borrows, and its own."""
    borrowed = "\n".join("\n".join(entry.plain) for entry in session.prelude)
    return borrowed, "".join(planned.code.chunk.code for planned in session.chunks)


def _run(code: str, names: dict[str, Any]) -> BaseException | None:
    try:
        exec(code, names)  # noqa: S102 -- programs made by this test
    except Exception as error:  # noqa: BLE001
        return error
    return None


@given(SECTIONS)
@settings(max_examples=EXAMPLES)
@example(["a = [1]\ndef f(): return list(a)", "a = [2]\nb = f() + [2]", "b"])
@example(["f = g\ndef g(): return f()", "g"])
def test_what_is_borrowed_is_closed(codes: list[str]) -> None:
    """A script never misses a name that analysis called defined.

    But for one whose definition it has, and lets a function look for too early.
    """
    plan = planned(sections(*codes))
    for session in plan.sessions:
        if session.problems:
            continue
        borrowed, own = _text(session)
        names: dict[str, Any] = {}
        error = _run(borrowed, names) or _run(own, names)
        if isinstance(error, NameError):
            bound = {n for code in session.chunks for s in code.code.statements for n in s.binds}
            bound.update(name for entry in session.prelude for name in entry.names)
            assert error.name in bound, (borrowed, own, error)


@given(SECTIONS)
@settings(max_examples=EXAMPLES)
@example(["a = [1]", "a.append(2)", "b = list(a)", "a[0] = 5", "b, a"])
def test_what_is_borrowed_is_what_a_run_in_order_has(codes: list[str]) -> None:
    """Where nothing is deleted and nothing fails."""
    plan = planned(sections(*codes))
    together: dict[str, Any] = {}
    for session in plan.sessions:
        borrowed, own = _text(session)
        taken = {name for entry in session.prelude for name in entry.names}
        used = {use.name for code in session.chunks for s in code.code.statements for use in s.uses}
        alone: dict[str, Any] = {}
        fails = _run(borrowed, alone)
        if not session.problems and fails is None:
            for name in sorted(taken & used & {"a", "b", "c", "d"}):
                assert alone[name] == together[name], (name, borrowed)
        if "del " in own or _run(own, together) is not None:
            return
        together = {name: _copied(value) for name, value in together.items()}


EFFECTS = st.one_of(
    STATEMENTS,
    st.builds("def {0}():\n    {1}.append(3)\n    return [1]".format, FUNCTIONS, NAMES),
    st.builds("def {0}():\n    global {1}\n    {1} = [8]\n    return [2]".format, FUNCTIONS, NAMES),
    st.builds("{0}()".format, FUNCTIONS),
    st.builds("if a:\n    {0} = [6]".format, NAMES),
    st.builds(
        "try:\n    {0} = [1 // len({1})]\nexcept ArithmeticError:\n    pass".format, NAMES, NAMES
    ),
)


@given(st.lists(EFFECTS, min_size=1, max_size=9).map("\n".join))
@settings(max_examples=EXAMPLES)
@example("a = [1]\ndef f(): return list(a)\na = [2]")
@example("a = [1]\nif a:\n    b = [6]\nb = [1]\nif not a:\n    b = [2]")
@example("a = [1]\ndef f():\n    global a\n    a = [8]\nf()")
@example("a = [1]\ndef f():\n    a.append(3)\n    return [1]\nb = f()")
def test_what_is_borrowed_is_as_it_is_at_the_end_of_its_section(lender: str) -> None:
    """Values, and what functions that read them give."""
    together: dict[str, Any] = {}
    if "del " in lender or _run(lender, together) is not None:
        return
    plan = planned(sections(lender, "a, b, c, d, f(), g()"))
    borrowed, _ = _text(plan.sessions[1])
    alone: dict[str, Any] = {}
    fails = _run(borrowed, alone)
    if plan.sessions[0].problems:
        return
    assert fails is None, (borrowed, fails)
    for name in sorted({*"abcdfg"} & together.keys()):
        assert _value(alone[name]) == _value(together[name]), (name, borrowed)


def _value(value: Any) -> object:
    """A value, or what a function gives; functions leave what they read as it is for the next."""
    if not callable(value):
        return value
    names = copy.deepcopy({n: v for n, v in value.__globals__.items() if isinstance(v, list)})
    try:
        return value()
    except (NameError, RecursionError) as error:
        return type(error)
    finally:
        value.__globals__.update(names)


def _copied(value: object) -> object:
    return copy.deepcopy(value) if isinstance(value, list) else value
