"""What a published site offers to programs: its journal as an Atom feed, and the list of its pages.

All addresses in them are absolute, so a site has them only where its address is configured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape, quoteattr

FEED: Final = "feed.xml"
SITEMAP: Final = "sitemap.xml"
ROBOTS: Final = "robots.txt"
ENTRIES: Final = 30
"""Days of the journal that the feed holds."""

_MOST: Final = 50_000
"""Addresses of one file, by the protocol of sitemaps."""
_IN_NAMES: Final = "/~!$&'()*,+;=@"
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_SITEMAPS: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A day of the journal.

    Attributes:
        href: address of its page, relative to the site's root.
        html: what the day says, with absolute addresses; empty to show `summary` alone.
        summary: its first words, plain.
    """

    href: str
    title: str
    day: date
    summary: str = ""
    html: str = ""


def feed(title: str, base: str, language: str, entries: Sequence[FeedEntry]) -> bytes:
    """Return the Atom feed (RFC 4287) of a journal.

    Args:
        title: of the site.
        base: its address, with a `/` at its end.
        language: BCP 47 tag of its prose.
        entries: newest first; at least one.
    """
    own = absolute(base, FEED)
    parts = [
        f'{_HEAD}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language)}>',
        f"<id>{_text(absolute(base, ''))}</id>",
        f"<title>{_text(title)}</title>",
        f"<updated>{_moment(max(entry.day for entry in entries))}</updated>",
        f"<author><name>{_text(title)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(own)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(absolute(base, ""))}/>',
        "<generator>tangle</generator>",
        *[_entry(base, entry) for entry in entries],
        "</feed>",
    ]
    return "\n".join([*parts, ""]).encode("utf-8", "replace")


def _entry(base: str, entry: FeedEntry) -> str:
    address = absolute(base, entry.href)
    parts = [
        "<entry>",
        f"<id>{_text(address)}</id>",
        f"<title>{_text(entry.title)}</title>",
        f"<published>{_moment(entry.day)}</published>",
        f"<updated>{_moment(entry.day)}</updated>",
        f'<link rel="alternate" type="text/html" href={quoteattr(address)}/>',
        f"<summary>{_text(entry.summary or entry.title)}</summary>",
    ]
    if entry.html:
        parts.append(f'<content type="html">{_text(entry.html)}</content>')
    return "\n".join([*parts, "</entry>"])


def sitemaps(base: str, hrefs: Sequence[str]) -> dict[str, bytes]:
    """Return the list of the site's pages; one list of lists where there are too many for one.

    Args:
        base: the site's address, with a `/` at its end.
        hrefs: the addresses of its pages, relative to its root.
    """
    parts = [hrefs[at : at + _MOST] for at in range(0, len(hrefs), _MOST)] or [()]
    if len(parts) == 1:
        return {SITEMAP: _list("urlset", "url", base, parts[0])}
    found = {
        f"sitemap-{number}.xml": _list("urlset", "url", base, part)
        for number, part in enumerate(parts, 1)
    }
    return {SITEMAP: _list("sitemapindex", "sitemap", base, list(found)), **found}


def _list(name: str, item: str, base: str, hrefs: Sequence[str]) -> bytes:
    lines = [f"<{item}><loc>{_text(absolute(base, href))}</loc></{item}>" for href in hrefs]
    return "\n".join([f"{_HEAD}<{name} {_SITEMAPS}>", *lines, f"</{name}>", ""]).encode()


def robots(base: str) -> bytes | None:
    """Return `robots.txt`; None for a site in another one's folder, where no crawler reads it.

    Args:
        base: the site's address, with a `/` at its end.
    """
    if urlsplit(base).path not in ("", "/"):
        return None
    return f"User-agent: *\nAllow: /\n\nSitemap: {absolute(base, SITEMAP)}\n".encode()


def absolute(base: str, href: str) -> str:
    """Return an address as programs take it: absolute, in ASCII.

    Args:
        base: the site's address, with a `/` at its end.
        href: relative to the site's root.
    """
    kept = "%/:?#[]@!$&'()*,+;=~"
    whole = urlsplit(base)
    try:
        host = whole.netloc.encode("idna").decode() if not whole.netloc.isascii() else whole.netloc
    except UnicodeError:  # a label that no host can have
        host = quote(whole.netloc)
    # A `%` in the name of a file is no beginning of a code; in a configured address it is.
    return f"{whole.scheme}://{host}{quote(whole.path, kept)}{quote(href, _IN_NAMES)}"


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _text(text: str) -> str:
    return escape("".join(c for c in text if c in "\t\n" or _is_xml(c)))


def _is_xml(character: str) -> bool:
    """Whether XML can hold a character."""
    return " " <= character < "\ud800" or "\ue000" <= character <= "\ufffd" or character > "\uffff"
