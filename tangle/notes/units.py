"""Queries about units: their code, the package, what each borrows, and its session.

Units are named by their place in reading order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from tangle.analyse import (
    MAX_NEAR,
    NEAR_LENGTHS,
    Borrowed,
    Borrowing,
    Borrowings,
    Bound,
    Closure,
    Definitions,
    Lender,
    ModuleNames,
    Naming,
    Needs,
    Package,
    PackageChoice,
    PackagePlan,
    PackageUses,
    Position,
    Saving,
    Session,
    UnitCode,
    UnitNames,
    WantedModule,
    asked_of_package,
    borrowings,
    bound_in,
    found_package,
    free_package,
    likely,
    module_names,
    modules_of_unit,
    name_use,
    own_module_names,
    package_part,
    package_uses,
    plan_package,
    plan_session,
    reserved,
    saving,
    supplied_lines,
    unit_code,
    unit_doubts,
    unknown_needs,
)
from tangle.link import read_number
from tangle.model import PackageName, PagePath, Problem, Section, SectionName, Unit
from tangle.near_names import nearest, question
from tangle.notes.core import Core, borrows, finds_package, supplies, usual_package
from tangle.notes.engine import query
from tangle.notes.modules import Modules, names_of, provider
from tangle.notes.pages import (
    head,
    locate,
    page,
    page_named,
    section_title,
    unit,
    unit_at,
    unit_count,
)

# --- code -----------------------------------------------------------------------------------------


@query()
def unit_of(core: Core, place: int) -> Unit:
    """The unit that has a place."""
    name = unit_at(core, place)
    found = unit(core, name) if name is not None else None
    if found is None:
        raise IndexError(place)
    return found


@query()
def code(core: Core, place: int) -> UnitCode:
    """A unit's code."""
    return unit_code(unit_of(core, place), lambda path: page(core, path), core.texts)


@query(kept=PackageUses)
def uses_of_packages(core: Core, place: int) -> PackageUses:
    """What a unit saves, and what it takes from modules of packages."""
    return package_uses(code(core, place)) if unit_at(core, place) is not None else PackageUses()


@query(kept=PackageChoice)
def package_choice(core: Core, _: str) -> PackageChoice:
    """What the package is called, and why it is not called after the graph."""
    usual = usual_package(core, "")
    if not finds_package(core, ""):
        return PackageChoice(name=usual)
    known = [uses_of_packages(core, place) for place in range(unit_count(core, ""))]
    found = found_package(known, lambda root: names_of(core, root) is not None)
    if found is not None:
        return PackageChoice(name=found, by_notes=True)
    imported = frozenset[str]().union(*(unit.imports for unit in known))
    return free_package(usual, lambda root: _hidden_by(core, root, imported))


def _hidden_by(core: Core, root: str, imported: frozenset[str]) -> str | None:
    """What a package of a top-level name would hide, in words."""
    if (found := reserved(root)) is not None:
        return found
    if (found := provider(core, root)) is not None:
        return f"the installed package {found}"
    return f"the module {root} that the notes import" if root in imported else None


@query(kept=PackageName)
def package_name(core: Core, _: str) -> PackageName:
    """What the package is called."""
    return package_choice(core, "").name


@query(kept=UnitNames | None)
def names(core: Core, place: int) -> UnitNames | None:
    """What other units ask about a unit first; None where there is no unit."""
    if unit_at(core, place) is None:
        return None
    found = code(core, place)
    return found.names(own_module_names(found, package_name(core, "")))


@query(kept=str | None)
def book(core: Core, place: int) -> str | None:
    """The book in which a unit has its place; None outside of one."""
    name = unit_at(core, place)
    found = head(core, name) if name is not None else None
    return found.section.book if found is not None and found.section.number else None


@query()
def places(core: Core, _: str) -> dict[SectionName, int]:
    """The places of units."""
    names = (unit_at(core, place) for place in range(unit_count(core, "")))
    return {name: place for place, name in enumerate(names) if name is not None}


@query(kept=tuple[int, ...])
def needed(core: Core, place: int) -> tuple[int, ...]:
    """The units before one that it names as needed, with all those that lend to these."""
    found: set[int] = set()
    todo = [place]
    while todo:
        at = todo.pop()
        name = unit_at(core, at)
        own = head(core, name) if name is not None else None
        known = (places(core, "").get(need) for need in own.needs) if own is not None else ()
        for need in known:
            if need is not None and need not in found:
                found.add(need)
                todo.append(need)
        if at != place and (of := book(core, at)) is not None:
            found.update(before for before in range(at) if book(core, before) == of)
    return tuple(sorted(at for at in found if at < place))


