"""Chunks to plan: names defined and used, `#@save`, borrowing, and what is missing."""

from __future__ import annotations

from tangle.analyse.code import ChunkCode
from tangle.analyse.known import Known
from tangle.analyse.modules import WantedModule, wanted_modules
from tangle.analyse.names import Statement
from tangle.analyse.package import future_features
from tangle.analyse.plan import (
    Borrowed,
    Package,
    PackageName,
    Plan,
    PlannedChunk,
    Saved,
    Session,
)
from tangle.analyse.planning import plan
from tangle.analyse.reach import from_module, names_module
from tangle.analyse.repair import Repair

__all__ = [
    "Borrowed",
    "ChunkCode",
    "Known",
    "Package",
    "PackageName",
    "Plan",
    "PlannedChunk",
    "Repair",
    "Saved",
    "Session",
    "Statement",
    "WantedModule",
    "from_module",
    "future_features",
    "names_module",
    "plan",
    "wanted_modules",
]
