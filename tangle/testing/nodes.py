"""Pages, sections and chunks as pytest nodes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tangle.analyse import PlannedChunk, Session
from tangle.engine.session_end import needed_ended
from tangle.model import Output, PagePath, Result, Stream
from tangle.testing.bench import Bench, was_skipped
from tangle.testing.failures import ChunkFailed, Explainer, KnownFailure, raise_if_failed
from tangle.write import rendered

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr


class NotePage(pytest.File):
    """A page of the notes; its children are sections."""

    def __init__(self, *, bench: Bench, **options: Any) -> None:
        """Makes the node of a page that is on a bench."""
        super().__init__(**options)
        self.bench = bench

    def collect(self) -> Iterable[NoteSection]:
        """The sections that have chunks here, in reading order."""
        page = page_path(self.bench, self.path)
        for session, chunks in self.bench.sections_on(page):
            yield NoteSection.from_parent(
                self, name=node_name(session.name), session_plan=session, chunks=chunks
            )


class BrokenPage(pytest.File):
    """A page that cannot be read, or that is in no graph."""

    def __init__(self, *, why: str, **options: Any) -> None:
        """Makes the node of a page from which nothing can be collected."""
        super().__init__(**options)
        self._why = why

    def collect(self) -> Iterable[pytest.Item]:
        """Nothing.

        Raises:
            CollectError: always; it says why.
        """
        raise self.CollectError(self._why)


class NoteSection(pytest.Collector):
    """A section; its chunks run in one session, in order."""

    def __init__(self, *, session_plan: Session, chunks: list[int], **options: Any) -> None:
        """Makes the node of a section, with those of its chunks that stand on the page."""
        super().__init__(**options)
        self.session_plan = session_plan
        self._chunks = chunks
        section = session_plan.unit.section
        self.extra_keyword_matches.update({section.name, section.title})

    def collect(self) -> Iterable[NoteChunk]:
        """The chunks."""
        for chunk in self._chunks:
            yield NoteChunk.from_parent(self, name=f"chunk {chunk + 1}", chunk=chunk)


class NoteChunk(pytest.Item):
    """The test of a chunk; it passes if the chunk does, after those before it."""

    parent: NoteSection

    def __init__(self, *, chunk: int, **options: Any) -> None:
        """Makes the test of a chunk, by its place among its session's."""
        super().__init__(**options)
        page = self.parent.parent
        assert isinstance(page, NotePage)
        self.bench = page.bench
        self.section = self.parent.session_plan
        self.chunk = chunk
        self.result: Result | None = None
        self._mark()

    @property
    def planned(self) -> PlannedChunk:
        """The chunk itself."""
        return self.section.chunks[self.chunk]

    def _mark(self) -> None:
        occurrence = self.planned.occurrence
        titles = {part.name: part.title for part in self.section.unit.parts}
        words = {occurrence.section, titles.get(occurrence.section, ""), f"chunk{self.chunk + 1}"}
        self.extra_keyword_matches.update(filter(None, words))
        reason = occurrence.chunk.settings.xfail
        if reason is not None:
            self.add_marker(pytest.mark.xfail(reason=reason, raises=KnownFailure))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the chunk's place and its name in headlines."""
        chunk = self.planned.occurrence.chunk
        path = self.bench.loaded.project.graph / chunk.page
        return path, chunk.line - 1, f"{self.section.name} {self.name}"

    def setup(self) -> None:
        """Advance the session to the beginning of the chunk.

        Raises:
            ChunkFailed: what comes before it did not pass, and no test of its own tells that.
        """
        if not self.planned.code.runs:
            _skip("tangle.run:: no")
        needed = self.bench.failed_need(self.section)
        if needed is not None:
            _skip(needed_ended(needed.name, self.bench.trial(needed).outcome()))
        running = self.bench.trial(self.section)
        blame = running.blame(self.chunk)
        if blame is not None and blame.first and not was_skipped(blame.result):
            raise_if_failed(blame.result)
        if blame is not None:
            _skip(blame.text)
        running.await_chunk(self.chunk)

    def runtest(self) -> None:
        """Wait for the result of the chunk.

        Raises:
            ChunkFailed: it did not pass, or does not come up to what is asked of it.
        """
        trial = self.bench.trial(self.section)
        result = self.result = trial.judged(self.chunk, trial.result(self.chunk))
        self._show(result.outputs)
        if was_skipped(result) and result.failure is not None:
            _skip(result.failure.message)
        if result.outcome == "passed":  # also where it may fail, and did: that is shown, too
            self._hold_to_expectations(result)
        raise_if_failed(result, self.bench.problems_of(self.section, self.chunk))

    def _hold_to_expectations(self, result: Result) -> None:
        for expectation in self.bench.expectations:
            if expectation.check(self.planned, result) is None:
                continue
            # A display of this chunk may yet be updated: then the session's end is what counts.
            final = self.bench.trial(self.section).final(self.chunk)
            failure = expectation.check(self.planned, final)
            if failure is not None:
                raise ChunkFailed(failure)

    def teardown(self) -> None:
        """End the session with the last test that needs it."""
        self.bench.done(self.section)

    def repr_failure(
        self, excinfo: ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """The failure as a reader of the notes wants it."""
        if not isinstance(excinfo.value, ChunkFailed):
            return super().repr_failure(excinfo, style)
        chosen = style or self.config.getoption("tbstyle", "auto")
        folder = self.config.invocation_params.dir
        explainer = Explainer(self.bench, folder, "long" if chosen == "auto" else chosen)
        return explainer.explain(excinfo.value)

    def _show(self, outputs: tuple[Output, ...]) -> None:
        """Pass on the output of the chunk: to the report, or at once if nothing is captured."""
        for name, text in _texts(outputs):
            if self.config.getoption("capture", "fd") == "no":
                getattr(sys, name).write(f"{text}\n")
            else:
                self.add_report_section("call", name, f"{text}\n")


def _texts(outputs: tuple[Output, ...]) -> Iterator[tuple[str, str]]:
    """Yield what a chunk printed and showed, and what it printed as errors."""
    errors = tuple(o for o in outputs if isinstance(o, Stream) and o.name == "stderr")
    others = tuple(o for o in outputs if o not in errors)
    for name, found in (("stdout", others), ("stderr", errors)):
        if text := rendered(found).text:
            yield name, text


def _skip(reason: str) -> None:
    """Skips the test; the report names the chunk's place.

    Raises:
        Skipped: always.
    """
    raise pytest.skip.Exception(reason, _use_item_location=True)


def page_path(bench: Bench, file: Path) -> PagePath:
    """Return a page's path in its graph, whose folder may be a link.

    Args:
        bench: of the graph.
        file: of the page.
    """
    return PagePath(os.path.relpath(file.parent.resolve() / file.name, bench.loaded.project.graph))


def node_name(section: str) -> str:
    """Return a section's name without characters that have a meaning in a test id."""
    return section.replace("::", ":").replace("[", "(").replace("]", ")")
