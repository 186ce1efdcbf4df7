"""Problems as the verbs tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tangle.model import PagePath, Problem
from tangle.pipeline.project import Project


def shown(project: Project, problem: Problem) -> Problem:
    """The problem with its page's path as messages name it."""
    place = replace(problem.place, path=PagePath(project.shown(problem.place.path)))
    return replace(problem, place=place)


def by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in order of place."""
    return tuple(sorted(problems, key=_place_order))


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return (problem.place.path, problem.place.line, problem.place.column)
