"""Find the effects that calling functions of a unit has on outer names."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tangle.analyse.mutations import changed_when_called
from tangle.analyse.names import Statement

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_NO_VALUES: Final = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
"""Statements that bind names to what is hardly ever changed in place."""


class Effect(NamedTuple):
    """The outer names that a call sets, and those whose objects it changes."""

    sets: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()


_NONE: Final = Effect()


def effects_of_calls(statements: Sequence[Statement]) -> Mapping[str, Effect]:
    """Return the effects of functions that have any, including those of functions that they call.

    Args:
        statements: of a unit. Of the names that it does not assign, no changes are looked for.
    """
    functions = [
        (name, statement)
        for statement in statements
        if isinstance(statement.node, _FUNCTIONS)
        for name in statement.binds
    ]
    if not functions:
        return {}
    own = _own_effects(functions, statements)
    found: dict[str, Effect] = {}
    grown = any(effect != _NONE for effect in own)
    while grown:
        grown = False
        for (name, statement), effect in zip(functions, own, strict=True):
            others = [name, *(use.name for use in statement.uses if use.deferred)]
            reached = [effect, *(found[other] for other in others if other in found)]
            now = Effect(
                sets=frozenset().union(*(each.sets for each in reached)),
                changes=frozenset().union(*(each.changes for each in reached)),
            )
            if now != found.get(name, _NONE):
                found[name], grown = now, True
    return found


def _own_effects(
    functions: Sequence[tuple[str, Statement]], statements: Sequence[Statement]
) -> list[Effect]:
    """Return the effects of the function bodies alone."""
    assigned = frozenset(
        name
        for statement in statements
        if not isinstance(statement.node, _NO_VALUES)
        for name in statement.binds
    )
    return [
        Effect(
            sets=frozenset(statement.sets),
            changes=assigned.intersection(changed_when_called(statement.node))
            if any(use.deferred and use.name in assigned for use in statement.uses)
            else frozenset(),
        )
        for _, statement in functions
    ]
