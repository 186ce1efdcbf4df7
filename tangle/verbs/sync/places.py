"""Find the line of the notes that each line of a generated file is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from tangle.emit import module, script_lines
from tangle.model import Fence, Page, PagePath, SectionName
from tangle.notes import units
from tangle.verbs.generated import scripts
from tangle.verbs.notes import Notes
from tangle.write import fence_at

_MARKS = ("", "# ")
"""What precedes a line of code in a script: nothing, or a comment's mark."""


class LineOfNotes(Struct, frozen=True, kw_only=True):
    """A line of code as it is in a page.

    Attributes:
        fence: the line of its fence.
        line: its number.
        lead: what the generated line has before the code that both have.
        margin: what the page's line has before it.
        follow: what the page gets before a line that is added below.
        blank: whether there is no code on it.
    """

    path: PagePath
    fence: int
    line: int
    lead: str
    margin: str
    follow: str
    blank: bool


class GeneratedLine(Struct, frozen=True, kw_only=True):
    """A line of a generated file.

    Attributes:
        own: the line of the notes that it is; None for a line of tangle's.
        supplied: whether it is an import that the notes leave out.
        reworked: whether it is a line of the notes in another form.
    """

    text: str
    own: LineOfNotes | None = None
    supplied: bool = False
    reworked: bool = False


class Places:
    """The places of the lines of generated files, worked out as they are asked for."""

    def __init__(self, notes: Notes) -> None:
        """Use notes as they are now."""
        self._notes = notes
        self._root = notes.named_project.package.root
        self._sections: Mapping[str, SectionName] = {
            path: section for section, path in scripts(notes).items()
        }
        self._pages: dict[PagePath, tuple[Page, list[str]]] = {}

    def lines(self, name: str, text: str) -> tuple[GeneratedLine, ...]:
        """Return the lines of a generated file.

        Args:
            name: its path in the output folder.
            text: as it is generated from the notes now.
        """
        return tuple(self._lines(name, text))

    def page(self, path: PagePath) -> Page:
        """Return a page."""
        return self._page(path)[0]

    def _lines(self, name: str, text: str) -> Iterator[GeneratedLine]:
        if name in self._sections:
            session = units.session(self._notes.core, self._notes.places[self._sections[name]])
            for line in script_lines(session, text, self._root):
                place = line.line.place if line.line is not None else None
                found = self.own(line.text, place.path, place.line) if place else None
                yield GeneratedLine(
                    text=line.text,
                    own=found,
                    supplied=line.supplied,
                    reworked=place is not None and found is None,
                )
            return
        package = self._notes.named_project.package
        if name == f"{package.root}/{package.module}.py" and self._notes.module_text == text:
            made = module(units.package(self._notes.core, "").package)
            for each, origin in zip(made.text.split("\n"), made.origins, strict=False):
                own = self.own(each, origin.path, origin.line) if origin is not None else None
                yield GeneratedLine(text=each, own=own, reworked=origin is not None and own is None)
            return
        yield from (GeneratedLine(text=each) for each in text.split("\n")[:-1])

    def _page(self, path: PagePath) -> tuple[Page, list[str]]:
        if path not in self._pages:
            page = self._notes.pages[path]
            lines = page.data.decode("utf-8-sig").split("\n")
            self._pages[path] = page, [line.removesuffix("\r") for line in lines]
        return self._pages[path]

    def texts(self, path: PagePath) -> Sequence[str]:
        """Return the lines of a page."""
        return self._page(path)[1]

    def own(self, text: str, path: PagePath, line: int) -> LineOfNotes | None:
        """Return the line of code that a generated line is; None if it is no copy of it.

        Args:
            text: of the generated line.
            path: of the page.
            line: its number there.
        """
        page, lines = self._page(path)
        fence = fence_at(page, line)
        if fence is None:
            return None
        row = line - fence.line - 1
        code = fence.code.split("\n")[row]
        margin = lines[line - 1][: fence.margins[row]]
        leads = _leads(text, code)
        if leads is None:
            return None
        is_blank = not code.strip()
        return LineOfNotes(
            path=path,
            fence=fence.line,
            line=line,
            lead=leads[0],
            margin=margin + leads[1],
            follow=_indentation(fence, lines) if is_blank else margin + leads[1],
            blank=is_blank,
        )


def _indentation(fence: Fence, lines: Sequence[str]) -> str:
    """What precedes the line that closes a fence, as the indentation of code in it."""
    end = min(fence.line + len(fence.margins), len(lines) - 1)
    return lines[end][: len(lines[end]) - len(lines[end].lstrip(" \t"))]


def _leads(text: str, code: str) -> tuple[str, str] | None:
    """What a generated line, and the line of code that it is, have before what both have.

    None if one is no copy of the other.
    """
    if not code.strip():
        return ("", "") if text.strip() in ("", "#") else None
    for mark in _MARKS:
        body = text.removeprefix(mark)
        if text.startswith(mark) and body.lstrip(" \t") == code.lstrip(" \t"):
            before, own = (each[: len(each) - len(each.lstrip(" \t"))] for each in (body, code))
            same = 0
            while same < min(len(before), len(own)) and before[-1 - same] == own[-1 - same]:
                same += 1
            return mark + before[: len(before) - same], own[: len(own) - same]
    return None


def fence_of(page: Page, line: int) -> Fence | None:
    """Return the fence that a line of a page belongs to, its opener and closer included.

    Args:
        page: the page.
        line: its number.
    """
    found = (f for f in page.fences if f.line <= line <= f.line + f.code.count("\n") + 1)
    return next(found, None)
