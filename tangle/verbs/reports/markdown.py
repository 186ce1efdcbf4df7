"""Write a run as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tangle.store import NotReadable, read_bytes, write_file
from tangle.verbs.project import Project
from tangle.verbs.reports.outcomes import ChunkOutcome, SectionOutcome, outcomes, ran, why
from tangle.verbs.reports.values import RunReport

_MARKS: Final = {
    "passed": "✅",
    "failed": "❌",
    "differs": "❌",
    "timed-out": "⏱️",
    "died": "💥",
    "skipped": "⏭️",
    "interrupted": "✋",
}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&$@-])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_LINES: Final = 200
"""Of one traceback or diff."""
_MOST_BYTES: Final = 900 * 1024
"""Of a report: GitHub takes 1 MiB a step."""


def write_summary(project: Project, report: RunReport, path: Path, *, append: bool) -> None:
    """Write the report of a run as Markdown.

    Args:
        project: whose notes.
        report: the run.
        path: the file to write.
        append: add to what the file contains.

    Raises:
        NotWritable: the file cannot be written.
    """
    before = b""
    if append:
        try:
            before = read_bytes(path)
        except NotReadable:
            before = b""  # CI makes the file when something is first written to it
    if before and not before.endswith(b"\n"):
        before += b"\n"
    write_file(path, before + summary(project, report).encode("utf-8", "replace"))


def summary(project: Project, report: RunReport) -> str:
    """Return the report of a run as Markdown: a table of the sections, then the failures.

    Args:
        project: whose notes.
        report: the run.
    """
    sections = outcomes(project, report)
    kept: list[str] = []
    room = _MOST_BYTES
    for line in _lines(report, sections):
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            kept.append("\n*The report is longer than a job page takes: see the log.*")
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _lines(report: RunReport, sections: Iterable[SectionOutcome]) -> Iterator[str]:
    found = list(sections)
    yield f"### tangle: {_headline(report, found)}"
    yield ""
    if found:
        yield "| | section | chunks | time | device |"
        yield "|---|---|---:|---:|---|"
        yield from (_row(section) for section in found)
        yield ""
    for section in found:
        for chunk in section.chunks:
            if not chunk.good and chunk.result.outcome != "skipped":
                yield from _details(section, chunk)
    for problem in (*report.pending, *report.kept):
        place = f"{problem.place.path}:{problem.place.line}"
        yield f"- {_escaped(place)}: {_escaped(problem.message)}"


def _headline(report: RunReport, sections: list[SectionOutcome]) -> str:
    if not sections:
        return "nothing to run" if report.changes is None else "no section changed"
    good = sum(section.outcome == "passed" for section in sections)
    noun = "section" if len(sections) == 1 else "sections"
    return f"{good} of {len(sections)} {noun} passed"


def _row(section: SectionOutcome) -> str:
    run = section.run
    time = _escaped(run.answer) or f"{run.result.seconds:.1f} s"
    cells = (
        f"{_MARKS[section.outcome]} {section.outcome}",
        _escaped(section.name),
        _chunks(section),
        time,
        _escaped(run.result.device),
    )
    return f"| {' | '.join(cells)} |"


def _chunks(section: SectionOutcome) -> str:
    """How many chunks there were, and how many of them ran if some were skipped."""
    count, done = len(section.chunks), ran([chunk.result for chunk in section.chunks])
    return str(count) if done == count else f"{done} of {count}"


def _details(section: SectionOutcome, chunk: ChunkOutcome) -> Iterator[str]:
    place = f"{chunk.page}:{chunk.line}"
    said = why(chunk.result)
    if chunk.differences:
        said = chunk.differences[0].message
    yield f"<details><summary>{_html(f'{section.run.session.name} chunk {chunk.number}')}"
    yield f"(<code>{_html(place)}</code>): {_html(said)}</summary>"
    yield ""
    failure = chunk.result.failure
    if failure is not None and failure.traceback and chunk.result.outcome != "passed":
        yield from _fenced("text", failure.traceback.rstrip("\n").split("\n"))
    for found in chunk.differences:
        where = f"{found.place.path}:{found.place.line}"
        yield f"{_escaped(where)}: {_escaped(found.message)}"
        yield ""
        if found.diff:
            yield from _fenced("diff", found.diff)
    yield "</details>"
    yield ""


def _fenced(language: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines in a fence that none of them can close."""
    found = [_CONTROL.sub("�", line) for line in lines]
    if len(found) > _MOST_LINES:
        found = [*found[:_MOST_LINES], f"[… {len(found) - _MOST_LINES} more lines]"]
    longest = max((len(run) for line in found for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from found
    yield fence
    yield ""


def _escaped(text: str) -> str:
    """Escape text for Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub("�", text.replace("\n", " ")))


def _html(text: str) -> str:
    """Escape text for an HTML element within Markdown, on one line."""
    plain = _CONTROL.sub("�", text.replace("\n", " "))
    return "".join(c if c.isalnum() or c in " .:,/" else f"&#{ord(c)};" for c in plain)
