"""What a person should know about a page's own text."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tangle.model import Block, Fence, Problem, Severity

from .dedent import JS_WHITE
from .languages import info_of, is_python, misspelt
from .text import Places

_BULLET_FENCE = re.compile(rb"^[ \t\f]*+-[ \t]++(?:```|~~~)", re.MULTILINE)
_WHITE = b" \t\f\x1a"
_LABEL = re.compile(rb"[ \t\f\x1a]*+([^ \t\f\r\n]*)")


def problems_of(
    places: Places,
    blocks: Sequence[Block],
    fences: Sequence[Fence],
    unclosed: Sequence[int],
    templates: AbstractSet[int] = frozenset(),
) -> tuple[Problem, ...]:
    """The problems of a page, in the order of their places; templates have none."""
    if templates:
        fences = [fence for fence in fences if fence.block not in templates]
        spans = [blocks[index].span for index in templates]
        unclosed = [at for at in unclosed if not any(s.start <= at < s.end for s in spans)]
    kept = [block for index, block in enumerate(blocks) if index not in templates]
    found = [*_unclosed(places, blocks, unclosed), *_ignored(places, kept)]
    if fences:
        found += _swallowing(places, fences)
        found += _strangers(places, fences)
        found += _nested(places, fences)
        found += _mixed(places, fences)
        found += _misspelt(places, fences)
    return tuple(sorted(found, key=lambda p: (p.place.line, p.place.column, p.code)))


class _Kind(NamedTuple):
    code: str
    severity: Severity
    hint: str


_UNCLOSED = _Kind(
    "unclosed-fence",
    "error",
    "end the code with a line of three backquotes, before the next bullet",
)
_STRANGER = _Kind(
    "fence-closed-by-stranger", "warning", "close the code with a line like its opener, at its end"
)
_NESTED = _Kind(
    "nested-code", "error", "put the code into a block of its own, outside the list or quote"
)
_MIXED = _Kind(
    "mixed-indentation",
    "warning",
    "indent every line of the code at least as far as the text of its block",
)
_MISSPELT = _Kind("misspelt-language", "warning", "correct the word, and the code is tangled")
_IGNORED = _Kind("ignored-property", "warning", "move the line up to the block's other properties")


def _problem(places: Places, offset: int, kind: _Kind, message: str) -> Problem:
    return Problem(
        code=kind.code,
        severity=kind.severity,
        place=places.place(offset),
        message=message,
        hint=kind.hint,
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
            _UNCLOSED,
            f"this code fence is never closed, so Logseq shows it as text{swallow}",
        )


def _swallowing(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python that runs on over a bullet whose own fence was meant to open there."""
    for fence in fences:
        if fence.nested is not None or not is_python(_info(fence)):
            continue
        inner = _BULLET_FENCE.search(places.data, fence.body.start, fence.body.end)
        if inner is not None:
            line = places.line(inner.end())
            last = places.line(fence.body.end)
            yield _problem(
                places,
                fence.span.start,
                _UNCLOSED,
                f"this code is not closed before the code block of line {line}, so Logseq reads "
                f"everything up to line {last} as its code",
            )


def _strangers(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Fences that end at a line which looks as if it was meant for something else."""
    for fence in fences:
        closer = _closer(places.data, fence)
        if fence.nested is not None or closer == _run(places.data, fence):
            continue
        label = places.text(closer.lstrip(b"`~").strip())
        if not closer.startswith((b"```", b"~~~")):  # `#+END_SRC`
            continue
        if is_python(_info(fence)) or is_python(label):
            tail = places.data[fence.body.end : fence.span.end]
            yield _problem(
                places,
                fence.body.end + len(tail) - len(tail.lstrip(_WHITE)),
                _STRANGER,
                f"this line closes the code that opens in line {fence.line}, though it does not "
                "match: in Logseq any line of three backquotes or tildes closes any fence",
            )


def _run(data: bytes, fence: Fence) -> bytes:
    """The backquotes or tildes that open a fence."""
    opener = data[fence.span.start : fence.body.start].lstrip(_WHITE)
    return opener[: len(opener) - len(opener.lstrip(opener[:1]))]


def _closer(data: bytes, fence: Fence) -> bytes:
    return data[fence.body.end : fence.span.end].strip()


def _nested(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python in a list or a quote: its indentation is gone."""
    for fence in fences:
        if fence.nested is not None and is_python(_info(fence)):
            yield _problem(
                places,
                fence.span.start,
                _NESTED,
                f"Logseq trims every line of code in a {fence.nested}, so this code has lost its "
                "indentation and is not tangled",
            )


def _mixed(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python whose lines stand otherwise to each other in Logseq than in the file."""
    for fence in fences:
        if fence.nested is not None or not is_python(_info(fence)):
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
            _MIXED,
            "this line is indented less than its block, so Logseq strips all of its indentation "
            "and the code means something else than it seems to here",
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


def _misspelt(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Code whose language is one letter off Python, and that Python can read."""
    for fence in fences:
        if fence.nested is not None:
            continue
        word = info_of(fence.language).word
        meant = misspelt(word)
        if meant is not None and fence.code.strip() and _parses(fence.code):
            message = f"{word}: did you mean {meant}? In this language the code is not tangled"
            yield _problem(places, fence.span.start, _MISSPELT, message)


def _info(fence: Fence) -> str:
    return " ".join((fence.language, *fence.options))


def _parses(code: str) -> bool:
    """Whether a text is a program, or an interpreter session."""
    if code.lstrip().startswith(">>> "):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _ignored(places: Places, blocks: Sequence[Block]) -> Iterator[Problem]:
    """Properties meant for tangle that Logseq takes for text."""
    for block in blocks:
        for item in block.ignored:
            if item.key.startswith("tangle."):
                yield _problem(
                    places,
                    item.span.start,
                    _IGNORED,
                    f"`{item.key}` has no effect: only the first run of properties in a block "
                    "counts",
                )
