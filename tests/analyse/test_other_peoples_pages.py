"""Chunks as other people write and paste them: what is a sketch, a slip, a result, or code."""

from __future__ import annotations

import pytest

from tests.analyse.plans import codes, planned


def fence(code: str, info: str = "python") -> str:
    """A block with a chunk."""
    body = "".join(f"  {line}\n" if line else "\n" for line in code.split("\n"))
    return f"- ```{info}\n{body}  ```\n"


OTHERS = [
    ("cdef int n = 1\nprint(n)", "Cython"),
    ("function area(r)\n    return 3r^2\nend\nprintln(area(2))", "Julia or Lua"),
    ("local t = {}\nfunction t.add(x)\n  return x\nend", "Julia or Lua"),
    ("-x = 1\n+x = 2\n print(x)", "a diff"),
    ("[tool.black]\nline-length = 88\nname = 'x'", "TOML or INI"),
    ("[section one]\nkey = a b\n; remark\nother = 2", "TOML or INI"),
    ("POST /api/items HTTP/1.1\nHost: example.org", "HTTP"),
    ("{% for x in xs %}\n{{ x }}\n{% endfor %}", "a template"),
    ("(Pdb) p x\n3\n(Pdb) n", "a debugger session"),
    ("ipdb> p x\n3", "a debugger session"),
    ("if_stmt: 'if' named_expression ':' block elif_stmt", "a grammar"),
]


@pytest.mark.parametrize(("code", "name"), OTHERS)
def test_text_in_another_language_is_a_sketch(code: str, name: str) -> None:
    found = planned("- x\n" + fence(code))
    assert codes(found) == ["sketch"]
    assert f"sketch: {name};" in found.problems[0].message


@pytest.mark.parametrize(
    "code",
    [
        "x = [a]\nb = c d",
        "-x = 1\ny = 2",
        "if x: 'a' b",
        "else: 'a' b",
        "def f(x):\n    return x\nend = = 1",
        "GET = = 1",
        "1 x\n3 y",
    ],
)
def test_broken_python_is_no_other_language(code: str) -> None:
    assert "sketch" not in codes(planned("- x\n" + fence(code)))


TRACEBACK = """\
Traceback (most recent call last):
  File "m.py", line 3
    f(1)
ValueError: 'x'"""
COMMENTED = "\n".join(f"# {line}" for line in TRACEBACK.split("\n"))
REPAIRED = [
    ("1 x = 1\n2 if x:\n3     print(x)", "x = 1\nif x:\n    print(x)"),
    ("9: x = 1\n10:\n11: print(x)", "x = 1\n\nprint(x)"),
    ("08 | a = 1\n09 | a", None),
    ("p = 'C:\\Users\\me.txt'\nprint(p)", "p = r'C:\\Users\\me.txt'\nprint(p)"),
    ("exec 'x = 1'\nn = 10L", "exec('x = 1')\nn = 10"),
    (f"int('x')\n\n{TRACEBACK}\nprint(2)", f"int('x')\n\n{COMMENTED}\nprint(2)"),
]


@pytest.mark.parametrize(("code", "meant"), REPAIRED)
def test_what_was_pasted_with_the_code_is_removed(code: str, meant: str | None) -> None:
    diagnosis = planned("- x\n" + fence(code)).sessions[0].chunks[0].code.parsed.diagnosis
    sure = None if diagnosis is None else diagnosis.sure
    assert (None if sure is None else "\n".join(sure.lines)) == meant


@pytest.mark.parametrize("mark", [">> ", "> ", "=> ", "-> ", "--> ", "→ "])
def test_a_literal_behind_an_arrow_is_a_result(mark: str) -> None:
    found = planned("- x\n" + fence(f"a = 3\nprint(a)\n{mark}3"))
    assert codes(found) == []
    assert found.sessions[0].chunks[0].code.chunk.code == "a = 3\nprint(a)\n#=> 3\n"


@pytest.mark.parametrize("code", ["> 3", "print(a)\n> b", "f(\n> 3", "x = 1\n> 3\n)"])
def test_an_arrow_may_be_anything_else(code: str) -> None:
    assert "syntax-error" in codes(planned("- x\n  a = f = 1\n" + fence(code)))


def test_a_session_without_dots_names_the_way_out() -> None:
    found = planned("- x\n" + fence(">>> for n in range(2):\n    print(n)\n0\n1"))
    assert "put `... ` in front of each line" in (found.problems[0].hint or "")


@pytest.mark.parametrize(("code", "meant"), [("{'a': true}", "True"), ("x = null", "None")])
def test_names_of_json_have_their_python_in_the_hint(code: str, meant: str) -> None:
    (problem,) = planned("- x\n" + fence(code)).problems
    assert problem.code == "undefined-name"
    assert problem.hint == f"this is JSON or JavaScript; Python has {meant}"
