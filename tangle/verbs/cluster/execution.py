"""Run the sections of a run on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from tangle import STATE_FOLDER
from tangle.engine.cluster.address import BadCluster
from tangle.engine.cluster.connection import (
    Connection,
    WorkerFacts,
    ask_workers,
    check_tangle,
    check_versions,
)
from tangle.engine.cluster.executor import Assignment, DaskExecutor
from tangle.engine.cluster.host import Answer, Question, is_installed
from tangle.engine.cluster.messages import Proof, RunContext, SentFile
from tangle.engine.events import Executor, Noticed, Observer
from tangle.engine.import_scan import modules_of
from tangle.engine.memory import memory_limit
from tangle.engine.pool import not_run, run_turns
from tangle.engine.scheduler import Turn
from tangle.engine.scratch import ScratchFolder
from tangle.model import Job, SectionName, SessionResult
from tangle.store import NotWritable, make_folder, read_bytes, write_file
from tangle.verbs.cluster.sent_files import roots, section_files
from tangle.verbs.execution import DASK, Prepared
from tangle.verbs.job_builder import PreparedPackage, RunOptions
from tangle.verbs.project import Project
from tangle.verbs.results.cache import Answers
from tangle.verbs.run_history import cores, gpus

_MOST_AT_ONCE: Final = 512
"""Sections that are in the hands of Dask at a time; each has a thread that waits for it."""


class ClusterExecution:
    """Sections run as tasks of Dask, on a cluster of this machine or on one that runs already."""

    def __init__(self, project: Project, options: RunOptions) -> None:
        """Reach nothing yet: the cache may answer everything.

        Args:
            project: whose notes.
            options: of the run.
        """
        self._project = project
        self._options = options
        self._address = options.executor.removeprefix(DASK).removeprefix(":") or None
        self._late = _LateExecutor()
        self._leaving = contextlib.ExitStack()

    @property
    def executor(self) -> Executor:
        """What runs one section, once the cluster was prepared."""
        return self._late

    @property
    def is_here(self) -> bool:
        """Whether the workers are processes of this machine, which the command starts."""
        return self._address is None

    def prepare(
        self, sections: Sequence[Prepared], package: PreparedPackage, answers: Answers
    ) -> Sequence[Noticed]:
        """Reach the cluster, see that its workers fit, and let them have what they need.

        Raises:
            BadCluster: it cannot be reached, or its workers do not fit.
            TooMuchToSend: the sections read more than is sent.
        """
        connection = self._connect(len(sections))
        proof, shared = None, True
        if not self.is_here:
            proof = self._leaving.enter_context(_proof(self._project))
            answered = _checked(connection, sections, package, proof)
            shared = all(answer.shared for answer in answered.values())
        files: Mapping[SectionName, tuple[SentFile, ...]] = {}
        if not shared:
            limit = memory_limit(self._project.options.cluster_files, 0)
            files = section_files(self._project, sections, answers, limit)
        workers = connection.workers()
        wishes = {} if self.is_here else _gpu_wishes(sections, workers)
        executor = DaskExecutor(
            connection,
            self._context(package, proof, workers),
            {
                name: Assignment(files=files.get(name, ()), gpu=wishes.get(name, False))
                for name in (entry.turn.job.section for entry in sections)
            },
            read=lambda file: read_bytes(Path(file.path), limit=file.size),
        )
        self._leaving.callback(executor.close)
        self._late.begin(executor)
        slots = sum(worker.slots for worker in workers)
        where = self._address or "this machine"
        return [
            Noticed(text=f"Dask on {where}: {len(workers)} workers, {slots} sections at a time")
        ]

    def run(
        self, turns: Sequence[Turn], executor: Executor, observe: Observer
    ) -> tuple[SessionResult, ...]:
        """Run sections: those that may start are tasks of Dask, in the order of the schedule."""
        chosen = None if self.is_here else self._options.jobs
        return run_turns(
            turns,
            executor=executor,
            workers=min(len(turns), chosen or _MOST_AT_ONCE),
            gpus=gpus(os.environ) if self.is_here else (),
            observe=observe,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster; end one that the command started."""
        self._leaving.close()

    def _connect(self, sections: int) -> Connection:
        folder = ScratchFolder() if self.is_here else None
        if folder is not None:
            self._leaving.callback(folder.close)
        connection = Connection(
            self._address,
            processes=min(self._options.jobs or cores(), sections),
            folder=folder.path if folder is not None else "",
        )
        self._leaving.callback(connection.close)
        return connection

    def _context(
        self, package: PreparedPackage, proof: Proof | None, workers: Sequence[WorkerFacts]
    ) -> RunContext:
        folder = package.folder
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        slots: dict[str, int] = {}
        for worker in workers:
            slots[worker.host] = slots.get(worker.host, 0) + worker.slots
        return RunContext(
            run=secrets.token_hex(8),
            roots=roots(self._project),
            proof=proof,
            package=str(folder),
            files=tuple(
                (path.relative_to(folder).as_posix(), read_bytes(path).decode()) for path in files
            ),
            module=package.module.text,
            sources=tuple(package.sources(self._project)),
            slots=tuple(slots.items()),
            same_machine=self.is_here,
            fresh=self._options.fresh,
        )


