"""Report values that a notebook does not show, where a writer keeps them beside the code."""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING

from tangle.engine.output_limits import KEPT_TEXT
from tangle.engine.wire import Showed
from tangle.engine.worker.displays import value_text
from tangle.engine.worker.reporter import clean
from tangle.model import VALUES

if TYPE_CHECKING:
    from tangle.engine.worker.shell import CellShell


class UnshownValues:
    """The values of some expressions of one cell, as text; each expression runs once, as it would.

    Attributes:
        lines: of the expressions.
    """

    def __init__(self, shell: CellShell, lines: Sequence[int]) -> None:
        """Take the shell that runs the cell, and the lines of the expressions."""
        self.lines = frozenset(lines)
        self._shell = shell
        self._found: list[tuple[int, str]] = []

    def split(self, nodes: Sequence[ast.stmt]) -> Iterator[tuple[list[ast.stmt], int | None]]:
        """Yield the statements of the cell in groups: such an expression, with its line; others.

        Args:
            nodes: all statements of the cell.
        """
        group: list[ast.stmt] = []
        for node in nodes[:-1]:
            if node.lineno not in self.lines or not isinstance(node, ast.Expr):
                group.append(node)
                continue
            yield group, None
            yield [node], node.lineno
            group = []
        yield [*group, *nodes[-1:]], None

    @contextmanager
    def kept(self, line: int) -> Iterator[None]:
        """Keep the value that is to be shown, in place of showing it.

        An expression that both prints and has a value is left out: a kept result may be either.

        Args:
            line: of the expression.
        """
        before = self._shell.reporter.amount

        def keep(value: object) -> None:
            if value is not None and self._shell.reporter.amount != before:
                return
            # A `__repr__` that fails or prints does not fail the cell: nothing shows it.
            with redirect_stdout(io.StringIO()), suppress(Exception):
                text = "" if value is None else value_text(self._shell, value)
                self._found.append((line, clean(text[:KEPT_TEXT])))

        hook = sys.displayhook
        sys.displayhook = keep
        try:
            yield
        finally:
            if sys.displayhook is keep:
                sys.displayhook = hook

    def report(self) -> None:
        """Send what was found."""
        if self._found:
            data = ((VALUES, json.dumps(self._found)),)
            reporter = self._shell.reporter
            reporter.show(Showed(kind="result", data=data, display=None, update=False))
