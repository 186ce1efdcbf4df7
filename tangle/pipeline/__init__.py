"""The verbs: each reads the notes, does one thing, and tells what came of it."""

from __future__ import annotations

from tangle.pipeline.build import build
from tangle.pipeline.changes import changed_sections
from tangle.pipeline.checking import CheckReport, check, check_report, sections
from tangle.pipeline.html import write_html
from tangle.pipeline.jobs import RunOptions
from tangle.pipeline.junit import write_junit
from tangle.pipeline.markdown import write_summary
from tangle.pipeline.merging import install_driver, merge_files
from tangle.pipeline.outcomes import ChunkOutcome, SectionOutcome, outcomes, why
from tangle.pipeline.project import SIZE_HINT, Project, find_project, write_config
from tangle.pipeline.repairing import RepairReport, repair
from tangle.pipeline.reports import (
    BuildReport,
    Difference,
    RunReport,
    SectionChange,
    SectionRow,
    SectionRun,
)
from tangle.pipeline.running import chunk_results, run, run_pending
from tangle.pipeline.serving import end_server, leave_hints, server_state
from tangle.pipeline.verbs import CleanReport, clean, outline_pages, show
from tangle.pipeline.verifying import Verifier
from tangle.run import SIZE

__all__ = [
    "SIZE",
    "SIZE_HINT",
    "BuildReport",
    "CheckReport",
    "ChunkOutcome",
    "CleanReport",
    "Difference",
    "Project",
    "RepairReport",
    "RunOptions",
    "RunReport",
    "SectionChange",
    "SectionOutcome",
    "SectionRow",
    "SectionRun",
    "Verifier",
    "build",
    "changed_sections",
    "check",
    "check_report",
    "chunk_results",
    "clean",
    "end_server",
    "find_project",
    "install_driver",
    "leave_hints",
    "merge_files",
    "outcomes",
    "outline_pages",
    "repair",
    "run",
    "run_pending",
    "sections",
    "server_state",
    "show",
    "why",
    "write_config",
    "write_html",
    "write_junit",
    "write_summary",
]
