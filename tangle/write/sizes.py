"""Keep the sizes that a person gave the images of an output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tangle.write.body import body_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SIZED: Final = re.compile(r"(!\[[^\]]*\]\([^)]*\))((?:\{[^{}]*\})?)")
_CONTENT: Final = re.compile(r"-([0-9a-f]{8})\.\w+\Z")


def without_sizes(lines: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return a block's lines without the sizes behind images, and one size for each image.

    Args:
        lines: of the block, below its properties.
    """
    kept, sizes = list(lines), []
    for found in body_of(lines):
        if not found.wrapped and (image := _SIZED.fullmatch(found.text)):
            kept[found.row] = image[1]
            sizes.append(image[2])
    return kept, tuple(sizes)


def resized(lines: Sequence[str], old: Sequence[str], sizes: Sequence[str]) -> tuple[str, ...]:
    """Return a block's new lines with the sizes that a person gave the images of the old ones.

    An image with the same content has its size wherever it is; another one has that of the
    image in the same position, if this is gone.

    Args:
        lines: the new ones, below the block's properties.
        old: those that were there, without sizes.
        sizes: for each image of the old lines what is behind it.
    """
    new_images, old_images = list(_images(lines)), [name for _, name in _images(old)]
    left = dict(enumerate(zip(old_images, sizes, strict=False)))
    chosen: dict[int, str] = {}
    for row, name in new_images:
        same = next(
            (at for at, (other, _) in left.items() if _content(other) == _content(name)), -1
        )
        if same >= 0:
            chosen[row] = left.pop(same)[1]
    for at, (row, _) in enumerate(new_images):
        if row not in chosen and at in left:
            chosen[row] = left[at][1]
    return tuple(line + chosen.get(row, "") for row, line in enumerate(lines))


def _images(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The rows of images, and the names of their files."""
    for found in body_of(lines):
        if not found.wrapped and (image := _SIZED.fullmatch(found.text)):
            yield found.row, found.file or image[1]


def _content(name: str) -> str:
    """What stands for a file's content in its name."""
    found = _CONTENT.search(name)
    return found[1] if found else name
