"""Queries about the content of pages: their blocks as HTML, and what that needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tangle.link import title_key
from tangle.model import PagePath, Uuid
from tangle.notes import Core, pages, query
from tangle.notes.core import config
from tangle.weave.block_text import BlockText, Code
from tangle.weave.blocks import OutlineWriter, Shown, names_in
from tangle.weave.content_words import content_words
from tangle.weave.formulas import rendered
from tangle.weave.graph import (
    asset_address,
    embedded_block,
    embedded_page,
    file_of,
    href_of_page,
    href_of_title,
    page_at,
    said,
    shown_texts,
    site_language,
)
from tangle.weave.html import Writer
from tangle.weave.inline import Token
from tangle.weave.inputs import site_settings
from tangle.weave.lookups import Here, Said
from tangle.weave.markdown import inline_tokens, tokens_of
from tangle.weave.openings import opening
from tangle.weave.page_code import fence_html, line_address, result_html
from tangle.weave.plain_words import escaped, first_line, plain_text
from tangle.weave.results import Around
from tangle.weave.sanitize import clean_html, clean_url
from tangle.weave.urls import ROOT

if TYPE_CHECKING:
    from tangle.weave.views import TocEntry

_FOOTNOTE: Final = re.compile(r"^[ \t]*\[\^([^\]\s]{1,100})\]:", re.MULTILINE)
_DESCRIPTION: Final = 200
_NO_MERMAID: Final = (
    "the source of a Mermaid diagram is shown; to draw it, name a mermaid.min.js as `mermaid` in "
    "the table [site] of tangle.toml"
)
_NAMED: Final = 60
"""Characters of a formula that a warning repeats."""
_EXCERPT: Final = 500
"""Characters of a line that pages show which it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a page, for the person who publishes it."""

    page: PagePath
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of a page.

    Attributes:
        html: its blocks, with `ROOT` in addresses.
        properties: those of the page that readers see, name and HTML.
        files: of the graph, that it shows or links to.
    """

    html: str
    toc: tuple[TocEntry, ...] = ()
    description: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    features: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    warnings: tuple[Fault, ...] = ()


class Surroundings:
    """What the blocks of one page can refer to, looked up in the store.

    Attributes:
        features: what the page needs beside the common style.
        files: of the graph, that were referred to.
        warnings: what was found wrong.
    """

    def __init__(self, core: Core) -> None:
        """Begin a page."""
        self._core = core
        self.markdown: Callable[[str, PagePath, BlockText], str] = _escaped_lines
        self.features: set[str] = set()
        self.files: dict[str, None] = {}
        self.warnings: dict[Fault, None] = {}

    def page(self, title: str) -> str | None:
        """The address of a page."""
        href = href_of_title(self._core, title_key(title))
        return None if href is None else f"{ROOT}{href}"

    def block(self, uuid: str) -> Said | None:
        """A block by its id."""
        return said(self._core, Uuid(uuid))

    def embedded_block(self, uuid: str) -> Shown | None:
        """A block and all below it."""
        return embedded_block(self._core, Uuid(uuid))

    def embedded_page(self, title: str) -> Shown | None:
        """The blocks of a page."""
        return embedded_page(self._core, title_key(title))

    def file(self, page: PagePath, address: str) -> str | None:
        """The address of a file that a page links to."""
        if address.startswith("#"):
            return address
        other = page_at(self._core, page, address)
        if other is not None:
            return f"{ROOT}{href_of_page(self._core, other)}"
        found = file_of(self._core, page, address)
        if found is None:
            return None
        self.files[found] = None
        return asset_address(found)

    def formula(self, tex: str, here: Here, *, display: bool) -> str:
        """A formula as HTML."""
        found = rendered(tex, display=display)
        if found.refused:
            message = f"KaTeX refuses {_shortened(tex)!r}: {found.refused}; its source is shown"
            self.warn(here.page, here.block.line, message)
        return found.html

    def code(self, page: PagePath, block: BlockText, code: Code) -> str:
        """A fence as HTML."""
        if code.language.lower() == "mermaid":
            if site_settings(self._core, "").mermaid:
                self.features.add("mermaid")
                return f'<pre class="mermaid">{escaped(code.text)}</pre>'
            self.warn(page, block.line, _NO_MERMAID)
        return fence_html(self._core, page, code, anchored=bool(block.line))

    def output(self, page: PagePath, block: BlockText) -> str | None:
        """What an output block shows."""
        around = Around(
            markdown=lambda text: self.markdown(text, page, block),
            file=lambda target: self.file(page, target),
            line=lambda title, line: line_address(self._core, title, line),
            language=site_language(self._core, ""),
        )
        return result_html(self._core, page, block.index, around)

    def clean(self, text: str, here: Here) -> str:
        """HTML of the notes without whatever could run."""
        return clean_html(text, lambda address: self.file(here.page, address))

    def address(self, url: str) -> str | None:
        """An address that a reader may be sent to."""
        return clean_url(url)

    def warn(self, page: PagePath, line: int, message: str) -> None:
        """Note what is wrong with a page."""
        self.warnings[Fault(page=page, line=line, message=message)] = None


