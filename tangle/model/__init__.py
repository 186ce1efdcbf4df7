"""The values that flow from notes to program and back; nothing here reads, runs or prints.

Offsets are UTF-8 bytes of the file and `end` is exclusive; lines and columns count from 1, and a
column counts characters.
"""

from __future__ import annotations

from tangle.model.basic import PagePath, Place, Problem, SectionName, Severity, Span, Uuid
from tangle.model.graph import Chunk, CodeLine, Graph, Occurrence, Section, Settings, Unit
from tangle.model.outline import Block, BlockKind, Fence, Page, Property, Reference, ReferenceKind
from tangle.model.session import (
    AssertStyle,
    Cell,
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
    SessionResult,
    Source,
    Stream,
    Trace,
)

__all__ = [
    "AssertStyle",
    "Block",
    "BlockKind",
    "Cell",
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
    "Trace",
    "Unit",
    "Uuid",
]
