"""Format reports as plain text, with `path:line` that terminals and editors can follow."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tangle.model import Failure, Problem, Result, SessionResult
from tangle_cli.printing import one_line

if TYPE_CHECKING:
    from tangle.verbs.check import CheckReport
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import (
        Difference,
        RunReport,
        SectionChange,
        SectionRow,
        SectionRun,
        State,
    )

_WIDTH = 100
_MOST_SKIPPED = 20
"""Skipped chunks that are listed."""

_MOST_LINES = 60
_MOST_OF_A_KIND = 20
"""Lines of one chunk's output that are printed."""


def problem_lines(project: Project, problem: Problem) -> Iterator[str]:
    """Yield a problem: its place and message, the line of the note with a caret, and the hint.

    Args:
        project: whose notes.
        problem: to report.
    """
    place = problem.place
    path = path_from_here(project, place.path)
    where = f"{path}:{place.line}:{place.column}"
    section = f" (section {problem.section})" if problem.section else ""
    yield f"{where}: {problem.severity}: {problem.message} [{problem.code}]{section}"
    if problem.excerpt and problem.excerpt.strip():
        yield from (f"    {line}" for line in pointed(problem.excerpt, place.column))
    if problem.hint:
        yield f"    hint: {problem.hint}"


def path_from_here(project: Project, path: str) -> str:
    """Return a path of the project relative to the working directory.

    Args:
        project: whose notes.
        path: relative to the project.
    """
    return _from(Path.cwd(), project.root, path)


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


