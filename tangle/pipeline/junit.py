"""A run as JUnit XML, which CI systems read: a suite a section, a case a chunk."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from tangle.model import Result
from tangle.pipeline.project import Project
from tangle.pipeline.reports import RunReport, SectionRun
from tangle.pipeline.running import chunk_results
from tangle.store import write_file
from tangle.write import rendered

_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_junit(project: Project, report: RunReport, path: Path) -> None:
    """Write a run's report as JUnit XML.

    Raises:
        NotWritable: the file cannot be written.
    """
    root = ElementTree.Element("testsuites", name="tangle")
    for run in report.sections:
        root.append(_suite(project, run))
    ElementTree.indent(root)
    data = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    write_file(path, data + b"\n")


def _suite(project: Project, run: SectionRun) -> ElementTree.Element:
    results = chunk_results(run)
    outcomes = [result.outcome for _, result in results]
    errors = sum(outcome in ("timed-out", "died", "interrupted") for outcome in outcomes)
    suite = ElementTree.Element(
        "testsuite",
        name=_clean(run.session.name),
        tests=str(len(results)),
        failures=str(outcomes.count("failed")),
        errors=str(errors),
        skipped=str(outcomes.count("skipped")),
        time=f"{run.result.seconds:.3f}",
    )
    for number, (planned, result) in enumerate(results, start=1):
        chunk = planned.code.chunk
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(run.session.name),
            name=f"chunk {number}",
            file=project.shown(chunk.page),
            line=str(chunk.line),
            time=f"{result.seconds:.3f}",
        )
        _outcome(case, result)
    return suite


def _outcome(case: ElementTree.Element, result: Result) -> None:
    if result.outcome == "skipped":
        ElementTree.SubElement(case, "skipped")
    elif result.outcome != "passed":
        tag = "failure" if result.outcome == "failed" else "error"
        failure = result.failure
        message = f"{failure.name}: {failure.message}" if failure else result.outcome
        entry = ElementTree.SubElement(case, tag, message=_clean(message), type=result.outcome)
        entry.text = _clean(failure.traceback if failure else "")
    if text := rendered(result.outputs).text:
        ElementTree.SubElement(case, "system-out").text = _clean(text)


def _clean(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _INVALID.sub("�", text)
