"""Which tests pytest-xdist gives to one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdist.scheduler import LoadGroupScheduling

from tangle import PAGE_SUFFIXES

if TYPE_CHECKING:
    import pytest


class SectionScheduling(LoadGroupScheduling):  # type: ignore[misc]  # it has no types
    """The chunks of a section go to one worker, in order; all other tests go as they would.

    That is one by one, or by their groups where `--dist loadgroup` asks for it.
    """

    def _split_scope(self, nodeid: str) -> str:
        page, *names = nodeid.split("::")
        if page.endswith(PAGE_SUFFIXES) and len(names) == 2:
            return f"tangle {names[0]}"
        grouped = self.config.getvalue("dist") == "loadgroup"
        return str(super()._split_scope(nodeid)) if grouped else nodeid


def section_scheduling(config: pytest.Config, log: Any) -> SectionScheduling:
    """The scheduler for a run that has notes in it."""
    return SectionScheduling(config, log)
