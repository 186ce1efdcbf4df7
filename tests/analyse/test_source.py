"""Chunks that do not parse, and where they say so; IPython's own lines."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.analyse.magics import masked

from .plans import codes, fence, only, planned, sections

STEP = "- a step\n  tangle.name:: step\n  tangle.skip:: yes\n"


def where(code: str, raises: str = "") -> str:
    """Line and column of the code, and what is said of it."""
    page = f"- {raises}\n" + fence(code)
    problem = only(planned(page))
    assert problem.code == "syntax-error"
    assert problem.hint
    place = problem.place
    said = problem.message.removeprefix("this chunk does not parse: ")
    return f"{place.line - 2}:{place.column - 3} {said}"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = = 1", "1:5 invalid syntax"),
        ("中文 = '字' $ 4", "1:10 invalid syntax"),
        ("x = 1\n\ty = 2", "2:1 its indentation does not fit its colons (unexpected indent)"),
        ("x = (1,\n]",
         "2:1 closing parenthesis ']' does not match opening parenthesis '(' on line 3"),
        ("def f():\nx", "2:1 expected an indented block after function definition on line 3"),
        ('x\n"""abc', "2:1 unterminated triple-quoted string literal (detected at line 4)"),
        ("class A:\n    中 = 1; yield 2", "2:12 'yield' outside function"),
        ("def f(a, a): pass", "1:10 duplicate argument 'a' in function definition"),
        ("x\ny = '\0'", "2:6 it holds a null byte"),
        ("from __future__ import nope", "1:1 future feature nope is not defined"),
        ("(" * 300, "1:201 too many nested parentheses"),
        ("x = 1 \\", "1:8 unexpected EOF while parsing"),
        ("[12., 12\n12.],", None),
        ("y = **True**", "1:5 Markdown's marks for emphasis stand in the code (invalid syntax)"),
        ("not " * 600 + "1", "1:1 its expressions are nested too deeply"),
        ("-" * 5000 + "1", "1:1 its expressions are nested too deeply"),
        (">>> 1\n1\n>>> " + "-" * 9000 + "1", "3:1 its expressions are nested too deeply"),
        ("In [1]: 1\nIn [2]: " + "-" * 9000 + "1", "2:1 its expressions are nested too deeply"),
        ("x" + "[0]()" * 700, "1:1 its expressions are nested too deeply"),
    ],
)  # fmt: skip
def test_syntax_errors_say_where(code: str, said: str | None) -> None:
    found = where(code)
    assert said is None or found == said


def test_the_column_counts_what_stands_before_the_code() -> None:
    problem = only(
        planned("- x\n\t- y\n\t\t- ```python\n\t\t  if 1:\n\t\t      x = = 1\n\t\t  ```\n")
    )
    assert str(problem.place) == "pages/a.md:5:13"
    assert problem.excerpt == "\t\t      x = = 1"


def test_an_expanded_reference_points_at_its_own_line() -> None:
    notes = {
        "pages/a.md": "- ```python\n  def f():\n      <<step>>\n  ```\n",
        "pages/b.md": STEP + "  ```python\n  x = (\n  y z)\n  ```\n",
    }
    problem = only(planned(notes))
    assert str(problem.place).startswith("pages/b.md:6:")
    assert problem.excerpt == "  y z)"


def test_lines_named_in_a_message_may_stand_on_another_page() -> None:
    notes = {
        "pages/a.md": "- ```python\n  x = (\n  <<step>>\n  ```\n",
        "pages/b.md": STEP + "  ```python\n  ]\n  ```\n",
    }
    problem = only(planned(notes))
    assert str(problem.place) == "pages/b.md:5:3"
    assert problem.message.endswith("'(' on line 2 of pages/a.md")


def test_ten_thousand_lines() -> None:
    code = "".join(f"x{i} = {i}\n" for i in range(9_999)) + "y = = 1"
    assert where(code) == "10000:5 invalid syntax"


