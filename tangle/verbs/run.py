"""Run sections: answer from the cache, run the rest, write the results back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tangle import STATE_FOLDER
from tangle.engine.events import (
    CellFinished,
    CellResults,
    Event,
    Executor,
    Noticed,
    Observer,
    RunStarted,
    SessionFinished,
    SessionStarted,
    ignore,
)
from tangle.engine.interrupt import Interrupt
from tangle.engine.scheduler import Turn
from tangle.model import (
    Job,
    PagePath,
    Result,
    SectionName,
    SessionResult,
)
from tangle.store import (
    ASSET_FOLDER,
    asset_names,
    check_writable,
    make_folder,
    user_key,
)
from tangle.verbs.adoption import unread_with_python
from tangle.verbs.cell_dependencies import with_dependencies
from tangle.verbs.execution import Execution, Prepared, execution
from tangle.verbs.graph_sources import check_may_write
from tangle.verbs.job_builder import (
    PreparedPackage,
    RunOptions,
    job,
    make_working_folder,
    prepared_package,
)
from tangle.verbs.last_runs import LastRuns
from tangle.verbs.left_out import UNSURE, chosen
from tangle.verbs.lookup import doubts
from tangle.verbs.new_pages import with_new_pages
from tangle.verbs.notes import Notes, read_notes, remember_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.failed_cells import failed_cell
from tangle.verbs.reports.failure_hints import as_written, with_hint
from tangle.verbs.reports.values import Maker, RunReport, SectionChange, SectionRun
from tangle.verbs.results.cache import Answer, Answers, has_answers
from tangle.verbs.results.cache_keys import import_effects, session_keys
from tangle.verbs.results.judging import chunk_results, judged
from tangle.verbs.results.kept_runs import KeptRun
from tangle.verbs.results.keyed_jobs import KeyedJob, saved_text
from tangle.verbs.results.places import places_of
from tangle.verbs.results.run_sharing import RunSharing
from tangle.verbs.results.verify import Verifier
from tangle.verbs.results.world import World
from tangle.verbs.run_history import History, Planned, cores, thread_settings, turns
from tangle.verbs.selection import Selected
from tangle.verbs.sources import shown
from tangle.verbs.write_back.outputs import outputs_of
from tangle.verbs.write_back.placement import Placed, Placement
from tangle.verbs.write_back.unplaced import place_or_keep, waiting, write_pending

_NO_KEY = (
    "results are not kept for later: tangle's key has no private place; make ~/.local/state "
    "(or XDG_STATE_HOME) a folder that only you can write to"
)


def run(
    project: Project,
    sections: Sequence[str] | None,
    options: RunOptions,
    observe: Observer = ignore,
    interrupt: Interrupt | None = None,
) -> RunReport:
    """Run sections of the notes, each in a separate process, and write their outputs back.

    Args:
        project: whose notes.
        sections: names of sections, as `select` takes them; None for all that have code.
        options: device, limits, and whether the cache and the notes take part.
        observe: receives every event, in this thread.
        interrupt: ends the run from another thread; a terminal's Ctrl-C needs none.

    Raises:
        UnknownSection: an argument names no section.
        LeftOut: it names one on a page that was left out.
        NotWritable: the notes cannot be written; nothing was run.
    """
    # The engine starts while the notes are read, unless it may well not be needed.
    warm = not (options.cached and has_answers(project.state))
    with (
        execution(project, options, observe, warm=warm) as place,
        (interrupt or Interrupt()).ends(place.executor),
    ):
        loaded = read_notes(project)
        selected = chosen(loaded, sections)
        changes: tuple[SectionChange, ...] | None = None
        if options.changed_since is not None:
            from tangle.verbs.vcs.changed_since import changed_since, only_changed

            changes = changed_since(loaded, options.changed_since, options)
            selected = only_changed(selected, changes)
        if options.write:
            check_folders(project, selected)
        with prepared_package(loaded.plan.package) as package:
            made = _Run(loaded, options, package, place, observe)
            runs = made.run(selected, observe)
    differences = None
    if options.verify:
        verifier = Verifier(loaded)
        differences = tuple(
            difference
            for entry in runs
            for planned, result in chunk_results(entry)
            for difference in verifier.differences(planned, result)
        )
    placement = Placement()
    refused = None
    runs = tuple(with_hint(loaded, entry) for entry in runs)
    if options.write:  # if that is refused, the run is still reported
        refused = place_or_keep(
            loaded,
            _outputs(loaded, runs),
            placement,
            force=options.force,
            quiet=options.quiet_seconds,
        )
    made.sharing.begin_push(made.answers, made.passed)
    runs = as_written(loaded, runs, placement.edits)
    LastRuns(project).keep(loaded.rows, runs)
    remember_notes()
    made.sharing.finish_push()
    report = _report(runs, placement, loaded=loaded, written=options.write, refused=refused)
    return replace(
        report,
        changes=changes,
        differences=differences,
        complete=sections is not None or all(p.code not in UNSURE for p in report.unread),
        doubts=tuple(doubts(loaded, sections or ())),
        idle=_idle(loaded) if sections is None and changes is None else 0,
    )


def _idle(notes: Notes) -> int:
    """How many sections with code have no chunk that runs."""
    return sum(bool(row.chunks) and not any(c.runs for c in row.chunks) for row in notes.rows)


def run_pending(project: Project, *, force: bool = False, quiet_seconds: float = 0.0) -> RunReport:
    """Write the pending results of earlier runs into the notes; run nothing.

    Args:
        project: whose notes.
        force: write over output blocks that a person edited, too.
        quiet_seconds: as in `RunOptions`.
    """
    placement = Placement()
    loaded, refused = write_pending(project, placement, force=force, quiet=quiet_seconds)
    return _report((), placement, loaded=loaded, written=True, refused=refused)


def check_folders(project: Project, selected: Sequence[Selected]) -> None:
    """Check that results can be written, before hours of work.

    Args:
        project: whose notes.
        selected: the sections that are to run.

    Raises:
        NotWritable: a folder that results go to cannot be written.
        NotReadable, Outside: figures have no folder.
    """
    check_may_write(project)
    make_folder(project.state)
    asset_names(project.graph)
    assets, own = project.graph / ASSET_FOLDER, project.state / STATE_FOLDER
    there = [folder for folder in (assets, assets.parent) if folder.is_dir()][:1]
    there += [own] if own.exists() else []
    pages = {(project.graph / e.session.unit.section.page).parent for e in selected}
    for folder in (*sorted(pages), *there, project.state):
        check_writable(folder)


class _Run:
    """One run of sections, from the cache or by the engine.

    Attributes:
        sharing: the shared cache.
        answers: the results that are kept.
        passed: the sections that were run, and passed.
    """

    def __init__(
        self,
        loaded: Notes,
        options: RunOptions,
        package: PreparedPackage,
        place: Execution,
        observe: Observer,
    ) -> None:
        self._loaded = loaded
        self._options = options
        self._package = package
        self._place = place
        self._workers = options.jobs or cores()
        self._key = user_key()
        self._world = World(places=places_of(loaded.project.root))
        self.sharing = RunSharing(loaded.project, self._world, observe)
        self.answers = self._new_answers()
        self.passed: tuple[_Task, ...] = ()
        self._effects = import_effects(loaded.plan.package)
        self._saved = saved_text(loaded.plan.package, package.module)

    def run(self, selected: Sequence[Selected], observe: Observer) -> tuple[SectionRun, ...]:
        if self._key is None:
            observe(Noticed(text=_NO_KEY, trouble=True))
        threads = self._threads(len(selected))
        tasks = [self._task(entry, threads) for entry in selected]
        may_answer = self._options.cached and not self._options.fresh
        found = self._found(tasks) if may_answer else {}
        todo = [index for index in range(len(tasks)) if index not in found]
        for index in todo:
            make_working_folder(self._loaded.project, tasks[index].selected.session)
            tasks[index] = tasks[index].ready()
        waiting = [tasks[index] for index in todo]
        planned = [Planned(selected=task.selected, job=task.job) for task in waiting]
        history = History(self._loaded.project)
        order = turns(planned, history.recall()) if todo else ()
        if todo:
            self._prepare(waiting, order, observe)
        observe(
            RunStarted(
                waiting=tuple(task.job.section for task in waiting),
                answered=len(found),
                titles=tuple(task.title for task in waiting),
            )
        )
        results = self._run_turns(tasks, order, observe) if todo else ()
        done = dict(zip(todo, results, strict=True))
        if todo:
            known = (row.name for row in self._loaded.rows)
            history.keep(known, zip(planned, results, strict=True))
            self.answers.prune()
        if all(result.outcome != "interrupted" for result in done.values()):
            self.passed = tuple(tasks[i] for i, r in done.items() if r.outcome == "passed")
        return tuple(
            self._section_run(task, done[index])
            if index in done
            else self._section_run(task, found[index].result, found[index].run)
            for index, task in enumerate(tasks)
        )

    def _new_answers(self) -> Answers:
        return Answers(
            self._loaded.project.state, self._key, self._world, frozenset(self.sharing.trusted)
        )

    def _with_failures(self, tasks: Mapping[SectionName, _Task], observe: Observer) -> Observer:
        """An observer that passes on every event, and shows each cell that fails."""

        def show(event: Event) -> None:
            observe(event)
            if isinstance(event, CellFinished):
                task = tasks[event.section]
                failed = failed_cell(self._loaded, task.selected.session, task.job, event)
                if failed is not None:
                    observe(failed)

        return show

    def _prepare(self, waiting: Sequence[_Task], order: Sequence[Turn], observe: Observer) -> None:
        sections = [
            Prepared(session=task.selected.session, turn=turn, keys=task.keys)
            for task, turn in zip(waiting, order, strict=True)
        ]
        for note in self._place.prepare(sections, self._package, self.answers):
            observe(note)

    def _run_turns(
        self, tasks: Sequence[_Task], order: Sequence[Turn], observe: Observer
    ) -> tuple[SessionResult, ...]:
        """Run the sections that the cache does not answer, several at a time."""
        by_section = {task.job.section: task for task in tasks}
        answers = self.answers if self._place.is_here else None
        keeper = _Keeper(self._loaded.project, self._place.executor, answers, by_section)
        return self._place.run(order, keeper, self._with_failures(by_section, observe))

    def _threads(self, sections: int) -> tuple[tuple[str, str], ...]:
        """What a worker's threads need to know where so many sections were asked for.

        Those that the cache answers count, too: the number of threads can show in a last digit, so
        it depends on what was requested. The keys of the cache leave it out.
        """
        return tuple(thread_settings(min(self._workers, sections), os.environ).items())

    def _task(self, selected: Selected, threads: tuple[tuple[str, str], ...]) -> _Task:
        made = job(self._loaded.project, selected, self._package, self._options)
        made = replace(made, environment=threads)
        keys = session_keys(made, selected.session, self._saved, self._effects)
        return _Task(selected=selected, job=made, keys=keys)

    def _found(self, tasks: Sequence[_Task]) -> dict[int, Answer]:
        """What the cache knows, and where it knows nothing, the shared cache."""
        found = self._answered(tasks)
        missing = [task for index, task in enumerate(tasks) if index not in found]
        if missing and self.sharing.take_over(self._new_answers(), missing):
            self.answers = self._new_answers()  # which sections run again is another question now
            found = self._answered(tasks)
        return found

    def _answered(self, tasks: Sequence[_Task]) -> dict[int, Answer]:
        """What the cache knows; not where a section that must run before is run again.

        The tasks come with those that they need before them, unless needs run in a circle.
        """
        found: dict[int, Answer] = {}
        again: set[SectionName] = set()
        for index, task in enumerate(tasks):
            needs = task.selected.session.unit.needs
            answer = self.answers.answer(task.job, task.keys) if again.isdisjoint(needs) else None
            if answer is not None:
                result = judged(self._loaded.project, task.selected.session, answer.result)
                answer = replace(answer, result=result)
            if answer is not None and answer.result.outcome == "passed":
                found[index] = answer
            else:
                again.add(task.job.section)
        return found

    def _section_run(
        self, task: _Task, result: SessionResult, answered: KeptRun | None = None
    ) -> SectionRun:
        signer = answered.signer if answered is not None else ""
        return SectionRun(
            session=task.selected.session,
            result=with_new_pages(self._loaded, result),
            cached=answered is not None,
            first=1 if task.selected.session.prelude else 0,
            asked=task.job.device,
            maker=Maker(who=self.sharing.trusted[signer], when=answered.made)
            if answered is not None and signer
            else None,
            executor=self._options.executor.partition(":")[0],
        )


class _Task(KeyedJob, frozen=True, kw_only=True):
    """A selected section with its job and the keys of its cells."""

    @property
    def title(self) -> str:
        """The words after the section's number; empty if its name is its title."""
        title = self.selected.session.unit.section.title
        return "" if title == self.job.section else title

    def ready(self) -> _Task:
        """The task with what its cells need of each other, so that it can be run."""
        return replace(self, job=with_dependencies(self.job, self.selected))


