"""Check a site as a browser reads it: whole elements, links and anchors that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    }
)
IN_NO_PARAGRAPH = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)


class Reader(HTMLParser):
    """Reads one page.

    Attributes:
        faults: what is not well-formed.
        ids: of its elements.
        links: what `href` and `src` name.
        elements: the names of its elements, with their attributes.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.elements.append((tag, named))
        if len(named) != len(attrs):
            self.faults.append(f"{self.getpos()}: an attribute twice in {tag}")
        if "id" in named:
            if named["id"] in self.ids:
                self.faults.append(f"{self.getpos()}: the id {named['id']} twice")
            self.ids.append(named["id"])
        self.links += [named[name] for name in ("href", "src") if name in named]
        if tag in IN_NO_PARAGRAPH and "p" in self._open:
            self.faults.append(f"{self.getpos()}: {tag} in a paragraph")
        if tag == "a" and "a" in self._open:
            self.faults.append(f"{self.getpos()}: a link in a link")
        if (tag not in VOID and "svg" not in self._open[:-1]) or tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.faults.append(f"{self.getpos()}: {tag} is ended")
        elif not self._open or self._open[-1] != tag:
            self.faults.append(f"{self.getpos()}: {tag} is ended in {self._open[-3:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def close(self) -> None:
        super().close()
        self.faults += [f"{tag} is never ended" for tag in self._open]


def read_html(text: str) -> Reader:
    """Read a page or a part of one."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def faults(site: Path) -> Iterator[str]:
    """Yield what is wrong in a site: HTML that is not well-formed, broken links and anchors."""
    pages = {path: read_html(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        yield from (f"{name}: {fault}" for fault in page.faults)
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if not target.is_relative_to(site.resolve()):
                yield f"{name}: {link} leads out"
            elif not target.is_file():
                yield f"{name}: {link} leads nowhere"
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].ids
            ):
                yield f"{name}: {link} has no such anchor"
