"""What can be done before a command wants it, in a process that commands are forked from."""

from __future__ import annotations

import gc
import importlib
import tempfile
from pathlib import Path
from typing import Final

from tangle.analyse import PackageName, plan
from tangle.errors import TangleError
from tangle.link import graph_config, link
from tangle.model import PagePath
from tangle.parse import parse
from tangle.pipeline import VERBS
from tangle.pipeline.load import AHEAD, Loaded, loaded
from tangle.pipeline.project import Project, find_project
from tangle.pipeline.reading import Sources, read
from tangle.store import Installed, lock

_PAGE: Final = (
    b"- ## 1.1. a\n\t- ```python\n\t  import b\n\t  x = 1  #@save\n\t  ```\n"
    b"\t- ((c)) [[d]] tangle.run:: no\n"
)

_MOST: Final = 2**20
"""Bytes of notes; what is made of them takes up to ninety times as much."""


def rehearse() -> None:
    """Do once what Python and libraries remember: modules, compiled patterns, grammars."""
    for module in VERBS:
        importlib.import_module(module)
    config, _ = graph_config('{:a [1 #{b} "c"] :d nil}')
    graph = link([parse(_PAGE, PagePath("a.md"))], config)
    plan(graph, PackageName(root="a", module="b"))
    with tempfile.TemporaryDirectory() as folder, lock(Path(folder)):
        Installed([folder])


def read_ahead(directory: str) -> None:
    """Read the notes of the project that a folder is in, so that forks of this process need not.

    Where there is no project, or one with more notes than memory is kept for, nothing is read.

    Args:
        directory: where commands are given.
    """
    gc.unfreeze()
    try:
        project = find_project(start=Path(directory))
        sources = read(project)
        size = sum(map(len, sources.data.values()))
        AHEAD.notes = _taken_in(project, sources) if size <= _MOST else None
    except TangleError:  # the command will tell
        AHEAD.notes = None
    gc.collect()
    gc.freeze()  # a fork that collects garbage is not to look through it


def _taken_in(project: Project, sources: Sources) -> Loaded:
    before = AHEAD.of(project)
    if before is not None and before.sources == sources:
        return before
    known = before.pages if before is not None else None
    return loaded(project, sources, known=known, last=AHEAD.last)
