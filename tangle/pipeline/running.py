"""Runs sections: answers from the cache what it can, runs the rest, writes results back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tangle.analyse import PlannedChunk, Session
from tangle.model import (
    Failure,
    Job,
    PagePath,
    Place,
    ReadFile,
    Result,
    SectionName,
    SessionResult,
)
from tangle.pipeline.jobs import PreparedPackage, RunOptions, cache_key, job, package_files
from tangle.pipeline.load import Loaded, load
from tangle.pipeline.pending import place_or_keep, waiting, write_pending
from tangle.pipeline.placing import Placed, Placement, outputs_of
from tangle.pipeline.project import Project
from tangle.pipeline.reading import shown
from tangle.pipeline.reports import RunReport, SectionRun
from tangle.pipeline.selection import Selected, select, select_all
from tangle.run import (
    Executor,
    LocalExecutor,
    Observer,
    ignore,
    result_from_json,
    result_to_json,
    run_jobs,
)
from tangle.store import (
    ASSET_FOLDER,
    Cache,
    NotReadable,
    check_writable,
    digest_file,
    digest_listing,
    make_folder,
    scratch_tree,
)

CACHE = ".tangle/cache"
_CACHE_BYTES = 512 * 1024 * 1024
_CACHE_AGE = 90 * 24 * 3600.0


def run(
    project: Project,
    sections: Sequence[str] | None,
    options: RunOptions,
    observe: Observer = ignore,
) -> RunReport:
    """Run sections of the notes, each in a process of its own, and write their outputs back.

    Args:
        project: whose notes.
        sections: names of sections, as `select` takes them; None for all that have code.
        options: device, limits, and whether the cache and the notes take part.
        observe: is told of every step, in this thread.

    Raises:
        UnknownSection: an argument names no section.
        NotWritable: the notes cannot be written; nothing was run.
    """
    # The engine starts while the notes are read.
    with LocalExecutor(settings=_threads(options.jobs), warm=True) as executor:
        loaded = load(project)
        selected = select_all(loaded.plan) if sections is None else select(loaded.plan, sections)
        if options.write:
            _check_writable(project, selected)
        files, module = package_files(loaded.plan.package)
        name = loaded.plan.package.name
        with scratch_tree(files, owned=name.root) as folder:
            path = folder / name.root / f"{name.module}.py"
            package = PreparedPackage(folder=folder, path=path, module=module)
            runs = _Run(loaded, options, package, executor).run(selected, observe)
    placement = Placement()
    refused = None
    if options.write:  # where that is refused, what was run is told all the same
        refused = place_or_keep(loaded, _outputs(runs), placement, force=options.force)
    return _report(runs, placement, loaded=loaded, written=options.write, refused=refused)


def run_pending(project: Project, *, force: bool = False) -> RunReport:
    """Write into the notes the results that earlier runs had no place for, and run nothing.

    Args:
        project: whose notes.
        force: write over output blocks that a person edited, too.
    """
    placement = Placement()
    loaded, refused = write_pending(project, placement, force=force)
    return _report((), placement, loaded=loaded, written=True, refused=refused)


def _check_writable(project: Project, selected: Sequence[Selected]) -> None:
    """Refuse before hours of work what would be refused after them."""
    make_folder(project.state)
    folders = {(project.graph / e.session.unit.section.page).parent for e in selected}
    for folder in (*sorted(folders), project.state):
        check_writable(folder)


def _threads(jobs: int) -> dict[str, str]:
    """How many threads a worker's mathematics gets, unless the user said so.

    Threads that wait must sleep: where another program holds one of the cores, OpenMP's default,
    to spin, was measured to make training ten times slower.
    """
    share = max((os.cpu_count() or 1) // jobs, 1)
    settings = {"OMP_NUM_THREADS": str(share), "OMP_WAIT_POLICY": "PASSIVE"}
    return {name: value for name, value in settings.items() if name not in os.environ}


class _Run:
    """One run: what the cache can answer, and what has to be run."""

    def __init__(
        self,
        loaded: Loaded,
        options: RunOptions,
        package: PreparedPackage,
        executor: LocalExecutor,
    ) -> None:
        self._loaded = loaded
        self._options = options
        self._package = package
        self._executor = executor
        self._cache = Cache(loaded.project.state / CACHE)
        self._digests: dict[str, str | None] = {}

    def run(self, selected: Sequence[Selected], observe: Observer) -> tuple[SectionRun, ...]:
        tasks = [self._task(entry) for entry in selected]
        found = {
            index: result
            for index, task in enumerate(tasks)
            if not self._options.fresh and (result := self._cached(task)) is not None
        }
        todo = [index for index in range(len(tasks)) if index not in found]
        if todo:
            self._executor.prepare([tasks[i].job for i in todo], self._package.module.text)
        keeper = _Keeper(self._executor, self._cache, {t.job.section: t for t in tasks})
        done = dict(found)
        for group in _waves([entry.session for entry in selected], todo):
            failed = {r.section for r in done.values() if r.outcome != "passed"}
            wave = [i for i in group if failed.isdisjoint(selected[i].session.unit.needs)]
            done.update((i, _never_run(tasks[i].job)) for i in group if i not in wave)
            jobs = [tasks[index].job for index in wave]
            results = run_jobs(jobs, executor=keeper, workers=self._options.jobs, observe=observe)
            done.update(zip(wave, results, strict=True))
        if todo:
            self._cache.prune(_CACHE_BYTES, _CACHE_AGE)
        return tuple(
            self._section_run(task, done[index], cached=index in found)
            for index, task in enumerate(tasks)
        )

    def _task(self, selected: Selected) -> _Task:
        whole = _up_to_open_reference(selected)
        made = job(self._loaded.project, whole, self._package, self._options)
        key = cache_key(made, selected.session.package)
        return _Task(selected=selected, runnable=whole, job=made, key=key)

    def _cached(self, task: _Task) -> SessionResult | None:
        document = self._cache.get(task.key)
        if document is None:
            return None
        try:
            result = result_from_json(document)
        except ValueError:
            return None
        right = result.section == task.job.section and len(result.results) == len(task.job.cells)
        return result if right and all(map(self._unchanged, result.reads)) else None

    def _unchanged(self, read: ReadFile) -> bool:
        """Whether a file is what it was; several sections may have read it."""
        if read.path not in self._digests:
            digest = digest_listing if read.path.endswith(os.sep) else digest_file
            try:
                self._digests[read.path] = digest(Path(read.path))
            except NotReadable:
                self._digests[read.path] = None
        return self._digests[read.path] == read.digest

    def _section_run(self, task: _Task, result: SessionResult, *, cached: bool) -> SectionRun:
        if task.runnable.chunks < task.selected.chunks:
            result = _stopped_at_open_reference(self._loaded.project, task, result)
        return SectionRun(
            session=task.selected.session,
            result=result,
            cached=cached,
            first=1 if task.selected.session.prelude else 0,
            asked=task.job.device,
        )


def _waves(sessions: Sequence[Session], todo: Sequence[int]) -> list[list[int]]:
    """The sessions to run, in groups: those of a group need only sessions of groups before it.

    The sessions come with those they need before them, unless needs run in a circle.
    """
    level: dict[SectionName, int] = {}
    for session in sessions:
        level[session.name] = max((level.get(n, -1) + 1 for n in session.unit.needs), default=0)
    waves: dict[int, list[int]] = {}
    for index in todo:
        waves.setdefault(level[sessions[index].name], []).append(index)
    return [waves[key] for key in sorted(waves)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A selected section, the part of it that can run, its job and its key in the cache."""

    selected: Selected
    runnable: Selected
    job: Job
    key: str


