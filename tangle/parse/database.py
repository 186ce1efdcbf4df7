"""The entities of a database graph of Logseq 2, from the contents of its table.

Address 0 has the schema and the address of the tree of all facts; its leaves hold them, sorted by
entity. Address 1 has the transactions that are not in the tree yet; a negative transaction takes a
fact back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tangle.errors import TangleError
from tangle.parse.transit import BadTransit, Keyword, read_transit

_ROOT: Final = 0
_TAIL: Final = 1
_MAJOR: Final = 65

Rows = Mapping[int, tuple[str, str | None]]
"""Contents by address, with the addresses of their parts as JSON."""

Entity = Mapping[str, list[Any]]
"""Values by attribute; most attributes have one."""


class UnreadableDatabase(TangleError):
    """The table does not hold a graph, or one of another line of Logseq."""


def entities(rows: Rows) -> dict[int, Entity]:
    """Return the entities of a graph, by number.

    Args:
        rows: contents by address.

    Raises:
        UnreadableDatabase: its table is damaged, or its schema has another major version.
    """
    try:
        facts = _facts(rows)
    except (BadTransit, LookupError, TypeError, ValueError, AttributeError) as error:
        raise damaged(str(error)) from error
    _check_schema(facts)
    return facts


def damaged(why: str) -> UnreadableDatabase:
    """Return the error for a table that no Logseq would write."""
    return UnreadableDatabase(f"its table is damaged ({why})")


def _facts(rows: Rows) -> dict[int, Entity]:
    if _ROOT not in rows:
        raise LookupError("it has no root")
    root = read_transit(rows[_ROOT][0])
    facts: defaultdict[int, dict[str, list[Any]]] = defaultdict(dict)
    for entity, name, value, *_ in _stored(rows, root):
        facts[entity].setdefault(str(name), []).append(value)
    for transaction in read_transit(rows[_TAIL][0]) if _TAIL in rows else ():
        for entity, name, value, number in transaction:
            _apply(facts[entity], str(name), value, added=number > 0, schema=root)
    return dict(facts)


def _stored(rows: Rows, root: Any) -> Iterator[list[Any]]:
    todo = [root.get("eavt")]
    seen: set[int] = set()
    while todo:
        address = todo.pop()
        if address not in rows or address in seen:
            raise LookupError(f"nothing, or no tree, belongs at {address}")
        seen.add(address)
        content, below = rows[address]
        if below:
            todo += reversed(json.loads(below))
        else:
            yield from read_transit(content)["keys"]


def _apply(
    entity: dict[str, list[Any]], name: str, value: Any, *, added: bool, schema: Any
) -> None:
    values = entity.setdefault(name, [])
    if not added:
        entity[name] = [one for one in values if one != value]
        return
    facts = schema.get("schema", {}).get(Keyword(name), {})
    many = isinstance(facts, dict) and facts.get("db/cardinality") == "db.cardinality/many"
    if not many:
        values.clear()
    if value not in values:
        values.append(value)


def _check_schema(facts: Mapping[int, Entity]) -> None:
    for entity in facts.values():
        if entity.get("db/ident") == ["logseq.kv/schema-version"]:
            (version,) = entity.get("kv/value", [None])
            major = version.get("major") if isinstance(version, dict) else version
            if major != _MAJOR:
                raise _unknown(f"its schema is {major!r}")
            return
    raise _unknown("it does not say its schema")


def _unknown(schema: str) -> UnreadableDatabase:
    return UnreadableDatabase(f"{schema}, and tangle reads {_MAJOR}.x")
