"""Sessions to jobs: the cells of a section, and the package that they import."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tangle.analyse import Package, PlannedChunk
from tangle.emit import Module, init, module
from tangle.model import Cell, CodeLine, Job, Origin, PagePath, SectionName, Source
from tangle.pipeline.project import Project
from tangle.pipeline.selection import Selected
from tangle.run import memory_limit, total_memory
from tangle.store import scratch_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line asks of a run; None where the configuration decides.

    Attributes:
        jobs: how many sections run at a time; None for as many as there are cores.
        changed_since: a revision; only sections that changed since then are run.
        verify: compare the outputs with those in the notes; `write` must be False then.
    """

    device: str | None = None
    timeout: float | None = None
    jobs: int | None = None
    max_memory: str | None = None
    fresh: bool = False
    write: bool = True
    force: bool = False
    changed_since: str | None = None
    server: bool = True
    verify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPackage:
    """The generated package, written where the workers of one run find it."""

    folder: Path
    path: Path
    module: Module


@contextmanager
def prepared_package(package: Package) -> Iterator[PreparedPackage]:
    """The generated package, in a folder that is there as long as this lasts."""
    files, text = package_files(package)
    with scratch_tree(files, owned=package.name.root) as folder:
        path = folder / package.name.root / f"{package.name.module}.py"
        yield PreparedPackage(folder=folder, path=path, module=text)


def package_files(package: Package) -> tuple[Mapping[str, str], Module]:
    """The files that `import d2l` needs in a worker, and the module with its places."""
    text = module(package)
    root = package.name.root
    return {
        f"{root}/__init__.py": init(package.name),
        f"{root}/{package.name.module}.py": text.text,
    }, text


def job(project: Project, selected: Selected, package: PreparedPackage, options: RunOptions) -> Job:
    """The job of a session: its borrowed statements as a first cell, then its chunks."""
    session = selected.session
    page = project.graph / session.unit.section.page
    cells = [] if not session.prelude else [_prelude(project, selected)]
    counts: dict[SectionName, int] = {}
    for planned in session.chunks[: selected.chunks]:
        name = planned.occurrence.section
        counts[name] = counts.get(name, 0) + 1
        if planned.code.chunk.settings.run:
            cells.append(_cell(project, planned, counts[name], page.parent))
    origins = tuple(
        origin and replace(origin, path=PagePath(project.shown(origin.path)))
        for origin in package.module.origins
    )
    return Job(
        section=session.name,
        cells=tuple(cells),
        directory=str(page.parent),
        path=(str(package.folder),),
        imports=session.imports,
        device=options.device or _declared_device(selected) or project.options.device,
        seed=project.options.seed,
        figure_format=project.options.figures,
        timeout=options.timeout or project.options.timeout or None,
        watched=str(project.root),
        sources=(Source(path=str(package.path), origins=origins),),
        max_memory=_max_memory(options.max_memory or project.options.max_memory),
    )


@cache
def _max_memory(size: str) -> int | None:
    return memory_limit(size, total_memory())


def _declared_device(selected: Selected) -> str | None:
    chunks = selected.session.chunks[: selected.chunks]
    devices = (planned.code.chunk.settings.device for planned in chunks)
    return next((device for device in devices if device), None)


def _prelude(project: Project, selected: Selected) -> Cell:
    lines = [line for entry in selected.session.prelude for line in entry.lines]
    return Cell(
        name=f"{selected.session.name} borrowed",
        code="".join(f"{line.text}\n" for line in lines),
        origins=_origins(project, lines),
    )


def _cell(project: Project, planned: PlannedChunk, count: int, folder: Path) -> Cell:
    chunk = planned.code.chunk
    return Cell(
        name=f"{planned.occurrence.section} chunk {count}",
        code=chunk.code,
        origins=_origins(project, chunk.lines),
        raises=chunk.settings.raises,
        may_fail=chunk.settings.xfail is not None,
        timeout=chunk.settings.timeout,
        reads=tuple(os.path.abspath(folder / pattern) for pattern in chunk.settings.reads),  # noqa: PTH100 -- `..` goes, links stay
    )


def _origins(project: Project, lines: Sequence[CodeLine]) -> tuple[Origin, ...]:
    return tuple(
        Origin(
            path=PagePath(project.shown(line.place.path)),
            line=line.place.line,
            margin=line.place.column - 1,
        )
        for line in lines
    )
