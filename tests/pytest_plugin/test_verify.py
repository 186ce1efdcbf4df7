"""`--tangle-verify`: a chunk that does not show what its note holds fails, at the note's line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .pages import Graph, section

Make = Callable[..., Graph]

PAGE = section(
    "3.6",
    "print(f'loss {1 / 3:.5f}')\nprint('steps', 10)\nprint('took', '3.2 s', object())",
    "quiet = 1",
    ("tangle.rtol:: 0.1", "print(0.5)"),
    ("tangle.xfail:: not yet", "quiet / 0"),
    "'last'",
) + section("3.7", "'other'")

ALL_PASS = [
    "passed 3.6::chunk 1",
    "passed 3.6::chunk 2",
    "passed 3.6::chunk 3",
    "xfail 3.6::chunk 4",
    "passed 3.6::chunk 5",
    "passed 3.7::chunk 1",
]


@pytest.fixture
def written(graph: Make) -> Graph:
    made = graph(x=PAGE)
    tangle(made, "--all")
    return made


def tangle(made: Graph, *arguments: str, code: int = 0) -> str:
    said = made.python("-m", "tangle_cli", "--graph", "notes", "run", "--no-server", *arguments)
    assert said.code == code, said
    return said.out


def edit(made: Graph, old: str, new: str) -> int:
    """Changes a text of the page; the line that it begins in."""
    page = made.folder / "pages" / "x.md"
    text = page.read_text()
    assert text.count(old) == 1, text
    page.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def failed(outcomes: list[str]) -> list[str]:
    return [outcome for outcome in outcomes if outcome.startswith(("failed", "error"))]


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("--tangle-device", "cpu")], ids=" ".join)
def test_what_the_notes_say_is_what_comes_out(written: Graph, options: tuple[str, ...]) -> None:
    before = (written.folder / "pages" / "x.md").read_bytes()
    said = written.pytest("notes", "--tangle-verify", "-v", "-rA", *options)
    assert said.code == 0, said.out
    assert "5 passed, 1 xfailed" in said.out
    if "-n" not in options:
        assert said.outcomes == ALL_PASS
    assert (written.folder / "pages" / "x.md").read_bytes() == before


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=" ".join)
def test_a_difference_is_a_diff_at_the_lines_of_the_note(
    written: Graph, options: tuple[str, ...]
) -> None:
    line = edit(written, "  steps 10\n", "  steps 11\n")
    told = tangle(written, "3.6", "--verify", code=1)
    assert f"x.md:{line}: error: the output differs [differs]" in told
    said = written.pytest("notes", "--tangle-verify", "-v", *options)
    assert said.code == 1
    assert "1 failed, 4 passed, 1 xfailed" in said.out
    shown = said.after("3.6 chunk 1")
    head = "\n\nE   OutputDiffers: the output differs\nE   --- in the notes\nE   +++ in this run\n"
    assert head in f"\n{shown}"
    rows = shown.split("\n")
    assert {"E   -steps 11", "E   +steps 10"} <= set(rows)
    assert not any(row.startswith("E   +took") for row in rows)
    (hint,) = (row for row in rows if row.startswith("E   hint: "))
    assert hint.removeprefix("E   ") in told
    assert f"notes/pages/x.md:{line}: OutputDiffers" in rows
    summary = said.out.partition("short test summary")[2]
    assert "FAILED notes/pages/x.md::3.6::chunk 1 - OutputDiffers: the output" in summary
    assert "steps 11" not in written.pytest("notes").out


def test_numbers_within_their_tolerance_are_as_good(written: Graph) -> None:
    edit(written, "loss 0.33333", "loss 0.33334")
    edit(written, "\t  0.5\n", "\t  0.53\n")
    assert written.pytest("notes", "--tangle-verify").code == 0
    edit(written, "loss 0.33334", "loss 0.33400")
    edit(written, "tangle.rtol:: 0.1", "tangle.rtol:: 0.01")
    said = written.pytest("notes", "--tangle-verify", "-v")
    assert failed(said.outcomes) == ["failed 3.6::chunk 1", "failed 3.6::chunk 3"]
    assert "E   -loss 0.33400" in said.after("3.6 chunk 1")
    assert "E   -0.53\nE   +0.5\n" in said.after("3.6 chunk 3")


def test_missing_and_stale_outputs(written: Graph) -> None:
    line = edit(written, "'last'\n\t  ```\n", "'last' + '!'\n\t  ```\n")
    edit(
        written, "- ## 3.7. A section\n", "- ## 3.7. A section\n\t- ```python\n\t  6 * 7\n\t  ```\n"
    )
    said = written.pytest("notes", "--tangle-verify", "-v")
    assert failed(said.outcomes) == [
        "failed 3.6::chunk 5",
        "failed 3.7::chunk 1",
        "failed 3.7::chunk 2",
    ]
    assert "older code: it says the same\n" in said.after("3.7 chunk 2")
    stale = said.after("3.6 chunk 5")
    assert "E   OutputStale: the stored output is of older code: the output differs\n" in stale
    assert "E   -'last'\nE   +'last!'\n" in stale
    found = re.search(r"^notes/pages/x\.md:(\d+): OutputStale$", stale, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > line
    missing = said.after("3.7 chunk 1")
    assert "E   OutputMissing: the notes hold no output of this chunk, and it shows an output" in (
        missing
    )
    assert "E   +42\n" in missing


def test_a_chunk_that_may_fail_is_held_to_what_it_says(written: Graph) -> None:
    edit(written, "\t  ZeroDivisionError: division by zero\n", "\t  TypeError: no\n")
    said = written.pytest("notes", "--tangle-verify", "-v")
    assert failed(said.outcomes) == ["failed 3.6::chunk 4"]
    assert "E   -TypeError: no\n" in said.after("3.6 chunk 4")


def test_a_display_counts_as_later_chunks_left_it(graph: Make) -> None:
    made = graph(
        x=section(
            "3.6",
            "from IPython.display import display\nshown = display('none', display_id=True)",
            "shown.update('half')",
            "shown.update('all')",
        )
    )
    tangle(made, "--all")
    assert "'all'" in (made.folder / "pages" / "x.md").read_text()
    assert made.pytest("notes", "--tangle-verify").code == 0
    edit(made, "\t  'all'\n", "\t  'most'\n")
    said = made.pytest("notes", "--tangle-verify", "-v")
    assert failed(said.outcomes) == ["failed 3.6::chunk 1"]
    assert "E   -'most'\nE   +'all'\n" in said.after("3.6 chunk 1")


def test_a_chunk_that_fails_is_not_compared(written: Graph) -> None:
    edit(written, "\t  quiet = 1\n", "\t  quiet = 1 / 0\n")
    said = written.pytest("notes", "--tangle-verify", "-v")
    # What needs nothing of it runs; its stored outputs are of the code with the chunk as it was.
    assert failed(said.outcomes) == [f"failed 3.6::chunk {number}" for number in (2, 3, 5)]
    assert "Output" not in said.after("3.6 chunk 2")
    assert "OutputStale" in said.after("3.6 chunk 3")
