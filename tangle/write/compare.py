"""Compare the output of a run with the stored one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tangle.model import MimeType
from tangle.write.block import STYLES, ChunkOutput, body_lines, canonical
from tangle.write.body import BodyLine, body_of
from tangle.write.html_forms import steady
from tangle.write.numbers import Number, Tolerance, close, tokens
from tangle.write.parts import EXTENSIONS, HTML, JSON, PLAIN, File, Rendered, placed
from tangle.write.pictures import picture_difference
from tangle.write.shorten import USUAL_LIMIT, shortened_for_note
from tangle.write.terminal import shown
from tangle.write.volatile_text import normalised

_ZERO_WIDTH: Final = "\u200b"
USUAL: Final = Tolerance()
"""What the way in which a number is printed suggests."""

_CONTEXT: Final = 2
"""Lines around a difference that a diff shows."""


class Shown(Struct, frozen=True, kw_only=True):
    """What an output shows, in a note or in a run.

    Attributes:
        lines: of its text; none where there is none.
        figures: MIME type and content, in order; None for a figure whose file is not there.
        places: for each figure, how many lines stand before it; empty where that is not known.
        rows: where the lines stand among those of the output block; empty likewise.
    """

    lines: tuple[str, ...] = ()
    figures: tuple[tuple[MimeType, bytes | None], ...] = ()
    places: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it shows nothing."""
        return not (self.lines or self.figures)


class OutputDifference(Struct, frozen=True, kw_only=True):
    """One difference between an output and the expected one.

    Attributes:
        message: in words.
        line: index of the first expected line that differs; None where it is about a figure.
        diff: lines that begin with `-` (expected), `+` (what the run gave), ` ` or `@@`.
    """

    message: str
    line: int | None = None
    diff: tuple[str, ...] = ()


def in_note(lines: Sequence[str], asset: Callable[[str], tuple[MimeType, bytes | None]]) -> Shown:
    """Return what the lines of an output block show.

    Args:
        lines: below the block's properties, dedented.
        asset: type and content of a file in `assets/tangle/`, by its name.
    """
    texts: list[BodyLine] = []
    figures: list[tuple[MimeType, bytes | None]] = []
    places: list[int] = []
    for line in body_of(lines):
        if line.file is None:
            texts.append(line)
        else:
            figures.append(asset(line.file))
            places.append(len(texts))
    return Shown(
        lines=tuple(line.text for line in texts),
        figures=tuple(figures),
        places=tuple(places),
        rows=tuple(line.row for line in texts),
    )


def in_run(rendered: Rendered, limit: int = USUAL_LIMIT) -> Shown:
    """Return what outputs would show in a note.

    Args:
        rendered: the outputs.
        limit: characters that Logseq allows in a block.
    """
    seen = shortened_for_note(rendered, limit)
    names = [f"{number}.{EXTENSIONS[file.mime]}" for number, file in enumerate(seen.files)]
    targets = iter(names)
    pieces = (
        placed(part, "", f"assets/tangle/{next(targets)}") if isinstance(part, File) else part
        for part in seen.parts
    )
    files = {name: (file.mime, file.data) for name, file in zip(names, seen.files, strict=True)}
    return in_output(ChunkOutput(digest="", pieces=tuple(pieces)), files)


def in_output(output: ChunkOutput, files: Mapping[str, tuple[MimeType, bytes]]) -> Shown:
    """Return what an output would show in a note.

    Args:
        output: the output.
        files: type and content of its files, by their names in `assets/tangle/`.
    """
    return in_note(canonical(body_lines(output, STYLES[0])), files.__getitem__)


def text_lines(text: str) -> tuple[str, ...]:
    """Return the lines that a note would have for the text of a run."""
    seen = shown(text)
    return canonical(seen.split("\n")) if seen else ()


def compare(
    expected: Shown, actual: Shown, tolerance: Tolerance = USUAL
) -> tuple[OutputDifference, ...]:
    """Return how an output differs from the expected one; nothing if they are equal.

    Numbers may differ within the tolerance, figures within what an eye sees; times, rates,
    addresses in memory and folders of absolute paths are not compared, and blanks count as one.

    Args:
        expected: the output in the note.
        actual: the output of a run.
        tolerance: how far numbers may differ.
    """
    texts = tuple(_texts(expected, actual, tolerance))
    figures = tuple(_figures(expected, actual, tolerance))
    return (*texts, *figures) or tuple(_places(expected, actual))


