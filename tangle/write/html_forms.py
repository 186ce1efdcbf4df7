"""Read HTML that a chunk shows: its tables, its media, and the text around them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from tangle.model import MimeType

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_READ: Final = 4 * 1024 * 1024
"""Characters of HTML that are read; more of it is kept as a file only."""

_MOST_SPAN: Final = 1000
_MOST_COLUMNS: Final = 2000
_MOST_CELLS: Final = 200_000
"""Of a table; what comes after is left out."""
_MOST_TABLES: Final = 20
_MEDIA: Final = re.compile(r"data:((?:image|video|audio)/[\w.+-]+)[^,]{0,100};base64,", re.ASCII)
_FRAME: Final = re.compile(
    r"frames\[0\]\s*=\s*[\"']data:(image/[\w.+-]+);base64,([A-Za-z0-9+/=\\\s]+)"
)
_BREAKS: Final = frozenset(
    """br p div li tr table caption h1 h2 h3 h4 h5 h6 pre small summary details dt dd hr section
    article header footer blockquote ul ol""".split()  # noqa: SIM905 -- as a list, it fills a page
)
_SILENT: Final = frozenset({"style", "script", "template", "title"})
_OF_TABLE: Final = frozenset({"table", "thead", "tbody", "tr", "td", "th"})
_WITH_SUBSTITUTE: Final = frozenset({"audio", "video"})
"""Elements whose words are for browsers that cannot play them."""
_PLAYED: Final = frozenset({"img", "video", "audio", "source"})

_ID: Final = re.compile(
    r"(?:\bid|docid|model_id|data-root-id|getElementById)[\"']?\s*[=:(]\s*[\"']([^\"'<>\s]{4,200})[\"']"
)
_RANDOM: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|T_[0-9a-f]{5}"
)


class HtmlTable(Struct, frozen=True, kw_only=True):
    """A table as rows of text; cells that span others stand in each of their places.

    Attributes:
        head: the rows that name the columns.
        body: the others.
    """

    head: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]


class HtmlForm(Struct, frozen=True, kw_only=True):
    """What HTML has that a note can show.

    Attributes:
        tables: in order, those within others left out.
        text: the words outside of them, a line for each paragraph.
        media: type and content of what plays or is seen, if the HTML itself holds it.
        addresses: of pictures that are elsewhere.
        frames: addresses of pages of the web within.
        lossy: whether there is more to it: scripts, colours, frames, forms.
    """

    tables: tuple[HtmlTable, ...]
    text: str
    media: tuple[tuple[MimeType, bytes], ...]
    addresses: tuple[str, ...]
    frames: tuple[str, ...]
    lossy: bool


def read_html(source: str) -> HtmlForm:
    """Return what a note can show of HTML, however broken it is.

    Args:
        source: the HTML; of a very long one only the beginning is read.
    """
    reader = _Reader()
    reader.feed(source[:LARGEST_READ])
    reader.close()
    reader.end_table()
    media = tuple(reader.media)
    if not media and (frame := first_frame(source)):
        media = (frame,)
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return HtmlForm(
        tables=tuple(reader.tables),
        text="\n".join(filter(None, lines)),
        media=media,
        addresses=tuple(reader.addresses),
        frames=tuple(reader.frames),
        lossy=reader.lossy or len(source) > LARGEST_READ,
    )


def first_frame(source: str) -> tuple[MimeType, bytes] | None:
    """Return the first picture of an animation by matplotlib; None of any other HTML.

    Args:
        source: the HTML.
    """
    found = _FRAME.search(source)
    return _decoded(found[1], found[2].replace("\\", "")) if found else None


def _decoded(mime: str, data: str) -> tuple[MimeType, bytes] | None:
    try:
        return MimeType(mime), base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def steady(source: str) -> str:
    """Return HTML in which ids that differ at each run have values that do not.

    Args:
        source: the HTML.
    """
    tokens: dict[str, str] = {}
    for found in _ID.finditer(source):
        for token in _RANDOM.findall(found[1]):
            if token not in tokens:
                number = hashlib.sha256(str(len(tokens)).encode()).hexdigest()[:32]
                dashed = "-".join((number[:8], "0000-4000-8000", number[8:20]))
                styled = f"T_{number[:5]}" if token.startswith("T_") else number
                tokens[token] = dashed if "-" in token else styled
    if not tokens:
        return source
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: tokens[found[0]], source)


class _Rows(Struct):
    """A table in the making."""

    rows: list[list[str]] = field(default_factory=list)
    heads: int = 0
    in_head: bool = False
    waiting: dict[int, tuple[int, str]] = field(default_factory=dict)
    column: int = 0
    cells: int = 0
    all_th: bool = True

    @property
    def is_full(self) -> bool:
        """Whether nothing more fits."""
        return self.cells >= _MOST_CELLS or self.column >= _MOST_COLUMNS

    def begin_row(self) -> None:
        if self.cells >= _MOST_CELLS:
            self.column = _MOST_COLUMNS
            return
        self.rows.append([])
        self.column = 0
        self.all_th = True

    def add(self, text: str, span: tuple[int, int], *, th: bool) -> None:
        if not self.rows:
            self.begin_row()
        self._fill()
        self.all_th = self.all_th and th
        across, down = span
        for _ in range(across):
            if self.is_full:
                return
            self.rows[-1].append(text)
            self.cells += 1
            if down > 1:
                self.waiting[self.column] = (down - 1, text)
            self.column += 1

    def end_row(self) -> None:
        if not self.rows:
            return
        self._fill()
        row = self.rows[-1]
        if not row:
            self.rows.pop()
        elif self.in_head or (self.all_th and self.heads == len(self.rows) - 1):
            self.heads = len(self.rows)

    def _fill(self) -> None:
        while self.column in self.waiting and not self.is_full:
            left, text = self.waiting.pop(self.column)
            self.rows[-1].append(text)
            self.cells += 1
            if left > 1:
                self.waiting[self.column] = (left - 1, text)
            self.column += 1

    def table(self) -> HtmlTable:
        width = max(map(len, self.rows), default=0)
        width = min(width, 1 + _MOST_CELLS // max(len(self.rows), 1))
        rows = [tuple((row + [""] * (width - len(row)))[:width]) for row in self.rows]
        return HtmlTable(head=tuple(rows[: self.heads]), body=tuple(rows[self.heads :]))


class _Reader(HTMLParser):
    """Collects what stands in tables and around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self.words: list[str] = []
        self.media: list[tuple[MimeType, bytes]] = []
        self.addresses: list[str] = []
        self.frames: list[str] = []
        self.lossy = False
        self._silent = 0
        self._in_caption = False
        self._depth = 0
        self._table: _Rows | None = None
        self._cell: list[str] | None = None
        self._span, self._th = (1, 1), False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._in_caption = tag == "caption" or (self._in_caption and tag not in _OF_TABLE)
        if tag in _SILENT:
            self._silent += 1
            self.lossy = self.lossy or tag == "script"
        elif tag in _OF_TABLE:
            self._begin(tag, found)
        else:
            self._silent += tag in _WITH_SUBSTITUTE
            self._see(tag, found.get("src", ""))
        if tag in _BREAKS and self._cell is None:
            self.words.append("\n")
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._in_caption = self._in_caption and tag not in ("caption", "table")
        if tag in _SILENT | _WITH_SUBSTITUTE:
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr" and self._table is not None and self._depth == 1:
            self._end_cell()
            self._table.end_row()
        elif tag == "thead" and self._table is not None and self._depth == 1:
            self._table.in_head = False
        elif tag == "table":
            self._depth = max(0, self._depth - 1)
            if not self._depth:
                self.end_table()
        if tag in _BREAKS and self._cell is None:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif self._table is None or self._in_caption:
            self.words.append(data)

    def end_table(self) -> None:
        """Close the table that is open, if one is."""
        if self._table is None:
            return
        self._end_cell()
        self._table.end_row()
        table = self._table.table()
        self._table, self._depth = None, 0
        if (table.head or table.body) and len(self.tables) < _MOST_TABLES:
            self.tables.append(table)

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._table = _Rows()
        elif self._table is None or self._depth > 1:
            return
        elif tag == "thead":
            self._table.in_head = True
        elif tag == "tr":
            self._end_cell()
            self._table.end_row()
            self._table.begin_row()
        elif tag in ("td", "th"):
            self._end_cell()
            self._cell, self._th = [], tag == "th"
            self._span = (_number(attributes, "colspan"), _number(attributes, "rowspan"))

    def _end_cell(self) -> None:
        if self._cell is None or self._table is None or self._depth > 1:
            return
        self._table.add("".join(self._cell).strip(), self._span, th=self._th)
        self._cell = None

    def _see(self, tag: str, source: str) -> None:
        if tag in _PLAYED:
            self._play(source)
        elif tag == "iframe" and is_public(source):
            self.frames.append(source)
        elif tag in ("iframe", "svg", "canvas", "object", "form", "input"):
            self.lossy = True

    def _play(self, source: str) -> None:
        if found := _MEDIA.match(source):
            if (decoded := _decoded(found[1], source[found.end() :])) is not None:
                self.media.append(decoded)
        elif source:
            self.addresses.append(source)


def is_public(address: str) -> bool:
    """Whether an address is of the web, and can be in a link of Markdown.

    Args:
        address: of a page or a picture.
    """
    return re.fullmatch(r"https?://[^\s()<>]+", address) is not None


def _number(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return min(int(text), _MOST_SPAN) if re.fullmatch(r"[1-9][0-9]{0,5}", text) else 1


def titles_of(table: HtmlTable) -> tuple[tuple[str, ...], HtmlTable]:
    """Return the rows that are above the names of columns as titles, and the table without them.

    Args:
        table: with a title in each place of a row that it reaches over.
    """
    above = 0
    titles = []
    for row in table.head[:-1]:
        if len(row) < 2 or len(set(row)) > 1:
            break
        titles.append(row[0])
        above += 1
    return tuple(filter(None, titles)), HtmlTable(head=table.head[above:], body=table.body)


def column_names(head: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Return one name for each column from rows of them.

    Args:
        head: the rows; a name over several columns stands in each.
        width: how many columns there are.
    """
    columns = (dict.fromkeys(row[at] for row in head if at < len(row)) for at in range(width))
    return tuple(" / ".join(filter(None, names)) for names in columns)
