"""Find the files that workers need which do not share the project's folder."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tangle import STATE_FOLDER
from tangle.analyse.data_names import data_names
from tangle.engine.cluster.messages import SentFile
from tangle.errors import UsageError
from tangle.model import Job, SectionName
from tangle.store import NotReadable, digest_file
from tangle.verbs.execution import Prepared
from tangle.verbs.project import Project
from tangle.verbs.results.cache import Answers

_NAMED: Final = 5


class TooMuchToSend(UsageError):
    """The files that sections read are too large to be sent."""

    def __init__(self, files: Sequence[SentFile], limit: int) -> None:
        """Name the largest, and the ways out."""
        largest = sorted(files, key=lambda file: -file.size)[:_NAMED]
        names = ", ".join(f"{file.path} ({file.size >> 20} MiB)" for file in largest)
        total = sum(file.size for file in files) >> 20
        super().__init__(
            f"the sections read {total} MiB of files, and workers that do not share the project's "
            f"folder get at most {limit >> 20} MiB: {names}; let the workers share the folder, or "
            "set cluster_files in tangle.toml to more"
        )


class SentFiles:
    """The project's files that sections are known to read."""

    def __init__(self, project: Project, answers: Answers) -> None:
        """Looks at nothing yet.

        Args:
            project: whose files.
            answers: knows what sections read when they last ran.
        """
        self._roots = roots(project)
        self._own = (project.state / STATE_FOLDER, project.output)
        self._answers = answers
        self._known: dict[str, SentFile | None] = {}

    def of(self, section: Prepared) -> tuple[SentFile, ...]:
        """The files that a section reads: as its last run had it, as it declares, as it names."""
        job = section.turn.job
        last = self._answers.last_reads(job, section.keys)
        paths = [
            *(last.paths if last is not None else ()),
            *_declared(job),
            *_named(section),
        ]
        found = (self._sent(path) for each in paths for path in _files_at(each))
        return tuple({file.path: file for file in found if file is not None}.values())

    def _sent(self, path: str) -> SentFile | None:
        if path not in self._known:
            self._known[path] = self._look_at(Path(path)) if self._is_sent(path) else None
        return self._known[path]

    def _is_sent(self, path: str) -> bool:
        where = Path(path)
        if any(where.is_relative_to(folder) for folder in self._own):
            return False
        return any(where.is_relative_to(root) for root in self._roots)

    def _look_at(self, path: Path) -> SentFile | None:
        try:
            status = path.stat()
            return SentFile(
                path=str(path),
                digest=digest_file(path),
                size=status.st_size,
                modified=status.st_mtime_ns,
            )
        except (OSError, NotReadable):
            return None


def check_size(files: Iterable[Sequence[SentFile]], limit: int | None) -> None:
    """Refuse to send more than the limit. A file that several sections need counts once.

    Args:
        files: of each section.
        limit: in bytes; None for no limit.

    Raises:
        TooMuchToSend: the files are larger.
    """
    contents = {file.digest: file for section in files for file in section}
    if limit is not None and sum(file.size for file in contents.values()) > limit:
        raise TooMuchToSend(tuple(contents.values()), limit)


def roots(project: Project) -> tuple[str, ...]:
    """The folders whose files are the project's: none lies in another."""
    if project.graph.is_relative_to(project.root):
        return (str(project.root),)
    return (str(project.root), str(project.graph))


def _declared(job: Job) -> Iterator[str]:
    for pattern in dict.fromkeys(pattern for cell in job.cells for pattern in cell.reads):
        yield from glob.iglob(pattern, recursive=True)  # noqa: PTH207 -- as the worker matches them


def _named(section: Prepared) -> Iterator[str]:
    """Files that the code names, and modules beside the page."""
    job = section.turn.job
    texts = data_names([*section.session.package, *(cell.code for cell in job.cells)]).texts
    for text in texts:
        if 0 < len(text) < 1000 and text.isprintable():
            path = os.path.normpath(os.path.join(job.directory, os.path.expanduser(text)))  # noqa: PTH111, PTH118 -- as code has it
            if os.path.isfile(path):  # noqa: PTH113
                yield path
    for name in job.imports:
        module = Path(job.directory) / name
        yield str(module.with_suffix(".py"))
        yield from (str(path) for path in module.rglob("*.py"))


def _files_at(path: str) -> Iterator[str]:
    """A file; for a folder that was listed, those in it."""
    if not path.endswith(os.sep):
        if os.path.isfile(path):  # noqa: PTH113 -- quicker
            yield path
        return
    try:
        with os.scandir(path) as entries:
            yield from (entry.path for entry in entries if entry.is_file())
    except OSError:
        return


def section_files(
    project: Project, sections: Sequence[Prepared], answers: Answers, limit: int | None
) -> dict[SectionName, tuple[SentFile, ...]]:
    """The files that each section needs on a worker without the project's folder.

    Args:
        project: whose files.
        sections: those that are to run.
        answers: knows what they read when they last ran.
        limit: bytes that may be sent; None for any number.

    Raises:
        TooMuchToSend: it would be more.
    """
    sent = SentFiles(project, answers)
    found = {entry.turn.job.section: sent.of(entry) for entry in sections}
    check_size(found.values(), limit)
    return found
