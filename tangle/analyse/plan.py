"""The plan: what goes into the package, and what each session runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tangle.analyse.code import ChunkCode
from tangle.analyse.names import Import
from tangle.model import (
    CodeLine,
    Occurrence,
    PackageName,
    Place,
    Problem,
    SectionName,
    Unit,
)


class Saved(Struct, frozen=True, kw_only=True):
    """A statement that goes into the package.

    Attributes:
        names: what it adds to the package; empty where it only changes what is there.
        section: the innermost section around it.
        title: that section's title.
        imports: for an import statement, what it binds.
        patches: the classes onto which its decorator puts it.
        future: whether it is an import from `__future__`.
        cache: whether what it comes to may be answered from the cache.
        reads: files that its chunk declares.
    """

    names: tuple[str, ...]
    lines: tuple[CodeLine, ...]
    section: SectionName
    title: str
    place: Place
    replaces: bool
    imports: tuple[Import, ...] = ()
    patches: tuple[str, ...] = ()
    future: bool = False
    cache: bool = True
    reads: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The statement as the note has it."""
        return "\n".join(line.text for line in self.lines)


class Package(Struct, frozen=True, kw_only=True):
    """The generated module.

    Attributes:
        future: the features of `from __future__` that hold for saved code, sorted.
        imports: for each name that saved code takes from an import that is not saved itself, the
            statements that bind it, sorted.
        aliases: names under which saved code speaks of the module itself.
        saved: in reading order.
        exports: every name that the module is known to have.
        star: whether it has more, from a saved `from x import *`.
        overlay: whether it is laid over an installed module of its name.
    """

    name: PackageName
    future: tuple[str, ...]
    imports: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...]
    saved: tuple[Saved, ...]
    exports: frozenset[str]
    star: bool
    overlay: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is saved: then no module is generated."""
        return not self.saved


class Borrowed(Struct, frozen=True, kw_only=True):
    """A statement that a section takes over from an earlier one.

    Attributes:
        kind: `future` for the features of `from __future__` that hold where a statement stood,
            `supplied` for an import that the notes leave out.
        lines: the statement as a session runs it.
        plain: the same as plain Python can run it, magics masked.
        takes: the names that it asks of the package.
        price: what running it costs beyond a moment, in words; empty where nothing is known.
        section: the unit that it comes from.
        place: where it stands there.
        cache: whether what it comes to may be answered from the cache.
        reads: files that its chunk declares.
    """

    kind: Literal["future", "import", "saved", "statement", "supplied"]
    names: tuple[str, ...]
    lines: tuple[CodeLine, ...]
    plain: tuple[str, ...]
    takes: tuple[str, ...]
    price: str
    section: SectionName
    place: Place
    cache: bool = True
    reads: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The statement as it is run."""
        return "\n".join(line.text for line in self.lines)


class PlannedChunk(Struct, frozen=True, kw_only=True):
    """A chunk in its session.

    Attributes:
        digest: of all code that its output depends on, 12 hexadecimal digits.
        reaches: texts of the saved statements that it is the first of its session to reach.
        cache: whether what it comes to may be answered from the cache.
        reads: files that it declares, or the saved statements that it is the first to reach.
    """

    code: ChunkCode
    digest: str
    reaches: tuple[str, ...] = ()
    cache: bool = True
    reads: tuple[str, ...] = ()

    @property
    def occurrence(self) -> Occurrence:
        """The chunk and its host."""
        return self.code.occurrence


class Session(Struct, frozen=True, kw_only=True):
    """What runs in one process: borrowed statements, then the unit's chunks.

    Attributes:
        imports: top-level modules that its code imports, the package's included, sorted.
        lent: texts of the saved statements that the prelude reaches, in the package's order.
        cache: whether what the prelude comes to may be answered from the cache.
        reads: files that the chunks declare from which the prelude comes.
        problems: the errors that keep it from running to its end.
    """

    unit: Unit
    prelude: tuple[Borrowed, ...]
    chunks: tuple[PlannedChunk, ...]
    imports: tuple[str, ...]
    lent: tuple[str, ...]
    problems: tuple[Problem, ...]
    cache: bool = True
    reads: tuple[str, ...] = ()

    @property
    def name(self) -> SectionName:
        """What the session is addressed by."""
        return self.unit.name

    @property
    def folder(self) -> str:
        """Where it runs, relative to the graph: what `tangle.cwd` names, else the page's folder."""
        return self.unit.folder

    @property
    def package(self) -> tuple[str, ...]:
        """Texts of all saved statements that it reaches."""
        return (*self.lent, *(text for chunk in self.chunks for text in chunk.reaches))
