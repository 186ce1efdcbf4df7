"""What a session's outcome may rest on beside its code, noticed cell by cell."""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from tangle.model import Job, Seen
from tangle.run.worker.reads import ReadLog
from tangle.run.worker.versions import loaded_versions
from tangle.run.worker.witness import matplotlib_settings

_SITES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OWN = frozenset({"tangle", "tangle_cli", "__main__", "__mp_main__"})


class MissingModules(MetaPathFinder):
    """The last of the finders: it finds nothing, and knows what nobody found.

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
"""What this process, and the zygote that it was forked from, looked for in vain."""


class Noticing:
    """Notices what the cells of a session read and load; asked at the end of each."""

    def __init__(self, job: Job) -> None:
        """Notices nothing until it is started."""
        self._job = job
        own = {p for p in job.path for s in job.sources if s.path.startswith(p + os.sep)}
        self._reads = ReadLog(job.watched or job.directory, own)
        self._own_text = _OwnText()
        self._modules: set[str] = set()
        self._looked_at: set[str] = set()
        self._local: set[str] = set()
        self._missing: set[str] = set()
        paths = sysconfig.get_paths()
        standard = {paths["stdlib"], paths["platstdlib"]}
        standard |= {str(Path(path).resolve()) for path in standard}
        self._standard = tuple(path + os.sep for path in standard)

    def start(self) -> None:
        """Begins to notice."""
        sys.addaudithook(self._reads.listen)
        self._own_text.start()

    def begin_anew(self) -> None:
        """Goes on in a copy of the session."""
        self._reads.begin_anew()

    def take(self) -> Seen:
        """What there is beside what was told before."""
        modules = self._loaded()
        reads, wrote = self._reads.take()
        missing = {name for name in MISSING.names if name not in sys.modules} - self._missing
        self._missing |= missing
        return Seen(
            reads=reads,
            wrote=wrote,
            modules=modules,
            missing=tuple(sorted(missing)),
            spawned=self._reads.spawned,
            own_text=self._own_text.seen,
            versions=loaded_versions(self._job.imports),
        )

    def _loaded(self) -> tuple[str, ...]:
        """Top-level installed modules not told yet; modules of the user's own count as read."""
        new = [name for name in list(sys.modules) if name not in self._looked_at]
        self._looked_at.update(new)
        if "matplotlib" in new:
            with contextlib.suppress(OSError):  # the session's folder is gone
                self._reads.read_settings(matplotlib_settings())
        found = []
        for name in sorted(new, key=lambda name: name.count(".")):
            top = name.partition(".")[0]
            if top in _OWN or (top != name and top not in self._local):
                continue
            place = _place(sys.modules.get(name))
            if place is not None and _installed(place):
                found.append(top)
            elif place is not None and not place.startswith(self._standard):
                self._local.add(top)
                self._reads.read_module(place)
        return tuple(sorted(found))


def _place(module: object) -> str | None:
    """The file of a module, if it has one, or the first folder of a package without."""
    if not isinstance(module, ModuleType):
        return None
    place = module.__dict__.get("__file__")
    if isinstance(place, str):
        return place
    path: Any = module.__dict__.get("__path__")
    return next((str(entry) for entry in path), None) if path is not None else None


def _installed(place: str) -> bool:
    return any(site in place for site in _SITES)


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
    return not _installed(filename) and "<frozen" not in filename
