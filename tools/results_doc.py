"""Writes docs/reference/results.md: every kind of result, its code, the note, and a picture.

`python tools/results_doc.py` runs the code of `result_kinds` in a separate graph, and draws the
pages with mldoc and Chromium. `--only TITLE` draws one kind again and leaves the text alone.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from logseq_html import page_html
from logseq_page import ROOT, Settings, Shown, can_read_pages, property_pages, read_pages
from page_pictures import browser, has_font, picture
from result_kinds import KINDS, ResultKind
from tangle.model import Block, Page, PagePath
from tangle.parse import parse
from tangle.write import PROPERTY
from tangle.write.settings_edits import EXCLUDED, HIDDEN, entry_line

DOCUMENT: Final = ROOT / "docs/reference/results.md"
PICTURES: Final = ROOT / "docs/images/results"

_NOTES: Final = ROOT / "notes"
_SETTINGS: Final = f"{{{entry_line(HIDDEN)}\n {entry_line(EXCLUDED)}}}\n"
_WIDE, _NARROW = 720, 400
_SECTIONS, _LONGEST = 5, 100
_SIGNS: Final = (r"!\[", r"^\s*\|.*\|$", r"^\s*```", r"\$\$", r"^\s*#\+BEGIN", r"^\s*[<*\w]")
"""What the kinds of results look like in an output block, one expression a kind."""

_TALLEST: Final = 2800
_MOST_LINES: Final = 24
_TIMEOUT: Final = 600

_INTRODUCTION: Final = """\
# Results

What tangle makes of a result: the code, what is in the note after `tangle run`, and the page as
a reader sees it. `make docs` makes this page and its pictures (`tools/results_doc.py`).

**What the pictures are.** Logseq's own parser, mldoc 1.5.7, reads the page, so blocks, fences,
tables, properties and links are those that Logseq finds. What is hidden follows the graph's
`config.edn`, by the rules in [logseq.md](../how-to/logseq.md). KaTeX draws the formulas, as in
Logseq. A style sheet of tangle's draws the rest, and Chromium takes the picture.

**What they are not.** They are no screenshots of Logseq: fonts, colours and distances only resemble
its own, and plugins, themes, queries and embeds are not drawn.
"""


_ABOUT_SECTIONS: Final = f"""\
The {_SECTIONS} parts of sections whose outputs show most kinds of results, as they are in
`notes/`: of those with at most {_LONGEST} lines, so that a picture holds them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A part of a page to show.

    Attributes:
        title: its heading.
        text: the part, as it is in the file.
        base: the folder of the page.
        says: what is said above it.
    """

    title: str
    text: str
    base: Path
    says: str = ""

    @property
    def name(self) -> str:
        """The name of its picture."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def main() -> None:
    """Write the page and its pictures, where mldoc and Chromium are there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", metavar="TITLE", help="draw this kind alone, and leave the text")
    only: str | None = options.parse_args().only
    if only is not None and only not in {kind.title for kind in KINDS}:
        options.error(f"there is no kind {only!r}")
    if (lack := _lacks()) is not None:
        print(f"docs/reference/results.md is left as it is: it needs {lack}")
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        kinds = [kind for kind in KINDS if only in (None, kind.title)]
        graph = _graph(Path(folder), [kind for kind in kinds if not kind.lacks()])
        examples = [_example(graph, kind) for kind in kinds if not kind.lacks()]
        for example in examples:
            _draw(example, Settings.of(_SETTINGS))
        if only is None:
            _write_document(examples)


def _lacks() -> str | None:
    """What is missing to draw the page, if anything."""
    if browser() is None or not can_read_pages():
        return "Chromium, node and mldoc (make mldoc)"
    if not has_font("zh"):
        return "a font with Chinese characters, such as Debian's fonts-noto-cjk"
    return None


def _write_document(examples: Sequence[Example]) -> None:
    shown = {example.title: example for example in examples}
    sections = list(_richest_sections())
    for section in sections:
        _draw(section, Settings.of((_NOTES / "logseq/config.edn").read_text(encoding="utf-8")))
    parts = [
        _INTRODUCTION,
        _hiding(shown["Text and figures in turn"]),
        "## Kinds of results\n",
        *(_kind_text(kind, shown.get(kind.title)) for kind in KINDS),
        f"## The shipped notes\n\n{_ABOUT_SECTIONS}\n",
        *map(_section_text, sections),
    ]
    DOCUMENT.write_text("\n".join(parts), encoding="utf-8")
    used = set(re.findall(r"images/results/([^)]+)\)", DOCUMENT.read_text(encoding="utf-8")))
    for left in PICTURES.iterdir():
        if left.name not in used:
            left.unlink()


# --- the graph of examples ---------------------------------------------------------------------


def _graph(folder: Path, kinds: Sequence[ResultKind]) -> Path:
    """A graph with a page for each kind, and their results."""
    (folder / "logseq").mkdir()
    (folder / "pages").mkdir()
    (folder / "logseq/config.edn").write_text(_SETTINGS, encoding="utf-8")
    for kind in kinds:
        page = folder / f"pages/{kind.title}.md"
        page.write_text("\n".join(_chunk(kind)) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(folder), "run", "--all"]
    # A chunk that fails is one of the kinds.
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    stop = [*command[:-2], "server", "stop"]
    subprocess.run(stop, capture_output=True, check=True, timeout=_TIMEOUT)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return folder


def _chunk(kind: ResultKind) -> list[str]:
    """The lines of a page with a kind's code."""
    lines = [*kind.properties, "```python", *kind.code.split("\n"), "```"]
    return [f"- {lines[0]}", *(f"  {line}".rstrip() for line in lines[1:])]


