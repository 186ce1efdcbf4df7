"""Sizes that a person gave images stay with what the images show."""

from __future__ import annotations

import pytest

from tangle.write import ChunkOutput, Piece, plan_outputs, stored_outputs

from .pages import edited, read

PAGE = b"- ```python\n  x\n  ```\n- last\n"
WIDE = "{:height 20, :width 300}"
SMALL = "{:height 2, :width 30}"


def image(number: int, content: str) -> Piece:
    target = f"../assets/tangle/3.6-{number}-{content * 8}.svg"
    return Piece(kind="image", text="f", target=target)


def link(number: int, content: str) -> Piece:
    target = f"../assets/tangle/3.6-{number}-{content * 8}.html"
    return Piece(kind="link", text="HTML", target=target)


def shown(*pieces: Piece, digest: str = "0") -> ChunkOutput:
    return ChunkOutput(digest=digest * 12, pieces=pieces)


def sizes_after(old: list[Piece], given: dict[str, str], new: list[Piece]) -> list[str]:
    """What follows the images of the new output, when some of the old ones got a size."""
    page = edited(PAGE, plan_outputs(read(PAGE), {0: [shown(*old)]}))
    for content, size in given.items():
        name = content * 8 + ".svg)"
        page = page.replace(name.encode(), f"{name}{size}".encode())
    (before,) = stored_outputs(read(page))
    assert not before.edited
    after = edited(page, plan_outputs(read(page), {0: [shown(*new, digest="1")]}))
    (stored,) = stored_outputs(read(after))
    assert not stored.edited
    lines = [line.strip() for line in after.decode().split("\n")]
    return [line.partition(".svg)")[2] for line in lines if line.startswith("![")]


@pytest.mark.parametrize(
    ("old", "given", "new", "sizes"),
    [
        # the same picture
        ([image(1, "a")], {"a": WIDE}, [image(1, "a")], [WIDE]),
        # another one in its place
        ([image(1, "a")], {"a": WIDE}, [image(1, "b")], [WIDE]),
        # one in front of it
        ([image(1, "a")], {"a": WIDE}, [image(1, "b"), image(2, "a")], ["", WIDE]),
        # another order
        (
            [image(1, "a"), image(2, "b")],
            {"a": WIDE, "b": SMALL},
            [image(1, "b"), image(2, "a")],
            [SMALL, WIDE],
        ),
        # one is gone
        ([image(1, "a"), image(2, "b")], {"b": WIDE}, [image(1, "b")], [WIDE]),
        ([image(1, "a"), image(2, "b")], {"a": WIDE}, [image(1, "b")], [""]),
        # links are not resized
        ([link(1, "c"), image(2, "a")], {"a": WIDE}, [link(1, "d"), image(2, "a")], [WIDE]),
        ([image(1, "a"), link(2, "c")], {"a": WIDE}, [link(1, "c"), image(2, "b")], [WIDE]),
    ],
)
def test_sizes(old: list[Piece], given: dict[str, str], new: list[Piece], sizes: list[str]) -> None:
    assert sizes_after(old, given, new) == sizes
