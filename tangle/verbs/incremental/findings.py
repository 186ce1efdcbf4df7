"""What the notes come to, page by page and unit by unit: all that list, build and check tell.

Nothing here holds a syntax tree or a page's bytes, so that it can be kept from one command to the
next (see `memory`) and be made again for some pages alone (see `renewal`). All of it is what JSON
can say, which gives back lists where tuples went in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from tangle.model import (
    PagePath,
    Place,
    Problem,
    Section,
    SectionName,
    Severity,
    Uuid,
)

if TYPE_CHECKING:
    from tangle.analyse import WantedModule  # heavy, and memory has them as plain values


class FoundProblem(NamedTuple):
    """A problem; the fields are those of `Problem` and `Place`."""

    code: str
    severity: Severity
    path: PagePath
    line: int
    column: int
    message: str
    section: SectionName | None
    hint: str | None
    excerpt: str | None

    @classmethod
    def of(cls, problem: Problem) -> FoundProblem:
        """A problem as it is kept."""
        return cls(
            code=problem.code,
            severity=problem.severity,
            path=problem.place.path,
            line=problem.place.line,
            column=problem.place.column,
            message=problem.message,
            section=problem.section,
            hint=problem.hint,
            excerpt=problem.excerpt,
        )


def problem_of(found: FoundProblem) -> Problem:
    """The problem that was kept."""
    code, severity, path, line, column, message, section, hint, excerpt = found
    return Problem(
        code=code,
        severity=severity,
        place=Place(path=path, line=line, column=column),
        message=message,
        section=section,
        hint=hint,
        excerpt=excerpt,
    )


class FoundOutput(NamedTuple):
    """An output that stands in a page; the fields are those of `StoredOutput`."""

    host: int
    line: int
    code_digest: str
    edited: bool
    reworked: bool
    assets: Sequence[str]


class FoundModule(NamedTuple):
    """A module that code imports; the fields are those of `WantedModule` and `Place`."""

    name: str
    path: PagePath
    line: int
    column: int
    section: SectionName

    @classmethod
    def of(cls, module: WantedModule) -> FoundModule:
        """A module as it is kept."""
        place = module.place
        return cls(
            name=module.name,
            path=place.path,
            line=place.line,
            column=place.column,
            section=module.section,
        )


class PageFindings(NamedTuple):
    """What is known of a page.

    Attributes:
        digest: of its bytes.
        facts: digest of what other pages can notice of it.
        anchors: digest of the lines at which that stands.
        problems: those of its own text and of its place among the pages, in order.
        takes: the pages that the references in its code can mean.
        yields: the pages that have something first which it has too.
    """

    digest: str
    facts: str
    anchors: str
    problems: Sequence[FoundProblem]
    outputs: Sequence[FoundOutput]
    takes: Sequence[PagePath]
    yields: Sequence[PagePath]


class ChunkDigest(NamedTuple):
    """The digest of a chunk, the block under which its output belongs, and whether it is run."""

    page: PagePath
    host: int
    digest: str
    section: SectionName
    runs: bool


class UnitFindings(NamedTuple):
    """What is known of a unit; other units are named by their index in reading order.

    Attributes:
        pages: all that its code and its sections stand in.
        code: digest of what other units can notice of it, the places of its lines aside.
        placed: digest of all that it is, with the places of its lines.
        defines: as in `UnitNames`; so are `changes`, `lost` and `marked`.
        lends: digest of what the package can notice of it; empty where it looks at none of it.
        own_names: names to which it binds the generated module.
        module_names: names that mean the generated module in it.
        units: the units whose code its session was worked out from.
        names: names that were looked for in other units for it.
        near: names for which a likely one was looked for.
        package: what it asks of the package.
        syntax: the problems of chunks that do not parse.
        missing: the problem of each name that nobody defines.
        doubts: the problems of what is most likely not meant.
        needs: the problems of sections that it needs and that are not there.
        modules: what it imports, where it does so first on a page.
        chunks: how many it has.
        borrowed: how many statements it borrows.
        broken: whether an error keeps it from running to its end.
        script: the text of its script; empty where it has none.
        digests: of its chunks, in order.
    """

    name: SectionName
    number: Sequence[int]
    title: str
    page: PagePath
    line: int
    pages: Sequence[PagePath]
    code: str
    placed: str
    defines: Sequence[str]
    changes: Sequence[str]
    lost: Sequence[str]
    marked: bool
    lends: str
    own_names: Sequence[str]
    module_names: Sequence[str]
    units: Sequence[int]
    names: Sequence[str]
    near: Sequence[str]
    package: Sequence[str]
    syntax: Sequence[FoundProblem]
    missing: Sequence[tuple[str, FoundProblem]]
    doubts: Sequence[FoundProblem]
    needs: Sequence[FoundProblem]
    modules: Sequence[FoundModule]
    chunks: int
    borrowed: int
    broken: bool
    script: str
    digests: Sequence[ChunkDigest]


class PackageFindings(NamedTuple):
    """What is known of the package.

    Attributes:
        exports: every name that it is known to have; `star` whether it has more.
        modules: top-level modules that it imports.
        saved: unit, chunk and statement of each saved statement.
        names: what each adds to the package.
        by_name: as in `Reach`; so are `next`, `statements`, `cached` and
            `declared`.
        units: the units whose code it was worked out from.
        asked: names that were looked for in other units for it.
        used: names that the saved statements use.
    """

    exports: Sequence[str]
    star: bool
    modules: Sequence[str]
    problems: Sequence[FoundProblem]
    saved: Sequence[tuple[int, int, int]]
    names: Sequence[Sequence[str]]
    by_name: Mapping[str, Sequence[int]]
    next: Sequence[Sequence[str]]
    statements: Sequence[Sequence[str]]
    cached: Sequence[bool]
    declared: Sequence[Sequence[str]]
    units: Sequence[int]
    asked: Sequence[str]
    used: Sequence[str]


class Findings(NamedTuple):
    """All that is known of a graph.

    Attributes:
        hidden: as in `GraphConfig`; so are `name_format`, `unit` and `journal_format`.
        problems: of the configuration.
        pages: in order of path.
        ids: the page of every block id.
        units: in reading order.
        shared: path and text of every generated file that is no script.
        scripts: path of the script of each unit that has chunks.
        referred_size: the characters of chunks that references in code bring lines to, at most.
    """

    hidden: Sequence[str]
    name_format: Literal["triple-lowbar", "legacy"]
    unit: str
    journal_format: str
    problems: Sequence[FoundProblem]
    pages: Mapping[PagePath, PageFindings]
    ids: Mapping[Uuid, PagePath]
    units: Sequence[UnitFindings]
    package: PackageFindings
    shared: Mapping[str, str]
    scripts: Sequence[str]
    referred_size: int


def section_of(unit: UnitFindings) -> Section:
    """A unit's section, but for its block, which is not kept."""
    return Section(
        name=unit.name,
        number=tuple(unit.number),
        title=unit.title,
        page=unit.page,
        block=-1,
        line=unit.line,
    )


def digest(data: bytes) -> str:
    """The digest by which bytes are known again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of(*values: object) -> str:
    """The digest of plain values, of tuples of them, and of frozen dataclasses."""
    return digest(repr(values).encode("utf-8", "surrogatepass"))
