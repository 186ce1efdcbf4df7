"""Turn results into edits of a page by span; no file is touched."""

from __future__ import annotations

from tangle.write.block import PROPERTY, ChunkOutput, Piece
from tangle.write.compare import OutputDifference, Shown, compare, in_note, in_run, text_lines
from tangle.write.edits import Edit, MovedLines, apply
from tangle.write.names import asset_target, figure_label, figure_name
from tangle.write.numbers import Tolerance
from tangle.write.output_blocks import StoredOutput, stored_outputs, used_assets
from tangle.write.page_merge import CutBlock, CutPage, cut_outputs, put_back
from tangle.write.parts import EXTENSIONS, Figure, File, Part, Rendered, Text, piece
from tangle.write.plan import OutputPlan, plan_outputs, remove_outputs
from tangle.write.render import rendered
from tangle.write.repair_edits import Entangled, mend, without_written_lines

__all__ = [
    "EXTENSIONS",
    "PROPERTY",
    "ChunkOutput",
    "CutBlock",
    "CutPage",
    "Edit",
    "Entangled",
    "Figure",
    "File",
    "MovedLines",
    "OutputDifference",
    "OutputPlan",
    "Part",
    "Piece",
    "Rendered",
    "Shown",
    "StoredOutput",
    "Text",
    "Tolerance",
    "apply",
    "asset_target",
    "compare",
    "cut_outputs",
    "figure_label",
    "figure_name",
    "in_note",
    "in_run",
    "mend",
    "piece",
    "plan_outputs",
    "put_back",
    "remove_outputs",
    "rendered",
    "stored_outputs",
    "text_lines",
    "used_assets",
    "without_written_lines",
]
