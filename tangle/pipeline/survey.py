"""What check, build and list need of the notes; what did not change since last time is remembered.

`find_all` looks at every page, and so says what is right. `renewed` works out again only what an
edit can have touched: it has to come to the same, or to give up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tangle.model import CONFIG, Page, PagePath, Problem, in_order
from tangle.pipeline.findings import Findings, FoundProblem, digest, problem_of
from tangle.pipeline.memory import Memory
from tangle.pipeline.problems import by_place
from tangle.pipeline.project import Project
from tangle.store import NotReadable, page_files, read_bytes, read_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        unread: the problems of pages that could not be read.
        problems: all that is wrong with the notes, in order of place.
        files: path and text of every file that the notes come to.
    """

    project: Project
    findings: Findings
    unread: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    files: Mapping[str, str]


def survey(project: Project, memory: Memory | None = None) -> Survey:
    """Look at the notes.

    Args:
        project: whose notes.
        memory: what is remembered of them; it is kept up to date.

    Raises:
        NotReadable: the graph's folder, or its configuration, cannot be read.
    """
    config = read_bytes(project.graph / CONFIG)
    known = memory.recall() if memory is not None else None
    if known is not None and known.config != digest(config):
        known = None
    hidden = known.hidden if known is not None else _hidden(config)
    read = read_files(project.graph, page_files(project.graph, hidden))
    found = _renewed(project, known, read) if known is not None else None
    if found is not None:
        unread: tuple[Problem, ...] = ()
    else:
        found, unread = _anew(project, config, read)
    if memory is not None and not unread and found is not known:
        memory.keep(found)
    return _survey(project, found, unread)


def _hidden(config: bytes) -> tuple[str, ...]:
    from tangle.link import graph_config

    return graph_config(config.decode("utf-8", "replace"))[0].hidden


def _anew(
    project: Project, config: bytes, read: Mapping[PagePath, bytes | NotReadable]
) -> tuple[Findings, tuple[Problem, ...]]:
    """What is found on all pages that can be read, and the problems of the others."""
    from tangle.pipeline.finder import find_all
    from tangle.pipeline.load import parsed

    pages: dict[PagePath, Page] = {}
    digests: dict[PagePath, str] = {}
    unread: list[Problem] = []
    for path, data in read.items():
        page = parsed(project, path, data)
        if isinstance(page, Problem):
            unread.append(page)
        else:
            pages[path] = page
            digests[path] = digest(page.data)
    return find_all(project, config, pages, digests), tuple(unread)


def _renewed(
    project: Project, known: Findings, read: Mapping[PagePath, bytes | NotReadable]
) -> Findings | None:
    """What is found now, where that follows from what is remembered."""
    if read.keys() != known.pages.keys():
        return None
    changed: dict[PagePath, str] = {}
    data: dict[PagePath, bytes] = {}
    for path, found in read.items():
        if isinstance(found, NotReadable):
            return None
        data[path] = found
        now = digest(found)
        if now != known.pages[path].digest:
            changed[path] = now
    if not changed:
        return known
    from tangle.pipeline.renewal import renewed

    return renewed(project, known, data, changed)


def _survey(project: Project, found: Findings, unread: tuple[Problem, ...]) -> Survey:
    units = found.units
    kept: list[FoundProblem] = [
        *(problem for page in found.pages.values() for problem in page.problems),
        *(problem for unit in units for problem in unit.syntax),
        *found.package.problems,
        *(problem for unit in units for _, problem in unit.missing),
        *(problem for unit in units for problem in unit.needs),
    ]
    texts = (unit.script for unit in units if unit.chunks)
    return Survey(
        project=project,
        findings=found,
        unread=unread,
        problems=by_place(
            [*map(problem_of, found.problems), *unread, *in_order(map(problem_of, kept))]
        ),
        files={**found.shared, **dict(zip(found.scripts, texts, strict=True))},
    )
