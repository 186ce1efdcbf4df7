"""Logseq's own parser, asked for outlines: what `tangle.parse` is compared with.

Needs node and mldoc. `make mldoc` installs mldoc into the environment; the variable `TANGLE_MLDOC`
names another folder in which `npm install mldoc@1.5.7` was run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tangle.model import Page
from tangle.parse import parse
from tangle.parse.properties import is_valid_key, normal_key

FOLDER = Path(os.environ.get("TANGLE_MLDOC") or Path(sys.prefix) / "mldoc")
_SCRIPT = Path(__file__).with_name("mldoc_outline.js")

_ODD_LINE = re.compile(
    r"^[ \t\f]*(?:- *)?(?:[A-Z-]+ |#+ )?(?:[\u00a0\u3000]|[*+] |\d+\. )|\r\r\n", re.MULTILINE
)
"""Lines that may be others in the block as it is shown than in the file: then so is the code."""


def absent(folder: Path = FOLDER) -> str | None:
    """Why mldoc cannot be asked, or None where it can."""
    if shutil.which("node") is None:
        return "there is no node"
    if not (folder / "node_modules" / "mldoc" / "index.js").is_file():
        return f"there is no mldoc in {folder}: run `make mldoc`"
    return None


def outlines(texts: Sequence[str], folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The outlines of some pages, from a fresh process."""
    done = subprocess.run(
        ["node", "--stack-size=8000", str(_SCRIPT), str(folder)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def differences(text: str, theirs: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """In what the two outlines of a page differ: for each respect ours and Logseq's."""
    page = parse(text.encode("utf-8", "surrogatepass"))
    found: dict[str, tuple[object, object]] = {}
    for name, (ours, other) in {
        "blocks": (_blocks(page), _their_blocks(theirs)),
        "properties": (_properties(page), _their_properties(theirs)),
        "ids": ([b.id for b in page.blocks], [b["id"] for b in theirs["blocks"]]),
        "references": (_references(page), [b["refs"] for b in theirs["blocks"]]),
        "code": (_code(page), _their_code(theirs)),
        "code starts": (_starts(page), _their_starts(theirs)),
    }.items():
        if ours != other:
            found[name] = (ours, other)
            if name == "blocks":
                break  # what follows differs for that reason
    if found.keys() == {"code starts"} and (_may_differ(page, theirs) or _ODD_LINE.search(text)):
        return {}
    return found


def _blocks(page: Page) -> list[tuple[object, ...]]:
    return [
        (b.kind, b.span.start, b.span.end, b.indent + 1 if b.kind == "bullet" else 1, b.heading)
        for b in page.blocks
    ]


def _their_blocks(theirs: dict[str, Any]) -> list[tuple[object, ...]]:
    return [
        (b["kind"], b["start"], b["end"], b["level"], b.get("size", 0)) for b in theirs["blocks"]
    ]


def _properties(page: Page) -> list[tuple[list[tuple[str, str]], list[str]]]:
    return [
        ([(p.key, p.value) for p in b.properties], [p.key for p in b.ignored]) for b in page.blocks
    ]


def _their_properties(
    theirs: dict[str, Any],
) -> list[tuple[list[tuple[str, str]], list[str]]]:
    found = []
    for block in theirs["blocks"]:
        runs: list[list[list[Any]]] = block["runs"]
        if block["kind"] == "pre" and theirs["directives"]:
            runs = [theirs["directives"], *runs]
        first, *rest = runs or [[]]
        pairs = [(normal_key(key), value.strip()) for key, value, *_ in first]
        found.append(
            (
                [(key, value) for key, value in pairs if is_valid_key(key)],
                [normal_key(key) for run in rest for key, *_ in run],
            )
        )
    return found


def _code(page: Page) -> list[list[tuple[str, str]]]:
    return [
        [(" ".join((f.language, *f.options)), f.text) for f in page.fences if f.block == index]
        for index in range(len(page.blocks))
    ]


def _their_code(theirs: dict[str, Any]) -> list[list[tuple[str, str]]]:
    return [[(words, text) for words, text in b["code"]] for b in theirs["blocks"]]


def _references(page: Page) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in page.blocks]
    for reference in page.references:
        found[reference.block].append(f"{reference.kind} {reference.target}")
    return [sorted(references) for references in found]


def _starts(page: Page) -> list[list[int]]:
    return [
        [f.span.start for f in page.fences if f.block == index and f.nested is None]
        for index in range(len(page.blocks))
    ]


def _their_starts(theirs: dict[str, Any]) -> list[list[int]]:
    return [[start for start, _ in b["spans"]] for b in theirs["blocks"]]


def _may_differ(page: Page, theirs: dict[str, Any]) -> bool:
    """Whether Logseq shows code that the file's own outline does not have.

    That is so for code within `#+BEGIN_NOTE`, and where the indentation that is taken off turns
    lists into text or text into lists.
    """
    return any(
        len(spans) != len(block["code"]) or len(spans) != len(starts)
        for starts, spans, block in zip(
            _starts(page), _their_starts(theirs), theirs["blocks"], strict=True
        )
    )
