"""Examine the installation, the machine and the project: what is there, what is missing.

No code of the notes is executed, no file is written, and nothing is waited for without a bound.
"""

from __future__ import annotations

from pathlib import Path

from tangle.verbs.doctor.findings import DoctorReport, Finding, within
from tangle.verbs.doctor.graph import Named, disk, notes, project, server, state
from tangle.verbs.doctor.installation import environment, extras, packages
from tangle.verbs.doctor.machine import figures, gpus, programs

__all__ = ["DoctorReport", "Finding", "Named", "examine"]

_SECONDS = 10.0
_SECONDS_FOR_NOTES = 90.0
"""Reading ten thousand pages for the first time takes about ten."""


def examine(named: Named) -> DoctorReport:
    """Return what was found, area by area.

    Args:
        named: the folder that the command was given in, and what its options name.
    """
    found: list[Finding] = [
        *within(_SECONDS, "environment", environment),
        *within(_SECONDS, "packages", packages),
        *within(_SECONDS, "extras", extras),
    ]
    at, findings = project(named, _SECONDS_FOR_NOTES)
    found += findings
    if at is not None:
        found += within(_SECONDS_FOR_NOTES, "notes", lambda: notes(at))
        found += within(_SECONDS, "state", lambda: state(at))
        found += within(_SECONDS, "server", lambda: server(at))
    folder = at.state if at is not None else Path(named.start)
    found += within(_SECONDS, "disk", lambda: disk(folder, at.graph if at is not None else None))
    found += programs(_SECONDS)
    found += within(_SECONDS, "figures", figures)
    found += gpus()
    return DoctorReport(findings=tuple(found))
