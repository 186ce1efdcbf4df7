"""What a session's outcome may rest on beside its code, noticed cell by cell."""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tangle.engine.forkserver.import_stamps import matplotlib_settings, matplotlib_styles
from tangle.engine.tracking.audit_events import Hearing
from tangle.engine.tracking.audit_log import AuditLog
from tangle.engine.tracking.fanotify import Opens
from tangle.engine.tracking.file_queries import Asking
from tangle.engine.tracking.module_lookups import (
    PRELOADED,
    STANDARD,
    FirstFound,
    InstalledModules,
    is_installed,
    is_own,
    place_of,
)
from tangle.engine.tracking.open_files import OpenNow
from tangle.engine.tracking.versions import loaded_versions
from tangle.model import Cell, Job, Seen

_CLOCK = "the clock, chance or the state of the machine was asked"


class MissingModules(MetaPathFinder):
    """The last of the finders: it finds nothing, and knows what none of them found.

    Code that does without a package, because there is none, does otherwise once there is one.
    """

    def __init__(self) -> None:
        """Knows nothing yet."""
        self.names: dict[str, None] = {}
        self._deaf = False

    @contextlib.contextmanager
    def looks_away(self) -> Iterator[None]:
        """While this lasts, what is looked for is not what a session's code looks for."""
        self._deaf = True
        try:
            yield
        finally:
            self._deaf = False

    def install(self) -> None:
        """Puts itself behind the other finders, once."""
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- the interface
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """None."""
        if not self._deaf:
            self.names.setdefault(fullname.partition(".")[0])
        return None


MISSING = MissingModules()
"""What this process, and the template that it was forked from, looked for in vain."""


def audit_log(job: Job) -> AuditLog:
    """The log of what a job's session learns and leaves; it hears nothing yet."""
    generated = {p for p in job.path for s in job.sources if s.path.startswith(p + os.sep)}
    own = [*generated, *filter(None, [os.environ.get("IPYTHONDIR")])]
    return AuditLog(job.watched or job.directory, own)


def start_noticing(log: AuditLog) -> None:
    """Has a log hear what this process does from now on."""
    with log.apart():
        Hearing(log).install()
        Asking(log).install()
        opens = Opens(log)
        log.below = (opens, OpenNow(log))
        log.stop_watching = opens.stop


class Noticing:
    """Notices what the cells of a session read and load; asked at the end of each."""

    def __init__(self, job: Job, log: AuditLog) -> None:
        """Notices nothing until it is started."""
        self._job = job
        self._log = log
        self._own_text = _OwnText()
        self._modules = InstalledModules()
        self._looked_at: set[str] = set()
        self._local: set[str] = set()
        self._missing: set[str] = set()
        self._found = FirstFound(job.path)
        self._modules.add_files(PRELOADED.files)
        self._begun = False

    def start(self) -> None:
        """Begins to notice."""
        self._own_text.start()

    def begin(self, cell: Cell) -> None:
        """Takes note of what a cell says that it reads, before it does."""
        self._log.declare(cell.reads)

    def take(self) -> Seen:
        """What was not reported before."""
        log = self._log
        with log.apart():
            modules = self._loaded()
            missing = {name for name in MISSING.names if name not in sys.modules} - self._missing
            self._missing |= missing
            for question, digest in self._found.news(missing):
                log.know("module", question, digest)
            reads, wrote = log.take()
            return Seen(
                reads=reads,
                wrote=wrote,
                modules=modules,
                missing=tuple(sorted(missing)),
                code=self._modules.news(),
                unseen=log.unseen or (_CLOCK if log.clock else ""),
                own_text=self._own_text.seen or log.own_text,
                versions=loaded_versions(self._job.imports),
            )

    def _loaded(self) -> tuple[str, ...]:
        """Top-level installed modules not reported yet; modules of the user's own count as read."""
        before = PRELOADED.names
        new = [n for n in list(sys.modules) if n not in before and n not in self._looked_at]
        self._looked_at.update(new)
        found = self._preloaded()
        if "matplotlib" in new or "matplotlib" in found:
            with contextlib.suppress(OSError):  # the session's folder is gone
                self._log.read_settings(matplotlib_settings(), matplotlib_styles())
        for name in sorted(new, key=lambda name: name.count(".")):
            top = name.partition(".")[0]
            if is_own(top):
                continue
            if top != name and top not in self._local:
                self._modules.add(name)
                continue
            place = place_of(sys.modules.get(name))
            if place is not None and is_installed(place):
                found.append(top)
                self._modules.add(name)
            elif place is not None and not place.startswith(STANDARD):
                self._local.add(top)
                self._log.read_module(place)
            if place is not None:
                self._found.add(name, place)
        return tuple(sorted(found))

    def _preloaded(self) -> list[str]:
        """Top-level installed modules that a template had loaded, when they are first asked for."""
        if self._begun:
            return []
        self._begun = True
        for name, place in PRELOADED.places:
            self._found.add(name, place)
        return [*PRELOADED.installed]


class _OwnText:
    """Whether anybody looked at the text of the cells, as tracebacks, warnings and `inspect` do."""

    def __init__(self) -> None:
        self.seen = False

    def start(self) -> None:
        usual = linecache.getlines

        def getlines(filename: str, module_globals: dict[str, Any] | None = None) -> list[str]:
            self.seen = self.seen or _is_ours(filename)
            return usual(filename, module_globals)

        linecache.getlines = getlines


def _is_ours(filename: str) -> bool:
    """Whether a file is a cell, or no library's."""
    return not is_installed(filename) and "<frozen" not in filename
