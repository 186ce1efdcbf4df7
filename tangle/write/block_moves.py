"""Remove blocks of a page, or parts of them, and move blocks to another place in the outline.

Every change is parsed and compared with what it was meant to be; all other bytes stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.model import Span
from tangle.parse import NotUtf8, parse
from tangle.write.edits import Edit, apply
from tangle.write.layout import Layout, indentation, line_end
from tangle.write.output_blocks import StoredOutput, numbered_head
from tangle.write.repair_edits import Entangled

if TYPE_CHECKING:
    from tangle.model import Block, Page


class Cut(Struct, frozen=True, kw_only=True):
    """What is removed of a page.

    Attributes:
        blocks: indices of blocks that go with all that is below them.
        lines: numbers of lines that go, by the block that stays; below its bullet the next line
            takes their place.
        renumbered: output blocks of other chunks, with the number that each has in its block now;
            0 where it is the only one.
    """

    blocks: frozenset[int]
    lines: Mapping[int, frozenset[int]]
    renumbered: tuple[tuple[StoredOutput, int], ...] = ()


def subtree(page: Page, index: int) -> range:
    """Return the indices of a block and all below it.

    Args:
        page: that has the block.
        index: of the block.
    """
    end = index + 1
    while end < len(page.blocks) and page.blocks[end].level > page.blocks[index].level:
        end += 1
    return range(index, end)


def without(page: Page, cut: Cut) -> bytes:
    """Return a page without blocks and lines.

    Args:
        page: the page.
        cut: what goes.

    Raises:
        Entangled: Logseq would read the rest in another way then.
    """
    gone = {index for root in cut.blocks for index in subtree(page, root)}
    touched = {index: lines for index, lines in cut.lines.items() if index not in gone}
    edits = [Edit(span=page.blocks[index].span, data=b"") for index in sorted(gone)]
    edits += [_with_fewer_lines(page, index, lines) for index, lines in touched.items()]
    for stored, number in cut.renumbered:
        value = page.data[stored.value.start : stored.value.end]
        edits.append(Edit(span=stored.head, data=numbered_head(page, stored, value, number)))
    data = apply(page.data, edits)
    data = _ended_like(page.data, data)
    kept = [index for index in range(len(page.blocks)) if index not in gone]
    numbered = frozenset(stored.block for stored, _ in cut.renumbered)
    _compare(page, data, kept, _Loose(lines=touched, numbered=numbered))
    return data


def _with_fewer_lines(page: Page, index: int, lines: Collection[int]) -> Edit:
    block = page.blocks[index]
    rows = page.data[block.span.start : block.span.end].split(b"\n")
    rows = [row + b"\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])
    kept = [row for number, row in enumerate(rows, block.line) if number not in lines]
    if block.line in lines and block.kind == "bullet":
        bullet = indentation(page, index) + b"-"
        if kept and kept[0].strip():
            kept[0] = bullet + b" " + kept[0].lstrip(b" \t")
        else:
            kept.insert(0, bullet + line_end(page.data))
    return Edit(span=block.span, data=b"".join(kept))


def _ended_like(before: bytes, after: bytes) -> bytes:
    """A page whose last line ends as the last line did."""
    if before.endswith(b"\n") or not after.endswith(b"\n"):
        return after
    return after.removesuffix(b"\n").removesuffix(b"\r")


class Spot(Struct, frozen=True, kw_only=True):
    """A place between two blocks, at one level of the outline.

    Attributes:
        before: index of the block that follows; the number of blocks at the end of the page.
        level: that blocks get there.
        indent: the white space before their bullets.
    """

    before: int
    level: int
    indent: bytes


def spots(page: Page, before: int, unit: str) -> Iterator[Spot]:
    """Yield the places in front of a block, the outermost first; no block there changes its parent.

    Args:
        page: the page.
        before: index of the block; the number of blocks for the end of the page.
        unit: one step of indentation, for a page that does not show its own.
    """
    step = Layout(page, unit).step
    after = page.blocks[before - 1] if before else None
    behind = page.blocks[before] if before < len(page.blocks) else None
    deepest = 1 if after is None or after.kind == "pre" else after.level + 1
    for level in range(behind.level if behind is not None else 1, deepest + 1):
        if behind is not None and behind.level == level:
            indent = _own(page, before)
        elif after is not None and level <= after.level:
            above = before - 1
            while page.blocks[above].level > level:
                above = page.blocks[above].parent
            indent = _own(page, above)
        else:
            indent = _own(page, before - 1) + step if level > 1 else b""
        yield Spot(before=before, level=level, indent=indent)


def _own(page: Page, index: int) -> bytes:
    # A heading without bullet is at the top wherever it is in the file.
    return b"" if page.blocks[index].kind != "bullet" else indentation(page, index)


def moved(page: Page, roots: Sequence[int], spot: Spot) -> bytes:
    """Return a page with adjacent blocks, and all below them, at another place.

    Args:
        page: the page.
        roots: indices of the blocks, which have one level.
        spot: where they go.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    own = [index for root in roots for index in subtree(page, root)]
    if own != list(range(own[0], own[-1] + 1)) or own[0] < spot.before <= own[-1]:
        raise Entangled(f"{page.path}: these blocks are not together")
    eol = line_end(page.data)
    text = b"".join(_moved_lines(page, root, spot.indent) for root in roots)
    if not text.endswith(b"\n"):
        text += eol
    at = page.blocks[spot.before].span.start if spot.before < len(page.blocks) else len(page.data)
    if at and page.data[at - 1 : at] != b"\n":
        text = eol + text
    span = Span(start=page.blocks[own[0]].span.start, end=page.blocks[own[-1]].span.end)
    data = apply(
        page.data, [Edit(span=span, data=b""), Edit(span=Span(start=at, end=at), data=text)]
    )
    data = _ended_like(page.data, data)
    rest = [index for index in range(len(page.blocks)) if not own[0] <= index <= own[-1]]
    place = sum(index < spot.before for index in rest)
    _compare(page, data, [*rest[:place], *own, *rest[place:]], _Loose(moved=frozenset(own)))
    return data


