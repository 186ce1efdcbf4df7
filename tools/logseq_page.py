"""Reads pages of a graph with mldoc, Logseq's own parser, and says what of them a reader sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tangle.parse.edn import EdnForm, read_edn

Node = Sequence[Any]

ROOT: Final = Path(__file__).resolve().parents[1]
MLDOC: Final = Path(os.environ.get("TANGLE_MLDOC") or Path(sys.prefix) / "mldoc")
KATEX: Final = Path(sys.prefix) / "katex"
_SCRIPT: Final = Path(__file__).with_name("logseq_blocks.js")
_TIMEOUT: Final = 120

BUILT_IN: Final = frozenset(
    """id custom-id background-color heading collapsed created-at updated-at last-modified-at
    query-table query-properties query-sort-by query-sort-desc ls-type hl-type hl-page hl-stamp
    hl-color logseq.macro-name logseq.macro-arguments logseq.order-list-type todo doing now later
    done""".split()  # noqa: SIM905 -- as a list, one a line, it fills a page
)
"""Properties that Logseq hides on its own (`hidden-built-in-properties`)."""

EDITABLE: Final = frozenset(
    """title icon template template-including-parent public filters exclude-from-graph-view alias
    aliases tags macro filetags""".split()  # noqa: SIM905 -- likewise
)
"""Properties of Logseq's that get no page (`editable-built-in-properties`)."""

OF_PAGE: Final = frozenset({"title", "icon", "filters"})
"""Properties that Logseq hides at the top of a page (`hidden-editable-page-properties`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What of a graph's `config.edn` decides what a reader sees.

    Attributes:
        hidden: `:block-hidden-properties`.
        pages: `:property-pages/enabled?`.
        excluded: `:property-pages/excludelist`.
    """

    hidden: frozenset[str] = frozenset()
    pages: bool = True
    excluded: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str) -> Settings:
        """The settings that the text of a `config.edn` makes."""
        form = read_edn(text)
        entries = {} if form is None else {key.text: value for key, value in form.entries()}
        enabled = entries.get(":property-pages/enabled?")
        return Settings(
            hidden=_names(entries.get(":block-hidden-properties")),
            pages=enabled is None or enabled.text != "false",
            excluded=_names(entries.get(":property-pages/excludelist")),
        )


def _names(form: EdnForm | None) -> frozenset[str]:
    return frozenset(item.text.strip(':"') for item in form.items) if form else frozenset()


@dataclass(slots=True)
class Shown:
    """A block of the outline, with its children.

    Attributes:
        nodes: mldoc's, of the block's own text.
    """

    kind: str
    level: int
    nodes: Sequence[Node]
    children: list[Shown] = field(default_factory=list)

    @property
    def properties(self) -> Sequence[Sequence[Any]]:
        """Keys, values and references of the block's first run of properties."""
        runs = (node[1] for node in self.nodes if node[0] == "Property_Drawer")
        return next(iter(runs), ())

    @property
    def title(self) -> Mapping[str, Any]:
        """What mldoc says of the first line; empty of the text above the first bullet."""
        first = self.nodes[0] if self.nodes else ("", {})
        return first[1] if first[0] == "Heading" else {}


def can_read_pages() -> bool:
    """Whether node and mldoc are there."""
    return shutil.which("node") is not None and (MLDOC / "node_modules/mldoc").is_dir()


def read_pages(texts: Sequence[str]) -> list[list[Shown]]:
    """Return the outlines of pages; formulas are drawn where KaTeX is there.

    Args:
        texts: the pages.
    """
    command = ["node", "--no-warnings", str(_SCRIPT), str(MLDOC), str(KATEX)]
    given = json.dumps(texts)
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, timeout=_TIMEOUT
    )
    return [_nested(blocks) for blocks in json.loads(done.stdout)]


def _nested(blocks: Iterable[Mapping[str, Any]]) -> list[Shown]:
    """Nest blocks by their indentation, as Logseq does (logseq-spec.md, section 2)."""
    roots: list[Shown] = []
    above: list[Shown] = []
    for block in blocks:
        shown = Shown(block["kind"], block["level"], block["nodes"])
        deeper = []
        while above and above[-1].level >= shown.level:
            deeper.append(above.pop())
        if deeper and deeper[-1].level > shown.level:
            shown.level = deeper[-1].level
        (above[-1].children if above else roots).append(shown)
        above.append(shown)
    return roots


def property_pages(blocks: Iterable[Shown], settings: Settings) -> frozenset[str]:
    """Return the pages that Logseq makes of the blocks' properties: of keys, and of references.

    Args:
        blocks: the outline of a page.
        settings: of the graph.
    """
    found: set[str] = set()
    for block in blocks:
        for key, _, links in block.properties:
            name = key.lower().replace("_", "-").replace(" ", "-")
            found.update(_reference(link) for link in links)
            if settings.pages and name not in settings.excluded | BUILT_IN | EDITABLE:
                found.add(name)
        found |= property_pages(block.children, settings)
    return frozenset(found - {""})


def _reference(node: Node) -> str:
    """The page that a node of a property's value refers to."""
    if node[0] == "Tag":
        return "".join(part[1] for part in node[1] if part[0] == "Plain")
    if node[0] == "Link" and node[1]["url"][0] == "Page_ref":
        return str(node[1]["url"][1])
    return ""
