"""Find the messages in the code: every text of several words that can reach a person.

A message is made by an f-string, by a constant, or by their sum. Its template has a placeholder
for each value, named after the expression: `f"{path}: cannot be read: {why}"` is the template
`{path}: cannot be read: {why}`. A condition between two texts makes two templates.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path
from typing import Final, NamedTuple

from message_words import stale_words, words
from tangle_cli.help import paragraphs

ROOT: Final = Path(__file__).resolve().parent.parent

_SKIPPED: Final = (
    "tangle/weave/",  # the site, which has words for each language of its notes
    "tangle/http/",
    "tangle/jupyter/",
    "tangle/lsp/",
    "tangle/testing/",  # pytest prints its text, and the texts of plugins are English
    "tangle/pytest_plugin.py",
    "tangle/verbs/page_notebooks/",  # JupyterLab shows them
    "tangle/coverage_plugin.py",
    "tangle/emit/",  # text of generated files
    "tangle/verbs/reports/html.py",  # reports are files for others
    "tangle/verbs/reports/junit.py",
    "tangle/verbs/reports/markdown.py",
    "tangle/analyse/usual_imports.py",  # tables of code
    "tangle/analyse/languages.py",
    "tangle/engine/tracking/",  # names reasons in the cache
    "tangle/engine/checkpoint/",
    "tangle/engine/worker/fonts.py",
    "tangle/engine/worker/interactive.py",  # becomes output of the code
    "tangle/engine/worker/unattended.py",
    "tangle/write/block.py",
    "tangle/write/bundles.py",
    "tangle/write/failures.py",
    "tangle/write/names.py",
    "tangle/write/new_page.py",
    "tangle/write/shorten.py",
    "tangle/write/tables.py",
    "tangle/parse/show.py",  # the outline of a page, for tests of other readers
    "tangle/model/problems/",  # its hints come from the catalogue itself
    "cli/tangle_cli/recognition.py",  # names of placeholders
    "cli/tangle_cli/github.py",  # a format for a program
    "cli/tangle_cli/completion.py",
)
_NOT_FOR_PEOPLE: Final = ROOT / "tools" / "not_messages.txt"
"""Texts of several words that are something else: code, markup, keys of the cache."""

_MARKS: Final = ("_", "count", "plural")
_WORDS: Final = re.compile(
    r"\b[Aa] [^\W\d_]{3,}"
    r"|[^\W\d_]{2,}[^\w{}]* +[^\w{}]*[^\W\d_]{2,}"
    r"|[^\W\d_]{3,} ?\{\w"
    r"|\} ?[^\W\d_]{3,}"
)
_TRANSPARENT: Final = frozenset({"_", "printable", "len", "str", "sorted", "repr", "next"})
"""Functions whose value is called as their argument is."""

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
_MOST_FORMS: Final = 12
"""Templates of one expression; where conditions make more, each of them is a placeholder."""


class Template(NamedTuple):
    """A message as the catalogue has it.

    Attributes:
        text: with placeholders.
        plural: for more than one, where the number decides.
        path: the module, relative to the repository.
    """

    text: str
    plural: str
    path: str


class _Piece(NamedTuple):
    """A part of a message: text as it is, or the name of a placeholder."""

    text: str
    is_name: bool = False


def templates() -> list[Template]:
    """Return all messages, by module and in the order of their lines."""
    skipped = frozenset(_NOT_FOR_PEOPLE.read_text(encoding="utf-8").splitlines())
    found = [*_of_modules(), *(Template(text, "", path) for text, path in words())]
    return [entry for entry in found if entry.text not in skipped]


def stale_entries() -> list[str]:
    """Return what is listed as a message, or as no message, and is nowhere in the code."""
    known = {entry.text for entry in _of_modules()}
    lines = _NOT_FOR_PEOPLE.read_text(encoding="utf-8").splitlines()
    nodes = chain.from_iterable(ast.walk(ast.parse(source)) for _, source in _modules())
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    texts = {value for value in constants if isinstance(value, str)}
    return [*(line for line in lines if line not in known), *stale_words(texts)]


def _of_modules() -> Iterator[Template]:
    for name, source in _modules():
        if not name.startswith(_SKIPPED):
            yield from in_source(source, name)


def _modules() -> Iterator[tuple[str, str]]:
    """The name and the source of each module."""
    for path in sorted((*(ROOT / "tangle").rglob("*.py"), *(ROOT / "cli").rglob("*.py"))):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def in_source(source: str, path: str) -> Iterator[Template]:
    """Yield the messages of a module.

    Args:
        source: its text.
        path: its name in the catalogue.
    """
    tree = ast.parse(source)
    known = _no_messages(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from _marked(node, path)
            if node.func.id in _MARKS:
                known.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        if id(node) not in known:
            yield from (Template(text, "", path) for text in _unmarked(node))
            if isinstance(node, ast.JoinedStr | ast.BinOp):
                known.update(id(inner) for inner in ast.walk(node))


def _unmarked(node: ast.AST) -> Iterator[str]:
    """Yield the messages in help and in texts that others translate."""
    match node:
        case ast.FunctionDef() if _is_command(node):
            text = inspect.cleandoc(ast.get_docstring(node) or "")
            yield from map(_escaped, paragraphs(text))
        case ast.Assign(targets=[ast.Name(id="EPILOG")], value=ast.Constant(value=str(text))):
            yield from map(_escaped, paragraphs(text))
        case ast.Constant() | ast.JoinedStr() | ast.BinOp():
            yield from filter(_is_message, _forms(node))


def _marked(call: ast.Call, path: str) -> Iterator[Template]:
    """Yield the messages in a call that translates them."""
    match call:
        case ast.Call(func=ast.Name(id="count"), args=[_, ast.Constant(value=str(noun))]):
            yield Template(f"{{number}} {noun}", f"{{number}} {noun}s", path)
        case ast.Call(
            func=ast.Name(id="plural"),
            args=[_, ast.Constant(value=str(one)), ast.Constant(value=str(many))],
        ):
            yield Template(one, many, path)
        case ast.Call(func=ast.Name(id="_"), args=[text]):
            yield from (Template(t, "", path) for t in _forms(text) if _says_something(t))


def _no_messages(tree: ast.AST) -> set[int]:
    """Docstrings, patterns, and annotations; by identity."""
    found: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as text):
                found.add(id(text))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))) as call:
                found.update(id(inner) for inner in ast.walk(call))
            case ast.Assert(msg=ast.expr() as message):
                found.add(id(message))
    return found


def _is_message(text: str) -> bool:
    return "\n" not in text and "\\" not in text and _WORDS.search(text) is not None


def _says_something(text: str) -> bool:
    """Whether a template has words, and not only values and what is between them."""
    return "{" not in text or _LETTERS.search(_PLACEHOLDER.sub("", text)) is not None


def _is_command(node: ast.FunctionDef) -> bool:
    return any(
        isinstance(call := mark.func if isinstance(mark, ast.Call) else mark, ast.Attribute)
        and call.attr in ("command", "group")
        for mark in node.decorator_list
    )


# --- from expressions to templates ---------------------------------------------------------------


def _forms(node: ast.expr) -> list[str]:
    """The templates of an expression, one for each choice between texts."""
    forms = _alternatives(node)
    if len(forms) > _MOST_FORMS:
        forms = _alternatives(node, split=False)
    return list(dict.fromkeys(_joined(form) for form in forms))


def _alternatives(node: ast.expr, *, split: bool = True) -> list[tuple[_Piece, ...]]:
    """The pieces of an expression, one list for each choice between texts.

    Args:
        node: the expression.
        split: follow both sides of a condition; otherwise it is a placeholder.
    """
    match node:
        case ast.Constant(value=str(text)):
            return [(_Piece(text),)]
        case ast.JoinedStr(values=values):
            found = product(*(_alternatives(value, split=split) for value in values))
        case ast.FormattedValue(value=value) if _is_text(value, split=split):
            return _alternatives(value, split=split)
        case ast.BinOp(op=ast.Add(), left=left, right=right) if _has_text(node):
            found = product(*(_alternatives(side, split=split) for side in (left, right)))
        case ast.IfExp(body=body, orelse=other) if _is_text(node, split=split):
            return [*_alternatives(body), *_alternatives(other)]
        case _:
            value = node.value if isinstance(node, ast.FormattedValue) else node
            return [(_Piece(_name(value), is_name=True),)]
    return [tuple(chain.from_iterable(pieces)) for pieces in found]


def _is_text(node: ast.expr, *, split: bool) -> bool:
    """Whether the text of an expression is known: it is a constant, or a choice between texts."""
    return isinstance(node, ast.Constant) or (split and _chooses_text(node))


def _has_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _has_text(left) or _has_text(right)
    return _chooses_text(node)


def _chooses_text(node: ast.expr) -> bool:
    return isinstance(node, ast.IfExp) and _has_text(node.body) and _has_text(node.orelse)


def _joined(pieces: tuple[_Piece, ...]) -> str:
    """The template; a name that comes twice has a number the second time."""
    counts: dict[str, int] = {}
    text = ""
    for piece in pieces:
        if not piece.is_name:
            text += _escaped(piece.text)
            continue
        counts[piece.text] = number = counts.get(piece.text, 0) + 1
        text += f"{{{piece.text}{number if number > 1 else ''}}}"
    return text


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _name(node: ast.expr) -> str:
    """What a value is called: the last name of its expression."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call():
            return _name(_named_by(node))
        case ast.BoolOp(values=[first, *_]):
            return _name(first)
        case ast.Subscript(value=inner) | ast.UnaryOp(operand=inner) | ast.BinOp(left=inner):
            return _name(inner)
    return "value"


def _named_by(call: ast.Call) -> ast.expr:
    """The expression that says what the value of a call is: an argument, or the function."""
    match call:
        case ast.Call(func=ast.Attribute(attr="join"), args=[first, *_]):
            return first
        case ast.Call(func=ast.Name(id="map"), args=[_, second]):
            return second
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _TRANSPARENT:
            return first
        case ast.Call(func=ast.Attribute(value=value, attr="strip" | "rstrip")):
            return value
    return call.func
