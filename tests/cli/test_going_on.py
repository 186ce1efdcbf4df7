"""A failed chunk stops what needs it and nothing else; one block runs with what it needs."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes


def fence(code: str) -> str:
    """A block that is nothing but a chunk."""
    body = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- ```python\n{body}  ```\n"


def page(*codes: str) -> str:
    """A page of chunks."""
    return "".join(map(fence, codes))


def chunks(graph: Notes, *wanted: str) -> list[dict[str, Any]]:
    """The chunks that a run reports, of all sections."""
    said = graph.tangle("run", *wanted, "--format", "json")
    return [c for section in json.loads(said.out)["sections"] for c in section["chunks"]]


def outcomes(graph: Notes, *wanted: str) -> list[str]:
    """Their outcomes."""
    return [chunk["outcome"] for chunk in chunks(graph, *wanted)]


SNIPPETS = page("df.drop(columns=['a'])", "[1, 2]", "left.merge(right)", "'-'.join('ab')")


def test_a_page_of_snippets_writes_what_passes(notes: MakeNotes) -> None:
    graph = notes({"a": SNIPPETS})
    said = graph.tangle("run", "a")
    assert said.code == 1
    text = graph.text("a")
    assert text.count("tangle.output::") == 4
    assert text.count("\t  NameError: name ") == 2
    assert "  [1, 2]\n  ```\n\t- tangle.output::" in text
    assert "'a-b'\n" in text.split("'-'.join('ab')")[1]


def test_the_first_failure_ends_the_session_if_asked_for(notes: MakeNotes) -> None:
    said = notes({"a": SNIPPETS}).tangle("run", "a", "-x")
    assert said.code == 1
    assert "skipped: line 1 failed, which ended the session" in said.out
    assert "1 of 4 chunks ran" in said.out


def test_what_needs_a_failed_chunk_is_skipped_with_the_reason(notes: MakeNotes) -> None:
    graph = notes({"a": page("print(1)", "x = 1 / 0", "y = x", "print(y)", "print(2)")})
    found = chunks(graph, "a")
    assert [c["outcome"] for c in found] == ["passed", "failed", "skipped", "skipped", "passed"]
    reason = f"skipped: needs x from line {found[1]['line']}, which failed"
    assert [c["reason"] for c in found] == [None, None, reason, reason, None]
    said = graph.tangle("run", "a")
    assert f"{found[3]['line']}: {reason}" in said.out
    assert "3 of 5 chunks ran" in said.out


@pytest.mark.book
def test_a_borrowed_statement_that_fails_stops_what_needs_it(notes: MakeNotes) -> None:
    book = "- # 1.1 a\n\t" + fence("x = 1 / 0").replace("\n", "\n\t").rstrip("\t")
    book += "- # 1.2 b\n" + "".join(
        "\t" + fence(code).replace("\n", "\n\t").rstrip("\t") for code in ("print(1)", "x", "x + 1")
    )
    found = chunks(notes({"a": book}), "1.2")
    assert [c["outcome"] for c in found] == ["passed", "failed", "skipped"]
    assert "needs x from line 3" in found[2]["reason"]


def test_a_property_that_says_nothing_known_still_stops_all(notes: MakeNotes) -> None:
    text = "tangle.rnu:: no\n\n" + page("print(1)", "print(2)")
    assert outcomes(notes({"a": text}), "a") == ["failed", "skipped"]


@pytest.mark.parametrize("seed", range(3))
def test_after_repairs_a_run_prints_what_a_fresh_one_prints(notes: MakeNotes, seed: int) -> None:
    dice = random.Random(seed)
    codes = [
        "a = 1",
        "b = a + 1\nprint(b)",
        "rows = [a]",
        "rows.append(b)\nprint(rows)",
        "def f():\n    return a + b",
        "print(f())",
        "a = 5",
        "print(f(), rows)",
    ]
    graph = notes({"a": page(*codes)})
    for _ in range(4):
        broken = set(dice.sample(range(len(codes)), dice.randrange(3)))
        graph.write("a", page(*(f"1 / 0\n{c}" if n in broken else c for n, c in enumerate(codes))))
        graph.tangle("run", "a", "--no-write")
        warm = chunks(graph, "a", "--no-write")
        fresh = chunks(graph, "a", "--no-write", "--fresh")
        kept = ("line", "outcome", "reason", "outputs")
        assert [[c[key] for key in kept] for c in warm] == [[c[key] for key in kept] for c in fresh]


# --- one block ------------------------------------------------------------------------------------

_ID = "66666666-7777-4888-8999-aaaaaaaaaaaa"
BLOCKS = page("a = 2", "print('slow')", "def f():\n    return a") + (
    f"- heading\n  id:: {_ID}\n\t- ```python\n\t  print('got', f())\n\t  ```\n- words\n"
)


@pytest.mark.parametrize("wanted", ["a:14", "a:15", "pages/a.md:14", f"(({_ID}))"])
def test_a_block_runs_with_what_it_needs(notes: MakeNotes, wanted: str) -> None:
    graph = notes({"a": BLOCKS})
    found = chunks(graph, wanted)
    assert [c["line"] for c in found] == [1, 7, 13]
    assert found[-1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "got 2\n"}]
    assert graph.text("a").count("tangle.output::") == 1
    line = next(n for n, s in enumerate(graph.text("a").split("\n"), 1) if s.strip() == "got 2")
    assert outcomes(graph, f"a:{line}") == ["passed"] * 3


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("a:16", "nearest: pages/a.md:4, pages/a.md:7, pages/a.md:13"),
        ("a:99", "has no line 99"),
        (f"(({_ID[:-1]}b))", "no block of this graph has that id"),
        ("b:3", "no page 'b'"),
    ],
)
def test_an_address_without_a_chunk_is_a_usage_error(
    notes: MakeNotes, wanted: str, said: str
) -> None:
    result = notes({"a": BLOCKS}).tangle("run", wanted)
    assert result.code == 2
    assert said in result.err


def test_a_title_that_looks_like_an_address_is_a_title(notes: MakeNotes) -> None:
    graph = notes({"a": BLOCKS, "b": f"title:: a:14\n\n{fence('print(1)')}"})
    assert [c["page"] for c in chunks(graph, "a:14")] == ["pages/b.md"]
