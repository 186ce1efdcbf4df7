"""The files of a run on a worker: its generated package, and copies of what sections read.

A worker that shares the project's folder works in it. Any other gets the project's files that a
section is known to read, each once, by digest, into a separate folder; paths in the job lead
there, and paths in what comes back are those of the project again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.engine.cluster.messages import Proof, RunContext, Task, digest_of
from tangle.model import Job
from tangle.typed_json import decode, encode

_FOLDER: Final = "tangle"


class Place(Struct, frozen=True, kw_only=True):
    """Where the sections of a run find their files on this worker.

    Attributes:
        context: of the run.
        package: the folder of the generated package, here.
        roots: for each folder of the project, the one that replaces it here; empty if the
            worker shares the project's.
    """

    context: RunContext
    package: str
    roots: tuple[tuple[str, str], ...]

    @property
    def shared(self) -> bool:
        """Whether the worker shares the project's folder."""
        return not self.roots

    def here(self, path: str) -> str:
        """Where something of the project is on this worker."""
        for theirs, ours in self.roots:
            if path == theirs or path.startswith(theirs.rstrip(os.sep) + os.sep):
                return ours + path[len(theirs.rstrip(os.sep)) :]
        return path

    def job(self, job: Job) -> Job:
        """The job, with this worker's paths."""
        package = self.context.package
        sources = tuple(
            replace(source, path=self.package + source.path.removeprefix(package))
            for source in self.context.sources
        )
        cells = job.cells
        if not self.shared:
            cells = tuple(
                replace(cell, reads=tuple(map(self.here, cell.reads))) if cell.reads else cell
                for cell in cells
            )
        return replace(
            job,
            cells=cells,
            directory=self.here(job.directory),
            path=(self.package,),
            watched=None if job.watched is None else self.here(job.watched),
            sources=sources,
        )

    def original(self, data: bytes) -> bytes:
        """JSON in which this worker's paths are those of the project again.

        The folders here have names that nothing else has, so they are found in any text.
        """
        for ours, theirs in ((self.package, self.context.package), *self._backwards):
            data = data.replace(_in_json(ours), _in_json(theirs))
        return data

    @property
    def _backwards(self) -> tuple[tuple[str, str], ...]:
        return tuple((ours, theirs.rstrip(os.sep)) for theirs, ours in self.roots)


class Folders:
    """The files that this worker has for the runs that it takes part in."""

    def __init__(self, base: str) -> None:
        """Has nothing.

        Args:
            base: the worker's own folder, which it removes at its end.
        """
        self._base = Path(base).absolute() / _FOLDER
        self._contents = self._base / "contents"
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}

    def lacking(self, task: Task) -> tuple[str, ...]:
        """The digests of the contents that the task needs and that are not here."""
        place = self._places.get(task.context)
        if place is None:
            if not self._has(task.context):
                return (task.context,)
            place = self._open(task)
        if place.shared:
            return ()
        wanted = (f.digest for f in task.files if not os.path.lexists(place.here(f.path)))
        return tuple(dict.fromkeys(digest for digest in wanted if not self._has(digest)))

    def take(self, contents: Mapping[str, bytes]) -> None:
        """Keep contents by digest; what does not have its digest is dropped."""
        self._contents.mkdir(parents=True, exist_ok=True)
        for digest, data in contents.items():
            if digest_of(data) == digest:
                draft = self._contents / f"{digest}.{threading.get_ident()}"
                draft.write_bytes(data)
                draft.replace(self._contents / digest)

    def place(self, task: Task) -> Place:
        """Where the task's section runs, once nothing is lacking; its files lie there."""
        place = self._places[task.context]
        if not place.shared:
            for file in task.files:
                self._put(Path(place.here(file.path)), file.digest, file.modified)
            Path(place.here(task.job.directory)).mkdir(parents=True, exist_ok=True)
        return place

    def forget(self, run: str) -> None:
        """Remove what a run had here; contents stay for the next one."""
        with self._lock:
            for digest, place in list(self._places.items()):
                if place.context.run == run:
                    del self._places[digest]
                    (self._contents / digest).unlink(missing_ok=True)
        shutil.rmtree(self._run(run), ignore_errors=True)

    def _open(self, task: Task) -> Place:
        with self._lock:
            if task.context in self._places:
                return self._places[task.context]
            context = decode((self._contents / task.context).read_bytes(), RunContext)
            folder = self._run(context.run)
            package = folder / "package"
            for name, text in context.files:
                path = package / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
            package.mkdir(parents=True, exist_ok=True)
            shared = context.same_machine or holds(context.proof)
            numbered = enumerate(context.roots)
            roots = () if shared else tuple((r, str(folder / f"files{i}")) for i, r in numbered)
            place = Place(context=context, package=str(package), roots=roots)
            self._places[task.context] = place
            return place

    def _run(self, run: str) -> Path:
        return self._base / f"run-{run}"

    def _has(self, digest: str) -> bool:
        return (self._contents / digest).is_file()

    def _put(self, path: Path, digest: str, modified: int) -> None:
        """Copy a file to its place, unless an earlier section of the run left something there."""
        with self._lock:
            if os.path.lexists(path):
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.tangle-{threading.get_ident()}")
            shutil.copyfile(self._contents / digest, draft)
            os.utime(draft, ns=(modified, modified))
            draft.replace(path)


def holds(proof: Proof | None) -> bool:
    """Whether the file of a proof can be read here."""
    if proof is None:
        return False
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return Path(proof.path).read_text(encoding="utf-8") == proof.text
    return False


def _in_json(path: str) -> bytes:
    return encode(path)[1:-1]
