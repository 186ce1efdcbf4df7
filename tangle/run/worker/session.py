"""One session in its worker: prepares the process, runs the cells, tells what came of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
import warnings

from tangle.model import Cell, Failure, Job, Outcome, Seen
from tangle.run.postmortem import Notes, first_place, notes_of
from tangle.run.wire import Begun, Closed, Ended
from tangle.run.worker.after_import import AfterImport
from tangle.run.worker.devices import DeviceUnavailable, choose_device, measure_use
from tangle.run.worker.figures import prepare_figures
from tangle.run.worker.noticing import Noticing
from tangle.run.worker.reporter import Reporter, take_streams
from tangle.run.worker.seeds import seed_generators
from tangle.run.worker.shell import CellShell, make_shell
from tangle.run.worker.tracebacks import describe, short_path, text_of
from tangle.run.worker.versions import loaded_versions

_clock = time.perf_counter


def run_session(job: Job, reporter: Reporter) -> None:
    """Runs the job's cells until one fails, and reports all of it."""
    take_streams(reporter)
    _shorten_warnings()
    after = AfterImport()
    noticing = Noticing(job) if job.watched else None
    shell = make_shell(reporter)
    after.install()
    prepare_figures(job.figure_format, after)
    failure = None
    try:
        choose_device(job.device, job.imports, after)
    except DeviceUnavailable as error:
        place = first_place(job.cells[0]) if job.cells else None
        name = type(error).__name__
        failure = Failure(name=name, message=str(error), traceback="", place=place)
    if failure is None:
        seed_generators(job.seed, after)
        if noticing is not None:
            noticing.start()
        _run_cells(job, shell, reporter, noticing)
    reporter.send(
        Closed(
            usage=measure_use(),
            versions=loaded_versions(job.imports),
            failure=failure,
        )
    )


def _run_cells(job: Job, shell: CellShell, reporter: Reporter, noticing: Noticing | None) -> None:
    notes = notes_of(job)
    for index, cell in enumerate(job.cells):
        reporter.begin_cell()
        reporter.send(Begun(index=index))
        started = _clock()
        error = shell.run(cell)
        if reporter.is_child:
            os._exit(0)  # the cell forked, and both went on: one session is enough
        seconds = max(0.0, _clock() - started)
        outcome, failure = _judge(error, cell, notes, reporter)
        _flush_c()
        reporter.send(
            Ended(
                index=index,
                outcome=outcome,
                failure=failure,
                seconds=seconds,
                usage=measure_use(),
                seen=noticing.take() if noticing is not None else Seen(),
            )
        )
        if outcome != "passed":
            break


def _judge(
    error: BaseException | None, cell: Cell, notes: Notes, reporter: Reporter
) -> tuple[Outcome, Failure | None]:
    """What the error, or its absence, makes of the cell."""
    if cell.raises is not None and error is not None and _is_a(error, cell.raises):
        said = ": ".join(filter(None, (type(error).__name__, text_of(error))))
        reporter.write("stderr", f"{said}\n")
        return "passed", None
    if error is None and cell.raises is not None:
        message = f"the cell was to fail with {cell.raises} and did not fail"
        return "failed", _failure("DidNotRaise", message, cell)
    if error is None:
        return "passed", None
    try:
        return "failed", describe(error, notes, cell)
    except Exception:  # noqa: BLE001 -- the notes can break `traceback` too
        return "failed", _failure(type(error).__name__, text_of(error)[:500], cell)


def _failure(name: str, message: str, cell: Cell) -> Failure:
    return Failure(name=name, message=message, traceback="", place=first_place(cell))


def _is_a(error: BaseException, name: str) -> bool:
    """Whether the exception's class, or one of its bases, is called so."""
    kinds = type(error).__mro__
    return any(name in (kind.__name__, f"{kind.__module__}.{kind.__name__}") for kind in kinds)


def _flush_c() -> None:
    """Has C's standard output, and Python's first one, written before the cell is over."""
    with contextlib.suppress(Exception):
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
    with contextlib.suppress(OSError, AttributeError, ValueError):
        libc = ctypes.CDLL(None)
        name = "__stdoutp" if sys.platform == "darwin" else "stdout"
        libc.fflush(ctypes.c_void_p.in_dll(libc, name))


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
