"""Queries about the site as a whole: its pages, their addresses, and which page names which."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import unquote

from tangle.activity import step
from tangle.link import journal_day, solutions_in, title_key
from tangle.model import Page, PagePath, Property, Uuid
from tangle.notes import Core, pages, query
from tangle.notes.core import config, listing
from tangle.weave.block_text import BlockText, block_texts, subtree
from tangle.weave.blocks import Shown, names_in
from tangle.weave.inputs import graph_assets, site_settings
from tangle.weave.lookups import Said
from tangle.weave.urls import ROOT, Titled, Urls, asset_href

_HAN: Final = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSketch:
    """What the site as a whole needs to know of a page.

    Attributes:
        title: as Logseq shows it.
        public: the page property `public`; None without it.
        titles: the pages that it names, each once.
        targets: the blocks that it refers to, each once.
        chinese: whether its prose is Chinese.
        solution: whether all of it is the solution of an exercise.
    """

    title: str
    day: date | None = None
    public: bool | None = None
    titles: tuple[str, ...] = ()
    targets: tuple[Uuid, ...] = ()
    chinese: bool = False
    solution: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses of the pages that are published.

    Attributes:
        pages: by path.
        concepts: by the form in which titles compare, of pages that are only named: the title
            as it is written first, and the address.
    """

    pages: dict[PagePath, str]
    concepts: dict[str, tuple[str, str]]


@query(kept=PageSketch)
def sketch(core: Core, path: PagePath) -> PageSketch:
    """What the site as a whole needs to know of a page."""
    found = pages.page(core, path)
    settings = config(core, "")
    title = pages.facts(core, path).title
    return PageSketch(
        title=title,
        day=journal_day(title, settings.journal_format),
        public=_public(found),
        titles=tuple(dict.fromkeys(_named(found))),
        targets=tuple(dict.fromkeys(reference.target for reference in found.references)),
        chinese=_is_chinese(found.data),
        solution=bool(found.blocks) and len(solutions_in(found)) == len(found.blocks),
    )


def _public(page: Page) -> bool | None:
    values = [e.value.lower() for e in _front(page) if e.key == "public"]
    return values[-1] == "true" if values else None


def _front(page: Page) -> tuple[Property, ...]:
    """The properties of a page itself."""
    return page.blocks[0].properties if page.blocks and page.blocks[0].kind == "pre" else ()


def _named(page: Page) -> Iterator[str]:
    """The pages that a page names: links, tags, embeds, and names in `tags::`."""
    yield from page.links
    yield from (embed.title for embed in page.embeds)
    for block in page.blocks:
        for entry in block.properties:
            if entry.key == "tags":
                yield from names_in(entry.value)


def _is_chinese(data: bytes) -> bool:
    text = data[:20_000].decode("utf-8", "replace")
    return len(_HAN.findall(text)) * 8 > len(text)


# --- which pages ----------------------------------------------------------------------------------


@query(kept=tuple[PagePath, ...])
def published(core: Core, _: str) -> tuple[PagePath, ...]:
    """The pages of the site.

    Where the graph says what is public, by `public::` or in its configuration, that is followed;
    where it says nothing, all pages are.
    """
    paths = [path for path in listing(core, "") if _takes_part(core, path)]
    found: dict[PagePath, PageSketch] = {}
    for number, path in enumerate(paths):
        step("reading pages", number, len(paths))
        found[path] = sketch(core, path)
    all_public = config(core, "").all_public
    if all_public is None:
        all_public = not any(entry.public for entry in found.values())
    return tuple(
        path
        for path, entry in found.items()
        if (entry.public if entry.public is not None else all_public)
        and not (entry.solution and site_settings(core, "").student)
    )


def _takes_part(core: Core, path: PagePath) -> bool:
    return pages.facts(core, path).unread is None and not pages.excluded(core, path)


