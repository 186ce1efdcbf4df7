"""Reports as the JSON documents that docs/schemas describes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tangle import __version__
from tangle.model import Failure, MimeBundle, Output, Problem, Stream

if TYPE_CHECKING:
    from tangle.verbs.check import CheckReport
    from tangle.verbs.doctor import DoctorReport
    from tangle.verbs.project import Project
    from tangle.verbs.reports.values import Difference, RunReport, SectionRow, SectionRun
    from tangle.verbs.shared_cache import CacheStatus


def sections_document(rows: Iterable[SectionRow]) -> dict[str, Any]:
    """Return the document of `tangle list`."""
    return {"sections": [section_document(row) for row in rows]}


def section_document(row: SectionRow) -> dict[str, Any]:
    """Return a unit as the documents show it."""
    return {
        "number": row.name,
        "title": row.title,
        "page": row.page,
        "line": row.line,
        "chunks": row.chunks,
        "borrowed": row.borrowed,
        "saves": list(row.saves),
        "state": row.state,
        "adopted": row.adopted,
    }


def check_document(report: CheckReport) -> dict[str, Any]:
    """Return the document of `tangle check`."""
    return {
        "problems": [problem_document(problem) for problem in report.problems],
        "outputs": report.outputs,
        "fresh": report.fresh,
        "summary": {
            "pages": report.pages,
            "never_run": dict(report.never_run),
            "org_pages": report.org_pages,
        },
    }


def doctor_document(report: DoctorReport) -> dict[str, Any]:
    """Return the document of `tangle doctor`."""
    return {
        "version": __version__,
        "healthy": not report.failed,
        "findings": [
            {
                "area": finding.area,
                "name": finding.name,
                "status": finding.status,
                "detail": finding.detail,
                "action": finding.action or None,
            }
            for finding in report.findings
        ],
    }


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return a problem as the documents show it."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "path": problem.place.path,
        "line": problem.place.line,
        "column": problem.place.column,
        "section": problem.section,
        "message": problem.message,
        "hint": problem.hint,
    }


def run_document(project: Project, report: RunReport) -> dict[str, Any]:
    """Return the document of `tangle run`.

    Args:
        project: whose notes.
        report: of the run.
    """
    return {
        "sections": [_section_run(project, run) for run in report.sections],
        "pages": list(report.pages),
        "figures": list(report.figures),
        "waiting": report.waiting,
        "differences": None
        if report.differences is None
        else [_difference(difference) for difference in report.differences],
        "changes": None
        if report.changes is None
        else [
            {"section": change.section, "reasons": list(change.reasons)}
            for change in report.changes
        ],
        "problems": [problem_document(problem) for problem in (*report.pending, *report.kept)],
    }


def cache_document(status: CacheStatus) -> dict[str, Any]:
    """Return the document of `tangle cache status`.

    Args:
        status: of the shared cache.
    """
    return {
        "address": status.address,
        "trouble": status.trouble or None,
        "keys": list(status.keys),
        "writes": status.writes,
        "sections": [
            {
                "number": entry.section,
                "who": entry.maker.who if entry.maker else None,
                "device": entry.device or None,
                "when": entry.maker.when if entry.maker else None,
                "answers": entry.answers,
            }
            for entry in status.sections
        ],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind,
        "path": difference.place.path,
        "line": difference.place.line,
        "section": difference.section,
        "chunk": difference.chunk,
        "message": difference.message,
        "hint": difference.hint,
        "diff": list(difference.diff),
    }


def _section_run(project: Project, run: SectionRun) -> dict[str, Any]:
    from tangle.verbs.reports.outcomes import section_skip_reason, skip_reason
    from tangle.verbs.results.judging import chunk_results

    result = run.result
    return {
        "number": run.session.name,
        "title": run.session.unit.section.title,
        "outcome": result.outcome,
        "reason": section_skip_reason(run),
        "seconds": round(result.seconds, 3),
        "cached": run.cached,
        "cached_from": None
        if run.maker is None
        else {"who": run.maker.who, "device": result.device, "when": run.maker.when},
        "device": result.device,
        "device_asked": run.asked,
        "executor": run.executor,
        "worker": result.worker or None,
        "device_memory": result.device_memory,
        "peak_memory": result.peak_memory,
        "notices": list(result.notices),
        "late": [output_document(output) for output in result.late],
        "chunks": [
            {
                "page": project.shown(planned.occurrence.chunk.page),
                "line": planned.occurrence.chunk.line,
                "section": planned.occurrence.section,
                "outcome": entry.outcome,
                "reason": skip_reason(entry),
                "seconds": round(entry.seconds, 3),
                "outputs": [output_document(output) for output in entry.outputs],
                "error": failure_document(entry.failure),
            }
            for planned, entry in chunk_results(run)
        ],
    }


def output_document(output: Output) -> dict[str, Any]:
    """Return an output as in a notebook (nbformat 4)."""
    match output:
        case Stream(name=name, text=text):
            return {"output_type": "stream", "name": name, "text": text}
        case MimeBundle(kind="result", data=data):
            return {
                "output_type": "execute_result",
                "execution_count": None,
                "data": dict(data),
                "metadata": {},
            }
        case MimeBundle(data=data):
            return {"output_type": "display_data", "data": dict(data), "metadata": {}}


def failure_document(failure: Failure | None) -> dict[str, Any] | None:
    """Return the failure of a chunk as the documents show it."""
    if failure is None:
        return None
    place = failure.place
    return {
        "name": failure.name,
        "message": failure.message,
        "traceback": failure.traceback,
        "hint": failure.hint or None,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
