"""Build jobs from sessions: the cells of a unit, and the package that they import."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse import ChunkCode, Package, PlannedChunk, Session
from tangle.analyse.kept_comments import unshown_values
from tangle.emit import Module, module, package_files
from tangle.engine.memory import memory_limit, total_memory
from tangle.engine.scratch import scratch_folder
from tangle.model import (
    Cell,
    CodeLine,
    Debugging,
    Failure,
    Job,
    Origin,
    PagePath,
    Place,
    Problem,
    SectionName,
    Source,
)
from tangle.model.problems.markers import UNKNOWN_CHUNK
from tangle.model.problems.page import MOVED_CODE, UNKNOWN_PROPERTY
from tangle.store import NotWritable, check_links, make_folder, write_tree
from tangle.verbs.project import Project
from tangle.verbs.selection import Selected

FAULTS: Final = ("UnknownProperty", "BadProperty")
"""The names of failures for which no chunk of a section is run."""

_REFUSALS: Final = {MOVED_CODE.code: "MovedCode", UNKNOWN_CHUNK.code: "OpenReference"}
"""What the failure of a chunk is called that lacks lines, by problem."""


class DebuggedSection(Struct, frozen=True, kw_only=True):
    """The section that is debugged, and how."""

    section: SectionName
    debugging: Debugging


class RunOptions(Struct, frozen=True, kw_only=True):
    """Options of a run; None leaves the value to the configuration.

    Attributes:
        jobs: how many sections run at a time; None for as many as there are cores.
        cached: whether the cache may answer.
        fresh: run everything, each section in a process that nothing was imported in before.
        changed_since: a revision; only sections that changed since then are run.
        verify: compare the outputs with those in the notes; `write` must be False then.
        exitfirst: whether the first chunk that fails ends its session; else only the chunks that
            need what it defines or changes are skipped.
        quiet_seconds: for how long no other program must have saved a page that is being edited
            before outputs go into it; 0 writes at once.
        debugging: the section that is debugged, and how; it has no time limit then.
        executor: `local`, `dask` for a cluster on this machine, or `dask:ADDRESS`.
    """

    device: str | None = None
    timeout: float | None = None
    jobs: int | None = None
    max_memory: str | None = None
    cached: bool = True
    fresh: bool = False
    write: bool = True
    force: bool = False
    changed_since: str | None = None
    server: bool = True
    verify: bool = False
    exitfirst: bool = False
    quiet_seconds: float = 0.0
    debugging: DebuggedSection | None = None
    executor: str = "local"


class PreparedPackage(Struct, frozen=True, kw_only=True):
    """The generated package, written where the workers of a run can import it."""

    folder: Path
    path: Path
    module: Module

    def sources(self, project: Project) -> tuple[Source, ...]:
        """The generated module as a job has it, with paths as messages name them."""
        places = tuple(
            origin and replace(origin, path=PagePath(project.shown(origin.path)))
            for origin in self.module.origins
        )
        return (Source(path=str(self.path), origins=places),)


@contextmanager
def prepared_package(package: Package) -> Iterator[PreparedPackage]:
    """The generated package, in a folder that is there as long as this lasts."""
    files, text = package_with_places(package)
    with scratch_tree(files, owned=package.name.root) as folder:
        path = folder / package.name.root / f"{package.name.module}.py"
        yield PreparedPackage(folder=folder, path=path, module=text)


@contextmanager
def scratch_tree(files: Mapping[str, str], *, owned: str) -> Iterator[Path]:
    """Write generated files into a temporary folder, which is removed at the end.

    Args:
        files: text by path, relative to the folder.
        owned: the folder within it that belongs to tangle.

    Raises:
        NotWritable: there is no room for it.
    """
    with ExitStack() as made:
        try:
            folder = made.enter_context(scratch_folder()).resolve()
        except OSError as error:
            raise NotWritable(Path(tempfile.gettempdir()), error) from error
        write_tree(folder, files, owned=owned)
        yield folder


def package_with_places(package: Package) -> tuple[Mapping[str, str], Module]:
    """The files that `import d2l` needs in a worker, and the module with its places.

    Where nothing is saved, an installed package of that name is imported as it is.
    """
    text = module(package)
    if package.is_empty and package.overlay:
        return {}, text
    saved = None if package.is_empty else text.text
    return package_files(package.name, saved, overlay=package.overlay), text


def job(project: Project, selected: Selected, package: PreparedPackage, options: RunOptions) -> Job:
    """Build the job of a session: its borrowed statements as a first cell, then its chunks.

    Args:
        project: whose notes.
        selected: the session, whole or up to one of its sections.
        package: the package that its cells import.
        options: device, limits, what takes part.
    """
    session = selected.session
    folder = project.graph / session.folder
    cells = [] if not session.prelude else [_prelude(project, selected, folder)]
    counts: dict[SectionName, int] = {}
    origins: dict[int, tuple[Origin, ...]] = {}  # a chunk may take part many times
    for planned in session.chunks[: selected.chunks]:
        name = planned.occurrence.section
        counts[name] = counts.get(name, 0) + 1
        if planned.code.chunk.settings.run:
            chunk = planned.code.chunk
            if id(chunk) not in origins:
                origins[id(chunk)] = _origins(project, chunk.lines)
            made = _cell(project, planned, counts[name], origins[id(chunk)])
            cells.append(replace(made, reads=_patterns(folder, planned.reads)))
    if session.unit.faults and cells:
        refusal_of_all = _fault(project, session.unit.faults)
        cells[0] = replace(cells[0], refusal=refusal_of_all, may_fail=False)
    debugged = options.debugging
    if debugged is not None and debugged.section == session.name:
        cells = [replace(cell, timeout=None) for cell in cells]
    else:
        debugged = None
    return Job(
        section=session.name,
        cells=tuple(cells),
        directory=str(folder),
        path=(str(package.folder),),
        imports=session.imports,
        device=options.device or _declared_device(selected) or project.options.device,
        seed=project.options.seed,
        figure_format=project.options.figures,
        timeout=None if debugged else options.timeout or project.options.timeout or None,
        watched=str(project.root),
        sources=package.sources(project),
        max_memory=_max_memory(options.max_memory or project.options.max_memory),
        exitfirst=options.exitfirst or bool(session.unit.faults),
        debugging=debugged.debugging if debugged is not None else None,
    )


def make_working_folder(project: Project, session: Session) -> None:
    """Create the folder that `tangle.cwd` names, where it is not there yet.

    Args:
        project: whose notes.
        session: that is about to run.

    Raises:
        NotWritable: it cannot be created.
        Outside: a link on the way leads out of the graph.
    """
    folder = project.graph / session.folder
    if not folder.is_dir():
        check_links(folder, project.graph)
        make_folder(folder)


@cache
def _max_memory(size: str) -> int | None:
    return memory_limit(size, total_memory())


def _declared_device(selected: Selected) -> str | None:
    chunks = selected.session.chunks[: selected.chunks]
    devices = (planned.code.chunk.settings.device for planned in chunks)
    return next((device for device in devices if device), None)


def _prelude(project: Project, selected: Selected, folder: Path) -> Cell:
    lines = [line for entry in selected.session.prelude for line in entry.lines]
    return Cell(
        name=f"{selected.session.name} borrowed",
        code="".join(f"{line.text}\n" for line in lines),
        origins=_origins(project, lines),
        reads=_patterns(folder, selected.session.reads),
    )


def _patterns(folder: Path, patterns: Sequence[str]) -> tuple[str, ...]:
    """Patterns of files, absolute."""
    return tuple(os.path.abspath(folder / pattern) for pattern in patterns)  # noqa: PTH100 -- `..` goes, links stay


def _cell(project: Project, planned: PlannedChunk, count: int, origins: tuple[Origin, ...]) -> Cell:
    chunk = planned.code.chunk
    return Cell(
        name=f"{planned.occurrence.section} chunk {count}",
        code=chunk.code,
        origins=origins,
        raises=chunk.settings.raises,
        may_fail=chunk.settings.xfail is not None,
        timeout=chunk.settings.timeout,
        examples=planned.code.parsed.examples,
        values=unshown_values(planned.code),
        refusal=refusal(project, planned.code),
        place=Place(path=PagePath(project.shown(chunk.page)), line=chunk.line),
    )


def refusal(project: Project, code: ChunkCode) -> Failure | None:
    """Return why a chunk must not run, as a failure; None if it may.

    Args:
        project: whose notes.
        code: the chunk.
    """
    problem = code.obstacle
    if problem is None:
        return None
    name = _REFUSALS.get(problem.code, "SyntaxError")
    return _failure(project, name, problem)


def _fault(project: Project, faults: Sequence[Problem]) -> Failure:
    """Why nothing of a section is run whose properties say nothing that can be obeyed."""
    first = faults[0]
    name = FAULTS[first.code != UNKNOWN_PROPERTY.code]
    return _failure(project, name, first)


def _failure(project: Project, name: str, problem: Problem) -> Failure:
    place = replace(problem.place, path=PagePath(project.shown(problem.place.path)))
    message = problem.message
    if problem.hint and name != "OpenReference":
        message += f"; {problem.hint}"
    return Failure(name=name, message=message, traceback="", place=place)


def _origins(project: Project, lines: Sequence[CodeLine]) -> tuple[Origin, ...]:
    return tuple(
        Origin(
            path=PagePath(project.shown(line.place.path)),
            line=line.place.line,
            margin=line.place.column - 1,
        )
        for line in lines
    )
