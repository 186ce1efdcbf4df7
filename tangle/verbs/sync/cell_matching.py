"""Find the cells of two states of a notebook that are the same cell."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Sequence

from tangle.verbs.exported_notebooks import BaseCell

Matches = tuple[int | None, ...]
"""For each cell its place in the earlier state; None for one that is new."""


def matched_cells(
    base: Sequence[BaseCell],
    cells: Sequence[BaseCell],
    may_differ: Callable[[int, int], bool] = lambda _, __: True,
) -> Matches:
    """Return which cell of an earlier state each cell is: by id, by its text, or by its place.

    Of those at a place, one that has nothing but lines of the other comes first.

    Cells that say the same are in the order that they had, whatever their ids: cells of the notes
    have none, and an edit is what a notebook shows.

    Args:
        base: the earlier state.
        cells: the later one.
        may_differ: whether a cell may be an earlier one, with another text and id; both by place.
    """
    found: list[int | None] = [None] * len(cells)
    _by_id(base, cells, found)
    _by_text(base, cells, found)
    _in_order(base, cells, found)
    ours, theirs = ([_lines(cell) for cell in side] for side in (cells, base))

    def is_part(number: int, at: int) -> bool:
        return bool(ours[number]) and ours[number] <= theirs[at] and may_differ(number, at)

    _by_place(base, cells, found, is_part)
    _by_place(base, cells, found, may_differ)
    _anywhere(base, cells, found, is_part)
    return tuple(found)


def _by_id(base: Sequence[BaseCell], cells: Sequence[BaseCell], found: list[int | None]) -> None:
    """Match by id; of several cells with one id, the one counts that says what it said.

    An id that several earlier cells have is that of equal cells of a script, and tells none.
    """
    often = Counter(cell.id for cell in base)
    places = {cell.id: at for at, cell in enumerate(base) if cell.id and often[cell.id] == 1}
    claims: defaultdict[int, list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        at = places.get(cell.id) if cell.id else None
        if at is not None and base[at].kind == cell.kind:
            claims[at].append(number)
    for at, numbers in claims.items():
        same = (number for number in numbers if cells[number].source == base[at].source)
        found[next(same, numbers[0])] = at


def _by_text(base: Sequence[BaseCell], cells: Sequence[BaseCell], found: list[int | None]) -> None:
    free: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
    taken = set(found)
    for at, one in enumerate(base):
        if at not in taken:
            free[one.kind, one.source].append(at)
    for number, cell in enumerate(cells):
        if found[number] is None and free[cell.kind, cell.source]:
            found[number] = free[cell.kind, cell.source].popleft()


def _by_place(
    base: Sequence[BaseCell],
    cells: Sequence[BaseCell],
    found: list[int | None],
    may_differ: Callable[[int, int], bool],
) -> None:
    """Match what is left between the same neighbours, in order, by kind."""
    taken = set(found)
    free = [at for at in range(len(base)) if at not in taken]
    before = -1
    for number, cell in enumerate(cells):
        at = found[number]
        if at is not None:
            before = at
            continue
        behind = next((a for a in found[number + 1 :] if a is not None), len(base))
        for index in range(bisect_left(free, before + 1), bisect_left(free, behind)):
            own = base[free[index]]
            if own.kind == cell.kind and not own.setup and may_differ(number, free[index]):
                found[number] = before = free.pop(index)
                break


def _lines(cell: BaseCell) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, cell.source.split("\n"))))


def _in_order(base: Sequence[BaseCell], cells: Sequence[BaseCell], found: list[int | None]) -> None:
    """Let those of equal earlier cells that were not changed follow each other as these did."""
    equal: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        at = found[number]
        if at is not None and cell.source == base[at].source:
            equal[cell.kind, cell.source].append(number)
    for numbers in equal.values():
        places = sorted(at for number in numbers if (at := found[number]) is not None)
        for number, at in zip(numbers, places, strict=True):
            found[number] = at


def _anywhere(
    base: Sequence[BaseCell],
    cells: Sequence[BaseCell],
    found: list[int | None],
    may_be: Callable[[int, int], bool],
) -> None:
    """Match what is left wherever it is."""
    taken = set(found)
    free = [at for at, one in enumerate(base) if at not in taken and not one.setup]
    for number, cell in enumerate(cells):
        if found[number] is None:
            near = (at for at in free if base[at].kind == cell.kind and may_be(number, at))
            found[number] = at = next(near, None)
            free = [one for one in free if one != at]


def moved_cells(order: Sequence[int]) -> frozenset[int]:
    """Return the fewest cells that were moved, if the others stay in their order.

    Args:
        order: the cells' former places, as they are arranged now.
    """
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for number, at in enumerate(order):
        length = bisect_left(tails, at)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [at]
        ends[length : length + 1] = [number]
    stay = set[int]()
    number = ends[-1] if ends else -1
    while number >= 0:
        stay.add(order[number])
        number = previous[number]
    return frozenset(order) - stay


def misplaced(
    base: Sequence[Hashable], edited: Sequence[Hashable], merged: Sequence[Hashable]
) -> int | None:
    """Return the place of the first line that one side moved or added elsewhere than a merge did.

    Only lines count that occur once.

    Args:
        base: the lines that both sides began with.
        edited: those of the side.
        merged: those of both.
    """
    was, own, now = (_places(lines) for lines in (base, edited, merged))
    kept = [line for line in own if line in was and line in now]
    moved = moved_cells([was[line] for line in kept])
    for line, place in own.items():
        if line not in now or (line in was and was[line] not in moved):
            continue
        if line not in was:
            before = [one for one in kept if own[one] < place][-1:]
            behind = [one for one in kept if own[one] > place][:1]
            apart = all(now[one] < now[other] for one in before for other in behind)
            near = [*before, *behind] if apart else before
        else:
            near = [one for one in kept if (own[one] < place) != (was[one] < was[line])]
        if any((own[one] < place) != (now[one] < now[line]) for one in near):
            return place
    return None


def _places(lines: Sequence[Hashable]) -> dict[Hashable, int]:
    often = Counter(lines)
    return {line: at for at, line in enumerate(lines) if often[line] == 1}
