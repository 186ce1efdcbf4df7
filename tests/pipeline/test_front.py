"""The names of `tangle.pipeline`, which come from their modules when they are asked for."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import tangle.pipeline


def test_no_module_hides_a_name() -> None:
    """An imported module becomes an attribute of its package, whatever the front says."""
    modules = {module.name for module in pkgutil.iter_modules(tangle.pipeline.__path__)}
    assert modules.isdisjoint(tangle.pipeline.__all__)


def test_each_name_is_there_when_all_modules_are() -> None:
    code = """
import importlib, pkgutil, types, tangle.pipeline as front
for module in pkgutil.iter_modules(front.__path__):
    importlib.import_module(f"tangle.pipeline.{module.name}")
names = [name for name in front.__all__ if isinstance(getattr(front, name), types.ModuleType)]
raise SystemExit(", ".join(names) or 0)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
