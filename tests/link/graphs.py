"""Graphs from a text of pages, golden cases, and how a linked graph is written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tangle.link import GraphConfig
from tangle.model import Graph, Occurrence, PackageName, PagePath, Section, Settings
from tangle.notes import core_of
from tangle.notes import graph as graph_of


class Case(NamedTuple):
    """One golden case: what stands between its title and the lines of one dot."""

    name: str
    text: str
    expected: str


def cases(path: Path) -> Iterator[Case]:
    """The cases of a file: title, dot, notes, dot, expected, dot; → stands for a tab."""
    lines = path.read_text(encoding="utf-8").split("\n")
    dots = [index for index, line in enumerate(lines) if line == "."]
    for first, second, third in zip(dots[::3], dots[1::3], dots[2::3], strict=True):
        text = "".join(line + "\n" for line in lines[first + 1 : second]).replace("→", "\t")
        expected = "".join(line + "\n" for line in lines[second + 1 : third])
        yield Case(f"{path.name}:{first} {lines[first - 1].lstrip('# ')}", text, expected)


def pages(text: str) -> dict[str, str]:
    """Pages from a text in which a line `=== NAME` begins `pages/NAME.md`; the first is `a`."""
    found: dict[str, list[str]] = {"a": []}
    current = found["a"]
    for line in text.split("\n")[:-1]:
        if line.startswith("=== "):
            current = found[line[4:]] = []
        else:
            current.append(line + "\n")
    return {f"pages/{name}.md": "".join(lines) for name, lines in found.items() if lines}


BOOK = ("**",)
"""All pages are those of one book."""


def graph(
    notes: str | dict[str, str],
    config: GraphConfig | None = None,
    book: tuple[str, ...] | None = BOOK,
) -> Graph:
    """Parse and link pages, given as one text or by path."""
    texts = pages(notes) if isinstance(notes, str) else notes
    data = {PagePath(path): text.encode() for path, text in texts.items()}
    name = PackageName(root="d2l", module="torch")
    return graph_of(core_of(data, config or GraphConfig(), name, book=book))


def describe(linked: Graph) -> str:
    """A linked graph in the notation of the golden cases."""
    lines: list[str] = []
    for unit in linked.units:
        lines.append(f"unit {_section(unit.section)}" + _needs(unit.needs))
        lines += [f"  part {_section(part)}" for part in unit.parts]
        lines += [f"  {_chunk(occurrence)}" for occurrence in unit.occurrences]
    for problem in linked.problems:
        where = f"{problem.place.path[6:-3]}:{problem.place.line}:{problem.place.column}"
        hint = f" ({problem.hint})" if problem.hint else ""
        lines.append(f"{problem.severity} {problem.code} {where} {problem.message}{hint}")
    return "".join(line + "\n" for line in lines)


def _section(section: Section) -> str:
    return f"{section.name} {section.title!r} at {section.page[6:-3]}:{section.line}"


def _needs(names: tuple[str, ...]) -> str:
    return f" needs {', '.join(names)}" if names else ""


def _chunk(occurrence: Occurrence) -> str:
    chunk = occurrence.chunk
    here = f"{occurrence.page[6:-3]}/{occurrence.host}.{occurrence.order} in {occurrence.section}"
    code = repr(chunk.code) if chunk.whole else "open"
    return f"chunk {here}: {code}{_settings(chunk.settings)}"


def _settings(settings: Settings) -> str:
    default = Settings()
    names = ("run", "skip", "raises", "timeout", "name", "device", "needs")
    changed = [
        f"{name}={getattr(settings, name)}"
        for name in names
        if getattr(settings, name) != getattr(default, name)
    ]
    return f" [{' '.join(changed)}]" if changed else ""
