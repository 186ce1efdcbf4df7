"""Failures and warnings name the notes: their pages, their lines, their columns."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tangle.engine.worker.compiler import map_lines
from tangle.model import Cell, Failure, Origin, PagePath, Source

from .sessions import make_cell, run, run_one, text

SINCE_3_13 = sys.version_info >= (3, 13)
"""Python marks other columns of a line since then."""


def failure_of(code: str) -> Failure:
    failure = run_one(code).failure
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    ("code", "name", "message", "place"),
    [
        ("1 / 0", "ZeroDivisionError", "division by zero", "10:5"),
        ("x = 1\ny = x / 0", "ZeroDivisionError", "division by zero", "11:9"),
        ("变量 = 1; 变量 / 0", "ZeroDivisionError", "division by zero", "10:13"),
        ("\n\n\n1 / 0", "ZeroDivisionError", "division by zero", "13:5"),
        ("x = 1\ny = = 2", "SyntaxError", "invalid syntax", "11:9"),
        ("\n\ny = = 2", "SyntaxError", "invalid syntax", "12:9"),
        ("x = 1\nreturn x", "SyntaxError", "'return' outside function", "11:5"),
        ("if 1:\nx = 2", "IndentationError", None, "11:5"),
        ("%%time\nx = 1\nx / 0", "ZeroDivisionError", "division by zero", "12:5"),
        ("%%capture\nx = 1\nx / 0", "ZeroDivisionError", "division by zero", "12:5"),
        ("!true \\\n  false\n1 / 0", "ZeroDivisionError", "division by zero", "12:5"),
        ("import json\njson.loads('{')", "JSONDecodeError", None, "11:5"),
        ("import nothing_such", "ModuleNotFoundError", "No module named 'nothing_such'", "10:5"),
        ("raise ValueError('one\\ntwo')", "ValueError", "one", "10:5"),
        ("raise ValueError", "ValueError", "ValueError", "10:5"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError", None, "11:16"),
        ("async def f():\n    1 / 0\nawait f()", "ZeroDivisionError", "division by zero", "11:9"),
        ("%nosuchmagic", "UsageError", None, "10:5"),
    ],
)
def test_failures(code: str, name: str, message: str | None, place: str) -> None:
    failure = failure_of(code)
    assert failure.name == name
    assert message is None or failure.message == message
    if name != "UsageError":
        assert str(failure.place) == f"pages/x.md:{place}"


def test_text_of_a_traceback() -> None:
    failure = failure_of(
        "class Bad(Exception): pass\n"
        "def f():\n"
        "    try:\n"
        "        {}['k']\n"
        "    except KeyError as error:\n"
        "        raise Bad('两\\nlines') from error\n"
        "结果 = f()"
    )
    assert failure.traceback.split("\n") == [
        "Traceback (most recent call last):",
        '  File "pages/x.md", line 13, in f',
        "    {}['k']",
        "    ~~^^^^^",
        "KeyError: 'k'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "pages/x.md", line 16, in <module>',
        "    结果 = f()",
        # as wide as the characters are shown
        "           ~^^" if SINCE_3_13 else "           ^^^",
        '  File "pages/x.md", line 15, in f',
        "    raise Bad('两\\nlines') from error",
        "Bad: 两",
        "lines",
        "",
    ]


def test_frames_of_libraries_stay_under_short_names() -> None:
    lines = failure_of("import json\njson.loads('{')").traceback.split("\n")
    files = [line.split(",")[0].strip() for line in lines if line.startswith("  File")]
    assert files[0] == 'File "pages/x.md"'
    assert files[1:] == ['File "json/__init__.py"', *['File "json/decoder.py"'] * 2]


def test_a_syntax_error_has_no_frames() -> None:
    assert failure_of("x = 1\ny = = 2").traceback.split("\n") == [
        '  File "pages/x.md", line 11',
        "    y = = 2",
        "        ^^^" if SINCE_3_13 else "        ^",
        "SyntaxError: invalid syntax",
        "",
    ]


def test_an_exception_group() -> None:
    failure = failure_of("raise ExceptionGroup('g', [ValueError(1), TypeError(2)])")
    assert 'File "pages/x.md", line 10, in <module>' in failure.traceback
    assert "ValueError: 1" in failure.traceback


def test_lines_of_one_cell_in_two_pages() -> None:
    code = "def f():\n    return 1 / 0\nf()"
    origins = (
        Origin(path=PagePath("pages/a.md"), line=3, margin=2),
        Origin(path=PagePath("pages/a.md"), line=4, margin=2),
        Origin(path=PagePath("journals/b.md"), line=70, margin=0),
    )
    cell = Cell(name="3.6 chunk 1", code=code, origins=origins)
    failure = run(cell).results[0].failure
    assert failure is not None
    assert str(failure.place) == "pages/a.md:4:14"
    assert 'File "journals/b.md", line 70, in <module>' in failure.traceback


def test_a_function_of_an_earlier_cell() -> None:
    failure = run("def f():\n    return 1 / 0", "f()").results[1].failure
    assert failure is not None
    assert str(failure.place) == "pages/x.md:11:16"
    assert 'File "pages/x.md", line 20, in <module>' in failure.traceback


def test_warnings_name_the_cell_and_its_line() -> None:
    result = run_one("import warnings\n\nwarnings.warn('careful')")
    assert text(result, "stderr") == (
        "<3.6 chunk 1>:3: UserWarning: careful\n  warnings.warn('careful')\n"
    )


def test_a_syntax_warning_is_said_once() -> None:
    said = text(run_one("\ns = 1 is 1\nasync def f(): pass"), "stderr")
    assert said.count("Warning") == 1
    assert said.startswith("<3.6 chunk 1>:2: ")


def test_a_warning_of_a_library_names_no_folder() -> None:
    code = "import warnings\nwarnings.warn_explicit('w', UserWarning, warnings.__file__, 3)"
    assert text(run_one(code), "stderr").startswith("warnings.py:3: UserWarning: w\n")


def test_code_that_breaks_its_own_exception() -> None:
    result = run_one("class E(Exception):\n    def __str__(self): return 1 / 0\nraise E")
    assert result.failure is not None
    assert result.failure.name == "E"


def test_code_that_empties_the_line_cache() -> None:
    result = run_one("import linecache\nlinecache.clearcache()\n1 / 0")
    assert result.failure is not None
    assert "    1 / 0\n" in result.failure.traceback


@pytest.mark.parametrize(
    ("code", "source", "lines"),
    [
        ("a\nb", "a\nb\n", [1, 2]),
        ("\n\na\nb\n", "a\nb\n", [3, 4]),
        ("%%time\na\nb", "a\nb", [2, 3]),
        ("\n%%time\na", "get_ipython().run_cell_magic('time', '', 'a\\n')\n", [2]),
        ("%%time\n%m\nb", "get_ipython().run_line_magic('m', '')\nb\n", [2, 3]),
        ("!a \\\n b\nc\nd", "get_ipython().system('a b')\nc\nd\n", [1, 3, 4]),
        ("a\nb", "other", None),
    ],
)
def test_lines_that_ipython_has_rewritten(code: str, source: str, lines: list[int] | None) -> None:
    found = map_lines(code, source)
    assert (None if found is None else list(found)) == lines


def test_cell_options_travel() -> None:
    assert make_cell("1", raises="E", timeout=2.0).timeout == 2.0


def test_a_frame_of_a_generated_module_names_the_notes(tmp_path: Path) -> None:
    code = "import time\n\ndef f(x):\n    return 1 / x\n"
    (tmp_path / "saved.py").write_text(code)
    origin = Origin(path=PagePath("pages/saved.md"), line=7, margin=2)
    origins = (None, None, None, origin)
    module = Source(path=str(tmp_path / "saved.py"), origins=origins)
    session = run("import saved\nsaved.f(0)", path=(str(tmp_path),), sources=(module,))
    failure = session.results[0].failure
    assert failure is not None
    assert str(failure.place) == "pages/saved.md:7:14"
    assert '  File "pages/x.md", line 11, in <module>' in failure.traceback
    assert '  File "pages/saved.md", line 7, in f\n    return 1 / x\n' in failure.traceback


RECURSION = (
    "import sys\nsys.setrecursionlimit({limit})\ndef again(n):\n    return again(n + 1)\nagain(0)"
)


@pytest.mark.parametrize("limit", [1000, 20_000])
def test_a_recursion_is_reported_in_a_few_lines(limit: int) -> None:
    failure = run_one(RECURSION.format(limit=limit)).failure
    assert failure is not None
    assert failure.name == "RecursionError"
    assert failure.traceback.count("return again(n + 1)") == 3
    found = re.search(r"\[Previous line repeated (\d+) more times\]", failure.traceback)
    assert found is not None
    assert limit - 100 < int(found[1]) < limit
    assert failure.trace is not None
    assert len(failure.trace.frames) == 4


def test_two_functions_that_call_each_other_are_reported_in_full_as_python_does() -> None:
    code = "def a(n): return b(n - 1) if n else 1 / 0\ndef b(n): return a(n)\na(3)"
    failure = run_one(code).failure
    assert failure is not None
    assert failure.traceback.count("in a\n") == 4
    assert "repeated" not in failure.traceback
