"""Fingerprints of sections: tell two states of the notes apart, and say what changed."""

from __future__ import annotations

from msgspec import Struct

from tangle.analyse import Package
from tangle.model import Place, Problem, SectionName
from tangle.verbs.selection import Selected
from tangle.verbs.unit_inputs import UnitInputs, first_difference, saved_names, unit_inputs


class Draft(Struct, frozen=True, kw_only=True):
    """A chunk that cannot run in its current, unfinished state.

    Attributes:
        alone: whether the other chunks of its section run; none does where a property is faulty.
    """

    number: int
    place: Place
    message: str
    alone: bool


class Face(Struct, frozen=True, kw_only=True):
    """What a run of a section depends on, except its data files.

    Attributes:
        inputs: without chunks where a faulty property keeps all of them from running.
        drafts: the chunks that cannot run yet.
    """

    inputs: UnitInputs
    drafts: tuple[Draft, ...]

    @property
    def draft_numbers(self) -> frozenset[int]:
        """The numbers of the chunks that cannot run yet."""
        return frozenset(draft.number for draft in self.drafts)

    def runs_from(self, first: int) -> bool:
        """Whether any chunk runs from one on.

        Args:
            first: the chunk's number, from 1.
        """
        numbers = range(first, len(self.inputs.chunks) + 1)
        return not self.draft_numbers.issuperset(numbers)


class Why(Struct, frozen=True, kw_only=True):
    """Why a section runs.

    Attributes:
        section: which.
        what: what changed, in words: `chunk 4`.
        first: the first chunk whose result may differ, from 1; 0 if that is not known yet.
    """

    section: SectionName
    what: str
    first: int


def face(selected: Selected, package: Package) -> Face:
    """Return the fingerprint of a section, or of its selected part.

    Args:
        selected: the section.
        package: the generated package.
    """
    session = selected.session
    running = [c.code for c in session.chunks[: selected.chunks] if c.code.runs]
    if faults := session.unit.faults:
        drafts = [_draft(faults[0], 1, alone=False)]
    else:
        numbered = enumerate((code.obstacle for code in running), start=1)
        drafts = [_draft(problem, number, alone=True) for number, problem in numbered if problem]
    count = 0 if faults else selected.chunks
    inputs = unit_inputs(session, package, count, limits=True)
    return Face(inputs=inputs, drafts=tuple(drafts))


def _draft(problem: Problem, number: int, *, alone: bool) -> Draft:
    return Draft(number=number, place=problem.place, message=problem.message, alone=alone)


def difference(
    section: SectionName, before: Face | None, now: Face, package: Package
) -> Why | None:
    """Return why a section must run again; None if it need not, or nothing is left to run.

    Args:
        section: its name.
        before: its fingerprint when it ran.
        now: its current fingerprint.
        package: of the current notes.
    """
    if before is None:
        return Why(section=section, what="new", first=1) if now.runs_from(1) else None
    first = first_difference(before.inputs, now.inputs)
    if first is None or not now.runs_from(first):
        return None
    return Why(section=section, what=_what(before, now, first, package), first=first)


def _what(earlier: Face, later: Face, first: int, package: Package) -> str:
    before, now, root = earlier.inputs, later.inputs, package.name.root
    if before.effects != now.effects:
        return f"what importing {root} does changed"
    if before.folder != now.folder:
        return "its folder changed"
    if first > len(before.chunks):
        return f"chunk {first} {'changed' if earlier.drafts and first == 1 else 'is new'}"
    if before.chunks[first - 1] != now.chunks[first - 1]:
        return f"chunk {first} changed"
    if first == 1 and before.borrowed != now.borrowed:
        return "what it borrows changed"
    changed = set(now.saved) - set(before.saved)
    names = saved_names((saved.text for saved in package.saved if saved.text in changed), package)
    shown = ", ".join(f"{root}.{name}" for name in names)
    return f"{shown} changed" if names else "saved code that it uses changed"
