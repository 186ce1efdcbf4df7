"""Write the tokens of a block's text as HTML.

Whatever the text holds, what is written is well-formed, and holds only elements that this module
and the cleaning of HTML write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tangle.model import PagePath
from tangle.weave.block_text import BlockText, Code, without_controls
from tangle.weave.content_words import ContentWords
from tangle.weave.inline import Token, name_end
from tangle.weave.markdown import inline_tokens, tokens_of
from tangle.weave.raw_html import Element, paired, wrapped

_DEPTH: Final = 3
"""How many references deep the words of a reference are followed."""
_FOLLOWED: Final = 6
"""References that are followed for the words of one reference."""
_LABEL: Final = 300
"""Characters of a block's first line that a reference to it shows."""

_PHRASING: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "wbr",
    ]
)
_BLOCK_FORMULA: Final = "formula"
_ADMONITIONS: Final = frozenset(
    {"note", "tip", "important", "caution", "warning", "pinned", "example-note"}
)
_UUID: Final = re.compile(r"\(\(([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)\)")
_SIZE: Final = re.compile(r":?(height|width)\s+\"?([0-9]{1,5})(?:\.[0-9]+)?(?:px)?\"?")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_VIDEO: Final = frozenset({"mp4", "webm", "mov", "ogv", "m4v"})
_AUDIO: Final = frozenset({"mp3", "ogg", "wav", "m4a", "flac", "opus"})
_IMAGE: Final = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "ico"})
_VIDEO_HOSTS: Final = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "bilibili": "https://www.bilibili.com/video/{}",
    "video": "{}",
    "tweet": "{}",
    "twitter": "{}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A block that a reference leads to.

    Attributes:
        href: of the block, from the site's root; empty where its page is not published.
    """

    href: str
    text: BlockText
    page: PagePath


class Site(Protocol):
    """What the text of a block can refer to."""

    def page(self, title: str) -> str | None:
        """The address of a page; None where it is not published."""

    def block(self, uuid: str) -> Said | None:
        """A block by its id; None where there is none."""

    def file(self, page: PagePath, address: str) -> str | None:
        """The address of a file that a page links to; None where there is none."""

    def formula(self, tex: str, here: Here, *, display: bool) -> str:
        """A formula as HTML."""

    def code(self, page: PagePath, block: BlockText, code: Code) -> str:
        """A fence as HTML."""

    def clean(self, text: str, here: Here) -> str:
        """HTML of the notes without whatever could run."""

    def address(self, url: str) -> str | None:
        """An address that a reader may be sent to; None for others."""

    def warn(self, page: PagePath, line: int, message: str) -> None:
        """Note what is wrong with a page."""


Embed = Callable[[Token, str], str | None]


@dataclass(slots=True)
class Here:
    """Where the writer is.

    Attributes:
        links: whether a link may stand here: none stands in another.
        depth: how many references deep.
        flow: whether an element that is more than a stretch of a line may stand here.
    """

    page: PagePath
    block: BlockText
    links: bool = True
    depth: int = 0
    flow: bool = False


class Writer:
    """Writes HTML of one page.

    Attributes:
        site: what texts can refer to.
        words: what the site says by itself.
        features: what the page needs beside the common style.
        footnotes: the keys of the footnotes that the page defines.
    """

    def __init__(self, site: Site, words: ContentWords, footnotes: Iterable[str] = ()) -> None:
        """Begin a page."""
        self.site = site
        self.words = words
        self.features: set[str] = set()
        self.footnotes = frozenset(footnotes)
        self.embed: Callable[[str, Here], str | None] = lambda _, __: None
        self._ids: set[str] = set()
        self._labels: dict[str, str] = {}
        self._followed = 0

    # --- a block's text ---------------------------------------------------------------------------

    def text(self, block: BlockText, here: Here) -> str:
        """The text of a block."""
        return self.tokens(tokens_of(block.text), here)

    def line(self, text: str, here: Here) -> str:
        """A text of one line, in which no other element stands."""
        return self.inline(inline_tokens(text), here)

    def tokens(self, tokens: Iterable[Token], here: Here) -> str:
        """Tokens of blocks."""
        return "".join([self._block(token, here) for token in tokens])

    def _block(self, token: Token, here: Here) -> str:
        write = _BLOCKS.get(token["type"])
        return write(self, token, here) if write is not None else self._inline(token, here)

    def _paragraph(self, token: Token, here: Here) -> str:
        """A paragraph, divided where something stands in it that can be in none."""
        return self._divided(token["children"], here, "<p>", "</p>")

    def _block_text(self, token: Token, here: Here) -> str:
        return self._divided(token["children"], here, "", "")

    def _divided(self, tokens: Sequence[Token], here: Here, start: str, end: str) -> str:
        parts: list[str] = []
        line: list[str] = []

        def close() -> None:
            text = "".join(line)
            line.clear()
            text = text.removeprefix("<br>").removesuffix("<br>")
            if text.strip():
                parts.append(f"{start}{text}{end}")

        for token in paired(tokens):
            if self._flows(token):
                close()
                parts.append(self._flow(token, here))
            else:
                line.append(self._inline(token, here))
        close()
        return "".join(parts)

    def _flows(self, token: Token) -> bool:
        kind = token["type"]
        if kind == "void":
            return bool(token["name"] == "hr")
        if kind == "element":
            element: Element = token["element"]
            return element.name not in _PHRASING or any(map(self._flows, element.children))
        if kind == "macro":
            return bool(token["name"] == "embed")
        return bool(kind == _BLOCK_FORMULA and token["display"])

    def _flow(self, token: Token, here: Here) -> str:
        if token["type"] == "macro":
            shown = self.embed(token["rest"], here)
            return shown if shown is not None else self._inline(token, here)
        if token["type"] == "formula":
            self.features.add("formulas")
            return self.site.formula(token["tex"], here, display=True)
        within = Here(here.page, here.block, links=here.links, depth=here.depth, flow=True)
        return self._inline(token, within)

    def _list(self, token: Token, here: Here) -> str:
        attrs = token.get("attrs", {})
        name = "ol" if attrs.get("ordered") else "ul"
        start = attrs.get("start")
        first = f' start="{int(start)}"' if start not in (None, 1) and name == "ol" else ""
        items = self.tokens(token["children"], here)
        return f"<{name}{first}>{items}</{name}>"

    def _item(self, token: Token, here: Here) -> str:
        return f"<li>{self.tokens(token['children'], here)}</li>"

    def _task_item(self, token: Token, here: Here) -> str:
        state = "done" if token["attrs"]["checked"] else "todo"
        mark = f'<span class="task" data-state="{state}"></span> '
        return f'<li class="task-item">{mark}{self.tokens(token["children"], here)}</li>'

    def _quote(self, token: Token, here: Here) -> str:
        return f"<blockquote>{self.tokens(token['children'], here)}</blockquote>"

    def _begin(self, token: Token, here: Here) -> str:
        kind = token["kind"]
        if kind == "comment":
            return ""
        if kind == "query":
            return f'<p class="left-out">{escaped(self.words.query)}</p>'
        if kind in ("example", "src"):
            return f"<pre><code>{escaped(token['raw'])}</code></pre>"
        if kind == "export":
            return self.site.clean(token["raw"], here)
        within = self.tokens(token.get("children", ()), here)
        if kind == "quote":
            return f"<blockquote>{within}</blockquote>"
        if kind in _ADMONITIONS:
            return f'<aside class="admonition {kind}">{within}</aside>'
        return f'<div class="special {"center" if kind == "center" else "verse"}">{within}</div>'

    def _hole(self, token: Token, here: Here) -> str:
        if token["number"] >= len(here.block.codes):
            return ""
        self.features.add("code")
        return self.site.code(here.page, here.block, here.block.codes[token["number"]])

    def _block_formula(self, token: Token, here: Here) -> str:
        self.features.add("formulas")
        return self.site.formula(token["tex"], here, display=True)

    def _hiccup(self, token: Token, here: Here) -> str:
        return f'<pre class="hiccup"><code>{escaped(token["raw"])}</code></pre>'

    def _html(self, token: Token, here: Here) -> str:
        return self.site.clean(token["raw"], here)

    def _rule(self, token: Token, here: Here) -> str:
        return "<hr>"

    def _nothing(self, token: Token, here: Here) -> str:
        return ""

    def _footnote(self, token: Token, here: Here) -> str:
        key = token["key"]
        anchor = _note_anchor(key)
        own = f' id="{anchor}"' if anchor not in self._ids else ""
        self._ids.add(anchor)
        back = f'<a href="#{anchor}-mark">{escaped(key)}</a>'
        if f"{anchor}-mark" not in self._ids:
            back = escaped(key)
        return (
            f'<p class="footnote"{own}><sup>{back}</sup> {self.inline(token["children"], here)}</p>'
        )

    def _table(self, token: Token, here: Here) -> str:
        head, *bodies = token["children"]
        rows = "".join(
            f"<tr>{self._cells(row, here)}</tr>" for body in bodies for row in body["children"]
        )
        return (
            f'<div class="table"><table><thead><tr>{self._cells(head, here)}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )

    def _cells(self, row: Token, here: Here) -> str:
        cells: list[str] = []
        for cell in row["children"]:
            name = "th" if cell["attrs"]["head"] else "td"
            align = cell["attrs"]["align"]
            style = f' style="text-align: {align}"' if align else ""
            cells.append(f"<{name}{style}>{self.inline(cell['children'], here)}</{name}>")
        return "".join(cells)

    # --- in a line --------------------------------------------------------------------------------

    def inline(self, tokens: Iterable[Token], here: Here) -> str:
        """Tokens of a stretch of a line."""
        return "".join([self._inline(token, here) for token in paired(tokens)])

    def _inline(self, token: Token, here: Here) -> str:
        write = _INLINE.get(token["type"])
        if write is not None:
            return write(self, token, here)
        name = _MARKED.get(token["type"])
        within = self.inline(token.get("children", ()), here)
        return f"<{name}>{within}</{name}>" if name is not None else within

    def _text(self, token: Token, here: Here) -> str:
        return escaped(_unescaped(token["raw"]))

    def _code(self, token: Token, here: Here) -> str:
        return f"<code>{escaped(token['raw'])}</code>"

    def _break(self, token: Token, here: Here) -> str:
        return "<br>"

    def _element(self, token: Token, here: Here) -> str:
        element: Element = token["element"]
        linked = element.name == "a"
        if linked and not here.links:
            return self.inline(element.children, here)
        within = _inside(here, links=here.links and not linked)
        text = self.inline(element.children, within)
        if element.name not in _PHRASING and not here.flow:
            return text
        return wrapped(element, text, lambda tag: self.site.clean(tag, here))

    def _void(self, token: Token, here: Here) -> str:
        if token["name"] == "hr":
            return "<hr>" if here.flow else "<br>"
        return self.site.clean(token["raw"], here)

    def _page(self, token: Token, here: Here) -> str:
        title = token["title"]
        label = token.get("label")
        text = self.inline(label, _inside(here, links=False)) if label else self._title(title)
        return self._to_page(title, text, "page-link", here)

    def _tag(self, token: Token, here: Here) -> str:
        return self._to_page(token["title"], f"#{self._title(token['title'])}", "tag", here)

    def _title(self, title: str) -> str:
        return escaped(title.replace("[[", "").replace("]]", ""))

    def _to_page(self, title: str, text: str, kind: str, here: Here) -> str:
        if not here.links:
            return text
        if _UUID.fullmatch(f"(({title}))"):
            return self._block_link({"id": title.lower(), "text": text}, here)
        href = self.site.page(title)
        if href is None:
            return f'<span class="{kind}">{text}</span>'
        return f'<a class="{kind}" href="{escaped(href)}">{text}</a>'

    def _block_link(self, token: Token, here: Here) -> str:
        uuid = token["id"]
        label = token.get("label")
        said = self.site.block(uuid)
        if said is None:
            message = f"no block of the site has the id {uuid}; find the block, or remove this"
            self.site.warn(here.page, here.block.line, message)
            why = escaped(self.words.no_block.format(uuid))
            shown = self.inline(label, _inside(here, links=False)) if label else f"(({uuid}))"
            return f'<span class="broken" title="{why}">{shown}</span>'
        text = self.inline(label, _inside(here, links=False)) if label else self._said(said, here)
        if not here.links:
            return text
        if not said.href:
            return f'<span class="block-ref">{text}</span>'
        return f'<a class="block-ref" href="{escaped(said.href)}">{text}</a>'

    def _said(self, said: Said, here: Here) -> str:
        """The words of a block that is referred to: its first line, without links."""
        uuid = said.text.anchor
        if here.depth == 0:
            known = self._labels.get(uuid)
            if known is not None:
                return known
            self._followed = 0
        self._followed += 1
        if here.depth >= _DEPTH or self._followed > _FOLLOWED:
            return "…"
        within = Here(said.page, said.text, links=False, depth=here.depth + 1)
        text = first_line(said.text)
        if len(text) > _LABEL:
            text = f"{text[:_LABEL]}…"
        shown = self.line(text, within) if text else escaped(_code_words(said.text))
        shown = shown.strip() or "…"
        if here.depth == 0:
            self._labels[uuid] = shown
        return shown

    def _macro(self, token: Token, here: Here) -> str:
        name, rest = token["name"], token["rest"]
        if name == "embed":
            return self._embedded_link(rest, here)
        if name == "cloze":
            return f'<span class="cloze">{self.line(rest.partition(chr(92) * 2)[0], here)}</span>'
        if name in _VIDEO_HOSTS:
            return self._video(name, rest, here)
        if name in ("query", "function", "namespace"):
            return f'<span class="left-out">{escaped(self.words.query)}</span>'
        why = escaped(self.words.macro)
        return (
            f'<code class="macro" title="{why}">{{{{{escaped(f"{name} {rest}".strip())}}}}}</code>'
        )

    def _embedded_link(self, rest: str, here: Here) -> str:
        """An embed where only a stretch of a line can stand."""
        match = _UUID.search(rest)
        if match is not None:
            return self._block_link({"id": match[1].lower()}, here)
        end = name_end(rest, 0) if rest.startswith("[[") else -1
        return self._page({"title": rest[2 : end - 2]}, here) if end > 0 else escaped(rest)

    def _video(self, name: str, rest: str, here: Here) -> str:
        url = rest if _SCHEME.match(rest) else _VIDEO_HOSTS[name].format(rest)
        return self._outward(url, f"{self.words.video}: {escaped(url)}", "video", here)

    def _outward(self, url: str, text: str, kind: str, here: Here) -> str:
        """A link out of the site: nothing is fetched until the reader follows it."""
        if not here.links:
            return text
        clean = self.site.address(url)
        if clean is None:
            why = escaped(self.words.bad_address)
            return f'<span class="broken" title="{why}">{text}</span>'
        return f'<a class="{kind}" href="{escaped(clean)}" rel="noreferrer">{text}</a>'

    def _formula(self, token: Token, here: Here) -> str:
        self.features.add("formulas")
        return self.site.formula(token["tex"], here, display=False)

    def _date(self, token: Token, here: Here) -> str:
        day, purpose = token["day"].isoformat(), token["purpose"]
        shown = f'<time datetime="{day}">{day}{escaped(token["rest"].rstrip())}</time>'
        if not purpose:
            return shown
        word = {
            "scheduled": self.words.scheduled,
            "deadline": self.words.deadline,
            "closed": self.words.closed,
        }[purpose]
        return f'<span class="{purpose}">{escaped(word)} {shown}</span>'

    def _footnote_mark(self, token: Token, here: Here) -> str:
        key = token["key"]
        if key not in self.footnotes or not here.links:
            return f"<sup>{escaped(key)}</sup>"
        anchor = _note_anchor(key)
        own = f' id="{anchor}-mark"' if f"{anchor}-mark" not in self._ids else ""
        self._ids.add(f"{anchor}-mark")
        return f'<sup{own}><a class="footnote-mark" href="#{anchor}">{escaped(key)}</a></sup>'

    def _link(self, token: Token, here: Here) -> str:
        url = token["attrs"]["url"]
        if match := _UUID.fullmatch(url):
            return self._block_link({"id": match[1].lower(), "label": token["children"]}, here)
        within = _inside(here, links=False)
        text = self.inline(token["children"], within) or escaped(url)
        if _SCHEME.match(url):
            return self._outward(url, text, "external", here)
        if not here.links:
            return text
        return self._to_file(url, text, here)

    def _to_file(self, url: str, text: str, here: Here) -> str:
        href = self.site.file(here.page, url)
        if href is None:
            return self._missing(url, text, here)
        return f'<a class="file" href="{escaped(href)}">{text}</a>'

    def _missing(self, url: str, text: str, here: Here) -> str:
        why = self.words.no_file.format(url)
        message = f"there is no file {url}; put it there, or remove the link"
        self.site.warn(here.page, here.block.line, message)
        return f'<span class="broken" title="{escaped(why)}">{text or escaped(url)}</span>'

    def _image(self, token: Token, here: Here) -> str:
        url = token["attrs"]["url"]
        alt = _plain(token["children"])
        if url.startswith("data:image/"):
            clean = self.site.address(url)
            return f'<img src="{escaped(clean)}" alt="{escaped(alt)}">' if clean else escaped(alt)
        if _SCHEME.match(url):
            text = f"{self.words.image}: {escaped(alt or url)}"
            return self._outward(url, text, "external image", here)
        href = self.site.file(here.page, url)
        if href is None:
            return self._missing(url, escaped(alt), here)
        return self._media(href, alt, token.get("metadata", ""), here)

    def _media(self, href: str, alt: str, metadata: str, here: Here) -> str:
        suffix = href.rpartition(".")[2].lower()
        source = escaped(href)
        size = "".join(f' {name}="{int(value)}"' for name, value in _SIZE.findall(metadata))
        if suffix in _IMAGE:
            return f'<img src="{source}" alt="{escaped(alt)}"{size} loading="lazy">'
        if here.links and suffix in _VIDEO:
            return f'<video src="{source}"{size} controls preload="metadata"></video>'
        if here.links and suffix in _AUDIO:
            return f'<audio src="{source}" controls preload="metadata"></audio>'
        text = escaped(alt or href.rpartition("/")[2])
        return f'<a class="file" href="{source}">{text}</a>' if here.links else text


def escaped(text: str) -> str:
    """Text as HTML, in elements and in attributes."""
    if _CLEAN.fullmatch(text):
        return text
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


_CLEAN: Final = re.compile(r"[^&<>\"]*")


def first_line(block: BlockText) -> str:
    """The first line of a block that has words; empty where there is none."""
    return next(
        (line for line in block.text.split("\n") if line.strip() and "\x03" not in line), ""
    )


def plain_text(tokens: Iterable[Token]) -> str:
    """The words of tokens, as plain text."""
    return _plain(tokens)


def _code_words(block: BlockText) -> str:
    """What a reference to a block of mere code says: its first line."""
    return next(
        (line for code in block.codes for line in code.text.split("\n") if line.strip()), ""
    )


def _inside(here: Here, *, links: bool) -> Here:
    return Here(here.page, here.block, links=links and here.links, depth=here.depth)


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    from mistune.util import unescape

    return without_controls(unescape(text))


def _note_anchor(key: str) -> str:
    return "fn-" + re.sub(r"[^\w-]", "-", key)


def _plain(tokens: Iterable[Token]) -> str:
    return "".join(_words(tokens))


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        kind = token["type"]
        if kind in ("page", "tag") and "label" not in token:
            yield token["title"].replace("[[", "").replace("]]", "")
        elif kind in ("text", "codespan"):
            yield _unescaped(token["raw"])
        elif kind == "formula":
            yield token["tex"]
        elif kind in ("softbreak", "linebreak"):
            yield " "
        else:
            yield from _words(token.get("label") or token.get("children", ()))
            if kind in _BLOCKS:
                yield " "


_Write = Callable[[Writer, Token, Here], str]
_BLOCKS: Final[Mapping[str, _Write]] = {
    "paragraph": Writer._paragraph,
    "block_text": Writer._block_text,
    "list": Writer._list,
    "list_item": Writer._item,
    "task_list_item": Writer._task_item,
    "block_quote": Writer._quote,
    "begin": Writer._begin,
    "hole": Writer._hole,
    "hiccup": Writer._hiccup,
    "block_html": Writer._html,
    "thematic_break": Writer._rule,
    "blank_line": Writer._nothing,
    "footnote": Writer._footnote,
    "table": Writer._table,
    "formula": Writer._block_formula,
}
_INLINE: Final[Mapping[str, _Write]] = {
    "text": Writer._text,
    "codespan": Writer._code,
    "softbreak": Writer._break,
    "linebreak": Writer._break,
    "element": Writer._element,
    "void": Writer._void,
    "page": Writer._page,
    "tag": Writer._tag,
    "block": Writer._block_link,
    "macro": Writer._macro,
    "formula": Writer._formula,
    "date": Writer._date,
    "footnote_mark": Writer._footnote_mark,
    "link": Writer._link,
    "image": Writer._image,
}
_MARKED: Final[Mapping[str, str]] = {
    "emphasis": "em",
    "strong": "strong",
    "mark": "mark",
    "strikethrough": "del",
    "superscript": "sup",
    "subscript": "sub",
}
