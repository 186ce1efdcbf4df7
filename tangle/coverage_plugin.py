"""The coverage plugin: reports on lines of the notes that `pytest` has run.

    [tool.coverage.run]
    plugins = ["tangle.coverage_plugin"]

The pytest plugin puts the lines into coverage's data; this tells, when they are reported, which
lines of a page are statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage import CoveragePlugin, FileReporter

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins

    from tangle.testing.statements import Statements


def coverage_init(reg: Plugins, options: Mapping[str, Any]) -> None:
    """Registers the plugin; there is nothing to set."""
    del options
    reg.add_file_tracer(NotesPlugin())


class NotesPlugin(CoveragePlugin):
    """Reports on pages; it traces nothing, since the code of pages runs in other processes."""

    def file_reporter(self, filename: str) -> FileReporter:
        """What tells the statements of a page."""
        return PageReporter(filename)


class PageReporter(FileReporter):
    """The statements of one page."""

    def lines(self) -> set[int]:
        """The lines that statements begin at."""
        return set(self._statements.lines)

    def excluded_lines(self) -> set[int]:
        """The lines that are marked `pragma: no cover`."""
        return set(self._statements.excluded)

    def translate_lines(self, lines: Iterable[int]) -> set[int]:
        """The lines at which the statements begin that lines belong to."""
        return set(self._statements.first_lines(lines))

    @property
    def _statements(self) -> Statements:
        return _of_graph(_graph(Path(self.filename)))[Path(self.filename)]


def _graph(page: Path) -> Path:
    near = (at for at in page.parents if (at / "logseq" / "config.edn").is_file())
    return next(near, page.parent)


@cache
def _of_graph(graph: Path) -> Mapping[Path, Statements]:
    from tangle.testing.statements import statements_of
    from tangle.verbs.notes import read_notes
    from tangle.verbs.project import find_project

    return statements_of(read_notes(find_project(start=graph, graph=graph)))
