"""Judge results of chunks: compare interpreter sessions with their text."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse import PlannedChunk, Session
from tangle.model import (
    EXAMPLES,
    VALUES,
    Example,
    Failure,
    MimeBundle,
    MimeType,
    Output,
    PagePath,
    Place,
    Result,
    SessionResult,
    Trace,
)
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.results.kept_results import KeptCheck, check_kept, without_kept
from tangle.write import Shown, Tolerance, compare, text_lines

_MOST_LINES = 10
"""Lines of an expected or a shown text that a failure quotes."""


def chunk_results(entry: SectionRun) -> list[tuple[PlannedChunk, Result]]:
    """Return the chunks of a section that were to run, each with its result.

    Where borrowed statements failed, which run before them all, the first chunk that was skipped
    for that did, or the first of all.
    """
    chunks = [c for c in entry.session.chunks if c.code.chunk.settings.run]
    results = list(entry.result.results[entry.first :])
    borrowed = entry.result.results[: entry.first]
    if results and borrowed and borrowed[0].outcome not in ("passed", "skipped"):
        lacking = (at for at, r in enumerate(results) if r.skip and r.skip.blamed == 0)
        at = next(lacking, 0)
        first = replace(results[at], outcome=borrowed[0].outcome, failure=borrowed[0].failure)
        results[at] = replace(first, skip=None)
    return list(zip(chunks, results, strict=False))


def judged(project: Project, session: Session, result: SessionResult) -> SessionResult:
    """Return a result in which interpreter sessions that differ from their text have failed.

    Args:
        project: whose notes.
        session: a section of them.
        result: as its process reported it.
    """
    chunks = [c for c in session.chunks if c.code.chunk.settings.run]
    reports = any(_is_report(output) for each in result.results for output in each.outputs)
    if not reports and all(planned.code.parsed.examples is None for planned in chunks):
        return result
    results = list(result.results)
    for index, planned in enumerate(chunks, start=1 if session.prelude else 0):
        if index < len(results):
            results[index] = judged_chunk(project, planned, results[index])
    outcome = result.outcome
    if outcome == "passed" and any(each.outcome == "failed" for each in results):
        outcome = "failed"
    return replace(result, outcome=outcome, results=tuple(results))


def judged_chunk(project: Project, planned: PlannedChunk, result: Result) -> Result:
    """Return the result of one chunk: what its worker reports about results is evaluated.

    An interpreter session that differs from its text has failed.

    Args:
        project: whose notes.
        planned: the chunk.
        result: as its process reported it.
    """
    examples = planned.code.parsed.examples
    reported = [output for output in result.outputs if _is_report(output)]
    if reported:
        outputs = tuple(output for output in result.outputs if not _is_report(output))
        result = replace(result, outputs=outputs, values=tuple(_values(reported)))
    if examples is None:
        return result
    if result.outcome != "passed" or result.failure is not None:
        return result
    settings = planned.code.chunk.settings
    found = tuple(
        _differences(examples, reported, Tolerance(rtol=settings.rtol, atol=settings.atol))
    )
    if not found:
        return result
    outcome = result.outcome if settings.xfail is not None else "failed"
    return replace(result, outcome=outcome, failure=_failure(project, planned, found))


def written(
    planned: PlannedChunk, result: Result, kept: KeptCheck | None = None
) -> tuple[Output, ...]:
    """Return the outputs of a chunk that the note should show.

    A fragment (`...`) has none; what its writer keeps beside a chunk is not repeated.

    Args:
        planned: the chunk.
        result: of its run, judged.
        kept: the comparison with the results that its writer kept, where it was made already.
    """
    if planned.code.fragment:
        return ()
    return without_kept(result.outputs, kept or check_kept(planned, result))


# --- sessions -------------------------------------------------------------------------------------


class _Difference(Struct, frozen=True, kw_only=True):
    """The expected and the actual output of an example."""

    row: int
    want: str
    got: str


def _is_report(output: Output) -> bool:
    return isinstance(output, MimeBundle) and any(
        mime in (EXAMPLES, VALUES) for mime, _ in output.data
    )


def _differences(
    examples: Sequence[Example], reported: Sequence[Output], tolerance: Tolerance
) -> Iterator[_Difference]:
    compared = (example for example in examples if example.want is not None)
    for example, (shown, raised) in zip(compared, _shown(reported), strict=False):
        want = example.want or ""
        if example.raises is not None:
            if raised is None or not _same_error(example, raised):
                got = raised if raised is not None else shown
                yield _Difference(row=example.want_row, want=example.raises, got=got)
        elif not _agrees(example, want, shown, tolerance):
            yield _Difference(row=example.want_row, want=want, got=shown)


def _shown(reported: Sequence[Output]) -> Iterator[tuple[str, str | None]]:
    for text in _texts(reported, EXAMPLES):
        yield from json.loads(text)


def _values(reported: Sequence[Output]) -> Iterator[tuple[int, str]]:
    for text in _texts(reported, VALUES):
        yield from ((line, shown) for line, shown in json.loads(text))


def _texts(reported: Sequence[Output], wanted: MimeType) -> Iterator[str]:
    """The reports of one type."""
    for output in reported:
        assert isinstance(output, MimeBundle)
        yield from (text for mime, text in output.data if mime == wanted)


def _agrees(example: Example, want: str, shown: str, tolerance: Tolerance) -> bool:
    """Whether a text is what `doctest` accepts, or what `--verify` does.

    The interpreter's own output may have blank lines, at which doctest's ends.
    """
    from doctest import OutputChecker  # few notes have sessions

    checker = OutputChecker()
    texts = dict.fromkeys((want, f"{example.rest.rstrip()}\n" if want else want))
    if any(checker.check_output(text, shown, example.flags) for text in texts):
        return True
    if _same_set(want, shown):
        return True
    actual = Shown(lines=text_lines(shown))
    return any(not compare(Shown(lines=_lines(text)), actual, tolerance) for text in texts)


def _same_set(want: str, shown: str) -> bool:
    """Whether two texts show the same set: the order in which it is shown differs between runs."""
    if not (want.startswith("{") and shown.startswith("{")):
        return False
    try:
        sets = ast.literal_eval(want), ast.literal_eval(shown)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return all(isinstance(each, set) for each in sets) and (
        {repr(item) for item in sets[0]} == {repr(item) for item in sets[1]}
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.rstrip("\n").split("\n")) if text.strip() else ()


def _same_error(example: Example, raised: str) -> bool:
    from doctest import IGNORE_EXCEPTION_DETAIL, OutputChecker

    want, got = (text.removeprefix("__main__.") for text in (example.raises or "", raised))
    if OutputChecker().check_output(want, got, example.flags):
        return True
    return bool(example.flags & IGNORE_EXCEPTION_DETAIL) and _class(want) == _class(got)


def _class(text: str) -> str:
    """The name of the class at the beginning of what a traceback ends with."""
    return text.partition("\n")[0].partition(":")[0].rpartition(".")[2]


def _failure(project: Project, planned: PlannedChunk, found: Sequence[_Difference]) -> Failure:
    """All that differs as one failure, at the line of the first."""
    lines = planned.code.chunk.lines
    places = [
        replace(place, path=PagePath(project.shown(place.path)))
        for place in (lines[each.row].place for each in found)
    ]
    first = found[0]
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    message = f"expected {_brief(first.want)}, got {_brief(first.got)}{more}"
    text = "\n".join(_described(where, each) for where, each in zip(places, found, strict=True))
    return Failure(
        name="ResultDiffers",
        message=message,
        traceback=f"{text}\n",
        place=places[0],
        trace=Trace(before="", frames=(), said=f"ResultDiffers: {message}\n{text}\n"),
    )


def _brief(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return f"{lines[0]} …" if len(lines) > 1 else lines[0] or "nothing"


def _described(place: Place, found: _Difference) -> str:
    return "\n".join(
        [
            f"{place.path}:{place.line}: this result is not what the code shows",
            "  expected:",
            *_indented(found.want),
            "  got:",
            *_indented(found.got),
        ]
    )


def _indented(text: str) -> Iterator[str]:
    lines = text.rstrip("\n").split("\n") if text.strip() else ["nothing"]
    yield from (f"    {line}".rstrip() for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"    [… {len(lines) - _MOST_LINES} more lines]"
