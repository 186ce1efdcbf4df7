"""Link pages into a graph: titles, ids, references, sections, chunks and their properties."""

from __future__ import annotations

from tangle.link.config import GraphConfig, graph_config
from tangle.link.expand import MAX_TOTAL
from tangle.link.graph import Linked, link, linked
from tangle.link.journals import journal_day, journal_title
from tangle.link.link_memo import KnownPages
from tangle.link.page_interface import Leaning, PageFacts, leanings, page_anchors, page_facts
from tangle.link.settings import KNOWN, OUTPUT, PREFIX
from tangle.link.titles import title_from_path, title_key
from tangle.model import CONFIG

__all__ = [
    "CONFIG",
    "KNOWN",
    "MAX_TOTAL",
    "OUTPUT",
    "PREFIX",
    "GraphConfig",
    "KnownPages",
    "Leaning",
    "Linked",
    "PageFacts",
    "graph_config",
    "journal_day",
    "journal_title",
    "leanings",
    "link",
    "linked",
    "page_anchors",
    "page_facts",
    "title_from_path",
    "title_key",
]
