"""A chunk that fails stops what depends on it, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes


def page(*chunks: str) -> str:
    blocks = []
    for chunk in chunks:
        lines = "".join(f"\t  {line}\n" for line in chunk.split("\n"))
        blocks.append(f"\t- ```python\n{lines}\t  ```\n")
    return "- # Page\n" + "".join(blocks)


def chunks_of(notes: Notes, *options: str) -> list[dict[str, Any]]:
    done = notes.tangle("run", "a", "--no-server", "--format", "json", *options)
    (section,) = json.loads(done.out)["sections"]
    return list(section["chunks"])


def shown(chunk: dict[str, Any]) -> str:
    return "".join(output.get("text", "") for output in chunk["outputs"])


CASES = {
    "a name": (["x = 1 / 0", "print(x)", "print('on')"], ["failed", "needs x from line 3", "on"]),
    "above the line that fails": (["x = 1\ny = 1 / 0", "print(x)"], ["failed", "1"]),
    "below it": (["1 / 0\nx = 1", "print(x)"], ["failed", "needs x from line 4"]),
    "defined again": (["x = 1", "x = 1 / 0", "x = 3", "print(x)"], ["", "failed", "", "3"]),
    "an old value": (["x = 1", "x = 1 / 0", "print(x)"], ["", "failed", "needs x from line 6"]),
    "changed in place": (
        ["x = []", "x.append(1 / 0)", "print(x)"],
        ["", "failed", "needs x from line 6"],
    ),
    "perhaps": (
        ["x = 1", "y = 1 / 0", "if x:\n    y = 2", "print(y)"],
        ["", "failed", "", "needs y from line 6"],
    ),
    "through one that was skipped": (
        ["x = 1 / 0", "y = x", "print(y)"],
        ["failed", "needs x from line 3", "needs x from line 3"],
    ),
    "through a function": (
        ["n = 1 / 0", "def f():\n    return n", "f()"],
        ["failed", "", "needs n from line 3"],
    ),
    "through an object": (
        ["n = 1 / 0", "class A:\n    def m(self):\n        return n", "a = A()"],
        ["failed", "", "needs n from line 3"],
    ),
    "a module": (["import no_such_module", "no_such_module.f()", "1"], None),
    "an import beside it": (["import math\n1 / 0", "print(math.pi > 3)"], ["failed", "True"]),
    "no program": (["def f(:\n    pass", "f()", "print(2)"], ["failed", "needs f from", "2"]),
    "a function that sets": (
        ["def f():\n    global x\n    x = 1\n", "1 / 0\nf()", "print(x)"],
        ["", "failed", "needs x from line 10"],
    ),
    "names of exec": (
        ["1 / 0\nexec('v = 1')", "print(v)", "print('on')"],
        ["failed", "needs v from", "on"],
    ),
    "no name of exec": (["exec('v = 1')", "print(v)"], ["", "1"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_depends_on_a_failed_chunk_is_skipped(notes: MakeNotes, name: str) -> None:
    code, expected = CASES[name]
    made = notes({"a": page(*code)})
    found = chunks_of(made)
    for chunk, want in zip(found, expected or ["failed", "needs no_such_module", ""], strict=True):
        if want == "failed":
            assert (chunk["outcome"], chunk["reason"]) == ("failed", "")
        elif want.startswith("needs"):
            assert chunk["outcome"] == "skipped"
            assert chunk["reason"].startswith(want)
            assert chunk["reason"].endswith("which failed")
        else:
            assert (chunk["outcome"], chunk["reason"]) == ("passed", "")
            assert want in shown(chunk)


def test_lines_are_those_after_writing(notes: MakeNotes) -> None:
    made = notes({"a": page("print(1)", "x = 1 / 0", "print(x)")})
    last = chunks_of(made)[-1]
    lines = made.text("a").split("\n")
    number = int(last["reason"].split("line ")[1].split(",")[0])
    assert lines[number - 1].strip() == "x = 1 / 0"


def test_exitfirst_stops_at_once(notes: MakeNotes) -> None:
    made = notes({"a": page("1 / 0", "print('on')")})
    assert [c["outcome"] for c in chunks_of(made, "--exitfirst")] == ["failed", "skipped"]
    assert [c["outcome"] for c in chunks_of(made)] == ["failed", "passed"]
    done = made.tangle("run", "a", "--no-server")
    assert done.code == 1
    assert "1 of 2 chunks ran" in done.out


def test_nothing_behind_a_failure_answers_later(notes: MakeNotes, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = page(f"open({str(flag)!r}).close()\nx = 1", "n = globals().get('x', 0)", "print(n)")
    made = notes({"a": code})
    assert next(c["outcome"] for c in chunks_of(made)) == "failed"
    flag.touch()
    assert shown(chunks_of(made)[-1]) == "1\n"
    flag.unlink()
    assert next(c["outcome"] for c in chunks_of(made)) == "failed"


@pytest.mark.parametrize("seed", range(12))
def test_what_goes_on_prints_what_python_prints(notes: MakeNotes, seed: int) -> None:
    chooser = random.Random(seed)
    names = "abcd"
    code = [f"{name} = {number}" for number, name in enumerate(names)]
    for number in range(8):
        one, two = chooser.choice(names), chooser.choice(names)
        code.append(
            chooser.choice(
                [
                    f"{one} = {two} + {number}\nprint({one})",
                    f"{one} = 1 // ({two} % 2)\nprint({one})",
                    f"def f{number}():\n    return {one}\nprint({two})",
                    f"print({one}, {two})",
                    f"{one} = {number}",
                ]
            )
        )
    found = chunks_of(notes({"a": page(*code)}))
    scope: dict[str, Any] = {}
    for text, chunk in zip(code, found, strict=True):
        if chunk["outcome"] != "passed":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(text, scope)  # noqa: S102 -- the reference
        assert shown(chunk) == printed.getvalue(), (text, found)