def _places(expected: Shown, actual: Shown) -> Iterator[OutputDifference]:
    if expected.places and actual.places and expected.places != actual.places:
        yield OutputDifference(message="text and figures stand in another order")


def _figures(expected: Shown, actual: Shown, tolerance: Tolerance) -> Iterator[OutputDifference]:
    if len(expected.figures) != len(actual.figures):
        there, now = len(expected.figures), len(actual.figures)
        yield OutputDifference(message=f"{_count(there)} in the notes, {now} in this run")
        return
    pairs = enumerate(zip(expected.figures, actual.figures, strict=True), start=1)
    for number, ((old_type, old), (new_type, new)) in pairs:
        if old is None:
            yield OutputDifference(message=f"figure {number} has no file to compare with")
        elif old_type != new_type:
            what = f"figure {number} was {old_type}, and is {new_type}"
            yield OutputDifference(message=what)
        elif new is not None and (said := _file_difference(old_type, old, new, tolerance)):
            yield OutputDifference(message=f"figure {number} differs: {said}")


def _file_difference(mime: MimeType, old: bytes, new: bytes, tolerance: Tolerance) -> str:
    if mime not in (HTML, JSON, PLAIN):
        return picture_difference(mime, old, new, tolerance.rtol)
    before, after = (_file_lines(mime, data) for data in (old, new))
    said = next(_texts(Shown(lines=before), Shown(lines=after), tolerance), None)
    return "" if said is None or said.line is None else f"line {said.line + 1} is another"


def _file_lines(mime: MimeType, data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "replace")
    return canonical((steady(text) if mime == HTML else text).split("\n"))


def _count(number: int) -> str:
    return f"{number} figure" if number == 1 else f"{number} figures"


def _texts(expected: Shown, actual: Shown, tolerance: Tolerance) -> Iterator[OutputDifference]:
    old = tuple(line.replace(_ZERO_WIDTH, "") for line in expected.lines)
    new = tuple(line.replace(_ZERO_WIDTH, "") for line in actual.lines)
    if old == new:
        return
    accepted = _accepted(old, new, tolerance)
    if accepted == old:
        return
    diff = tuple(difflib.unified_diff(old, accepted, n=_CONTEXT, lineterm=""))[2:]
    pairs = enumerate(zip(old, accepted, strict=False))
    first = next((index for index, (a, b) in pairs if a != b), min(len(old), len(accepted)))
    yield OutputDifference(message="the output differs", line=first, diff=diff)


def _accepted(old: tuple[str, ...], new: tuple[str, ...], tolerance: Tolerance) -> tuple[str, ...]:
    """Return the new lines, with old ones in place of those that are equal within the tolerance."""
    before, after = _tokenised(old), _tokenised(new)
    forms = [tuple(_form(token) for token in line) for line in before]
    new_forms = [tuple(_form(token) for token in line) for line in after]
    result = list(new)
    matcher = difflib.SequenceMatcher(None, forms, new_forms, autojunk=False)
    for match in matcher.get_matching_blocks():
        for i, j in zip(
            range(match.a, match.a + match.size), range(match.b, match.b + match.size), strict=True
        ):
            if _all_close(before[i], after[j], tolerance):
                result[j] = old[i]
    return tuple(result)


def _all_close(
    old: Sequence[str | Number], new: Sequence[str | Number], tolerance: Tolerance
) -> bool:
    return all(
        close(a, b, tolerance)
        for a, b in zip(old, new, strict=True)
        if isinstance(a, Number) and isinstance(b, Number)
    )


def _form(token: str | Number) -> str:
    """A token as lines are matched by: numbers that may differ look alike."""
    return "‹number›" if isinstance(token, Number) else token


def _tokenised(lines: Sequence[str]) -> list[list[str | Number]]:
    """The tokens of each line; a tensor's brackets may reach over many."""
    text = "\n".join(normalised(line) for line in lines)
    found: list[list[str | Number]] = [[]]
    for token in tokens(text):
        if token == "\n":
            found.append([])
        else:
            found[-1].append(token)
    return found
