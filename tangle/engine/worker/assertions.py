"""Explain failing assertions as pytest does, with pytest's own rewriter."""

from __future__ import annotations

import ast
import importlib.machinery
import types
from collections.abc import Callable, Sequence
from typing import Any

from tangle.engine.worker.generated_modules import load_generated
from tangle.model import AssertStyle, Source


def explain_asserts(
    style: AssertStyle, sources: Sequence[Source]
) -> Callable[[ast.Module, str], None]:
    """Has assertions of this process explained.

    Args:
        style: how much is said.
        sources: generated modules, whose assertions are explained too.

    Returns:
        What changes the tree of a cell before it is compiled.
    """
    from _pytest.assertion import util

    config = _Config(style)
    util._config = config  # type: ignore[assignment]  # noqa: SLF001 -- as pytest sets it for a test
    util._reprcompare = _Comparison(config)  # noqa: SLF001
    load_generated(sources, _SourceLoader)
    return _rewrite


def _rewrite(tree: ast.Module, source: str) -> None:
    """Make the assertions in a tree explain themselves; a tree without any stays as it is."""
    from _pytest.assertion.rewrite import rewrite_asserts

    if any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        rewrite_asserts(tree, source.encode("utf-8", "replace"))


class _Config:
    """What pytest's explanations ask of a `pytest.Config`."""

    def __init__(self, style: AssertStyle) -> None:
        self._verbosity = style.verbosity
        self._settings = dict(style.settings)
        self.pluginmanager = self
        self.config = self

    def get_verbosity(self, _: str | None = None) -> int:
        return self._verbosity

    def getini(self, name: str) -> str | None:
        return self._settings.get(name)

    def has_plugin(self, _: str) -> bool:
        return True

    def get_terminal_writer(self) -> _Config:
        return self

    def _highlight(self, source: str, lexer: str = "") -> str:  # noqa: ARG002 -- the interface
        """The text without colours: it is shown by another process, or stands in a file."""
        return source


class _Comparison:
    """Explains why a comparison failed, as `pytest_runtest_protocol` has it done for a test."""

    def __init__(self, config: _Config) -> None:
        self._config: Any = config

    def __call__(self, op: str, left: object, right: object) -> str | None:
        from _pytest.assertion import pytest_assertrepr_compare

        lines = pytest_assertrepr_compare(config=self._config, op=op, left=left, right=right)
        lines = _shortened(lines, self._config) if lines else None
        if not lines:
            return None
        text = "\n~".join(line.replace("\n", "\\n") for line in lines)
        return text.replace("%", "%%")


def _shortened(lines: list[str], config: Any) -> list[str]:
    """The lines as far as pytest shows them; older ones cut here, newer ones have cut already."""
    from _pytest.assertion import truncate

    cut: Callable[..., list[str]] | None = getattr(truncate, "truncate_if_required", None)
    return lines if cut is None else cut(lines, config)


class _SourceLoader(importlib.machinery.SourceFileLoader):
    """Loads a module with its assertions rewritten."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> types.CodeType:  # type: ignore[override]
        tree = data if isinstance(data, ast.Module) else ast.parse(data)
        _rewrite(tree, data.decode() if isinstance(data, bytes) else "")
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)
