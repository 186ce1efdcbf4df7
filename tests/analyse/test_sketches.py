"""Chunks that were not meant to run, slips of one token, and code that has one reading."""

from __future__ import annotations

import pytest

from tangle.notes import Plan

from .plans import codes, fence, only, planned

SKETCHES = [
    ("def area(r):", "a header without a body"),
    ("class Circle(Shape):", "a header without a body"),
    ("@app.route('/')", "a decorator alone"),
    ("def job():\n    try:\n        # do the work\n    except ValueError as e:\n        print(e)",
     "a header without a body"),
    ("return 3", "`return` outside of a function"),
    ("if x:\n    break", "`break` outside of a loop"),
    ("client = Client(<your key>)", "placeholders"),
    ("import …", "an ellipsis in place of code"),
    ("x =", "a value left out"),
    ("else:\n    x = 1", "a clause without its statement"),
    ("SELECT name FROM people WHERE age > 3", "SQL"),
    ("apt install git\ngit status", "shell commands"),
    ("FROM debian:12\nRUN apt-get update", "a Dockerfile"),
    ("float y = 0.f;", "C, C++ or Java"),
    ("const x = 3;\nconsole.log(x)", "JavaScript"),
    ("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-x\n+y", "a diff"),
    ("Traceback (most recent call last):\n  File \"x.py\", line 1, in f\nValueError: no",
     "a traceback"),
    ("up{job=\"web\"} < 1", "PromQL"),
    ("these are some words about it", "words"),
]  # fmt: skip


@pytest.mark.parametrize(
    "code", ["rule: 'a' " + "b" * 300 + '"', "a" + "." * 300 + '"', "a" + " b" * 190 + '"']
)
def test_the_time_does_not_explode_with_the_length_of_a_line(code: str) -> None:
    assert only(planned("- x\n" + fence(code))).code == "syntax-error"


@pytest.mark.parametrize(("code", "what"), SKETCHES)
def test_a_sketch_is_recognised_and_never_run(code: str, what: str) -> None:
    found = planned("- x\n" + fence(code) + fence("print(1)"))
    problem = only(found)
    assert (problem.code, problem.severity) == ("sketch", "notice")
    assert problem.message == f"sketch: {what}; it is not run"
    assert [chunk.code.runs for chunk in found.sessions[0].chunks] == [False, True]


SLIPS = [
    ("for i in range(3)\n    print(i)", "for i in range(3):\n    print(i)"),
    ("if x = 1:\n    y = 2", "if x == 1:\n    y = 2"),
    ("def f:\n    pass", "def f():\n    pass"),
    ("print 'a', b", "print('a', b)"),
    ("print(len('abc')", "print(len('abc'))"),
    ("print(x))", "print(x))"[:-1]),
    ("print('hello)", "print('hello')"),
    ("print(\"hello')", 'print("hello")'),
    ("xs = [1 2, 3]", None),
    ("xs = {'a': 1\n 'b': 2}", "xs = {'a': 1,\n 'b': 2}"),
    ("if a:\n    x = 1\nelse if b:\n    x = 2", "if a:\n    x = 1\nelif b:\n    x = 2"),
    ("improt math\nmath.pi", "import math\nmath.pi"),
    ("try:\n    x = 1\nexcept OSError, e:\n    print e",
     "try:\n    x = 1\nexcept OSError as e:\n    print(e)"),
    ("x = a && b", "x = a and b"),
]  # fmt: skip


def repaired(found: Plan) -> str | None:
    """The code of the only chunk as `--fix` writes it."""
    diagnosis = found.sessions[0].chunks[0].code.parsed.diagnosis
    sure = None if diagnosis is None else diagnosis.sure
    return None if sure is None else "\n".join(sure.lines)


@pytest.mark.parametrize(("code", "meant"), [each for each in SLIPS if each[1]])
def test_a_slip_is_a_warning_with_its_repair_and_not_run(code: str, meant: str) -> None:
    found = planned("- x\n" + fence(code))
    problem = found.problems[0]
    assert (problem.code, problem.severity) == ("slip", "warning")
    assert repaired(found) == meant
    assert found.sessions[0].chunks[0].code.obstacle is not None


@pytest.mark.parametrize(
    "code", ["x = a + b) * c", "x = = 1", "x = (1, 2]", "f('a, b)", "foo(1\n(2)", "x = foo("]
)
def test_what_may_be_several_programs_is_not_repaired(code: str) -> None:
    assert repaired(planned("- x\n" + fence(code))) is None


@pytest.mark.parametrize(
    "code",
    [
        "unknown(thing)",
        "key = '<your key>'",
        "...",
        "def f(): ...",
        "select(x)",
        "x: int",
        "{'a': y}",
    ],
)
def test_valid_python_is_never_a_sketch(code: str) -> None:
    found = planned("- x\n" + fence(code))
    assert not {"sketch", "slip", "syntax-error"}.intersection(codes(found))
    assert found.sessions[0].chunks[0].code.runs


def test_a_return_whose_function_lost_its_indentation_is_an_error() -> None:
    assert codes(planned("- x\n" + fence("def f(x):\n    y = x\nreturn y"))) == ["syntax-error"]


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("❶ total = 1\ntotal  ", "total = 1\ntotal  "),
        ('names = ["a"]  1\nnames', 'names = ["a"]\nnames'),
        ("x = 1 ②\nx", "x = 1\nx"),
    ],
)
def test_callouts_are_read_past(code: str, read: str) -> None:
    found = planned("- x\n" + fence(code))
    assert (codes(found), found.problems[0].severity) == (["callouts"], "notice")
    chunk = found.sessions[0].chunks[0].code
    assert (chunk.obstacle, chunk.chunk.code) == (None, read + "\n")


def test_code_with_one_width_of_tabs_is_run_each_line_at_its_place() -> None:
    found = planned("- x\n" + fence("if 1:\n  a = 1\n\tb = a"))
    assert codes(found) == ["mixed-indentation"]
    chunk = found.sessions[0].chunks[0].code
    assert chunk.obstacle is None
    assert [line.place.line for line in chunk.chunk.lines] == [3, 4, 5]
    assert chunk.chunk.lines[2].text.strip() == "b = a"


def test_two_widths_that_make_two_programs_are_an_error_that_names_both() -> None:
    code = "if a:\n    if b:\n        c = 1\n\td = 1"
    found = planned("- x\n  a, b = 1, 1\n" + fence(code))
    problem = next(p for p in found.problems if p.code == "syntax-error")
    assert problem.hint is not None
    assert "indented by 8 columns" in problem.hint
    assert "indented by 4 columns" in problem.hint


def test_the_text_of_the_file_is_run_where_only_that_is_a_program() -> None:
    page = "- clip\n```python\nxs = []\nfor i in range(3):\n xs.append(i)\nxs\n```\n"
    chunk = planned(page).sessions[0].chunks[0].code
    assert chunk.obstacle is None
    assert chunk.chunk.code == "xs = []\nfor i in range(3):\n xs.append(i)\nxs\n"
