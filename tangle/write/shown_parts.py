"""Read back what an output block shows: its text, Markdown, files and failure, in order."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from tangle.model import ShownFrame, ShownPart
from tangle.write.body import BodyLine, body_of
from tangle.write.markup import ZERO_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tangle.model import ShownKind
    from tangle.write.output_blocks import StoredOutput

_FILE: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)]*)\)(?:\{[^{}]*\})?")
_FRAME: Final = re.compile(r"\[\[(.+)\]\] line ([0-9]+)")


def shown_parts(stored: StoredOutput) -> tuple[ShownPart, ...]:
    """Return what an output block shows, without the fences and marks that protect it.

    Args:
        stored: the block.
    """
    parts = tuple(_parts(list(body_of(stored.lines))))
    if stored.failed and parts and parts[-1].kind == "text":
        return (*parts[:-1], _failure(parts[-1].lines))
    return parts


def _parts(lines: Sequence[BodyLine]) -> Iterator[ShownPart]:
    runs = groupby(enumerate(lines), key=lambda entry: _run(*entry))
    for (wrapped, file, _), found in runs:
        texts = tuple(line.text for _, line in found)
        if file:
            yield _file(texts[0])
        elif wrapped:
            yield ShownPart(kind="text", lines=tuple(_bare(text) for text in texts))
        elif any(map(str.strip, texts)):
            yield ShownPart(kind="markdown", lines=_trimmed(texts))


def _run(at: int, line: BodyLine) -> tuple[bool, bool, int]:
    """What lines of one part have in common: texts end where a wrapper's rows are missing."""
    if line.file is not None:
        return False, True, at
    return line.wrapped, False, line.row - at if line.wrapped else -1


def _trimmed(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Lines without blank ones around them."""
    first = next(at for at, text in enumerate(texts) if text.strip())
    last = next(at for at in range(len(texts), 0, -1) if texts[at - 1].strip())
    return texts[first:last]


def _bare(text: str) -> str:
    return text.replace(ZERO_WIDTH, "")


def _file(text: str) -> ShownPart:
    found = _FILE.fullmatch(text.strip())
    if found is None:
        return ShownPart(kind="markdown", lines=(text,))
    kind: ShownKind = "image" if found[1] else "link"
    return ShownPart(kind=kind, label=found[2], target=found[3])


def _failure(lines: tuple[str, ...]) -> ShownPart:
    found = ((row, _FRAME.match(line)) for row, line in enumerate(lines))
    frames = tuple(
        ShownFrame(row=row, title=match[1], line=int(match[2]), end=match.end())
        for row, match in found
        if match is not None
    )
    return ShownPart(kind="failure", lines=lines, frames=frames)
