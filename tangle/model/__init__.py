"""The values that flow from notes to program and back; nothing here reads, runs or prints.

Offsets are UTF-8 bytes of the file and `end` is exclusive; lines and columns count from 1, and a
column counts characters.
"""

from __future__ import annotations

from tangle.model.basic import (
    CONFIG,
    PackageName,
    PagePath,
    Place,
    Problem,
    SectionName,
    Severity,
    Span,
    Uuid,
    in_order,
)
from tangle.model.graph import Chunk, CodeLine, Graph, Occurrence, Section, Settings, Unit
from tangle.model.outline import Block, BlockKind, Fence, Page, Property, Reference, ReferenceKind
from tangle.model.session import (
    Cell,
    Failure,
    Job,
    MimeBundle,
    MimeType,
    Origin,
    Outcome,
    Output,
    ReadFile,
    Result,
    SessionResult,
    Source,
    Stream,
)

__all__ = [
    "CONFIG",
    "Block",
    "BlockKind",
    "Cell",
    "Chunk",
    "CodeLine",
    "Failure",
    "Fence",
    "Graph",
    "Job",
    "MimeBundle",
    "MimeType",
    "Occurrence",
    "Origin",
    "Outcome",
    "Output",
    "PackageName",
    "Page",
    "PagePath",
    "Place",
    "Problem",
    "Property",
    "ReadFile",
    "Reference",
    "ReferenceKind",
    "Result",
    "Section",
    "SectionName",
    "SessionResult",
    "Settings",
    "Severity",
    "Source",
    "Span",
    "Stream",
    "Unit",
    "Uuid",
    "in_order",
]
