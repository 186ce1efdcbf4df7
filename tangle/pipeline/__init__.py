"""The verbs: each reads the notes, does one thing, and tells what came of it.

A command loads what it uses: a name is imported from its module when it is first asked for. So no
module here may be called as one of the verbs is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tangle.pipeline.building import build
    from tangle.pipeline.checking import check, sections
    from tangle.pipeline.jobs import RunOptions
    from tangle.pipeline.junit import write_junit
    from tangle.pipeline.project import Project, find_project, write_config
    from tangle.pipeline.repairing import RepairReport, repair
    from tangle.pipeline.reports import BuildReport, RunReport, SectionRow, SectionRun
    from tangle.pipeline.running import chunk_results, run, run_pending
    from tangle.pipeline.verbs import CleanReport, clean, outline_pages, show

_NAMES: Final = {
    "tangle.pipeline.building": ("build",),
    "tangle.pipeline.checking": ("check", "sections"),
    "tangle.pipeline.jobs": ("RunOptions",),
    "tangle.pipeline.junit": ("write_junit",),
    "tangle.pipeline.project": ("Project", "find_project", "write_config"),
    "tangle.pipeline.repairing": ("RepairReport", "repair"),
    "tangle.pipeline.reports": ("BuildReport", "RunReport", "SectionRow", "SectionRun"),
    "tangle.pipeline.running": ("chunk_results", "run", "run_pending"),
    "tangle.pipeline.verbs": ("CleanReport", "clean", "outline_pages", "show"),
}
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A verb, or a value of one, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


__all__ = [
    "BuildReport",
    "CleanReport",
    "Project",
    "RepairReport",
    "RunOptions",
    "RunReport",
    "SectionRow",
    "SectionRun",
    "build",
    "check",
    "chunk_results",
    "clean",
    "find_project",
    "outline_pages",
    "repair",
    "run",
    "run_pending",
    "sections",
    "show",
    "write_config",
    "write_junit",
]