class _LateExecutor:
    """An executor that may be stopped before there is a cluster."""

    def __init__(self) -> None:
        self._executor: DaskExecutor | None = None
        self._stopped = threading.Event()

    def begin(self, executor: DaskExecutor) -> None:
        """From now on, sections run with this one."""
        self._executor = executor
        if self._stopped.is_set():
            executor.stop()

    def run(self, job: Job, observe: Observer) -> SessionResult:
        """Run one section."""
        if self._executor is None:
            return not_run(job, "interrupted", "the run was interrupted")
        return self._executor.run(job, observe)

    def stop(self) -> None:
        """End all sections."""
        self._stopped.set()
        if self._executor is not None:
            self._executor.stop()


@contextlib.contextmanager
def _proof(project: Project) -> Iterator[Proof | None]:
    """A file by which workers see that they share the project's folder; None if none can be made.

    It is new for each run, since a copy of the folder has the old ones, too.
    """
    path = project.state / STATE_FOLDER / f"shared-{secrets.token_hex(8)}"
    text = secrets.token_hex(16)
    try:
        make_folder(path.parent)
        write_file(path, text.encode())
    except NotWritable:
        yield None
        return
    try:
        yield Proof(path=str(path), text=text)
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _checked(
    connection: Connection,
    sections: Sequence[Prepared],
    package: PreparedPackage,
    proof: Proof | None,
) -> dict[str, Answer]:
    """What the workers say about themselves, if they all fit.

    Raises:
        BadCluster: one does not.
    """
    check_versions(connection)
    check_tangle(connection)
    modules = {
        name.partition(".")[0]
        for entry in sections
        for name in (*entry.turn.job.imports, *modules_of(entry.turn.job, package.module.text))
    }
    # What is missing here, too, is for the section to report.
    wanted = [name for name in sorted(modules - sys.stdlib_module_names) if is_installed(name)]
    return ask_workers(connection, Question(modules=tuple(wanted), proof=proof))


def _gpu_wishes(
    sections: Sequence[Prepared], workers: Sequence[WorkerFacts]
) -> dict[SectionName, bool]:
    """Whether each section is to run where a GPU is.

    Raises:
        BadCluster: one has to, and no worker offers a GPU.
    """
    offered = any(worker.gpus for worker in workers)
    for entry in sections:
        job = entry.turn.job
        if job.device.startswith("cuda") and not offered:
            raise BadCluster(
                f"{job.section} asks for {job.device}, and no worker of the cluster offers a GPU: "
                "start workers that do with `dask worker --resources GPU=1`, or give --device cpu"
            )
    return {entry.turn.job.section: offered and entry.turn.gpu != "none" for entry in sections}
