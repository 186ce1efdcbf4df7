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
    AssertStyle,
    Cell,
    CellEnd,
    Failure,
    Frame,
    Job,
    MimeBundle,
    MimeType,
    Origin,
    Outcome,
    Output,
    ReadFile,
    Result,
    Revised,
    Seen,
    SessionResult,
    Source,
    Stream,
    Trace,
)

__all__ = [
    "CONFIG",
    "AssertStyle",
    "Block",
    "BlockKind",
    "Cell",
    "CellEnd",
    "Chunk",
    "CodeLine",
    "Failure",
    "Fence",
    "Frame",
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
    "Revised",
    "Section",
    "SectionName",
    "Seen",
    "SessionResult",
    "Settings",
    "Severity",
    "Source",
    "Span",
    "Stream",
    "Trace",
    "Unit",
    "Uuid",
    "in_order",
]
