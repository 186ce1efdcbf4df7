"""One reading of every chunk: what check, list, build and run make of it is the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.graphs import MakeNotes, Notes, Said

pytestmark = pytest.mark.book


def fence(*lines: str, info: str = "python", properties: str = "") -> str:
    """A block with a chunk."""
    head = [*properties.splitlines(), f"```{info}", *lines, "```"]
    return "".join(f"{'- ' if row == 0 else '  '}{line}\n" for row, line in enumerate(head))


def told(said: Said) -> list[str]:
    """The outcomes of the chunks of the one section that ran."""
    (section,) = json.loads(said.out)["sections"]
    return [chunk["outcome"] for chunk in section["chunks"]]


def script(graph: Notes, section: str) -> subprocess.CompletedProcess[str]:
    """What comes of a section's script, run by Python alone."""
    graph.tangle("build")
    (path,) = (graph.root / "generated" / "graph" / "sections").glob(f"sec_{section}*.py")
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


# --- what cannot be read is not run ---------------------------------------------------------------


@pytest.mark.parametrize("command", ["rm list.txt", "mv list.txt gone.txt", "cp list.txt new.txt"])
def test_a_shell_command_in_a_python_fence_is_not_run(notes: MakeNotes, command: str) -> None:
    graph = notes({"shell": fence(command)})
    file = graph.page("shell").with_name("list.txt")
    file.write_text("kept")
    assert "sketch: a shell command; it is not run" in graph.tangle("check", "--all").out
    graph.tangle("run", "shell")
    assert sorted(p.name for p in file.parent.iterdir()) == ["list.txt", "shell.md"]


def test_magics_and_commands_that_are_marked_still_run(notes: MakeNotes) -> None:
    graph = notes({"a": fence("!echo shell", "%time x = 1", "print(x)")})
    said = graph.tangle("run", "a")
    assert said.code == 0
    assert "shell\n" in said.out


def test_a_chunk_that_does_not_parse_fails_at_its_line_before_any_of_it_runs(
    notes: MakeNotes,
) -> None:
    chunks = fence("print('first')"), fence("print('no')", "In [1]: x = = 2"), fence("print(3)")
    graph = notes({"a": "".join(chunks)})
    said = graph.tangle("run", "a", "--format", "json")
    assert told(said) == ["passed", "failed", "passed"]
    (section,) = json.loads(said.out)["sections"]
    lines = graph.text("a").split("\n")
    assert "x = = 2" in lines[section["chunks"][1]["error"]["line"] - 1]
    assert "\t  no\n" not in graph.text("a")
    assert " does not parse: invalid syntax" in graph.text("a")
    assert '"broken"' in graph.tangle("list", "--format", "json").out


def test_a_chunk_that_is_known_to_fail_is_not_run_either_and_the_rest_goes_on(
    notes: MakeNotes,
) -> None:
    broken = fence("x = = 1", properties="tangle.xfail:: a slip")
    graph = notes({"a": broken + fence("print('end')")})
    said = graph.tangle("run", "a", "--format", "json")
    assert told(said) == ["passed", "passed"]


# --- properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("tangle.rnu:: no", "did you mean tangle.run?"),
        ("tangel.run:: no", "did you mean tangle.run?"),
        ("tangle-run:: no", "did you mean tangle.run?"),
        ("tangle.run:: nope", "it takes yes or no"),
        ("tangle.timeout:: soon", "it takes a number of seconds"),
        ("tangle.lang:: cobol", "it takes the language"),
    ],
)
def test_a_faulty_property_stops_its_unit_before_anything_runs(
    notes: MakeNotes, entry: str, said: str
) -> None:
    harm = fence("open('made.txt', 'w').close()")
    pages = {
        "a": harm + fence("print(1)", properties=entry),
        "b": fence("print('other')"),
        "c": f"- ## Part\n  {entry}\n" + "".join(f"\t{line}\n" for line in harm.splitlines()),
    }
    graph = notes(pages)
    first = graph.tangle("run", "a")
    assert first.code == 1
    assert f"pages/a.md:4: {'Unk' if entry[-2:] == 'no' else 'Bad'}" in first.out
    assert said in first.out
    assert graph.tangle("run", "c").code == 1
    assert graph.tangle("run", "b").code == 0
    assert not graph.page("a").with_name("made.txt").exists()
    states = {r["title"]: r["state"] for r in json.loads(
        graph.tangle("list", "--format", "json").out)["sections"]}  # fmt: skip
    assert states == {"a": "broken", "b": "fresh", "c": "broken"}
    assert script(graph, "a").stderr.startswith("pages/a.md:4:")
    assert not graph.page("a").with_name("made.txt").exists()


