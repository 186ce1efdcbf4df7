"""What the sources import is what pyproject.toml declares, in both directions.

The base dependencies are what every command needs. What only the plugins import is declared by an
extra, and so is what code in the notes brings along.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OWN = {"tangle", "tangle_cli"}
# What is loaded only where the extra is installed: `docs/explanation/architecture.md`, layers.
PLUGINS = {
    "serve": ("tangle/http/",),
    "debug": ("tangle/engine/worker/debugger.py",),
    "pytest": ("tangle/pytest_plugin.py", "tangle/testing/"),
    "coverage": ("tangle/coverage_plugin.py", "tangle/testing/statements.py"),
    "xdist": ("tangle/testing/xdist_scheduler.py",),
    "lsp": ("tangle/lsp/",),
    "cache": ("tangle/store/remote/",),
    "cluster": ("tangle/engine/cluster/", "tangle/verbs/cluster/"),
    "notebook": ("tangle/jupyter/",),
    "site": ("tangle/weave/",),
}
PROGRAMS = {"ruff", "ty"}
"""Run as programs, and never imported."""
NAMED = re.compile(r"module://(\w+)")
"""A module that matplotlib is set to import, as the backend."""


class Import(NamedTuple):
    """A module that a source imports.

    Attributes:
        late: whether it stands in a function, so that the source loads without it.
    """

    module: str
    path: str
    line: int
    late: bool


def imports(text: str, path: str) -> Iterator[Import]:
    """The modules that are neither Python's nor tangle's, without those for annotations only."""
    yield from _imports(ast.parse(text), path, late=False)


def _imports(node: ast.AST, path: str, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for name in _names(child):
            module = name.partition(".")[0]
            if module not in sys.stdlib_module_names | OWN:
                yield Import(module, path, getattr(child, "lineno", 0), late)
        inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _imports(child, path, late=late or inside)


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return [node.module]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return NAMED.findall(node.value)
    return []


def sources() -> Iterator[Import]:
    for base, package in ((ROOT, "tangle"), (ROOT / "cli", "tangle_cli")):
        for path in sorted((base / package).rglob("*.py")):
            yield from imports(path.read_text("utf-8"), path.relative_to(base).as_posix())


def declared(*extras: str) -> set[str]:
    """The distributions that a plain install with these extras asks for."""
    optional = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in optional[extra])]
    wanted = [Requirement(text) for text in texts]
    own = {extra for each in wanted if each.name == PROJECT["name"] for extra in each.extras}
    found: set[str] = {
        canonicalize_name(each.name) for each in wanted if each.name != PROJECT["name"]
    }
    return found | declared(*own) if own else found


DISTRIBUTIONS = packages_distributions()


def distributions(module: str) -> set[str]:
    return {canonicalize_name(name) for name in DISTRIBUTIONS.get(module, [module])}


def is_declared(module: str, *extras: str) -> bool:
    return bool(distributions(module) & declared(*extras))


def extra_of(path: str) -> list[str]:
    """The extras without which a source is never loaded."""
    return [extra for extra, places in PLUGINS.items() if path.startswith(places)]


IMPORTS = [*sources()]


def test_what_every_command_may_import_is_a_base_dependency() -> None:
    """Unless a function imports it, where what it is for is there: then an extra declares it."""
    undeclared = [
        f"{one.path}:{one.line}: {one.module}"
        for one in IMPORTS
        if not is_declared(one.module, *extra_of(one.path))
        and not (one.late and is_declared(one.module, "notes", "pytest"))
    ]
    assert undeclared == []


@pytest.mark.parametrize("extra", ["", *PLUGINS])
def test_every_dependency_is_imported(extra: str) -> None:
    """Of the base by what every command may load, of an extra by its plugin."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for one in IMPORTS:
        for place in extra_of(one.path) or [""]:
            used[place] |= distributions(one.module)
    wanted = {
        canonicalize_name(Requirement(text).name)
        for text in (PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"])
    }
    assert wanted - used[extra] - {PROJECT["name"]} - PROGRAMS == set()


def test_every_extra_is_known_here() -> None:
    """A new one needs its place in these tests and in those of the bare installation."""
    assert {*PROJECT["optional-dependencies"]} == {*PLUGINS, "notes", "dev"}


@pytest.mark.parametrize("folder", ["tests", "tools"])
def test_what_the_tests_import_is_what_set_up_installs(folder: str) -> None:
    own = {"tests", "benchmarks", *(path.stem for path in (ROOT / "tools").glob("*.py"))}
    undeclared = [
        f"{one.path}:{one.line}: {one.module}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for one in imports(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
        if one.module not in own
        and not is_declared(one.module, "notes", "dev", *PLUGINS)
        and not one.late  # a parser that is compared with ours, where it is there
    ]
    assert undeclared == []


SOURCE = """
from __future__ import annotations
import json, click.testing
from .near import thing
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import annotated
if not TYPE_CHECKING:
    import other
def f():
    from torch.nn import functional
    return "module://numpy.inline"
"""


def test_imports_are_found_wherever_they_stand() -> None:
    found = {(one.module, one.late) for one in imports(SOURCE, "x.py")}
    assert found == {("click", False), ("torch", True), ("numpy", True), ("other", False)}
