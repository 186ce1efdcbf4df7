"""What a unit needs from earlier ones: a backward slice, statement by statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.analyse.borrow_closure import Lender, Wanted
from tangle.analyse.code import GIVEN, ChunkCode, Position, UnitCode, UnitNames
from tangle.analyse.definitions import MAX_NEAR, Definitions
from tangle.analyse.names import Import, Statement, Use
from tangle.analyse.plan import Borrowed
from tangle.analyse.reachability import from_module, names_module, package_attribute
from tangle.analyse.supply import Supply, name_use, no_supply, taken_bare, usual_line
from tangle.model import CodeLine, PackageName, Place, Problem, ProblemKind
from tangle.model.problems.code import (
    BORROWED_NAME,
    COSTLY_BORROWING,
    MISSPELT_NAME,
    UNDEFINED_NAME,
    UNSAVED_NAME,
)

_ALIKE: Final = 0.8
_SHORT: Final = 3
"""Letters of names that are too short to be slips of each other."""
_OF_JSON: Final = {"true": "True", "false": "False", "null": "None", "undefined": "None"}


class PackageFace(Protocol):
    """What a unit may ask of the package.

    Attributes:
        name: the package's.
    """

    name: PackageName

    @property
    def names(self) -> Collection[str]:
        """Every name that it is known to have."""

    @property
    def star(self) -> bool:
        """Whether it has more."""

    def exports(self, name: str) -> bool:
        """Whether it has a name."""


class Borrowing(Struct, kw_only=True):
    """Borrows for one unit.

    Attributes:
        aliases: names that mean the generated module in the unit.
        supplying: whether imports that the notes leave out are supplied.
        supply: their lines, by unit and name.
        guesses: the names for which a likely one is to be named in the hint of their problem, by
            the name under which `missing` has that; see `guessed`.
    """

    lender: Lender
    package: PackageFace
    unit: int
    aliases: frozenset[str]
    allowed: bool = True
    supplying: bool = False
    supply: Supply = no_supply
    guesses: dict[str, str] = field(default_factory=dict)
    _taken: dict[tuple[Position, str], Borrowed] = field(default_factory=dict)
    _supplied: dict[str, Borrowed] = field(default_factory=dict)
    _reported: dict[str, Problem] = field(default_factory=dict)
    _unmet_names: dict[str, None] = field(default_factory=dict)
    _asking: dict[tuple[Position, str], tuple[ChunkCode, Use]] = field(default_factory=dict)

    def borrowed(self) -> tuple[Wanted, ...]:
        """Every statement that the unit needs from others, in reading order."""
        for code, statement, use, deleted in self._unmet():
            self._unmet_names.setdefault(use.name)
            if deleted:
                self._report(code, use, UNDEFINED_NAME, "it was deleted before: define it again")
            else:
                self._provide(code, statement, use)
        for code, use, name in self._called_too_early():
            found_earlier = self.definitions.earlier(name, self.unit, self.lender.usable)
            if found_earlier is not None and self.allowed and code.chunk.settings.borrow:
                for wanted in self.lender.with_company(found_earlier, name, self._start):
                    self._take(*wanted, code, use)
        self._supply_borrowed()
        self._check_package()
        found: list[Wanted] = []
        bound: dict[str, str] = {}
        for wanted, entry in sorted(self._taken.items(), key=lambda item: item[0]):
            # The same import again, with nothing between that took its name, adds nothing.
            if entry.kind == "statement" or any(bound.get(n) != entry.text for n in entry.names):
                found.append(wanted)
                bound.update(dict.fromkeys(entry.names, entry.text))
        return tuple(found)

    def leading(self) -> Iterator[Borrowed]:
        """What stands before it: imports from `__future__` that hold for it, and supplied ones."""
        chunks = {at[:2] for at, name in self._taken if not name}
        found = {
            entry.text: entry
            for chunk in sorted(chunks)
            for entry in self.lender.features_of(chunk)
        }
        yield from (found[text] for text in sorted(found))
        yield from sorted(self._supplied.values(), key=lambda entry: entry.text)

    def _supply_borrowed(self) -> None:
        """Supply what the borrowed statements lack, as the units do in which they stand."""
        for position, name in sorted(self._taken) if self.supplying else ():
            code, use = self._asking[position, name]
            for missing in self.lender.missing(position, name):
                self._supplies(position.unit, missing, code.place(use))

    def _supplies(self, unit: int, name: str, place: Place, *, bare: bool = True) -> bool:
        """Supply the import of a name that a statement of a unit lacks, if it means one.

        Args:
            unit: in which the statement stands.
            name: that it lacks.
            place: where the name is used.
            bare: whether the package's names count.
        """
        lines, takes = self.supply(unit, name), tuple[str, ...]()
        if not lines and bare and self._may_take_bare(name):
            lines, takes = (f"from {self.package.name} import {name}",), (name,)
        for line in lines:
            self._supplied.setdefault(
                line,
                Borrowed(
                    kind="supplied",
                    names=(name,),
                    lines=(CodeLine(text=line, place=place),),
                    plain=(line,),
                    takes=takes,
                    price="",
                    section=self._code.unit.name,
                    place=place,
                ),
            )
        return bool(lines)

    def _may_take_bare(self, name: str) -> bool:
        """Whether a name that is used bare means one of the package's."""
        in_book = self.definitions.units.book(self.unit) is not None
        uses_package = in_book or bool(self.aliases)
        return uses_package and taken_bare(name) and self.package.exports(name)

    @property
    def missing(self) -> Mapping[str, Problem]:
        """Problems of the unit itself: undefined names, attributes with a dot before."""
        return self._reported

    def costly(self) -> Iterator[Problem]:
        """What is borrowed and takes more than a moment, or reaches outside."""
        for wanted, entry in sorted(self._taken.items(), key=lambda item: item[0]):
            if entry.price:
                code, use = self._asking[wanted]
                yield COSTLY_BORROWING.at(
                    code.place(use),
                    f"{use.name} borrows {entry.price} from {entry.section}, {entry.place}",
                    section=code.occurrence.section,
                )

    def slips(self) -> Iterator[Problem]:
        """Names that are most likely meant to be one that is used and comes from elsewhere.

        They have the same letters, or are much alike and never used.
        """
        binders = self._code.binders
        used = {use.name for code in self._code.chunks for s in code.statements for use in s.uses}
        bare = {name: _without_digits(name) for name in binders if len(name) > _SHORT}
        idle = [name for name in bare if name not in used]
        letters: defaultdict[str, list[str]] = defaultdict(list)
        for name in bare:
            letters["".join(sorted(name))].append(name)
        for wanted in islice(self._unmet_names, MAX_NEAR):
            alike = _alike(wanted, idle) if idle else []
            found = (*reversed(letters["".join(sorted(wanted))]), *alike)
            # `net1` and `net2` are two of a kind, and no slip.
            others = [name for name in found if bare[name] != _without_digits(wanted)]
            if others and wanted not in (*binders, *self._reported):
                name = others[0]
                at = Position(self.unit, *binders[name][0])
                yield MISSPELT_NAME.at(
                    self.definitions.place(at),
                    f"{name} is defined here, but {wanted} is used and not defined",
                    section=self.definitions.code(at).occurrence.section,
                    hint=f"if you mean {wanted}, correct the spelling",
                )

    def passed_on(self) -> Iterator[tuple[int, str]]:
        """Names that may be missing in earlier units, with what is borrowed from them."""
        for position, name in self._taken:
            for missing in (*self.lender.missing(position, name), *self._takes(position, name)):
                yield position.unit, missing

    def _takes(self, position: Position, name: str) -> Iterator[str]:
        return (f".{attribute}" for attribute in self.lender.entry(position, name).takes)

    @property
    def definitions(self) -> Definitions:
        """Where names are defined."""
        return self.lender.definitions

    @property
    def _code(self) -> UnitCode:
        return self.definitions.units.code(self.unit)

    def _unmet(self) -> Iterator[tuple[ChunkCode, Statement, Use, bool]]:
        """Uses of names that the unit does not define in time, and whether it deletes them."""
        running = [code for code in self._code.chunks if code.runs]
        anywhere = {
            name
            for code in running
            for statement in code.statements
            for name in (*statement.sets, *self._binds(statement))
        }
        defined: set[str] = set()
        deleted: set[str] = set()
        for code in running:
            for statement in code.statements:
                for use in statement.uses:
                    known = anywhere if use.deferred else defined
                    if use.name not in GIVEN and use.name not in known:
                        yield code, statement, use, not use.deferred and use.name in deleted
                bound = {*self._binds(statement), *statement.sets}
                defined |= bound
                defined.difference_update(statement.deletes)
                deleted -= bound
                deleted.update(statement.deletes)

    def _called_too_early(self) -> Iterator[tuple[ChunkCode, Use, str]]:
        """Names that a function of the unit may need when it is used, and that come only later."""
        defined: set[str] = set()
        for at, code in enumerate(self._code.chunks):
            for row, statement in enumerate(code.statements if code.runs else ()):
                position = Position(self.unit, at, row)
                for use in statement.uses:
                    if use.deferred or use.name not in defined:
                        continue
                    function = self.definitions.within(use, position, self.lender.usable)
                    names = self.lender.when_called(function) if function is not None else ()
                    for name in names:
                        if name not in defined and name in self._code.binders:
                            yield code, use, name
                defined.update(self._binds(statement))

    @property
    def _start(self) -> Position:
        """Before the unit's first statement."""
        return Position(self.unit, -1, 0)

    def _binds(self, statement: Statement) -> Iterator[str]:
        yield from statement.binds
        if any(entry.star and from_module(entry, self.package.name) for entry in statement.imports):
            yield from self.package.names

    def _provide(self, code: ChunkCode, statement: Statement, use: Use) -> None:
        found = self.definitions.earlier(use.name, self.unit, self.lender.usable)
        if found is not None:
            if self.allowed and code.chunk.settings.borrow:
                for entry in self.lender.with_company(found, use.name, self._start):
                    self._take(*entry, code, use)
            else:
                self._report(code, use, BORROWED_NAME, self._not_allowed(found))
        elif self._is_supplied(code, statement, use):
            return
        elif not self._excused(statement, use):
            self._report(code, use, UNDEFINED_NAME, self._undefined_hint(code, statement, use))

    def _is_supplied(self, code: ChunkCode, statement: Statement, use: Use) -> bool:
        """Supply the import that a use means, where nothing else may be meant."""
        if use.quoted or not self.supplying or not self._own_allows(use.name):
            return False
        bare = not self._excused(statement, use)
        return self._supplies(self.unit, use.name, code.place(use), bare=bare)

    def _own_allows(self, name: str) -> bool:
        """Whether nothing in the unit binds a name but the import that would be supplied."""
        own = [Position(self.unit, *at) for at in self._code.binders.get(name, ())]
        texts = {entry.text for at in own for entry in self.definitions.imports(at, name)}
        return not own or (bool(texts) and texts == {*self.supply(self.unit, name)})

    def _excused(self, statement: Statement, use: Use) -> bool:
        """Whether a name may well be there, though no statement defines it for certain."""
        if statement.binds_before(use) or use.name in self._code.lost:
            return True
        if self.definitions.lost(use.name, self.unit):
            return True
        stars = (entry for _, entry in self._code.stars)
        return self._code.naming or not all(from_module(e, self.package.name) for e in stars)

    def _take(self, start: Position, name: str, code: ChunkCode, use: Use) -> None:
        todo = [(start, name)]
        while todo:
            wanted = todo.pop()
            if wanted not in self._taken:
                self._taken[wanted] = self.lender.entry(*wanted)
                self._asking[wanted] = code, use
                todo.extend(self.lender.needs(*wanted))

    # what the package has

    def _check_package(self) -> None:
        for at, code in enumerate(self._code.chunks):
            for row, statement in enumerate(code.statements):
                if not code.runs and not self.lender.saved(Position(self.unit, at, row)):
                    continue
                for use in statement.uses:
                    attribute = package_attribute(use, self.package.name, self.aliases)
                    if attribute is not None:
                        self._check_attribute(code, use, attribute)
                for entry in statement.imports:
                    if from_module(entry, self.package.name) and entry.attribute is not None:
                        self._check_attribute(code, entry, entry.attribute)

    def _check_attribute(self, code: ChunkCode, use: Use | Import, attribute: str) -> None:
        known = self.package.exports(attribute) or attribute.startswith("__") or attribute == "*"
        if known or self.package.star or self.definitions.units.lost(attribute):
            return
        if f".{attribute}" in self._reported:
            return
        message = f"no section saves {attribute}, so {self.package.name} does not have it"
        hint = self._unsaved_hint(attribute)
        self._reported[f".{attribute}"] = self._problem(UNSAVED_NAME, code, use, message, hint)

    def _unsaved_hint(self, attribute: str) -> str:
        found = self.definitions.elsewhere(attribute, wanted=lambda p: self._defined(p, attribute))
        if found is not None:
            return f"{self.definitions.place(found)} defines it: mark it there with #@save"
        self.guesses[f".{attribute}"] = attribute
        return "define it in some section and mark it with #@save"

    def _defined(self, position: Position, name: str) -> bool:
        """Whether a statement defines a name, rather than taking it out of the package."""
        imports = self.definitions.imports(position, name)
        return not any(from_module(entry, self.package.name) for entry in imports)

    # undefined names and attributes

    def _report(self, code: ChunkCode, use: Use, kind: ProblemKind, hint: str) -> None:
        if use.name in self._reported or use.quoted:
            return
        what = "is not defined" if kind is UNDEFINED_NAME else "is not defined in this section"
        self._reported[use.name] = self._problem(kind, code, use, f"{use.name} {what}", hint)

    def _problem(
        self, kind: ProblemKind, code: ChunkCode, use: Use | Import, message: str, hint: str
    ) -> Problem:
        return kind.at(code.place(use), message, section=code.occurrence.section, hint=hint)

    def _not_allowed(self, found: Position) -> str:
        section = self.definitions.units.name(found.unit)
        return f"section {section} defines it, but borrowing is switched off: define it here"

    def _undefined_hint(self, code: ChunkCode, statement: Statement, use: Use) -> str:
        own = self._code.binders.get(use.name)
        if own:
            at = Position(self.unit, *own[0])
            place = self.definitions.place(at)
            if not self.definitions.code(at).runs:
                return f"the chunk that defines it is not run: {place}"
            if place == code.start(statement):
                return "the statement itself defines it, but needs it first"
            return f"it is defined only later in this section, at {place}"
        return self._elsewhere_hint(use.name)

    def _elsewhere_hint(self, name: str) -> str:
        found = self.definitions.later(name, self.unit)
        if found is not None:
            where = self.definitions.units.name(found.unit)
            return f"it is defined later, in {where}, at {self.definitions.place(found)}"
        if self.package.exports(name):
            return f"the package has it: from {self.package.name} import {name}"
        unusable = self.definitions.earlier(name, self.unit)
        if unusable is not None:
            place = self.definitions.place(unusable)
            return f"it is defined in a chunk that is not run, or that must fail: {place}"
        attributes = name_use(self._code, name).attributes
        if line := usual_line(name, attributes):
            return f"add the line: {line}"
        if name in _OF_JSON:
            return f"this is JSON or JavaScript; Python has {_OF_JSON[name]}"
        self.guesses[name] = name
        return "no section defines it: define or import it above this line"

    def guessed(self, key: str, problem: Problem, near: Iterable[str]) -> Problem:
        """A problem with the likely name in its hint, where one of them can be meant.

        Args:
            key: the name under which `missing` has it.
            problem: the problem.
            near: the names most like the missing one.
        """
        meant = self.package.exports if key.startswith(".") else self._reachable
        found = next(filter(meant, near), None)
        return replace(problem, hint=f"did you mean {found}?") if found else problem

    def _reachable(self, name: str) -> bool:
        if self.definitions.defines(name, self.unit) or self.package.exports(name):
            return True
        return self.definitions.has_earlier(name, self.unit)


