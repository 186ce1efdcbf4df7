r"""No pattern rests on possessive or atomic groups: Python before 3.11.5 matches them wrongly.

`(?:ab?)?+`, `(...)*+` and `(?>...)` are what CPython issue 106052 is about. A possessive repeat of
one character or class, such as `[ \t]*+`, is another operation of `re`, and right in all versions.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tangle
import tangle_cli

ROOT = Path(__file__).parents[1]
PARSER: Any = importlib.import_module("re._parser")
ONE_CHARACTER = {"ANY", "IN", "LITERAL", "NOT_LITERAL"}
WRITTEN = re.compile(r"\(\?>|\)(?:[*+?]|\{\d*,?\d*\})\+")


def operations(parsed: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Every operation of a pattern, those in groups and branches too."""
    for item in parsed:
        if isinstance(item, tuple) and len(item) == 2 and hasattr(item[0], "name"):
            yield item[0].name, item[1]
        if isinstance(item, (tuple, list, PARSER.SubPattern)):
            yield from operations(item)


def is_fragile(pattern: str | bytes, flags: int = 0) -> bool:
    """Whether a pattern has an atomic group, or a possessive repeat of more than a character."""
    for name, arguments in operations([PARSER.parse(pattern, flags)]):
        if name == "ATOMIC_GROUP":
            return True
        if name == "POSSESSIVE_REPEAT":
            repeated = [kind.name for kind, _ in arguments[2]]
            if len(repeated) != 1 or repeated[0] not in ONE_CHARACTER:
                return True
    return False


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(?>a)", r"(?:ab)?+", r"(a)*+", r"(?:a|bc)++", r"(?:ab){1,2}+", r"x(?=y(?:zz)?+)"),
        *(r"(?:(?:ab)++|c)", r"(?<!(?>a))b", r"(?:[ ]*+(#++)(?= ))?+"),
    ],
)
def test_the_gate_sees(pattern: str) -> None:
    assert is_fragile(pattern)
    assert is_fragile(pattern.encode())
    assert WRITTEN.search(pattern)


@pytest.mark.parametrize(
    "pattern", [r"[ \t]*+a", r"#++", r"\d++\.", r"[^:]{1,200}+::", r".?+", "a"]
)
def test_the_gate_lets_pass(pattern: str) -> None:
    assert not is_fragile(pattern)
    assert not WRITTEN.search(pattern)


def modules() -> Iterator[ModuleType]:
    for package in (tangle, tangle_cli):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns(value: object, around: tuple[type, ...] = ()) -> Iterator[re.Pattern[Any]]:
    """The patterns that a value is or holds, `around` being the classes that hold it."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from patterns([*value, *value.values()], around)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from patterns(item, around)
    elif isinstance(value, type) and value not in around and value.__module__[:6] == "tangle":
        yield from patterns(dict(vars(value)), (*around, value))


def test_no_compiled_pattern_rests_on_them() -> None:
    found = {
        (module.__name__, name): pattern
        for module in modules()
        for name, value in vars(module).items()
        for pattern in patterns(value)
    }
    assert ("tangle.parse.scan", "_SEARCH") in found
    assert len(found) > 100
    assert [where for where, p in found.items() if is_fragile(p.pattern, p.flags & ~re.DEBUG)] == []


def test_no_text_of_a_pattern_rests_on_them() -> None:
    """Patterns within functions, which nothing compiles until they are called."""
    files = [
        path
        for folder in ("tangle", "cli", "tools", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ]
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line, text in texts(ast.parse(path.read_bytes()))
        if WRITTEN.search(text)
    ]
    assert found == []


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and value of each text in a source, with bytes as Latin-1."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            value = node.value
            yield node.lineno, value if isinstance(value, str) else value.decode("latin-1")
