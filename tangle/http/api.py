"""What the interface answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tangle import __version__
from tangle.errors import Refused, TangleError, UsageError
from tangle.http.documents import Document, refusal
from tangle.http.guard import MOST_BYTES
from tangle.http.jobs import MOST_QUEUED, QueueFull
from tangle.http.page_state import PAGE_KEYS, build_document, page_document
from tangle.model import DEVICE, DEVICE_WORDS
from tangle.typed_json import json_decoder
from tangle.verbs.check import check_report, sections
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import MOST_SECONDS
from tangle.verbs.reports.documents import check_document, sections_document
from tangle.verbs.show import show

if TYPE_CHECKING:
    from starlette.requests import Request

    from tangle.http.feed import Feed
    from tangle.http.jobs import Job, Jobs
    from tangle.verbs.desk import Desk
    from tangle.verbs.project import Project

_Body = TypeVar("_Body")

_MOST_NAMES: Final = 1000
"""Of sections in one request: each is looked up in the notes."""


class RunRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `POST /api/run`: options as those of `tangle run`."""

    what: Annotated[tuple[str, ...], msgspec.Meta(max_length=_MOST_NAMES)]
    device: str | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=MOST_SECONDS)] | None = None
    fresh: bool = False
    write: bool = True
    exitfirst: bool = False


class StopRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `POST /api/stop`; without a job all are stopped."""

    job: str | None = None


class CheckRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `POST /api/check`."""

    what: Annotated[tuple[str, ...], msgspec.Meta(max_length=_MOST_NAMES)] = ()
    all: bool = False


class BuildRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `POST /api/build`."""

    check: bool = False


class BadRequest(Exception):
    """A request's body or query is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The interface of one project.

    Attributes:
        project: gives the project with its configuration as it is now.
        reader: the thread that reads the notes.
    """

    project: Callable[[], Project]
    jobs: Jobs
    feed: Feed
    reader: Desk

    def routes(self) -> list[Route]:
        """Return what is answered where."""
        return [
            Route("/api/state", self.state, methods=["GET"]),
            Route("/api/page", self.page, methods=["GET"]),
            Route("/api/script", self.script, methods=["GET"]),
            Route("/api/run", self.run, methods=["POST"]),
            Route("/api/jobs/{job}", self.job, methods=["GET"]),
            Route("/api/stop", self.stop, methods=["POST"]),
            Route("/api/check", self.check, methods=["POST"]),
            Route("/api/build", self.build, methods=["POST"]),
            Route("/api/events", self.events, methods=["GET"]),
        ]

    async def state(self, _: Request) -> Response:
        """Answer with the units and the jobs."""
        project = self.project()
        report = await self.reader.ask(lambda: sections(project))
        return Document(
            {
                "version": __version__,
                "graph": project.graph.name,
                "jobs": [_brief(job) for job in self.jobs.open()],
                **sections_document(report.rows),
            }
        )

    async def page(self, request: Request) -> Response:
        """Answer with the blocks, chunks and problems of a page."""
        query = request.query_params
        named = [(key, query[key]) for key in PAGE_KEYS if key in query]
        if len(named) != 1:
            raise BadRequest("name a page by ?title= or ?path=, or a block by ?block=")
        project = self.project()
        found = await self.reader.ask(lambda: page_document(project, *named[0]))
        return refusal(404, "there is no such page or block") if found is None else Document(found)

    async def script(self, request: Request) -> Response:
        """Answer with the script of a section, as `tangle show` prints it."""
        section = request.query_params.get("section")
        if section is None:
            raise BadRequest("name a section by ?section=")
        project = self.project()
        script = await self.reader.ask(lambda: show(project, section))
        return Document({"section": section, "script": script})

    async def run(self, request: Request) -> Response:
        """Queue a run and answer with its job."""
        body = await _read(request, RunRequest)
        if not body.what:
            raise BadRequest('`what` names the sections to run, such as ["3.6"]')
        if body.device is not None and not DEVICE.fullmatch(body.device):
            raise BadRequest(f"`device` cannot be {body.device!r}: it is {DEVICE_WORDS}")
        options = RunOptions(
            device=body.device,
            timeout=body.timeout,
            cached=not body.fresh,
            fresh=body.fresh,
            write=body.write,
            exitfirst=body.exitfirst,
            quiet_seconds=self.project().options.quiet_seconds,
        )
        try:
            job = self.jobs.add(body.what, options)
        except QueueFull:
            return refusal(429, f"{MOST_QUEUED} runs wait already; try again later")
        return Document({"job": job.id}, status_code=202)

    async def job(self, request: Request) -> Response:
        """Answer with a job and, once it has ended, its report."""
        job = self.jobs.get(request.path_params["job"])
        return refusal(404, "there is no such job") if job is None else Document(job.document())

    async def stop(self, request: Request) -> Response:
        """Stop a job, or all."""
        body = await _read(request, StopRequest)
        if body.job is None:
            stopped = self.jobs.open()
            self.jobs.stop_all()
        else:
            job = self.jobs.get(body.job)
            if job is None:
                return refusal(404, "there is no such job")
            stopped = [job]
            self.jobs.stop(job)
        return Document({"stopped": [job.id for job in stopped]}, status_code=202)

    async def check(self, request: Request) -> Response:
        """Answer as `tangle check --format json` prints."""
        body = await _read(request, CheckRequest)
        project = self.project()
        report = await self.reader.ask(lambda: check_report(project, body.what, every=body.all))
        return Document(check_document(report))

    async def build(self, request: Request) -> Response:
        """Generate the package and the scripts."""
        body = await _read(request, BuildRequest)
        project = self.project()
        return Document(await self.reader.ask(lambda: build_document(project, check=body.check)))

    async def events(self, request: Request) -> Response:
        """Answer with server-sent events, without end."""
        last = request.headers.get("last-event-id")
        return event_stream(self.feed.read(last))


def event_stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Return an answer that sends events as they come."""
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


async def _read(request: Request, kind: type[_Body]) -> _Body:
    try:
        return json_decoder(kind).decode(await request.body() or b"{}")
    except msgspec.MsgspecError as error:
        raise BadRequest(str(error)) from error


def _brief(job: Job) -> Mapping[str, Any]:
    return {"job": job.id, "what": list(job.what), "state": job.state}


async def bad_request(_: Request, error: Exception) -> Response:
    """Answer a request that is not valid."""
    return refusal(400, str(error))


async def failed(_: Request, error: Exception) -> Response:
    """Answer with an error that tangle raises on purpose."""
    assert isinstance(error, TangleError)
    status = 409 if isinstance(error, Refused) else 404 if isinstance(error, UsageError) else 422
    return Document({"error": str(error), "exit_code": error.exit_code}, status_code=status)


async def too_large(_: Request, __: Exception) -> Response:
    """Answer a request whose body is too large."""
    return refusal(413, f"the body of a request has at most {MOST_BYTES} bytes")


async def too_slow(_: Request, __: Exception) -> Response:
    """Answer a request whose body did not arrive in time."""
    return refusal(408, "the body of the request did not arrive in time")


async def not_there(_: Request, error: Exception) -> Response:
    """Answer a request for what is not there, or with a method that it does not have."""
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)
