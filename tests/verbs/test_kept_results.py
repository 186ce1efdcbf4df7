"""Results that a writer keeps beside the code: never repeated, compared on request."""

from __future__ import annotations

import pytest

from tests.graphs import MakeNotes, Notes


def chunk(*lines: str) -> str:
    """A block with a chunk."""
    return "- ```python\n" + "".join(f"  {line}\n" for line in lines) + "  ```\n"


def text(*lines: str, language: str = "text", bullet: str = "  ") -> str:
    """A fence of text in the same block, or in a block of its own."""
    body = "".join(
        f"{'	  ' if bullet[0] == '	' else '  '}{line}\n" for line in (*lines, "```")
    )
    return f"{bullet}```{language}\n{body}"


AGREEING = {
    "arrow": chunk("print(10)  # => 10"),
    "arrow below": chunk("print([1, 2])", "# => [1, 2]"),
    "thin arrow": chunk("4 + 6  # -> 10"),
    "no blank": chunk("4 + 6  #=> 10"),
    "verb": chunk("print(3)  # prints 3"),
    "output": chunk("print('ab cd')  # Output: ab cd"),
    "output lines": chunk("for n in (1, 2):", "    print(n)", "# Output:", "# 1", "# 2"),
    "output in chinese": chunk("print(3)", "# 输出: 3"),
    "several": chunk("print(1)  # => 1", "print(2)", "# => 2", "3  # => 3"),
    "values not shown": chunk("len('abc')  # => 3", "'a'.upper()  # => 'A'"),
    "over lines": chunk("print([1,", "  2])  # => [1, 2]"),
    "fence": chunk("print(1)", "print(2)") + text("1", "2"),
    "fence of a literal": chunk('{"a": 1}') + text("{'a':  1}", language=""),
    "fence of output": chunk("2 ** 10") + text("1024", language="output"),
    "console": chunk("print(5)") + text("$ python five.py", "5", language="console"),
    "words between": chunk("1 + 1") + "  Output:\n" + text("2"),
    "child": chunk("1 + 1") + text("2", bullet="\t- "),
    "sibling": chunk("1 + 1") + text("2", bullet="- "),
    "python of a literal": chunk("[n * n for n in (1, 2)]") + text("[1,", " 4]", language="python"),
    "python of two literals": chunk("print(1)", "print([2])") + text("1", "[2]", language="python"),
    "python child": chunk("1 + 1") + text("2", bullet="\t- ", language="python"),
    "python behind words": chunk("1 + 1") + "  Output:\n" + text("2", language="python"),
    "a set": chunk("{'b', 'a'}") + text("{'a', 'b'}"),
}


@pytest.mark.parametrize("page", AGREEING.values(), ids=AGREEING)
def test_a_result_that_agrees_is_not_repeated(notes: MakeNotes, page: str) -> None:
    graph = notes({"Kept": page})
    assert graph.tangle("check", "--all").out == ""
    assert graph.tangle("run", "Kept", "--verify").code == 0
    assert graph.tangle("run", "Kept").code == 0
    assert graph.text("Kept") == page


def test_a_section_that_writes_nothing_is_fresh_once_it_ran(notes: MakeNotes) -> None:
    graph = notes({"Kept": AGREEING["fence"]})
    shown = ("list", "--all", "--format", "json")
    assert '"ready"' in graph.tangle(*shown).out
    assert graph.tangle("run", "Kept").code == 0
    assert '"fresh"' in graph.tangle(*shown).out
    graph.write("Kept", AGREEING["fence"].replace("print(2)", "print(3)"))
    assert '"not-run"' in graph.tangle(*shown).out
    graph.write("Kept", chunk("x = 1") + chunk("y = 2"))
    assert graph.tangle("run", "Kept:2").code == 0
    assert '"not-run"' in graph.tangle(*shown).out


WRONG = {
    "arrow": (chunk("print(10)  # => 11"), 2),
    "arrow below": (chunk("print([1, 2])", "# => [1, 3]"), 3),
    "thin arrow": (chunk("4 + 6  # -> 11"), 2),
    "verb": (chunk("print(3)  # prints 4"), 2),
    "output": (chunk("print('ab')  # Output: abc"), 2),
    "output lines": (chunk("print(1)", "print(2)", "# Output:", "# 1", "# 3"), 6),
    "second": (chunk("print(1)  # => 1", "print(2)  # => 5"), 3),
    "marked": (chunk("print(6 * 7)", ">>> 43"), 3),
    "value that is printed elsewhere": (chunk("len('abc')  # => 4", "print(4)"), 2),
    "marked words": (chunk("print('hello world')", ">>> hello word"), 3),
    "fence": (chunk("print(1)", "print(2)") + text("1", "3"), 7),
    "fence of output": (chunk("print('some words')") + text("others", language="output"), 5),
    "child": (chunk("1 + 1") + text("3", bullet="\t- "), 5),
    "python": (chunk("[n for n in (1, 2)]") + text("[1, 3]", language="python"), 5),
}


def reported(graph: Notes, line: int) -> str:
    """What `--verify` says, which reports the kept result on a line."""
    verified = graph.tangle("run", "Kept", "--verify")
    assert verified.code == 1
    assert f"pages/Kept.md:{line}: error: the code does not show this kept result" in verified.out
    return verified.out


