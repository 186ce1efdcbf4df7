"""What a person should know about a page's own text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tangle.model import Block, Fence, Problem, Severity

from .dedent import JS_WHITE
from .text import Places

PYTHON = frozenset({"python", "python3", "py"})
"""Languages whose code is tangled, in lower case."""

_LABEL = re.compile(rb"[ \t\f\x1a]*+([^ \t\f\r\n]*)")


def problems_of(
    places: Places, blocks: Sequence[Block], fences: Sequence[Fence], unclosed: Sequence[int]
) -> tuple[Problem, ...]:
    """The problems of a page, in the order of their places."""
    found = [
        *_unclosed(places, blocks, unclosed),
        *_strangers(places, fences),
        *_nested(places, fences),
        *_mixed(places, fences),
        *_ignored(places, blocks),
    ]
    return tuple(sorted(found, key=lambda p: (p.place.line, p.place.column, p.code)))


def is_python(language: str) -> bool:
    """Whether code in this language is tangled."""
    return language.lower() in PYTHON


def _problem(
    places: Places, offset: int, code: str, severity: Severity, message: str, hint: str
) -> Problem:
    return Problem(
        code=code,
        severity=severity,
        place=places.place(offset),
        message=message,
        hint=hint,
        excerpt=places.excerpt(offset),
    )


def _unclosed(
    places: Places, blocks: Sequence[Block], unclosed: Sequence[int]
) -> Iterator[Problem]:
    """Fences that Logseq takes for text, as no later line closes them."""
    for offset in unclosed:
        match = _LABEL.match(places.data, offset + 3)
        label = places.text(match[1]) if match is not None else ""
        if label and not is_python(label):
            continue
        after = sum(block.span.start > offset for block in blocks) if len(unclosed) < 10 else 0
        swallow = f"; closed, it would swallow the {after} blocks after it" if after else ""
        yield _problem(
            places,
            offset,
            "unclosed-fence",
            "error",
            f"this code fence is never closed, so Logseq shows it as text{swallow}",
            "end the code with a line of three backquotes, before the next bullet",
        )


def _strangers(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Fences that end at a line which looks as if it was meant for something else."""
    for fence in fences:
        if fence.nested is not None:
            continue
        opener = places.data[fence.span.start : fence.body.start].lstrip(b" \t\f\x1a")
        closer = places.data[fence.body.end : fence.span.end].strip()
        mark = opener[:1]
        if mark not in {b"`", b"~"}:
            continue
        run = opener[: len(opener) - len(opener.lstrip(mark))]
        label = places.text(closer.lstrip(b"`~").strip())
        if closer == run or not (is_python(fence.language) or is_python(label)):
            continue
        at = fence.body.end
        at += len(places.data[at : fence.span.end]) - len(
            places.data[at : fence.span.end].lstrip(b" \t\f\x1a")
        )
        yield _problem(
            places,
            at,
            "fence-closed-by-stranger",
            "warning",
            f"this line closes the code that opens in line {fence.line}, though it does not "
            "match: in Logseq any line of three backquotes or tildes closes any fence",
            f"close the code of line {fence.line} with `{places.text(run)}` where it ends",
        )


def _nested(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python in a list or a quote: its indentation is gone."""
    for fence in fences:
        if fence.nested is not None and is_python(fence.language):
            yield _problem(
                places,
                fence.span.start,
                "nested-code",
                "error",
                f"Logseq trims every line of code in a {fence.nested}, so this code has lost its "
                "indentation and is not tangled",
                f"put the code into a block of its own, outside the {fence.nested}",
            )


def _mixed(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python whose lines stand otherwise to each other in Logseq than in the file."""
    for fence in fences:
        if fence.nested is not None or not is_python(fence.language):
            continue
        raw = places.decode(fence.body.start, fence.body.end).split("\n")
        line = _first_changed(raw, fence.text.split("\n"))
        if line is None:
            continue
        offset = fence.body.start
        for _ in range(line):
            offset = places.data.find(b"\n", offset) + 1
        yield _problem(
            places,
            offset,
            "mixed-indentation",
            "warning",
            "this line is indented less than its block, so Logseq strips all of its indentation "
            "and the code means something else than it seems to here",
            "indent every line of the code at least as far as the text of its block",
        )


def _first_changed(raw: Sequence[str], shown: Sequence[str]) -> int | None:
    """The first line whose indentation relates to the line before otherwise than in the file."""
    before: tuple[int, int] | None = None
    for index, (one, other) in enumerate(zip(raw, shown, strict=False)):
        if not one.strip(JS_WHITE):
            continue
        now = _indent(one), _indent(other)
        if before is not None and _sign(now[0] - before[0]) != _sign(now[1] - before[1]):
            return index
        before = now
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(JS_WHITE))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _ignored(places: Places, blocks: Sequence[Block]) -> Iterator[Problem]:
    """Properties meant for tangle that Logseq takes for text."""
    for block in blocks:
        for item in block.ignored:
            if item.key.startswith("tangle."):
                yield _problem(
                    places,
                    item.span.start,
                    "ignored-property",
                    "warning",
                    f"`{item.key}` has no effect: only the first run of properties in a block "
                    "counts",
                    "move the line up to the block's other properties",
                )
