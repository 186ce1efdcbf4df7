"""Clean what notes bring of HTML, addresses and SVG: nothing runs, and nothing is fetched.

What is allowed is listed; everything else is left out. HTML is parsed as browsers parse it
(nh3), so no form that only a browser understands gets through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from nh3 import Cleaner

Resolve = Callable[[str], str | None]
"""Finds the address of a local file or page that the notes name; None if there is none."""

_LOCAL: Final = re.compile(r"[^:/?#\\]*(?:[/?#]|\Z)")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto"})
# What browsers leave out of an address before they read its scheme.
_IGNORED: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\u202a-\u202e\ufeff]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Some of them stand for something in what weave writes; none means anything in HTML."""
_IMAGE_DATA: Final = re.compile(
    r"data:image/(?:png|jpeg|gif|webp|avif|bmp|x-icon);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE
)
_UNSAFE_IN_ADDRESS: Final = "!#$%&'()*,+/:;=?@[]~"

_FRAME: Final = "tangle-frame"
"""Stands for an element that would load a page from elsewhere."""
_FRAMES: Final = re.compile(r"<(/?)(?:iframe|frame|embed|object)(?=[\s/>])", re.IGNORECASE)
_MEDIA: Final = frozenset({"img", "video", "audio", "source", _FRAME})
_VOID: Final = frozenset({"br", "hr", "img", "wbr", "col", "source"})
_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "li": frozenset({"ol", "ul"}),
    **dict.fromkeys(("dt", "dd"), frozenset({"dl"})),
}
"""The lists that an item belongs to. Outside of one it would end the item of the page it is in."""
_TAG_NAMES: Final = (
    "a abbr address article aside audio b bdi bdo blockquote br caption center cite code col "
    "colgroup dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 "
    "header hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small source span "
    "strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var video "
    "wbr"
)
_TAGS: Final = frozenset(_TAG_NAMES.split()) | {_FRAME}
_WITH_CONTENT_NAMES: Final = (
    "head math noembed noframes noscript plaintext script select style svg template textarea "
    "title xmp"
)
_WITH_CONTENT: Final = frozenset(_WITH_CONTENT_NAMES.split())
"""Elements that go with all they hold."""
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "*": frozenset({"dir", "lang", "style", "title"}),
    "a": frozenset({"href"}),
    "audio": frozenset({"controls", "loop", "src"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "del": frozenset({"datetime"}),
    "details": frozenset({"open"}),
    "div": frozenset({"align"}),
    "font": frozenset({"color"}),
    "img": frozenset({"align", "alt", "height", "src", "width"}),
    "ins": frozenset({"datetime"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"reversed", "start", "type"}),
    "p": frozenset({"align"}),
    "source": frozenset({"src", "type"}),
    "table": frozenset({"align"}),
    "td": frozenset({"align", "colspan", "rowspan"}),
    "th": frozenset({"align", "colspan", "rowspan", "scope"}),
    "time": frozenset({"datetime"}),
    "ul": frozenset({"type"}),
    "video": frozenset({"controls", "height", "loop", "muted", "src", "width"}),
    _FRAME: frozenset({"data", "src", "title"}),
}

_COLOR: Final = r"[a-z]{3,30}|#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d\s.,%/]{1,60}\)"
_LENGTH: Final = r"\d{1,3}(?:\.\d{1,3})?%|\d{1,4}(?:\.\d{1,3})?(?:px)?|\d{1,2}(?:\.\d{1,3})?r?em"
_WORD: Final = r"[a-z-]{1,30}"
# None of these places an element over another one, and no value can hold an address.
_STYLES: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for names, pattern in (
        ("color background-color background", _COLOR),
        ("width max-width", _LENGTH),
        ("text-align vertical-align font-style text-decoration white-space", _WORD),
        ("font-weight", rf"{_WORD}|[1-9]00"),
    )
    for name in names.split()
}


def clean_html(text: str, resolve: Resolve = lambda _: None) -> Markup:
    """Return HTML of the notes without whatever could run, place itself over the page or load.

    What shows a page or a file from elsewhere becomes a link to it.

    Args:
        text: of the notes, HTML in whatever shape.
        resolve: finds local files and pages.
    """
    # Renamed before it is parsed: what frames hold would be text to the parser otherwise.
    renamed = _FRAMES.sub(rf"<\1{_FRAME}", text)
    rewriter = _Rewriter(resolve)
    rewriter.feed(_CONTROLS.sub("", _cleaner().clean(renamed)))
    rewriter.close()
    return Markup("".join(rewriter.parts))


