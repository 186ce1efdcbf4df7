"""Format problems, places and counts as plain text; terminals and editors follow `path:line`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tangle.model import Failure, Place, Problem
from tangle_cli.columns import display_width
from tangle_cli.messages import _, plural
from tangle_cli.printing import one_line
from tangle_cli.style import Span, Styled

if TYPE_CHECKING:
    from tangle.verbs.check import CheckReport
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import SectionChange, State

_WIDTH = 100

SEVERITIES: Final = {"error": "error", "warning": "yellow", "notice": "cyan"}
"""The colour of each severity of problems."""

_MOST_OF_A_KIND = 20


def problem_lines(project: Project, problem: Problem) -> Iterator[str]:
    """Yield a problem: its place and message, the line of the note with a caret, and the hint.

    Args:
        project: whose notes.
        problem: to report.
    """
    place, colour = problem.place, SEVERITIES[problem.severity]
    where = place_span(project, place)
    section = _(f" (section {problem.section})") if problem.section else ""
    rest = f" {_(problem.message)} [{problem.code}]{section}"
    yield Styled.of(where, ": ", Span(_(f"{problem.severity}:"), colour), rest)
    if problem.excerpt and problem.excerpt.strip():
        line, caret = pointed(problem.excerpt, place.column)
        yield f"    {line}"
        yield Styled.of("    ", Span(caret, colour))
    if problem.hint:
        yield hint_line(problem.hint)


def hint_line(hint: str) -> str:
    """Return a hint as a line below what it is about."""
    return Styled.of("    ", Span(_("hint:"), "cyan"), f" {_(hint)}")


def failure_message(failure: Failure) -> str:
    """Return what a failure says: an exception's own words, or else a message of tangle.

    Args:
        failure: of a chunk.
    """
    return _(failure.message) if failure.trace is None else failure.message


def traceback_lines(failure: Failure) -> list[str]:
    """Return the traceback of a failure; the last line says what happened.

    Args:
        failure: of a chunk, with a traceback.
    """
    *lines, last = failure.traceback.rstrip("\n").split("\n")
    return [*lines, _(last) if failure.trace is None else last]


def path_from_here(project: Project, path: str) -> str:
    """Return a path of the project relative to the working directory.

    Args:
        project: whose notes.
        path: relative to the project.
    """
    return _from(Path.cwd(), project.root, path)


def place_span(project: Project, place: Place) -> Span:
    """Return `path:line:column`, which is a link where the terminal knows such.

    Args:
        project: whose notes.
        place: as messages name it.
    """
    text = f"{path_from_here(project, place.path)}:{place.line}:{place.column}"
    return Span(text, "cyan", str(project.root / place.path))


@lru_cache(maxsize=1024)
def _from(here: Path, root: Path, path: str) -> str:
    try:
        return one_line(Path(os.path.relpath(root / path, here)).as_posix())
    except ValueError:  # another drive
        return one_line((root / path).as_posix())


def pointed(line: str, column: int) -> tuple[str, str]:
    """Return a line of a note without indentation, and a caret below one of its columns.

    Args:
        line: the line as it is in the note.
        column: where the caret goes, from 1, in characters.
    """
    stripped = line.lstrip()
    at = max(column - 1 - (len(line) - len(stripped)), 0)
    start = max(at - _WIDTH * 2 // 3, 0)
    before, after = _visible(stripped[start:at]), _visible(stripped[at : start + _WIDTH])
    lead = "…" if start else ""
    return lead + before + after, " " * (len(lead) + display_width(before)) + "^"


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join("    " if c == "\t" else c if c.isprintable() else "�" for c in text)


def change_lines(changes: Sequence[SectionChange], revision: str) -> Iterator[str]:
    """Yield the sections that changed since a revision, each with its reasons.

    Args:
        changes: the sections that changed.
        revision: as the user named it.
    """
    for change in changes:
        yield _(f"{change.section}: changed since {revision}: {'; '.join(change.reasons)}")
    if not changes:
        yield _(f"no section changed since {revision}")


def few(lines: Sequence[str], most: int) -> Iterator[str]:
    """Yield the first lines, and how many more there are.

    Args:
        lines: all of them.
        most: how many to yield.
    """
    yield from lines[:most]
    if len(lines) > most:
        yield f"[… {count(len(lines) - most, 'more line')}]"


def count(number: int, noun: str) -> str:
    """`1 chunk`, `2 chunks`."""
    return plural(number, f"{{number}} {noun}", f"{{number}} {noun}s")


def problem_summary(problems: Iterable[Problem]) -> str:
    """Return the number of errors, of warnings and, if there are any, of notices, in words."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    notices = severities.count("notice")
    rest = [count(notices, "notice")] if notices else []
    return _(", ").join([count(errors, "error"), count(warnings, "warning"), *rest])


