"""Chunks to plan: names defined and used, `#@save`, borrowing, and what is missing."""

from __future__ import annotations

from tangle.analyse.borrow import Borrowing, Naming, module_names, own_module_names
from tangle.analyse.borrow_closure import Lender, Needs
from tangle.analyse.code import (
    ChunkCode,
    ChunkText,
    Position,
    Texts,
    UnitCode,
    UnitNames,
    unit_code,
)
from tangle.analyse.definitions import (
    MAX_NEAR,
    NEAR_LENGTHS,
    Bound,
    Definitions,
    bound_in,
    likely,
)
from tangle.analyse.locate import located, page_lines
from tangle.analyse.module_names import ModuleNames, own_module_names_of, with_stars
from tangle.analyse.modules import WantedModule, modules_of_unit, once_a_page
from tangle.analyse.name_places import NamePlace, name_places
from tangle.analyse.names import Import, Statement, future_features
from tangle.analyse.package import Closure, Saving, saving
from tangle.analyse.package_part import package_part
from tangle.analyse.package_uses import (
    PackageChoice,
    PackageUses,
    found_package,
    free_package,
    package_after,
    package_uses,
    reserved,
)
from tangle.analyse.plan import (
    Borrowed,
    Package,
    PlannedChunk,
    Saved,
    Session,
)
from tangle.analyse.planning import (
    Borrowings,
    PackagePlan,
    borrowings,
    plan_package,
    plan_session,
    unit_doubts,
    unknown_needs,
)
from tangle.analyse.reachability import (
    Reach,
    asked_of_package,
    from_module,
    names_module,
    package_attribute,
)
from tangle.analyse.supply import name_use, no_supply, supplied_lines
from tangle.model import PackageName

__all__ = [
    "MAX_NEAR",
    "NEAR_LENGTHS",
    "Borrowed",
    "Borrowing",
    "Borrowings",
    "Bound",
    "ChunkCode",
    "ChunkText",
    "Closure",
    "Definitions",
    "Import",
    "Lender",
    "ModuleNames",
    "NamePlace",
    "Naming",
    "Needs",
    "Package",
    "PackageChoice",
    "PackageName",
    "PackagePlan",
    "PackageUses",
    "PlannedChunk",
    "Position",
    "Reach",
    "Saved",
    "Saving",
    "Session",
    "Statement",
    "Texts",
    "UnitCode",
    "UnitNames",
    "WantedModule",
    "asked_of_package",
    "borrowings",
    "bound_in",
    "found_package",
    "free_package",
    "from_module",
    "future_features",
    "likely",
    "located",
    "module_names",
    "modules_of_unit",
    "name_places",
    "name_use",
    "names_module",
    "no_supply",
    "once_a_page",
    "own_module_names",
    "own_module_names_of",
    "package_after",
    "package_attribute",
    "package_part",
    "package_uses",
    "page_lines",
    "plan_package",
    "plan_session",
    "reserved",
    "saving",
    "supplied_lines",
    "unit_code",
    "unit_doubts",
    "unknown_needs",
    "with_stars",
]
