"""Pages of Logseq 2 as trees of nodes, and their text in the Markdown of file graphs.

Both the database and its Markdown mirror are read into these nodes, so that everything else knows
one form of page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from tangle.errors import TangleError
from tangle.parse import parse

NodeKind = Literal["text", "code", "math", "quote"]

DEEPEST: Final = 200
"""Levels of blocks that are read; reading and writing a level needs some of the stack."""

_REFERENCE: Final = re.compile(
    r"\[\[([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\]\]"
)
_UNSAFE: Final = re.compile(r'[%:\\*?"<>|#\x00-\x1f]|^\.')
"""What cannot stand in the name of a file, or would hide it."""

_LONGEST_NAME: Final = 200
"""Bytes; file systems allow 255, with the suffix."""

_CONSTRUCT: Final = re.compile(r"\s*(?:```|~~~|\$\$|>|:\w|#\+|\||<)")
"""What begins a construct: a fence, formula, quote, drawer, table, HTML."""

_END_SRC: Final = re.compile(r"^\s*#\+END_SRC", re.IGNORECASE | re.MULTILINE)
_FENCES: Final = ("```", "~~~")
_BLOCK_START: Final = re.compile(r"^(\s*)([-+*]\s|[-+*]$|#+\s|```|~~~|id::)", re.IGNORECASE)


class TooDeep(TangleError):
    """Blocks nest more deeply than is read."""

    def __init__(self) -> None:
        """Say how deep they may be."""
        super().__init__(f"its blocks nest deeper than {DEEPEST} levels")


class Node(Struct, frozen=True, kw_only=True):
    """A block.

    Attributes:
        id: its UUID; empty where the source has none.
        text: without marks: the code of a code block, the formula of a formula.
        language: of a code block.
        heading: level, 0 for none.
        numbered: whether it is an item of a numbered list.
        task: marker of a task, such as `TODO`; empty for others.
        properties: name and value of the user's own.
    """

    id: str = ""
    kind: NodeKind = "text"
    text: str = ""
    language: str = ""
    heading: int = 0
    numbered: bool = False
    task: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    children: tuple[Node, ...] = ()


class NodePage(Struct, frozen=True, kw_only=True):
    """A page.

    Attributes:
        day: of a page of the journal, as 20261128; 0 for others.
    """

    id: str
    title: str
    day: int = 0
    properties: tuple[tuple[str, str], ...] = ()
    blocks: tuple[Node, ...] = ()


def page_paths(pages: Iterable[NodePage]) -> Iterator[str]:
    """Yield the path of each page in a graph of files; no two differ only by case."""
    taken: set[str] = set()
    for page in pages:
        path = f"{'journals' if page.day else 'pages'}/{_file_name(page)}"
        if path.casefold() in taken:
            path = f"{path} {_digest(page.title)}"
        taken.add(path.casefold())
        yield f"{path}.md"


def page_text(
    page: NodePage, stem: str, titles: Mapping[str, str], outputs: Mapping[str, Sequence[str]]
) -> str:
    """Return a page in the Markdown of file graphs.

    Args:
        page: the page.
        stem: the name of its file, without its suffix.
        titles: of all pages, by their UUIDs.
        outputs: lines of output blocks by the UUID of the block that they belong under; they
            begin at no indentation.
    """
    writer = _Writer(titles, outputs)
    # Logseq takes properties at the beginning of a page's first block for the page's own.
    opens = any(line for block in page.blocks[:1] for line in writer.head(block))
    head = [f"title:: {page.title}"] if opens or page.title != stem else []
    head += [f"{name}:: {value}" for name, value in page.properties if value]
    lines = [*head, ""] if head else []
    for block in page.blocks:
        lines += writer.block(block, "")
    return "".join(f"{line}\n" for line in lines)


def _file_name(page: NodePage) -> str:
    """Return the name of a page's file, without its suffix: what Logseq's file graphs would use."""
    if page.day:
        digits = str(page.day)
        return f"{digits[:4]}_{digits[4:6]}_{digits[6:]}"
    title = page.title.replace("/", "___")
    name = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", title)
    if len(name.encode("utf-8", "replace")) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME // 8]} {_digest(page.title)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _begins_with_properties(node: Node) -> bool:
    """Whether the body is a construct: properties after it would not be read as such."""
    return node.kind != "text" or _CONSTRUCT.match(node.text) is not None


class _Writer:
    def __init__(self, titles: Mapping[str, str], outputs: Mapping[str, Sequence[str]]) -> None:
        self._titles = titles
        self._outputs = outputs

    def block(self, node: Node, indent: str) -> Iterator[str]:
        """The lines of a block and of those below it."""
        first, *rest = [*self.head(node), *self._body(node)] or [""]
        yield f"{indent}- {first}".rstrip() if not first else f"{indent}- {first}"
        yield from (f"{indent}  {line}" if line else "" for line in rest)
        below = f"{indent}\t"
        yield from (f"{below}{line}" if line else "" for line in self._outputs.get(node.id, ()))
        for child in node.children:
            yield from self.block(child, below)

    def head(self, node: Node) -> Iterator[str]:
        """Properties come first where the body begins with a fence or another construct."""
        if _begins_with_properties(node):
            yield from self._properties(node)

    def _properties(self, node: Node) -> Iterator[str]:
        yield from (f"{name}:: {value}" for name, value in node.properties if value)
        if node.numbered:
            yield "logseq.order-list-type:: number"
        if node.id:
            yield f"id:: {node.id}"

    def _body(self, node: Node) -> Iterator[str]:
        match node.kind:
            case "code" if not (_has_fence(node.text) and _END_SRC.search(node.text)):
                yield from _fenced(node.text, node.language)
            case "math" if "$$" not in node.text:
                yield from ("$$", *node.text.split("\n"), "$$")
            case "quote":
                yield from (f"> {line}".rstrip() for line in self._linked(node.text).split("\n"))
            case _:
                yield from self._text(node)

    def _text(self, node: Node) -> Iterator[str]:
        marks = ("#" * node.heading + " " if node.heading else "") + (
            f"{node.task} " if node.task else ""
        )
        properties = () if _begins_with_properties(node) else tuple(self._properties(node))
        first, *rest = _kept_together(self._linked(node.text).split("\n"), properties)
        yield f"{marks}{first}"
        yield from rest

    def _linked(self, text: str) -> str:
        """Text whose references are those of file graphs: pages by title, blocks in parentheses."""
        return _REFERENCE.sub(
            lambda found: (
                f"[[{self._titles[found[1]]}]]" if found[1] in self._titles else f"(({found[1]}))"
            ),
            text,
        )


def _kept_together(lines: Sequence[str], properties: Sequence[str]) -> list[str]:
    """Return the lines of a block so that they begin no block, and no code of those that follow.

    Args:
        lines: of its text.
        properties: those that come after the first line.
    """
    words = [_as_words(line) for line in lines]
    code = _code_lines(lines)
    shown = [line if number in code else words[number] for number, line in enumerate(lines)]
    for found in (shown, words):
        found[1:1] = properties
    return shown if not code or _ends_before_next_block(shown) else words


def _code_lines(lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that are code between fences, which any fence closes."""
    found: set[int] = set()
    opener: int | None = None
    for number, line in enumerate(lines):
        if not line.lstrip().startswith(_FENCES):
            continue
        if opener is None:
            opener = number
        else:
            found.update(range(opener, number + 1))
            opener = None
    return found


def _as_words(line: str) -> str:
    return _BLOCK_START.sub(r"\1\\\2", line)


def _ends_before_next_block(lines: Sequence[str]) -> bool:
    """Whether code in the block after a text is still that: a fence in a quote may not close."""
    text = "\n".join(f"  {line}" if line else "" for line in lines)[2:]
    page = parse(f"- {text}\n- ```\n  next\n  ```\n".encode("utf-8", "replace"))
    return len(page.blocks) == 2 and page.fences[-1].text == "next\n"


def _has_fence(code: str) -> bool:
    return any(line.lstrip().startswith(_FENCES) for line in code.split("\n"))


def _fenced(code: str, language: str) -> Iterator[str]:
    """Code between lines that none of it ends; each of both kinds of fence ends the other."""
    lines = code.split("\n")
    if _has_fence(code):
        yield from (f"#+BEGIN_SRC {language}".rstrip(), *lines, "#+END_SRC")
    else:
        yield from (f"```{language}", *lines, "```")
