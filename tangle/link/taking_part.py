"""Which pages take part: `include`, `exclude` and `exclude_tags` of the configuration."""

from __future__ import annotations

from msgspec.structs import replace

from tangle.link.config import GraphConfig
from tangle.link.page_facts import PageFacts
from tangle.link.path_globs import path_matches
from tangle.link.tags import tags_of_page
from tangle.link.titles import title_key
from tangle.model import Page, PagePath


def is_excluded(path: PagePath, page: Page | None, config: GraphConfig) -> bool:
    """Return whether the configuration keeps a page from taking part.

    Args:
        path: of the page.
        page: as parsed; None for a page of plain words, which has no tags.
        config: the graph's settings.
    """
    if config.include and not any(path_matches(path, glob) for glob in config.include):
        return True
    if any(path_matches(path, glob) for glob in config.exclude):
        return True
    if page is None or not config.exclude_tags:
        return False
    return not tags_of_page(page).isdisjoint(map(title_key, config.exclude_tags))


def without_part(facts: PageFacts) -> PageFacts:
    """Return the facts of a page that is excluded: it can be referred to, and that is all."""
    return replace(facts, coded=False, part=False, outputs=False, quiet=True)
