"""Find the imports of sections in their text, for the fork server to preload."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tangle.model import Job

_IMPORT_LINE = re.compile(r"[ \t]*(?:import|from)[ \t][^\n]*", re.MULTILINE)

_LATER = {"torch": ("optim", "torch._dynamo")}
"""What a library imports only when something is used, and the word in code that tells: for `torch`,
every optimiser's constructor imports `torch._dynamo`, which takes longer than most sections."""

_LATER_MODULES = frozenset(module for _, module in _LATER.values())

_IN_THE_SHELL = frozenset({"IPython", "ipykernel", "ipywidgets", "matplotlib_inline"})
"""What looks for the session's shell when it is imported: inline figures would not be shown."""

_BUILD_UPON_NUMPY = frozenset(
    {"matplotlib", "pandas", "scipy", "seaborn", "sklearn", "torch", "torchvision"}
)
"""What imports `numpy` in any case, where it is there."""

_FIRST = ("numpy", "torch")
"""What others build upon, and most sections share."""


def modules_of(job: Job, shared: str = "") -> tuple[str, ...]:
    """Dotted names of what a job imports, those first that others build upon.

    Nothing that another section imports: code that forgot `import matplotlib.pyplot` must fail as
    it does alone.

    Args:
        job: the session to come.
        shared: the generated package's code, which counts where the job imports the package.
    """
    texts = [cell.code for cell in job.cells if cell.examples is None]
    texts += [example.code for cell in job.cells for example in cell.examples or ()]
    found = {name for text in texts for name in _imported(text)}
    packages = {Path(source.path).parent.name for source in job.sources}
    if shared and not packages.isdisjoint(found):
        found.update(_imported(shared))
        texts.append(shared)
    found = {name for name in found if name.partition(".")[0] not in _IN_THE_SHELL}
    if not _BUILD_UPON_NUMPY.isdisjoint(found):
        found.add("numpy")
    for package, (word, module) in _LATER.items():
        if package in found and any(word in text for text in texts):
            found.add(module)
    return tuple(sorted(found, key=_order))


def _order(name: str) -> tuple[int, bool, str]:
    """Its place in the order of imports: what sections with other imports share comes first."""
    package = name.partition(".")[0]
    first = _FIRST.index(package) if package in _FIRST else len(_FIRST)
    return first, name not in _FIRST and name not in _LATER_MODULES, name


@lru_cache(maxsize=1024)
def _imported(text: str) -> frozenset[str]:
    """Modules that are imported when the code runs, packages around them included."""
    found: set[str] = set()
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
            found.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return frozenset(found)


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
