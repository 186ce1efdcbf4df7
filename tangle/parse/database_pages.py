"""The pages of a database graph, from its entities."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tangle.parse.database import Entity, damaged
from tangle.parse.nodes import DEEPEST, Node, NodeKind, NodePage, TooDeep

_KINDS: Final[Mapping[str, NodeKind]] = {"code": "code", "math": "math", "quote": "quote"}
_TASKS: Final = {
    "backlog": "LATER", "todo": "TODO", "doing": "DOING", "in-review": "DOING", "done": "DONE",
    "canceled": "CANCELED",
}  # fmt: skip
_SUFFIX: Final = re.compile("[A-Za-z0-9]{1,8}")
_UUID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE_END: Final = re.compile(r"\r\n?")
_DAYS: Final = range(1_01_01, 9999_12_32)
_HEADINGS: Final = range(1, 7)
_NO_PAGES: Final = frozenset({"logseq.class/Property", "logseq.class/Whiteboard"})


def database_pages(found: Mapping[int, Entity]) -> tuple[NodePage, ...]:
    """Return the pages of a graph, those of Logseq itself left out, by title.

    Values of another type than Logseq writes count as absent.

    Args:
        found: its entities.

    Raises:
        UnreadableDatabase: a block is below itself.
        TooDeep: blocks nest too deeply.
    """
    _check_tree(found)
    return tuple(sorted(_Reader(found).pages(), key=lambda page: page.title))


def _check_tree(found: Mapping[int, Entity]) -> None:
    """Check that no block is below itself: no page would show it, and its code would be lost."""
    checked: set[int] = set()
    for start in found:
        above: dict[int, None] = {}
        number = start
        while number in found and number not in checked:
            if number in above:
                raise damaged(f"block {_uuid(found[number]) or number} is below itself")
            above[number] = None
            number = _reference(found[number], "block/parent")
        checked.update(above)


class _Reader:
    def __init__(self, found: Mapping[int, Entity]) -> None:
        self._found = found
        self._below: defaultdict[int, list[int]] = defaultdict(list)
        for number, entity in found.items():
            # A page below a page of a namespace is none of its blocks.
            if entity.keys().isdisjoint(_NO_BLOCKS):
                self._below[_reference(entity, "block/parent")].append(number)
        self._names = {
            _text(entity, "db/ident"): _line(entity, "block/title")
            for entity in found.values()
            if "db/ident" in entity
        }

    def pages(self) -> Iterator[NodePage]:
        taken: set[str] = set()
        for number, entity in self._found.items():
            if "block/name" in entity and not self._is_hidden(entity):
                title = _line(entity, "block/title")
                if not title or title.casefold() in taken:  # pages may share one, with other tags
                    title = f"{title} {_uuid(entity) or number}".strip()
                taken.add(title.casefold())
                day = _reference(entity, "block/journal-day")
                yield NodePage(
                    id=_uuid(entity),
                    title=title,
                    day=day if day in _DAYS else 0,
                    properties=self._properties(entity),
                    blocks=self._children(number, 1),
                )

    def _is_hidden(self, entity: Entity) -> bool:
        tags = {_text(tag, "db/ident") for tag in self._tagged(entity)}
        return bool(
            _one(entity, "logseq.property/built-in?")
            or _one(entity, "logseq.property/hide?")
            or "logseq.property/deleted-at" in entity
            or not _NO_PAGES.isdisjoint(tags)
        )

    def _children(self, number: int, level: int) -> tuple[Node, ...]:
        order = sorted(
            self._below.get(number, ()), key=lambda n: (_text(self._found[n], "block/order"), n)
        )
        if order and level > DEEPEST:
            raise TooDeep
        return tuple(self._node(child, level) for child in order)

    def _node(self, number: int, level: int) -> Node:
        entity = self._found[number]
        identity = _uuid(entity)
        title = _text(entity, "block/title")
        suffix = _text(entity, "logseq.property.asset/type")
        if _SUFFIX.fullmatch(suffix) and identity:
            title = f"![{title}](../assets/{identity}.{suffix})"
        kind = _KINDS.get(_text(entity, "logseq.property.node/display-type"), "text")
        heading = _reference(entity, "logseq.property/heading")
        return Node(
            id=identity,
            kind=kind,
            text=title + self._tags(entity, kind),
            language=_line(entity, "logseq.property.code/lang").replace("`", ""),
            heading=heading if heading in _HEADINGS else 0,
            numbered="logseq.property/order-list-type" in entity,
            task=self._task(entity),
            properties=self._properties(entity),
            children=self._children(number, level + 1),
        )

    def _tagged(self, entity: Entity) -> Iterator[Entity]:
        for tag in entity.get("block/tags", ()):
            yield self._found.get(_whole(tag), {})

    def _tags(self, entity: Entity, kind: NodeKind) -> str:
        """The tags of a user's own that the title does not name."""
        if kind != "text":
            return ""
        tags = self._tagged(entity)
        names = (_line(tag, "block/title") for tag in tags if not _one(tag, _BUILT_IN))
        return "".join(f" #[[{name}]]" if " " in name else f" #{name}" for name in names if name)

    def _task(self, entity: Entity) -> str:
        status = self._found.get(_reference(entity, "logseq.property/status"), {})
        ident = _text(status, "db/ident")
        return _TASKS.get(ident.removeprefix("logseq.property/status."), "")

    def _properties(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        return tuple(
            (self._names.get(name) or name.partition("/")[2], ", ".join(map(self._value, values)))
            for name, values in sorted(entity.items())
            if name.startswith("user.property/")
        )

    def _value(self, value: Any) -> str:
        entity = self._found.get(_whole(value))
        if entity is None:
            text = _words(value)
        elif "block/name" in entity:
            text = f"[[{_text(entity, 'block/title')}]]"
        elif "logseq.property/value" in entity:
            text = _text(entity, "logseq.property/value")
        else:
            text = _text(entity, "block/title")
        return text.replace("\n", " ")


_BUILT_IN: Final = "logseq.property/built-in?"
_NO_BLOCKS: Final = frozenset({"block/name", "logseq.property/created-from-property"})


def _one(entity: Entity, name: str) -> Any:
    values = entity.get(name)
    return values[0] if values else None


def _reference(entity: Entity, name: str) -> int:
    """Return the entity, or another number, that an attribute names; 0 without one."""
    return _whole(_one(entity, name))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _uuid(entity: Entity) -> str:
    """Return an entity's UUID; empty without one."""
    found = _text(entity, "block/uuid")
    return found if _UUID.fullmatch(found) else ""


def _text(entity: Entity, name: str) -> str:
    """Return an attribute as text, its lines ended as those of Python; empty without one."""
    return _words(_one(entity, name))


def _line(entity: Entity, name: str) -> str:
    """Return an attribute as text of one line."""
    return _text(entity, name).replace("\n", " ").strip()


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        return ""
    text = str(value).encode("utf-8", "replace").decode()  # JSON can hold halves of characters
    return _LINE_END.sub("\n", text)
