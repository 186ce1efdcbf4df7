"""How each section ended when it was last run on this machine."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from tangle.errors import Refused
from tangle.model import Outcome, SectionName
from tangle.notes import UnitRow
from tangle.store import OUTCOMES, Records
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRun

_KEY: Final = "sections"
_FAILURES: Final = frozenset({"failed", "timed-out", "died"})


class LastRun(Struct, frozen=True, kw_only=True):
    """The end of a section's last run.

    Attributes:
        code: digest of the section's code then.
        whole: whether every chunk of the section passed.
    """

    outcome: Outcome
    code: str
    whole: bool = False

    def failed_with(self, row: UnitRow) -> bool:
        """Whether the section failed with the code that it has now."""
        return self.outcome in _FAILURES and self.code == _code(row)

    def passed_with(self, row: UnitRow) -> bool:
        """Whether all of the section passed with the code that it has now."""
        return self.whole and self.code == _code(row)


class LastRuns:
    """The last runs of sections, kept below `.tangle`.

    They record which pages were run, and which sections failed. A record that is lost or
    damaged counts as none.
    """

    def __init__(self, project: Project) -> None:
        """Read nothing yet."""
        self._records = Records(project.state / OUTCOMES, dict[SectionName, LastRun])

    def recall(self) -> dict[SectionName, LastRun]:
        """Return the last run of each section that was run."""
        return self._records.get(_KEY) or {}

    def keep(self, rows: Iterable[UnitRow], runs: Iterable[SectionRun]) -> None:
        """Record how sections ended; do nothing if that cannot be written.

        A run of some of the chunks leaves a failure of the others on record.

        Args:
            rows: the sections that there are; of others, nothing is kept any longer.
            runs: what was run now.
        """
        there = {row.name: row for row in rows}
        before = self.recall()
        known = {name: entry for name, entry in before.items() if name in there}
        for run in runs:
            row = there.get(run.session.name)
            if row is None:
                continue
            last = known.get(row.name)
            if last is not None and last.failed_with(row) and not _is_whole(run, row):
                continue
            outcome, whole = run.result.outcome, _is_whole(run, row)
            known[row.name] = LastRun(outcome=outcome, code=_code(row), whole=whole)
        if known != before:
            with contextlib.suppress(Refused):
                self._records.put(_KEY, dict(sorted(known.items())))

    def forget(self) -> None:
        """Drop the records."""
        self._records.drop(_KEY)


def _is_whole(run: SectionRun, row: UnitRow) -> bool:
    """Whether all chunks of a section passed in a run."""
    from tangle.verbs.results.judging import chunk_results  # `check` and `list` do not need it

    passed = sum(result.outcome == "passed" for _, result in chunk_results(run))
    return passed >= sum(chunk.runs for chunk in row.chunks)


def _code(row: UnitRow) -> str:
    digests = " ".join(chunk.digest for chunk in row.chunks)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]
