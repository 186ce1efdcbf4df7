"""Run the sections of a graph for their tests, and keep the results."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from tangle.analyse import PlannedChunk, Session
from tangle.engine.local import LocalExecutor
from tangle.model import Failure, Outcome, PagePath, Problem, Result, SectionName
from tangle.testing.running import Running
from tangle.verbs.job_builder import prepared_package
from tangle.verbs.notes import Notes, held_notes
from tangle.verbs.project import Project
from tangle.verbs.results.judging import judged_chunk
from tangle.verbs.run_history import thread_settings
from tangle.verbs.sources import shown
from tangle.verbs.trials import Trial, TrialOptions, trial
from tangle.write import rendered

BORROWED = -1
"""Stands for the borrowed statements where the number of a chunk is asked for."""

# Imported once for all sections; each of them asks for it when an assertion fails.
_EXPLAINS = "\nimport _pytest.assertion.rewrite, _pytest.assertion.util\n"


class Blame(Struct, frozen=True, kw_only=True):
    """An earlier chunk of a section that did not pass, and keeps another from running.

    Attributes:
        chunk: its place among the chunks, or `BORROWED`.
        reason: what the other one needs of it; empty where it ended the session.
        first: whether it is to be reported here, as it has no test in this run, and no report.
    """

    chunk: int
    result: Result
    first: bool
    reason: str = ""

    @property
    def text(self) -> str:
        """Why what needs it, or comes after it, cannot run."""
        if self.reason:
            return self.reason
        what = "a borrowed statement" if self.chunk == BORROWED else f"chunk {self.chunk + 1}"
        if was_skipped(self.result):
            return f"{what} was skipped"
        said = {"timed-out": "took too long", "died": "ended the session's process"}
        return f"{what} {said.get(self.result.outcome, 'failed')}"


def was_skipped(result: Result) -> bool:
    """Whether a chunk asked to be skipped, with `pytest.skip`."""
    return result.failure is not None and result.failure.name == "Skipped"


class Expectation(Struct, frozen=True, kw_only=True):
    """A requirement on a chunk that passed.

    Attributes:
        check: why the chunk does not come up to it; None where it does.
    """

    name: str
    check: Callable[[PlannedChunk, Result], Failure | None]


class _Wanted(Struct, kw_only=True):
    """Which chunks of a section have a test in this run.

    Attributes:
        left: how many of them are still to be done.
        whole: whether another section needs it, to its end.
        blamed: chunks without a test that were reported with another's.
    """

    chunks: Counter[int] = field(default_factory=Counter)
    left: int = 0
    whole: bool = False
    blamed: set[int] = field(default_factory=set)


class SectionTrial:
    """A section that runs, or has run."""

    def __init__(self, loaded: Notes, made: Trial, running: Running, wanted: _Wanted) -> None:
        """Looks after a session that was started."""
        self._loaded = loaded
        self._made = made
        self._running = running
        self._wanted = wanted

    def await_chunk(self, chunk: int) -> None:
        """Wait until a chunk has begun, or never will."""
        if chunk in self._made.cells:
            self._running.await_cell(self._made.cells[chunk])

    def result(self, chunk: int) -> Result:
        """Return the result of a chunk, or of the borrowed statements; wait for it."""
        cell = 0 if chunk == BORROWED else self._made.cells[chunk]
        return self._running.result(cell)

    def judged(self, chunk: int, result: Result) -> Result:
        """Return the result of a chunk, interpreter sessions compared with their text.

        Args:
            chunk: its index.
            result: as the worker reported it.
        """
        session = self._loaded.plan.by_name[self._made.job.section]
        return judged_chunk(self._loaded.project, session.chunks[chunk], result)

    def final(self, chunk: int) -> Result:
        """Return the final result of a chunk, since later chunks may redraw what it shows."""
        return self.judged(chunk, self._running.outcome().results[self._made.cells[chunk]])

    def blame(self, chunk: int) -> Blame | None:
        """Return the failure that keeps a chunk from running; wait until that is known."""
        self.await_chunk(chunk)
        skipped = self._running.skipped(self._made.cells[chunk])
        if skipped is None or skipped.blamed is None:
            return None
        chunks = {cell: at for at, cell in self._made.cells.items()}
        earlier = chunks.get(skipped.blamed, BORROWED)
        result = self.result(earlier)
        first = not self._wanted.chunks[earlier] and earlier not in self._wanted.blamed
        self._wanted.blamed.add(earlier)
        reason = skipped.text if skipped.text.startswith("needs ") else ""
        return Blame(chunk=earlier, result=result, first=first, reason=reason)

    def outcome(self) -> Outcome:
        """Return the outcome of the section; waits until that is known."""
        return self._running.outcome().outcome

    def finish(self) -> None:
        """Wait until the session is over."""
        self._running.finish()

    def late(self) -> Iterator[str]:
        """Yield lines on how the session ended, and what it printed after its last chunk.

        Problems with the engine that did not keep the session from running come first.
        """
        yield from (f"engine: {text}" for text in self._running.troubles)
        if (over := self._running.over) is None:
            return
        for notice in over.notices:
            yield f"{over.section}: notice: {notice}"
        for line in rendered(over.late).text.split("\n") if over.late else ():
            yield f"{over.section}: after its last chunk: {line}"


class Bench:
    """A graph whose sections run when their tests ask for results."""

    def __init__(self, project: Project, options: TrialOptions, processes: int = 1) -> None:
        """Reads the notes, and runs nothing.

        Args:
            project: whose notes.
            options: how to run sections.
            processes: how many benches share this machine.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        self.loaded = held_notes(project)
        self.expectations: tuple[Expectation, ...] = ()
        self.lines: defaultdict[Path, set[int]] = defaultdict(set)
        self._options = options
        self._processes = processes
        self._wanted: defaultdict[SectionName, _Wanted] = defaultdict(_Wanted)
        self._trials: dict[SectionName, SectionTrial] = {}
        self._noting = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._starts: Callable[[Session], SectionTrial] | None = None
        self._executor: LocalExecutor | None = None
        self._files = {project.shown(path): path for path in self.loaded.pages}

    def file(self, page: str) -> Path:
        """The file of a page that messages name so."""
        return self.loaded.project.graph / self.page(page)

    def page(self, page: str) -> PagePath:
        """The path in the graph of a page that messages name so."""
        return self._files.get(page, PagePath(page))

    def sections_on(self, page: PagePath) -> Iterator[tuple[Session, list[int]]]:
        """Yield the sessions that have chunks on a page, and which chunks."""
        yield from self._on_page.get(page, ())

    @cached_property
    def _on_page(self) -> Mapping[PagePath, list[tuple[Session, list[int]]]]:
        """The sessions on each page, with their chunks there: a graph has thousands of pages."""
        found: defaultdict[PagePath, list[tuple[Session, list[int]]]] = defaultdict(list)
        for session in self.loaded.plan.sessions:
            chunks: defaultdict[PagePath, list[int]] = defaultdict(list)
            for index, planned in enumerate(session.chunks):
                chunks[planned.occurrence.page].append(index)
            for page, here in chunks.items():
                found[page].append((session, here))
        return found

    def unread(self, page: PagePath) -> Problem | None:
        """Return why a page could not be read; None if it could."""
        found = (problem for problem in self.loaded.unread if problem.place.path == page)
        return next((shown(self.loaded.project, problem) for problem in found), None)

    def problems_of(self, session: Session, chunk: int) -> list[Problem]:
        """Return the problems of `tangle check` that keep a chunk from running.

        Args:
            session: of the section.
            chunk: its index.
        """
        code = session.chunks[chunk].code
        first = code.chunk.line
        lines = {(line.place.path, line.place.line) for line in code.chunk.lines}
        lines |= {(code.chunk.page, first + n) for n in range(code.source.count("\n") + 2)}
        return [
            shown(self.loaded.project, problem)
            for problem in self.loaded.problems
            if problem.severity == "error" and (problem.place.path, problem.place.line) in lines
        ]

    # --- which are wanted ---------------------------------------------------------------------

    def want(self, session: Session, chunk: int) -> None:
        """Record that a chunk has a test; called for all before the first test runs.

        Args:
            session: of the section.
            chunk: its index.
        """
        wanted = self._wanted[session.name]
        wanted.chunks[chunk] += 1
        wanted.left += 1
        todo = [session]
        while todo:
            for needed in self.needs(todo.pop()):
                if not self._wanted[needed.name].whole:
                    self._wanted[needed.name].whole = True
                    todo.append(needed)

    def needs(self, session: Session) -> list[Session]:
        """Return the sessions that must pass before another runs."""
        by_name = self.loaded.plan.by_name
        names = (name for name in session.unit.needs if name in by_name)
        return [by_name[name] for name in names if by_name[name].chunks]

    def failed_need(self, session: Session) -> Session | None:
        """Return a needed session that did not pass; run what is needed.

        Where needs run in a circle, they are run as they come.
        """
        return self._failed_need(session, {session.name})

    def _failed_need(self, session: Session, above: set[SectionName]) -> Session | None:
        for needed in self.needs(session):
            if needed.name in above:
                continue
            before = self._failed_need(needed, {*above, needed.name})
            if before is not None or self.trial(needed).outcome() != "passed":
                return needed
        return None

    def done(self, session: Session) -> None:
        """Record that a test of a section is over; the last one ends the session."""
        self._wanted[session.name].left -= 1
        if self._wanted[session.name].left == 0 and session.name in self._trials:
            self._trials[session.name].finish()

    # --- running ------------------------------------------------------------------------------

    def trial(self, session: Session) -> SectionTrial:
        """Return a section's session, started with the first question."""
        if session.name not in self._trials:
            self._starts = self._starts or self._set_up()
            self._trials[session.name] = self._starts(session)
        return self._trials[session.name]

    def late(self) -> Iterator[str]:
        """The same of all sections that were run."""
        for found in self._trials.values():
            yield from found.late()

    def close(self) -> None:
        """End what runs and remove temporary files; may be called twice."""
        if self._executor is not None:
            self._executor.stop()
        for running in self._trials.values():
            running.finish()
        self._stack.close()
        self._executor = None

    def _set_up(self) -> Callable[[Session], SectionTrial]:
        package = self._stack.enter_context(prepared_package(self.loaded.plan.package))
        settings = thread_settings(self._processes, os.environ)
        executor = LocalExecutor(settings=settings, warm=True)
        self._executor = self._stack.enter_context(executor)

        def made(session: Session) -> Trial:
            wanted = self._wanted[session.name]
            count = len(session.chunks) if wanted.whole else max(wanted.chunks, default=-1) + 1
            return trial(self.loaded, session, count, package, self._options)

        def start(session: Session) -> SectionTrial:
            one = made(session)
            running = Running(one.job, executor, self._note_lines)
            return SectionTrial(self.loaded, one, running, self._wanted[session.name])

        jobs = [made(s).job for s in self.loaded.plan.sessions if s.name in self._wanted]
        explains = _EXPLAINS if self._options.assertions is not None else ""
        executor.prepare(jobs, package.module.text + explains)
        return start

    def _note_lines(self, page: str, lines: tuple[int, ...]) -> None:
        with self._noting:
            self.lines[self.file(page)].update(lines)
