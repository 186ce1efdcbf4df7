"""Every public function says what its arguments are, and in which unit times are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.docs.console import ROOT

PACKAGE = ROOT / "tangle"
ELSEWHERE = re.compile(r"arguments as for `[\w.]+`")
UNIT = re.compile(
    r"second|as (?:in|for) `|byte|tolerance|fraction|part of|difference|pixel|inch|percent"
)


class Function(NamedTuple):
    """A public function with two parameters or more.

    Attributes:
        place: its file and line, and its name.
        parameters: their annotations by name.
        doc: its docstring.
    """

    place: str
    parameters: dict[str, str]
    doc: str


def exported(package: Path) -> set[str]:
    """What a package's `__all__` names."""
    init = package / "__init__.py"
    tree = ast.parse(init.read_text(encoding="utf-8")) if init.exists() else ast.Module([], [])
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def functions() -> Iterator[Function]:
    """What packages export, and the functions of the verbs, which export themselves.

    Queries are left out: all of them take the store and a key.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        of_verbs = path.is_relative_to(PACKAGE / "verbs")
        names = exported(path.parent)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                query = any("query" in ast.unparse(each) for each in node.decorator_list)
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if (of_verbs or node.name in names) and not query and len(given) > 1:
                    yield Function(
                        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}",
                        {each.arg: ast.unparse(each.annotation or each) for each in given},
                        ast.get_docstring(node) or "",
                    )


def described(doc: str) -> dict[str, str]:
    """The arguments that a docstring describes."""
    section = re.search(r"^Args:\n((?:    .*\n?)+)", doc, re.MULTILINE)
    parts = re.split(r"^    (\w+): ", section[1] if section else "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_arguments_are_described() -> None:
    found = list(functions())
    assert len(found) > 200
    without = [
        f"{each.place}({', '.join(each.parameters)})"
        for each in found
        if each.parameters.keys() != described(each.doc).keys() and not ELSEWHERE.search(each.doc)
    ]
    assert without == []


def test_numbers_have_their_unit() -> None:
    without = [
        f"{each.place}({name}): {text}"
        for each in functions()
        for name, text in described(each.doc).items()
        if "float" in each.parameters.get(name, "") and not UNIT.search(text)
    ]
    assert without == []
