"""Graphs for pytest to run: pages of few words."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def section(number: str, *chunks: str | tuple[str, str], title: str = "A section") -> str:
    """A section's block with chunks below it, a tuple's first part being properties."""
    lines = [f"- ## {number}. {title}" if number else f"- ## {title}"]
    for chunk in chunks:
        properties, code = chunk if isinstance(chunk, tuple) else ("", chunk)
        head = [*properties.splitlines(), "```python", *code.splitlines(), "```"]
        lines += [f"\t{'  ' if row else '- '}{line}" for row, line in enumerate(head)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A graph, and a pytest that is called beside it."""

    pytester: pytest.Pytester
    folder: Path

    def pytest(self, *arguments: str) -> Said:
        """What `pytest ARGUMENTS` says, called in the folder above the graph."""
        result = self.pytester.runpytest_subprocess("-p", "no:hypothesispytest", *arguments)
        return Said(code=int(result.ret), out=result.stdout.str(), err=result.stderr.str())

    def python(self, *arguments: str) -> Said:
        """What a Python says, with nothing that measures it."""
        result = self.pytester.run(sys.executable, *arguments)
        return Said(code=int(result.ret), out=result.stdout.str(), err=result.stderr.str())


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def outcomes(self) -> list[str]:
        """Outcome and name of each test, in the order of `-v`."""
        found = re.findall(r"^(\S+\.md::.+?) ([A-Z]{4,})\b", self.out, re.MULTILINE)
        return [f"{word.lower()} {name.partition('::')[2]}" for name, word in found]

    @property
    def names(self) -> list[str]:
        """Ids of the tests that `--collect-only -q` lists."""
        return re.findall(r"^\S+\.md::.+$", self.out, re.MULTILINE)

    def after(self, headline: str) -> str:
        """What stands below a headline such as `___ 3.6 chunk 1 ___`, to the next one."""
        found = re.search(rf"^[_=]+ {re.escape(headline)} [_=]+\n(.*?)(?=^[_=]{{5}})", self.out,
                          re.MULTILINE | re.DOTALL)  # fmt: skip
        assert found is not None, self.out
        return found[1]


def make_graph(pytester: pytest.Pytester, pages: Sequence[tuple[str, str]]) -> Graph:
    """A graph `notes` of pages, each a name and a text; its numbers are those of a book."""
    folder = pytester.path / "notes"
    (folder / "logseq").mkdir(parents=True)
    (folder / "pages").mkdir()
    (folder / "logseq" / "config.edn").write_text("{}")
    (folder / "tangle.toml").write_text('book = ["**"]\n')
    for name, text in pages:
        (folder / "pages" / f"{name}.md").write_bytes(os.fsencode(text))
    return Graph(pytester=pytester, folder=folder)
