"""Report problems of a page's own text."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from tangle.model import Block, Fence, Problem, ProblemKind
from tangle.model.problems.page import (
    CODE_LIKE_PROPERTY,
    FENCE_CLOSED_BY_STRANGER,
    FIRST_BLOCK_PROPERTY,
    IGNORED_PROPERTY,
    LOST_BULLET,
    MISSPELT_LANGUAGE,
    MIXED_INDENTATION,
    MOVED_CODE,
    NESTED_CODE,
    PROPERTY_IN_CODE,
    UNCLOSED_FENCE,
)

from .dedent import JS_WHITE
from .languages import info_of, is_python, misspelt
from .property_lines import (
    HIDDEN,
    content_lines,
    has_lost_bullet,
    is_property_like,
    moved_lines,
    written_lines,
)
from .text import Places

_BULLET_FENCE = re.compile(rb"^[ \t\f]*+-[ \t]++(?:```|~~~)", re.MULTILINE)
_BULLET_PYTHON = re.compile(
    rb"^[ \t\f]*+-[ \t]++(?:[A-Z-]++ )?(?:```|~~~)[ \t]*+([^ \t\f\r\n,:{]+)", re.MULTILINE
)
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
    found = [*_unclosed(places, blocks, unclosed), *_ignored(places, blocks, templates)]
    if b":: " in places.data:
        found += _bullet(places, blocks, fences)
    if fences:
        if b"::" in places.data:
            found += _taken_for_properties(places, blocks, fences)
        found += _swallowing(places, blocks, fences)
        found += _strangers(places, fences)
        found += _nested(places, fences)
        found += _mixed(places, fences)
        found += _misspelt(places, fences)
    return tuple(sorted(found, key=lambda p: (p.place.line, p.place.column, p.code)))


def _problem(
    places: Places, offset: int, kind: ProblemKind, message: str, hint: str | None = None
) -> Problem:
    return kind.at(places.place(offset), message, hint=hint, excerpt=places.excerpt(offset))


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
            UNCLOSED_FENCE,
            f"this code fence is never closed, so Logseq shows it as text{swallow}",
        )


def _swallowing(
    places: Places, blocks: Sequence[Block], fences: Sequence[Fence]
) -> Iterator[Problem]:
    """Fences that run on over a bullet whose own fence was meant to open there.

    Of fences in other languages only those count that take Python in; an output may hold anything.
    """
    for fence in fences:
        if fence.nested is not None:
            continue
        python = is_python(_info(fence))
        pattern = _BULLET_FENCE if python else _BULLET_PYTHON
        inner = pattern.search(places.data, fence.body.start, fence.body.end)
        if inner is None or not (python or _takes_python(places, blocks, fence, inner[1])):
            continue
        line = places.line(inner.start())
        last = places.line(fence.body.end)
        what = "code" if python else "fence"
        yield _problem(
            places,
            fence.span.start,
            UNCLOSED_FENCE,
            f"this {what} is not closed before the code block of line {line}, so Logseq reads "
            f"everything up to line {last} as its text",
        )


def _takes_python(places: Places, blocks: Sequence[Block], fence: Fence, language: bytes) -> bool:
    """Whether a fence in another language goes on over one in Python, by that one's language."""
    return (
        is_python(places.text(language))
        and _run(places.data, fence).startswith((b"`", b"~"))
        and not any(item.key == "tangle.output" for item in blocks[fence.block].properties)
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
                FENCE_CLOSED_BY_STRANGER,
                f"this line closes the code that opens in line {fence.line}, though it does not "
                "match: in Logseq any line of three backquotes or tildes closes any fence",
            )


def _run(data: bytes, fence: Fence) -> bytes:
    """The backquotes or tildes that open a fence."""
    opener = data[fence.span.start : fence.body.start].lstrip(_WHITE)
    return opener[: len(opener) - len(opener.lstrip(opener[:1]))]


def _closer(data: bytes, fence: Fence) -> bytes:
    return data[fence.body.end : fence.span.end].strip()


def _bullet(places: Places, blocks: Sequence[Block], fences: Sequence[Fence]) -> Iterator[Problem]:
    """A first block that Logseq writes without its bullet, or has written so.

    It does that where `:: ` stands in the block's first line (logseq-spec.md 3): what the
    properties said of a chunk they say of the page then.
    """
    index = next((i for i in range(min(2, len(blocks))) if not _is_blank(places, blocks[i])), 0)
    block = blocks[index]
    code = [f for f in fences if f.block == index and f.nested is None and is_python(f.language)]
    if block.kind == "pre":
        if code and has_lost_bullet(places.data, block, code[0]):
            yield _problem(
                places,
                block.properties[0].span.start,
                LOST_BULLET,
                "Logseq wrote this first block without its bullet, because it begins with a "
                "property: all its properties are the page's now",
            )
    elif block.kind == "bullet":
        end = places.data.find(b"\n", block.span.start)
        if code and b":: " in places.data[block.span.start : end]:
            yield _problem(
                places,
                block.span.start + block.indent,
                FIRST_BLOCK_PROPERTY,
                "the first block of the page begins with a property: when Logseq saves the page, "
                "it drops the bullet, and the property becomes the page's",
            )


