"""Pages to graph: titles, ids, references, section numbers, chunks and what steers them."""

from __future__ import annotations

from tangle.link.config import CONFIG, GraphConfig, graph_config
from tangle.link.graph import PYTHON, link
from tangle.link.journals import journal_day, journal_title
from tangle.link.known import KnownPages
from tangle.link.settings import KNOWN, OUTPUT, PREFIX
from tangle.link.titles import other_names, title_from_path, title_key

__all__ = [
    "CONFIG",
    "KNOWN",
    "OUTPUT",
    "PREFIX",
    "PYTHON",
    "GraphConfig",
    "KnownPages",
    "graph_config",
    "journal_day",
    "journal_title",
    "link",
    "other_names",
    "title_from_path",
    "title_key",
]
