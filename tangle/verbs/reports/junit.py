"""Write a run as JUnit XML for CI: one suite per section, one case per chunk.

The form is that of Jenkins' xUnit plugin (junit-10.xsd), which GitLab and others read as well.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from tangle.store import write_file
from tangle.verbs.project import Project
from tangle.verbs.reports.outcomes import ChunkOutcome, SectionOutcome, outcomes, why
from tangle.verbs.reports.values import RunReport
from tangle.write import rendered

_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ERRORS = ("timed-out", "died", "interrupted")


def write_junit(project: Project, report: RunReport, path: Path) -> None:
    """Write the report of a run as JUnit XML.

    Args:
        project: whose notes.
        report: the run.
        path: the file to write.

    Raises:
        NotWritable: the file cannot be written.
    """
    write_file(path, junit(project, report))


def junit(project: Project, report: RunReport) -> bytes:
    """Return the report of a run as JUnit XML.

    Args:
        project: whose notes.
        report: the run.
    """
    sections = outcomes(project, report)
    cases = [chunk for section in sections for chunk in section.chunks]
    seconds = sum(section.run.result.seconds for section in sections)
    counts = {"name": "tangle", **_counts(cases, seconds)}
    counts.pop("skipped")  # the schema has it on suites only
    root = ElementTree.Element("testsuites", counts)
    for section in sections:
        root.append(_suite(section))
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _counts(chunks: list[ChunkOutcome], seconds: float) -> dict[str, str]:
    found = [chunk.result.outcome for chunk in chunks]
    failures = sum(outcome == "failed" for outcome in found)
    failures += sum(bool(chunk.differences) for chunk in chunks)
    return {
        "tests": str(len(chunks)),
        "failures": str(failures),
        "errors": str(sum(outcome in _ERRORS for outcome in found)),
        "skipped": str(found.count("skipped")),
        "time": f"{seconds:.3f}",
    }


def _suite(section: SectionOutcome) -> ElementTree.Element:
    name = _clean(section.run.session.name)
    counts = _counts(list(section.chunks), section.run.result.seconds)
    page = _clean(section.chunks[0].page) if section.chunks else ""
    # The schema has a file on suites, and neither file nor line on cases: those are in the text.
    suite = ElementTree.Element("testsuite", {"name": name, **counts, "file": page})
    for chunk in section.chunks:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=name,
            name=f"chunk {chunk.number}",
            time=f"{chunk.result.seconds:.3f}",
        )
        _outcome(case, chunk)
    return suite


def _outcome(case: ElementTree.Element, chunk: ChunkOutcome) -> None:
    result = chunk.result
    if result.outcome == "skipped":
        ElementTree.SubElement(case, "skipped", message=_clean(why(result)))
    elif result.outcome != "passed":
        tag = "failure" if result.outcome == "failed" else "error"
        entry = ElementTree.SubElement(case, tag, message=_clean(why(result)), type=result.outcome)
        traceback = result.failure.traceback if result.failure else ""
        hint = f"hint: {result.failure.hint}\n" if result.failure and result.failure.hint else ""
        entry.text = _clean(f"{chunk.page}:{chunk.line}: {why(result)}\n{traceback}{hint}")
    elif chunk.differences:
        first = chunk.differences[0]
        message = _clean("; ".join(found.message for found in chunk.differences))
        entry = ElementTree.SubElement(case, "failure", message=message, type=first.kind)
        lines = [
            line
            for found in chunk.differences
            for line in (f"{found.place.path}:{found.place.line}: {found.message}", *found.diff)
        ]
        entry.text = _clean("\n".join(lines))
    if text := rendered(result.outputs).text:
        ElementTree.SubElement(case, "system-out").text = _clean(text)


def _clean(text: str) -> str:
    """Remove characters that XML does not allow."""
    return _INVALID.sub("�", text)
