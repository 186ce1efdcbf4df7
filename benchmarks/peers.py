"""How long one Python parser takes for some pages: what `benchmarks.parse` runs as a process.

    python benchmarks/peers.py NAME FOLDER < pages.json

FOLDER is put first where modules are looked for. Prints the seconds of a pass, and what the
parser found: for each page the levels of its blocks, in order, and the texts of its code.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple


class Found(NamedTuple):
    """What a parser made of one page."""

    levels: list[int]
    code: list[str]


class Peer(NamedTuple):
    """A parser: what parses one page, and what reads the result for comparison, not timed."""

    parse: Callable[[str], Any]
    found: Callable[[Any], Found]


_LEAST = 0.5
"""Seconds that are measured at least; a small graph is read over and over."""
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^([ \t]*)```", re.MULTILINE | re.DOTALL)


def _code_in(content: str) -> list[str]:
    """The code in a block's text, for parsers that leave its indentation on: less the closer's."""
    return [
        "".join(line.removeprefix(white) for line in text.splitlines(keepends=True))
        for text, white in _FENCE.findall(content)
    ]


def _tangle() -> Peer:
    from tangle.parse import parse

    def found(page: Any) -> Found:
        levels = [block.level for block in page.blocks if block.kind != "pre"]
        return Found(levels, [fence.text for fence in page.fences])

    return Peer(lambda text: parse(text.encode()), found)


def _logseq_python() -> Peer:
    utils = importlib.import_module("logseq_py.utils").LogseqUtils

    def found(blocks: Sequence[Any]) -> Found:
        contents = [block.content for block in blocks]
        code = [text for content in contents for text in _code_in(content)]
        return Found([block.level + 1 for block in blocks], code)

    return Peer(lambda text: utils.parse_blocks_from_content(text, "page"), found)


def _logseq_matryca() -> Peer:
    logging.disable(logging.CRITICAL)
    parser = importlib.import_module("logseq_matryca_parser.logos_parser").LogosParser()

    def walk(nodes: Sequence[Any], level: int) -> Iterator[tuple[int, str]]:
        for node in nodes:
            yield level, node.content
            yield from walk(node.children, level + 1)

    def found(page: Any) -> Found:
        nodes = list(walk(page.root_nodes, 1))
        code = [text for _, content in nodes for text in _code_in(content)]
        return Found([level for level, _ in nodes], code)

    return Peer(parser.parse, found)


def _markdown_it() -> Peer:
    from markdown_it import MarkdownIt

    def found(tokens: Sequence[Any]) -> Found:
        levels, level = [], 0
        for token in tokens:
            if token.type == "list_item_open":
                level += 1
                levels.append(level)
            elif token.type == "list_item_close":
                level -= 1
        return Found(levels, [token.content for token in tokens if token.type == "fence"])

    return Peer(MarkdownIt("commonmark").parse, found)


def _mistune() -> Peer:
    def walk(tokens: Sequence[Any], level: int, into: Found) -> Found:
        for token in tokens:
            item = token["type"] == "list_item"
            if item:
                into.levels.append(level + 1)
            if token["type"] == "block_code" and token.get("style") == "fenced":
                into.code.append(token["raw"])
            walk(token.get("children", ()), level + item, into)
        return into

    parse = importlib.import_module("mistune").create_markdown(renderer="ast")
    return Peer(parse, lambda tokens: walk(tokens, 0, Found([], [])))


PEERS: dict[str, Callable[[], Peer]] = {
    "tangle": _tangle,
    "logseq-python": _logseq_python,
    "logseq-matryca-parser": _logseq_matryca,
    "markdown-it-py": _markdown_it,
    "mistune": _mistune,
}


def main() -> None:
    """Time the passes, and print what was found."""
    name, folder = sys.argv[1:]
    sys.path.insert(0, folder)
    pages: list[str] = json.load(sys.stdin)
    peer = PEERS[name]()
    for text in pages[:20]:  # what a parser sets up at its first use is not counted
        peer.parse(text)
    began, passes, seconds = time.perf_counter(), 0, 0.0
    parsed: list[Any] = []
    while seconds < _LEAST:
        parsed = [peer.parse(text) for text in pages]
        passes += 1
        seconds = time.perf_counter() - began
    version = "" if name == "tangle" else importlib.metadata.version(name)
    found = [peer.found(one) for one in parsed]
    json.dump({"seconds": seconds / passes, "version": version, "found": found}, sys.stdout)


if __name__ == "__main__":
    main()
