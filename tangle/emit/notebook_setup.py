"""Generate the first cell of a notebook: what its section takes from other sections."""

from __future__ import annotations

from collections.abc import Iterator

from tangle.analyse import Package, Session
from tangle.emit.package import module
from tangle.emit.scripts import borrowed_lines, features, seeded_modules
from tangle.model import PackageName

_ALONE = """\
_package = _types.ModuleType({root!r})
_package.__path__ = []
_sys.modules[{root!r}] = _package
_module = _types.ModuleType({name!r})
"""
_OVER_INSTALLED = """\
import importlib as _importlib
import {root} as _package

_installed = _importlib.import_module({name!r})
_module = _types.ModuleType({name!r})
_module.__getattr__ = lambda name: getattr(_installed, name)
"""
_LOADED = """\
_sys.modules[{name!r}] = _package.{module} = _module
exec(compile({text}, {file!r}, "exec", dont_inherit=True), _module.__dict__)
"""


def setup_cell(session: Session, package: Package, *, folder: str | None, seed: int) -> str:
    """Return the text of the cell that lets a section's notebook run by itself.

    The package is part of it, as a module that it makes: a notebook travels without `generated/`.

    Args:
        session: the section.
        package: with the saved statements that the section reaches.
        folder: in which it runs, as seen from the notebook; None if that is not known.
        seed: of the random generators.
    """
    return "".join(
        (
            "# Made by tangle: what this section takes from other sections of the notes.\n",
            *(f"from __future__ import {name}\n" for name in features(session)),
            "import os as _os\nimport random as _random\n",
            *_loading(session, package),
            *_seeding(session, seed),
            *_entering(folder),
            *borrowed_lines(session),
        )
    )


def _seeding(session: Session, seed: int) -> Iterator[str]:
    seeds = {"numpy": "import numpy as _numpy\n\n_numpy.random.seed({})\n"}
    seeds["torch"] = "import torch as _torch\n\n_torch.manual_seed({})\n"
    yield f"\n_random.seed({seed!r})\n"
    yield from (seeds[name].format(seed) for name in seeded_modules(session))


def _entering(folder: str | None) -> Iterator[str]:
    if folder is not None:
        yield f"if _os.path.isdir({folder!r}):\n    _os.chdir({folder!r})\n"


def _loading(session: Session, package: Package) -> Iterator[str]:
    """Make the package's module, if the section uses the package."""
    if not package.saved and not _names_package(session, package.name):
        return
    name, root = str(package.name), package.name.root
    text = module(package, standing_alone=True).text
    yield f"import sys as _sys\nimport types as _types\n\n# {name}: what the section uses of it.\n"
    yield (_OVER_INSTALLED if package.overlay else _ALONE).format(root=root, name=name)
    file = f"{root}/{package.name.module}.py"
    shown = _literal(text)
    yield _LOADED.format(name=name, module=package.name.module, text=shown, file=file)


def _names_package(session: Session, name: PackageName) -> bool:
    codes = (planned.code for planned in session.chunks)
    entries = (
        entry for code in codes for statement in code.statements for entry in statement.imports
    )
    return any(entry.module.partition(".")[0] == name.root for entry in entries) or any(
        name.root in line for entry in session.prelude for line in entry.plain
    )


def _literal(text: str) -> str:
    """A text as a literal that shows its lines, if there is one."""
    for quotes in ("'''", '"""'):
        if quotes not in text and "\\\n" not in text and "\0" not in text and "\r" not in text:
            return f"r{quotes}{text}{quotes}"
    return repr(text)
