"""The notes as a whole: their units, their problems and their plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tangle.activity import step
from tangle.link import GraphConfig, title_key
from tangle.model import Graph, PackageName, Page, PagePath, Problem, in_order
from tangle.notes import modules, pages, units
from tangle.notes.core import INPUTS, Core, environment, finds_package, listing, supplies
from tangle.notes.engine import Query, query
from tangle.notes.units import UnitRow


@query(kept=tuple[Problem, ...])
def all_problems(core: Core, _: str) -> tuple[Problem, ...]:
    """The problems of the notes that can be read, in order, each once."""
    found = [*pages.graph_problems(core, ""), *units.package_problems(core, "")]
    for entry in rows(core):
        found += entry.problems
    return tuple(in_order(found))


def rows(core: Core) -> tuple[UnitRow, ...]:
    """The facts about every unit, in reading order."""
    count = pages.unit_count(core, "")
    found = []
    for place in range(count):
        step("checking sections", place, count)
        found.append(units.row(core, place))
    return tuple(entry for entry in found if entry is not None)


def readable(core: Core) -> tuple[PagePath, ...]:
    """The pages that can be read."""
    left_out = {problem.place.path for problem in pages.unread(core, "")}
    return tuple(path for path in listing(core, "") if path not in left_out)


def graph(core: Core) -> Graph:
    """All pages, linked."""
    found: Mapping[PagePath, Page] = {path: pages.page(core, path) for path in readable(core)}
    index = pages.index(core, "")
    count = range(pages.unit_count(core, ""))
    return Graph(
        pages=found,
        titles={path: pages.page_anchors(core, path).title for path in found},
        names=index.names,
        ids={
            uuid: (path, pages.id_blocks(core, path)[uuid].block)
            for uuid, path in index.ids.items()
        },
        units=tuple(units.unit_of(core, place) for place in count),
        problems=tuple(in_order(pages.graph_problems(core, ""))),
    )


def _queries() -> Iterator[Query[Any, Any]]:
    yield from INPUTS
    for module in (pages, modules, units):
        for entry in vars(module).values():
            if isinstance(entry, Query) and not entry.passing and entry not in INPUTS:
                yield entry
    yield all_problems


QUERIES: Final = tuple(_queries())
"""All queries that are kept."""


def roots(core: Core) -> Iterator[tuple[Query[Any, Any], Any]]:
    """What is worth keeping, with all that it was worked out from."""
    yield pages.adopted, ""
    yield environment, ""
    yield supplies, ""
    yield finds_package, ""
    yield all_problems, ""
    yield units.saved_names, ""
    yield pages.unread, ""
    for place in range(pages.unit_count(core, "")):
        yield units.row, place


def core_of(
    notes: Mapping[PagePath, bytes],
    config: GraphConfig,
    package: PackageName,
    *,
    borrow: bool = True,
    book: tuple[str, ...] | None = None,
) -> Core:
    """A new store of some pages; arguments as for `Core.configure`."""
    core = Core()
    core.configure(config, package, borrow=borrow, book=book)
    core.take_bytes(notes)
    return core


def page_of_title(core: Core, title: str) -> PagePath | None:
    """The page of a title or alias, however it is written.

    No query asks for it, so the answer is not kept: one that the document on disk can never have
    would make each command write the document.

    Args:
        core: the store.
        title: in any case and Unicode form.
    """
    return pages.index(core, "").names.get(title_key(title))
