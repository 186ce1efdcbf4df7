"""Render code as HTML: any fence, and chunks of Python with what tangle knows of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from tangle.model import Place
from tangle.weave.code_words import CodeWords, code_words
from tangle.weave.highlight import Laid, Token, lines_html, token_lines

if TYPE_CHECKING:
    from tangle.weave.chunks import ChunkMark, PageChunk
    from tangle.weave.names import ChunkName, SavedUse

PlaceLink = Callable[[Place], str | None]
"""Finds the address of a line of the notes; None if the site does not show it."""


def line_anchor(line: int) -> str:
    """Return the anchor of a line of code, by its line in the page."""
    return f"L{line}"


def code_html(code: str, language: str) -> Markup:
    """Return code with the classes of Pygments; as plain text where no lexer is known.

    Args:
        code: of a fence.
        language: as the fence names it; empty where it names none.
    """
    tokens = token_lines(_unix(code).removesuffix("\n"), language)
    return Markup(_pre("\n".join(lines_html(tokens, {})), language))


def figure_html(code: str, language: str) -> Markup:
    """Return a fence that tangle does not run, as a figure that names its language.

    Args:
        code: of the fence.
        language: as the fence names it; empty where it names none.
    """
    head = Markup('<figcaption class="chunk-head"><span class="language">{}</span></figcaption>')
    figure = Markup('<figure class="chunk" data-state="none">{}{}</figure>')
    return figure.format(head.format(language) if language else "", code_html(code, language))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFrame:
    """What surrounds a chunk.

    Attributes:
        mark: whether its output matches its code.
        reason: why, where that is not clear by itself.
        package: the package's name.
        reference: address of the page of the package's names; empty if there is none.
        anchored: whether its lines have anchors: on their own page they do.
        downloads: the files of its section: text and address.
    """

    mark: ChunkMark
    reason: str = ""
    package: str = ""
    reference: str = ""
    anchored: bool = True
    downloads: tuple[tuple[str, str], ...] = ()


def chunk_html(chunk: PageChunk, frame: ChunkFrame, link: PlaceLink, language: str) -> Markup:
    """Return a chunk of Python as the note has it, with links to what its names mean.

    Args:
        chunk: the chunk.
        frame: what surrounds it.
        link: finds addresses.
        language: of the site.
    """
    words = code_words(language)
    tokens = token_lines("\n".join(chunk.lines), chunk.language or "python")
    # A lexer may end its last line with a line feed, or leave an empty one out.
    tokens += [[] for _ in range(len(chunk.lines) - len(tokens))]
    writer = _Writer(chunk, frame, link, words)
    laid = writer.laid(tokens)
    lines = (writer.whole(row, text) for row, text in enumerate(lines_html(tokens, laid)))
    body = Markup(_pre("\n".join(lines), chunk.language or "python"))
    return Markup('<figure class="chunk" data-state="{}">{}{}{}</figure>').format(
        frame.mark, writer.head(), body, writer.uses()
    )


def _pre(lines: str, language: str) -> str:
    name = escape(language.lower())
    marked = f' class="language-{name}"' if language else ""
    return f'<div class="highlight"><pre tabindex="0"><code{marked}>{lines}</code></pre></div>'


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Writer:
    """Writes one chunk."""

    def __init__(
        self, chunk: PageChunk, frame: ChunkFrame, link: PlaceLink, words: CodeWords
    ) -> None:
        self._chunk = chunk
        self._frame = frame
        self._link = link
        self._words = words
        self._uses: Mapping[str, tuple[SavedUse, ...]] = dict(chunk.uses)
        self._stands_for = dict(chunk.stands_for)

    def laid(self, tokens: Sequence[Sequence[Token]]) -> dict[tuple[int, int], Laid]:
        """What is laid over the tokens of names."""
        found: dict[tuple[int, int], Laid] = {}
        for name in self._chunk.names:
            row = tokens[name.row] if name.row < len(tokens) else ()
            token = next((t for t in row if _is(t, name)), None)
            over = self._over(name)
            if token is not None and over is not None:
                found.setdefault((name.row, token.column), over)
        return found

    def _over(self, name: ChunkName) -> Laid | None:
        """What is laid over a name; nothing if it comes from a page that is not in the site."""
        if name.kind == "supplied":
            title = self._words.supplied.format(name.line)
            start = Markup('<span class="name supplied" title="{}">').format(title)
            return Laid(start=start, end="</span>")
        if name.kind == "saved":
            return self._definition(name)
        href = self._link(name.place) if name.place is not None else None
        if name.place is None or href is None:
            return None
        title = self._words.source.format(section=name.section, line=name.place.line)
        start = Markup('<a class="name {}" href="{}" title="{}">').format(name.kind, href, title)
        return Laid(start=start, end="</a>")

    def _definition(self, name: ChunkName) -> Laid:
        title = self._words.saved.format(self._frame.package)
        if not self._frame.reference:
            start = Markup('<span class="name saved" title="{}">').format(title)
            return Laid(start=start, end="</span>")
        href = f"{self._frame.reference}#{name.name}"
        start = Markup('<a class="name saved" href="{}" title="{}">').format(href, title)
        return Laid(start=start, end="</a>")

    def whole(self, row: int, text: str) -> str:
        """A line with its anchor; a link where it stands for another chunk."""
        place = self._stands_for.get(row)
        href = self._link(place) if place is not None else None
        if place is not None and href is not None:
            title = self._words.stands_for.format(place.line)
            start = Markup('<a class="noweb" href="{}" title="{}">').format(href, title)
            text = f"{start}{text}</a>"
        if not self._frame.anchored:
            return text
        return f'<span id="{line_anchor(self._chunk.line + 1 + row)}">{text}</span>'

    def head(self) -> Markup:
        """The line over the code: language, state, line in the note, files of the section."""
        words, chunk = self._words, self._chunk
        parts = [Markup('<span class="language">{}</span>').format(chunk.language or "python")]
        if self._frame.mark != "none":
            parts.append(mark_html(self._frame.mark, self._frame.reason, words))
        if self._frame.anchored:
            line = Markup('<a class="line" href="#{}">{}</a>')
            parts.append(line.format(line_anchor(chunk.line + 1), words.line.format(chunk.line)))
        one = Markup('<a class="download" href="{}" download>{}</a>')
        parts += [one.format(href, text) for text, href in self._frame.downloads]
        return Markup('<figcaption class="chunk-head">{}</figcaption>').format(
            Markup(" ").join(parts)
        )

    def uses(self) -> Markup:
        """The list of what the chunk saves, and where that is used."""
        if not self._uses:
            return Markup("")
        entries = Markup("").join(self._entry(name, uses) for name, uses in self._uses.items())
        return Markup('<dl class="uses">{}</dl>').format(entries)

    def _entry(self, name: str, uses: Sequence[SavedUse]) -> Markup:
        used = uses_html(uses, self._link, self._words)
        return Markup("<dt><code>{}</code></dt><dd>{}</dd>").format(name, used)


def uses_html(uses: Sequence[SavedUse], link: PlaceLink, words: CodeWords) -> Markup:
    """Return where a name is used, as links; pages that are not in the site are left out.

    Args:
        uses: of the name.
        link: finds addresses.
        words: of the site.
    """
    found = ((link(use.place), use.section) for use in uses)
    one = Markup('<a href="{}">{}</a>')
    links = [one.format(href, section) for href, section in found if href is not None]
    if not links:
        return escape(words.never_used)
    return Markup("{} {}").format(words.used_in, Markup(", ").join(links))


def mark_html(mark: str, reason: str, words: CodeWords) -> Markup:
    """Return the mark of a state.

    Args:
        mark: the state.
        reason: why, where that is not clear by itself.
        words: of the site.
    """
    why = reason or words.why.get(mark, "")
    name = words.marks.get(mark, mark)
    shown = f"{name}: {reason}" if reason else name
    title = Markup(' title="{}"').format(why) if why else Markup("")
    return Markup('<span class="state" data-state="{}"{}>{}</span>').format(mark, title, shown)


def _is(token: Token, name: ChunkName) -> bool:
    """Whether a token is the first on its line that can be a name."""
    return token.is_name and token.column >= name.column and token.text == name.name
