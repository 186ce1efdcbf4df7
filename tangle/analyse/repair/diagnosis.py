"""Search for a repair: each cause alone, then several together."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, groupby, islice
from typing import Final

from msgspec import Struct

from tangle.analyse.repair.callouts import CALLOUTS, without_callouts
from tangle.analyse.repair.causes import Cause, shell_command, told_by_python
from tangle.analyse.repair.characters import plain_blanks, plain_punctuation
from tangle.analyse.repair.emphasis import without_emphasis
from tangle.analyse.repair.indentation import as_the_colons_say, tabs_as_spaces
from tangle.analyse.repair.prompts import without_line_numbers, without_list_marks, without_output
from tangle.analyse.repair.slips import SLIPS
from tangle.analyse.statements import statements

Mender = Callable[[Sequence[str]], Iterator[list[str]]]
Reader = Callable[[str], ast.Module | None]

TABS: Final = "tabs and spaces are mixed in its indentation"
READ_AS_MEANT: Final = frozenset({CALLOUTS, TABS})
"""Causes that change nothing of what the code says: with no other, it runs before the repair."""

# In the order in which they are applied where several are: what stands in front of code goes first,
# and indentation is looked at when nothing else disturbs it.
_MENDERS: Final[tuple[tuple[Mender, str], ...]] = (
    (plain_blanks, "white space stands in it that Python does not know"),
    (without_line_numbers, "there are line numbers in front of the code"),
    (without_list_marks, "list marks stand in front of the code"),
    (plain_punctuation, "full-width or typographic punctuation stands in the code"),
    (without_emphasis, "Markdown's marks for emphasis stand in the code"),
    (without_output, "output was pasted under the code"),
    (without_callouts, CALLOUTS),
    (tabs_as_spaces, TABS),
)
_LAST_MENDER: Final = (as_the_colons_say, "its indentation does not fit its colons")
"""Asked only where nothing else helps: it changes most, and knows least."""
_MOST_TOGETHER: Final = 4
_READINGS: Final = 3
_MOST_TRIES: Final = 100
"""Texts that are tried for one kind of slip."""
_BUDGET: Final = 3_000_000
"""Characters that are parsed in search of a repair; a chunk of 100 lines has a thousand tries."""


class Repair(Struct, frozen=True, kw_only=True):
    """A text that parses, with as many lines as the chunk.

    Attributes:
        causes: what was wrong.
    """

    lines: tuple[str, ...]
    causes: tuple[str, ...]


class Diagnosis(Struct, frozen=True, kw_only=True):
    """Why a chunk does not parse.

    Attributes:
        cause: in words; empty where only Python's own are known.
        row: the line at fault, from 0.
        column: in characters of it, from 0.
        hint: what to do, where more can be said than to repair the line.
        readings: ways to repair it, each another program; one alone is sure.
        slip: whether these differ from the chunk by one token.
    """

    cause: str
    row: int
    column: int
    hint: str
    readings: tuple[Repair, ...]
    slip: bool = False

    @property
    def sure(self) -> Repair | None:
        """The repair, if there is exactly one."""
        return self.readings[0] if len(self.readings) == 1 else None


def diagnose(code: str, error: SyntaxError, read: Reader) -> Diagnosis:
    """Find out why code does not parse.

    Args:
        code: the chunk's, every line ended by a line feed.
        error: what Python says of it.
        read: the tree of code, None where it does not parse.
    """
    lines = code.split("\n")[:-1]
    row = min(max((error.lineno or 1) - 1, 0), max(len(lines) - 1, 0))
    command = bool(lines) and shell_command(lines[row]) is not None
    readings, slip = ((), False) if command or not lines else _found(lines, error, read)
    column = max((error.offset or 1) - 1, 0)
    if not readings:
        known = told_by_python(lines, row) or Cause(words="", hint="")
        return Diagnosis(cause=known.words, row=row, column=column, hint=known.hint, readings=())
    changed = [at for at, line in enumerate(readings[0].lines) if line != lines[at]]
    if changed and not changed[0] <= row <= changed[-1]:
        row = changed[0]
    if lines[row] != readings[0].lines[row]:
        column = _first_difference(lines[row], readings[0].lines[row])
    if len(readings) == 1:
        hint = "`tangle check --fix` repairs it, and --diff shows how"
    else:
        ways = _ways(lines, readings)
        row = _first_difference_of(readings) if TABS in readings[0].causes else row
        hint = f"it can be read in more than one way, so repair it by hand: {ways}"
    cause = "; ".join(readings[0].causes)
    return Diagnosis(cause=cause, row=row, column=column, hint=hint, readings=readings, slip=slip)


def _found(
    lines: Sequence[str], error: SyntaxError, read: Reader
) -> tuple[tuple[Repair, ...], bool]:
    """The ways to repair code, and whether it is a slip."""
    budget = _Budget(read)
    ways = [
        chosen for count in range(1, _MOST_TOGETHER) for chosen in combinations(_MENDERS, count)
    ]
    found = tuple(_readings(lines, ways, budget))
    if found:
        return found, False
    if slips := _slips(lines, error, budget):
        return slips, True
    last = [(*chosen, _LAST_MENDER) for chosen in [(), *ways]]
    return tuple(_readings(lines, last, budget)), False


def _slips(lines: Sequence[str], error: SyntaxError, budget: _Budget) -> tuple[Repair, ...]:
    """The programs that one token makes of code; those of the first cause that makes any."""
    for slip, words in SLIPS:
        found: dict[str, Repair] = {}
        for changed in islice(slip(lines, error), _MOST_TRIES):
            tree = budget.read(changed) if changed != list(lines) else None
            if tree is not None and not _makes_code_of_a_result(lines, changed, tree):
                repair = Repair(lines=tuple(changed), causes=(words,))
                found.setdefault(ast.dump(tree), repair)
        if found:
            return tuple(found.values())[:_READINGS]
    return ()


def _readings(
    lines: Sequence[str],
    ways: Sequence[tuple[tuple[Mender, str], ...]],
    budget: _Budget,
) -> Iterator[Repair]:
    """The programs that the fewest causes explain, each once, simplest first."""
    for _, group in groupby(ways, key=len):
        found: dict[str, Repair] = {}
        for chosen in group:
            causes = tuple(words for _, words in chosen)
            for repaired in _applied([list(lines)], [mender for mender, _ in chosen]):
                tree = budget.read(repaired)
                if tree is None or _makes_code_of_a_result(lines, repaired, tree):
                    continue
                # What a string says is code's own affair: two readings differ if they do otherwise.
                key = ast.dump(tree)
                repair = Repair(lines=tuple(repaired), causes=causes)
                if key not in found or _cost(lines, repair) < _cost(lines, found[key]):
                    found[key] = repair
        if found:
            yield from sorted(found.values(), key=lambda each: _cost(lines, each))[:_READINGS]
            return


def _applied(starts: list[list[str]], menders: Sequence[Mender]) -> Iterator[list[str]]:
    """Every way to apply the menders one after the other, each of which must change something."""
    if not menders:
        yield from starts
        return
    for lines in starts:
        for repaired in menders[0](lines):
            if repaired != lines:
                yield from _applied([repaired], menders[1:])


def _makes_code_of_a_result(
    lines: Sequence[str], repaired: Sequence[str], tree: ast.Module
) -> bool:
    """Whether a repaired line is a bare value, or a name that the chunk does not define.

    It was most likely a result, or a word: that it parses now proves nothing.
    """
    bare = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_bare(node.value)]
    changed = [
        node for node in bare if lines[node.lineno - 1].strip() != repaired[node.lineno - 1].strip()
    ]
    if not changed:
        return False
    bound = {name for statement in statements(tree) for name in statement.binds}
    names = (_names_in(node) for node in changed)
    return any(not found or not found <= bound for found in names)


def _is_bare(node: ast.expr) -> bool:
    """Whether an expression is nothing but names and values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return False  # a docstring
    names = (ast.Name, ast.Attribute, ast.Load)
    values = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.USub)
    return all(isinstance(part, names + values) for part in ast.walk(node))


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


