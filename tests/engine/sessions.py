"""Makes jobs of bare code and runs them in real workers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import psutil

from tangle.engine.events import Executor
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
from tangle.model import Cell, Job, MimeBundle, Origin, PagePath, Result, SectionName, SessionResult

executor: Executor = LocalExecutor()
"""What runs the sessions; tests run with one kind after the other."""

PAGE = PagePath("pages/x.md")
MARGIN = 4
_FOLDER = tempfile.mkdtemp()  # of its own: a stray torch.py beside the notes would be imported


def make_cell(code: str, number: int = 1, **options: Any) -> Cell:
    """Cell `number` of section 3.6; its first line is line `10 * number` of the page."""
    lines = range(code.count("\n") + 1)
    origins = tuple(Origin(path=PAGE, line=10 * number + i, margin=MARGIN) for i in lines)
    given = {"name": f"3.6 chunk {number}", "code": code, "origins": origins, **options}
    return Cell(**given)


def make_job(*cells: str | Cell, **options: Any) -> Job:
    """A job of the cells, in a temporary folder where none is given."""
    numbered = enumerate(cells, start=1)
    made = tuple(make_cell(cell, i) if isinstance(cell, str) else cell for i, cell in numbered)
    options.setdefault("directory", _FOLDER)
    return Job(section=SectionName("3.6"), cells=made, **options)


def run(*cells: str | Cell, **options: Any) -> SessionResult:
    """What came of one session."""
    (result,) = run_all([make_job(*cells, **options)])
    return result


def run_all(jobs: Sequence[Job], **options: Any) -> tuple[SessionResult, ...]:
    """What came of several sessions."""
    return run_jobs(jobs, executor=executor, **options)


def run_one(code: str, **options: Any) -> Result:
    """What came of one cell; `raises` and `timeout` are the cell's."""
    of_cell = {key: options.pop(key) for key in ("raises", "timeout") if key in options}
    (result,) = run(make_cell(code, **of_cell), **options).results
    return result


def text(result: Result, name: str = "stdout") -> str:
    """All that a cell wrote to a stream."""
    parts = [out.text for out in result.outputs if not isinstance(out, MimeBundle)]
    names = [out.name for out in result.outputs if not isinstance(out, MimeBundle)]
    return "".join(part for part, of in zip(parts, names, strict=True) if of == name)


def bundles(results: Sequence[Result]) -> list[dict[str, str]]:
    """Everything that was shown."""
    outputs = [out for result in results for out in result.outputs]
    return [{**dict(out.data)} for out in outputs if isinstance(out, MimeBundle)]


def workers() -> list[int]:
    """The sessions' processes below this one: each leads a group; those that fork them do not.

    The server's first process, a child of this one, leads a group too.
    """
    own = psutil.Process()
    below = [child.pid for child in own.children(recursive=True) if child.ppid() != own.pid]
    fresh = [
        child.pid for child in own.children() if "tangle.engine.worker.boot" in _command(child)
    ]
    return [pid for pid in below if _leads(pid)] + fresh


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _leads(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False