@query(hashed=True)
def content(core: Core, path: PagePath) -> Content:
    """The content of a page."""
    blocks = shown_texts(core, path)
    around = Surroundings(core)
    keys = (key for block in blocks for key in _FOOTNOTE.findall(block.text))
    writer = Writer(around, content_words(site_language(core, "")), keys)
    around.markdown = lambda text, page, block: writer.tokens(tokens_of(text), Here(page, block))
    outlines = OutlineWriter(writer, around, config(core, "").hidden_properties)
    name = href_of_page(core, path) or path
    begins = opening(core, path)
    outlines.untitled = None if begins is None else begins[0]
    html = outlines.page(Shown(name=name, href="", page=path, blocks=blocks))
    front = blocks[0] if blocks and blocks[0].kind == "pre" else None
    return Content(
        html=html,
        toc=tuple(outlines.toc),
        description=_description(blocks),
        properties=(tuple(outlines.visible(front, Here(path, front))) if front is not None else ()),
        features=frozenset(writer.features | around.features),
        files=tuple(around.files),
        warnings=tuple(around.warnings),
    )


def _escaped_lines(text: str, _page: PagePath, _block: BlockText) -> str:
    return f"<p>{escaped(text)}</p>"


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _NAMED else f"{words[: _NAMED - 1]}…"


def _description(blocks: tuple[BlockText, ...]) -> str:
    """The first words of a page."""
    words: list[str] = []
    length = 0
    for block in blocks:
        if block.heading or not block.text:
            continue
        text = " ".join(plain_text(tokens_of(block.text)).split())
        if text:
            words.append(text)
            length += len(text) + 1
        if length > _DESCRIPTION:
            break
    text = " ".join(words)
    return text if len(text) <= _DESCRIPTION else f"{text[: _DESCRIPTION - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What a page uses and what is wrong with it, known without its content."""

    files: tuple[str, ...] = ()
    warnings: tuple[Fault, ...] = ()
    features: frozenset[str] = frozenset()


@query(kept=Shows)
def shows(core: Core, path: PagePath) -> Shows:
    """What a page uses and what is wrong with it."""
    found = content(core, path)
    return Shows(files=found.files, warnings=found.warnings, features=found.features)


# --- excerpts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A block that names other pages.

    Attributes:
        anchor: of the block; empty if it has none.
        targets: the addresses of the pages that it names or refers to.
        html: its first line, without links.
    """

    anchor: str
    targets: tuple[str, ...]
    html: str


@query(kept=tuple[Excerpt, ...])
def excerpts(core: Core, path: PagePath) -> tuple[Excerpt, ...]:
    """The blocks of a page that name other pages, in order."""
    own = href_of_page(core, path)
    around = Surroundings(core)
    writer = Writer(around, content_words(site_language(core, "")))
    found: list[Excerpt] = []
    for block in shown_texts(core, path):
        targets = dict.fromkeys(_targets(core, block))
        targets.pop(own or "", None)
        if targets:
            html = _excerpt(writer, Here(path, block, links=False))
            # The text before the first block has no place in the outline unless it says something.
            anchor = block.anchor if block.kind != "pre" or block.text or block.codes else ""
            found.append(Excerpt(anchor=anchor, targets=tuple(targets), html=html))
    return tuple(found)


def _excerpt(writer: Writer, here: Here) -> str:
    """The first line of a block; where it has none, its properties."""
    text = first_line(here.block)[:_EXCERPT]
    if text:
        return writer.line(text, here)
    return " · ".join(
        f"{escaped(name)}: {writer.line(value[:_EXCERPT], here)}"
        for key, name, value in here.block.properties
        if key != "id" and not key.startswith(("tangle.", "logseq."))
    )


def _targets(core: Core, block: BlockText) -> Iterator[str]:
    """The addresses of the pages that a block names or refers to."""
    for token in _all([*tokens_of(block.text), *_in_properties(block)]):
        kind, href = token["type"], None
        if kind in ("page", "tag"):
            href = href_of_title(core, title_key(token["title"]))
        elif kind == "block":
            href = _page_of_block(core, Uuid(token["id"]))
        elif kind == "macro" and token["name"] == "embed":
            href = _embedded(core, token["rest"])
        if href is not None:
            yield href


def _in_properties(block: BlockText) -> Iterator[Token]:
    """The tokens of what the properties of a block name."""
    for key, _, value in block.properties:
        if key == "tags":
            yield from ({"type": "page", "title": name} for name in names_in(value))
        elif any(mark in value for mark in ("[[", "#", "((")):
            yield from inline_tokens(value)


def _embedded(core: Core, rest: str) -> str | None:
    if rest.startswith("[[") and rest.endswith("]]"):
        return href_of_title(core, title_key(rest[2:-2]))
    return _page_of_block(core, Uuid(rest.strip("()").lower()))


def _page_of_block(core: Core, uuid: Uuid) -> str | None:
    path = pages.page_of_id(core, uuid)
    return None if path is None else href_of_page(core, path)


def _all(tokens: list[Token]) -> Iterator[Token]:
    """Tokens and all within them."""
    todo = list(tokens)
    while todo:
        token = todo.pop()
        yield token
        todo += token.get("children", ())
        todo += token.get("label") or ()
