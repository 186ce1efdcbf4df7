"""Format what a run did as plain text: outputs, failures, what was written where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tangle.model import Failure, PagePath, Place, Result, SessionResult
from tangle_cli.messages import _, plural
from tangle_cli.style import Span, Styled
from tangle_cli.text import (
    count,
    failure_message,
    few,
    hint_line,
    no_python_line,
    path_from_here,
    place_span,
    problem_lines,
    traceback_lines,
)

if TYPE_CHECKING:
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import Difference, RunReport, SectionRun
    from tangle.write import Rendered
    from tangle_cli.progress import Shown

_MOST_SKIPPED = 20
"""Skipped chunks that are listed."""

_MOST_LINES = 60
"""Lines of one chunk's output that are printed."""


def run_lines(project: Project, report: RunReport, seen: Shown | None = None) -> Iterator[str]:
    """Yield the report of a run: outputs of a single section, failures, what was written where.

    Args:
        project: whose notes.
        report: of the run.
        seen: what a person has seen on the terminal meanwhile, which is left out.
    """
    if len(report.sections) == 1 and not (seen and seen.outputs):
        yield from output_lines(project, report.sections[0])
    for run in report.sections:
        details = [*_details(run, seen), *skipped_lines(project, run)]
        if details or not (seen and run.session.name in seen.sections):
            yield from (section_heading(run), *details)
    for problem in (*report.kept, *report.pending):
        yield from problem_lines(project, problem)
    for difference in report.differences or ():
        yield from difference_lines(project, difference)
    if report.differences == () and report.exit_code == 0:
        yield _("the outputs match those in the notes")
    yield from _where_written(project, report)
    if report.differences == () or (report.written and not report.pages):
        yield from _unequal_end(report)


def _unequal_end(report: RunReport) -> Iterator[str]:
    """Yield what did not pass, and that the outputs of all else are those in the notes."""
    outcomes = Counter(run.result.outcome for run in report.sections)
    skipped, passed = outcomes["skipped"], outcomes["passed"]
    failed = outcomes.total() - passed - skipped
    if not failed or outcomes["interrupted"] or report.pending or report.kept or report.refused:
        return
    parts = [_(f"{count(failed, 'section')} failed")]
    if skipped:
        parts[0] += _(f", {skipped} skipped")
    if passed:
        parts.append(_("the outputs of the others are those in the notes"))
    if passed or not report.written:
        yield _("; ").join(parts)


def _where_written(project: Project, report: RunReport) -> Iterator[str]:
    """Yield what was written and what is waiting."""
    if report.waiting:
        how = "`tangle run --write-pending` writes those whose code and page allow it"
        yield _(f"{count(report.waiting, 'result')} kept: {how}")
    for page in report.pages:
        yield _(f"outputs written to {path_from_here(project, page)}")
    if report.figures:
        folders = sorted({str(Path(path_from_here(project, f)).parent) for f in report.figures})
        yield plural(
            len(report.figures),
            "{number} figure in {folders}",
            "{number} figures in {folders}",
            folders=", ".join(folders),
        )
    if report.no_python and not report.waiting:
        yield no_python_line(report.org_pages)
    elif report.written and not report.pages and report.exit_code == 0:
        yield _("the notes were up to date")


def difference_lines(project: Project, difference: Difference) -> Iterator[str]:
    """Yield how an output differs from the one in the notes: place, message, diff and hint.

    Args:
        project: whose notes.
        difference: to report.
    """
    place = difference.place
    where = f"{path_from_here(project, place.path)}:{place.line}"
    link = Span(where, "cyan", str(project.root / place.path))
    section = _(f" (section {difference.section})")
    rest = f" {_(difference.message)} [{difference.kind}]{section}"
    yield Styled.of(link, ": ", Span(_("error:"), "error"), rest)
    if difference.diff:
        yield from (_("    --- in the notes"), _("    +++ in this run"))
        yield from map(_diff_line, few(difference.diff, _MOST_LINES))
    yield hint_line(difference.hint)


def _diff_line(line: str) -> str:
    colours = {"-": "red", "+": "green", "@": "cyan"}
    return Styled.of("    ", Span(line, colours.get(line[:1], "")))


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
        if not shown.parts:
            continue
        occurrence = planned.occurrence
        place = Place(path=PagePath(project.shown(occurrence.page)), line=occurrence.chunk.line)
        yield output_heading(project, occurrence.section, place)
        yield from _shown_lines(shown)
    yield ""


def _shown_lines(shown: Rendered) -> Iterator[str]:
    """Yield what a chunk shows, a line for each figure and for each file that it leads to."""
    from tangle.write import File

    number = 0
    figures = sum(not file.link for file in shown.files)
    for part in shown.parts:
        if not isinstance(part, File):
            yield from few(part.text.split("\n"), _MOST_LINES) if part.text else ()
        elif part.link:
            yield f"[{part.link}]"
        else:
            number += 1
            yield _(f"[figure {number}]" if figures > 1 else "[figure]")


def output_heading(project: Project, name: str, place: Place | None) -> str:
    """Return the line above the output of a chunk.

    Args:
        project: whose notes.
        name: of its section.
        place: of the chunk; None for borrowed statements.
    """
    if place is None:
        return Styled.of(Span(f"── {name}", "dim"))
    where = Span(f"{path_from_here(project, place.path)}:{place.line}", "cyan")
    link = str(project.root / place.path)
    return Styled.of(Span(f"── {name}  ", "dim"), where._replace(link=link))