def _example(graph: Path, kind: ResultKind) -> Example:
    text = (graph / f"pages/{kind.title}.md").read_text(encoding="utf-8")
    return Example(title=kind.title, text=text, says=kind.says, base=graph / "pages")


# --- the shipped notes -------------------------------------------------------------------------


def _richest_sections() -> Iterator[Example]:
    """The numbered parts of sections that show most kinds of results, each of another section."""
    found: list[tuple[tuple[int, ...], str, str, str]] = []
    for path in sorted(_NOTES.glob("pages/*.md")):
        page = parse(path.read_bytes(), PagePath(f"pages/{path.name}"))
        for index, block in enumerate(page.blocks):
            if (match := re.match(r"(\d+\.\d+)\.\d+\.? ", block.title)) is not None:
                inside = _subtree(page, index)
                text = page.data[block.span.start : inside[-1].span.end].decode()
                found.append((_richness(page, inside), block.title, match[1], text))
    found.sort(key=lambda one: (*(-count for count in one[0]), one[1]))
    taken: set[str] = set()
    for _, title, number, text in found:
        fits = text.count("\n") <= _LONGEST
        if fits and number not in taken and len(taken) < _SECTIONS:
            taken.add(number)
            yield Example(title=title, text=text, base=_NOTES / "pages")


def _subtree(page: Page, index: int) -> list[Block]:
    """A block and all below it."""
    inside = {index}
    for at in range(index + 1, len(page.blocks)):
        if page.blocks[at].parent not in inside:
            break
        inside.add(at)
    return [page.blocks[at] for at in sorted(inside)]


def _richness(page: Page, blocks: Sequence[Block]) -> tuple[int, ...]:
    """How many kinds of results the outputs among blocks show, and how many figures and outputs."""
    outputs = [
        page.data[block.span.start : block.content].decode()
        for block in blocks
        if any(item.key == PROPERTY for item in block.properties)
    ]
    kinds = sum(any(re.search(sign, text, re.MULTILINE) for text in outputs) for sign in _SIGNS)
    return kinds, sum(text.count("](../assets/") for text in outputs), len(outputs)


# --- text and pictures -------------------------------------------------------------------------


def _draw(example: Example, settings: Settings, *, width: int = _WIDE, name: str = "") -> None:
    [blocks] = read_pages([example.text])
    html = page_html(blocks, settings, base=example.base)
    picture(html, PICTURES / f"{name or example.name}.png", width=width, height=_TALLEST)


def _hiding(example: Example) -> str:
    """The section that shows what hiding changes, at two widths, and the pages that go."""
    [blocks] = read_pages([example.text])
    rows = []
    for label, text in (("before", "{}"), ("after", _SETTINGS)):
        settings = Settings.of(text)
        for width in (_WIDE, _NARROW):
            _draw(example, settings, width=width, name=f"{label}-{width}")
        rows.append(f"| {label} | {_pages(blocks, settings)} |\n")
    pictures = "\n\n".join(
        f"{label.capitalize()}, {width} pixels wide:\n\n"
        f"![The page {label} hiding, {width} pixels wide](../images/results/{label}-{width}.png)"
        for width in (_WIDE, _NARROW)
        for label in ("before", "after")
    )
    return (
        "## Before and after hiding\n\n"
        "`tangle init` offers two entries of `logseq/config.edn` that hide `tangle.output`\n"
        "(see [logseq.md](../how-to/logseq.md)). The same page without and with them:\n\n"
        f"{pictures}\n\n| | pages that Logseq makes of the properties |\n|---|---|\n{''.join(rows)}"
    )


def _pages(blocks: Sequence[Shown], settings: Settings) -> str:
    return ", ".join(f"`{page}`" for page in sorted(property_pages(blocks, settings))) or "none"


def _kind_text(kind: ResultKind, example: Example | None) -> str:
    head = f"### {kind.title}\n\n```python\n{kind.code}\n```\n"
    if example is None:
        lacks = " and ".join(f"`{name}`" for name in kind.lacks())
        verb = "was" if len(kind.lacks()) == 1 else "were"
        return f"{head}\nNot shown: {lacks} {verb} not installed when this page was made.\n"
    says = f"\n{example.says}\n" if example.says else ""
    return f"{head}{says}{_note(example, skip=len(_chunk(kind)))}"


def _section_text(example: Example) -> str:
    return f"### {example.title}\n{_note(example, skip=0)}"


def _note(example: Example, *, skip: int) -> str:
    """What is in the note, and the picture."""
    lines = example.text.rstrip("\n").split("\n")[skip:]
    if len(lines) > _MOST_LINES:
        left = len(lines) - _MOST_LINES
        cut = _MOST_LINES * 3 // 4
        lines = [*lines[:cut], f"... {left} lines ...", *lines[cut + left :]]
    lines = [line if len(line) <= 160 else f"{line[:150]} ..." for line in lines]
    text = "\n".join(lines).replace("\t", "  ")
    note = f"In the note:\n\n````markdown\n{text}\n````" if text else "Nothing is in the note."
    return f"\n{note}\n\n![{example.title}](../images/results/{example.name}.png)\n"


if __name__ == "__main__":
    main()
