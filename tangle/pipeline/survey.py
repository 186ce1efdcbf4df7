"""What the notes come to, as far as `build`, `check` and `list` ask.

Most pages of a large graph are prose, and nothing else depends on what they say. So a survey is
kept with the digests of the pages that it was made of: where only prose has changed since, those
pages alone are read again. What is found is the same either way.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property

from tangle.analyse import PackageName, plan
from tangle.link import PREFIX, PYTHON, GraphConfig, graph_config, link, other_names
from tangle.model import Graph, Page, PagePath, Problem, Uuid
from tangle.parse import NotUtf8, parse
from tangle.pipeline.generated import generated
from tangle.pipeline.load import Loaded, Sources, loaded, read
from tangle.pipeline.memory import Memory, Survey
from tangle.pipeline.outputs import output_states, section_rows, stored
from tangle.pipeline.project import Project
from tangle.store import ForeignFile, TreeChanges, compare_tree, plan_tree, text_digest

_BETWEEN_PAGES = frozenset({"duplicate-title", "duplicate-alias", "duplicate-id"})
_NO_PACKAGE = PackageName(root="d2l", module="torch")
"""Prose has no part in any package."""


class Findings:
    """A survey of a project's notes, and the files that they come to."""

    def __init__(self, project: Project) -> None:
        """Looks at the notes as they are on disk now.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        self.project = project
        self._sources = read(project)
        self._digests = {path: _digest(data) for path, data in self._sources.data.items()}
        self._memory = Memory(project, self._sources.settings)
        self._kept = self._memory.recall()
        brief = self._kept and _brought_up_to_date(self._kept, self._sources, self._digests)
        self.survey = brief or _surveyed(self._full, self._digests)

    @cached_property
    def _full(self) -> Loaded:
        return loaded(self.project, self._sources)

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Path and text of every file that the notes come to."""
        return generated(self._full)

    def changes(self) -> TreeChanges:
        """What building would change.

        Raises:
            ForeignFile: a file stands in the way that tangle did not write.
        """
        root, owned = self.project.output, self.project.package.root
        if self.survey.files:
            changes = compare_tree(root, self.survey.files, owned=owned)
        else:
            changes = plan_tree(root, self.files, owned=owned)
        if changes.foreign:
            raise ForeignFile([root / name for name in changes.foreign])
        return changes

    def remember(self) -> None:
        """Keep what was found for the next command; not where pages could not be read."""
        if self.survey is self._kept or self._has_unread:
            return
        survey = self.survey
        if not survey.files:
            digests = {name: text_digest(text) for name, text in self.files.items()}
            survey = replace(survey, files=digests)
        self._memory.keep(survey)

    @property
    def _has_unread(self) -> bool:
        return bool(self._sources.unread) or (not self.survey.files and bool(self._full.unread))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _surveyed(full: Loaded, digests: Mapping[PagePath, str]) -> Survey:
    """What all of the notes come to."""
    graph = full.plan.graph
    standing = stored(full)
    blocks = {(path, f.block) for path, page in graph.pages.items() for f in page.fences}
    coded = frozenset(uuid for uuid, at in graph.ids.items() if at in blocks)
    return Survey(
        pages=digests,
        faces=_faces(graph, full.config, coded, full.problems),
        ids=frozenset(graph.ids),
        coded=coded,
        problems=full.problems,
        outputs=tuple(output_states(full, standing)),
        rows=tuple(section_rows(full, standing)),
        files={},
    )


def _brought_up_to_date(
    kept: Survey, sources: Sources, digests: Mapping[PagePath, str]
) -> Survey | None:
    """The survey of the notes as they are now; None where more has changed than some prose."""
    if sources.unread or digests.keys() != kept.pages.keys():
        return None
    changed = [path for path, digest in digests.items() if kept.pages[path] != digest]
    if not changed:
        return kept
    config, _ = graph_config(sources.settings)
    problems = [problem for problem in kept.problems if problem.place.path not in set(changed)]
    for path in changed:
        found = _problems_alone(path, sources.data[path], config, kept)
        if found is None:
            return None
        problems += found
    problems.sort(key=_place_order)
    return replace(kept, pages=digests, problems=tuple(problems))


def _problems_alone(
    path: PagePath, data: bytes, config: GraphConfig, kept: Survey
) -> tuple[Problem, ...] | None:
    """The problems of a page that is prose, and looks to others as before; None where it is not."""
    if path not in kept.faces:
        return None
    try:
        page = parse(data, path)
    except NotUtf8:
        return None
    graph = link([page], config, elsewhere=kept.ids)
    problems = plan(graph, _NO_PACKAGE).problems
    faces = _faces(graph, config, kept.coded, problems)
    return problems if faces.get(path) == kept.faces[path] else None


def _faces(
    graph: Graph, config: GraphConfig, coded: AbstractSet[Uuid], problems: Iterable[Problem]
) -> dict[PagePath, str]:
    """Of each page that is only prose, the digest of what other pages notice of it."""
    entangled = graph.numbered | set(_entangled(problems))
    ids: defaultdict[PagePath, list[Uuid]] = defaultdict(list)
    for uuid, (path, _) in graph.ids.items():
        ids[path].append(uuid)
    found: dict[PagePath, str] = {}
    for path, page in graph.pages.items():
        if path not in entangled and _is_prose(page, coded):
            names = sorted({name for name, _ in other_names(page, config)})
            found[path] = text_digest(repr((graph.titles[path], names, sorted(ids[path]))))
    return found


def _entangled(problems: Iterable[Problem]) -> Iterator[PagePath]:
    """Pages of which a problem says what another has too; both are named."""
    for problem in problems:
        if problem.code in _BETWEEN_PAGES:
            yield problem.place.path
            yield PagePath(problem.message.rpartition(" at ")[2].rsplit(":", 2)[0])


def _is_prose(page: Page, coded: AbstractSet[Uuid]) -> bool:
    """Whether a page has no code, takes none from elsewhere, and says nothing to tangle."""
    return not (
        PREFIX.encode() in page.data.lower()
        or any(fence.language.lower() in PYTHON for fence in page.fences)
        or any(entry.alone and entry.target in coded for entry in page.references)
    )


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return (problem.place.path, problem.place.line, problem.place.column)