# --- names over all units -------------------------------------------------------------------------


class NameIndex(Struct, frozen=True, kw_only=True):
    """The units by what they do with names, and the names that mean the generated module in each.

    Attributes:
        marked: units with a `#@save`.
    """

    defining: dict[str, tuple[int, ...]]
    changing: dict[str, tuple[int, ...]]
    lost: dict[str, tuple[int, ...]]
    marked: tuple[int, ...]
    modules: tuple[frozenset[str], ...]


@query(hashed=True)
def name_index(core: Core, _: str) -> NameIndex:
    """What is found by a name over all units."""
    defining: defaultdict[str, list[int]] = defaultdict(list)
    changing: defaultdict[str, list[int]] = defaultdict(list)
    lost: defaultdict[str, list[int]] = defaultdict(list)
    marked: list[int] = []
    found = list(_all_names(core))
    for place, entry in enumerate(found):
        for name in entry.defines:
            defining[name].append(place)
        for name in entry.changes:
            changing[name].append(place)
        for name in entry.lost:
            lost[name].append(place)
        if entry.marked:
            marked.append(place)
    naming = (
        Naming(names=entry, book=book(core, place), needed=needed(core, place))
        for place, entry in enumerate(found)
    )
    return NameIndex(
        defining={name: tuple(places) for name, places in defining.items()},
        changing={name: tuple(places) for name, places in changing.items()},
        lost={name: tuple(places) for name, places in lost.items()},
        marked=tuple(marked),
        modules=tuple(module_names(naming)),
    )


def _all_names(core: Core) -> Iterator[UnitNames]:
    for place in range(unit_count(core, "")):
        found = names(core, place)
        if found is not None:
            yield found


@query(kept=tuple[int, ...])
def defining(core: Core, name: str) -> tuple[int, ...]:
    """The units that define a name."""
    return name_index(core, "").defining.get(name, ())


@query(kept=tuple[int, ...])
def changing(core: Core, name: str) -> tuple[int, ...]:
    """The units that change in place what a name means."""
    return name_index(core, "").changing.get(name, ())


@query(kept=tuple[int, ...])
def lost(core: Core, name: str) -> tuple[int, ...]:
    """The units in which a chunk that does not parse seems to define a name."""
    return name_index(core, "").lost.get(name, ())


@query(kept=tuple[int, ...])
def marked(core: Core, _: str) -> tuple[int, ...]:
    """The units with a `#@save`."""
    return name_index(core, "").marked


@query(kept=frozenset[str])
def modules_in(core: Core, place: int) -> frozenset[str]:
    """The names that mean the generated module in a unit."""
    found = name_index(core, "").modules
    return found[place] if place < len(found) else frozenset()


@query(kept=tuple[Bound, ...])
def bound(core: Core, at: tuple[int, str]) -> tuple[Bound, ...]:
    """The statements of a unit that bind a name."""
    place, name = at
    if unit_at(core, place) is None:
        return ()
    return tuple(bound_in(code(core, place), name))


@query(kept=tuple[str, ...])
def supplied(core: Core, at: tuple[int, str]) -> tuple[str, ...]:
    """The import lines that a unit leaves out for a name that nothing defines for it."""
    place, name = at
    if not supplies(core, "") or unit_at(core, place) is None:
        return ()
    return supplied_lines(name_use(code(core, place), name), Modules(core))


@query(kept=ModuleNames | None)
def overlay(core: Core, _: str) -> ModuleNames | None:
    """What the installed module has over which the generated one is laid; None without one."""
    return names_of(core, str(package_name(core, "")))


@query(kept=bool)
def laid_over(core: Core, name: str) -> bool:
    """Whether the installed module of the package's name has a name."""
    found = overlay(core, "")
    return found is not None and name in found.names