@query(kept=Addresses)
def addresses(core: Core, _: str) -> Addresses:
    """The addresses of all published pages, whether they are woven this time or not."""
    names = {path: _name(core, path) for path in published(core, "")}
    known = pages.index(core, "").names
    concepts: dict[str, str] = {}
    for path in names:
        for title in sketch(core, path).titles:
            key = title_key(title)
            if key not in known and key not in concepts and title.strip():
                concepts[key] = title.replace("[[", "").replace("]]", "").strip()
    concepts = {key: title for key, title in concepts.items() if title}
    urls = Urls(
        [
            *(Titled(title=name, day=sketch(core, path).day) for path, name in names.items()),
            *(Titled(title=title, written=False) for title in concepts.values()),
        ]
    )
    return Addresses(
        pages={path: urls[name] for path, name in names.items()},
        concepts={key: (title, urls[title]) for key, title in concepts.items()},
    )


def _name(core: Core, path: PagePath) -> str:
    """What a page is called: its title, or its path where another page has the title."""
    return path if pages.by_path(core, path) else sketch(core, path).title


@query(kept=tuple[PagePath, ...])
def woven_pages(core: Core, _: str) -> tuple[PagePath, ...]:
    """The pages that are woven this time."""
    only = site_settings(core, "").only
    found = published(core, "")
    if only is None:
        return found
    chosen = frozenset(only)
    return tuple(path for path in found if path in chosen)


@query(kept=str | None)
def href_of_page(core: Core, path: PagePath) -> str | None:
    """The address of a page that is woven; None for others."""
    only = site_settings(core, "").only
    return None if only is not None and path not in only else addresses(core, "").pages.get(path)


@query(kept=str | None)
def href_of_title(core: Core, title: str) -> str | None:
    """The address of a page or concept by its title or an alias; None if it is not woven."""
    path = pages.page_named(core, title)
    if path is not None:
        return href_of_page(core, path)
    if site_settings(core, "").only is not None:
        return None
    found = addresses(core, "").concepts.get(title_key(title))
    return None if found is None else found[1]


@query(kept=dict[str, str])
def concepts(core: Core, _: str) -> dict[str, str]:
    """The titles of pages that are only named, by their addresses."""
    if site_settings(core, "").only is not None:
        return {}
    return {href: title for title, href in addresses(core, "").concepts.values()}


# --- which page names which -----------------------------------------------------------------------


@query(kept=dict[str, tuple[PagePath, ...]])
def referrers(core: Core, _: str) -> dict[str, tuple[PagePath, ...]]:
    """The pages that name or refer to each page, by its address; itself left out."""
    found: dict[str, dict[PagePath, None]] = {}
    ids = pages.index(core, "").ids
    for path in woven_pages(core, ""):
        own = href_of_page(core, path)
        entry = sketch(core, path)
        hrefs = [href_of_title(core, title_key(title)) for title in entry.titles]
        hrefs += [href_of_page(core, ids[uuid]) for uuid in entry.targets if uuid in ids]
        for href in hrefs:
            if href is not None and href != own:
                found.setdefault(href, {})[path] = None
    return {href: tuple(paths) for href, paths in sorted(found.items())}


@query(kept=tuple[PagePath, ...])
def referrers_of(core: Core, href: str) -> tuple[PagePath, ...]:
    """The pages that name or refer to a page."""
    return referrers(core, "").get(href, ())


# --- what blocks say ------------------------------------------------------------------------------


@query()
def texts(core: Core, path: PagePath) -> tuple[BlockText, ...]:
    """What the blocks of a page say."""
    return block_texts(pages.page(core, path))


@query(kept=frozenset[int])
def left_out(core: Core, path: PagePath) -> frozenset[int]:
    """The blocks of a page that the site does not show: solutions, in an edition for students."""
    if not site_settings(core, "").student:
        return frozenset()
    return solutions_in(pages.page(core, path))


@query()
def shown_texts(core: Core, path: PagePath) -> tuple[BlockText, ...]:
    """What the blocks of a page say that the site shows."""
    without = left_out(core, path)
    found = texts(core, path)
    return tuple(block for block in found if block.index not in without) if without else found


def is_line_left_out(core: Core, path: PagePath, line: int) -> bool:
    """Whether a line of a page is in a block that the site does not show."""
    without = left_out(core, path)
    if not without:
        return False
    lines = [block.line for block in pages.page(core, path).blocks]
    return bisect_right(lines, line) - 1 in without


