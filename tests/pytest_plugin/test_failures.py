"""What a failure shows: the note's lines, the reader's frames, the values of an assertion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .pages import Graph, section

Make = Callable[..., Graph]

SAVED = section(
    "3.5",
    'def half(x):  #@save\n    """Half."""\n    assert x % 2 == 0, "odd"\n    return x // 2\n',
    "half(4)",
)
USES = section("3.6", "from d2l import torch as d2l", "a = 3\n\nd2l.half(\n    a\n)")


def failure(graph: Make, code: str, *options: str) -> str:
    """What pytest shows of a chunk of that code."""
    return graph(x=section("3.6", code)).pytest("notes", *options).after("3.6 chunk 1")


def test_in_a_saved_function(graph: Make) -> None:
    said = graph(x=SAVED + USES).pytest("notes")
    rule = "_ " * 40
    assert said.after("3.6 chunk 2") == (
        "\n"
        "    a = 3\n"
        "\n"
        ">   d2l.half(\n"
        "        a\n"
        "    )\n"
        "\n"
        "notes/pages/x.md:18: in this chunk\n"
        f"{rule}\n"
        "\n"
        "    def half(x):  #@save\n"
        '        """Half."""\n'
        '>       assert x % 2 == 0, "odd"\n'
        "E       AssertionError: odd\n"
        "E       assert (3 % 2) == 0\n"
        "\n"
        "notes/pages/x.md:5: AssertionError\n"
    )
    assert "FAILED notes/pages/x.md::3.6::chunk 2 - AssertionError: odd" in said.out


def test_values_as_pytest_explains_them(graph: Make) -> None:
    told = failure(graph, "def f():\n    return [1, 2]\n\nassert f() == [1, 3]")
    assert (
        ">   assert f() == [1, 3]\nE   assert [1, 2] == [1, 3]\nE\nE     At index 1 diff: 2 != 3\n"
    ) in told


def test_parts_of_an_expression(graph: Make) -> None:
    told = failure(graph, "class A:\n    b = 2\n\na = A()\nassert len('abc') == a.b")
    assert "E   assert 3 == 2\nE    +  where 3 = len('abc')\nE    +  and   2 = <" in told


@pytest.mark.parametrize(("option", "shows"), [("-q", False), ("-vv", True)])
def test_long_differences_by_verbosity(
    graph: Make, monkeypatch: pytest.MonkeyPatch, option: str, shows: bool
) -> None:
    monkeypatch.delenv("CI")  # there pytest shows everything
    told = failure(graph, "assert list(range(100)) == list(range(99))", option)
    assert ("Full output truncated" in told) is not shows or "Use -v" in told
    assert ("E           50,\n" in told) is shows


def test_plain_assertions(graph: Make) -> None:
    told = failure(graph, "x = 1\nassert x == 2", "--assert=plain")
    assert ">   assert x == 2\nE   AssertionError\n" in told


def test_no_frame_but_the_readers_and_those_of_libraries(graph: Make) -> None:
    code = "import json\n\ndef read(text):\n    return json.loads(text)\n\nread('{')"
    told = failure(graph, code)
    places = [line for line in told.split("\n") if ": in " in line or "Error" in line]
    assert places[0] == "notes/pages/x.md:8: in this chunk"
    assert places[1] == "notes/pages/x.md:6: in read"
    libraries = [place.partition(":")[0] for place in places[2:4]]
    assert libraries == ["json/__init__.py", "json/decoder.py"]
    for ours in ("tangle/", "IPython", "_pytest", "pluggy"):
        assert ours not in told


def test_what_came_before_is_reported(graph: Make) -> None:
    code = (
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('so') from error"
    )
    told = failure(graph, code)
    assert "ZeroDivisionError: division by zero" in told
    assert "The above exception was the direct cause of the following exception" in told
    assert ">       raise ValueError('so') from error\nE       ValueError: so" in told


def test_captured_output(graph: Make) -> None:
    told = failure(graph, "import sys\nprint('out')\nprint('err', file=sys.stderr)\n1 / 0")
    assert told.endswith(
        f"{' Captured stdout call ':-^80}\nout\n{' Captured stderr call ':-^80}\nerr\n"
    )


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("short", "notes/pages/x.md:4: ZeroDivisionError\n    1 / 0\nE   ZeroDivisionError: d"),
        ("native", 'Traceback (most recent call last):\n  File "pages/x.md", line 4, in <module>'),
    ],
)
def test_styles(graph: Make, style: str, expected: str) -> None:
    assert expected in failure(graph, "x = 1\n1 / 0", f"--tb={style}")


def test_one_line(graph: Make) -> None:
    said = graph(x=section("3.6", "1 / 0")).pytest("notes", "--tb=line")
    assert "notes/pages/x.md:3: ZeroDivisionError: division by zero" in said.out


# --- chunks that are broken -----------------------------------------------------------------------


def test_code_that_is_no_python(graph: Make) -> None:
    told = failure(graph, "x = 1\ny = = 2")
    assert ">   y = = 2\n" in told
    assert "SyntaxError: this chunk does not parse: invalid syntax" in told
    assert "notes/pages/x.md:4: SyntaxError" in told


def test_a_name_that_is_not_defined_says_what_check_says(graph: Make) -> None:
    page = section("3.6", "batch") + section("3.7", "batch = 2")
    told = graph(x=page).pytest("notes").after("3.6 chunk 1")
    assert "E   NameError: name 'batch' is not defined" in told
    assert "pages/x.md:3: " in told
    assert "3.7" in told


def test_a_reference_that_leads_nowhere(graph: Make) -> None:
    said = graph(x=section("3.6", "1", "<<nowhere>>", "3")).pytest("notes", "-v")
    assert said.outcomes == ["passed 3.6::chunk 1", "failed 3.6::chunk 2", "passed 3.6::chunk 3"]
    told = said.after("3.6 chunk 2")
    assert "OpenReference: a reference in this chunk is broken" in told
    assert "pages/x.md:6: " in told
    assert "nowhere" in told