class _Units:
    """The units, for those who look for definitions."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def code(self, unit: int) -> UnitCode:
        return code(self._core, unit)

    def name(self, unit: int) -> SectionName:
        return unit_at(self._core, unit) or SectionName("")

    def book(self, unit: int) -> str | None:
        return book(self._core, unit)

    def needed(self, unit: int) -> Sequence[int]:
        return needed(self._core, unit)

    def defining(self, name: str) -> Sequence[int]:
        return defining(self._core, name)

    def changing(self, name: str) -> Sequence[int]:
        return changing(self._core, name)

    def lost(self, name: str) -> Sequence[int]:
        return lost(self._core, name)

    def bound(self, unit: int, name: str) -> Sequence[Bound]:
        return bound(self._core, (unit, name))


# --- the package ----------------------------------------------------------------------------------


@query(kept=Saving)
def saved_in(core: Core, place: int) -> Saving:
    """What a unit saves."""
    if unit_at(core, place) is None:
        return Saving()
    return saving(code(core, place), package_name(core, ""))


@query(kept=PackagePlan)
def package(core: Core, _: str) -> PackagePlan:
    """The package."""
    closure = Closure(
        definitions=Definitions(_Units(core)),
        name=package_name(core, ""),
        module_names=lambda place: modules_in(core, place),
        title=lambda name: section_title(core, name),
        supply=lambda place, name: supplied(core, (place, name)),
        installed=lambda name: laid_over(core, name),
        overlay=overlay(core, "") is not None,
    )
    return plan_package(closure, {place: saved_in(core, place) for place in marked(core, "")})


@query(kept=tuple[Problem, ...])
def package_problems(core: Core, _: str) -> tuple[Problem, ...]:
    """The problems of what is saved."""
    return tuple(locate(core, problem) for problem in package(core, "").problems)


@query()
def saved_by_unit(core: Core, _: str) -> dict[int, list[Position]]:
    """The statements that the package has, by unit."""
    found: defaultdict[int, list[Position]] = defaultdict(list)
    for position in package(core, "").saved:
        found[position.unit].append(position)
    return found


@query(kept=tuple[Position, ...])
def saved_from(core: Core, place: int) -> tuple[Position, ...]:
    """The statements of a unit that the package has."""
    return tuple(saved_by_unit(core, "").get(place, ()))


@query(kept=bool)
def exports(core: Core, name: str) -> bool:
    """Whether the package is known to have a name."""
    return name in package(core, "").package.exports


@query(kept=tuple[str, ...])
def all_exports(core: Core, _: str) -> tuple[str, ...]:
    """Every name that the package is known to have."""
    return tuple(sorted(package(core, "").package.exports))


@query(kept=bool)
def has_star(core: Core, _: str) -> bool:
    """Whether the package has names that are not known."""
    return package(core, "").package.star


@query(kept=frozenset[int])
def reach(core: Core, name: str) -> frozenset[int]:
    """The saved statements that a name leads to."""
    return package(core, "").reach.closure([name])


@query(kept=tuple[bool, tuple[str, ...], tuple[str, ...]])
def saved_text(core: Core, index: int) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Whether the cache may answer a saved statement, its text behind its imports, its files."""
    found = package(core, "").reach
    if index >= len(found.statements):
        return True, (), ()
    return found.cached[index], found.statements[index], found.declared[index]


@query(kept=frozenset[str])
def package_modules(core: Core, _: str) -> frozenset[str]:
    """The top-level modules that the package imports."""
    return package(core, "").modules


class _Package:
    """The package, for those who plan sessions."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.name: PackageName = package_name(core, "")

    @property
    def names(self) -> Collection[str]:
        found = overlay(self._core, "")
        own = all_exports(self._core, "")
        return own if found is None else (*own, *sorted(found.public.difference(own)))

    @property
    def star(self) -> bool:
        return has_star(self._core, "")

    def exports(self, name: str) -> bool:
        return exports(self._core, name) or laid_over(self._core, name)

    def reach(self, name: str) -> frozenset[int]:
        return reach(self._core, name)

    def saved_texts(self, index: int) -> tuple[str, ...]:
        return saved_text(self._core, index)[1]

    def declared(self, index: int) -> tuple[str, ...]:
        return saved_text(self._core, index)[2]

    def cacheable(self, index: int) -> bool:
        return saved_text(self._core, index)[0]

    def modules(self) -> frozenset[str]:
        return package_modules(self._core, "")


# --- sessions -------------------------------------------------------------------------------------


def _lender(core: Core) -> Lender:
    return Lender(
        definitions=Definitions(_Units(core)),
        name=package_name(core, ""),
        saved=lambda position: position in saved_from(core, position.unit),
        module_names=lambda place: modules_in(core, place),
        needs_of=lambda position: needs(core, position),
        when_called=lambda position: when_called(core, position),
        entry_of=lambda position: lent(core, position),
        features_of=lambda chunk: lent_features(core, chunk),
    )


@query(kept=Needs)
def needs(core: Core, position: tuple[int, int, int]) -> Needs:
    """What a statement needs."""
    return _lender(core).work_out(Position(*position))


@query(kept=frozenset[str])
def when_called(core: Core, position: tuple[int, int, int]) -> frozenset[str]:
    """Names that a function, or a class, may need once it is called."""
    return _lender(core).names_when_called(Position(*position))


@query(kept=Borrowed)
def lent(core: Core, position: tuple[int, int, int]) -> Borrowed:
    """A statement as others borrow it."""
    return _lender(core).whole(Position(*position))


@query()
def lent_features(core: Core, chunk: tuple[int, int]) -> tuple[Borrowed, ...]:
    """The imports from `__future__` that others borrow with a chunk's statements."""
    return tuple(_lender(core).future(*chunk))


