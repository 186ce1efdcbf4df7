"""The runs that were asked for: one after another, in one thread."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Literal

from tangle.engine.events import CellFinished, CellOutput, CellStarted, Event, Noticed
from tangle.engine.interrupt import Interrupt
from tangle.errors import TangleError
from tangle.http.feed import Feed
from tangle.model import Output, Place, Stream
from tangle.verbs.desk import Desk
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import Project
from tangle.verbs.reports.documents import failure_document, output_document, run_document
from tangle.verbs.reports.values import INTERRUPTED
from tangle.verbs.run import run

JobState = Literal["queued", "running", "finished", "stopped", "refused"]

MOST_QUEUED: Final = 50
_MOST_KEPT: Final = 200
_MOST_OUTPUT: Final = 256 * 1024
"""Characters of output in one event; the rest is in the job's report and in the notes."""


class QueueFull(Exception):
    """So many runs wait that another is refused."""


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A run that was asked for.

    Attributes:
        what: sections, as the command line takes them.
        report: the document of `tangle run --format json`, once it has ended.
        error: why it was refused, or broke.
        exit_code: that the command would have had.
    """

    id: str
    what: tuple[str, ...]
    options: RunOptions
    interrupt: Interrupt = field(default_factory=Interrupt)
    state: JobState = "queued"
    report: dict[str, Any] | None = None
    error: str | None = None
    exit_code: int | None = None

    def document(self) -> dict[str, Any]:
        """Return the answer of `GET /api/jobs/ID`."""
        return {
            "job": self.id,
            "what": list(self.what),
            "state": self.state,
            "exit_code": self.exit_code,
            "error": self.error,
            "report": self.report,
        }


class Jobs:
    """Runs jobs in the order in which they were asked for."""

    def __init__(self, project: Callable[[], Project], feed: Feed) -> None:
        """Start without jobs.

        Args:
            project: gives the project with its configuration as it is now.
            feed: receives what happens.
        """
        self._project = project
        self._feed = feed
        self._desk = Desk("tangle-runs", feed.report)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._order: deque[Job] = deque()

    def add(self, what: tuple[str, ...], options: RunOptions) -> Job:
        """Queue a run.

        Raises:
            QueueFull: too many wait.
        """
        job = Job(id=secrets.token_hex(8), what=what, options=options)
        with self._lock:
            if sum(other.state == "queued" for other in self._jobs.values()) >= MOST_QUEUED:
                raise QueueFull
            self._jobs[job.id] = job
            self._order.append(job)
            while len(self._order) > _MOST_KEPT and self._order[0].state not in _OPEN:
                del self._jobs[self._order.popleft().id]
        self._desk.post(lambda: self._do(job))
        return job

    def get(self, name: str) -> Job | None:
        """Return a job; None if there is none, or it ended long ago."""
        with self._lock:
            return self._jobs.get(name)

    def open(self) -> list[Job]:
        """Return the jobs that run or wait, in order."""
        with self._lock:
            return [job for job in self._order if job.state in _OPEN]

    def stop(self, job: Job) -> None:
        """End a run, or keep it from starting; one that is over stays as it is."""
        with self._lock:
            waits = job.state == "queued"
            if waits:
                job.state, job.exit_code = "stopped", INTERRUPTED
        if waits:
            self._publish_end(job)
        else:
            job.interrupt.request()

    def stop_all(self) -> None:
        """End everything, as the server ends."""
        for job in reversed(self.open()):
            self.stop(job)

    def finish(self, patience: float) -> None:
        """Wait for the job that was stopped to write what it has, no longer than said.

        Args:
            patience: seconds.
        """
        self._desk.finish(patience)

    def _do(self, job: Job) -> None:
        with self._lock:
            if job.state != "queued":
                return
            job.state = "running"
        self._feed.publish("started", {"job": job.id, "what": list(job.what)})
        try:
            project = self._project()
            report = run(project, job.what, job.options, self._observer(job), job.interrupt)
            job.report = run_document(project, report)
            job.exit_code = report.exit_code
            job.error = report.refused
            job.state = "stopped" if report.exit_code == INTERRUPTED else "finished"
            written = {"job": job.id, "pages": report.pages, "figures": report.figures}
            if report.pages:
                self._feed.publish("written", written)
        except TangleError as error:
            job.state, job.error, job.exit_code = "refused", str(error), error.exit_code
        except Exception as error:  # noqa: BLE001 -- the server goes on, and the client learns why
            job.state, job.error, job.exit_code = "refused", f"{type(error).__name__}: {error}", 1
        self._publish_end(job)

    def _publish_end(self, job: Job) -> None:
        sections = job.report["sections"] if job.report else []
        kept = ("number", "title", "outcome", "reason", "seconds", "cached", "device")
        self._feed.publish(
            "finished",
            {
                "job": job.id,
                "state": job.state,
                "exit_code": job.exit_code,
                "error": job.error,
                "sections": [{key: section[key] for key in kept} for section in sections],
            },
        )

    def _observer(self, job: Job) -> Callable[[Event], None]:
        places: dict[tuple[str, int], dict[str, Any]] = {}

        def observe(event: Event) -> None:
            if isinstance(event, Noticed):
                if event.trouble:
                    self._feed.publish("notice", {"job": job.id, "message": event.text})
                return
            if isinstance(event, CellStarted):
                place = _place_document(self._project(), event.place)
                places[event.section, event.index] = place
                self._feed.publish("started", {"job": job.id, "section": event.section, **place})
            elif isinstance(event, CellOutput | CellFinished):
                place = places.get((event.section, event.index), _NOWHERE)
                facts = {"job": job.id, "section": event.section, **place}
                self._publish_cell(facts, event)

        return observe

    def _publish_cell(self, facts: dict[str, Any], event: CellOutput | CellFinished) -> None:
        if isinstance(event, CellOutput):
            shown = [output_document(output) for output in _joined(event.outputs)]
            size = sum(len(repr(output)) for output in shown)
            facts |= {"outputs": shown if size <= _MOST_OUTPUT else [], "size": size}
            self._feed.publish("output", facts)
        else:
            result = event.result
            error = failure_document(result.failure)
            seconds = round(result.seconds, 3)
            facts |= {"outcome": result.outcome, "seconds": seconds, "error": error}
            self._feed.publish("finished", facts)


_OPEN: Final = ("queued", "running")
_NOWHERE: Final[dict[str, Any]] = {"page": None, "line": None}


def _joined(outputs: Sequence[Output]) -> Iterator[Output]:
    """Yield outputs, adjacent pieces of one stream as one: `print` writes its parts one by one."""
    for name, group in groupby(outputs, lambda o: o.name if isinstance(o, Stream) else None):
        if name is None:
            yield from group
        else:
            text = "".join(piece.text for piece in group if isinstance(piece, Stream))
            yield Stream(name=name, text=text)


def _place_document(project: Project, place: Place | None) -> dict[str, Any]:
    if place is None:
        return _NOWHERE
    return {"page": project.shown(place.path), "line": place.line}