def section_result(run: SectionRun) -> Iterator[str]:
    """Yield a section's outcome, time and device, and its failures."""
    yield section_heading(run)
    yield from _details(run)


def section_heading(run: SectionRun) -> str:
    """Return a section's outcome, time and device."""
    result = run.result
    title = run.session.unit.section.title
    name = run.session.name if title == run.session.name else f"{run.session.name} {title}".strip()
    if result.outcome == "passed" and not result.results:
        return _(f"{name}: nothing to run; `tangle check` reports why")
    from tangle.verbs.reports.outcomes import section_skip_reason

    if (why := section_skip_reason(run)) is not None:
        skipped = Span(f"{name}: {_('skipped')}", "yellow")
        return Styled.of(skipped, _(why.removeprefix("skipped")))
    if run.maker is not None:
        whose = _(f", from the cache of {run.maker.who}, {result.device}, {run.maker.day}")
        return Styled.of(Span(f"{name}: {_(result.outcome)}", "green"), whose)
    how = _("answered from the cache") if run.cached else f"{result.seconds:.1f} s"
    used = _(f", on {result.device}")
    if run.asked not in ("auto", result.device):
        used += _(f" (asked for {run.asked})")
    if result.device_memory:
        used += _(f", {result.device_memory / 2**20:.0f} MiB there at most")
    if result.worker:
        used += _(f", by {result.worker}")
    colour = "green" if result.outcome == "passed" else "error"
    return Styled.of(Span(f"{name}: {_(result.outcome)}", colour), f"{_(', ')}{how}{used}")


def _details(run: SectionRun, seen: Shown | None = None) -> Iterator[str]:
    """Yield a section's failures, less those that were seen, its notices and its late output."""
    shown = seen.failures if seen else ()
    for index, entry in enumerate(run.result.results):
        if (run.session.name, index) not in shown:
            yield from _failure_lines(entry)
    yield from (_(f"    notice: {notice}") for notice in run.result.notices)
    yield from _late_lines(run.result)


def skipped_lines(project: Project, run: SectionRun) -> Iterator[str]:
    """Yield the chunks of a section that were skipped, each with the reason, and how many ran.

    Args:
        project: whose notes.
        run: the section's results.
    """
    from tangle.verbs.reports.outcomes import ran, skip_reason
    from tangle.verbs.results.judging import chunk_results

    if run.result.outcome == "skipped":
        return  # its heading says why
    found = chunk_results(run)
    reasons = [(planned, skip_reason(result)) for planned, result in found]
    skipped = [(planned, reason) for planned, reason in reasons if reason is not None]
    for planned, reason in skipped[:_MOST_SKIPPED]:
        chunk = planned.occurrence.chunk
        place = f"{path_from_here(project, project.shown(chunk.page))}:{chunk.line}"
        yield f"    {place}: {_(reason)}"
    if len(skipped) > _MOST_SKIPPED:
        yield f"    [… {count(len(skipped) - _MOST_SKIPPED, 'more skipped chunk')}]"
    if skipped:
        done = ran([result for _, result in found])
        yield _(f"    {done} of {count(len(found), 'chunk')} ran")


def _late_lines(result: SessionResult) -> Iterator[str]:
    """Yield what a session printed after its last chunk."""
    if not result.late:
        return
    from tangle.write import rendered

    lines = rendered(result.late).text.split("\n")
    yield _("    printed after the last chunk, not written to the notes:")
    yield from (f"    {line}" for line in few(lines, _MOST_LINES))


def _failure_lines(result: Result) -> Iterator[str]:
    failure = result.failure
    if failure is None or result.outcome in ("passed", "skipped"):
        return
    if failure.traceback:
        yield from map(_traceback_line, traceback_lines(failure))
    else:
        yield from map(_traceback_line, _short(failure).split("\n"))
    if failure.hint:
        yield hint_line(failure.hint)


def _traceback_line(line: str) -> str:
    """Return a line of a traceback; what is not indented says what happened."""
    reason = line[:1].strip() and not line.startswith("Traceback ")
    return Styled.of("    ", Span(line, "red" if reason else ""))


def failure_line(project: Project, place: Place, section: str, result: Result) -> str:
    """Return one line for a chunk that did not pass.

    Args:
        project: whose notes.
        place: of the chunk, if its failure has none.
        section: of the chunk.
        result: of the chunk.
    """
    from tangle.verbs.reports.outcomes import why

    failure = result.failure
    reason = _named(failure) if failure else _(why(result))
    where = place_span(project, (failure and failure.place) or place)
    rest = f": {reason}{_(f' (section {section})')}"
    return Styled.of(where, ": ", Span(_(result.outcome), "error"), rest)


def _short(failure: Failure) -> str:
    where = f"{failure.place.path}:{failure.place.line}: " if failure.place else ""
    message = _named(failure)
    return message if message.startswith(where) and where else where + message


def _named(failure: Failure) -> str:
    return f"{failure.name}: {failure_message(failure)}" if failure.message else failure.name
