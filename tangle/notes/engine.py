"""Memoised queries with the look-ups that each was worked out from.

A *query* is a function of the store and one key. Its answer is kept with the answers that it looked
up, and worked out again only when one of those has changed. An answer that comes out equal to the
one before does not count as changed, so that a change goes no further than it makes a difference.

There are three kinds. An *input* is set from outside. A *kept* query is remembered on disk too, by
its answer, or, where that is large, by a digest of it. A *passing* query lives in memory alone:
a query that asks it depends on what it looked up, as if it had looked that up itself.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

from tangle.typed_json import msgpack_decoder

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S", bound="Store")

_MISSING: Final[Any] = type("_Missing", (), {})()
_encode: Final = msgspec.msgpack.Encoder(order="deterministic").encode
_ANY: Final = msgspec.msgpack.Decoder()


def fingerprint(value: object) -> bytes:
    """A digest that two values share only where they are equal; the same in every process."""
    return hashlib.blake2b(_encode(value), digest_size=16).digest()


class Query(Generic[K, V]):
    """A function whose answers are memoised; it is called with the store and a key.

    Attributes:
        name: unique; names it on disk.
        run: works out the answer; None for an input.
        kept: the type of the answer on disk; None where that is not kept there.
        hashed: whether a digest of the answer is kept in place of the answer.
    """

    __slots__ = ("_decoder", "hashed", "kept", "name", "run")

    def __init__(
        self,
        name: str,
        run: Callable[[Any, K], V] | None,
        *,
        kept: Any = None,
        hashed: bool = False,
    ) -> None:
        """Define a query."""
        self.name = name
        self.run = run
        self.kept = kept
        self.hashed = hashed
        self._decoder: msgspec.msgpack.Decoder[Any] | None = None

    def __call__(self, store: Store, key: K) -> V:
        """The answer for a key."""
        found: V = store.get(self, key)
        return found

    @property
    def passing(self) -> bool:
        """Whether it is known to those who ask it by its own look-ups alone."""
        return self.kept is None and not self.hashed and self.run is not None

    def decode(self, raw: bytes) -> V:
        """An answer as it is on disk."""
        if self._decoder is None:
            self._decoder = msgpack_decoder(self.kept)
        return cast("V", self._decoder.decode(raw))


def query(
    *, kept: Any = None, hashed: bool = False
) -> Callable[[Callable[[S, K], V]], Query[K, V]]:
    """Make a query of a function.

    Args:
        kept: the type of its answers, where they are kept on disk.
        hashed: whether a digest of each is kept there instead.
    """

    def made(run: Callable[[S, K], V]) -> Query[K, V]:
        return Query(run.__name__, run, kept=kept, hashed=hashed)

    return made


class Node:
    """One answer.

    Attributes:
        value: the answer, if it is in memory.
        raw: the answer, or its digest, as it is on disk.
        deps: what was looked up; None before the first time.
        verified: the revision at which it was last known to hold.
        changed: the revision at which it last came out different.
    """

    __slots__ = ("changed", "deps", "key", "query", "raw", "value", "verified")

    def __init__(self, query: Query[Any, Any], key: Any) -> None:
        """Nothing is known yet."""
        self.query = query
        self.key = key
        self.value: Any = _MISSING
        self.raw: bytes | None = None
        self.deps: Iterable[Node] | None = None
        self.verified = 0
        self.changed = 0


class Cycle(RuntimeError):
    """A query asks for its own answer: a mistake in the program, not in the notes."""


class Column(msgspec.Struct):
    """The answers of one query on disk, field by field.

    Attributes:
        deps: of each, the positions of its look-ups among all answers, four bytes each.
    """

    keys: list[Any]
    changed: list[int]
    verified: list[int]
    deps: list[bytes]
    values: list[msgspec.Raw]


class Document(msgspec.Struct):
    """A store on disk."""

    revision: int
    columns: dict[str, Column]


_document: Final = msgpack_decoder(Document)


class Store:
    """Answers by query and key.

    Attributes:
        revision: counts the changes of inputs.
        news: whether there is anything that its document on disk does not have.
    """

    def __init__(self) -> None:
        """An empty store."""
        self.revision = 1
        self.news = False
        self._nodes: dict[tuple[Query[Any, Any], Any], Node] = {}
        self._looked: dict[Node, None] | None = None

    # --- asking -------------------------------------------------------------------------------

    def get(self, query: Query[Any, Any], key: Any) -> Any:
        """The answer of a query; noted as looked up by the one that is being worked out."""
        node = self._nodes.get((query, key))  # as `check` does: this is asked very often
        if node is None:
            node = self._nodes[query, key] = Node(query, key)
        if node.verified != self.revision:
            self._refresh(node)
        looked = self._looked
        if looked is not None:
            if query.passing:
                looked.update(dict.fromkeys(node.deps or ()))
            else:
                looked[node] = None
        if node.value is _MISSING:
            self._recall(node)
        return node.value

    def check(self, query: Query[K, Any], key: K) -> Node:
        """See that an answer holds, or work it out; one that holds is not brought into memory."""
        node = self._nodes.get((query, key))
        if node is None:
            node = self._nodes[query, key] = Node(query, key)
        if node.verified != self.revision:
            self._refresh(node)
        return node

    def stamp(self, query: Query[K, Any], key: K) -> bytes:
        """The digest of a hashed answer, without the answer."""
        node = self.check(query, key)
        assert query.hashed
        assert node.raw is not None
        return node.raw

    def set(self, query: Query[K, V], key: K, value: V) -> None:
        """Give an input its value."""
        node = self._nodes.get((query, key))
        if node is None:
            node = self._nodes[query, key] = Node(query, key)
        elif self._value(node) == value:
            return
        self.revision += 1
        node.value, node.raw, node.deps = value, None, ()
        node.changed = node.verified = self.revision
        self.news = True

    def adopt(
        self,
        query: Query[K, V],
        answers: Mapping[K, V],
        looked: Callable[[K], Iterable[tuple[Query[Any, Any], Any]]],
    ) -> None:
        """Take answers that another process worked out from the same inputs.

        Args:
            query: the query.
            answers: by key; those that are known are left alone.
            looked: the inputs that an answer was worked out from, in order.
        """
        for key, value in answers.items():
            deps = tuple(self._nodes[found] for found in looked(key))
            node = self._nodes.setdefault((query, key), Node(query, key))
            if node.deps is None:
                node.value, node.deps = value, deps
                node.changed = node.verified = self.revision
        self.news = True

    def given(self, query: Query[K, V], key: K) -> V | None:
        """The value of an input; None where it has none."""
        node = self._nodes.get((query, key))
        return None if node is None else cast("V", self._value(node))

    def release(self, answers: Iterable[tuple[Query[Any, Any], Any]]) -> None:
        """Keep passing answers in memory no longer; they are worked out again when asked for."""
        for answer in answers:
            self._nodes.pop(answer, None)

    def unpack(self) -> None:
        """Resolve the look-ups of what was loaded: worth it in a store that is asked many times."""
        for node in self._nodes.values():
            if isinstance(node.deps, _Deps):
                node.deps = tuple(node.deps)

    def _value(self, node: Node) -> Any:
        if node.value is _MISSING and node.raw is not None:
            node.value = node.query.decode(node.raw)
        return node.value

    def _refresh(self, node: Node) -> None:
        """See that an answer holds at this revision; work it out again where it may not."""
        revision = self.revision
        if node.deps is None:
            self._execute(node)
            self._note(node)
            return
        if node.verified < 0:
            raise Cycle(f"{node.query.name}: {node.key!r}")
        for dep in node.deps:
            if dep.verified != revision:
                self._refresh(dep)
            if dep.changed > node.verified:
                self._execute(node)
                self._note(node)
                return
        node.verified = revision

    def _note(self, node: Node) -> None:
        """Note that the document on disk is out of date."""
        if not node.query.passing:
            self.news = True

    def _execute(self, node: Node) -> None:
        """Work out an answer, and note what it looked up."""
        run = node.query.run
        if run is None:
            if node.value is _MISSING and node.raw is None:
                raise LookupError(f"{node.query.name}: {node.key!r} was never given")
            node.verified = self.revision
            return
        before = node.deps is not None
        verified = node.verified
        outer, self._looked = self._looked, {}
        node.verified, node.deps = -1, node.deps or ()
        try:
            value = run(self, node.key)
        except BaseException:
            node.verified = verified
            if not before:
                node.deps = None
            raise
        else:
            looked = self._looked
        finally:
            self._looked = outer
        node.deps = tuple(looked)
        node.verified = self.revision
        self._settle(node, value, before=before)

    def _settle(self, node: Node, value: Any, *, before: bool) -> None:
        """Take an answer; it counts as changed only where it differs from the one before."""
        query = node.query
        if query.hashed:
            raw = fingerprint(value)
            same = before and raw == node.raw
            node.raw = raw
        else:
            same = before and self._equals(node, value)
            if not same:
                node.raw = None
        if not same or node.value is _MISSING or query.hashed:
            node.value = value
        if not same:
            node.changed = self.revision

    def _equals(self, node: Node, value: Any) -> bool:
        if node.value is not _MISSING:
            return bool(node.value == value)
        return node.raw is not None and bytes(node.raw) == _encode(value)

    def _recall(self, node: Node) -> None:
        """Bring an answer that holds into memory."""
        if node.raw is not None and not node.query.hashed:
            node.value = node.query.decode(node.raw)
        else:
            self._execute(node)

    # --- on disk ------------------------------------------------------------------------------

    def keys(self, query: Query[K, Any]) -> list[K]:
        """The keys for which a query has, or had, an answer."""
        return [key for found, key in self._nodes if found is query]

    def dump(self, roots: Iterable[tuple[Query[Any, Any], Any]]) -> bytes:
        """The kept answers among some, and all that they were worked out from."""
        nodes = self._reachable(roots)
        by_query: dict[Query[Any, Any], list[Node]] = {}
        for node in nodes:
            by_query.setdefault(node.query, []).append(node)
        ordered = [node for found in by_query.values() for node in found]
        at_of = {node: at for at, node in enumerate(ordered)}.__getitem__
        columns = {
            query.name: Column(
                keys=[node.key for node in found],
                changed=[node.changed for node in found],
                verified=[node.verified for node in found],
                deps=[array("I", map(at_of, node.deps or ())).tobytes() for node in found],
                values=[msgspec.Raw(_raw(node)) for node in found],
            )
            for query, found in by_query.items()
        }
        self.news = False
        return msgspec.msgpack.encode(Document(revision=self.revision, columns=columns))

    def _reachable(self, roots: Iterable[tuple[Query[Any, Any], Any]]) -> list[Node]:
        found = [self._nodes[root] for root in roots if root in self._nodes]
        todo = [node for node in found if node.deps is not None]
        seen = dict.fromkeys(todo)
        while todo:
            new = [dep for dep in todo.pop().deps or () if dep not in seen]
            seen.update(dict.fromkeys(new))
            todo += new
        return list(seen)

    def load(self, data: bytes, queries: Iterable[Query[Any, Any]]) -> None:
        """Take in what was dumped.

        Args:
            data: as `dump` gave it.
            queries: all that may be in it.

        Raises:
            ValueError: it is no such document.
        """
        document = _document.decode(data)
        known = {query.name: query for query in queries}
        made: list[tuple[Node, bytes]] = []
        for name, column in document.columns.items():
            if name not in known:
                raise ValueError(name)
            made.extend(_nodes(known[name], column))
        nodes = [node for node, _ in made]
        for node, deps in made:
            node.deps = _Deps(nodes, deps)
            self._nodes[node.query, node.key] = node
        self.revision = document.revision
        self.news = False


class _Deps:
    """Look-ups by their positions; resolved when they are walked through."""

    __slots__ = ("_nodes", "_places")

    def __init__(self, nodes: list[Node], places: bytes) -> None:
        self._nodes = nodes
        self._places = places

    def __iter__(self) -> Iterator[Node]:
        return map(self._nodes.__getitem__, memoryview(self._places).cast("I"))


def _nodes(query: Query[Any, Any], column: Column) -> Iterator[tuple[Node, bytes]]:
    fields = (column.keys, column.changed, column.verified, column.deps, column.values)
    for key, changed, verified, deps, raw in zip(*fields, strict=True):
        node = Node(query, tuple(key) if isinstance(key, list) else key)
        node.changed, node.verified = changed, verified
        node.raw = _ANY.decode(raw) if query.hashed else bytes(raw)
        yield node, deps


def _raw(node: Node) -> bytes:
    """An answer, or its digest, as it is kept."""
    if node.query.hashed:
        return _encode(node.raw)
    if node.raw is None:
        node.raw = _encode(node.value)
    return node.raw
