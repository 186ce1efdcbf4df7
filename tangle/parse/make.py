"""Create values that a page has many of, at a third of the usual cost.

A frozen dataclass sets each field by a call of `object.__setattr__`; for the twelve fields of a
block that took a tenth of the time that parsing takes. Here a class with the same slots, which is
not frozen, takes the fields and then becomes the real class, so that what a caller gets is the
frozen value itself and of that very type (tests/parse/test_make.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, cast

from tangle.model import Block, BlockKind, Fence, Property, Span, Uuid

NestedIn: TypeAlias = Literal["list", "quote"]


class _Span:
    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        object.__setattr__(self, "__class__", Span)


class _Property:
    __slots__ = ("key", "line", "name", "span", "value")

    def __init__(self, key: str, name: str, value: str, span: Span, line: int) -> None:
        self.key = key
        self.name = name
        self.value = value
        self.span = span
        self.line = line
        object.__setattr__(self, "__class__", Property)


class _Block:
    __slots__ = (
        *("kind", "span", "indent", "level", "parent", "title", "heading", "id"),
        *("properties", "ignored", "line", "content"),
    )

    def __init__(  # noqa: PLR0913, PLR0917  (the fields of a block)
        self,
        kind: BlockKind,
        span: Span,
        indent: int,
        level: int,
        parent: int,
        title: str,
        heading: int,
        id: Uuid | None,  # noqa: A002  (the field's name)
        properties: tuple[Property, ...],
        ignored: tuple[Property, ...],
        line: int,
        content: int,
    ) -> None:
        self.kind = kind
        self.span = span
        self.indent = indent
        self.level = level
        self.parent = parent
        self.title = title
        self.heading = heading
        self.id = id
        self.properties = properties
        self.ignored = ignored
        self.line = line
        self.content = content
        object.__setattr__(self, "__class__", Block)


class _Fence:
    __slots__ = (
        *("block", "language", "options", "span", "body", "text", "code", "line", "margins"),
        "nested",
    )

    def __init__(  # noqa: PLR0913, PLR0917  (the fields of a code block)
        self,
        block: int,
        language: str,
        options: tuple[str, ...],
        span: Span,
        body: Span,
        text: str,
        code: str,
        line: int,
        margins: tuple[int, ...],
        nested: NestedIn | None,
    ) -> None:
        self.block = block
        self.language = language
        self.options = options
        self.span = span
        self.body = body
        self.text = text
        self.code = code
        self.line = line
        self.margins = margins
        self.nested = nested
        object.__setattr__(self, "__class__", Fence)


_Properties: TypeAlias = tuple[Property, ...]

make_span = cast("Callable[[int, int], Span]", _Span)
make_property = cast("Callable[[str, str, str, Span, int], Property]", _Property)
make_block = cast(
    "Callable[[BlockKind, Span, int, int, int, str, int, Uuid | None, _Properties, _Properties,"
    " int, int], Block]",
    _Block,
)
make_fence = cast(
    "Callable[[int, str, tuple[str, ...], Span, Span, str, str, int, tuple[int, ...],"
    " NestedIn | None], Fence]",
    _Fence,
)
"""Each takes the fields by place, in the order in which the model declares them."""
