"""Chunks to plan: names defined and used, `#@save`, borrowing, and what is missing."""

from __future__ import annotations

from tangle.analyse.code import ChunkCode, Position, UnitCode, unit_code
from tangle.analyse.definitions import MAX_NEAR, Lookups
from tangle.analyse.locate import Locator
from tangle.analyse.names import Statement
from tangle.analyse.package import future_features
from tangle.analyse.plan import (
    Borrowed,
    Package,
    Plan,
    PlannedChunk,
    Saved,
    Session,
)
from tangle.analyse.planning import (
    PackagePlan,
    Planning,
    UnitPlan,
    plan,
    unknown_needs,
)
from tangle.analyse.reach import Reach, from_module, names_module

__all__ = [
    "MAX_NEAR",
    "Borrowed",
    "ChunkCode",
    "Locator",
    "Lookups",
    "Package",
    "PackagePlan",
    "Plan",
    "PlannedChunk",
    "Planning",
    "Position",
    "Reach",
    "Saved",
    "Session",
    "Statement",
    "UnitCode",
    "UnitPlan",
    "from_module",
    "future_features",
    "names_module",
    "plan",
    "unit_code",
    "unknown_needs",
]