def _moved_lines(page: Page, root: int, indent: bytes) -> bytes:
    blocks = subtree(page, root)
    start, end = page.blocks[blocks[0]].span.start, page.blocks[blocks[-1]].span.end
    old = indentation(page, root)
    rows = page.data[start:end].split(b"\n")
    return b"\n".join(
        indent + row.removeprefix(old) if row.strip() and row.startswith(old) else row
        for row in rows
    )


def inserted(page: Page, text: str, spot: Spot) -> bytes:
    """Return a page with new blocks.

    Args:
        page: the page.
        text: the blocks as a page has them, from the left margin on.
        spot: where they go.

    Raises:
        Entangled: Logseq would read the page in another way then.
    """
    eol = line_end(page.data)
    rows = (spot.indent + row.encode() if row else b"" for row in text.split("\n")[:-1])
    data = b"".join(row + eol for row in rows)
    at = page.blocks[spot.before].span.start if spot.before < len(page.blocks) else len(page.data)
    if at and page.data[at - 1 : at] != b"\n":
        data = eol + data.removesuffix(eol)
    result = apply(page.data, [Edit(span=Span(start=at, end=at), data=data)])
    after = _parsed(page, result)
    count = len(after.blocks) - len(page.blocks)
    fences = [fence for fence in after.fences if not 0 <= fence.block - spot.before < count]
    kept = [*range(spot.before), *range(spot.before + count, len(after.blocks))]
    if count < 1 or [*map(_read, page.blocks)] != [_read(after.blocks[i]) for i in kept]:
        raise _entangled(page)
    if [fence.code for fence in fences] != [fence.code for fence in page.fences]:
        raise _entangled(page)
    return result


def _parsed(page: Page, data: bytes) -> Page:
    try:
        return parse(data, page.path)
    except NotUtf8 as error:
        raise Entangled(str(error)) from error


def _entangled(page: Page) -> Entangled:
    return Entangled(f"{page.path}: Logseq would read the page in another way")


class _Loose(Struct, frozen=True, kw_only=True):
    """What may be another in blocks that stay.

    Attributes:
        lines: the lines that blocks lost.
        numbered: blocks whose properties may have changed.
        moved: blocks that may have another level, all by the same number.
    """

    lines: Mapping[int, frozenset[int]] = {}
    numbered: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()


def _compare(page: Page, data: bytes, kept: Sequence[int], loose: _Loose) -> None:
    """Check that the blocks of a page are those that were kept, and hold what these held.

    Args:
        page: the page as it was.
        data: its bytes now.
        kept: the indices that its blocks had.
        loose: what may be another.
    """
    after = _parsed(page, data)
    if len(after.blocks) != len(kept):
        raise _entangled(page)
    shifts = set()
    for now, was in enumerate(kept):
        old, new = page.blocks[was], after.blocks[now]
        is_free = was in loose.moved
        if is_free:
            shifts.add(new.level - old.level)
        parent = is_free or (old.level == new.level and _parent(after, now, kept) == old.parent)
        if not (parent and _same(page, was, after.blocks[now], loose)):
            raise _entangled(page)
    if len(shifts) > 1 or _codes(page, kept, loose.lines) != _codes_now(after):
        raise _entangled(page)


def _same(page: Page, was: int, new: Block, loose: _Loose) -> bool:
    """Whether a block is read as it was, its level aside."""
    old = page.blocks[was]
    if (old.kind, old.id) != (new.kind, new.id):
        return False
    if was in loose.numbered:
        return True
    if was in loose.lines:
        return _properties(old) == _properties(new)
    return _read(old)[1:] == _read(new)[1:]


def _parent(after: Page, now: int, kept: Sequence[int]) -> int:
    parent = after.blocks[now].parent
    return kept[parent] if parent >= 0 else -1


def _properties(block: Block) -> list[tuple[str, str]]:
    return [(entry.key, entry.value) for entry in block.properties]


def _read(block: Block) -> tuple[object, ...]:
    """How Logseq reads a block."""
    return block.level, block.kind, block.title, block.heading, block.id, *_properties(block)


def _codes(page: Page, kept: Sequence[int], touched: Mapping[int, Collection[int]]) -> list[object]:
    """The code that blocks are to have, in their new order."""
    return [
        (now, fence.language, fence.options, fence.code)
        for now, was in enumerate(kept)
        for fence in page.fences
        if fence.block == was and fence.line not in touched.get(was, ())
    ]


def _codes_now(page: Page) -> list[object]:
    return [(f.block, f.language, f.options, f.code) for f in page.fences]
