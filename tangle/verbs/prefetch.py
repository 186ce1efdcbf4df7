"""What can be done before a command wants it, in a process that commands are forked from."""

from __future__ import annotations

import codecs
import gc
import importlib
import pkgutil
from pathlib import Path
from typing import Final

from tangle import verbs
from tangle.analyse import PackageName, plan
from tangle.link import graph_config, link
from tangle.model import PagePath
from tangle.parse import parse
from tangle.store import Installed, pages_take_more
from tangle.verbs.load import AHEAD, loaded
from tangle.verbs.project import Project, find_project
from tangle.verbs.sources import graph_settings, read, read_settings

_PAGE: Final = (
    b"- ## 1.1. a\n\t- ```python\n\t  import b\n\t  x = 1  #@save\n\t  ```\n"
    b"\t- ((c)) [[d]] tangle.run:: no\n"
)

_LATE: Final = ("filelock",)
"""What is imported where it is first used."""

_MOST: Final = 2**20
"""Bytes of notes; what is made of them takes up to ninety times as much."""


def rehearse() -> None:
    """Do once what Python and libraries remember: modules, compiled patterns, grammars."""
    for module in pkgutil.walk_packages(verbs.__path__, f"{verbs.__name__}."):
        importlib.import_module(module.name)
    config, _ = graph_config('{:a [1 #{b} "c"] :d nil}')
    graph = link([parse(_PAGE, PagePath("a.md"))], config)
    plan(graph, PackageName(root="a", module="b"))
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
        hidden = graph_settings(project, read_settings(project))[0].hidden
        if pages_take_more(project.graph, hidden, _MOST):
            AHEAD.forget()
        else:
            _take_in(project)
    except Exception:  # noqa: BLE001 -- the command will tell; others are forked from here
        AHEAD.forget()


def _take_in(project: Project) -> None:
    before = AHEAD.of(project)
    if before is None:  # of other options another plan may come
        AHEAD.forget()
    sources = read(project)
    if before is None or before.sources != sources:
        known = before.pages if before is not None else None
        AHEAD.notes = loaded(project, sources, known=known, last=AHEAD.last)
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # a fork that collects garbage is not to look through it
