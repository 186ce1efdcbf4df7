"""Queries about what the notes are written out as: generated files, and outputs in the pages."""

from __future__ import annotations

import os
import posixpath
from typing import Any, Final

from msgspec import Struct

from tangle.emit import module, section_script
from tangle.model import PagePath
from tangle.notes import QUERIES, Core, Query, package_name, pages, query, units
from tangle.verbs.project import Project
from tangle.write import stored_outputs


class Emission(Struct, frozen=True, kw_only=True):
    """What scripts say of a project.

    Attributes:
        graph: the graph's folder as seen from the output folder, where that is the same on every
            machine.
    """

    seed: int
    graph: str | None

    @classmethod
    def of(cls, project: Project) -> Emission:
        """What the scripts of a project say."""
        own = project.self_contained
        folder = os.path.relpath(project.graph, project.output) if own else None
        return cls(
            seed=project.options.seed,
            graph=folder.replace(os.sep, "/") if folder is not None else None,
        )


emission: Final[Query[str, Emission]] = Query("emission", None, kept=Emission)


@query(kept=str | None)
def module_text(core: Core, _: str) -> str | None:
    """The text of the generated module; None where nothing is saved."""
    found = units.package(core, "").package
    return None if found.is_empty else module(found).text


@query(kept=str | None)
def script(core: Core, place: int) -> str | None:
    """The text of a unit's script; None where it has no code."""
    found = units.row(core, place)
    if found is None or not found.chunks:
        return None
    session = units.session(core, place)
    terms = emission(core, "")
    folder = None
    if terms.graph is not None:
        folder = posixpath.normpath(posixpath.join(terms.graph, session.folder))
    return section_script(session, package_name(core, ""), folder=folder, seed=terms.seed)


class FoundOutput(Struct, frozen=True, kw_only=True):
    """An output that stands in a page; the fields are those of `StoredOutput`."""

    host: int
    line: int
    code_digest: str
    output_digest: str
    edited: bool
    reworked: bool
    titled: bool
    failed: bool
    chunk_gone: bool
    assets: tuple[str, ...]


@query(kept=tuple[FoundOutput, ...])
def outputs_on(core: Core, path: PagePath) -> tuple[FoundOutput, ...]:
    """The outputs that stand in a page."""
    return tuple(
        FoundOutput(
            host=stored.host,
            line=stored.line,
            code_digest=stored.code_digest,
            output_digest=stored.output_digest,
            edited=stored.edited,
            reworked=stored.reworked,
            titled=stored.titled,
            failed=stored.failed,
            chunk_gone=stored.chunk_gone,
            assets=tuple(stored.assets),
        )
        for stored in stored_outputs(pages.page(core, path))
    )


@query(kept=dict[PagePath, tuple[FoundOutput, ...]])
def outputs(core: Core, _: str) -> dict[PagePath, tuple[FoundOutput, ...]]:
    """The outputs that stand in all pages."""
    found = {path: outputs_on(core, path) for path in pages.index(core, "").outputs}
    return {path: entries for path, entries in found.items() if entries}


KEPT: Final[tuple[Query[Any, Any], ...]] = (
    *QUERIES,
    emission,
    module_text,
    script,
    outputs_on,
    outputs,
)
"""All queries that are kept."""
