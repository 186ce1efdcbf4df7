"""Resolve the names of sections on the command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tangle.analyse import Plan, Session
from tangle.errors import UsageError
from tangle.link import title_key
from tangle.model import SectionName


class UnknownSection(UsageError):
    """No section of the graph has that name."""

    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        """Tell what was asked for, and what comes nearest to it."""
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.3)
        hint = f"nearest: {', '.join(near)}" if near else "`tangle list` names them"
        super().__init__(f"section {wanted}: no such section in this graph; {hint}")

    def beside(self, unread: Sequence[str]) -> UnknownSection:
        """The same error, with the pages that it may stand on."""
        if unread:
            others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
            self.args = (f"{self}; it may stand on a page that is left out: {unread[0]}{others}",)
        return self


class NoCode(UsageError):
    """The section has no code to run."""

    def __init__(self, wanted: str) -> None:
        """Tell which section."""
        super().__init__(f"section {wanted}: it has no code; `tangle list` shows those with code")


class SeveralScripts(UsageError):
    """The section is a chapter, which has a script for each of its sections."""

    def __init__(self, wanted: str, names: Sequence[str]) -> None:
        """Tell which it has."""
        super().__init__(f"section {wanted}: it has several scripts; name one: {', '.join(names)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A session, whole or to the end of one of its sections.

    Attributes:
        chunks: how many of its chunks take part.
    """

    session: Session
    chunks: int


def select(plan: Plan, wanted: Iterable[str]) -> tuple[Selected, ...]:
    """Return the sessions that the arguments name, and those that they need, in reading order.

    Args:
        plan: of the notes.
        wanted: names of sections, chapters, pages or headings.

    Raises:
        UnknownSection: an argument names no section.
        NoCode: it names one without code.
    """
    found: dict[SectionName, int] = {}
    for name in wanted:
        for selected in _named(plan, name):
            before = found.get(selected.session.name, 0)
            found[selected.session.name] = max(before, selected.chunks)
    by_name = plan.by_name
    todo = list(found)
    while todo:
        for need in by_name[todo.pop()].unit.needs:
            if need in by_name and need not in found and by_name[need].chunks:
                found[need] = len(by_name[need].chunks)
                todo.append(need)
    sessions = [session for session in plan.sessions if session.name in found]
    return tuple(Selected(session=s, chunks=found[s.name]) for s in _needs_first(sessions))


def find_session(plan: Plan, wanted: str) -> Session:
    """Return the one session that an argument names.

    Args:
        plan: of the notes.
        wanted: its name.

    Raises:
        UnknownSection: it names no section.
        NoCode: it names one without code.
        SeveralScripts: it names a chapter.
    """
    found = _named(plan, wanted)
    if len(found) > 1:
        raise SeveralScripts(wanted, [selected.session.name for selected in found])
    return found[0].session


def select_all(plan: Plan) -> tuple[Selected, ...]:
    """Return every session that has code, in reading order."""
    sessions = [session for session in plan.sessions if session.chunks]
    return tuple(Selected(session=s, chunks=len(s.chunks)) for s in _needs_first(sessions))


def _needs_first(sessions: Sequence[Session]) -> list[Session]:
    """Sessions with those they need before them; where needs run in a circle, as they stand."""
    names = {session.name: session for session in sessions}
    done: dict[SectionName, Session] = {}
    for session in sessions:
        stack = [session]
        entered: set[SectionName] = set()
        while stack:
            top = stack[-1]
            entered.add(top.name)
            missing = [
                names[need]
                for need in top.unit.needs
                if need in names and need not in done and need not in entered
            ]
            if missing:
                stack.append(missing[0])
            else:
                done.setdefault(top.name, top)
                stack.pop()
    return list(done.values())


def _named(plan: Plan, wanted: str) -> tuple[Selected, ...]:
    number = _number(wanted)
    found = _by_number(plan, number) if number else _by_title(plan, wanted)
    if found is None:
        known = [str(s.name) for s in plan.sessions]
        raise UnknownSection(wanted, known)
    if not any(selected.chunks for selected in found):
        raise NoCode(wanted)
    return tuple(selected for selected in found if selected.chunks)


def _number(wanted: str) -> tuple[int, ...]:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)*)\.?", wanted)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _by_number(plan: Plan, number: tuple[int, ...]) -> tuple[Selected, ...] | None:
    if len(number) <= 2:
        found = [s for s in plan.sessions if s.unit.section.number[: len(number)] == number]
        return tuple(Selected(session=s, chunks=len(s.chunks)) for s in found) or None
    name = ".".join(str(part) for part in number)
    for session in plan.sessions:
        if any(part.name == name for part in session.unit.parts):
            return (Selected(session=session, chunks=_up_to(session, number)),)
    return None


def _up_to(session: Session, number: tuple[int, ...]) -> int:
    """How many chunks stand before the end of a section."""
    numbers = {part.name: part.number for part in (session.unit.section, *session.unit.parts)}
    count = 0
    for index, planned in enumerate(session.chunks, start=1):
        if numbers.get(planned.occurrence.section, ())[: len(number)] <= number:
            count = index
    return count


def _by_title(plan: Plan, wanted: str) -> tuple[Selected, ...] | None:
    if exact := _titled(plan, wanted):
        return tuple(Selected(session=s, chunks=len(s.chunks)) for s in exact)
    title, _, heading = wanted.partition("#")
    for session in _titled(plan, title) if heading else ():
        count = _to_heading(plan, session, heading)
        return (Selected(session=session, chunks=count),) if count is not None else None
    return None


def _titled(plan: Plan, title: str) -> list[Session]:
    """Return the sessions with that title, or else that of the page with it as another name."""
    exact = [s for s in plan.sessions if title in (s.name, s.unit.section.title)]
    page = plan.graph.names.get(title_key(title))
    return exact or [
        s for s in plan.sessions if s.unit.section.page == page and s.unit.section.block < 0
    ]


def _to_heading(plan: Plan, session: Session, heading: str) -> int | None:
    """How many chunks stand before the end of what is below a heading of the page."""
    page = plan.graph.pages[session.unit.section.page]
    for index, block in enumerate(page.blocks):
        if block.title.strip() == heading.strip():
            last = index
            while last + 1 < len(page.blocks) and page.blocks[last + 1].level > block.level:
                last += 1
            return sum(planned.occurrence.host <= last for planned in session.chunks)
    return None
