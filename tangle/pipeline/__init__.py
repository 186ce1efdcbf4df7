"""The verbs: each reads the notes, does one thing, and tells what came of it.

A command loads what it uses: a name is imported from its module when it is first asked for. So no
module here may be called as one of the verbs is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tangle.model import SIZE
    from tangle.pipeline.ahead import read_ahead, rehearse
    from tangle.pipeline.building import build
    from tangle.pipeline.changes import changed_sections
    from tangle.pipeline.checking import CheckReport, check, check_report, sections
    from tangle.pipeline.html import write_html
    from tangle.pipeline.jobs import RunOptions
    from tangle.pipeline.judging import chunk_results
    from tangle.pipeline.junit import write_junit
    from tangle.pipeline.markdown import write_summary
    from tangle.pipeline.merging import install_driver, merge_files
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
    from tangle.pipeline.running import run, run_pending
    from tangle.pipeline.serving import end_server, leave_hints, server_state
    from tangle.pipeline.told import ChunkOutcome, SectionOutcome, outcomes, why
    from tangle.pipeline.trust import trust_folder
    from tangle.pipeline.verbs import CleanReport, clean, outline_pages, show
    from tangle.pipeline.verifying import Verifier

_NAMES: Final = {
    "tangle.pipeline.ahead": (
        "read_ahead",
        "rehearse",
    ),
    "tangle.pipeline.building": ("build",),
    "tangle.pipeline.changes": ("changed_sections",),
    "tangle.pipeline.checking": (
        "CheckReport",
        "check",
        "check_report",
        "sections",
    ),
    "tangle.pipeline.html": ("write_html",),
    "tangle.pipeline.jobs": ("RunOptions",),
    "tangle.pipeline.junit": ("write_junit",),
    "tangle.pipeline.markdown": ("write_summary",),
    "tangle.pipeline.merging": (
        "install_driver",
        "merge_files",
    ),
    "tangle.pipeline.told": (
        "ChunkOutcome",
        "SectionOutcome",
        "outcomes",
        "why",
    ),
    "tangle.pipeline.project": (
        "SIZE_HINT",
        "Project",
        "find_project",
        "write_config",
    ),
    "tangle.pipeline.repairing": (
        "RepairReport",
        "repair",
    ),
    "tangle.pipeline.reports": (
        "BuildReport",
        "Difference",
        "RunReport",
        "SectionChange",
        "SectionRow",
        "SectionRun",
    ),
    "tangle.pipeline.running": (
        "chunk_results",
        "run",
        "run_pending",
    ),
    "tangle.pipeline.serving": (
        "end_server",
        "leave_hints",
        "server_state",
    ),
    "tangle.pipeline.trust": ("trust_folder",),
    "tangle.pipeline.verbs": (
        "CleanReport",
        "clean",
        "outline_pages",
        "show",
    ),
    "tangle.pipeline.verifying": ("Verifier",),
    "tangle.model": ("SIZE",),
}
VERBS: Final = tuple(_NAMES)
"""The modules that names come from."""
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A verb, or a value of one, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


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
    "read_ahead",
    "rehearse",
    "repair",
    "run",
    "run_pending",
    "sections",
    "server_state",
    "show",
    "trust_folder",
    "why",
    "write_config",
    "write_html",
    "write_junit",
    "write_summary",
]
