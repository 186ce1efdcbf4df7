"""Compare what a chunk shows with the results that its writer kept beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct

from tangle.analyse import PlannedChunk
from tangle.analyse.kept_comments import KeptComment, is_value, kept_comments
from tangle.model import CodeLine, MimeBundle, Output, Place, Result, Stream
from tangle.write import OutputDifference, Shown, Tolerance, compare, rendered, text_lines

_RESULTS: Final = frozenset({"output", "outputs", "out", "result", "results", "stdout"})
_NOISE: Final = re.compile(r"(?:Out ?\[\d+\]: ?)")
_MOST_TOGETHER: Final = 12
"""Lines of an output that one line of a comment may replace."""
_MOST_COMPARED: Final = 2000
"""Lines of an output beyond which only equal texts are found in it."""
_ALIKE: Final = 0.6
"""How alike two texts are of which one is an earlier form of the other."""


class KeptDifference(Struct, frozen=True, kw_only=True):
    """A kept result that the chunk does not show.

    Attributes:
        place: of the first line that differs.
    """

    place: Place
    difference: OutputDifference


class KeptCheck(Struct, frozen=True, kw_only=True):
    """The comparison of a chunk's output with its kept results.

    Attributes:
        covered: whether they hold all text that the chunk shows, so that it need not be repeated.
        differences: of those that are results and that the chunk does not show.
    """

    covered: bool = False
    differences: tuple[KeptDifference, ...] = ()


def check_kept(planned: PlannedChunk, result: Result) -> KeptCheck:
    """Compare what a chunk shows with the results that its writer kept.

    Args:
        planned: the chunk.
        result: of its run, judged.
    """
    outputs = result.outputs
    fence = _fence(planned)
    comments = kept_comments(planned.code)
    if not comments and not fence:
        return KeptCheck()
    settings = planned.code.chunk.settings
    tolerance = Tolerance(rtol=settings.rtol, atol=settings.atol)
    actual, printed = _text(outputs), _text([o for o in outputs if not _is_error(o)])
    if fence and any(_same(fence, lines, tolerance) for lines in (actual, printed)):
        return KeptCheck(covered=_same(fence, actual, tolerance))
    wrong = [*_wrong_fence(planned, fence, actual, tolerance)] if fence else []
    comparison = _Comments(actual, dict(result.values), tolerance)
    wrong += filter(None, map(comparison.difference, comments))
    return KeptCheck(covered=comparison.covered, differences=tuple(wrong))


class _Comments:
    """Compares the results in a chunk's comments, in order, with what the chunk shows."""

    def __init__(
        self, shown: Sequence[str], values: Mapping[int, str], tolerance: Tolerance
    ) -> None:
        self._shown, self._values, self._tolerance = shown, values, tolerance
        self._left = list(shown)
        self._at = 0
        self._found = 0

    @property
    def covered(self) -> bool:
        """Whether the comments hold all that is shown."""
        return self._found > 0 and not any(line.strip() for line in self._left)

    def difference(self, comment: KeptComment) -> KeptDifference | None:
        """How the next comment differs; None if it agrees, or is no result."""
        value = self._values.get(comment.unshown or 0)
        if value:
            agrees = _same(comment.lines, value.split("\n"), self._tolerance)
            wrong = comment.sure and not agrees
            return _difference(comment.lines, value.split("\n")) if wrong else None
        span = _find(comment.lines, self._shown[self._at :], self._tolerance)
        if span is not None:
            self._found += 1
            self._left[self._at + span[0] : self._at + span[1]] = [""] * (span[1] - span[0])
            self._at += span[1]
            return None
        known = comment.unshown is None or value is not None
        if not comment.sure or not known:
            return None
        there = self._shown[self._at : self._at + len(comment.lines)]
        self._at += len(comment.lines)
        return _difference(comment.lines, there)


def without_kept(outputs: tuple[Output, ...], check: KeptCheck) -> tuple[Output, ...]:
    """Return the outputs of a chunk without text that its writer keeps beside it already.

    Args:
        outputs: of its run.
        check: the comparison with what its writer keeps.
    """
    if not check.covered:
        return outputs
    return tuple(each for each in outputs if not _text([each]))


# --- what is compared -----------------------------------------------------------------------------