@pytest.mark.parametrize(("page", "line"), WRONG.values(), ids=WRONG)
def test_a_result_that_differs_is_reported_on_request_at_its_line(
    notes: MakeNotes, page: str, line: int
) -> None:
    graph = notes({"Kept": page})
    assert "[missing]" not in reported(graph, line)
    assert graph.tangle("run", "Kept").code == 0
    assert "tangle.output::" in graph.text("Kept")
    assert graph.tangle("run", "Kept", "--verify").code == 1


UNSHOWN = {
    "below": (chunk("x = 3", "x", "# => 4", "y = x"), 4),
    "none": (chunk("None  # => 3", "x = 1"), 2),
    "marked": (chunk("x = [1, 2]", "x", ">>> [1,", "     3]", "y = x"), 4),
    "only value": (chunk("len('abc')  # => 4", "'a'.upper()  # => 'A'"), 2),
    "second of two": (chunk("len('abc')  # => 3", "len('abcd')  # => 3", "x = 1"), 3),
}


@pytest.mark.parametrize(("page", "line"), UNSHOWN.values(), ids=UNSHOWN)
def test_a_value_that_is_not_shown_is_compared_on_request(
    notes: MakeNotes, page: str, line: int
) -> None:
    graph = notes({"Kept": page})
    reported(graph, line)
    assert graph.tangle("run", "Kept").code == 0
    assert graph.text("Kept") == page


def test_a_value_that_is_not_shown_is_worked_out_once_and_changes_nothing(
    notes: MakeNotes,
) -> None:
    lines = (
        "done = []",
        "5",
        "def once():",
        "    done.append(1)",
        "    return len(done)",
        "once()  # => 1",
        "once()  # => 2",
        "len(done)  # => 3",
        "class Odd:",
        "    def __repr__(self):",
        "        raise ValueError",
        "Odd()  # => 4",
        "print(done, '_' in globals() and _ == 5)",
    )
    graph = notes({"Kept": chunk(*lines)})
    for _ in range(2):  # the second answer is the cache's
        said = graph.tangle("run", "Kept", "--verify")
        assert said.out.count("the code does not show this kept result") == 1
        assert "pages/Kept.md:9:" in said.out
    assert graph.tangle("run", "Kept").code == 0
    assert "[1, 1] False" in graph.text("Kept")
    assert "values" not in graph.tangle("run", "Kept", "--fresh", "--format", "json").out


def test_a_result_that_is_added_later_is_compared_although_the_code_is_the_same(
    notes: MakeNotes,
) -> None:
    graph = notes({"Kept": chunk("len('abc')", "x = 1")})
    assert graph.tangle("run", "Kept", "--verify").code == 0
    graph.write("Kept", chunk("len('abc')  # => 4", "x = 1"))
    assert graph.tangle("run", "Kept", "--verify").code == 1


ORDINARY = {
    "comment": chunk("print(10)  # ten of them"),
    "a number": chunk("print(10)  # 11"),
    "words behind an arrow": chunk("print(10)  # -> see below", "11  # => this is more"),
    "of a function": chunk("def f(x):  # -> 3", "    return x  # => 4", "print(f(1))"),
    "an expression that prints and has a value": chunk(
        "def f():", "    print('log')", "    return 5", "f()  # => 6", "x = 1"
    ),
    "of an assignment": chunk("rate = 10  # => 20", "print(rate)"),
    "before the code": chunk("# => 5", "print(1)"),
    "in a string": chunk("print('# => 5')"),
    "returns words": chunk("print(1)  # returns the number", "# prints nothing"),
    "text": chunk("print(1)") + text("pip install something"),
    "text further down": chunk("print(1)") + "  some words\n" + text("2"),
    "other language": chunk("print(1)") + text("2", language="sql"),
    "python behind an assignment": chunk("print(1)", "x = 2") + text("3", language="python"),
    "python behind a literal": chunk("1") + text("2", language="python"),
    "python behind words": chunk("print(1)") + "  Now:\n" + text("2", language="python"),
    "python sibling": chunk("print(1)") + text("2", bullet="- ", language="py"),
    "python with a comment": chunk("print(1)") + text("2  # two", language="python"),
    "text with words": chunk("print(1)") + "- words\n" + text("2"),
}


@pytest.mark.parametrize("page", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_comments_and_texts_are_no_results(notes: MakeNotes, page: str) -> None:
    graph = notes({"Kept": page})
    assert graph.tangle("run", "Kept").code == 0
    assert "tangle.output::" in graph.text("Kept")
    assert graph.tangle("run", "Kept", "--verify").code == 0


def test_a_python_fence_that_is_no_result_runs(notes: MakeNotes) -> None:
    graph = notes({"Kept": ORDINARY["python behind words"]})
    assert graph.tangle("run", "Kept").code == 0
    assert graph.text("Kept").count("tangle.output::") == 2
    assert "2 chunks" in graph.tangle("list", "--all").out


@pytest.mark.parametrize("bullet", ["  ", "- "])
def test_a_python_fence_that_has_an_output_is_a_chunk(notes: MakeNotes, bullet: str) -> None:
    output = "\t- tangle.output:: 0123456789ab.01234567\n\t  ```text\n\t  2\n\t  ```\n"
    first, second = chunk("print(1)"), text("2", language="python", bullet=bullet)
    pages = {"  ": first + second + output + output, "- ": first + output + second + output}
    graph = notes({"Kept": pages[bullet]})
    assert graph.tangle("run", "Kept").code == 0
    assert graph.text("Kept").count("tangle.output::") == 2