def test_what_an_earlier_run_kept_is_no_answer_where_a_property_is_faulty(
    notes: MakeNotes,
) -> None:
    graph = notes({"a": fence("print(1)")})
    assert graph.tangle("run", "a").code == 0
    graph.write("a", fence("print(1)", properties="tangle.cahce:: no"))
    assert graph.tangle("run", "a").code == 1


def test_known_properties_stop_nothing(notes: MakeNotes) -> None:
    known = "tangle.book:: notes\ntangle.reads:: data/*.db\ntangle.lang:: python"
    graph = notes({"a": "- words\n" + fence("print(1)", properties=known)})
    assert graph.tangle("check", "--all").out == ""
    assert graph.tangle("run", "a").code == 0


# --- languages ------------------------------------------------------------------------------------


def test_info_strings_name_python_in_many_ways(notes: MakeNotes) -> None:
    infos = ["Python", "py3", "ipython", "{python}", "python, linenos", "python:x.py",
             'py title="x"', "python{1,2}", "{.python .numberLines}"]  # fmt: skip
    chunks = "".join(fence(f"print({row})", info=info) for row, info in enumerate(infos))
    graph = notes(
        {"a": chunks + fence("print('other')", info="java") + fence("print('none')", info="")}
    )
    said = graph.tangle("run", "a", "--format", "json")
    assert told(said) == ["passed"] * len(infos)


@pytest.mark.parametrize(
    "info", ["python eval=no", "{python, eval=FALSE}", "py echo=x eval='false'"]
)
def test_an_attribute_says_that_code_is_not_run(notes: MakeNotes, info: str) -> None:
    graph = notes({"a": fence("raise SystemExit", info=info) + fence("print('end')")})
    assert told(graph.tangle("run", "a", "--format", "json")) == ["passed"]


def test_a_property_names_the_language_of_fences_without_one(notes: MakeNotes) -> None:
    page = "tangle.lang:: python\n\n" + fence("print('code')", info="") + fence("x", info="sh")
    graph = notes({"a": page, "b": fence("print('text')", info="")})
    said = graph.tangle("run", "a")
    assert (said.code, "code\n" in said.out) == (0, True)
    assert "1 section with code, 1 chunk" in graph.tangle("list").out


@pytest.mark.parametrize("info", ["pyton", "phyton", "pythn", "Pyhton", "pyhon3"])
def test_a_language_that_is_one_letter_off_is_reported(notes: MakeNotes, info: str) -> None:
    graph = notes({"a": fence("print(1)", info=info)})
    said = graph.tangle("check", "--all")
    assert said.code == 0
    assert "did you mean python" in said.out
    assert "[misspelt-language]" in said.out


@pytest.mark.parametrize(
    ("info", "code"), [("pyton", "no code, but words"), ("cython", "x = 1"), ("java", "x = 1")]
)
def test_other_languages_are_no_slip(notes: MakeNotes, info: str, code: str) -> None:
    assert notes({"a": fence(code, info=info)}).tangle("check", "--all").out == ""


# --- sessions -------------------------------------------------------------------------------------

SESSION = fence(
    "Python 3.11.7 (main) on linux",
    ">>> import math",
    ">>> def double(n):",
    "...     return 2 * n",
    "...",
    ">>> double(4)",
    "8",
    ">>> math.pi  # doctest: +ELLIPSIS",
    "3.14...",
    ">>> 1 / 0",
    "Traceback (most recent call last):",
    '  File "<stdin>", line 1, in <module>',
    "ZeroDivisionError: division by zero",
    ">>> nowhere",
    "Traceback (most recent call last):",
    "NameError: name 'nowhere' is not defined",
    r'>>> print("a\n\nb")',
    "a",
    "",
    "b",
    ">>> 1 +",
    '  File "<stdin>", line 1',
    "SyntaxError: invalid syntax",
)


def test_a_session_that_is_right_passes_and_writes_nothing(notes: MakeNotes) -> None:
    graph = notes({"a": SESSION})
    assert graph.tangle("check", "--all").out == ""
    assert graph.tangle("check", "--all", "--diff").out == ""
    said = graph.tangle("run", "a")
    assert (said.code, graph.text("a")) == (0, SESSION)
    assert "2 * n" in graph.tangle("show", "a").out