def _fence(planned: PlannedChunk) -> tuple[CodeLine, ...]:
    """The lines of the fence behind a chunk, where its output would be."""
    chunk, occurrence = planned.code.chunk, planned.occurrence
    here = (occurrence.page, occurrence.host) == (chunk.page, chunk.block)
    if chunk.kept is None or not here or planned.code.parsed.examples is not None:
        return ()
    lines = chunk.kept.lines
    if chunk.kept.language in ("console", "terminal") and lines and lines[0].text[:2] == "$ ":
        lines = lines[1:]
    return lines


def _is_error(output: Output) -> bool:
    return isinstance(output, Stream) and output.name == "stderr"


def _text(outputs: Sequence[Output]) -> tuple[str, ...]:
    """The lines of what outputs say as plain text, whatever else they are."""
    return text_lines(rendered(tuple(map(_plain, outputs))).text)


def _plain(output: Output) -> Output:
    if not isinstance(output, MimeBundle):
        return output
    figures = any(mime.startswith("image/") for mime, _ in output.data)
    data = [pair for pair in output.data if figures or pair[0] == "text/plain"]
    return MimeBundle(kind=output.kind, data=tuple(data))


# --- equal or not ---------------------------------------------------------------------------------


def _same(kept: Sequence[CodeLine], shown: Sequence[str], tolerance: Tolerance) -> bool:
    """Whether a kept text says what is shown: as text, or as a value."""
    texts = [_NOISE.sub("", line.text, count=1).rstrip() for line in kept]
    while texts and not texts[-1].strip():
        texts.pop()
    one, other = "\n".join(texts), "\n".join(shown)
    if not texts or not shown:
        return False
    if one.split() == other.split() or _equal_values(one, other):
        return True
    if max(len(texts), len(shown)) > _MOST_COMPARED or len(texts) != len(shown):
        return False
    return not compare(Shown(lines=tuple(texts)), Shown(lines=tuple(shown)), tolerance)


def _equal_values(one: str, other: str) -> bool:
    try:
        values = ast.literal_eval(one.strip()), ast.literal_eval(other.strip())
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    if all(isinstance(value, set) for value in values):
        return {repr(item) for item in values[0]} == {repr(item) for item in values[1]}
    return repr(values[0]) == repr(values[1])


def _find(
    kept: Sequence[CodeLine], shown: Sequence[str], tolerance: Tolerance
) -> tuple[int, int] | None:
    """Where a kept text is among lines that are shown."""
    sizes = tuple(dict.fromkeys((len(kept), *range(1, _MOST_TOGETHER + 1))))
    begins = kept[0].text.lstrip()[:1]
    for start in range(min(len(shown), _MOST_COMPARED)):
        # Other numbers of lines can say the same only if they begin alike.
        alike = shown[start].lstrip()[:1] == begins
        for size in sizes if alike else sizes[:1]:
            if start + size <= len(shown) and _same(kept, shown[start : start + size], tolerance):
                return start, start + size
    return None


def _wrong_fence(
    planned: PlannedChunk, fence: Sequence[CodeLine], actual: Sequence[str], tolerance: Tolerance
) -> Iterator[KeptDifference]:
    """How a fence that is a result differs; any other text is not compared."""
    kept = planned.code.chunk.kept
    assert kept is not None
    old, new = "\n".join(line.text for line in fence), "\n".join(actual)
    is_result = kept.language in _RESULTS or (kept.announced and _alike(old, new))
    if is_result and actual:
        yield _difference(fence, actual, tolerance)


def _alike(old: str, new: str) -> bool:
    if is_value(old) and is_value(new):
        return True
    limited = old[:_MOST_COMPARED], new[:_MOST_COMPARED]
    return SequenceMatcher(None, *limited, autojunk=False).ratio() >= _ALIKE


def _difference(
    kept: Sequence[CodeLine], shown: Sequence[str], tolerance: Tolerance | None = None
) -> KeptDifference:
    expected = Shown(lines=tuple(line.text for line in kept))
    found = compare(expected, Shown(lines=tuple(shown)), tolerance or Tolerance())
    first = found[0] if found else OutputDifference(message="", line=0)
    row = min(first.line or 0, len(kept) - 1)
    message = "the code does not show this kept result"
    diff = first.diff or tuple(f"-{line.text}" for line in kept)
    return KeptDifference(
        place=kept[row].place,
        difference=OutputDifference(message=message, line=row, diff=diff),
    )
