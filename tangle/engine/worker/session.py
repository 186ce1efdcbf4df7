"""One session in its worker: prepares the process, runs the cells, tells what came of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from tangle.engine.checkpoint.process import Snapshots
from tangle.engine.postmortem import first_place, notes_of
from tangle.engine.session_end import ends_session
from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.tracking.tracker import Noticing, audit_log, start_noticing
from tangle.engine.tracking.versions import loaded_versions
from tangle.engine.wire import Begun, Closed, Ended, Left
from tangle.engine.worker.after_import import AfterImport
from tangle.engine.worker.assertions import explain_asserts
from tangle.engine.worker.bytecode import compile_only_libraries
from tangle.engine.worker.devices import DeviceUnavailable, choose_device, measure_use
from tangle.engine.worker.failed_names import FailedNames
from tangle.engine.worker.figures import prepare_figures
from tangle.engine.worker.interactive import prepare_interactive
from tangle.engine.worker.lines import LineLog
from tangle.engine.worker.reporter import Reporter, take_streams
from tangle.engine.worker.seeds import seed_generators
from tangle.engine.worker.shell import CellShell, make_shell
from tangle.engine.worker.shutdown import Shutdown, flush_streams
from tangle.engine.worker.threads import share_threads
from tangle.engine.worker.tracebacks import describe, short_path, text_of
from tangle.engine.worker.unattended import pass_breakpoints
from tangle.model import Cell, Debugging, Failure, Job, Outcome, Seen

if TYPE_CHECKING:
    from tangle.engine.worker.debugger import Debugger

_clock = time.perf_counter


def run_session(job: Job, reporter: Reporter, trace: int) -> None:
    """Runs the job's cells, reports all of it, and ends as a program does.

    Args:
        job: what to run.
        reporter: receives the events.
        trace: the descriptor that stacks are written to.
    """
    take_streams(reporter)
    _shorten_warnings()
    shell = make_shell(reporter)
    shutdown = Shutdown(shell)
    log = audit_log(job) if job.watched or job.snapshots is not None else None
    cells = _Cells(shell, reporter, log)
    if log is not None and job.watched:
        cells.noticing = Noticing(job, log)
    try:
        _run_cells(job, cells, trace)
    finally:  # the parent interrupts a session that it is about to end
        reporter.begin_cell()
        if log is not None:
            log.check_below()
        shutdown.run()
        reporter.send(Left(seen=cells.seen()))
        if log is not None:
            log.stop_watching()


def _run_cells(job: Job, cells: _Cells, trace: int) -> None:
    """Prepares the process and runs the cells; the last message says that they are over."""
    after = AfterImport()
    shell, reporter = cells.shell, cells.reporter
    if job.assertions is not None:
        shell.compile.change = explain_asserts(job.assertions, job.sources)
    cells.lines = LineLog(notes_of(job)) if job.measure else None
    compile_only_libraries()
    after.install()
    prepare_figures(job.figure_format, after, reporter)
    prepare_interactive(shell, after)
    failure = None
    try:
        choose_device(job.device, job.imports, after)
    except DeviceUnavailable as error:
        place = first_place(job.cells[0]) if job.cells else None
        name = type(error).__name__
        failure = Failure(name=name, message=str(error), traceback="", place=place)
    if failure is not None:
        reporter.send(_closed(job, failure))
        return
    seed_generators(job.seed, after)
    share_threads(after)
    if job.debugging is not None:
        cells.debugger = _debugger(job.debugging, job, cells)
    else:
        log = cells.log
        pass_breakpoints(job.section, log.hide if log is not None else None)
    if cells.noticing is not None:
        cells.noticing.start()
    if cells.log is not None:
        start_noticing(cells.log)
        if job.snapshots is not None:
            cells.snapshots = Snapshots(job, reporter, trace, cells.log)
    cells.run(job)


def _debugger(debugging: Debugging, job: Job, cells: _Cells) -> Debugger:
    """The debugger of a session; nothing is loaded for it in others."""
    from tangle.engine.worker.debugger import Debugger

    debugger = Debugger(debugging, job, cells.shell)
    debugger.start(cells.reporter)
    return debugger


class _Cells:
    """Runs the cells of a job; a copy of the process may come back with another job to go on."""

    def __init__(self, shell: CellShell, reporter: Reporter, log: AuditLog | None) -> None:
        self.shell = shell
        self.reporter = reporter
        self.log = log
        self.noticing: Noticing | None = None
        self.snapshots: Snapshots | None = None
        self.lines: LineLog | None = None
        self.debugger: Debugger | None = None
        self.failed = FailedNames()
        self._failure: Failure | None = None

    def seen(self) -> Seen:
        """What was not reported before."""
        return self.noticing.take() if self.noticing is not None else Seen()

    def run(self, job: Job) -> None:
        """Runs all cells that can run, and reports their end; then may go on as a copy."""
        index = 0
        todo: Job | None = job
        while todo is not None:
            job, index = self._run_from(todo, index)
            self.reporter.send(_closed(job, None))
            # The last copy is made before exit handlers run: it must not have done what they do.
            todo = self._copy(index) if index == len(job.cells) else None

    def _run_from(self, job: Job, index: int) -> tuple[Job, int]:
        """Runs the cells from one on; the job at the end, and how many cells are done."""
        while index < len(job.cells):
            job = self._copy(index) or job
            if index == len(job.cells) or not self._goes_on(job, index):
                break
            index += 1
        return job, index

    def _goes_on(self, job: Job, index: int) -> bool:
        """Runs a cell, or skips it if it needs one that failed; whether others may follow."""
        skipped = self.failed.skipped(job, index)
        if skipped is not None:
            self.reporter.send(skipped)
            return True
        return self._passes(job, index) or not ends_session(job, self._failure)

    def _copy(self, index: int) -> Job | None:
        """What to do from now on, where this process is a copy that was made now."""
        if self.snapshots is None or self.failed.any_failed:
            return None  # what failed runs again the next time, and with it all behind it
        return self.snapshots.take(index)

    def _passes(self, job: Job, index: int) -> bool:
        cell, reporter = job.cells[index], self.reporter
        reporter.begin_cell()
        reporter.send(Begun(index=index))
        if self.noticing is not None:
            self.noticing.begin(cell)
        started = _clock()
        error = None
        if cell.refusal is None:
            error = self._error_of(cell)
        if reporter.is_child:
            flush_streams()
            os._exit(0)  # the cell forked, and both went on: one session is enough
        flush_streams()
        seconds = max(0.0, _clock() - started)
        outcome, failure = _judge(error, cell, job, reporter)
        _flush_c()
        if self.lines is not None:
            reporter.send(self.lines.take())
        reporter.send(
            Ended(
                index=index,
                outcome=outcome,
                failure=failure,
                seconds=seconds,
                usage=measure_use(),
                seen=self.seen(),
            )
        )
        if self.snapshots is not None:
            self.snapshots.spent(seconds)
        self._failure = failure
        if outcome != "passed":
            self.failed.fail(index, cell, self.shell.failed_line(error))
        elif error is None and cell.refusal is None:
            self.failed.complete(cell)
        return outcome == "passed"

    def _error_of(self, cell: Cell) -> BaseException | None:
        """Runs a cell; what it raised."""
        with self.lines or contextlib.nullcontext():
            error = self.shell.run(cell)
        if error is not None and self.debugger is not None:
            return self.debugger.failed(error)
        return error


def _closed(job: Job, failure: Failure | None) -> Closed:
    return Closed(
        usage=measure_use(),
        versions=loaded_versions(job.imports),
        failure=failure,
    )


def _judge(
    error: BaseException | None, cell: Cell, job: Job, reporter: Reporter
) -> tuple[Outcome, Failure | None]:
    """What the error, or its absence, makes of the cell."""
    if cell.refusal is not None:
        return ("passed" if cell.may_fail else "failed"), cell.refusal
    if cell.raises is not None and error is not None and _is_a(error, cell.raises):
        said = ": ".join(filter(None, (type(error).__name__, text_of(error))))
        reporter.write("stderr", f"{said}\n")
        return "passed", None
    failure = _why(error, cell, job)
    if failure is not None and cell.may_fail:
        said = ": ".join(filter(None, (failure.name, failure.message)))
        reporter.write("stderr", f"{said}\n")
        return "passed", failure
    return "passed" if failure is None else "failed", failure


def _why(error: BaseException | None, cell: Cell, job: Job) -> Failure | None:
    """Why the cell failed, if it did."""
    if error is None:
        if cell.raises is None:
            return None
        message = f"the cell was to fail with {cell.raises} and did not fail"
        return _failure("DidNotRaise", message, cell)
    try:
        return describe(error, notes_of(job), cell)
    except Exception:  # noqa: BLE001 -- the notes can break `traceback` too
        return _failure(type(error).__name__, text_of(error)[:500], cell)


def _failure(name: str, message: str, cell: Cell) -> Failure:
    return Failure(name=name, message=message, traceback="", place=first_place(cell))


def _is_a(error: BaseException, name: str) -> bool:
    """Whether the exception's class, or one of its bases, is called so."""
    kinds = type(error).__mro__
    return any(name in (kind.__name__, f"{kind.__module__}.{kind.__name__}") for kind in kinds)


def _c_flusher() -> Callable[[], object]:
    """Has C's standard output written, before a cell is over."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        libc = ctypes.CDLL(None)
        name = "__stdoutp" if sys.platform == "darwin" else "stdout"
        return partial(libc.fflush, ctypes.c_void_p.in_dll(libc, name))
    return _nothing


def _nothing() -> None:
    pass


_flush_c: Final = _c_flusher()


def _shorten_warnings() -> None:
    """Has warnings name files as they are imported, not where this machine keeps them."""
    usual = warnings.formatwarning

    def formatwarning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        text = usual(message, category, filename, lineno, line)
        return text.replace(filename, short_path(filename), 1)

    warnings.formatwarning = formatwarning