@query(hashed=True)
def said(core: Core, uuid: Uuid) -> Said | None:
    """What the block says that a reference leads to; None if there is none of that id."""
    place = _block_at(core, uuid)
    if place is None:
        return None
    path, index = place
    block = texts(core, path)[index]
    return Said(href=_address(core, path, block), text=_elsewhere(block), page=path)


@query(hashed=True)
def embedded_block(core: Core, uuid: Uuid) -> Shown | None:
    """A block and all below it, as another page shows it."""
    place = _block_at(core, uuid)
    if place is None:
        return None
    path, index = place
    found = texts(core, path)
    return Shown(
        name=uuid,
        title=sketch(core, path).title,
        href=_address(core, path, found[index]),
        page=path,
        blocks=tuple(
            _elsewhere(block)
            for block in subtree(found, index)
            if block.index not in left_out(core, path)
        ),
    )


@query(hashed=True)
def embedded_page(core: Core, title: str) -> Shown | None:
    """The blocks of a page, as another page shows them; None if it is not published."""
    path = pages.page_named(core, title)
    href = href_of_page(core, path) if path is not None else None
    if path is None or href is None:
        return None
    return Shown(
        name=href,
        title=sketch(core, path).title,
        href=f"{ROOT}{href}",
        page=path,
        blocks=tuple(_elsewhere(block) for block in shown_texts(core, path)),
    )


def _address(core: Core, path: PagePath, block: BlockText) -> str:
    """The address of a block, from the page that shows it; empty where its page is not woven."""
    href = href_of_page(core, path)
    return f"{ROOT}{href}#{block.anchor}" if href is not None else ""


def _block_at(core: Core, uuid: Uuid) -> tuple[PagePath, int] | None:
    """Where a block is that may be shown: one of a page that is not published may not."""
    found = pages.block_of(core, uuid)
    if found is None or not is_published(core, found[0]):
        return None
    path, block = found[0], found[1].block
    return None if block in left_out(core, path) else (path, block)


@query(kept=bool)
def is_published(core: Core, path: PagePath) -> bool:
    """Whether a page may be shown."""
    return path in addresses(core, "").pages


def _elsewhere(block: BlockText) -> BlockText:
    """A block as another page shows it: lines that move in its own page change nothing there."""
    return replace(block, line=0)


# --- files ----------------------------------------------------------------------------------------


@query(kept=str | None)
def asset_stamp(core: Core, path: str) -> str | None:
    """A stamp of a file of the graph that is no page; None if there is none."""
    return graph_assets(core, "").get(path)


def file_of(core: Core, page: PagePath, address: str) -> str | None:
    """Return the file of the graph that an address on a page means; None if there is none."""
    return next((p for p in _paths(page, address) if asset_stamp(core, p) is not None), None)


def page_at(core: Core, page: PagePath, address: str) -> PagePath | None:
    """Return the page that an address on a page means by its path; None if it means none."""
    listed = (
        PagePath(path) for path in _paths(page, address) if path.endswith((".md", ".markdown"))
    )
    return next((path for path in listed if is_published(core, path)), None)


def _paths(page: PagePath, address: str) -> Iterable[str]:
    """The paths in the graph that an address may mean."""
    # What is quoted belongs to the name: `a%23b.png` is the file `a#b.png`.
    name = unquote(address.partition("#")[0].partition("?")[0])
    relative = posixpath.normpath(posixpath.join(posixpath.dirname(page), name))
    # Logseq takes `/assets/x` and `assets/x` for the graph's own folder, too.
    from_root = posixpath.normpath(name.lstrip("/"))
    return [p for p in dict.fromkeys((relative, from_root)) if p and not p.startswith("..")]


def asset_address(path: str) -> str:
    """The address of a copied file, from the page that shows it."""
    return f"{ROOT}{asset_href(path)}"


# --- language -------------------------------------------------------------------------------------


@query(kept=str)
def site_language(core: Core, _: str) -> str:
    """The language of the site: the configured one, or that of most pages' prose."""
    configured = site_settings(core, "").language
    if configured:
        return configured
    found = published(core, "")
    chinese = sum(sketch(core, path).chinese for path in found)
    return "zh-CN" if chinese * 2 > len(found) else "en"