def _is_blank(places: Places, block: Block) -> bool:
    span = block.span
    return block.kind == "pre" and not places.data[span.start : span.end].strip(
        b"\xef\xbb\xbf \t\r\n"
    )


def _taken_for_properties(
    places: Places, blocks: Sequence[Block], fences: Sequence[Fence]
) -> Iterator[Problem]:
    """Lines of code that Logseq's editor takes for properties, and what it did about it."""
    seen: set[int] = set()
    for fence in fences:
        if fence.nested is not None or not is_python(_info(fence)):
            continue
        block = blocks[fence.block]
        if fence.block not in seen:
            seen.add(fence.block)
            yield from _moved(places, block, fence)
        if places.data.find(b"::", fence.body.start, fence.body.end) > 0:
            yield from _written(places, block, fence)
            yield from _like_properties(places, block, fence)


def _moved(places: Places, block: Block, fence: Fence) -> Iterator[Problem]:
    for offset in moved_lines(places.data, block, fence):
        line = places.data[offset : places.data.find(b"\n", offset)]
        yield _problem(
            places,
            offset + len(line) - len(line.lstrip()),
            MOVED_CODE,
            "Logseq moved this line out of the code below: it takes every line of a block with "
            "`::` in its first word for a property",
        )


def _written(places: Places, block: Block, fence: Fence) -> Iterator[Problem]:
    found = written_lines(places.data, block, fence)
    if not found:
        return
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    sure = all(line.sure for line in found)
    yield _problem(
        places,
        _row(places, fence, found[0].row),
        PROPERTY_IN_CODE,
        f"Logseq wrote this line{more} into the code, behind one with `::` in its first word, when "
        "the block got a property",
        "`tangle check --fix` takes it out; until then tangle skips it" if sure else None,
    )


def _like_properties(places: Places, block: Block, fence: Fence) -> Iterator[Problem]:
    """The first line in a fence that Logseq would move, write behind, or delete."""
    written = {line.row for line in written_lines(places.data, block, fence)}
    lines = content_lines(places.data, block, fence)
    rows = [r for r, text in enumerate(lines) if r not in written and is_property_like(text)]
    if not rows:
        return
    hint = None
    if any(item.key in HIDDEN for item in block.properties):
        what = "when the block is edited, Logseq moves it out of the code"
    elif block.properties:
        what = "when the block is collapsed or referred to, Logseq writes a property behind it"
    elif rows[0] == 0 and fence.line == block.line:
        what = "when the block is referred to, Logseq deletes it"
        hint = "put a line of words above the code, in the same block"
    else:
        return
    taken = "line of code"
    if any(text.lstrip().startswith(">>> ") for text in lines):
        taken = "result"  # a blank in it would make it another one
        hint = "give the block a first line of words and no properties, or remove this result"
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    yield _problem(
        places,
        _row(places, fence, rows[0]),
        CODE_LIKE_PROPERTY,
        f"Logseq takes this {taken}{more} for a property, because `::` stands in its first word: "
        f"{what}",
        hint,
    )


def _row(places: Places, fence: Fence, row: int) -> int:
    """The offset of the text of a line of a fence's body."""
    offset = fence.body.start
    for _ in range(row):
        offset = places.data.find(b"\n", offset) + 1
    line = places.data[offset : places.data.find(b"\n", offset)]
    return offset + len(line) - len(line.lstrip())


def _nested(places: Places, fences: Sequence[Fence]) -> Iterator[Problem]:
    """Python in a list or a quote: its indentation is gone."""
    for fence in fences:
        if fence.nested is not None and is_python(_info(fence)):
            yield _problem(
                places,
                fence.span.start,
                NESTED_CODE,
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
        cause = "this line is indented less than its block, so Logseq strips all of its indentation"
        if _parses(textwrap.dedent("\n".join(raw))) and not _parses(fence.code):
            message = f"{cause}, and only the file's text is a program: that is run"
            hint = "`tangle check --fix` indents the code; or indent every line of it as its block"
            yield _problem(places, offset, MIXED_INDENTATION, message, hint)
        else:
            message = f"{cause} and the code means something else than it seems to here"
            yield _problem(places, offset, MIXED_INDENTATION, message)


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
            yield _problem(places, fence.span.start, MISSPELT_LANGUAGE, message)


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


def _ignored(
    places: Places, blocks: Sequence[Block], templates: AbstractSet[int]
) -> Iterator[Problem]:
    """Properties meant for tangle that Logseq takes for text."""
    for index, block in enumerate(blocks):
        for item in block.ignored:
            if item.key.startswith("tangle.") and index not in templates:
                yield _problem(
                    places,
                    item.span.start,
                    IGNORED_PROPERTY,
                    f"`{item.key}` has no effect: only the first run of properties in a block "
                    "counts",
                )
