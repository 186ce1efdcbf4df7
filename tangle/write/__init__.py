"""Turn results into edits of a page by span; no file is touched."""

from __future__ import annotations

from tangle.write.block import PROPERTY, ChunkOutput, FigureLink, Unwritten
from tangle.write.compare import USUAL, OutputDifference, Shown, compare, text_lines
from tangle.write.edits import Edit, MovedLines, apply
from tangle.write.failures import FailureFrame, FailureNote, failure_note
from tangle.write.matching import Matches, Wanted, match
from tangle.write.names import (
    asset_name,
    asset_target,
    figure_label,
    is_content_name,
    is_named_after,
)
from tangle.write.numbers import Tolerance
from tangle.write.output_blocks import StoredOutput, stored_outputs, stored_text, used_assets
from tangle.write.page_merge import CutBlock, CutPage, cut_outputs, put_back
from tangle.write.plan import OutputPlan, plan_outputs, remove_outputs
from tangle.write.render import EXTENSIONS, Figure, Rendered, rendered
from tangle.write.repair_edits import Entangled, mend, without_written_lines

__all__ = [
    "EXTENSIONS",
    "PROPERTY",
    "USUAL",
    "ChunkOutput",
    "CutBlock",
    "CutPage",
    "Edit",
    "Entangled",
    "FailureFrame",
    "FailureNote",
    "Figure",
    "FigureLink",
    "Matches",
    "MovedLines",
    "OutputDifference",
    "OutputPlan",
    "Rendered",
    "Shown",
    "StoredOutput",
    "Tolerance",
    "Unwritten",
    "Wanted",
    "apply",
    "asset_name",
    "asset_target",
    "compare",
    "cut_outputs",
    "failure_note",
    "figure_label",
    "is_content_name",
    "is_named_after",
    "match",
    "mend",
    "plan_outputs",
    "put_back",
    "remove_outputs",
    "rendered",
    "stored_outputs",
    "stored_text",
    "text_lines",
    "used_assets",
    "without_written_lines",
]