def display_width(text: str) -> int:
    """Return the number of columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """Pad a text with blanks to a width on the terminal.

    Args:
        text: to pad.
        width: in columns.
    """
    return text + " " * max(width - display_width(text), 0)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines with aligned columns."""
    if not rows:
        return
    widths = [max(display_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (padded(cell, width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def section_lines(rows: Sequence[SectionRow], org_pages: int = 0) -> Iterator[str]:
    """Yield the table of `tangle list`.

    Args:
        rows: its rows.
        org_pages: how many pages are in Org's format.
    """
    if not rows:
        yield no_python_line(org_pages)
        return
    head = ("section", "chunks", "borrowed", "state", "title")
    body = [
        (
            row.name,
            str(row.chunks),
            str(row.borrowed or ""),
            row.state,
            "" if row.title == row.name else row.title,
        )
        for row in rows
    ]
    yield from table([head, *body])
    coded = sum(row.chunks > 0 for row in rows)
    yield f"{count(coded, 'section')} with code, {count(sum(r.chunks for r in rows), 'chunk')}"


def change_lines(changes: Sequence[SectionChange], revision: str) -> Iterator[str]:
    """Yield the sections that changed since a revision, each with its reasons.

    Args:
        changes: the sections that changed.
        revision: as the user named it.
    """
    for change in changes:
        yield f"{change.section}: changed since {revision}: {'; '.join(change.reasons)}"
    if not changes:
        yield f"no section changed since {revision}"


def count(number: int, noun: str) -> str:
    """`1 chunk`, `2 chunks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def problem_summary(problems: Iterable[Problem]) -> str:
    """Return the number of errors, of warnings and, if there are any, of notices, in words."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    notices = severities.count("notice")
    rest = f", {count(notices, 'notice')}" if notices else ""
    return f"{count(errors, 'error')}, {count(warnings, 'warning')}{rest}"


def few_of_a_kind(problems: Iterable[Problem]) -> tuple[list[Problem], list[str]]:
    """Return the first problems of each kind, and a line for each kind of which there are more."""
    counts: Counter[str] = Counter()
    shown: list[Problem] = []
    for problem in problems:
        counts[problem.code] += 1
        if counts[problem.code] <= _MOST_OF_A_KIND:
            shown.append(problem)
    more = [
        f"[… {number - _MOST_OF_A_KIND} more of {code}; --format json has all]"
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
            f"{number} {one if number == 1 else many}"
            for state, (one, many) in words.items()
            if (number := report.never_run.get(state, 0))
        ]
        were = "was" if total == 1 else "were"
        yield (
            f"{count(total, 'page')} with Python {were} never run: {', '.join(parts)}; "
            "`tangle check --all` reports all"
        )
    if report.org_pages and report.coded:
        yield org_line(report.org_pages)


def without_script(pages: int) -> str:
    """Return how many pages have no script because of their errors."""
    have = "has" if pages == 1 else "have"
    return (
        f"{count(pages, 'page')} whose code cannot run {have} no script; "
        "`tangle check --all` reports why"
    )


def idle_line(sections: int) -> str:
    """Return how many sections a run of all has left out."""
    have = "has" if sections == 1 else "have"
    why = "`tangle check --all` reports why"
    return f"{count(sections, 'section')} {have} no code that runs; {why}"


def org_line(pages: int) -> str:
    """Return that pages in Org's format are left out."""
    return f"{pages:,} Org {'page is' if pages == 1 else 'pages are'} not read"


def no_python_line(org_pages: int) -> str:
    """Return that a graph has no Python, and how many pages are left out.

    Args:
        org_pages: how many pages are in Org's format.
    """
    return "no Python in this graph" + (f" ({org_line(org_pages)})" if org_pages else "")


def output_summary(report: CheckReport) -> str:
    """Return how many outputs in the notes are proven to match the current code, in words."""
    of_all = "" if report.fresh == report.outputs else f" of {report.outputs}"
    return f"{report.fresh}{of_all} stored outputs match the current code"


# --- runs -----------------------------------------------------------------------------------------


def run_lines(project: Project, report: RunReport) -> Iterator[str]:
    """Yield the report of a run: outputs of a single section, failures, what was written where.

    Args:
        project: whose notes.
        report: of the run.
    """
    if len(report.sections) == 1:
        yield from output_lines(project, report.sections[0])
    for run in report.sections:
        yield from section_result(run)
        yield from skipped_lines(project, run)
    for problem in (*report.kept, *report.pending):
        yield from problem_lines(project, problem)
    for difference in report.differences or ():
        yield from difference_lines(project, difference)
    if report.differences == ():
        yield _match_line(report)
    yield from _where_written(project, report)


def _where_written(project: Project, report: RunReport) -> Iterator[str]:
    """Yield what was written and what is waiting."""
    if report.waiting:
        place = "`tangle run --write-pending` writes those whose code and page allow it"
        yield f"{count(report.waiting, 'result')} kept: {place}"
    for page in report.pages:
        yield f"outputs written to {path_from_here(project, page)}"
    if report.figures:
        folders = sorted({str(Path(path_from_here(project, f)).parent) for f in report.figures})
        yield f"{count(len(report.figures), 'figure')} in {', '.join(folders)}"
    if report.no_python and not report.waiting:
        yield no_python_line(report.org_pages)
    elif report.written and not report.pages and report.exit_code == 0:
        yield "the notes were up to date"


def _match_line(report: RunReport) -> str:
    """Return that no output differs from the notes, and which were not compared."""
    outcomes = Counter(run.result.outcome for run in report.sections)
    skipped, passed = outcomes["skipped"], outcomes["passed"]
    if passed == outcomes.total():
        return "the outputs match those in the notes"
    lost = f"{count(outcomes.total() - passed - skipped, 'section')} failed"
    lost += f", {skipped} skipped" if skipped else ""
    return f"{lost}; the outputs of the others are those in the notes" if passed else lost


def difference_lines(project: Project, difference: Difference) -> Iterator[str]:
    """Yield how an output differs from the one in the notes: place, message, diff and hint.

    Args:
        project: whose notes.
        difference: to report.
    """
    place = difference.place
    where = f"{path_from_here(project, place.path)}:{place.line}"
    yield f"{where}: error: {difference.message} [{difference.kind}] (section {difference.section})"
    if difference.diff:
        yield from ("    --- in the notes", "    +++ in this run")
        yield from (f"    {line}" for line in difference.diff[:_MOST_LINES])
        if len(difference.diff) > _MOST_LINES:
            yield f"    [… {count(len(difference.diff) - _MOST_LINES, 'more line')}]"
    yield f"    hint: {difference.hint}"


def output_lines(project: Project, run: SectionRun, *, since: int = 1) -> Iterator[str]:
    """Yield the outputs of a section's chunks, from a certain chunk on.

    Args:
        project: whose notes.
        run: the section's results.
        since: the first chunk, from 1.
    """
    from tangle.verbs.results.judging import chunk_results
    from tangle.write import rendered

    for planned, result in chunk_results(run)[max(since - 1, 0) :]:
        shown = rendered(result.outputs)
        if not shown.text and not shown.figures:
            continue
        occurrence = planned.occurrence
        page = path_from_here(project, project.shown(occurrence.page))
        yield f"── {occurrence.section}  {page}:{occurrence.chunk.line}"
        lines = shown.text.split("\n") if shown.text else []
        yield from lines[:_MOST_LINES]
        if len(lines) > _MOST_LINES:
            yield f"[… {count(len(lines) - _MOST_LINES, 'more line')}]"
        for number in range(len(shown.figures)):
            yield f"[figure {number + 1}]" if len(shown.figures) > 1 else "[figure]"
    yield ""


def section_result(run: SectionRun) -> Iterator[str]:
    """Yield a section's outcome, time and device, and its failures."""
    result = run.result
    title = run.session.unit.section.title
    name = run.session.name if title == run.session.name else f"{run.session.name} {title}".strip()
    how = "answered from the cache" if run.cached else f"{result.seconds:.1f} s"
    if result.outcome == "skipped":
        from tangle.verbs.reports.outcomes import section_skip_reason

        yield f"{name}: {section_skip_reason(run)}"
        return
    if result.outcome == "passed" and not result.results:
        yield f"{name}: nothing to run; `tangle check` reports why"
        return
    used = f"on {result.device}"
    if run.asked not in ("auto", result.device):
        used += f" (asked for {run.asked})"
    if result.device_memory:
        used += f", {result.device_memory / 2**20:.0f} MiB there at most"
    yield f"{name}: {result.outcome}, {how}, {used}"
    for entry in result.results:
        yield from _failure_lines(entry)
    yield from (f"    notice: {notice}" for notice in result.notices)
    yield from _late_lines(result)


def skipped_lines(project: Project, run: SectionRun) -> Iterator[str]:
    """Yield the chunks of a section that were skipped, each with the reason, and how many ran.

    Args:
        project: whose notes.
        run: the section's results.
    """
    from tangle.verbs.reports.outcomes import ran, skip_reason
    from tangle.verbs.results.judging import chunk_results

    if run.result.outcome == "skipped":
        return  # the section's own line says why
    found = chunk_results(run)
    skipped = [(planned, skip_reason(result)) for planned, result in found]
    skipped = [(planned, reason) for planned, reason in skipped if reason is not None]
    for planned, reason in skipped[:_MOST_SKIPPED]:
        chunk = planned.occurrence.chunk
        place = f"{path_from_here(project, project.shown(chunk.page))}:{chunk.line}"
        yield f"    {place}: {reason}"
    if len(skipped) > _MOST_SKIPPED:
        yield f"    [… {count(len(skipped) - _MOST_SKIPPED, 'more skipped chunk')}]"
    if skipped:
        done = ran([result for _, result in found])
        yield f"    {done} of {count(len(found), 'chunk')} ran"


def _late_lines(result: SessionResult) -> Iterator[str]:
    """Yield what a session printed after its last chunk."""
    if not result.late:
        return
    from tangle.write import rendered

    lines = rendered(result.late).text.split("\n")
    yield "    printed after the last chunk, not written to the notes:"
    yield from (f"    {line}" for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"    [… {count(len(lines) - _MOST_LINES, 'more line')}]"


def _failure_lines(result: Result) -> Iterator[str]:
    failure = result.failure
    if failure is None or result.outcome in ("passed", "skipped"):
        return
    if failure.traceback:
        yield from _indented(failure.traceback.rstrip("\n"))
    else:
        yield from _indented(_short(failure))
    if failure.hint:
        yield f"    hint: {failure.hint}"


def _short(failure: Failure) -> str:
    where = f"{failure.place.path}:{failure.place.line}: " if failure.place else ""
    message = f"{failure.name}: {failure.message}" if failure.message else failure.name
    return message if message.startswith(where) and where else where + message


def _indented(text: str) -> Iterator[str]:
    yield from (f"    {line}" for line in text.split("\n"))