def _borrowing(core: Core, place: int) -> Borrowing:
    return Borrowing(
        lender=_lender(core),
        package=_Package(core),
        unit=place,
        aliases=modules_in(core, place),
        allowed=borrows(core, ""),
        supplying=supplies(core, ""),
        supply=lambda place, name: supplied(core, (place, name)),
    )


@query(kept=Borrowings | None)
def borrowed(core: Core, place: int) -> Borrowings | None:
    """What a unit takes from others; None where there is no unit."""
    if unit_at(core, place) is None:
        return None
    return borrowings(_borrowing(core, place))


@query(kept=tuple[str, ...])
def guessed(core: Core, place: int) -> tuple[str, ...]:
    """The names of which a unit may have misspelt another."""
    found = borrowed(core, place)
    return tuple(name for _, name in found.guesses) if found is not None else ()


@query(kept=tuple[str, ...])
def all_guessed(core: Core, _: str) -> tuple[str, ...]:
    """The names for which a likely one is looked for: comparing takes its time."""
    found = (name for place in range(unit_count(core, "")) for name in guessed(core, place))
    return tuple(dict.fromkeys(found))[:MAX_NEAR]


@query(kept=tuple[str, ...])
def names_of_length(core: Core, length: int) -> tuple[str, ...]:
    """The names of so many letters that units define."""
    return tuple(sorted(name for name in name_index(core, "").defining if len(name) == length))


@query(kept=tuple[str, ...])
def near(core: Core, name: str) -> tuple[str, ...]:
    """The names most like one that is not defined."""
    if name not in all_guessed(core, ""):
        return ()
    lengths = range(len(name) - NEAR_LENGTHS, len(name) + NEAR_LENGTHS + 1)
    return likely(name, (known for n in lengths for known in names_of_length(core, n)))


@query(kept=tuple[tuple[str, Problem], ...])
def missing(core: Core, place: int) -> tuple[tuple[str, Problem], ...]:
    """The problems of names that no unit defines; names of attributes start with a dot."""
    found = borrowed(core, place)
    if found is None:
        return ()
    problems = dict(found.missing)
    for key, name in found.guesses:
        if alike := near(core, name):
            problems[key] = _borrowing(core, place).guessed(key, problems[key], alike)
    return tuple(problems.items())


@query()
def session(core: Core, place: int) -> Session:
    """The session of a unit."""
    found = borrowed(core, place)
    if found is None:
        raise IndexError(place)
    passed = (dict(missing(core, other)).get(name) for other, name in found.passed_on)
    inherited = sorted({p for p in passed if p is not None}, key=lambda p: str(p.place))
    lacking = (*inherited, *(problem for _, problem in missing(core, place)))
    lender = _lender(core)
    return plan_session(
        code(core, place), found, _Package(core), lacking, lambda wanted: lender.entry(*wanted)
    )


@query()
def reached_package(core: Core, place: int) -> Package:
    """The package with the saved statements that a unit reaches."""
    found = package(core, "")
    planned = session(core, place)
    name, aliases = package_name(core, ""), modules_in(core, place)
    asked = [
        each
        for chunk in planned.chunks
        for each in asked_of_package(chunk.code.statements, name, aliases)
    ]
    taken = [each for entry in planned.prelude for each in entry.takes]
    return package_part(found.package, found.reach, (*asked, *taken))


