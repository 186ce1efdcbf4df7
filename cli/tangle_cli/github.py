"""Format problems and runs as GitHub workflow commands (annotations)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from tangle.model import Problem
from tangle.verbs.project import Project
from tangle.verbs.reports.outcomes import ChunkOutcome, outcomes, why
from tangle.verbs.reports.values import RunReport


def annotation(project: Project, problem: Problem) -> str:
    """Return a problem as one `::error file=...::message` line.

    Args:
        project: whose notes.
        problem: what to annotate.
    """
    place = problem.place
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    where = {
        "file": path_in_workspace(project, place.path),
        "line": str(place.line),
        "col": str(place.column),
        "title": f"tangle: {problem.code}",
    }
    return _command(problem.severity, where, message)


def run_annotations(project: Project, report: RunReport) -> Iterator[str]:
    """Yield annotations of a run: failed chunks, differing outputs, unwritten outputs.

    Skipped chunks are left out: the one that stopped them is reported.

    Args:
        project: whose notes.
        report: of the run.
    """
    for section in outcomes(project, report):
        for chunk in section.chunks:
            name = f"{section.run.session.name} chunk {chunk.number}"
            if chunk.result.outcome not in ("passed", "skipped"):
                yield _failed(project, name, chunk)
            for found in chunk.differences:
                where = {
                    "file": path_in_workspace(project, found.place.path),
                    "line": str(found.place.line),
                    "title": f"tangle: {name}: {found.kind}",
                }
                lines = (found.message, *found.diff, found.hint)
                yield _command("error", where, "\n".join(lines))
    yield from (annotation(project, problem) for problem in (*report.pending, *report.kept))


def without_commands(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines fenced so that GitHub obeys none: a chunk may print a command."""
    token = secrets.token_hex(16)
    yield f"::stop-commands::{token}"
    yield from lines
    yield f"::{token}::"


def _failed(project: Project, name: str, chunk: ChunkOutcome) -> str:
    failure = chunk.result.failure
    place = failure.place if failure is not None else None
    where = {
        "file": path_in_workspace(project, place.path if place else chunk.page),
        "line": str(place.line if place else chunk.line),
        "title": f"tangle: {name}: {chunk.result.outcome}",
    }
    said = why(chunk.result)
    traceback = failure.traceback.rstrip("\n") if failure is not None else ""
    hint = f"hint: {failure.hint}" if failure is not None and failure.hint else ""
    return _command("error", where, "\n".join(filter(None, (said, traceback, hint))))


def path_in_workspace(project: Project, path: str) -> str:
    """Return a path relative to GitHub's workspace, or else to the working directory.

    Args:
        project: whose notes.
        path: relative to the project.
    """
    target = project.root / path
    workspace = os.environ.get("GITHUB_WORKSPACE")
    base = Path(workspace).resolve() if workspace else Path.cwd()
    try:
        return Path(os.path.relpath(target, base)).as_posix()
    except ValueError:  # another drive
        return target.as_posix()


def _command(name: str, properties: dict[str, str], message: str) -> str:
    fields = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{name} {fields}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
