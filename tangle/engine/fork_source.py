"""Choose where workers are forked from, or why they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tangle.engine.events import Noticed, Observer
from tangle.engine.forkserver.client import Zygote, ZygoteGone
from tangle.engine.forkserver.server import ServerWanted, attach
from tangle.engine.forkserver.socket_path import NoPlace
from tangle.engine.import_scan import modules_of
from tangle.engine.process import shared_environment
from tangle.engine.process_handle import Birth, Forker, Process
from tangle.model import Job

_ANYWHERE = "/"
"""Where what every worker needs is imported: that looks at no folder."""


class Warmth:
    """A zygote, where one can be had.

    Attributes:
        notes: how it was come by.
    """

    def __init__(
        self, settings: Mapping[str, str], stop: int, server: ServerWanted | None = None
    ) -> None:
        """Has a zygote, at work on what every worker needs.

        Args:
            settings: environment variables that every worker gets.
            stop: a descriptor; once it can be read, workers are not waited for any more.
            server: which server may be the zygote; without one, or where it cannot be had, the
                zygote ends with this process.
        """
        self.notes: tuple[Noticed, ...] = ()
        self._troubled = False
        self._settings = settings
        self._shared = ""
        self._zygote = self._attach(stop, server) if self._is_possible() else None

    def prepare(self, jobs: Sequence[Job], shared: str) -> None:
        """Has imported what jobs to come import.

        Args:
            jobs: the sessions.
            shared: the generated package's code.
        """
        self._shared = shared
        if self._zygote is None:
            return
        sets: dict[str, dict[tuple[str, ...], None]] = {}
        for job in jobs:
            sets.setdefault(job.directory, {})[modules_of(job, shared)] = None
        for directory, wanted in sets.items():
            self._zygote.preload(wanted, directory, self._environment())

    def forker(self, job: Job, observe: Observer) -> Forker | None:
        """What forks the worker of a job; `observe` is told where it has to be a fresh process."""
        if self._zygote is None:
            return None

        def notice(gone: ZygoteGone) -> None:
            first, self._troubled = not self._troubled, self._troubled or gone.trouble
            text = f"{job.section}: in a fresh process: {gone}"
            observe(Noticed(text=text, trouble=gone.trouble and first))

        modules = modules_of(job, self._shared)
        return _OfSection(zygote=self._zygote, modules=modules, notice=notice)

    def close(self) -> None:
        """Lets it go; may be called twice."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def _is_possible(self) -> bool:
        if not Zygote.possible():
            self._note("sections run in fresh processes: this system does not fork what it loaded")
        return Zygote.possible()

    def _attach(self, stop: int, server: ServerWanted | None) -> Zygote | None:
        environment = self._environment()
        zygote = None
        if server is not None:
            try:
                attached = attach(server, environment, stop)
            except NoPlace as error:
                self._note(f"no server: {error}", trouble=error.trouble)
            else:
                zygote = attached.zygote
                self._note(attached.note)
        if zygote is None:
            try:
                zygote = Zygote.start(environment, stop)
            except OSError as error:  # no more processes, say: sessions will tell
                self._note(f"sections run in fresh processes: {error.strerror}")
                return None
        zygote.preload([()], _ANYWHERE, environment)
        return zygote

    def _environment(self) -> dict[str, str]:
        return shared_environment() | dict(self._settings)

    def _note(self, text: str, *, trouble: bool = False) -> None:
        self.notes = (*self.notes, Noticed(text=text, trouble=trouble))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfSection:
    """The zygote, for one section."""

    zygote: Zygote
    modules: tuple[str, ...]
    notice: Callable[[ZygoteGone], None]

    def fork(self, birth: Birth) -> Process:
        """Has a worker forked from what has imported exactly the section's modules.

        Raises:
            ZygoteGone: that cannot be; why was told.
        """
        try:
            return self.zygote.fork(replace(birth, modules=self.modules))
        except ZygoteGone as error:
            self.notice(error)
            raise