@lru_cache(maxsize=1)
def _cleaner() -> Cleaner:
    from nh3 import Cleaner

    return Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_attribute,
        link_rel=None,
        # Addresses are judged by `_Rewriter`, which sees them as browsers do.
        url_schemes={"http", "https", "mailto", "data"},
    )


def _attribute(_: str, name: str, value: str) -> str | None:
    return _style(value) or None if name == "style" else value


def _style(text: str) -> str:
    """The declarations of a `style` that may be in a page."""
    kept: list[str] = []
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in _STYLES and _STYLES[name].fullmatch(value):
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


class _Rewriter(HTMLParser):
    """Writes clean HTML again, with addresses that a reader can follow.

    Attributes:
        parts: what is written.
    """

    def __init__(self, resolve: Resolve) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._resolve = resolve
        self._open: list[tuple[str, str]] = []
        """Elements that are open, each with the end tag that is written for it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _MEDIA:
            start, end = self._media(tag, given)
        else:
            stray = tag in _LISTS and not self._is_in(_LISTS[tag])
            name = "div" if stray else tag
            start = _tag(name, self._link(given) if tag == "a" else given)
            end = f"</{name}>"
        self.parts.append(start)
        if tag not in _VOID:
            self._open.append((tag, end))

    def handle_endtag(self, _tag: str) -> None:
        self.parts.append(self._open.pop()[1])  # what nh3 writes is balanced

    def _is_in(self, names: Container[str]) -> bool:
        return any(name in names for name, _ in self._open)

    def handle_data(self, data: str) -> None:
        self.parts.append(str(escape(data)))

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def _link(self, given: dict[str, str]) -> dict[str, str]:
        url = given.pop("href", "")
        href = self._address(url)
        if href is None:
            return given
        outward = {"rel": "noreferrer"} if _SCHEME.match(href) else {}
        return {**given, "href": href, **outward}

    def _address(self, url: str) -> str | None:
        """The address that a link has; None if it leads nowhere that is known."""
        if url.startswith("#"):
            return url
        clean = clean_url(url)
        if clean is None or _SCHEME.match(clean) or clean.startswith("//"):
            return clean
        return self._resolve(url)

    def _media(self, tag: str, given: dict[str, str]) -> tuple[str, str]:
        """The tags of an element that shows a file, where the site has the file; else a link."""
        url = given.pop("src", "") or given.pop("data", "")
        href = self._shown(url) if tag != _FRAME else None
        if href is not None or (tag in ("audio", "video") and not url):
            source = {"src": href} if href is not None else {}
            return _tag(tag, {**source, **given}), f"</{tag}>"
        return self._in_place(url, given.get("alt") or given.get("title") or url), ""

    def _in_place(self, url: str, words: str) -> str:
        """What replaces a file that the page may not load."""
        target = self._address(url) if url else None
        if target is None or self._is_in(("a",)):
            return f'<span class="broken">{escape(words)}</span>' if words else ""
        rel = ' rel="noreferrer"' if _SCHEME.match(target) else ""
        return f'<a class="external" href="{escape(target)}"{rel}>{escape(words)}</a>'

    def _shown(self, url: str) -> str | None:
        """The address of a file that the page may load."""
        if _IMAGE_DATA.fullmatch(url):
            return url
        clean = clean_url(url)
        if not url or clean is None or _SCHEME.match(clean) or clean.startswith("//"):
            return None
        return self._resolve(url)


def _tag(name: str, attributes: Mapping[str, str]) -> str:
    shown = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{shown}>"


def clean_url(url: str) -> str | None:
    """Return an address that a reader may be sent to; None for one that could run or leak.

    Web addresses, mail, anchors and relative addresses pass, and pictures in `data:`. Addresses
    of Logseq (`logseq:`) and of this machine (`file:`) mean nothing to readers.
    """
    read = _IGNORED.sub("", url)
    if not read:
        return None
    if _IMAGE_DATA.fullmatch(read):
        return read
    # Browsers take a backslash for a slash.
    plain = read.replace("\\", "/")
    match = _SCHEME.match(plain)
    if match is None:
        # `&colon;` and `%3a` are no colons in an address, but only an attack has them there.
        bad = not _LOCAL.match(plain) or "&colon" in plain.lower()
        return None if bad else _quoted(url.strip().replace("\\", "/"))
    if match[1].lower() not in _SAFE_SCHEMES:
        return None
    return _quoted(plain)


def _quoted(url: str) -> str:
    """An address with all but the characters of addresses percent-encoded; letters stay."""
    return "".join(
        c if c.isalnum() or c in "-._" or c in _UNSAFE_IN_ADDRESS else quote(c, errors="replace")
        for c in url
    )
