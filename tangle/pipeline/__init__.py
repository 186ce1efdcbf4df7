"""The verbs: each reads the notes, does one thing, and tells what came of it."""

from __future__ import annotations

from tangle.pipeline.build import build
from tangle.pipeline.changes import changed_sections
from tangle.pipeline.checking import CheckReport, check, check_report, sections
from tangle.pipeline.jobs import RunOptions
from tangle.pipeline.junit import write_junit
from tangle.pipeline.project import SIZE_HINT, Project, find_project, write_config
from tangle.pipeline.repairing import RepairReport, repair
from tangle.pipeline.reports import BuildReport, RunReport, SectionChange, SectionRow, SectionRun
from tangle.pipeline.running import chunk_results, run, run_pending
from tangle.pipeline.serving import end_server, leave_hints, server_state
from tangle.pipeline.verbs import CleanReport, clean, outline_pages, show
from tangle.run import SIZE

__all__ = [
    "SIZE",
    "SIZE_HINT",
    "BuildReport",
    "CheckReport",
    "CleanReport",
    "Project",
    "RepairReport",
    "RunOptions",
    "RunReport",
    "SectionChange",
    "SectionRow",
    "SectionRun",
    "build",
    "changed_sections",
    "check",
    "check_report",
    "chunk_results",
    "clean",
    "end_server",
    "find_project",
    "leave_hints",
    "outline_pages",
    "repair",
    "run",
    "run_pending",
    "sections",
    "server_state",
    "show",
    "write_config",
    "write_junit",
]
