"""Turn results into edits of a page by span; no file is touched."""

from __future__ import annotations

from tangle.write.block import PROPERTY, ChunkOutput, Unwritten
from tangle.write.bundles import size
from tangle.write.code_edits import CodeEdit, fence_at, margin_at, with_code
from tangle.write.compare import (
    USUAL,
    OutputDifference,
    Shown,
    compare,
    in_note,
    in_output,
    in_run,
    text_lines,
)
from tangle.write.edits import Edit, MovedLines, apply
from tangle.write.failures import FailureFrame, FailureNote, failure_note
from tangle.write.matching import Matches, Stored, Wanted, match
from tangle.write.names import (
    asset_name,
    asset_target,
    figure_label,
    is_content_name,
    is_named_after,
)
from tangle.write.numbers import Tolerance
from tangle.write.output_blocks import StoredOutput, stored_outputs, used_assets
from tangle.write.page_merge import CutBlock, CutPage, cut_outputs, put_back
from tangle.write.parts import EXTENSIONS, Figure, File, Part, Piece, Rendered, placed
from tangle.write.plan import OutputPlan, plan_outputs, remove_outputs
from tangle.write.render import rendered
from tangle.write.repair_edits import Entangled, with_repair, without_written_lines
from tangle.write.shorten import shortened_for_note
from tangle.write.shown_parts import shown_parts
from tangle.write.terminal import Screen
from tangle.write.three_way import Change, three_way

__all__ = [
    "EXTENSIONS",
    "PROPERTY",
    "USUAL",
    "Change",
    "ChunkOutput",
    "CodeEdit",
    "CutBlock",
    "CutPage",
    "Edit",
    "Entangled",
    "FailureFrame",
    "FailureNote",
    "Figure",
    "File",
    "Matches",
    "MovedLines",
    "OutputDifference",
    "OutputPlan",
    "Part",
    "Piece",
    "Rendered",
    "Screen",
    "Shown",
    "Stored",
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
    "fence_at",
    "figure_label",
    "in_note",
    "in_output",
    "in_run",
    "is_content_name",
    "is_named_after",
    "margin_at",
    "match",
    "placed",
    "plan_outputs",
    "put_back",
    "remove_outputs",
    "rendered",
    "shortened_for_note",
    "shown_parts",
    "size",
    "stored_outputs",
    "text_lines",
    "three_way",
    "used_assets",
    "with_code",
    "with_repair",
    "without_written_lines",
]
