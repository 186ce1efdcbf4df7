"""Run the statements of an interpreter session, and record what each shows."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import sys
import traceback
from collections.abc import Iterator
from types import CodeType
from typing import TYPE_CHECKING

from IPython.core.compilerop import CachingCompiler

from tangle.engine.output_limits import KEPT_TEXT, WRITTEN_TEXT
from tangle.engine.wire import Showed
from tangle.engine.worker.displays import value_text
from tangle.engine.worker.reporter import OutputLimit, clean
from tangle.model import EXAMPLES, Cell, Example

if TYPE_CHECKING:
    from tangle.engine.worker.shell import CellShell

_PROMPT = 4
"""Columns that stand before the code of a session."""


class _Captured(io.StringIO):
    """What one cell's examples write to standard output, bounded."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def write(self, text: str) -> int:
        self._size += len(text)
        if self._size > WRITTEN_TEXT:
            raise OutputLimit(f"the cell has written more than {WRITTEN_TEXT >> 20} MiB")
        return super().write(text)

    def take(self) -> str:
        """What was written since the last time, its last line ended."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text if not text or text.endswith("\n") else f"{text}\n"


def run_examples(shell: CellShell, cell: Cell) -> None:
    """Runs the examples of a cell in order, and tells what they showed.

    Args:
        shell: that runs them.
        cell: with the examples.

    Raises:
        BaseException: what an example raised that was not to fail; those after it do not run.
    """
    shown: list[tuple[str, str | None]] = []
    captured = _Captured()
    try:
        for example in cell.examples or ():
            if example.want is None:
                _run(shell, example)
                continue
            raised = None
            with _capturing(shell, captured, single=example.single):
                try:
                    _run(shell, example)
                except Exception as error:
                    if example.raises is None:
                        raise
                    raised = _said(error)
            shown.append((clean(captured.take()[:KEPT_TEXT]), raised))
    finally:
        data = ((EXAMPLES, json.dumps(shown)),)
        shell.reporter.show(Showed(kind="result", data=data, display=None, update=False))


def _run(shell: CellShell, example: Example) -> None:
    for code in _compiled(shell, example):
        ended = eval(code, shell.user_global_ns, shell.user_ns)  # noqa: S307 -- the notes' own code
        if inspect.iscoroutine(ended):
            shell.loop_runner(ended)


def _compiled(shell: CellShell, example: Example) -> Iterator[CodeType]:
    """The code of an example, at its lines and columns of the cell."""
    name = shell.compile.file_name
    mode = "single" if example.single else "exec"
    source = example.code
    if not example.single:
        source = shell.transform_cell(source)  # type: ignore[no-untyped-call]
    try:
        tree = CachingCompiler.ast_parse(shell.compile, source, name, mode)
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) + example.row
        raise
    ast.increment_lineno(tree, example.row)
    if not isinstance(tree, ast.Module):
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr):
                node.col_offset += _PROMPT
                node.end_col_offset = (node.end_col_offset or 0) + _PROMPT
        yield shell.compile(tree, name, mode)
        return
    shown = tree.body[-1:] if _shows(example.code, tree) else []
    rest = tree.body[: len(tree.body) - len(shown)]
    with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        yield shell.compile(ast.Module(body=rest, type_ignores=[]), name, "exec")
        yield shell.compile(ast.Interactive(body=shown), name, "single")


def _shows(code: str, tree: ast.Module) -> bool:
    """Whether the last statement of an input shows its value: no semicolon hides it."""
    return bool(tree.body) and not code.rstrip().endswith(";")


@contextlib.contextmanager
def _capturing(shell: CellShell, stream: _Captured, *, single: bool) -> Iterator[None]:
    """Has values shown as an interpreter does, and keeps what is written to standard output."""

    def show(value: object) -> None:
        if value is not None and value is not ...:
            shell.user_ns["_"] = value
            sys.stdout.write(f"{value!r}\n" if single else f"{value_text(shell, value)}\n")

    hook = sys.displayhook
    sys.displayhook = show
    try:
        with contextlib.redirect_stdout(stream):
            yield
    finally:
        sys.displayhook = hook


def _said(error: Exception) -> str:
    """What a traceback of it ends with."""
    lines = traceback.format_exception_only(type(error), error)
    return clean(lines[-1] if isinstance(error, SyntaxError) else "".join(lines))
