"""Run changed sections on each save, and write their outputs back.

One thread waits for the disk, one runs a section, and the one that called puts them together: all
decisions are taken there, one message at a time.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.events import CellStarted, Event, Noticed
from tangle.engine.file_identity import file_stamp
from tangle.errors import TangleError
from tangle.model import Job, Problem, SectionName, SessionResult
from tangle.store import Changes, read_bytes
from tangle.verbs.cell_dependencies import with_dependencies
from tangle.verbs.job_builder import RunOptions, job, make_working_folder
from tangle.verbs.last_runs import LastRuns
from tangle.verbs.lookup import AmbiguousTitle
from tangle.verbs.new_pages import with_new_pages
from tangle.verbs.notes import Notes, held_notes, updated
from tangle.verbs.parts import Ambiguous
from tangle.verbs.project import Project, with_options
from tangle.verbs.reports.failure_hints import as_written, with_hint
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.results.judging import chunk_results, judged
from tangle.verbs.run import check_folders
from tangle.verbs.run_history import thread_settings
from tangle.verbs.selection import Selected, select, select_all
from tangle.verbs.unknown_names import NoCode, UnknownSection
from tangle.verbs.watch.events import (
    Cancelled,
    Gone,
    Held,
    News,
    Ran,
    Runs,
    Trouble,
    Waits,
    Watching,
    Wrote,
)
from tangle.verbs.watch.fingerprint import Face, Why, difference, face
from tangle.verbs.watch.generated_files import GeneratedFiles
from tangle.verbs.watch.read_files import ReadFiles, packages
from tangle.verbs.watch.unwritten import Results, Written
from tangle.verbs.write_back.outputs import outputs_of

_TICK = 1.0
"""Seconds after which files outside the graph are looked at again."""


# --- what comes in --------------------------------------------------------------------------------


class Disk(Protocol):
    """Reports changes in the graph's folder."""

    def __iter__(self) -> Iterator[frozenset[Path]]:
        """The paths that changed at about the same time; waits for the next."""
        ...

    def close(self) -> None:
        """Ends the waiting."""
        ...


class _Changed(Struct, frozen=True, kw_only=True):
    paths: frozenset[Path]


class _Done(Struct, frozen=True, kw_only=True):
    task: _Task
    result: SessionResult


class _Troubled(Struct, frozen=True, kw_only=True):
    notice: str


class _Broke(Struct, frozen=True, kw_only=True):
    error: BaseException


_Mail = _Changed | _Done | _Troubled | _Broke


class _Task(Struct, kw_only=True, eq=False):
    """A section that is running.

    Attributes:
        loaded: the notes as they are run.
        first: the first chunk whose result may be another, from 1.
        useless_from: the first cell that must not be begun any more, as it has changed.
        at: the cell that runs.
        placed: set once its outputs are in the notes, or never will be.
    """

    loaded: Notes
    selected: Selected
    job: Job
    first: int
    useless_from: int | None = None
    at: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    placed: threading.Event = field(default_factory=threading.Event)


def watch(
    project: Project,
    sections: Sequence[str],
    options: RunOptions,
    tell: Callable[[News], None],
    *,
    sync: bool = False,
) -> None:
    """Watch the notes until interrupted.

    Args:
        project: whose notes.
        sections: names of sections, as `select` takes them, which run at once, too; without any,
            all that have code are watched, and run when they change.
        options: device, limits, and whether outputs go into the notes.
        tell: receives every event, in this thread.
        sync: whether edits of generated files go into the notes, and the files follow the notes.

    Raises:
        UnknownSection: an argument names no section.
        NotWritable: the notes cannot be written.
        NotReadable: the graph cannot be watched.
        KeyboardInterrupt: Ctrl-C.
    """
    files = GeneratedFiles(project) if sync else None
    changes = Changes(project.graph, *([files.folder] if files is not None else []))
    try:
        with Watcher(project, sections, options, tell, files) as watcher:
            watcher.follow(changes)
    finally:
        changes.close()


