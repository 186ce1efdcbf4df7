"""The verbs: each reads the notes, does one thing, and tells what came of it.

A verb is imported when it is asked for: `tangle check` starts no worker and needs no executor.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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

_HOMES = {
    "building": ("build",),
    "checking": ("check", "sections"),
    "jobs": ("RunOptions",),
    "junit": ("write_junit",),
    "project": ("Project", "find_project", "write_config"),
    "repairing": ("RepairReport", "repair"),
    "reports": ("BuildReport", "RunReport", "SectionRow", "SectionRun"),
    "running": ("chunk_results", "run", "run_pending"),
    "verbs": ("CleanReport", "clean", "outline_pages", "show"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"tangle.pipeline.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
