"""Write the tokens of a line as HTML: words, links, references, formulas, images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from tangle.weave.content_words import ContentWords
from tangle.weave.inline import UUID, Token, name_end
from tangle.weave.lookups import Here, Said, Site
from tangle.weave.markdown import inline_tokens
from tangle.weave.plain_words import (
    code_words,
    escaped,
    first_line,
    page_words,
    plain_text,
    unescaped,
)
from tangle.weave.raw_html import Element, paired, wrapped

_DEPTH: Final = 3
"""How many references deep the words of a reference are followed."""
_FOLLOWED: Final = 6
"""References that are followed for the words of one reference."""
_LABEL: Final = 300
"""Characters of a block's first line that a reference to it shows."""

PHRASING: Final = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img"),
        *("ins", "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong"),
        *("sub", "sup", "time", "u", "var", "wbr"),
    }
)
"""Elements that can be in a line."""
BLOCK_ID: Final = re.compile(rf"\(\(({UUID})\)\)")
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
_MARKED: Final[Mapping[str, str]] = {
    "emphasis": "em",
    "strong": "strong",
    "mark": "mark",
    "strikethrough": "del",
    "superscript": "sup",
    "subscript": "sub",
}


class LineWriter:
    """Writes what is in lines of one page.

    Attributes:
        site: what texts can refer to.
        words: what the site says by itself.
        features: what the page needs beside the common style.
        footnotes: the keys of the footnotes that the page defines.
        ids: of the footnotes so far.
    """

    def __init__(self, site: Site, words: ContentWords, footnotes: Iterable[str] = ()) -> None:
        """Begin a page."""
        self.site = site
        self.words = words
        self.features: set[str] = set()
        self.footnotes = frozenset(footnotes)
        self.ids: set[str] = set()
        self._labels: dict[str, str] = {}
        self._followed = 0

    def line(self, text: str, here: Here) -> str:
        """A text of one line, in which there is no other element."""
        return self.inline(inline_tokens(text), here)

    def inline(self, tokens: Iterable[Token], here: Here) -> str:
        """Tokens of a stretch of a line."""
        return "".join([self._inline(token, here) for token in paired(tokens)])

    def _inline(self, token: Token, here: Here) -> str:
        write = self._by_type.get(token["type"])
        if write is not None:
            return write(self, token, here)
        name = _MARKED.get(token["type"])
        within = self.inline(token.get("children", ()), here)
        return f"<{name}>{within}</{name}>" if name is not None else within

    def _text(self, token: Token, _here: Here) -> str:
        return escaped(unescaped(token["raw"]))

    def _code(self, token: Token, _here: Here) -> str:
        return f"<code>{escaped(token['raw'])}</code>"

    def _break(self, _token: Token, _here: Here) -> str:
        return "<br>"

    def _element(self, token: Token, here: Here) -> str:
        element: Element = token["element"]
        linked = element.name == "a"
        if linked and not here.links:
            return self.inline(element.children, here)
        within = inside(here, links=here.links and not linked)
        text = self.inline(element.children, within)
        if element.name not in PHRASING and not here.flow:
            return text
        return wrapped(element, text, lambda tag: self.site.clean(tag, here))

    def _void(self, token: Token, here: Here) -> str:
        if token["name"] == "hr":
            return "<hr>" if here.flow else "<br>"
        return self.site.clean(token["raw"], here)

    def _page(self, token: Token, here: Here) -> str:
        title = token["title"]
        label = token.get("label")
        text = (
            self.inline(label, inside(here, links=False)) if label else escaped(page_words(title))
        )
        return self._to_page(title, text, "page-link", here)

    def _tag(self, token: Token, here: Here) -> str:
        return self._to_page(token["title"], f"#{escaped(page_words(token['title']))}", "tag", here)

    def _to_page(self, title: str, text: str, kind: str, here: Here) -> str:
        if not here.links:
            return text
        if BLOCK_ID.fullmatch(f"(({title}))"):
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
            shown = self.inline(label, inside(here, links=False)) if label else f"(({uuid}))"
            return f'<span class="broken" title="{why}">{shown}</span>'
        text = self.inline(label, inside(here, links=False)) if label else self._said(said, here)
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
        shown = self.line(text, within) if text else escaped(code_words(said.text))
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
        """An embed where only a stretch of a line can be."""
        match = BLOCK_ID.search(rest)
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

    def _date(self, token: Token, _here: Here) -> str:
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
        anchor = note_anchor(key)
        own = f' id="{anchor}-mark"' if f"{anchor}-mark" not in self.ids else ""
        self.ids.add(f"{anchor}-mark")
        return f'<sup{own}><a class="footnote-mark" href="#{anchor}">{escaped(key)}</a></sup>'

    def _link(self, token: Token, here: Here) -> str:
        url = token["attrs"]["url"]
        if match := BLOCK_ID.fullmatch(url):
            return self._block_link({"id": match[1].lower(), "label": token["children"]}, here)
        within = inside(here, links=False)
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
        alt = plain_text(token["children"])
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

    _by_type: ClassVar[Mapping[str, Callable[[LineWriter, Token, Here], str]]] = {
        "text": _text,
        "codespan": _code,
        "softbreak": _break,
        "linebreak": _break,
        "element": _element,
        "void": _void,
        "page": _page,
        "tag": _tag,
        "block": _block_link,
        "macro": _macro,
        "formula": _formula,
        "date": _date,
        "footnote_mark": _footnote_mark,
        "link": _link,
        "image": _image,
    }


def inside(here: Here, *, links: bool) -> Here:
    """Where the words of a link or an element are."""
    return Here(here.page, here.block, links=links and here.links, depth=here.depth)


def note_anchor(key: str) -> str:
    """The anchor of a footnote."""
    return "fn-" + re.sub(r"[^\w-]", "-", key)
