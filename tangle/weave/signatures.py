"""Signatures and docstrings of saved statements, read from their text; nothing is run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_FIELDS: Final = re.compile(
    r"(Args|Arguments|Parameters|Attributes|Returns|Yields|Raises|Examples?|Notes?):"
)
_FIELD: Final = re.compile(r"(\*{0,2}\w[\w., *]*?)(?: *\(([^)]*)\))?:\s+(.*)")
_VALUE: Final = 80
"""Characters of a value that a signature shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A name as a reference shows it.

    Attributes:
        text: its signature.
        doc: its docstring without indentation.
        methods: of a class.
    """

    text: str
    doc: str = ""
    methods: tuple[Signed, ...] = ()


def signed(source: str, name: str) -> Signed:
    """Return a saved name's signature and docstring; its name alone where it has none.

    Args:
        source: of the statement that defines it.
        name: that it defines.
    """
    try:
        body = ast.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Signed(text=name)
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return _class(node) if isinstance(node, ast.ClassDef) else _function(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            return Signed(text=_assigned(node, name))
    return Signed(text=name)


def _class(node: ast.ClassDef) -> Signed:
    functions = [e for e in node.body if isinstance(e, ast.FunctionDef | ast.AsyncFunctionDef)]
    init = next((e for e in functions if e.name == "__init__"), None)
    arguments = f"({_arguments(init, bound=True)})" if init is not None else _fields(node)
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    public = (e for e in functions if not e.name.startswith("_") or e.name == "__call__")
    return Signed(
        text=f"class {node.name}{arguments}" + (f": {bases}" if bases else ""),
        doc=_doc(node),
        methods=tuple(_function(e, bound=True) for e in public),
    )


def _fields(node: ast.ClassDef) -> str:
    """The arguments of a dataclass; nothing of others."""
    if not any("dataclass" in ast.unparse(entry) for entry in node.decorator_list):
        return ""
    fields = [e for e in node.body if isinstance(e, ast.AnnAssign)]
    return f"({', '.join(ast.unparse(field) for field in fields)})"


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, *, bound: bool = False) -> Signed:
    bound = bound and not any(
        isinstance(entry, ast.Name) and entry.id == "staticmethod" for entry in node.decorator_list
    )
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    text = f"{start}{node.name}({_arguments(node, bound=bound)}){result}"
    return Signed(text=text, doc=_doc(node))


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef, *, bound: bool) -> str:
    """The arguments of a function; of a method without the first, which a call does not name."""
    found = node.args
    plain = [*found.posonlyargs, *found.args]
    values: list[ast.expr | None] = [None] * (len(plain) - len(found.defaults))
    values += found.defaults
    shown = [_argument(*entry) for entry in zip(plain, values, strict=True)]
    if found.posonlyargs:
        shown.insert(len(found.posonlyargs), "/")
    if bound and plain:
        shown = shown[2:] if shown[1:2] == ["/"] else shown[1:]
    if found.vararg is not None:
        shown.append(f"*{_argument(found.vararg, None)}")
    elif found.kwonlyargs:
        shown.append("*")
    named = zip(found.kwonlyargs, found.kw_defaults, strict=True)
    shown += [_argument(*entry) for entry in named]
    if found.kwarg is not None:
        shown.append(f"**{_argument(found.kwarg, None)}")
    return ", ".join(shown)


def _argument(argument: ast.arg, value: ast.expr | None) -> str:
    """An argument with its annotation and its default, spaced as PEP 8 has it."""
    if argument.annotation is None:
        return argument.arg if value is None else f"{argument.arg}={ast.unparse(value)}"
    note = f"{argument.arg}: {ast.unparse(argument.annotation)}"
    return note if value is None else f"{note} = {ast.unparse(value)}"


def _assigned(node: ast.Assign | ast.AnnAssign, name: str) -> str:
    note = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
    value = ast.unparse(node.value) if node.value is not None else ""
    whole = isinstance(node, ast.AnnAssign) or all(isinstance(t, ast.Name) for t in node.targets)
    if not value or not whole or len(value) > _VALUE:
        return f"{name}{note}"
    return f"{name}{note} = {value}"


def _doc(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return inspect.cleandoc(ast.get_docstring(node, clean=False) or "")


def doc_parts(doc: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a docstring: text as Markdown, and examples.

    Args:
        doc: the docstring without indentation.
    """
    text: list[str] = []
    lines = doc.split("\n")
    row = 0
    while row < len(lines):
        if not lines[row].lstrip().startswith(">>>"):
            text.append(lines[row])
            row += 1
            continue
        end = next((at for at in range(row, len(lines)) if not lines[at].strip()), len(lines))
        if any(map(str.strip, text)):
            yield _markdown(text), False
        text = []
        yield textwrap.dedent("\n".join(lines[row:end])), True
        row = end
    if any(map(str.strip, text)):
        yield _markdown(text), False


def _markdown(lines: list[str]) -> str:
    """Text of a docstring as Markdown: the fields of Google's style become lists."""
    found: list[str] = []
    listing = False
    for line in lines:
        heading = _FIELDS.fullmatch(line)
        if heading is not None:
            listing = True
            found += ["", f"**{heading[1]}**", ""]
        elif listing and line.startswith("    ") and line.strip():
            found.append(_entry(line))
        else:
            listing = listing and not line.strip()
            found.append(line)
    return "\n".join(found).strip("\n")


def _entry(line: str) -> str:
    """A line of a list of fields: a field, or more words on the one before."""
    field = _FIELD.fullmatch(line[4:])
    if field is None:
        return f"  {line.strip()}" if line.startswith("     ") else f"- {line.strip()}"
    kind = f" ({field[2]})" if field[2] else ""
    return f"- `{field[1]}`{kind}: {field[3]}"