def test_a_wrong_result_fails_at_its_line_and_the_rest_goes_on(notes: MakeNotes) -> None:
    page = fence('>>> words = ["a", "b", "c"]', ">>> len(words)", "5", ">>> words[0]", "'a'")
    graph = notes({"repl": page + fence("print(words)")})
    for _ in range(2):  # what the cache answers is compared as well
        said = graph.tangle("run", "repl", "--format", "json")
        assert said.code == 1
        assert told(said) == ["failed", "passed"]
        (section,) = json.loads(said.out)["sections"]
        error = section["chunks"][0]["error"]
        assert section["outcome"] == "failed"
        assert (error["name"], error["message"]) == ("ResultDiffers", "expected 5, got 3")
        assert (error["path"], error["line"]) == ("pages/repl.md", 4)
    text = graph.text("repl")
    assert text.startswith(f"{page}\t- tangle.output:: ")
    assert "\t  ResultDiffers: expected 5, got 3\n\t  [[repl]] line 4\n" in text
    assert "5" not in graph.tangle("show", "repl").out.replace("# 5", "")


def test_a_pasted_result_is_never_run(notes: MakeNotes) -> None:
    graph = notes({"a": fence(">>> x = 1", ">>> x", "open('made.txt', 'w')")})
    assert graph.tangle("run", "a").code == 1
    assert not graph.page("a").with_name("made.txt").exists()


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ((">>> int('3')", "Traceback (most recent call last):", "ValueError: no"), 3),
        ((">>> int('x')", "Traceback (most recent call last):", "ValueError: no"), 3),
        ((">>> {}['x']", "1"), 2),
        (("x = 1", ">>> x + 1", "2"), 2),
        ((">>> x = = 1",), 2),
    ],
)
def test_what_is_wrong_with_a_session_is_reported_at_its_line(
    notes: MakeNotes, lines: tuple[str, ...], line: int
) -> None:
    said = notes({"a": fence(*lines)}).tangle("run", "a")
    assert said.code == 1
    assert f"pages/a.md:{line}" in said.out or f'"pages/a.md", line {line}' in said.out


def test_what_a_prompt_without_a_result_shows_is_written_as_output(notes: MakeNotes) -> None:
    page = fence(">>> x = 20", ">>> print(x + 1)", ">>> x + 2", "22", ">>> x + 3")
    graph = notes({"a": page})
    assert graph.tangle("run", "a").code == 0
    assert "\t  21\n\t  23\n" in graph.text("a")
    assert "\t  22\n" not in graph.text("a")
    assert graph.tangle("run", "a", "--verify").code == 0


def test_a_prompt_without_a_blank_is_a_prompt(notes: MakeNotes) -> None:
    page = fence(">>>x = 20", ">>>def f():", "...     return x", "...", ">>>f()", "20")
    graph = notes({"a": page})
    assert graph.tangle("check", "--all").out == ""
    assert (graph.tangle("run", "a").code, graph.text("a")) == (0, page)
    graph.write("a", page.replace("20\n  ```", "21\n  ```"))
    assert "pages/a.md:7" in graph.tangle("run", "a").out


def test_directives_of_doctest_are_obeyed(notes: MakeNotes) -> None:
    page = fence(
        ">>> list(range(50))  # doctest: +ELLIPSIS",
        "[0, 1, ..., 49]",
        ">>> [1, 2]  # doctest: +NORMALIZE_WHITESPACE",
        "[1,",
        "    2]",
        ">>> open('made.txt', 'w')  # doctest: +SKIP",
        "nothing like it",
        r">>> print('a\n\nb')",
        "a",
        "<BLANKLINE>",
        "b",
    )
    graph = notes({"a": page})
    assert (graph.tangle("run", "a").code, graph.text("a")) == (0, page)
    assert not graph.page("a").with_name("made.txt").exists()


@pytest.mark.parametrize("info", ["pycon", "python-repl", "doctest", "Pycon, x"])
def test_languages_of_sessions(notes: MakeNotes, info: str) -> None:
    graph = notes({"a": fence(">>> x = 2", ">>> x", "2", info=info) + fence("print(x + 1)")})
    said = graph.tangle("run", "a")
    assert (said.code, "3\n" in said.out) == (0, True)