class _Keeper(Struct):
    """An executor that stores passed results at once, so that nothing runs twice.

    Attributes:
        answers: keeps them; None where they are of another machine.
    """

    project: Project
    executor: Executor
    answers: Answers | None
    tasks: Mapping[SectionName, _Task]

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Run a job, and keep the results of its cells, up to the first that did not pass."""
        finished: list[Result] = []

        ends: list[SessionFinished] = []

        def notice(event: Event) -> None:
            if isinstance(event, SessionFinished):
                ends.append(event)
                return
            if isinstance(event, SessionStarted):
                finished.clear()  # it may have been begun before, and lost
            elif isinstance(event, CellFinished):
                finished.append(event.result)
            elif isinstance(event, CellResults):
                finished[:] = event.results
            observe(event)

        result = self.executor.run(job, notice)
        task = self.tasks[job.section]
        if self.answers is not None:
            self.answers.keep(job, task.keys, finished, result)
        result = judged(self.project, task.selected.session, result)
        for end in ends:
            observe(replace(end, outcome=result.outcome))
        return result

    def stop(self) -> None:
        """End what runs."""
        self.executor.stop()


# --- what came of it ------------------------------------------------------------------------------


def _outputs(loaded: Notes, runs: Sequence[SectionRun]) -> list[Placed]:
    return [
        placed
        for entry in runs
        for placed in outputs_of(loaded, entry.session, chunk_results(entry))
    ]


def _report(
    runs: tuple[SectionRun, ...],
    placement: Placement,
    *,
    loaded: Notes,
    written: bool,
    refused: str | None,
) -> RunReport:
    project = loaded.project
    folder = PagePath(ASSET_FOLDER)
    return RunReport(
        sections=runs,
        written=written,
        refused=refused,
        unread=tuple(shown(project, problem) for problem in unread_with_python(loaded)),
        pages=tuple(project.shown(path) for path in dict.fromkeys(placement.pages)),
        figures=tuple(
            project.shown(PagePath(f"{folder}/{name}")) for name in dict.fromkeys(placement.figures)
        ),
        pending=tuple(dict.fromkeys(placement.pending)),
        kept=tuple(shown(project, problem) for problem in dict.fromkeys(placement.kept)),
        waiting=len(waiting(project)),
        no_python=not any(row.chunks for row in loaded.rows),
        org_pages=loaded.sources.org_pages,
    )
