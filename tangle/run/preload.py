"""What sections import, found in their text, for a zygote to import before them."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence

from tangle.model import Job

_IMPORT_LINE = re.compile(r"[ \t]*(?:import|from)[ \t][^\n]*", re.MULTILINE)

_LATER = {"torch": ("optim", "torch._dynamo")}
"""What a library imports only when something is used, and the word in code that tells: for `torch`,
every optimiser's constructor imports `torch._dynamo`, which takes longer than most sections."""

_IN_THE_SHELL = frozenset({"IPython", "ipykernel", "ipywidgets", "matplotlib_inline"})
"""What looks for the session's shell when it is imported: inline figures would not be shown."""

_FIRST = ("numpy", "torch")
"""What others build upon."""


def modules_to_preload(jobs: Sequence[Job], shared: str = "") -> tuple[str, ...]:
    """Dotted names of what the jobs import, those first that others build upon.

    A submodule is named only if every job that imports its package imports it: code that forgot
    `import matplotlib.pyplot` must fail as it does alone.

    Args:
        jobs: the sessions to come.
        shared: code that each of them may import: the generated package's.
    """
    common = set(_imported(shared)) if shared else set()
    wanted = [set(_imported(*(cell.code for cell in job.cells))) | common for job in jobs]
    found = {name for names in wanted for name in names if _is_in_all(name, wanted)}
    found = {name for name in found if name.partition(".")[0] not in _IN_THE_SHELL}
    texts = [shared, *(cell.code for job in jobs for cell in job.cells)]
    for package, (word, module) in _LATER.items():
        if package in found and any(word in text for text in texts):
            found.add(module)
    return tuple(sorted(found, key=_order))


def _is_in_all(name: str, wanted: Iterable[set[str]]) -> bool:
    package = name.partition(".")[0]
    return "." not in name or all(name in names for names in wanted if package in names)


def _order(name: str) -> tuple[int, str]:
    package = name.partition(".")[0]
    return (_FIRST.index(package) if package in _FIRST else len(_FIRST), name)


def _imported(*texts: str) -> Iterator[str]:
    """Modules that are imported when the code runs, packages around them included."""
    for text in texts:
        for node in _import_statements(text):
            names = [entry.name for entry in node.names]
            if isinstance(node, ast.ImportFrom):
                module = "" if node.level else node.module or ""
                names = [module]
                if module and module not in sys.stdlib_module_names:
                    # `from a import b` imports `a.b` where that is a module.
                    names += [f"{module}.{entry.name}" for entry in node.names if entry.name != "*"]
            for name in filter(None, names):
                parts = name.split(".")
                yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _import_statements(text: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of code; where it has IPython's own lines, line by line."""
    trees = _trees(text) or [tree for line in _IMPORT_LINE.findall(text) for tree in _trees(line)]
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node


def _trees(text: str) -> list[ast.Module]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [ast.parse(text.strip())]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