def test_sections_borrow_from_sessions_and_sessions_from_sections(notes: MakeNotes) -> None:
    def section(number: int, chunk: str) -> str:
        return f"- ## 1.{number}. S\n" + "".join(f"\t{line}\n" for line in chunk.splitlines())

    first = fence("def one():", "    return 1")
    second = fence(">>> def two():", "...     return one() + 1", ">>> two(); a = 5", "2")
    third = fence("print(two(), a)")
    graph = notes({"a": section(1, first) + section(2, second) + section(3, third)})
    assert graph.tangle("check", "--all").out == ""
    said = graph.tangle("run", "1.3")
    assert (said.code, "2 5\n" in said.out) == (0, True)
    assert script(graph, "1_3").stdout == "2 5\n"


def test_the_script_of_a_session_runs_and_has_the_results_as_comments(notes: MakeNotes) -> None:
    graph = notes({"a": SESSION + fence("print(double(3))")})
    done = script(graph, "a")
    assert (done.stdout, done.stderr, done.returncode) == (
        "ZeroDivisionError: division by zero\na\n\nb\n6\n", "", 0)  # fmt: skip
    assert "double(4)\n# 8\n" in graph.tangle("show", "a").out


# --- results kept by hand -------------------------------------------------------------------------


def test_a_result_marked_by_a_prompt_is_compared_and_not_run(notes: MakeNotes) -> None:
    page = fence("print([n * n for n in (1, 2)])", ">>> [1, 4]", "a = [[1], [2]]", "a",
                 ">>> [[1],", "     [2]]")  # fmt: skip
    graph = notes({"a": page})
    assert graph.tangle("check", "--all").out == ""
    said = graph.tangle("run", "a")
    assert (said.code, graph.text("a")) == (0, page)
    assert script(graph, "a").stdout == "[1, 4]\n"


def test_a_marked_result_that_is_wrong_is_reported_on_request_only(notes: MakeNotes) -> None:
    graph = notes({"a": fence("print(6 * 7)", ">>> 43", "print('rest')")})
    verified = graph.tangle("run", "a", "--verify")
    assert verified.code == 1
    assert "pages/a.md:3: error: the code does not show this kept result" in verified.out
    assert graph.tangle("run", "a").code == 0
    assert "\t  42\n\t  rest\n" in graph.text("a")
    right = notes_with(graph, fence("print(6 * 7)", ">>> 42", "print('rest')"))
    assert "\t  rest\n" in right
    assert graph.tangle("run", "a", "--verify").code == 0


def notes_with(graph: Notes, page: str) -> str:
    """The page after a run of another text of it."""
    graph.write("a", page)
    assert graph.tangle("run", "a").code == 0
    return graph.text("a")


def test_a_prompt_in_a_text_is_no_session(notes: MakeNotes) -> None:
    page = fence('def f(n):', '    """Double.', '', '    >>> f(2)', '    4', '    """',
                 '    return 2 * n', 's = """', '>>> x', '"""', "print(f(4))")  # fmt: skip
    said = notes({"a": page}).tangle("run", "a")
    assert (said.code, "8\n" in said.out) == (0, True)


@pytest.mark.parametrize(
    "lines",
    [
        ('if "s" in "sun":', '  print("SUN")', "", "*SUN"),
        ("print(1 + 1)", "**2**"),
        ("x = [1]", "print(y)", "- apples"),
    ],
)
def test_fix_makes_no_code_of_a_kept_result(notes: MakeNotes, lines: tuple[str, ...]) -> None:
    page = fence(*lines)
    graph = notes({"a": page})
    graph.tangle("check", "--all", "--fix")
    assert graph.text("a") == page


# --- names, fragments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        ('for key in ("width", "height"):', '    exec(key + " = 2")'),
        ('globals()["width"] = height = 2',),
        ("globals().update(width=2, height=2)",),
        ("locals().update({'width': 2, 'height': 2})",),
        ("vars()['width'] = vars()['height'] = 2",),
    ],
)
def test_names_that_only_running_can_tell_are_no_errors(
    notes: MakeNotes, code: tuple[str, ...]
) -> None:
    graph = notes({"a": fence(*code, "print(width * height)")})
    assert graph.tangle("check", "--all").out == ""
    assert "4\n" in graph.tangle("run", "a").out


def test_the_dots_of_a_fragment_are_not_shown_and_it_writes_nothing(notes: MakeNotes) -> None:
    page = fence("...", "def area(r):", "    return 3 * r * r", "...") + fence(
        "print('shown only')", "...")  # fmt: skip
    graph = notes({"a": page})
    said = graph.tangle("run", "a")
    assert (said.code, graph.text("a")) == (0, page)
    assert "shown only" in said.out
    assert graph.tangle("run", "a", "--verify").code == 0
