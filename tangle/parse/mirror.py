"""Pages of the Markdown mirror that Logseq 2 writes beside a database graph.

Its dialect differs from that of file graphs: two spaces a level, the page's `id::` first,
properties as `* key:: value` after the content, numbered blocks as `1.`, fences as long as the code
needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tangle.parse.nodes import DEEPEST, Node, NodePage, TooDeep

_BLOCK: Final = re.compile(r"( *)(-|\d+\.)(?: (.*))?$")
_PROPERTY: Final = re.compile(r"( *)\* ([^:\s][^:]*)::(?: (.*))?$")
_FENCE: Final = re.compile(r"(`{3,}|~{3,})\s*([^`\s]*)[^`]*$")
_HEADING: Final = re.compile(r"(#{1,6}) (.*)$")
_STEP: Final = 2


def mirror_page(text: str, title: str, day: int = 0) -> NodePage:
    """Return the page that a file of a mirror holds.

    Args:
        text: of the file.
        title: of the page, as its file is called.
        day: of a page of the journal, as 20261128; 0 for others.

    Raises:
        TooDeep: blocks nest too deeply.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    reader = _Reader(lines)
    identity = ""
    if lines[0].startswith("id:: "):
        identity = lines[0].removeprefix("id:: ").strip()
        reader.at = 1
    properties = reader.properties(0)
    return NodePage(
        id=identity, title=title, day=day, properties=properties, blocks=reader.blocks(0)
    )


class _Reader:
    """Reads lines from the top; `at` is the next one."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.at = 0
        self._level = 0

    def _next(self) -> str | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    def blocks(self, indent: int) -> tuple[Node, ...]:
        """The blocks at an indentation, with all below them."""
        found: list[Node] = []
        while (line := self._next()) is not None:
            block = _BLOCK.match(line)
            if block is None:
                if line.strip() and (found or indent):
                    break
                self.at += 1
            elif len(block[1]) < indent:
                break
            else:
                found.append(self._block(len(block[1]), block[2] != "-", block[3] or ""))
        return tuple(found)

    def _block(self, indent: int, numbered: bool, first: str) -> Node:
        self.at += 1
        inner = indent + _STEP
        content = self._content(first, inner)
        self._level += 1
        if self._level > DEEPEST:
            raise TooDeep
        properties = self.properties(inner)
        children = self.blocks(inner)
        self._level -= 1
        return _node(content, numbered, properties, children)

    def _content(self, first: str, inner: int) -> list[str]:
        """The lines of a block's own text, without its indentation; a fence holds anything."""
        found = [first]
        fence = _opened(first)
        while (line := self._next()) is not None:
            stripped = line[inner:] if not line[:inner].strip() else None
            if fence and (stripped is not None or not line.strip()):
                text = stripped or ""
                fence = "" if _closes(text, fence) else fence
            elif stripped is None or not line.strip() or _starts(line):
                break
            else:
                text = stripped
                fence = _opened(text)
            found.append(text)
            self.at += 1
        return found

    def properties(self, indent: int) -> tuple[tuple[str, str], ...]:
        """The `* key:: value` lines at an indentation; values may be items below."""
        found: list[tuple[str, str]] = []
        while (line := self._next()) is not None:
            match = _PROPERTY.match(line)
            if match is None or len(match[1]) != indent:
                break
            self.at += 1
            values = [match[3].strip()] if match[3] else []
            values += [node.text for node in self.blocks(indent + _STEP)]
            found.append((match[2].strip(), ", ".join(values)))
        return tuple(found)


def _starts(line: str) -> bool:
    return _BLOCK.match(line) is not None or _PROPERTY.match(line) is not None


def _opened(line: str) -> str:
    """The fence that a line opens; empty where it opens none."""
    match = _FENCE.match(line.strip())
    return match[1] if match else ""


def _closes(line: str, fence: str) -> bool:
    text = line.strip()
    return len(text) >= len(fence) and not text.strip(fence[0])


def _node(
    content: list[str],
    numbered: bool,
    properties: tuple[tuple[str, str], ...],
    children: tuple[Node, ...],
) -> Node:
    fence = _FENCE.match(content[0])
    if fence and len(content) > 1 and _closes(content[-1], fence[1]):
        code = "\n".join(content[1:-1])
        return Node(
            kind="code", text=code, language=fence[2], properties=properties, children=children
        )
    if content[0].strip() == "$$" and content[-1].strip() == "$$" and len(content) > 1:
        formula = "\n".join(content[1:-1])
        return Node(kind="math", text=formula, properties=properties, children=children)
    heading = _HEADING.match(content[0])
    if heading:
        content = [heading[2], *content[1:]]
    return Node(
        text="\n".join(content),
        heading=len(heading[1]) if heading else 0,
        numbered=numbered,
        properties=properties,
        children=children,
    )
