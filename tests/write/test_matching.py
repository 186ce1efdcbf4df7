"""Output blocks find their chunks: by the code, by what they say, then in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.write import Wanted, match


@dataclass(frozen=True, kw_only=True)
class Block:
    """An output block; `code` and `says` stand for its digests."""

    code_digest: str
    output_digest: str
    host: int = 0
    chunk_gone: bool = False
    edited: bool = False


def block(text: str) -> Block:
    """`a1` is of the code `a` and says `1`; behind `@` stands its host, `!` is edited, `-` gone."""
    plain, _, host = text.rstrip("!-").partition("@")
    return Block(
        code_digest=plain[0],
        output_digest=plain[1],
        host=int(host or 0),
        chunk_gone=text.endswith("-"),
        edited=text.endswith("!"),
    )


def chunk(text: str) -> Wanted:
    """`a1` has the code `a` and says `1`; `a` says nothing."""
    return Wanted(code_digest=text[0], output_digest=text[1:])


@pytest.mark.parametrize(
    ("chunks", "blocks", "found"),
    [
        ("a1 b2", "a1 b2", "a1 b2"),
        ("b2 a1", "a1 b2", "b2 a1"),  # they changed places
        ("z0 x1 y2", "a1 b2", "- a1 b2"),  # one came before: all code is other code
        ("y2 x1", "a1 b2", "b2 a1"),  # changed places, and are of other code
        ("x1", "a1 b2", "a1"),
        ("x2", "a1 b2", "b2"),
        ("x1 y1 z1", "a1 b1 c1", "a1 b1 c1"),  # all say the same
        ("x8 y9", "a1 b2", "a1 b2"),  # all is new
        ("x1 y9 z3", "a1 b2 c3", "a1 b2 c3"),
        ("x y", "a1 b2", "a1 b2"),  # they show nothing any more
        ("x9", "a1-", "-"),  # its chunk is gone, and this is another
        ("a1", "a1-", "a1-"),  # it came back
        ("x1", "a1@5", "a1@5"),  # alone, below no chunk
        ("x1 y1", "a1@5", "- -"),  # but whose?
        ("a2", "a1@5", "a1@5"),
        ("a2", "a1@5!", "-"),
    ],
)
def test_matches(chunks: str, blocks: str, found: str) -> None:
    stored = [block(text) for text in blocks.split()]
    matches = match({0: [chunk(text) for text in chunks.split()]}, stored)
    expected = [None if text == "-" else block(text) for text in found.split()]
    assert matches.found[0] == expected
    assert matches.left == [one for one in stored if one not in expected]


def test_a_block_goes_along_with_its_code_into_another_host() -> None:
    stored = [block("a1"), block("b2")]
    matches = match({0: [chunk("a1")], 7: [chunk("b3")]}, stored)
    assert matches.found == {0: [stored[0]], 7: [stored[1]]}


def test_a_block_of_another_host_is_not_taken_for_what_it_says() -> None:
    stored = [block("a1"), block("b2@7")]
    matches = match({0: [chunk("x9"), chunk("y2")], 7: [chunk("z5")]}, stored)
    assert matches.found[7] == [stored[1]]


digests = st.sampled_from("abc")
blocks_ = st.builds(
    Block,
    code_digest=digests,
    output_digest=digests,
    host=st.integers(0, 2),
    chunk_gone=st.booleans(),
    edited=st.booleans(),
)
chunks_ = st.builds(Wanted, code_digest=digests | st.just(""), output_digest=digests | st.just(""))


@given(
    st.dictionaries(st.integers(0, 2), st.lists(chunks_, max_size=4), max_size=3),
    st.lists(blocks_, max_size=6),
)
def test_each_block_is_matched_once_or_left(
    hosts: dict[int, Sequence[Wanted]], stored: list[Block]
) -> None:
    matches = match(hosts, stored)
    assert {host: len(found) for host, found in matches.found.items()} == {
        host: len(wanted) for host, wanted in hosts.items()
    }
    used = [id(one) for found in matches.found.values() for one in found if one is not None]
    assert sorted(used + [id(one) for one in matches.left]) == sorted(map(id, stored))