# --- rows of units -------------------------------------------------------------------------------


class ChunkRow(Struct, frozen=True, kw_only=True):
    """A chunk where it takes part.

    Attributes:
        host: the block under which its output belongs.
        digest: of all code that its output depends on.
        runs: whether it is run.
        sketch: what a chunk that is not meant to run was taken for; empty for others.
    """

    page: PagePath
    host: int
    digest: str
    section: SectionName
    runs: bool
    sketch: str


class UnitRow(Struct, frozen=True, kw_only=True):
    """What verbs say of a unit without its code.

    Attributes:
        section, parts, needs: as in `Unit`.
        borrowed: how many statements it borrows, supplied imports not counted.
        broken: whether an error keeps it from running to its end.
        modules: what it imports, where it does so first on a page.
        saves: the names that it adds to the package.
        runnable: whether a chunk of it is a program that can begin to run.
        sources: other pages of which it has lines.
        problems: those of its code.
    """

    section: Section
    parts: tuple[Section, ...]
    needs: tuple[SectionName, ...]
    chunks: tuple[ChunkRow, ...]
    borrowed: int
    broken: bool
    modules: tuple[WantedModule, ...]
    runnable: bool
    sources: tuple[PagePath, ...]
    problems: tuple[Problem, ...]

    @property
    def name(self) -> SectionName:
        """What the unit is called."""
        return self.section.name


@query(kept=UnitRow | None)
def row(core: Core, place: int) -> UnitRow | None:
    """The row of a unit; None where there is none."""
    name = unit_at(core, place)
    found = borrowed(core, place)
    if name is None or found is None:
        return None
    own, planned = code(core, place), session(core, place)
    return UnitRow(
        section=own.unit.section,
        parts=own.unit.parts,
        needs=own.unit.needs,
        chunks=tuple(
            ChunkRow(
                page=chunk.occurrence.page,
                host=chunk.occurrence.host,
                digest=chunk.digest,
                section=chunk.occurrence.section,
                runs=chunk.code.runs,
                sketch=chunk.code.parsed.sketch,
            )
            for chunk in planned.chunks
        ),
        borrowed=sum(entry.kind != "supplied" for entry in planned.prelude),
        broken=bool(planned.problems)
        or any(entry.broken and not entry.parsed.sketch for entry in own.chunks),
        modules=tuple(modules_of_unit(own)),
        runnable=any(entry.runs and not entry.broken for entry in own.chunks),
        sources=_sources(own.unit),
        problems=tuple(
            locate(core, problem)
            for problem in (
                *(entry.parsed.problem for entry in own.chunks if entry.parsed.problem),
                *(entry.parsed.remark for entry in own.chunks if entry.parsed.remark),
                *(problem for _, problem in missing(core, place)),
                *unit_doubts(own, found),
                *unknown_needs(
                    own.unit,
                    lambda other: head(core, other) is not None,
                    lambda path: page(core, path),
                    lambda name: meant_need(core, name),
                ),
            )
        ),
    )


@query()
def meant_need(core: Core, name: SectionName) -> str | None:
    """What to write in `tangle.needs` in place of a name that no unit has."""
    title = name.removeprefix("[[").removesuffix("]]").strip()
    if page_named(core, title) is not None:
        return f"{title!r} has no code to share: add some, or leave the page out"
    page_of_part = title.partition("#")[0].strip()
    if "#" in title and page_named(core, page_of_part) is not None:
        return f"a part of a page cannot be needed: name the whole page, [[{page_of_part}]]"
    if read_number(title):
        return None
    known = filter(None, (unit_at(core, place) for place in range(unit_count(core, ""))))
    near = nearest(title, (other for other in known if not read_number(other)))
    return question([f"[[{other}]]" for other in near], quoted=False) or None


def _sources(unit: Unit) -> tuple[PagePath, ...]:
    chunks = [occurrence.chunk for occurrence in unit.occurrences]
    found = {line.place.path for chunk in chunks for line in chunk.lines}
    found.update(chunk.page for chunk in chunks)
    return tuple(sorted(found - {unit.section.page}))


@query(kept=tuple[tuple[int, tuple[str, ...]], ...])
def saved_names(core: Core, _: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The names that each saved statement adds to the package, by unit."""
    found = package(core, "")
    pairs = zip(found.saved, found.package.saved, strict=True)
    return tuple((position.unit, saved.names) for position, saved in pairs)
