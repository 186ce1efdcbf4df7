"""Problems as workflow commands, which GitHub shows at the line of a change."""

from __future__ import annotations

from tangle.model import Problem
from tangle.pipeline import Project
from tangle_cli.text import path_from_here


def annotation(project: Project, problem: Problem) -> str:
    """One `::error file=...::message` line."""
    place = problem.place
    path = path_from_here(project, place.path)
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    where = f"file={_escaped(path, ':,')},line={place.line},col={place.column}"
    title = _escaped(f"tangle: {problem.code}", ":,")
    return f"::{problem.severity} {where},title={title}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
