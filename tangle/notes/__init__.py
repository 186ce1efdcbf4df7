"""The one incremental core: memoised queries from the bytes of pages to plan and problems."""

from __future__ import annotations

from tangle.notes import pages, units
from tangle.notes.core import Core, digest, overlaid, package_name
from tangle.notes.engine import Query, Store, query
from tangle.notes.notes import (
    QUERIES,
    all_problems,
    core_of,
    graph,
    page_of_title,
    readable,
    roots,
    rows,
)
from tangle.notes.pages import units_alone
from tangle.notes.plain import is_prose
from tangle.notes.plan import Plan
from tangle.notes.units import ChunkRow, UnitRow

__all__ = [
    "QUERIES",
    "ChunkRow",
    "Core",
    "Plan",
    "Query",
    "Store",
    "UnitRow",
    "all_problems",
    "core_of",
    "digest",
    "graph",
    "is_prose",
    "overlaid",
    "package_name",
    "page_of_title",
    "pages",
    "query",
    "readable",
    "roots",
    "rows",
    "units",
    "units_alone",
]
