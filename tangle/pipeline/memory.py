"""Where surveys are kept between commands, and in which form."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tangle.analyse import WantedModule
from tangle.model import PagePath, Place, Problem, Uuid
from tangle.pipeline.outputs import OutputState
from tangle.pipeline.project import Project
from tangle.pipeline.reports import SectionRow
from tangle.store import LOCK_FOLDER, Cache, folder_identity, library_stamp

MEMORY = ".tangle/memory"
_BYTES = 256 * 1024 * 1024
_AGE = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What other pages notice of one that is only prose.

    Attributes:
        names: by which it is called, its title first, in the form in which titles compare.
        ids: of its blocks, sorted.
    """

    names: tuple[str, ...]
    ids: tuple[Uuid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the notes come to, and what it was made of.

    Attributes:
        pages: digest of every page.
        prose: the pages that are only prose, and what other pages notice of each.
        ids: ids of the blocks on all other pages.
        coded: those of them whose blocks have code.
        problems: all that is wrong with the notes, in order of place.
        outputs: the output blocks that stand in them.
        rows: the sections.
        modules: what the code imports.
        files: digest of every generated file; empty where that was not asked for.
    """

    pages: Mapping[PagePath, str]
    prose: Mapping[PagePath, Face]
    ids: frozenset[Uuid]
    coded: frozenset[Uuid]
    problems: tuple[Problem, ...]
    outputs: tuple[OutputState, ...]
    rows: tuple[SectionRow, ...]
    modules: tuple[WantedModule, ...]
    files: Mapping[str, str]


class Memory:
    """The survey that is kept for a project with these settings; one that cannot be kept is not."""

    def __init__(self, project: Project, settings: str) -> None:
        """Looks at nothing yet.

        Args:
            project: whose notes.
            settings: the text of the graph's `config.edn`.
        """
        self._cache = Cache(project.state / MEMORY)
        self._folder = project.state / LOCK_FOLDER
        facts = (
            library_stamp(),
            sys.version,
            str(project.root),
            str(project.graph),
            str(project.output),
            str(project.package),
            repr(project.options),
            settings,
        )
        self._facts = repr(facts)

    def recall(self) -> Survey | None:
        """What was kept; None where there is nothing, or nothing whole."""
        key = self._key()
        document = self._cache.get(key) if key else None
        if document is None:
            return None
        try:
            return _decoded(document)
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, survey: Survey) -> None:
        """Keep a survey, where the project has a folder for tangle's own files already."""
        if key := self._key():
            self._cache.put(key, _encoded(survey))
            self._cache.prune(_BYTES, _AGE)

    def _key(self) -> str | None:
        """The settings' digest, with what no other machine's folder has: a copied one is no use."""
        folder = folder_identity(self._folder)
        if folder is None:
            return None
        return hashlib.sha256(f"{folder}\n{self._facts}".encode("utf-8", "replace")).hexdigest()


def _encoded(survey: Survey) -> dict[str, Any]:
    return {
        "pages": dict(survey.pages),
        "prose": {path: [face.names, face.ids] for path, face in survey.prose.items()},
        "ids": sorted(survey.ids),
        "coded": sorted(survey.coded),
        "problems": [_flat(problem) for problem in survey.problems],
        "outputs": [
            [e.path, e.line, e.section, e.problem and _flat(e.problem), list(e.figures)]
            for e in survey.outputs
        ],
        "rows": [
            [r.name, r.title, r.page, r.line, r.chunks, r.borrowed, list(r.saves), r.state]
            for r in survey.rows
        ],
        "modules": [
            [m.name, m.place.path, m.place.line, m.place.column, m.section] for m in survey.modules
        ],
        "files": dict(survey.files),
    }


def _decoded(document: Mapping[str, Any]) -> Survey:
    return Survey(
        pages=document["pages"],
        prose={
            path: Face(names=tuple(names), ids=tuple(ids))
            for path, (names, ids) in document["prose"].items()
        },
        ids=frozenset(document["ids"]),
        coded=frozenset(document["coded"]),
        problems=tuple(map(_problem, document["problems"])),
        outputs=tuple(
            OutputState(
                path=path,
                line=line,
                section=section,
                problem=problem and _problem(problem),
                figures=tuple(figures),
            )
            for path, line, section, problem, figures in document["outputs"]
        ),
        rows=tuple(
            SectionRow(
                name=name,
                title=title,
                page=page,
                line=line,
                chunks=chunks,
                borrowed=borrowed,
                saves=tuple(saves),
                state=state,
            )
            for name, title, page, line, chunks, borrowed, saves, state in document["rows"]
        ),
        modules=tuple(
            WantedModule(
                name=name, place=Place(path=path, line=line, column=column), section=section
            )
            for name, path, line, column, section in document["modules"]
        ),
        files=document["files"],
    )


def _flat(problem: Problem) -> list[Any]:
    place = problem.place
    return [
        *(problem.code, problem.severity, place.path, place.line, place.column),
        *(problem.message, problem.section, problem.hint, problem.excerpt),
    ]


def _problem(flat: list[Any]) -> Problem:
    code, severity, path, line, column, message, section, hint, excerpt = flat
    return Problem(
        code=code,
        severity=severity,
        place=Place(path=path, line=line, column=column),
        message=message,
        section=section,
        hint=hint,
        excerpt=excerpt,
    )
