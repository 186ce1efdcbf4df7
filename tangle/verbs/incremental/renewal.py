"""Findings made anew for what an edit can have touched, and taken over for all the rest.

The pages that changed are linked and planned together with those that bear on them: a part of the
graph, in which units elsewhere are known by the names that they define. Where their code is wanted
after all, their pages join the part, and it is done again. What was looked up for a unit when its
session was planned (`Lookups`) tells whether a change can make a difference to it.

Whatever is out of the ordinary (a page's title, sections, ids or chunk names changed, the package
has other names, too much is touched) is left to `find_all`: then the answer is None.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tangle.analyse import (
    MAX_NEAR,
    Lookups,
    Package,
    PackagePlan,
    Planning,
    Position,
    Reach,
    UnitCode,
    UnitPlan,
    marked_positions,
    unknown_needs,
)
from tangle.emit import module
from tangle.link import MAX_TOTAL, Leaning, linked, page_facts
from tangle.model import PagePath, Unit
from tangle.parse import NotUtf8
from tangle.parse import parse as own_parse
from tangle.verbs.incremental.finder import (
    Finder,
    by_section,
    faces,
    lends,
    referred_size,
    unit_pages,
    with_files,
)
from tangle.verbs.incremental.findings import (
    Findings,
    PackageFindings,
    PageFindings,
    UnitFindings,
    problem_of,
)
from tangle.verbs.incremental.part import FEW, SHARE, GiveUp, Parse, Part, Wanted, names_of
from tangle.verbs.project import Project


def renewed(
    project: Project,
    known: Findings,
    data: Mapping[PagePath, bytes],
    changed: Mapping[PagePath, str],
    parse: Parse | None = None,
) -> Findings | None:
    """What is found now; None where the whole graph has to be looked at.

    Args:
        project: whose notes.
        known: what was found before.
        data: the bytes of every page, the same pages as before.
        changed: the pages whose bytes changed, with their digests.
        parse: reads a page.
    """
    try:
        part = Part(known, data, changed, parse or own_parse)
        while True:
            try:
                return _Renewal(project, known, part).findings()
            except Wanted as wanted:
                part.add_units(wanted.units)
    except (GiveUp, NotUtf8):
        return None


@dataclass(slots=True, kw_only=True)
class _Touched:
    """What is not as it was.

    Attributes:
        units: units of which others notice a change.
        moved: units of which others notice one only if they tell places.
        names: names that other units define than before.
        missing: units that miss other names than before.
        package: names that mean something else in the package.
    """

    units: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    package: set[str] = field(default_factory=set)

    def concerns(self, unit: UnitFindings) -> bool:
        """Whether any of it can make a difference to a unit."""
        tells_places = unit.syntax or unit.missing or unit.doubts or unit.needs
        return (
            not self.units.isdisjoint(unit.units)
            or not self.names.isdisjoint(unit.names)
            or not self.missing.isdisjoint(unit.units)
            or not self.package.isdisjoint(unit.package)
            or bool(tells_places and not self.moved.isdisjoint(unit.units))
            or any(self._is_near(name) for name in unit.near)
        )

    def concerns_package(self, package: PackageFindings) -> bool:
        """Whether any of it, but what units lend it, can make a difference to the package."""
        return not self.names.isdisjoint(package.asked) or bool(
            package.problems and not self.moved.isdisjoint(package.units)
        )

    def _is_near(self, name: str) -> bool:
        """Whether the names most like another one may be others now."""
        return bool(difflib.get_close_matches(name, self.names, n=1, cutoff=0.75))


class _Renewal:
    """One attempt to make findings anew with the pages that are in the part now."""

    def __init__(self, project: Project, known: Findings, part: Part) -> None:
        self._project = project
        self._known = known
        self._part = part
        self._linked = linked(part.pages.values(), part.config, elsewhere=frozenset(known.ids))
        # What the part came to before is counted, too, until all is looked at again.
        self._referred_size = known.referred_size + referred_size(self._linked)
        if self._referred_size > MAX_TOTAL // 4:
            raise GiveUp
        self._here = self._units_here()
        self._reported = self._reported_units()
        self._touched = _Touched()
        self._changed = self._changed_units()
        self._units = self._all_units()
        self._note_names()

    def findings(self) -> Findings:
        """What is found now.

        Raises:
            Wanted: more units are needed in the part.
            GiveUp: the whole graph has to be looked at.
        """
        known = self._known
        affected = set(self._changed)
        saving = self._concerns_package()
        self._want(self._leading_to(affected, saving=saving))
        planning = self._planning()
        renamed = self._renamed(planning)
        affected |= renamed
        saving = saving or not renamed.isdisjoint(known.package.units) or self._concerns_package()
        finder = Finder(self._project, self._linked)
        if saving:
            package = self._package(planning)
            package_findings = finder.package(package)
            self._compare(package, package_findings)
        else:
            package_findings = known.package._replace(saved=self._saved_now())
            package = _remembered(self._project, package_findings)
        plans = self._sessions(planning, affected, package)
        units = self._new_units(planning, finder, plans, package_findings)
        self._check_near(plans, units)
        name = self._project.package
        text = known.shared[f"{name.root}/{name.module}.py"]
        found = known._replace(
            pages=self._pages(finder),
            units=units,
            package=package_findings,
            referred_size=self._referred_size,
        )
        return with_files(self._project, found, module(package.package).text if saving else text)

    # what takes part

    def _units_here(self) -> Mapping[int, Unit]:
        """The units of the part, by their index in the whole graph."""
        indices = sorted(self._part.units_on(self._part.pages))
        units = self._linked.graph.units
        if [unit.name for unit in units] != [self._known.units[i].name for i in indices]:
            raise GiveUp
        return dict(zip(indices, units, strict=True))

    def _reported_units(self) -> set[int]:
        """The units that stand, or stood, in the pages that are reported."""
        reported = self._part.reported
        now = {i for i, unit in self._here.items() if not reported.isdisjoint(unit_pages(unit))}
        return now | self._part.units_on(reported)

    def _changed_units(self) -> frozenset[int]:
        """The units that are not what they were; what others may notice of it is noted."""
        changed: set[int] = set()
        for index in self._reported:
            known = self._known.units[index]
            text, placed = faces(self._here[index], self._part.pages)
            if placed != known.placed:
                changed.add(index)
                self._touched.moved.add(index)
            if text != known.code:
                self._touched.units.add(index)
        return frozenset(changed)

    def _all_units(self) -> Sequence[UnitCode]:
        """Every unit of the graph; of those that are as they were, what is known of them."""
        found: list[UnitCode] = []
        for index, unit in enumerate(self._known.units):
            here = self._here.get(index)
            if here is None:
                found.append(self._part.stand_in(index))
            else:
                names = None if index in self._changed else names_of(unit)
                found.append(self._part.code(here, names))
        return found

    def _note_names(self) -> None:
        """Note the names by which others may notice that units are not what they were."""
        for index in self._touched.units:
            now, before = self._units[index].names, names_of(self._known.units[index])
            self._touched.names.update(
                now.defines ^ before.defines, now.changes ^ before.changes, now.lost ^ before.lost
            )

    def _planning(self) -> Planning:
        known = self._known.units
        return Planning(
            self._units,
            self._project.package,
            borrow=self._project.options.borrow == "on",
            own_names={
                index: frozenset(unit.own_names)
                for index, unit in enumerate(known)
                if index not in self._changed
            },
        )

    def _renamed(self, planning: Planning) -> set[int]:
        """The units in which other names mean the generated module than before."""
        found = {
            index
            for index, names in enumerate(planning.module_names)
            if names != set(self._known.units[index].module_names)
        }
        self._touched.units.update(found)
        return found

    # the package

    def _concerns_package(self) -> bool:
        """Whether the package may be another, as units changed."""
        package = self._known.package
        if self._touched.concerns_package(package):
            return True
        lending = self._touched.units.intersection(package.units)
        return not all(map(self._lends_the_same, lending)) or any(
            self._units[index].names.marked for index in self._touched.units - lending
        )

    def _lends_the_same(self, index: int) -> bool:
        """Whether the package gets from a unit what it did, if maybe at other positions."""
        package, code = self._known.package, self._units[index]
        saved = [at for at in package.saved if at[0] == index]
        as_many = len(saved) == sum(1 for _ in marked_positions(code))
        return as_many and lends(index, code, package) == self._known.units[index].lends

    def _saved_now(self) -> Sequence[tuple[int, int, int]]:
        """Where the saved statements stand, where each unit lends the package what it did."""
        saved = self._known.package.saved
        changed = self._touched.units.intersection(unit for unit, _, _ in saved)
        now = {index: marked_positions(self._units[index]) for index in changed}
        return tuple((at[0], *next(now[at[0]])) if at[0] in now else at for at in saved)

    def _package(self, planning: Planning) -> PackagePlan:
        savers = {index for index, unit in enumerate(self._units) if unit.names.marked}
        self._want({*savers, *self._known.package.units})
        return planning.package()

    def _compare(self, plan: PackagePlan, found: PackageFindings) -> None:
        """Note what sessions may notice of a package that was worked out again."""
        known = self._known.package
        if (found.exports, found.star, found.modules) != (
            tuple(known.exports),
            known.star,
            tuple(known.modules),
        ):
            raise GiveUp
        self._touched.units.update(_differing(found.saved, known.saved))
        asked = {name for unit in self._known.units for name in unit.package}
        before = _remembered(self._project, known).reach
        self._touched.package.update(
            name for name in asked if _reached(plan.reach, name) != _reached(before, name)
        )

    def _want(self, units: Iterable[int]) -> None:
        wanted = [index for index in units if not self._part.has(index)]
        if wanted:
            raise Wanted(wanted)

    # the sessions

    def _concerned(self) -> set[int]:
        """The units to which what is noted can make a difference."""
        units = enumerate(self._known.units)
        return {index for index, unit in units if self._touched.concerns(unit)}

    def _leading_to(self, changed: Iterable[int], *, saving: bool) -> set[int]:
        """The units without which those that are affected cannot be planned, most likely."""
        known = self._known
        affected = {*changed, *self._concerned()}
        self._check_few(affected)
        leading = {other for index in affected for other in known.units[index].units}
        return affected | leading | (set(known.package.units) if saving else set())

    def _check_few(self, affected: Collection[int]) -> None:
        if len(affected) > max(FEW, len(self._known.units) // SHARE):
            raise GiveUp

    def _sessions(
        self, planning: Planning, changed: Iterable[int], package: PackagePlan
    ) -> Mapping[int, UnitPlan]:
        """The sessions to which a change can make a difference."""
        known = self._known.units
        affected = set(changed)
        plans: dict[int, UnitPlan] = {}
        while True:
            affected |= self._concerned()
            if affected == plans.keys():
                return plans
            self._check_few(affected)
            self._want({other for i in affected for other in (i, *known[i].units)})
            missing = {
                index: {name: problem_of(problem) for name, problem in unit.missing}
                for index, unit in enumerate(known)
                if unit.missing and index not in affected
            }
            order = sorted(affected)
            plans = dict(zip(order, planning.sessions(package, order, missing), strict=True))
            self._touched.missing.update(
                index
                for index, plan in plans.items()
                if plan.missing.keys() != {name for name, _ in known[index].missing}
            )

    # the findings

    def _pages(self, finder: Finder) -> Mapping[PagePath, PageFindings]:
        found = dict(self._known.pages)
        for path in self._part.reported:
            before = found[path]
            facts = page_facts(self._linked, path, self._part.config)
            digest = self._part.changed.get(path, before.digest)
            leaning = Leaning(takes=frozenset(before.takes), yields=frozenset(before.yields))
            found[path] = finder.page(path, digest, facts, leaning)
        return found

    def _new_units(
        self,
        planning: Planning,
        finder: Finder,
        plans: Mapping[int, UnitPlan],
        package: PackageFindings,
    ) -> Sequence[UnitFindings]:
        graph = self._linked.graph
        names = {unit.name for unit in self._known.units}
        needs = by_section(unknown_needs(graph, names))
        units = list(self._known.units)
        for index in {*plans, *self._reported}:
            own = needs.get(units[index].name, ())
            if index in plans:
                units[index] = finder.unit(index, plans[index], planning, package, own)
            else:
                units[index] = units[index]._replace(needs=finder.located(own))
        before = self._known.package
        if {*package.used} != {*before.used} or {*package.units} != {*before.units}:
            for index in {*package.units, *before.units}:
                now = lends(index, self._units[index], package)
                units[index] = units[index]._replace(lends=now)
        return units

    def _check_near(self, plans: Mapping[int, UnitPlan], units: Sequence[UnitFindings]) -> None:
        """Give up where order decides which names a likely one was looked up for."""
        before = self._known.units
        most = max(len({name for u in those for name in u.near}) for those in (before, units))
        asking = any(before[i].near or units[i].near for i in plans)
        if most >= MAX_NEAR and (asking or self._touched.names):
            raise GiveUp


def _remembered(project: Project, known: PackageFindings) -> PackagePlan:
    """The package as far as sessions ask for it."""
    exports = frozenset(known.exports)
    package = Package(
        name=project.package,
        future=(),
        imports={},
        aliases=(),
        saved=(),
        exports=exports,
        star=known.star,
    )
    return PackagePlan(
        package=package,
        saved=dict.fromkeys(Position(*position) for position in known.saved),
        reach=Reach(
            exports=exports,
            by_name={name: tuple(indices) for name, indices in known.by_name.items()},
            next=tuple(map(tuple, known.next)),
            statements=tuple(map(tuple, known.statements)),
            cached=tuple(known.cached),
            declared=tuple(map(tuple, known.declared)),
        ),
        modules=frozenset(known.modules),
        problems=(),
        lookups=Lookups(),
    )


def _differing(
    one: Iterable[tuple[int, int, int]], other: Iterable[tuple[int, int, int]]
) -> set[int]:
    """The units whose saved statements stand elsewhere."""
    return {unit for unit, _, _ in set(map(tuple, one)) ^ set(map(tuple, other))}


def _reached(reach: Reach, name: str) -> Sequence[tuple[int, Sequence[str]]]:
    """The saved statements that a name leads to, with their place in the package."""
    return [(index, reach.statements[index]) for index in sorted(reach.closure([name]))]
