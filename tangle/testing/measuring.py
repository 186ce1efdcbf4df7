"""Pass executed lines of the notes to coverage, if it measures this process.

Workers tell which lines of pages they ran (`Job.measure`). Where `tangle.coverage_plugin` is among
coverage's plugins they are put into its data; where it is not, coverage could not report on them,
so they are shown at the end of the run instead.
"""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tangle.testing.bench import Bench

if TYPE_CHECKING:
    import coverage

PLUGIN = "tangle.coverage_plugin"


def running_coverage() -> coverage.Coverage | None:
    """Return the coverage that measures this process, if any."""
    module = sys.modules.get("coverage")
    current: coverage.Coverage | None = module.Coverage.current() if module is not None else None
    return current


class LineReport:
    """Executed lines on their way to coverage."""

    def __init__(self, measuring: coverage.Coverage | None) -> None:
        """Reports to a coverage, or drops the report."""
        self._measuring = measuring
        self._left: dict[Path, tuple[frozenset[int], frozenset[int]]] = {}

    def wants(self, graph: Path) -> bool:
        """Whether lines of a graph's pages are measured."""
        if self._measuring is None:
            return False
        return _takes(self._measuring, graph / "pages" / "page.md")

    def add(self, bench: Bench) -> None:
        """Pass on the executed lines of a graph."""
        if self._measuring is None or not bench.lines:
            return
        lines = {f: n for f, n in bench.lines.items() if _takes(self._measuring, f)}
        if PLUGIN in (self._measuring.get_option("run:plugins") or ()):  # type: ignore[operator]
            _add_lines(self._measuring, lines)
            return
        # It imports coverage, which need not be installed; here it is running.
        from tangle.testing.statements import statements_of

        statements = statements_of(bench.loaded)
        for file, run in lines.items():
            page = statements[file]
            self._left[file] = (page.lines, page.first_lines(run))

    def show(self, terminal: Any, folder: Path) -> None:
        """Print the table of lines that coverage could not be given.

        Args:
            terminal: of pytest.
            folder: that paths are relative to.
        """
        if not self._left:
            return
        terminal.section("coverage of the notes")
        for line in _table(self._left, folder):
            terminal.write_line(line)
        terminal.write_line(
            f'To have them in `coverage report`: plugins = ["{PLUGIN}"] in [tool.coverage.run]'
        )


def _add_lines(measuring: coverage.Coverage, lines: dict[Path, set[int]]) -> None:
    data = measuring.get_data()
    if measuring.get_option("run:branch"):
        # Only lines are known: each is reported as a separate arc, which no branch needs.
        data.add_arcs({str(f): {(-line, line) for line in n} for f, n in lines.items()})
    else:
        data.add_lines({str(file): numbers for file, numbers in lines.items()})
    data.add_file_tracers({str(file): f"{PLUGIN}.NotesPlugin" for file in lines})


# --- what coverage is configured to measure -------------------------------------------------------


def _takes(measuring: coverage.Coverage, file: Path) -> bool:
    """Whether a file is measured, by `source`, `include` and `omit` as coverage has them."""
    sources = _option(measuring, "run:source")
    packages = _option(measuring, "run:source_pkgs")
    if sources or packages:
        folders = [Path(source).resolve() for source in sources if Path(source).is_dir()]
        if not any(file.is_relative_to(folder) for folder in folders):
            return False
    else:
        include = _option(measuring, "run:include")
        if include and not _matches(file, include):
            return False
    return not _matches(file, _option(measuring, "run:omit"))


def _option(measuring: coverage.Coverage, name: str) -> Sequence[str]:
    value = measuring.get_option(name)
    return [value] if isinstance(value, str) else [str(entry) for entry in value or ()]  # type: ignore[union-attr]


def _matches(file: Path, patterns: Iterable[str]) -> bool:
    names = (p if p.startswith("*") else str(Path(p).resolve()) for p in patterns)
    return any(fnmatch.fnmatch(str(file), name) for name in names)


# --- the table ------------------------------------------------------------------------------------


def _table(pages: dict[Path, tuple[frozenset[int], frozenset[int]]], folder: Path) -> Iterator[str]:
    names = {
        file: str(file.relative_to(folder) if file.is_relative_to(folder) else file)
        for file in pages
    }
    width = max(map(len, names.values()))
    yield f"{'page':<{width}}  stmts  miss  cover  missing"
    for file in sorted(pages):
        lines, run = pages[file]
        missing = sorted(lines - run)
        share = 100 * (len(lines) - len(missing)) // max(len(lines), 1)
        row = f"{names[file]:<{width}}  {len(lines):5}  {len(missing):4}  {share:4}%"
        yield f"{row}  {', '.join(_ranges(missing, lines))}".rstrip()


def _ranges(missing: Sequence[int], lines: frozenset[int]) -> Iterator[str]:
    """Line numbers as ranges, which go over what is no statement."""
    known = {line: place for place, line in enumerate(sorted(lines))}
    groups: list[list[int]] = [[line] for line in missing[:1]]
    for before, line in pairwise(missing):
        if known[line] == known[before] + 1:
            groups[-1].append(line)
        else:
            groups.append([line])
    for group in groups:
        yield f"{group[0]}-{group[-1]}" if len(group) > 1 else str(group[0])
