"""What can be done before a command wants it, in a process that commands are forked from."""

from __future__ import annotations

import codecs
import gc
import importlib
import pkgutil
from pathlib import Path
from typing import Final

from tangle import verbs
from tangle.link import graph_config
from tangle.model import PackageName, PagePath
from tangle.notes import Plan, core_of
from tangle.store import Installed, pages_take_more
from tangle.verbs.notes import forget_notes, read_notes
from tangle.verbs.project import Project, find_project
from tangle.verbs.sources import read_settings

_PAGE: Final = (
    b"- ## 1.1. a\n\t- ```python\n\t  import b\n\t  x = 1  #@save\n\t  ```\n"
    b"\t- ((c)) [[d]] tangle.run:: no\n"
)

_LATE: Final = ("filelock",)
"""What is imported where it is first used."""

_OF_EXTRAS: Final = f"{verbs.__name__}.cluster."
"""Modules that need an extra, which the commands that use them import."""

_MOST: Final = 2**20
"""Bytes of notes; what is made of them takes up to ninety times as much."""


def rehearse() -> None:
    """Do once what Python and libraries remember: modules, compiled patterns, grammars."""
    for module in pkgutil.walk_packages(verbs.__path__, f"{verbs.__name__}."):
        if not module.name.startswith(_OF_EXTRAS):
            importlib.import_module(module.name)
    config, _ = graph_config('{:a [1 #{b} "c"] :d nil}')
    core = core_of({PagePath("a.md"): _PAGE}, config, PackageName(root="a", module="b"))
    _ = Plan(core).problems
    for name in _LATE:
        importlib.import_module(name)
    codecs.lookup("ascii")
    Installed([])


def read_ahead(directory: str) -> None:
    """Read the notes of the project that a folder is in, so that forks of this process need not.

    Where there is no project, or one with more notes than memory is kept for, nothing is read.

    Args:
        directory: where commands are given.
    """
    try:
        project = find_project(start=Path(directory))
        hidden = graph_config(read_settings(project))[0].hidden
        if pages_take_more(project.graph, hidden, _MOST):
            forget_notes()
        else:
            _read(project)
    except Exception:  # noqa: BLE001 -- the command will tell; others are forked from here
        forget_notes()


def _read(project: Project) -> None:
    notes = read_notes(project)
    if not notes.is_worked_out:
        _ = notes.rows, notes.problems, notes.plan.sessions
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # a fork that collects garbage is not to look through it
