"""Database graphs of Logseq 2, written for tests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

CODE = {
    "block/tags": 7,
    "logseq.property.node/display-type": ":code",
    "logseq.property.code/lang": "python",
}
"""What makes a block one of code."""

Facts = Mapping[str, Any]


def page(title: str, **more: Any) -> dict[str, Any]:
    """The facts of a page; its UUID comes from its title."""
    return {
        "block/name": title.lower(),
        "block/title": title,
        "block/uuid": f"~u{uuid(title)}",
        **more,
    }


def block(text: str, parent: int, order: str, **more: Any) -> dict[str, Any]:
    """The facts of a block; its UUID comes from its text."""
    facts = {
        "block/title": text,
        "block/parent": parent,
        "block/order": order,
        "block/uuid": f"~u{uuid(text)}",
    }
    return facts | {name.replace("__", "/"): value for name, value in more.items()}


def uuid(text: str) -> str:
    """A UUID that depends on a text."""
    import uuid as library

    return str(library.uuid5(library.NAMESPACE_URL, text))


def write_database(
    path: Path,
    entities: Mapping[int, Facts],
    *,
    tail: Iterable[tuple[int, str, Any, int]] = (),
    major: int = 65,
) -> None:
    """Write a graph: facts in two leaves below a branch, later ones in the tail.

    Args:
        path: of the file.
        entities: facts by number; a list holds several values.
        tail: entity, attribute, value and transaction; a negative one takes the fact back.
        major: version of the schema.
    """
    version = {"db/ident": ":logseq.kv/schema-version", "kv/value": ["^ ", "~:major", major]}
    datoms = [
        [number, f"~:{name}", _value(one), 1]
        for number, facts in sorted({**entities, 9000: version}.items())
        for name, value in sorted(facts.items())
        for one in (value if isinstance(value, list) and name != "kv/value" else [value])
    ]
    half = len(datoms) // 2
    root = ["^ ", "~:schema", ["^ "], "~:eavt", 10]
    rows = [
        (0, json.dumps(root), None),
        (1, json.dumps([[[e, f"~:{a}", _value(v), t]] for e, a, v, t in tail]), None),
        (10, json.dumps(["^ ", "~:keys", []]), json.dumps([11, 12])),
        (11, json.dumps(["^ ", "~:keys", datoms[:half]]), None),
        (12, json.dumps(["^ ", "~:keys", datoms[half:]]), None),
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE kvs (addr INTEGER primary key, content TEXT, addresses JSON)"
        )
        connection.executemany("INSERT INTO kvs VALUES (?, ?, ?)", rows)


def _value(value: Any) -> Any:
    """A keyword where a text begins with a colon."""
    return f"~{value}" if isinstance(value, str) and value.startswith(":") else value
