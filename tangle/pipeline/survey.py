"""What the notes come to, as far as `build`, `check` and `list` ask.

Most pages of a large graph are prose, and nothing else depends on what they say. So a survey is
kept with the digests of the pages that it was made of. Where only prose has changed since, those
pages alone are parsed again; where code has, all that is not prose. What is found is the same.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property

from tangle.analyse import wanted_modules
from tangle.link import PREFIX, PYTHON, GraphConfig, other_names, title_key
from tangle.model import Graph, Page, PagePath, Problem, Uuid
from tangle.pipeline.generated import generated
from tangle.pipeline.load import Loaded, Sources, loaded, read
from tangle.pipeline.memory import Face, Memory, Survey
from tangle.pipeline.outputs import output_states, section_rows, stored
from tangle.pipeline.project import Project
from tangle.store import ForeignFile, TreeChanges, compare_tree, plan_tree, text_digest

_BETWEEN_PAGES = frozenset({"duplicate-title", "duplicate-alias", "duplicate-id"})


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
        self._loaded: Loaded | None = None
        brief = None
        if self._kept is not None:
            brief = _brought_up_to_date(self._kept, project, self._sources, self._digests)
        if brief is None:
            self._loaded = loaded(project, self._sources)
            self.survey = _surveyed(self._loaded, self._digests)
        else:
            self.survey, self._loaded = brief

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Path and text of every file that the notes come to."""
        return generated(self._loaded or loaded(self.project, self._sources))

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
        unread = self._loaded is not None and self._loaded.unread
        if self.survey is self._kept or self._sources.unread or unread:
            return
        survey = self.survey
        if not survey.files:
            digests = {name: text_digest(text) for name, text in self.files.items()}
            survey = replace(survey, files=digests)
        self._memory.keep(survey)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _surveyed(full: Loaded, digests: Mapping[PagePath, str]) -> Survey:
    """What notes come to, of which all is loaded that matters to their code."""
    graph = full.plan.graph
    standing = stored(full)
    blocks = {(path, f.block) for path, page in graph.pages.items() for f in page.fences}
    coded = frozenset(uuid for uuid, at in graph.ids.items() if at in blocks)
    prose = _prose(graph, full.config, coded, full.problems)
    return Survey(
        pages=digests,
        prose=prose,
        ids=frozenset(uuid for uuid, (path, _) in graph.ids.items() if path not in prose),
        coded=coded,
        problems=full.problems,
        outputs=tuple(output_states(full, standing)),
        rows=tuple(section_rows(full, standing)),
        modules=tuple(wanted_modules(full.plan)),
        files={},
    )


def _brought_up_to_date(
    kept: Survey, project: Project, sources: Sources, digests: Mapping[PagePath, str]
) -> tuple[Survey, Loaded | None] | None:
    """The survey of the notes as they are now, and what had to be loaded for it.

    Where only prose has changed, that is read and nothing else; else all pages but the prose that
    has not. None where what has changed may matter to prose that was not read.
    """
    if sources.unread or digests.keys() != kept.pages.keys():
        return None
    changed = {path for path, digest in digests.items() if kept.pages[path] != digest}
    if not changed:
        return kept, None
    unread = kept.prose.keys() - changed
    ids = {uuid for path in unread for uuid in kept.prose[path].ids}
    if changed <= kept.prose.keys():
        part = _part(project, sources, changed, ids | kept.ids)
        now = _surveyed(part, digests)
        right = now.prose == {path: kept.prose[path] for path in changed}
        told = [problem for problem in kept.problems if problem.place.path not in changed]
        told += [problem for problem in now.problems if problem.place.path in changed]
        brief, needed = replace(kept, pages=digests), None
    else:
        part = needed = _part(project, sources, digests.keys() - unread, ids)
        now = _surveyed(part, digests)
        right = _looks_the_same(now, kept, part, changed, unread)
        told = [problem for problem in kept.problems if problem.place.path in unread]
        told += now.problems
        brief = replace(now, prose=kept.prose)
    if part.unread or not right:
        return None
    return replace(brief, problems=tuple(sorted(told, key=_place_order))), needed


def _part(
    project: Project, sources: Sources, pages: Iterable[PagePath], elsewhere: AbstractSet[Uuid]
) -> Loaded:
    """Some of the pages, loaded as if they were all, but for the ids that others have."""
    data = {path: sources.data[path] for path in sorted(pages)}
    return loaded(project, replace(sources, data=data), elsewhere=elsewhere)


def _looks_the_same(
    now: Survey,
    kept: Survey,
    part: Loaded,
    changed: AbstractSet[PagePath],
    unread: AbstractSet[PagePath],
) -> bool:
    """Whether prose that was not read finds everything as it was, and nobody takes its names."""
    read_prose = changed & kept.prose.keys()
    taken = {name for path in unread for name in kept.prose[path].names}
    return (
        now.ids == kept.ids
        and now.coded == kept.coded
        and now.prose == {path: kept.prose[path] for path in read_prose}
        and taken.isdisjoint(part.plan.graph.names)
    )


def _prose(
    graph: Graph,
    config: GraphConfig,
    coded: AbstractSet[Uuid],
    problems: Iterable[Problem],
) -> dict[PagePath, Face]:
    """The pages that are only prose, and what other pages notice of each."""
    entangled = graph.numbered | set(_entangled(problems))
    ids: defaultdict[PagePath, list[Uuid]] = defaultdict(list)
    for uuid, (path, _) in graph.ids.items():
        ids[path].append(uuid)
    found: dict[PagePath, Face] = {}
    for path, page in graph.pages.items():
        if path not in entangled and _is_prose(page, coded):
            names = (graph.titles[path], *(name for name, _ in other_names(page, config)))
            keys = tuple(dict.fromkeys(map(title_key, names)))
            found[path] = Face(names=keys, ids=tuple(sorted(ids[path])))
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
