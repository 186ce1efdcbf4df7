"""Match stored output blocks to the chunks of a page: by their digests, then by their order."""

from __future__ import annotations

from collections import Counter, defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Stored(Protocol):
    """An output block as it stands in a page."""

    @property
    def host(self) -> int:
        """The block that it belongs to."""

    @property
    def code_digest(self) -> str:
        """The digest of the code that it is the output of."""

    @property
    def output_digest(self) -> str:
        """The digest of its content."""

    @property
    def chunk_gone(self) -> bool:
        """Whether it was emptied because its chunk is gone."""

    @property
    def edited(self) -> bool:
        """Whether a person changed it."""


_Stored = TypeVar("_Stored", bound=Stored)


class Wanted(Struct, frozen=True, kw_only=True):
    """A chunk, as its output is looked for.

    Attributes:
        code_digest: of the chunk's code; empty where it is unknown.
        output_digest: of its new output; empty where there is none or it is unknown.
    """

    code_digest: str = ""
    output_digest: str = ""


class Matches(Struct, Generic[_Stored], kw_only=True):
    """The output blocks of a page by the chunks that they belong to.

    Attributes:
        found: for each host the block of each of its chunks; None where it has none.
        left: the blocks that belong to no chunk, in the order of the page.
    """

    found: dict[int, list[_Stored | None]] = field(default_factory=dict)
    left: list[_Stored] = field(default_factory=list)


def match(hosts: Mapping[int, Sequence[Wanted]], stored: Sequence[_Stored]) -> Matches[_Stored]:
    """Match the output blocks of a page to its chunks.

    A block is that of the chunk whose code it has; then of one whose output says the same, since
    what refers to the block was written about this output; the rest goes in order.

    Args:
        hosts: the chunks of each block that has any.
        stored: the output blocks.
    """
    matching = _Matching(hosts, stored)
    matching.by_code()
    matching.by_output()
    matching.by_order()
    return Matches(found=matching.found, left=matching.left)


class _Matching(Generic[_Stored]):
    """The state of a matching."""

    def __init__(self, hosts: Mapping[int, Sequence[Wanted]], stored: Sequence[_Stored]) -> None:
        self._hosts = hosts
        self._free = {id(each): each for each in stored}
        self._there: defaultdict[int, list[_Stored]] = defaultdict(list)
        for each in stored:
            self._there[each.host].append(each)
        self.found: dict[int, list[_Stored | None]] = {
            host: [None] * len(wanted) for host, wanted in hosts.items()
        }

    @property
    def left(self) -> list[_Stored]:
        """The blocks that are not matched yet."""
        return list(self._free.values())

    def by_code(self) -> None:
        """Match blocks with the digest of a chunk's code: in its own block, then elsewhere."""
        for host, at, wanted in self._open():
            own = self._free_of(host)
            self._take(host, at, [s for s in own if s.code_digest == wanted.code_digest != ""])
        open_ = self._open() if self._free else []
        counts = Counter(wanted.code_digest for _, _, wanted in open_)
        for host, at, wanted in open_:
            if wanted.code_digest and counts[wanted.code_digest] == 1:
                free = self._free.values()
                same = [s for s in free if s.code_digest == wanted.code_digest and not s.edited]
                self._take(host, at, same if len(same) == 1 else [])

    def by_output(self) -> None:
        """Match blocks that say the same: aligned, then in any order, then below no chunk."""
        for host in self._hosts:
            self._align(host, in_order=False)
        for host, at, wanted in self._open():
            own = self._free_of(host)
            self._take(host, at, [s for s in own if s.output_digest == wanted.output_digest != ""])
        loose = [s for s in self._free.values() if s.host not in self._hosts and not s.edited]
        open_ = self._open() if loose else []
        counts = Counter(wanted.output_digest for _, _, wanted in open_)
        for host, at, wanted in open_:
            if wanted.output_digest and counts[wanted.output_digest] == 1:
                same = [s for s in loose if s.output_digest == wanted.output_digest]
                self._take(host, at, same if len(same) == 1 else [])

    def by_order(self) -> None:
        """Match what is left between two blocks to the chunks between those of the blocks."""
        for host in self._hosts:
            self._align(host, in_order=True)

    def _open(self) -> list[tuple[int, int, Wanted]]:
        """The chunks without a block."""
        return [
            (host, at, wanted)
            for host, chunks in self._hosts.items()
            for at, wanted in enumerate(chunks)
            if self.found[host][at] is None
        ]

    def _free_of(self, host: int) -> list[_Stored]:
        return [stored for stored in self._there[host] if id(stored) in self._free]

    def _take(self, host: int, at: int, stored: Sequence[_Stored]) -> None:
        """Match a chunk to the first of these, if there is any."""
        if stored:
            self.found[host][at] = stored[0]
            del self._free[id(stored[0])]

    def _align(self, host: int, *, in_order: bool) -> None:
        """Match what stands in the same places between what is matched, or what says the same."""
        there = self._there[host]
        if all(stored.chunk_gone for stored in self._free_of(host)):
            return
        before = self._keys_of_stored(there)
        after = self._keys_of_chunks(host, {id(stored) for stored in there})
        aligned = SequenceMatcher(None, before, after, autojunk=False)
        for kind, first, last, start, end in aligned.get_opcodes():
            if (kind == "equal") == in_order:
                continue
            open_ = [at for at in range(start, end) if self.found[host][at] is None]
            rest = [s for s in there[first:last] if id(s) in self._free and not s.chunk_gone]
            for at, stored in zip(open_, rest, strict=False):
                self._take(host, at, [stored])

    def _keys_of_stored(self, there: Sequence[_Stored]) -> list[tuple[str, object]]:
        free = self._free
        return [
            ("says", stored.output_digest) if id(stored) in free else ("matched", id(stored))
            for stored in there
        ]

    def _keys_of_chunks(self, host: int, own: set[int]) -> list[tuple[str, object]]:
        keys: list[tuple[str, object]] = []
        for at, wanted in enumerate(self._hosts[host]):
            stored = self.found[host][at]
            if stored is not None and id(stored) in own:
                keys.append(("matched", id(stored)))
            elif stored is None and wanted.output_digest:
                keys.append(("says", wanted.output_digest))
            else:
                keys.append(("open", at))
        return keys
