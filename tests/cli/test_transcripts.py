"""Transcripts of IPython (`In [1]:`, `Out[1]:`) are sessions: they run as they are."""

from __future__ import annotations

import json

import pytest

from tests.graphs import MakeNotes, Notes, Said


def fence(*lines: str, info: str = "python") -> str:
    """A block with a chunk."""
    body = "".join(f"  {line}\n" if line else "\n" for line in lines)
    return f"- ```{info}\n{body}  ```\n"


def outcomes(said: Said) -> list[str]:
    """How the chunks of the only section ended."""
    (section,) = json.loads(said.out)["sections"]
    return [chunk["outcome"] for chunk in section["chunks"]]


AGREEING = {
    "values and prints": fence(
        "Python 3.11.7 (main)",
        "IPython 8.20.0 -- An enhanced Interactive Python. Type '?' for help.",
        "",
        "In [1]: def area(r):",
        "   ...:     return 3 * r ** 2",
        "   ...:",
        "",
        'In [2]: print("x"); area(1)',
        "x",
        "Out[2]: 3",
    ),
    "old prompts": fence("In [1]: for n in (1, 2):", "   ....:     print(n)", "   ....:", "1", "2"),
    "prompts without blanks": fence("In[1]: 2 ** 5", "Out[1]: 32"),
    "prompts without numbers": fence("In [ ]: x = 3", "In [*]: x", "Out[ ]: 3"),
    "a value over lines": fence(
        "In [1]: [list(range(12)), list(range(12)), list(range(12))]",
        "Out[1]: ",
        "[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],",
        " [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],",
        " [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]",
    ),
    "only the last value": fence("In [1]: 1", "   ...: 2", "Out[1]: 2"),
    "a hidden value": fence("In [1]: 5;", "In [2]: 6", "Out[2]: 6"),
    "a set": fence("In [1]: {'b', 'a'}", "Out[1]: {'a', 'b'}"),
    "a traceback": fence(
        "In [1]: 1 / 0",
        "-" * 75,
        "ZeroDivisionError                         Traceback (most recent call last)",
        "Cell In[1], line 1",
        "----> 1 1 / 0",
        "",
        "ZeroDivisionError: division by zero",
    ),
    "a syntax error": fence(
        "In [1]: x = = 1", "  Cell In[1], line 1", "    x = = 1", "SyntaxError: invalid syntax"
    ),
    "a missing name": fence(
        "In [1]: nowhere",
        "NameError                                 Traceback (most recent call last)",
        "NameError: name 'nowhere' is not defined",
    ),
    "times and commands": fence(
        "In [1]: %timeit -n1 -r1 sum(range(3))",
        "147 ns ± 2 ns per loop",
        "In [2]: !echo hi",
        "hello",
    ),
    "await": fence("In [1]: import asyncio", "In [2]: await asyncio.sleep(0, 7)", "Out[2]: 7"),
    "a notebook": fence("In [1]:", "x = 3", "x + 1", "Out[1]:", "4"),
    "a language of sessions": fence("In [1]: 1 + 1", "Out[1]: 2", info="pycon"),
    "ipython": fence("In [1]: 1 + 1", "Out[1]: 2", info="ipython"),
}


@pytest.mark.parametrize("page", AGREEING.values(), ids=AGREEING)
def test_a_transcript_that_is_right_passes_and_writes_nothing(notes: MakeNotes, page: str) -> None:
    graph = notes({"a": page})
    assert graph.tangle("check", "--all").out == ""
    said = graph.tangle("run", "a")
    assert (said.code, graph.text("a")) == (0, page)
    assert graph.tangle("check", "--all", "--fix").code == 0
    assert graph.text("a") == page


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (("In [1]: 1 + 1", "Out[1]: 3"), 3, "expected 3, got 2"),
        (("In [1]: print(1)", "2", "", "In [2]: 3", "Out[2]: 3"), 3, "expected 2, got 1"),
        (("In [1]: x = 1", "In [2]: x", "", "Out[2]: 5"), 5, "expected 5, got 1"),
    ],
)
def test_a_wrong_result_fails_at_its_line_and_the_rest_goes_on(
    notes: MakeNotes, lines: tuple[str, ...], line: int, message: str
) -> None:
    graph = notes({"a": fence(*lines) + fence("print('end')")})
    for _ in range(2):  # what the cache answers is compared as well
        said = graph.tangle("run", "a", "--format", "json")
        assert (said.code, outcomes(said)) == (1, ["failed", "passed"])
        error = json.loads(said.out)["sections"][0]["chunks"][0]["error"]
        assert (error["name"], error["message"], error["line"]) == ("ResultDiffers", message, line)


def test_names_of_a_transcript_count(notes: MakeNotes) -> None:
    graph = notes({"a": fence("In [1]: y = 2", "In [2]: y", "Out[2]: 2") + fence("print(y + 1)")})
    assert graph.tangle("check", "--all").out == ""
    assert "3\n" in graph.tangle("run", "a").out


def test_what_an_input_without_a_result_shows_is_written(notes: MakeNotes) -> None:
    graph = notes({"a": fence("In [1]: print(20 + 1)", "In [2]: 22", "Out[2]: 22", "In [3]: 23")})
    assert graph.tangle("run", "a").code == 0
    assert "\t  21\n\t  23\n" in graph.text("a")


def test_names_that_are_missing_are_found_at_their_column(notes: MakeNotes) -> None:
    said = notes({"a": fence("In [1]: x = 1", "In [12]: x + y")}).tangle("check", "--all")
    assert "pages/a.md:3:16: error: y is not defined" in said.out


def test_a_result_is_never_run(notes: MakeNotes) -> None:
    graph = notes({"a": fence("In [1]: 1", "open('made.txt', 'w')", "Out[1]: 1")})
    assert graph.tangle("run", "a").code == 1
    assert not graph.page("a").with_name("made.txt").exists()


@pytest.mark.parametrize("lines", [("x = 1", "In [1]: x"), ("In [1]: x = = 1",)])
def test_what_is_no_transcript_is_not_run(notes: MakeNotes, lines: tuple[str, ...]) -> None:
    graph: Notes = notes({"a": fence("print('first')") + fence(*lines)})
    assert "does not parse" in graph.tangle("check", "--all").out
    said = graph.tangle("run", "a", "--format", "json")
    assert outcomes(said) == ["passed", "failed"]


def test_the_script_of_a_transcript_has_its_results_as_comments(notes: MakeNotes) -> None:
    page = fence("In [1]: def f(n):", "   ...:     return n", "In [2]: f(4)", "Out[2]: 4")
    shown = notes({"a": page}).tangle("show", "a").out
    assert "def f(n):\n    return n\nf(4)\n# Out[2]: 4\n" in shown
