"""All pages together: which page has a title, an id or a name, and what stands twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from tangle.link.books import PageNumbers
from tangle.link.page_facts import Anchors, PageFacts
from tangle.link.titles import title_key
from tangle.model import Page, PagePath, Place, Problem, ProblemKind, Uuid
from tangle.model.problems.graph import (
    DUPLICATE_ALIAS,
    DUPLICATE_ID,
    DUPLICATE_NAME,
    DUPLICATE_TITLE,
    UNRESOLVED_REFERENCE,
)


class GraphIndex(Struct, frozen=True, kw_only=True):
    """What is found by its name over all pages.

    Attributes:
        names: the page that each name means; a title goes before an alias, the first page before
            others.
        ids: the page of every block id.
        by_path: pages whose title another has already: they are addressed by their path. Two pages
            of one title are an error, but no reason to run the code of both as one section.
        coded: pages with chunks that are not left out.
        part: pages that can have a part in a unit, whether they belong to a book or not.
        numbers: the pages that may belong to a book, and what decides it.
        outputs: pages in which outputs may stand.
        involved: pages that references in code stand on, or can mean.
        clashing: pages that have something which another has too.
    """

    names: dict[str, PagePath]
    ids: dict[Uuid, PagePath]
    by_path: frozenset[PagePath]
    coded: frozenset[PagePath]
    part: tuple[PagePath, ...]
    numbers: dict[PagePath, PageNumbers]
    outputs: tuple[PagePath, ...]
    involved: tuple[PagePath, ...]
    clashing: tuple[PagePath, ...]


class _Firsts:
    """The first page that has each of some things, and the pages that have them in common."""

    def __init__(self, clashing: set[PagePath]) -> None:
        self.found: dict[str, PagePath] = {}
        self._clashing = clashing

    def add(self, thing: str, path: PagePath, *, same: bool = True) -> None:
        """Note that a page has a thing; `same` for whether to have it twice oneself is a clash."""
        first = self.found.get(thing)
        if first is None:
            self.found[thing] = path
        elif same or first != path:
            self._clashing.update((first, path))


def graph_index(pages: Mapping[PagePath, PageFacts]) -> GraphIndex:
    """Index the facts of all pages, in order of path."""
    clashing: set[PagePath] = set()
    names, ids, chunks = (_Firsts(clashing) for _ in range(3))
    titles: set[str] = set()
    by_path: set[PagePath] = set()
    for path, facts in pages.items():
        if facts.title in titles:
            by_path.add(path)
        titles.add(facts.title)
        names.add(title_key(facts.title), path, same=False)
    for path, facts in pages.items():
        for name in facts.others:
            names.add(name, path, same=False)
        for uuid in facts.ids:
            ids.add(uuid, path)
        for name in facts.names:
            chunks.add(name, path)
    return GraphIndex(
        names=names.found,
        ids={Uuid(uuid): path for uuid, path in ids.found.items()},
        by_path=frozenset(by_path),
        coded=frozenset(path for path, facts in pages.items() if facts.coded),
        part=tuple(path for path, facts in pages.items() if facts.part),
        numbers={p: facts.numbers for p, facts in pages.items() if facts.numbers is not None},
        outputs=tuple(path for path, facts in pages.items() if facts.outputs),
        involved=tuple(_involved(pages, ids.found)),
        clashing=tuple(sorted(clashing)),
    )


def _involved(
    pages: Mapping[PagePath, PageFacts], ids: Mapping[str, PagePath]
) -> Iterator[PagePath]:
    asked = {name for facts in pages.values() for name in facts.asked}
    if asked:
        meant = {ids.get(name[2:-2]) for name in asked if name.startswith("((")}
        for path, facts in pages.items():
            if facts.asked or path in meant or not asked.isdisjoint(facts.names):
                yield path


# --- what stands twice ----------------------------------------------------------------------------


def clashes(pages: Mapping[PagePath, Anchors]) -> Iterator[Problem]:
    """The problems of what stands twice among pages, in order of path."""
    yield from _same_names(pages)
    lines: dict[Uuid, Place] = {}
    names: dict[str, Place] = {}
    for path, page in pages.items():
        for uuid, line in page.ids:
            place = Place(path=path, line=line)
            if (first := lines.setdefault(uuid, place)) is not place:
                yield _twice(DUPLICATE_ID, place, f"id {uuid}", first)
        for name, line in page.names:
            place = Place(path=path, line=line)
            if (first := names.setdefault(name, place)) is not place:
                yield _twice(DUPLICATE_NAME, place, f"the chunk name {name!r}", first)


def _same_names(pages: Mapping[PagePath, Anchors]) -> Iterator[Problem]:
    names: dict[str, PagePath] = {}
    for path, page in pages.items():
        if (first := names.setdefault(title_key(page.title), path)) != path:
            what = f"page title {page.title!r}"
            yield _twice(DUPLICATE_TITLE, Place(path=path, line=1), what, _top(first))
    for path, page in pages.items():
        for name, line in page.aliases:
            first = names.setdefault(title_key(name), path)
            if first != path and line:
                place = Place(path=path, line=line)
                yield _twice(DUPLICATE_ALIAS, place, f"alias {name!r}", _top(first))


def _top(path: PagePath) -> Place:
    return Place(path=path, line=1)


def _twice(kind: ProblemKind, place: Place, what: str, other: Place) -> Problem:
    return kind.at(place, f"{what} is already used at {other}")


def unresolved(page: Page, missing: Mapping[Uuid, str]) -> Iterator[Problem]:
    """Yield the references of a page to ids that no block has.

    Args:
        page: the page.
        missing: the ids, each with a hint; empty for the usual one.
    """
    for reference in page.references:
        if reference.target in missing and reference.block not in page.templates:
            yield UNRESOLVED_REFERENCE.at(
                Place(path=page.path, line=reference.line, column=reference.column),
                f"no block of this graph has the id {reference.target}",
                hint=missing[reference.target] or None,
            )
