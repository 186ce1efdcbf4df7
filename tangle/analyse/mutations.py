"""Find in-place changes of statements, and what makes them expensive.

Nothing is run, so form decides about both. A statement *changes* a name where it assigns to an item
or an attribute of it or deletes one (`X[0] = 1`, `net.bias.data[:] = 0`, `X[0] += 1`), calls a
method of it for the sake of calling (`net.apply(init)`, `rows.append(1)`) that is not known only to
read, or hands it to a function that says by its name that it works in place (`nn.init.zeros_(w)`,
`random.shuffle(order)`). Handing it to any other function is no change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tangle.analyse.scopes import arguments, bindings

_OWN_SCOPE: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

_IN_PLACE: Final = frozenset({"shuffle", "setattr", "delattr", "heapify", "heappush", "insort"})
_READING_METHODS: Final = """
backward clone close copy count cpu describe detach dim display format get head index info item
items join keys max mean min named_parameters numel numpy parameters plot print save savefig show
size split startswith state_dict strip sum summary tail tolist values
"""
_READING: Final = frozenset(_READING_METHODS.split())
_FILE_FUNCTIONS: Final = """
open urlopen urlretrieve download download_extract download_all read_csv to_csv loadtxt savetxt load
save read_text write_text read_bytes write_bytes
"""
_OUTSIDE: Final = frozenset(_FILE_FUNCTIONS.split())
_PROGRAMS: Final = frozenset({"Popen", "check_call", "check_output", "system"})


def changed_names(node: ast.stmt) -> Iterator[str]:
    """Yield names of the module scope whose objects a statement changes in place."""
    for part in _run_here(node):
        match part:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                for target in targets:
                    yield from _roots_of_targets(target)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                yield from _roots_of_targets(target)
            case ast.Expr(value=ast.Call() as call):
                yield from _changed_by_call(call)
            case _:
                continue


def changed_when_called(node: ast.stmt) -> Iterator[str]:
    """Yield outer names whose objects a function body changes in place."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        own, _ = bindings(node.body)
        own.update(entry.arg for entry in arguments(node.args))
        for part in node.body:
            yield from (name for name in changed_names(part) if name not in own)


def price(node: ast.stmt) -> str:
    """Return why running a statement is expensive; empty if nothing suggests it."""
    for part in _run_here(node):
        match part:
            case ast.For() | ast.AsyncFor() | ast.While():
                return "a loop"
            case ast.Call(func=func):
                name = _last_name(func)
                if "train" in name.lower().split("_"):
                    return f"a call of {name}"
                if name in _OUTSIDE:
                    return f"what {name} reads or writes"
                if name in _PROGRAMS:
                    return f"a program, by {name}"
            case _:
                continue
    return ""


def _run_here(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run with it: all but bodies of functions and classes."""
    if isinstance(node, _OWN_SCOPE):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _run_here(child)


def _roots_of_targets(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _roots_of_targets(part)
        case ast.Starred(value=value):
            yield from _roots_of_targets(value)
        case ast.Subscript() | ast.Attribute():
            yield from _root(target)
        case _:
            return


def _changed_by_call(call: ast.Call) -> Iterator[str]:
    name = _last_name(call.func)
    if name in _IN_PLACE or (name.endswith("_") and not name.endswith("__")):
        if call.args:
            yield from _root(call.args[0])
        elif isinstance(call.func, ast.Attribute):
            yield from _root(call.func.value)
    if isinstance(call.func, ast.Attribute) and name not in _READING:
        yield from _root(call.func.value)


def _root(node: ast.expr) -> Iterator[str]:
    """The name that a chain of attributes, items and calls begins with."""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                node = inner
            case _:
                return
    yield node.id


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
