"""The page whose outline is known: what a Python that misreads pages is recognised by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tangle.model import Page, PagePath
from tangle.parse import parse
from tangle.parse.probe import reads_as_known
from tests.graphs import MakeNotes

PAGE = "- ## 3.1. One\n\t- ```python\n\t  print(1)\n\t  ```\n"

WRONG_RE = """
import re

right = re.compile


def compile(pattern, flags=0):
    if isinstance(pattern, bytes) and {part!r} in pattern:
        pattern = b"(?!)(?:" + pattern + b")"
    return right(pattern, flags)


re.compile = compile
"""
"""A module that Python imports at its start: patterns with this part never match, as those with
possessive groups do in Python 3.11.2."""


def test_this_python_reads_pages_as_it_should() -> None:
    assert reads_as_known(parse)


def without_blocks(page: Page) -> Page:
    return replace(page, blocks=())


def without_fences(page: Page) -> Page:
    return replace(page, fences=())


def without_references(page: Page) -> Page:
    return replace(page, references=())


def without_headings(page: Page) -> Page:
    return replace(page, blocks=tuple(replace(block, heading=0) for block in page.blocks))


@pytest.mark.parametrize(
    "spoil", [without_blocks, without_fences, without_references, without_headings]
)
def test_a_reader_that_misses_something_is_recognised(spoil: Callable[[Page], Page]) -> None:
    def read(data: bytes, path: PagePath) -> Page:
        return spoil(parse(data, path))

    assert not reads_as_known(read)


def tangle(
    *arguments: str, graph: Path, python_path: Path | str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tangle_cli", "--graph", str(graph), *arguments],
        capture_output=True, check=False, cwd="/", encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(python_path)},
    )  # fmt: skip


@pytest.mark.book
@pytest.mark.parametrize("part", [b"TODO", b"~~~", b"::"])
@pytest.mark.parametrize(
    "arguments",
    [
        *(["list"], ["build"], ["build", "--force"], ["check"], ["run", "3.1"], ["clean"]),
        *(["show", "3.1"], ["check", "--fix"]),
    ],
    ids=" ".join,
)
def test_every_verb_refuses_a_python_that_misreads_pages(
    notes: MakeNotes, tmp_path: Path, part: bytes, arguments: list[str]
) -> None:
    graph = notes({"one": PAGE})
    assert tangle("build", graph=graph.root).returncode == 0
    graph.write("one", PAGE + "- more\n")
    (tmp_path / "sitecustomize.py").write_text(WRONG_RE.format(part=part))
    script = graph.root / "generated" / "graph" / "sections" / "sec_3_1.py"
    before = script.read_bytes()
    done = tangle(*arguments, graph=graph.root, python_path=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "misreads pages" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert script.read_bytes() == before
    assert graph.text("one") == PAGE + "- more\n"
