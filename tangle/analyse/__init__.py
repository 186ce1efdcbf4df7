"""Chunks to plan: names defined and used, `#@save`, borrowing, and what is missing."""

from __future__ import annotations

from tangle.analyse.code import ChunkCode, Position, UnitCode, UnitNames, unit_code
from tangle.analyse.definitions import MAX_NEAR, Lookups
from tangle.analyse.locate import Locator
from tangle.analyse.modules import WantedModule, once_a_page
from tangle.analyse.names import Statement, future_features
from tangle.analyse.package import marked_positions, package_face, used_by_saved
from tangle.analyse.plan import (
    Borrowed,
    Package,
    Plan,
    PlannedChunk,
    Saved,
    Session,
)
from tangle.analyse.plan_memo import Known
from tangle.analyse.planning import (
    PackagePlan,
    Planning,
    UnitPlan,
    plan,
    unknown_needs,
)
from tangle.analyse.reachability import Reach, from_module, names_module
from tangle.model import PackageName

__all__ = [
    "MAX_NEAR",
    "Borrowed",
    "ChunkCode",
    "Known",
    "Locator",
    "Lookups",
    "Package",
    "PackageName",
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
    "UnitNames",
    "UnitPlan",
    "WantedModule",
    "from_module",
    "future_features",
    "marked_positions",
    "names_module",
    "once_a_page",
    "package_face",
    "plan",
    "unit_code",
    "unknown_needs",
    "used_by_saved",
]
