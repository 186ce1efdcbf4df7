"""Pages to graph: titles, ids, references, section numbers, chunks and what steers them."""

from __future__ import annotations

from tangle.link.config import GraphConfig, graph_config
from tangle.link.expand import MAX_TOTAL
from tangle.link.facts import PageFacts, leanings, page_facts
from tangle.link.graph import PYTHON, Linked, link, linked
from tangle.link.settings import KNOWN, OUTPUT, PREFIX
from tangle.link.titles import title_from_path, title_key

__all__ = [
    "KNOWN",
    "MAX_TOTAL",
    "OUTPUT",
    "PREFIX",
    "PYTHON",
    "GraphConfig",
    "Linked",
    "PageFacts",
    "graph_config",
    "leanings",
    "link",
    "linked",
    "page_facts",
    "title_from_path",
    "title_key",
]
