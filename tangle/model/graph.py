"""The graph of pages: chunks with their settings, and the sections that they belong to."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from msgspec import Struct

from tangle.model.basic import PagePath, Place, Problem, SectionName, Uuid
from tangle.model.outline import Page


class Settings(Struct, frozen=True, kw_only=True):
    """The values of the `tangle.*` properties that apply to a chunk.

    Attributes:
        run: whether the chunk runs; if not, the script holds it as comments.
        skip: whether the chunk is left out of the script as well; other chunks may refer to it.
        raises: name of the exception that the chunk must fail with.
        xfail: why the chunk is known to fail; the session continues after the failure.
        timeout: seconds that the chunk may take.
        name: name of the block, for references `<<name>>`.
        device: device of the whole unit.
        needs: sections or pages that run before this one and lend their names, as written.
        borrow: whether the chunk may use names that earlier sections define.
        rtol: relative tolerance for numbers when outputs are verified; without it, one derived from
            how the numbers are printed.
        atol: absolute tolerance, added to the relative one.
        cache: whether an earlier result of the chunk may replace a run of it.
        lang: language of fences that name none, in lower case; without it, these are no code.
        reads: patterns of files that the code reads where tangle cannot see it, as written.
        cwd: working directory of the unit, relative to the graph; without it, the page's folder.
    """

    run: bool = True
    skip: bool = False
    raises: str | None = None
    xfail: str | None = None
    timeout: float | None = None
    name: str | None = None
    device: str | None = None
    needs: tuple[SectionName, ...] = ()
    borrow: bool = True
    rtol: float | None = None
    atol: float = 0.0
    cache: bool = True
    lang: str | None = None
    reads: tuple[str, ...] = ()
    cwd: str | None = None


class CodeLine(Struct, frozen=True, kw_only=True):
    """One line of a chunk's code after its references were expanded.

    Attributes:
        place: where the line stands; its column is that of the line's first character, and 1 or
            less where an expanded reference indented it further than the note does.
    """

    text: str
    place: Place


class KeptText(Struct, frozen=True, kw_only=True):
    """A fence right behind a chunk, which may hold what the chunk shows.

    Attributes:
        language: of the fence, in lower case; empty without one.
        announced: whether nothing stands between the two, or only words that announce a result.
        chunk: the line of the fence, where it is a chunk by its language; it is a result if it
            holds nothing but literals.
    """

    lines: tuple[CodeLine, ...]
    language: str
    announced: bool
    chunk: int | None = None


class Chunk(Struct, frozen=True, kw_only=True):
    """A fenced block of Python at its own place in the notes, references expanded.

    Attributes:
        block: index of the block that holds it.
        order: which chunk of that block it is, from 0.
        line: line of the fence.
        lines: the code; empty where a reference in it could not be expanded.
        whole: False where it lacks lines: a reference in it could not be expanded, or Logseq moved
            a line out of it.
        moved: the first line that Logseq moved out of it.
        session: whether its language says that it is an interpreter session.
        kept: the fence behind it that may hold what it shows.
    """

    page: PagePath
    block: int
    order: int
    line: int
    lines: tuple[CodeLine, ...]
    settings: Settings
    whole: bool = True
    moved: Place | None = None
    session: bool = False
    kept: KeptText | None = None

    @property
    def code(self) -> str:
        """The code, every line of it ended by a line feed."""
        return "".join(line.text + "\n" for line in self.lines)

    @property
    def is_as_written(self) -> bool:
        """Whether all of its lines stand below its fence: none comes from another chunk."""
        return all(entry.place.line == line for line, entry in enumerate(self.lines, self.line + 1))


class Occurrence(Struct, frozen=True, kw_only=True):
    """A chunk where it takes part in a section: at its own block, or where a reference stands.

    Attributes:
        page: page of the host.
        host: block under which the chunk's output belongs.
        order: which chunk of the host it is, from 0.
        section: the innermost section around the host.
    """

    chunk: Chunk
    page: PagePath
    host: int
    order: int
    section: SectionName


class Section(Struct, frozen=True, kw_only=True):
    """A numbered block or page of a book, or a page.

    Attributes:
        number: (3, 6, 5) for 3.6.5, empty for a page that is no section of a book.
        block: -1 where the page itself is the section.
        book: the name of the book that counts the number, empty where that has none.
    """

    name: SectionName
    number: tuple[int, ...]
    title: str
    page: PagePath
    block: int
    line: int
    book: str = ""


class Unit(Struct, frozen=True, kw_only=True):
    """What becomes one script and runs in one session: a page, or a section of a book.

    Attributes:
        section: the section itself.
        parts: the sections below it, in reading order; a page is not divided.
        occurrences: its chunks in reading order, those that are skipped left out.
        needs: units that have to run before it, and whose names it may use.
        faults: `tangle.` properties in it, or around its chunks, that are unknown or have a value
            that is none; while there are some, nothing of it is run.
    """

    section: Section
    parts: tuple[Section, ...]
    occurrences: tuple[Occurrence, ...]
    needs: tuple[SectionName, ...]
    faults: tuple[Problem, ...] = ()

    @property
    def name(self) -> SectionName:
        """The name of the unit on the command line."""
        return self.section.name

    @property
    def folder(self) -> str:
        """Where it runs, relative to the graph: what `tangle.cwd` names, else the page's folder.

        Its chunks run in one process, so the first that names a folder speaks for all.
        """
        own = (o.chunk for o in self.occurrences if o.chunk.page == o.page)
        named = (chunk.settings.cwd for chunk in own)
        found = next((folder for folder in named if folder is not None), None)
        return posixpath.dirname(self.section.page) if found is None else found


class Graph(Struct, frozen=True, kw_only=True):
    """All pages, linked.

    Attributes:
        titles: title of every page.
        names: the page that a name means, by the form in which titles compare: a title, an alias,
            a day as its file's name writes it; the first page where several bear one.
        ids: page and block index of every block id.
        units: in reading order, those without chunks included where they are numbered.
        problems: of the pages and of what links them.
    """

    pages: Mapping[PagePath, Page]
    titles: Mapping[PagePath, str]
    names: Mapping[str, PagePath]
    ids: Mapping[Uuid, tuple[PagePath, int]]
    units: tuple[Unit, ...]
    problems: tuple[Problem, ...]
