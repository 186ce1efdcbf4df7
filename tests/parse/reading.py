"""How tests write pages down and read golden cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tangle.model import Page
from tangle.parse import parse

CASES = Path(__file__).parent / "cases"
_VISIBLE = {
    "→": "\t",
    "␍": "\r",
    "␣": " ",
    "␌": "\f",
    "⍽": "\u00a0",
    "⌖": "\ufeff",
    "□": "\u3000",
}
"""Signs that stand for characters which editors hide or change."""


class Case(NamedTuple):
    """One golden case: what stands between its title and the lines of one dot."""

    name: str
    data: bytes
    expected: str


def cases(path: Path) -> Iterator[Case]:
    """The cases of a file: title, dot, input, dot, expected, dot."""
    lines = path.read_text(encoding="utf-8").split("\n")
    dots = [index for index, line in enumerate(lines) if line == "."]
    for first, second, third in zip(dots[::3], dots[1::3], dots[2::3], strict=True):
        text = "".join(line + "\n" for line in lines[first + 1 : second])
        for sign, character in _VISIBLE.items():
            text = text.replace(sign, character)
        expected = "".join(line + "\n" for line in lines[second + 1 : third])
        name = f"{path.name}:{first} {lines[first - 1].lstrip('# ')}"
        yield Case(name, text.encode(), expected)


def describe(data: bytes) -> str:
    """A page in the notation of the golden cases."""
    page = parse(data)
    lines: list[str] = []
    for index, block in enumerate(page.blocks):
        lines.append(
            f"{block.kind} {block.span.start}-{block.span.end} level {block.level} "
            f"in {block.parent} {block.title!r}" + (f" #{block.heading}" if block.heading else "")
        )
        lines += [f"  {item.key} = {item.value!r}" for item in block.properties]
        lines += [f"  ignored {item.key} = {item.value!r}" for item in block.ignored]
        if block.id is not None:
            lines.append(f"  id {block.id}")
        lines += _held(page, index)
    if page.links:
        lines.append("links " + ", ".join(page.links))
    lines += [
        f"{problem.severity} {problem.code} {problem.place.line}:{problem.place.column}"
        for problem in page.problems
    ]
    return "".join(line + "\n" for line in lines)


def _held(page: Page, index: int) -> Iterator[str]:
    for fence in page.fences:
        if fence.block == index:
            words = [fence.language or "-", *fence.options]
            nested = f" in a {fence.nested}" if fence.nested else ""
            yield f"  code {' '.join(words)} at {fence.line}{nested}: {fence.text!r}"
            if fence.code != fence.text:
                yield f"    dedented: {fence.code!r}"
            yield f"    margins {' '.join(map(str, fence.margins)) or 'none'}"
    for reference in page.references:
        if reference.block == index:
            alone = " alone" if reference.alone else ""
            yield (
                f"  {reference.kind} {reference.target[:4]} "
                f"at {reference.line}:{reference.column}{alone}"
            )