@dataclass(slots=True)
class _Keeper:
    """An executor that keeps what passes as soon as it is done, so that nothing is run twice."""

    executor: Executor
    cache: Cache
    tasks: Mapping[SectionName, _Task]

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Run a job, and keep its result where it passed."""
        result = self.executor.run(job, observe)
        if result.outcome == "passed" and not result.spawned:
            self.cache.put(self.tasks[job.section].key, result_to_json(result))
        return result

    def stop(self) -> None:
        """End what runs."""
        self.executor.stop()


# --- chunks with references that lead nowhere -----------------------------------------------------


def _up_to_open_reference(selected: Selected) -> Selected:
    """The part of a section before the first chunk whose references could not be expanded."""
    for index, planned in enumerate(selected.session.chunks[: selected.chunks]):
        if not planned.code.chunk.whole and planned.code.chunk.settings.run:
            return replace(selected, chunks=index)
    return selected


def _stopped_at_open_reference(
    project: Project, task: _Task, result: SessionResult
) -> SessionResult:
    """The result with the chunks that could not be run."""
    left = task.selected.session.chunks[task.runnable.chunks : task.selected.chunks]
    runnable = [planned for planned in left if planned.code.chunk.settings.run]
    if result.outcome != "passed":
        results = [_skipped() for _ in runnable]
        return replace(result, results=(*result.results, *results))
    results = [_open(project, runnable[0]), *(_skipped() for _ in runnable[1:])]
    return replace(result, outcome="failed", results=(*result.results, *results))


def _never_run(job: Job) -> SessionResult:
    """What is told of a section that needs one which did not pass."""
    return SessionResult(
        section=job.section,
        outcome="skipped",
        results=tuple(_skipped() for _ in job.cells),
        seconds=0.0,
        device="cpu",
    )


def _skipped() -> Result:
    return Result(outcome="skipped", outputs=(), failure=None, seconds=0.0)


def _open(project: Project, planned: PlannedChunk) -> Result:
    chunk = planned.code.chunk
    where = Place(path=PagePath(project.shown(chunk.page)), line=chunk.line)
    failure = Failure(
        name="OpenReference",
        message="a reference in this chunk means nothing; `tangle check` says which",
        traceback="",
        place=where,
    )
    return Result(outcome="failed", outputs=(), failure=failure, seconds=0.0)


# --- what came of it ------------------------------------------------------------------------------


def chunk_results(entry: SectionRun) -> list[tuple[PlannedChunk, Result]]:
    """The chunks of a section that were to run, each with its result.

    Where borrowed statements failed, which run before them all, the first chunk did.
    """
    chunks = [c for c in entry.session.chunks if c.code.chunk.settings.run]
    results = list(entry.result.results[entry.first :])
    borrowed = entry.result.results[: entry.first]
    if results and borrowed and borrowed[0].outcome != "passed":
        results[0] = replace(results[0], outcome=borrowed[0].outcome, failure=borrowed[0].failure)
    return list(zip(chunks, results, strict=False))


def _outputs(runs: Sequence[SectionRun]) -> list[Placed]:
    return [placed for entry in runs for placed in outputs_of(entry.session, chunk_results(entry))]


def _report(
    runs: tuple[SectionRun, ...],
    placement: Placement,
    *,
    loaded: Loaded,
    written: bool,
    refused: str | None,
) -> RunReport:
    project = loaded.project
    folder = PagePath(ASSET_FOLDER)
    return RunReport(
        sections=runs,
        written=written,
        refused=refused,
        unread=tuple(shown(project, problem) for problem in loaded.unread),
        pages=tuple(project.shown(path) for path in dict.fromkeys(placement.pages)),
        figures=tuple(
            project.shown(PagePath(f"{folder}/{name}")) for name in dict.fromkeys(placement.figures)
        ),
        pending=tuple(dict.fromkeys(placement.pending)),
        kept=tuple(shown(project, problem) for problem in dict.fromkeys(placement.kept)),
        waiting=len(waiting(project)),
    )
