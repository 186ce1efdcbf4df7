"""Link pages into a graph: titles, ids, references, sections, chunks and their properties."""

from __future__ import annotations

from tangle.link.books import TITLE, Book, Books, PageNumbers, books
from tangle.link.chunks import Expansion, LinkedPage, expanded, linked_page
from tangle.link.config import GraphConfig, graph_config
from tangle.link.embeds import embed_problems
from tangle.link.graph import GraphIndex, clashes, graph_index, unresolved
from tangle.link.heads import UnitHead
from tangle.link.journals import journal_day, journal_title
from tangle.link.missing_ids import near_id
from tangle.link.outline import Outline, placed
from tangle.link.page_facts import (
    Anchors,
    BlockFacts,
    PageFacts,
    anchors,
    blocks_with_ids,
    page_facts,
)
from tangle.link.path_globs import GLOB_SIGNS, path_matches
from tangle.link.sections import number_text, read_number, section_number
from tangle.link.settings import KNOWN, OUTPUT, PREFIX, SOLUTION, solutions_in
from tangle.link.tags import tags_around, tags_of_page
from tangle.link.taking_part import is_excluded, without_part
from tangle.link.titles import page_title, title_from_path, title_key
from tangle.link.units import (
    Skeleton,
    Spots,
    faults_around,
    made_unit,
    occurrences,
    page_spots,
    skeleton,
    unit_name,
)
from tangle.model import CONFIG

__all__ = [
    "CONFIG",
    "GLOB_SIGNS",
    "KNOWN",
    "OUTPUT",
    "PREFIX",
    "SOLUTION",
    "TITLE",
    "Anchors",
    "BlockFacts",
    "Book",
    "Books",
    "Expansion",
    "GraphConfig",
    "GraphIndex",
    "LinkedPage",
    "Outline",
    "PageFacts",
    "PageNumbers",
    "Skeleton",
    "Spots",
    "UnitHead",
    "anchors",
    "blocks_with_ids",
    "books",
    "clashes",
    "embed_problems",
    "expanded",
    "faults_around",
    "graph_config",
    "graph_index",
    "is_excluded",
    "journal_day",
    "journal_title",
    "linked_page",
    "made_unit",
    "near_id",
    "number_text",
    "occurrences",
    "page_facts",
    "page_spots",
    "page_title",
    "path_matches",
    "placed",
    "read_number",
    "section_number",
    "skeleton",
    "solutions_in",
    "tags_around",
    "tags_of_page",
    "title_from_path",
    "title_key",
    "unit_name",
    "unresolved",
    "without_part",
]
