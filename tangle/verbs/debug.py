"""Run one section under a debugger."""

from __future__ import annotations

from tangle.engine.events import Observer
from tangle.errors import UsageError
from tangle.model import Debugging
from tangle.verbs.job_builder import DebuggedSection, RunOptions
from tangle.verbs.left_out import chosen
from tangle.verbs.notes import read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import RunReport
from tangle.verbs.run import run


class ManySections(UsageError):
    """A name means several sections, and one can be debugged at a time."""

    def __init__(self, name: str, count: int) -> None:
        """Say how many."""
        super().__init__(f"{name!r} means {count} sections; name the one to debug")


def debug(
    project: Project, what: str, debugging: Debugging, device: str | None, observe: Observer
) -> RunReport:
    """Run a section under a debugger; its outputs are neither written nor kept.

    Args:
        project: whose notes.
        what: one section, as `select` takes it.
        debugging: how.
        device: as in `RunOptions`.
        observe: receives every event, in this thread.

    Raises:
        UnknownSection: the name means no section.
        ManySections: it means several.
    """
    selected = chosen(read_notes(project), [what])
    needed = {need for one in selected for need in one.session.unit.needs}
    named = [one.session.name for one in selected if one.session.name not in needed]
    if len(named) != 1:
        raise ManySections(what, len(named))
    debugged = DebuggedSection(section=named[0], debugging=debugging)
    options = RunOptions(device=device, jobs=1, cached=False, write=False, debugging=debugged)
    return run(project, [what], options, observe)