class _Budget:
    """Parses texts, each once, up to a limit."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._seen: dict[str, ast.Module | None] = {}
        self._left = _BUDGET

    def read(self, lines: Sequence[str]) -> ast.Module | None:
        text = "".join(f"{line}\n" for line in lines)
        if text not in self._seen:
            self._left -= len(text)
            self._seen[text] = self._read(text) if self._left > 0 else None
        return self._seen[text]


def _cost(lines: Sequence[str], repair: Repair) -> int:
    """How much of the text a repair changes."""
    pairs = zip(lines, repair.lines, strict=True)
    return sum(1 + abs(len(a) - len(b)) for a, b in pairs if a != b)


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _shown(lines: Sequence[str], repair: Repair) -> str:
    """The first line that a repair changes, as it becomes."""
    pairs = zip(lines, repair.lines, strict=True)
    return next((new.strip() for old, new in pairs if old != new), "")


def _ways(lines: Sequence[str], readings: Sequence[Repair]) -> str:
    """What tells the readings apart, for the writer to choose."""
    if TABS not in readings[0].causes:
        return " or ".join(f"`{_shown(lines, reading)}`" for reading in readings)
    row = _first_difference_of(readings)
    widths = (len(each.lines[row]) - len(each.lines[row].lstrip(" ")) for each in readings)
    return " or ".join(f"indented by {width} columns" for width in widths)


def _first_difference_of(readings: Sequence[Repair]) -> int:
    """The first line in which readings differ, from 0."""
    rows = zip(*(each.lines for each in readings), strict=True)
    return next((at for at, texts in enumerate(rows) if len(set(texts)) > 1), 0)