def _alike(name: str, others: Sequence[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, others, n=5, cutoff=_ALIKE)


def _without_digits(name: str) -> str:
    return "".join(character for character in name if not character.isdigit())


class Naming(Struct, frozen=True, kw_only=True):
    """A unit, for those who ask what names mean there; `book` and `needed` as in `Units`."""

    names: UnitNames
    book: str | None
    needed: Sequence[int]


def own_module_names(unit: UnitCode, name: PackageName) -> frozenset[str]:
    """The names to which a unit itself binds the generated module.

    Args:
        unit: its code and imports.
        name: the name of the generated package.
    """
    return frozenset(
        entry.bound
        for code in unit.chunks
        for statement in code.statements
        for entry in statement.imports
        if names_module(entry, name)
    )


def module_names(units: Iterable[Naming]) -> Sequence[frozenset[str]]:
    """For each unit the names that mean the generated module there.

    A unit's own binding of a name decides; where it has none, that of the units that lend to it.

    Args:
        units: in reading order.
    """
    found: list[frozenset[str]] = []
    carried: dict[str, frozenset[str]] = {}
    for unit in units:
        others = frozenset[str]().union(*(found[at] for at in unit.needed if at < len(found)))
        if unit.book is not None:
            others |= carried.get(unit.book, frozenset())
        found.append(unit.names.module | others.difference(unit.names.defines))
        if unit.book is not None:
            carried[unit.book] = found[-1]
    return found
