"""The pages of a database graph, from its entities."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tangle.parse.database import Entity
from tangle.parse.nodes import Node, NodeKind, NodePage

_KINDS: Final[Mapping[str, NodeKind]] = {"code": "code", "math": "math", "quote": "quote"}
_TASKS: Final = {
    "backlog": "LATER", "todo": "TODO", "doing": "DOING", "in-review": "DOING", "done": "DONE",
    "canceled": "CANCELED",
}  # fmt: skip
_SUFFIX: Final = re.compile("[A-Za-z0-9]{1,8}")
_NO_PAGES: Final = frozenset({"logseq.class/Property", "logseq.class/Whiteboard"})


def database_pages(found: Mapping[int, Entity]) -> tuple[NodePage, ...]:
    """Return the pages of a graph, those of Logseq itself left out, by title.

    Args:
        found: its entities.
    """
    return tuple(sorted(_Reader(found).pages(), key=lambda page: page.title))


class _Reader:
    def __init__(self, found: Mapping[int, Entity]) -> None:
        self._found = found
        self._below: defaultdict[int, list[int]] = defaultdict(list)
        for number, entity in found.items():
            if "logseq.property/created-from-property" not in entity:
                for parent in entity.get("block/parent", ()):
                    self._below[parent].append(number)
        self._names = {
            str(_one(entity, "db/ident")): str(_one(entity, "block/title") or "")
            for entity in found.values()
            if "db/ident" in entity
        }

    def pages(self) -> Iterator[NodePage]:
        for number, entity in self._found.items():
            if "block/name" in entity and not self._is_hidden(entity):
                yield NodePage(
                    id=str(_one(entity, "block/uuid") or ""),
                    title=str(_one(entity, "block/title") or ""),
                    day=int(_one(entity, "block/journal-day") or 0),
                    properties=self._properties(entity),
                    blocks=self._children(number, frozenset({number})),
                )

    def _is_hidden(self, entity: Entity) -> bool:
        tags = {_one(self._found.get(tag, {}), "db/ident") for tag in entity.get("block/tags", ())}
        return bool(
            _one(entity, "logseq.property/built-in?")
            or _one(entity, "logseq.property/hide?")
            or "logseq.property/deleted-at" in entity
            or not _NO_PAGES.isdisjoint(tags)
        )

    def _children(self, number: int, above: frozenset[int]) -> tuple[Node, ...]:
        order = sorted(
            self._below.get(number, ()),
            key=lambda n: (str(_one(self._found[n], "block/order") or ""), n),
        )
        return tuple(self._node(child, above | {child}) for child in order if child not in above)

    def _node(self, number: int, above: frozenset[int]) -> Node:
        entity = self._found[number]
        identity = str(_one(entity, "block/uuid") or "")
        title = str(_one(entity, "block/title") or "")
        suffix = str(_one(entity, "logseq.property.asset/type") or "")
        if _SUFFIX.fullmatch(suffix):
            title = f"![{title}](../assets/{identity}.{suffix})"
        kind = _KINDS.get(str(_one(entity, "logseq.property.node/display-type")), "text")
        return Node(
            id=identity,
            kind=kind,
            text=title + self._tags(entity, kind),
            language=str(_one(entity, "logseq.property.code/lang") or ""),
            heading=_whole(_one(entity, "logseq.property/heading")),
            numbered="logseq.property/order-list-type" in entity,
            task=self._task(entity),
            properties=self._properties(entity),
            children=self._children(number, above),
        )

    def _tags(self, entity: Entity, kind: NodeKind) -> str:
        """The tags of a user's own that the title does not name."""
        if kind != "text":
            return ""
        found = (self._found.get(tag, {}) for tag in entity.get("block/tags", ()))
        names = (str(_one(t, "block/title")) for t in found if not _one(t, _BUILT_IN))
        return "".join(f" #[[{name}]]" if " " in name else f" #{name}" for name in names)

    def _task(self, entity: Entity) -> str:
        status = self._found.get(_whole(_one(entity, "logseq.property/status")), {})
        ident = str(_one(status, "db/ident") or "")
        return _TASKS.get(ident.removeprefix("logseq.property/status."), "")

    def _properties(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        return tuple(
            (self._names.get(name) or name.partition("/")[2], ", ".join(map(self._value, values)))
            for name, values in sorted(entity.items())
            if name.startswith("user.property/")
        )

    def _value(self, value: Any) -> str:
        entity = self._found.get(value) if isinstance(value, int) else None
        if entity is None:
            return str(value).lower() if isinstance(value, bool) else str(value)
        if "block/name" in entity:
            return f"[[{_one(entity, 'block/title')}]]"
        content = _one(entity, "logseq.property/value")
        text = _one(entity, "block/title") if content is None else content
        return " ".join(str(text if text is not None else "").split("\n"))


_BUILT_IN: Final = "logseq.property/built-in?"


def _one(entity: Entity, name: str) -> Any:
    values = entity.get(name)
    return values[0] if values else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
