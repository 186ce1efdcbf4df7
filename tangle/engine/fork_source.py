"""Choose where workers are forked from, or why they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.events import Noticed, Observer
from tangle.engine.forkserver.client import ForkServerClient, ForkServerGone
from tangle.engine.forkserver.server import ServerWanted, attach
from tangle.engine.forkserver.socket_path import ServerUnavailable
from tangle.engine.import_scan import modules_of
from tangle.engine.process import shared_environment
from tangle.engine.process_handle import Forker, Process, SpawnRequest
from tangle.model import Job

_ANYWHERE = "/"
"""Where what every worker needs is imported: that looks at no folder."""


class ForkSource:
    """A fork server, where the system can have one.

    Attributes:
        notes: how it was reached, or why there is none.
    """

    def __init__(
        self, settings: Mapping[str, str], stop: int, server: ServerWanted | None = None
    ) -> None:
        """Connects to a fork server, which imports what every worker needs.

        Args:
            settings: environment variables that every worker gets.
            stop: a descriptor; once it can be read, workers are not waited for any more.
            server: which server that may be; without one, or where it cannot be reached, the fork
                server ends with this process.
        """
        self.notes: tuple[Noticed, ...] = ()
        self._troubled = False
        self._settings = settings
        self._shared = ""
        self._client = self._attach(stop, server) if self._is_possible() else None

    def prepare(self, jobs: Sequence[Job], shared: str) -> None:
        """Has imported what jobs to come import.

        Args:
            jobs: the sessions.
            shared: the generated package's code.
        """
        self._shared = shared
        if self._client is None:
            return
        sets: dict[str, dict[tuple[str, ...], None]] = {}
        for job in jobs:
            sets.setdefault(job.directory, {})[modules_of(job, shared)] = None
        for directory, wanted in sets.items():
            self._client.preload(wanted, directory, self._environment())

    def forker(self, job: Job, observe: Observer) -> Forker | None:
        """What forks the worker of a job; `observe` is called if it has to be a fresh process."""
        if self._client is None:
            return None

        def notice(gone: ForkServerGone) -> None:
            first, self._troubled = not self._troubled, self._troubled or gone.trouble
            text = f"{job.section}: in a fresh process: {gone}"
            observe(Noticed(text=text, trouble=gone.trouble and first))

        modules = modules_of(job, self._shared)
        return _OfSection(client=self._client, modules=modules, notice=notice)

    def close(self) -> None:
        """Lets it go; may be called twice."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _is_possible(self) -> bool:
        if not ForkServerClient.possible():
            self._note("sections run in fresh processes: this system does not fork what it loaded")
        return ForkServerClient.possible()

    def _attach(self, stop: int, server: ServerWanted | None) -> ForkServerClient | None:
        environment = self._environment()
        client = None
        if server is not None:
            try:
                attached = attach(server, environment, stop)
            except ServerUnavailable as error:
                self._note(f"no server: {error}", trouble=error.trouble)
            else:
                client = attached.client
                self._note(attached.note)
        if client is None:
            try:
                client = ForkServerClient.start(environment, stop)
            except OSError as error:  # no more processes, say: sessions will tell
                self._note(f"sections run in fresh processes: {error.strerror}")
                return None
        client.preload([()], _ANYWHERE, environment)
        return client

    def _environment(self) -> dict[str, str]:
        return shared_environment() | dict(self._settings)

    def _note(self, text: str, *, trouble: bool = False) -> None:
        self.notes = (*self.notes, Noticed(text=text, trouble=trouble))


class _OfSection(Struct, frozen=True, kw_only=True):
    """The fork server, for one section."""

    client: ForkServerClient
    modules: tuple[str, ...]
    notice: Callable[[ForkServerGone], None]

    def fork(self, request: SpawnRequest) -> Process:
        """Has a worker forked from what has imported exactly the section's modules.

        Raises:
            ForkServerGone: that cannot be; the reason was reported.
        """
        try:
            return self.client.fork(replace(request, modules=self.modules))
        except ForkServerGone as error:
            self.notice(error)
            raise
