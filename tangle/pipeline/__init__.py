"""The verbs: each reads the notes, does one thing, and tells what came of it."""

from __future__ import annotations

from tangle.pipeline.build import build
from tangle.pipeline.checking import check, sections
from tangle.pipeline.jobs import RunOptions
from tangle.pipeline.junit import write_junit
from tangle.pipeline.project import SIZE_HINT, Project, find_project, write_config
from tangle.pipeline.repairing import RepairReport, repair
from tangle.pipeline.reports import BuildReport, RunReport, SectionRow, SectionRun
from tangle.pipeline.running import chunk_results, run, run_pending
from tangle.pipeline.verbs import CleanReport, clean, outline_pages, show
from tangle.run import SIZE

__all__ = [
    "SIZE",
    "SIZE_HINT",
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