def few_of_a_kind(problems: Iterable[Problem]) -> tuple[list[Problem], list[str]]:
    """Return the first problems of each kind, and a line for each kind of which there are more."""
    counts: Counter[str] = Counter()
    shown: list[Problem] = []
    for problem in problems:
        counts[problem.code] += 1
        if counts[problem.code] <= _MOST_OF_A_KIND:
            shown.append(problem)
    more = [
        _(f"[… {number - _MOST_OF_A_KIND} more of {code}; --format json has all]")
        for code, number in counts.items()
        if number > _MOST_OF_A_KIND
    ]
    return shown, more


def never_run_lines(report: CheckReport) -> Iterator[str]:
    """Yield how many pages are not adopted, and how many are in Org's format."""
    if not report.coded:
        yield no_python_line(report.org_pages)
    total = sum(report.never_run.values())
    if total:
        words: dict[State, tuple[str, str]] = {
            "ready": ("ready", "ready"),
            "needs-names": ("needs names", "need names"),
            "needs-packages": ("needs packages", "need packages"),
            "sketch": ("sketch", "sketches"),
        }
        parts = [
            f"{number} {_(one if number == 1 else many)}"
            for state, (one, many) in words.items()
            if (number := report.never_run.get(state, 0))
        ]
        states = _(", ").join(parts)
        yield _(
            f"{count(total, 'page')} with Python {'was' if total == 1 else 'were'} never run: "
            f"{states}; `tangle check --all` reports all"
        )
    if report.org_pages and report.coded:
        yield org_line(report.org_pages)


def without_script(pages: int) -> str:
    """Return how many pages have no script because of their errors."""
    return _(
        f"{count(pages, 'page')} whose code cannot run {'has' if pages == 1 else 'have'} "
        "no script; `tangle check --all` reports why"
    )


def idle_line(sections: int) -> str:
    """Return how many sections a run of all has left out."""
    return _(
        f"{count(sections, 'section')} {'has' if sections == 1 else 'have'} no code that runs; "
        "`tangle check --all` reports why"
    )


def org_line(pages: int) -> str:
    """Return that pages in Org's format are left out."""
    return plural(pages, "{number:,} Org page is not read", "{number:,} Org pages are not read")


def no_python_line(org_pages: int) -> str:
    """Return that a graph has no Python, and how many pages are left out.

    Args:
        org_pages: how many pages are in Org's format.
    """
    return _("no Python in this graph") + (f" ({org_line(org_pages)})" if org_pages else "")


def output_summary(report: CheckReport) -> str:
    """Return how many outputs in the notes are proven to match the current code, in words."""
    fresh, outputs = report.fresh, report.outputs
    if fresh == outputs == 1:
        return _("1 stored output matches the current code")
    if fresh == outputs:
        return _(f"{fresh} stored outputs match the current code")
    return _(f"{fresh} of {outputs} stored outputs match the current code")


# --- runs -----------------------------------------------------------------------------------------
