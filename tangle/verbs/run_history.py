"""Plan a run from the history of sections: order, threads, GPUs."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tangle.engine.gpus import VISIBLE, gpu_wish, visible_gpus
from tangle.engine.scheduler import Turn
from tangle.errors import Refused
from tangle.model import Job, SectionName, SessionResult
from tangle.store import HISTORY, Records, accelerators
from tangle.verbs.project import Project
from tangle.verbs.selection import Selected

_KEY: Final = "sections"


class Past(Struct, frozen=True, kw_only=True):
    """What a section did in its last run that passed.

    Attributes:
        seconds: that its cells took; what comes before the first depends on who else is waiting.
        device: that it used.
        code: digest of its code then.
    """

    seconds: float
    device: str
    code: str

    def __post_init__(self) -> None:
        """Refuse what no run can have taken."""
        if self.seconds < 0:
            raise ValueError(f"{self.seconds} seconds are less than none")


class Planned(Struct, frozen=True, kw_only=True):
    """A section that is about to run."""

    selected: Selected
    job: Job

    @property
    def code(self) -> str:
        """Digest of the code that it runs, including the saved code that it reaches."""
        texts = [*(cell.code for cell in self.job.cells), *self.selected.session.package]
        return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class History:
    """The history of sections, kept below `.tangle`.

    It decides about order alone: one that is lost or damaged costs time, nothing else.
    """

    def __init__(self, project: Project) -> None:
        """Looks at nothing yet."""
        self._records = Records(project.state / HISTORY, dict[SectionName, Past])

    def recall(self) -> dict[SectionName, Past]:
        """Return the history of each section."""
        return self._records.get(_KEY) or {}

    def keep(
        self, known: Iterable[SectionName], done: Iterable[tuple[Planned, SessionResult]]
    ) -> None:
        """Record the sections that passed; do nothing if that cannot be written.

        Args:
            known: the sections that there are; of others, nothing is kept any longer.
            done: sections that were run now, and what came of them.
        """
        new = {
            planned.job.section: Past(
                seconds=round(sum(cell.seconds for cell in result.results), 3),
                device=result.device,
                code=planned.code,
            )
            for planned, result in done
            if result.outcome == "passed"
        }
        if not new:
            return
        pasts = self.recall() | new  # read now: another run may have kept something meanwhile
        there = set(known)
        with contextlib.suppress(Refused):
            self._records.put(_KEY, {name: pasts[name] for name in sorted(pasts) if name in there})

    def forget(self) -> None:
        """Drop the history."""
        self._records.drop(_KEY)


def cores() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_settings(workers: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that give a worker its share of threads.

    Threads that wait must sleep: where another program holds one of the cores, OpenMP's default,
    to spin, was measured to make training ten times slower.

    Args:
        workers: sections that run at a time.
        environment: variables that the user set stay.
    """
    share = max(cores() // max(workers, 1), 1)
    settings = {"OMP_NUM_THREADS": str(share), "OMP_WAIT_POLICY": "PASSIVE"}
    return {name: value for name, value in settings.items() if name not in environment}


def gpus(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the GPUs of this machine that the environment permits."""
    return visible_gpus(environment.get(VISIBLE), accelerators())


def turns(sections: Sequence[Planned], pasts: Mapping[SectionName, Past]) -> tuple[Turn, ...]:
    """The sections' places among each other.

    Args:
        sections: those that are to run, each after those it needs; one that is needed and not among
            them has been answered already.
        pasts: what is known of their last runs.
    """
    places = {planned.job.section: index for index, planned in enumerate(sections)}
    made = []
    for planned in sections:
        past = pasts.get(planned.job.section)
        needs = planned.selected.session.unit.needs
        used = past.device if past is not None and past.code == planned.code else None
        made.append(
            Turn(
                job=planned.job,
                needs=tuple(places[need] for need in needs if need in places),
                seconds=None if past is None else past.seconds,
                gpu=gpu_wish(planned.job, used),
            )
        )
    return tuple(made)
