"""Write cells as a new page: an outline by headings, prose as blocks, code as fences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from tangle.model import Page, PagePath
from tangle.parse import parse
from tangle.parse.languages import is_python
from tangle.write.foreign_cells import SourceCell

_HEADING: Final = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<text>.*)")
_ITEM: Final = re.compile(r"(?P<indent>[ \t]*)[-*+][ \t]+(?P<text>.*)")
_FENCE: Final = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,}|\$\$(?=[ \t]*$))")
_OPENER: Final = re.compile(r"[ \t]*(?:`{3,}|~{3,})(.*)")
_UNDERLINE: Final = re.compile(r"(?P<mark>=+|-{3,})[ \t]*")
_IMAGE: Final = re.compile(r"(!\[[^\[\]\n]*\]\()(?P<target>[^()\s]+)((?:\s+\"[^\"\n]*\")?\))")
_PAGE: Final = PagePath("pages/x.md")


class NewPage(Struct, frozen=True, kw_only=True):
    """A page that is made of cells.

    Attributes:
        chunks: the line of each code cell's fence, and the number of the cell, from 0.
        misread: the cells that Logseq shows in another way than the notebook has them.
    """

    text: str
    chunks: tuple[tuple[int, int], ...]
    misread: tuple[int, ...]


def first_heading(cells: Sequence[SourceCell]) -> str:
    """Return the text of the first heading; empty without one.

    Args:
        cells: of a notebook.
    """
    for cell in cells:
        for block in _blocks(cell.text) if cell.kind == "markdown" else ():
            if block.heading:
                text = _HEADING.sub(r"\g<text>", block.lines[0]).rstrip()
                bare = text.rstrip("#")
                return bare.rstrip() if bare.endswith((" ", "\t")) else text
    return ""


def new_page(
    cells: Sequence[SourceCell], unit: str, image: Callable[[int, str], str], head: str = ""
) -> NewPage:
    """Return the page.

    Args:
        cells: of a notebook.
        unit: one step of indentation.
        image: the address of an image, by the number of the cell and its address there.
        head: the properties of the page, lines with their line feeds.
    """
    made = _Writer(unit, head)
    for number, cell in enumerate(cells):
        if not cell.text.strip():
            continue
        if cell.kind == "markdown":
            text = _IMAGE.sub(
                lambda m, number=number: f"{m[1]}{image(number, m['target'])}{m[3]}",  # type: ignore[misc]
                cell.text,
            )
            for block in _blocks(text):
                made.add(block, number)
        else:
            made.add_fence(cell, number)
    return made.page()


class _Block(Struct, frozen=True, kw_only=True):
    lines: tuple[str, ...]
    heading: int = 0
    depth: int = 0


class _Writer:
    """A page that grows block by block."""

    def __init__(self, unit: str, head: str) -> None:
        self._unit = unit
        self._parts = [f"{head}\n" if head else ""]
        self._line = self._parts[0].count("\n") + 1
        self._above: list[int] = []
        self._chunks: list[tuple[int, int]] = []
        self._misread: list[int] = []

    def add(self, block: _Block, number: int) -> None:
        """Add a block of prose; one that Logseq would take apart goes into a fence."""
        if block.heading:
            while self._above and self._above[-1] >= block.heading:
                self._above.pop()
        lines = list(block.lines)
        if any(is_python(found[1]) for line in lines if (found := _OPENER.match(line))):
            lines = ["tangle.run:: no", *lines]  # an example: the notebook does not run it
        if not _stands(lines):
            lines = _fenced("\n".join(lines), "markdown") or lines
            self._misread.append(number)
        self._put(lines, len(self._above) + block.depth)
        if block.heading:
            self._above.append(block.heading)

    def add_fence(self, cell: SourceCell, number: int) -> None:
        """Add a block of code."""
        lines = _fenced(cell.text, cell.language)
        if lines is None:
            self._misread.append(number)
            lines = [f"```{cell.language}", *cell.text.split("\n"), "```"]
            if not _stands(lines):
                lines = [line.replace("```", "` ` `") for line in lines[1:-1]]
                lines = [f"```{cell.language}", *lines, "```"]
        if cell.raises:
            lines = [f"tangle.raises:: {cell.raises}", *lines]
        if cell.kind == "code":
            self._chunks.append((self._line + (cell.raises != ""), number))
        self._put(lines, len(self._above))

    def page(self) -> NewPage:
        """Return what was written."""
        return NewPage(
            text="".join(self._parts),
            chunks=tuple(self._chunks),
            misread=tuple(dict.fromkeys(self._misread)),
        )

    def _put(self, lines: Sequence[str], depth: int) -> None:
        margin = self._unit * depth
        shown = [f"{margin}- {lines[0]}".rstrip()]
        shown += (f"{margin}  {line}" if line.strip() else "" for line in lines[1:])
        self._parts.append("".join(f"{line}\n" for line in shown))
        self._line += len(shown)


def _blocks(text: str) -> Iterator[_Block]:
    """The headings, paragraphs and entries of lists of a Markdown text."""
    return iter(_Markdown().blocks(text))


class _Markdown:
    """A Markdown text that is read line by line."""

    def __init__(self) -> None:
        self._found: list[_Block] = []
        self._lines: list[str] = []
        self._fence = ""
        self._indents: list[int] = []

    def blocks(self, text: str) -> list[_Block]:
        """Return the blocks of a text."""
        for line in text.split("\n"):
            if not (self._in_fence(line) or self._underlines(line)):
                self._take(line)
        self._flush()
        return self._found

    def _in_fence(self, line: str) -> bool:
        """Whether a line is of code, or of a formula that is by itself."""
        mark = _FENCE.match(line)
        if not (self._fence or mark):
            return False
        self._lines.append(line)
        if not self._fence:
            self._fence = mark["mark"] if mark else ""
        elif line.strip().startswith(self._fence) and not line.strip(" \t`~$"):
            self._fence = ""
        return True

    def _underlines(self, line: str) -> bool:
        """Whether a line makes the one above a heading."""
        under = _UNDERLINE.fullmatch(line)
        if not under or len(self._lines) != 1 or self._indents:
            return False
        level = 1 if under["mark"][0] == "=" else 2
        heading = f"{'#' * level} {self._lines.pop()}"
        self._found.append(_Block(lines=(heading,), heading=level))
        return True

    def _take(self, line: str) -> None:
        heading, item = _HEADING.fullmatch(line), _ITEM.fullmatch(line)
        if heading or item or not line.strip():
            self._flush()
        if heading:
            self._indents = []
            self._found.append(_Block(lines=(line.rstrip(),), heading=len(heading["marks"])))
        elif item:
            indent = len(item["indent"].expandtabs(4))
            self._indents = [*(each for each in self._indents if each < indent), indent]
            self._lines = [item["text"]]
        elif line.strip():
            if not line.startswith((" ", "\t")) and not self._lines:
                self._indents = []
            self._lines.append(line.strip() if self._indents else line.rstrip())

    def _flush(self) -> None:
        while self._lines and not self._lines[-1].strip():
            self._lines.pop()
        if self._lines:
            depth = max(len(self._indents) - 1, 0)
            self._found.append(_Block(lines=tuple(self._lines), depth=depth))
        self._lines = []


def _page_lines(lines: Sequence[str]) -> bytes:
    rest = "".join(f"  {line}\n" if line.strip() else "\n" for line in lines[1:])
    return f"- begin\n- {lines[0]}\n{rest}- end\n".encode()


def _titles(page: Page) -> list[str]:
    """The titles of all blocks but the second."""
    return [block.title for block in page.blocks[:1] + page.blocks[2:]]


def _stands(lines: Sequence[str]) -> bool:
    """Whether Logseq reads lines as one block."""
    page = parse(_page_lines(lines), _PAGE)
    return _titles(page) == ["begin", "end"] and not page.problems


def _fenced(text: str, language: str) -> list[str] | None:
    """The text as code that Logseq shows as it is; None if there is no such fence."""
    rows = text.rstrip("\n").split("\n")
    wanted = [row if row.strip() else "" for row in rows]
    for opener, closer in (
        (f"```{language}", "```"),
        (f"~~~{language}", "~~~"),
        (f"#+BEGIN_SRC {language}".rstrip(), "#+END_SRC"),
    ):
        lines = [opener, *rows, closer]
        page = parse(_page_lines(lines), _PAGE)
        found = (
            [row if row.strip() else "" for row in page.fences[0].text.split("\n")[:-1]]
            if (len(page.fences) == 1)
            else None
        )
        if found == wanted and _titles(page) == ["begin", "end"]:
            return lines
    return None
