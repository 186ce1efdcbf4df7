"""Turn results into edits of a page by span; no file is touched."""

from __future__ import annotations

from tangle.write.block import PROPERTY, ChunkOutput, FigureLink
from tangle.write.compare import OutputDifference, Shown, compare, text_lines
from tangle.write.edits import Edit, MovedLines, apply
from tangle.write.names import asset_target, figure_label, figure_name
from tangle.write.numbers import Tolerance
from tangle.write.output_blocks import StoredOutput, stored_outputs, stored_text, used_assets
from tangle.write.page_merge import CutBlock, CutPage, cut_outputs, put_back
from tangle.write.plan import OutputPlan, plan_outputs, remove_outputs
from tangle.write.render import EXTENSIONS, Figure, Rendered, rendered
from tangle.write.repair_edits import Entangled, mend, without_written_lines
from tangle.write.terminal import Screen

__all__ = [
    "EXTENSIONS",
    "PROPERTY",
    "ChunkOutput",
    "CutBlock",
    "CutPage",
    "Edit",
    "Entangled",
    "Figure",
    "FigureLink",
    "MovedLines",
    "OutputDifference",
    "OutputPlan",
    "Rendered",
    "Screen",
    "Shown",
    "StoredOutput",
    "Tolerance",
    "apply",
    "asset_target",
    "compare",
    "cut_outputs",
    "figure_label",
    "figure_name",
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
