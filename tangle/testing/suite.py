"""All graphs of a pytest run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tangle.errors import TangleError
from tangle.model import AssertStyle
from tangle.testing.bench import Bench
from tangle.testing.measuring import LineReport, running_coverage
from tangle.testing.nodes import BrokenPage, NoteChunk, NotePage, page_path
from tangle.testing.verifying import stored_output
from tangle.verbs.notes import held_notes
from tangle.verbs.project import find_project
from tangle.verbs.selection import named_chunks
from tangle.verbs.trials import TrialOptions

_ASSERT_SETTINGS = (
    "truncation_limit_lines",
    "truncation_limit_chars",
    "assertion_text_diff_style",
)


def configured_files(config: pytest.Config, selected: Sequence[str]) -> tuple[Path, ...]:
    """Return what is to be collected of the project in which pytest was called.

    Args:
        config: of pytest.
        selected: what to collect, as `tangle run` takes it; empty for the whole graph.

    Returns:
        The graph's folder, or the pages that have what was selected.

    Raises:
        UsageError: there is no project, its configuration is wrong, or a name names nothing.
    """
    option = "--tangle-select" if selected else "--tangle"
    try:
        project = find_project(start=config.invocation_params.dir)
        if not selected:
            return (project.graph,)
        notes = held_notes(project)
        found = named_chunks(notes, selected)
    except TangleError as error:
        raise pytest.UsageError(f"{option}: {error}") from error
    pages = {row.chunks[at].page for row in notes.rows for at in found.get(row.name, ())}
    return tuple(project.graph / page for page in sorted(pages))


class Suite:
    """The collected notes, with a bench for each graph."""

    def __init__(self, config: pytest.Config) -> None:
        """Has no graph yet."""
        self._config = config
        self._benches: dict[Path, Bench] = {}
        self._lines = LineReport(running_coverage())

    def node(
        self, file: Path, graph: Path | None, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Return the node of a page; None for a file in a graph's folder that is not a page.

        Args:
            file: that pytest collects.
            graph: its folder.
            parent: of the node.
        """
        if graph is None:
            why = f"{file}: this page is in no Logseq graph; a graph's folder has logseq/config.edn"
            return BrokenPage.from_parent(parent, path=file, why=why)
        try:
            bench = self._bench(graph)
        except TangleError as error:
            return BrokenPage.from_parent(parent, path=file, why=str(error))
        page = page_path(bench, file)
        if problem := bench.unread(page):
            why = f"{problem.place}: {problem.message}" + (
                f"; {problem.hint}" if problem.hint else ""
            )
            return BrokenPage.from_parent(parent, path=file, why=why)
        if page not in bench.loaded.pages:
            return None
        return NotePage.from_parent(parent, path=file, bench=bench)

    def left_out(
        self, items: Sequence[pytest.Item], selected: Sequence[str]
    ) -> dict[pytest.Item, None]:
        """Return the tests of chunks that were not selected.

        Args:
            items: all tests.
            selected: as `tangle run` takes it.
        """
        chunks = [item for item in items if isinstance(item, NoteChunk)]
        benches = dict.fromkeys(item.bench for item in chunks)
        try:
            named = {bench: named_chunks(bench.loaded, selected) for bench in benches}
        except TangleError as error:
            raise pytest.UsageError(f"--tangle-select: {error}") from error
        return {
            item: None
            for item in chunks
            if item.chunk not in named[item.bench].get(item.section.name, ())
        }

    def choose(self, items: Sequence[pytest.Item]) -> None:
        """Record which chunks have tests in this run."""
        for item in items:
            if isinstance(item, NoteChunk):
                item.bench.want(item.section, item.chunk)

    def amend(
        self, report: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> None:
        """Set the duration of a chunk's report, and how a failed set-up is shown.

        pytest asks a test for the representation of its own failure only, not of a failure in its
        set-up, which is that of an earlier chunk.

        Args:
            report: of the test.
            item: the test.
            call: the phase of the test.
        """
        if not isinstance(item, NoteChunk):
            return
        if call.when == "call" and item.result is not None:
            report.duration = item.result.seconds
        if call.when == "setup" and report.failed and call.excinfo is not None:
            report.longrepr = item.repr_failure(call.excinfo)

    def hand_over_lines(self) -> None:
        """Pass the executed lines to coverage."""
        for bench in self._benches.values():
            self._lines.add(bench)

    def summarize(self, terminal: Any) -> None:
        """Print how sessions ended, and executed lines if coverage itself does not report them."""
        for bench in self._benches.values():
            for line in bench.late():
                terminal.write_line(line)
        self._lines.show(terminal, self._config.invocation_params.dir)

    def close(self) -> None:
        """End what runs."""
        for bench in self._benches.values():
            bench.close()

    def _bench(self, graph: Path) -> Bench:
        if graph not in self._benches:
            project = find_project(start=graph, graph=graph)
            options = TrialOptions(
                device=self._config.getoption("tangle_device"),
                assertions=_assert_style(self._config),
                measure=self._lines.wants(graph),
            )
            workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
            bench = self._benches[graph] = Bench(project, options, processes=workers)
            if self._config.getoption("tangle_verify"):
                bench.expectations = (stored_output(bench.loaded),)
        return self._benches[graph]


def _assert_style(config: pytest.Config) -> AssertStyle | None:
    """How assertions are explained in this run; None with `--assert=plain`."""
    if config.getoption("assertmode") == "plain":
        return None
    settings: list[tuple[str, str]] = []
    for name in _ASSERT_SETTINGS:
        try:
            value = config.getini(name)
        except ValueError:  # this pytest has no such setting
            continue
        if value is not None:
            settings.append((name, str(value)))
    verbosity = config.get_verbosity(config.VERBOSITY_ASSERTIONS)
    return AssertStyle(verbosity=verbosity, settings=tuple(settings))