class Watcher:
    """Watches one project; close it at the end."""

    def __init__(
        self,
        project: Project,
        sections: Sequence[str],
        options: RunOptions,
        tell: Callable[[News], None],
        files: GeneratedFiles | None = None,
    ) -> None:
        """Reads the notes and starts the engine."""
        self._files = files
        self._project, self._names, self._options, self._tell = project, sections, options, tell
        self._mail: queue.SimpleQueue[_Mail] = queue.SimpleQueue()
        self._end = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            executor = ResumingExecutor(settings=thread_settings(1, os.environ), warm=True)
            self._executor = undo.enter_context(executor)
            self._packages = undo.enter_context(packages())
            self._notes = held_notes(project)
            self._end = undo.pop_all()
        self._faces: dict[SectionName, Face] = {}
        self._queue: dict[SectionName, Why] = {}
        self._reads = ReadFiles()
        self._settings = file_stamp(str(project.config)) if project.config is not None else ""
        self._ran: set[SectionName] = set()
        self._running: _Task | None = None
        self._threads: list[threading.Thread] = []
        self._reported: set[News | Problem] = set()
        self._results = Results(lambda: self._notes, options)
        self._looked = 0.0

    def __enter__(self) -> Self:
        """Itself; it is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends what runs, and every copy of a session."""
        self._executor.stop()
        for thread in self._threads:
            thread.join()
        self._end.close()

    def follow(self, disk: Disk) -> None:
        """Process changes until they end, or Ctrl-C.

        Raises:
            UnknownSection: a section that was asked for does not exist.
        """
        self._start()
        threading.Thread(target=self._listen, args=(disk,), daemon=True).start()
        while True:
            self._start_next()
            self._keep_alike()
            try:
                mail = self._mail.get(timeout=self._pause())
            except queue.Empty:
                if time.monotonic() >= self._looked + _TICK:
                    self._look_at_files()
                self._write()
                continue
            match mail:
                case _Changed(paths=paths):
                    self._take_in(paths)
                case _Done(task=task, result=result):
                    self._finish(task, result)
                case _Troubled(notice=notice):
                    self._tell(Trouble(message=f"engine: {notice}"))
                case _Broke(error=error):
                    raise error
                case _:
                    assert_never(mail)

    def _pause(self) -> float:
        pause = self._results.pause(_TICK)
        return pause if self._files is None else self._files.pause(pause)

    def _keep_alike(self) -> None:
        """Bring edits of generated files into the notes, and renew the files, if that is due."""
        step = self._files.step(self._project, self._results.hold) if self._files else None
        if step is None:
            return
        for news in step.news:
            self._tell(news)
        self._take_in(frozenset(self._project.graph / page for page in step.pages), by_us=True)

    def _listen(self, disk: Disk) -> None:
        try:
            for paths in disk:
                self._mail.put(_Changed(paths=paths))
        except BaseException as error:  # noqa: BLE001 -- raised again in `follow`
            self._mail.put(_Broke(error=error))

    # --- what changes -------------------------------------------------------------------------

    def _start(self) -> None:
        notes = self._notes
        selected = select(notes, self._names) if self._names else select_all(notes)
        if self._options.write:
            check_folders(self._project, selected)
        for entry in selected:
            self._note_face(entry, face(entry, notes.plan.package))
            if self._names:
                name = entry.session.name
                self._queue[name] = Why(section=name, what="asked for", first=1)
        package = self._packages(notes.plan.package)
        jobs = [job(self._project, entry, package, self._options) for entry in selected]
        self._executor.prepare(jobs, package.module.text)
        self._tell(Watching(sections=tuple(entry.session.name for entry in selected)))

    def _take_in(self, paths: frozenset[Path], *, by_us: bool = False) -> None:
        before = self._notes
        try:
            self._notes = updated(before, paths)
        except TangleError as error:
            self._tell_once(Trouble(message=str(error)))
            return
        if self._files is not None:
            self._files.note(paths, notes=self._notes is not before)
        if self._notes is not before:
            if not by_us:
                self._results.saved(before)
            for entry in self._selected():
                self._compare(entry)
        self._look_at_files()

    def _selected(self) -> list[Selected]:
        """Return the watched sections that exist."""
        notes = self._notes
        if not self._names:
            return list(select_all(notes))
        there: list[str] = []
        for name in self._names:
            gone = Gone(name=name)
            try:
                select(notes, [name])
                there.append(name)
                self._reported.discard(gone)
            except (UnknownSection, NoCode, AmbiguousTitle):
                self._tell_once(gone)
            except Ambiguous as error:
                self._tell_once(Trouble(message=str(error)))
        return list(select(notes, there))

    def _compare(self, selected: Selected) -> None:
        package, name = self._notes.plan.package, selected.session.name
        now = face(selected, package)
        before = self._faces.get(name)
        why = difference(name, before, now, package)
        self._note_face(selected, now)
        if why is not None:
            earlier = self._queue.pop(name, why)
            self._queue[name] = replace(why, first=min(why.first, earlier.first))
            cell = 0
            if before is not None and before.inputs.borrowed == now.inputs.borrowed:
                cell = why.first - 1 + bool(now.inputs.borrowed)
            self._cancel(name, cell)

    def _note_face(self, selected: Selected, now: Face) -> None:
        name = selected.session.name
        self._faces[name] = now
        waits = {t for t in self._reported if isinstance(t, Waits) and t.section == name}
        known = {wait.draft.number for wait in waits}
        self._reported -= {w for w in waits if w.draft.number not in now.draft_numbers}
        for draft in now.drafts:
            if draft.number not in known:
                self._tell_once(Waits(section=name, draft=draft))

    def _look_at_settings(self) -> None:
        """Rerun sections that have run if the configuration has changed."""
        config = self._project.config
        if config is None or (stamp := file_stamp(str(config))) == self._settings:
            return
        self._settings = stamp
        try:
            project = with_options(self._project, read_bytes(config))
        except TangleError as error:
            self._tell_once(Trouble(message=str(error)))
            return
        if project.graph != self._project.graph:
            why = "the configuration names another folder for the notes; restart `tangle watch`"
            self._tell_once(Trouble(message=f"{config}: {why}"))
        elif project != self._project:
            self._project = project
            self._notes = Notes(project, self._notes.sources, self._notes.core)
            for entry in self._selected():
                name = entry.session.name
                self._note_face(entry, face(entry, self._notes.plan.package))
                if name in self._ran:
                    self._queue[name] = Why(section=name, what=f"{config.name} changed", first=1)
                    self._cancel(name, 0)

    def _look_at_files(self) -> None:
        """Rerun sections whose data files have changed."""
        self._looked = time.monotonic()
        self._look_at_settings()
        for name, path in self._reads.changed():
            if name in self._faces:
                shown = Path(path)
                if shown.is_relative_to(self._project.root):
                    shown = shown.relative_to(self._project.root)
                self._queue[name] = Why(section=name, what=f"{shown} changed", first=0)
                self._cancel(name, 0)

    def _cancel(self, name: SectionName, cell: int) -> None:
        """End the section's run when it reaches a cell, or at once if it is past it."""
        task = self._running
        if task is None or task.selected.session.name != name:
            return
        with task.lock:
            task.useless_from = min(cell, cell if task.useless_from is None else task.useless_from)
            if task.at >= task.useless_from:
                self._executor.stop()

    # --- what runs ----------------------------------------------------------------------------

    def _start_next(self) -> None:
        while self._queue and self._running is None:
            name = next(iter(self._queue))
            why = self._queue.pop(name)
            selected = next((s for s in self._selected() if s.session.name == name), None)
            if selected is not None and not selected.session.unit.faults:
                self._run(selected, why)

    def _run(self, selected: Selected, why: Why) -> None:
        loaded = self._notes
        try:
            make_working_folder(self._project, selected.session)
        except TangleError as error:
            self._tell_once(Trouble(message=str(error)))
            return
        package = self._packages(loaded.plan.package)
        task = _Task(
            loaded=loaded,
            selected=selected,
            job=with_dependencies(job(self._project, selected, package, self._options), selected),
            first=why.first,
        )
        resumes = self._executor.resumes_at(task.job)
        if resumes is None:
            self._executor.prepare([task.job], package.module.text)
        if not why.first:
            own = max(0, (resumes or 0) - bool(selected.session.prelude))
            why = replace(why, first=own + 1)
            task.first = why.first
        self._running = task
        self._ran.add(selected.session.name)
        thread = threading.Thread(target=self._work, args=(task,))
        self._threads = [*(t for t in self._threads if t.is_alive()), thread]
        thread.start()
        self._tell(Runs(why=why))

    def _work(self, task: _Task) -> None:
        def observe(event: Event) -> None:
            if isinstance(event, CellStarted):
                with task.lock:
                    task.at = event.index
                    if task.useless_from is not None and task.at >= task.useless_from:
                        self._executor.stop()
            elif isinstance(event, Noticed) and event.trouble:
                self._mail.put(_Troubled(notice=event.text))

        try:
            result = self._executor.run(task.job, observe)
            self._mail.put(_Done(task=task, result=result))
            task.placed.wait(_TICK)  # what is left to do must not keep the outputs waiting
            self._executor.settle()
        except BaseException as error:  # noqa: BLE001 -- raised again in `follow`
            self._mail.put(_Broke(error=error))

    def _finish(self, task: _Task, result: SessionResult) -> None:
        name = task.selected.session.name
        self._running = None
        self._executor.go_on()
        if task.useless_from is not None:
            task.placed.set()
            self._tell(Cancelled(section=name))
            return
        session = task.selected.session
        result = with_new_pages(task.loaded, judged(self._project, session, result))
        run = SectionRun(
            session=session,
            result=result,
            cached=False,
            first=1 if session.prelude else 0,
            asked=task.job.device,
        )
        if result.learned or result.outcome == "passed":
            self._reads.note(name, result.learned)
        written = None
        if self._options.write:
            written = self._results.take(
                name, outputs_of(task.loaded, run.session, chunk_results(run))
            )
        edits = written.edits if written else ()
        (run,) = as_written(task.loaded, [with_hint(task.loaded, run)], edits)
        LastRuns(self._project).keep(task.loaded.rows, [run])
        task.placed.set()
        wrote = self._wrote(written)
        held = tuple(
            Held(page=self._project.shown(page), why=why)
            for page, why in (written.held.items() if written else ())
        )
        self._tell(Ran(run=run, since=task.first, wrote=wrote, held=held))
        self._follow_up(written)

    def _write(self) -> None:
        """Write results whose pages have become free."""
        written = self._results.write()
        wrote = self._wrote(written)
        if wrote.pages or wrote.problems:
            self._tell(wrote)
        self._follow_up(written)

    def _wrote(self, written: Written | None) -> Wrote:
        """Report the outcome of writing; each problem once."""
        if written is None:
            return Wrote(pages=(), problems=())
        new = [problem for problem in written.problems if problem not in self._reported]
        self._reported.update(new)
        shown = tuple(self._project.shown(path) for path in written.pages)
        return Wrote(pages=shown, problems=tuple(new))

    def _follow_up(self, written: Written | None) -> None:
        """Takes in what was written, and saves that were in the way and went unnoticed so far."""
        if written is None:
            return
        if written.refused is not None:
            self._tell_once(Trouble(message=written.refused))
        graph = self._project.graph
        self._take_in(frozenset(graph / page for page in written.pages), by_us=True)
        if written.held:
            self._take_in(frozenset(graph / page for page in written.held))

    def _tell_once(self, news: News) -> None:
        if news not in self._reported:
            self._reported.add(news)
            self._tell(news)