@pytest.mark.parametrize(
    ("raises", "code", "found"),
    [
        ("SyntaxError", "x = = 1", []),
        ("SyntaxError", "  x\n y", []),
        ("IndentationError", "if x:\ny", []),
        ("Exception", "x = = 1", []),
        ("IndentationError", "x = = 1", ["syntax-error"]),
        ("ValueError", "x = = 1", ["syntax-error"]),
    ],
)
def test_a_syntax_error_that_must_happen_is_none(raises: str, code: str, found: list[str]) -> None:
    assert codes(planned(f"- # x\n  tangle.raises:: {raises}\n" + fence(code))) == found


def test_a_chunk_that_awaits_parses() -> None:
    found = planned(fence("import a\nx = await a.b()\nasync with x as y: pass\ny", ""))
    assert codes(found) == []
    assert found.sessions[0].chunks[0].code.parsed.awaits


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("%matplotlib inline\nx", "pass\nx"),
        ("!ls\nx", "pass\nx"),
        ("for a in b:\n    !ls {a}\n    %cd", "for a in b:\n    pass\n    pass"),
        ("x = !ls -l", "x = None"),
        ("a, b['c'] = %foo", "a, b['c'] = None"),
        ('d["k"][0] = !ls', 'd["k"][0] = None'),
        ('%cd\nprint("loss=%f" % x)', 'pass\nprint("loss=%f" % x)'),
        ("x.y?", "pass"),
        ("?x", "pass"),
        ("x[0]??  ", "pass"),
        ("print?\nx = 'why?'", "pass\nx = 'why?'"),
        ("%time x = f(y)", "x = f(y)"),
        ("  %timeit f(y)", "  f(y)"),
        ("%timeit -n 10 f(y)", "pass"),
        ("%time", "pass"),
        ("!ls \\\n  -l \\\n  x\ny", "pass\n\n\ny"),
        ("!ls \\", "pass"),
        # only where a statement can begin
        ("s = '''\n%d\n!x\n'''\n%cd", "s = '''\n%d\n!x\n'''\npass"),
        ('s = """a\n"b"\\"""\n!x\n"""\n!y', 's = """a\n"b"\\"""\n!x\n"""\npass'),
        ("x = (a\n     % b)\n%cd", "x = (a\n     % b)\npass"),
        ("x = a \\\n  % b\n%cd", "x = a \\\n  % b\npass"),
        ("x = '(' # (\n%cd", "x = '(' # (\npass"),
        ("x = 'a\\\n%d'\n%cd", "x = 'a\\\n%d'\npass"),
        ("x = 'a\n%cd", "x = 'a\npass"),
        ("x)\n%cd", "x)\npass"),
        ("x = 1 % 2\ny != z", "x = 1 % 2\ny != z"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%bash\nls", ""),
    ],
)
def test_lines_of_ipython_are_masked(code: str, text: str) -> None:
    assert masked(code).text == text


@pytest.mark.parametrize(
    ("code", "naming"),
    [
        ("%run a.py", True),
        ("%pylab", True),
        ("%runner", False),
        ("%%capture out\nx", True),
        ("%%capture\nx", False),
        ("%%capture --no-stderr\nx", False),
        ("%%bash --out x\nls", True),
        ("%%bash\nls", False),
    ],
)
def test_magics_that_bind_names(code: str, naming: bool) -> None:
    assert masked(code).naming == naming


def test_a_cell_in_another_language_is_no_python() -> None:
    found = planned(sections(["%%bash\nfor x in y; do z; done", "%%capture out\nx = 1", "x, out"]))
    assert codes(found) == []


@given(st.text(alphabet="x%!?'\"\\#([{}])= \n", max_size=40))
def test_masking_keeps_the_lines_apart(code: str) -> None:
    found = masked(code)
    assert found.foreign or found.text.count("\n") == code.count("\n")
    plain = code.split("\n")
    for row, line in enumerate(found.text.split("\n"), start=1):
        assert found.foreign or row in found.lines or line == plain[row - 1]


@given(st.lists(st.sampled_from(["x = 1", "s = '''", "'''", "(", ")", "f('a', \"b\")", "#'"])))
def test_plain_python_has_nothing_to_mask(lines: list[str]) -> None:
    code = "\n".join(lines)
    try:
        ast.parse(code)
    except SyntaxError:
        return
    assert masked(code).lines == frozenset()
