"""Draws the layers of tangle as SVG on standard output; `make docs` keeps it in docs/images.

Rows come from the import contract in pyproject.toml, arrows from the imports themselves. An arrow
that other arrows imply is left out, so the picture shows the shortest set that says the same.
"""

from __future__ import annotations

import math
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise, product
from pathlib import Path
from typing import Final

import grimp

Imports = Mapping[str, frozenset[str]]
Point = tuple[float, float]
Route = tuple[Point, ...]

_ROOT: Final = Path(__file__).resolve().parents[1]
_CLI: Final = "tangle_cli"

# What goes in and what comes out; a package without a caption gets none.
_CAPTIONS: Final = {
    _CLI: "prints and exits",
    "pytest_plugin": "chunks as tests",
    "coverage_plugin": "lines of notes",
    "testing": "sections as groups of tests",
    "verbs": "one module or folder per verb",
    "emit": "Plan → generated text",
    "engine": "Jobs → Results, starts processes",
    "write": "Results → edits of pages",
    "store": "files ↔ bytes",
    "weave": "notes → site, notebooks",
    "notes": "memoised queries: bytes → Plan",
    "analyse": "Graph → Plan + Problems",
    "link": "Pages → Graph",
    "parse": "bytes → Page",
    "errors": "exit codes",
    "near_names": "did you mean",
    "typed_json": "values ↔ JSON",
    "activity": "how far a task is",
    "model": "frozen values",
}

_WIDTH: Final = 960
_MARGIN: Final = 24
_BOX_HEIGHT: Final = 66
_ROW_STEP: Final = 108
_GAP: Final = 48
_LETTER: Final = 6.3  # width of a small letter, generously
_PARTS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)  # of an edge, where arrows may start and end
_CROSSING: Final = 500  # a crossing is worth a detour of so many pixels
_END_DISTANCE: Final = 14  # between ends, or bends, of two arrows
_DISTANCE: Final = 8  # between an arrow and a box

_STYLE: Final = """\
text { font-family: system-ui, "DejaVu Sans", sans-serif; text-anchor: middle; fill: #1b1f24; }
.page { fill: #ffffff; }
.box { fill: #eef3fb; stroke: #4a6fa5; stroke-width: 1.2; }
.name { font-size: 15px; font-weight: 600; }
.note { font-size: 11px; fill: #4b5563; }
.arrow { fill: none; stroke: #6b7280; stroke-width: 1.3; }
.head { fill: #6b7280; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .page { fill: #0d1117; }
  .box { fill: #1c2a3f; stroke: #7ba2d8; }
  .note { fill: #a3b1c2; }
  .arrow { stroke: #9aa5b1; }
  .head { fill: #9aa5b1; }
}"""

_MARKER: Final = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
    ' markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A package in the picture.

    Attributes:
        left, top, width: pixels.
        row: index of its layer, from 0 at the top.
        lines: small text below the name.
    """

    name: str
    row: int
    left: float
    top: float
    width: float
    lines: tuple[str, ...]

    @property
    def middle(self) -> float:
        """The horizontal centre, in pixels."""
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        """The lower edge, in pixels."""
        return self.top + _BOX_HEIGHT


def document() -> str:
    """Return the picture as the text of an SVG file."""
    graph = grimp.build_graph("tangle", _CLI, cache_dir=None)
    imports = package_imports(graph)
    present = set(imports) | {name for names in imports.values() for name in names}
    rows = [row for row in ([n for n in row if n in present] for row in layers()) if row]
    boxes = {box.name: box for box in placed(rows, subpackages(graph))}
    arrows = [(boxes[a], boxes[b]) for a, b in needed(imports)]
    arrows.sort(key=lambda arrow: arrow[1].row - arrow[0].row)  # short ones take the direct way
    height = max(box.bottom for box in boxes.values()) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" role="img">',
        "<title>Packages of tangle in layers; an arrow points at what is imported</title>",
        f"<style>\n{_STYLE}\n</style>",
        _MARKER,
        f'<rect class="page" width="{_WIDTH}" height="{height:g}"/>',
        *map(drawn_route, routes(arrows, tuple(boxes.values()))),
        *(part for box in boxes.values() for part in drawn_box(box)),
        "</svg>\n",
    ]
    return "\n".join(parts)


# --- what there is --------------------------------------------------------------------------------


def layers() -> list[list[str]]:
    """Return the rows of the picture, from the import contract, the command line on top."""
    with (_ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    rows = next(c["layers"] for c in contracts if c.get("containers") == ["tangle"])
    named = [re.findall(r"\w+", row) for row in rows]
    return [[_CLI, *named[0]], *named[1:]]


def package_of(module: str) -> str | None:
    """Return the package in the picture that a module is in; None for `tangle` itself."""
    parts = module.split(".")
    if parts[0] == _CLI:
        return _CLI
    return parts[1] if len(parts) > 1 else None


def package_imports(graph: grimp.ImportGraph) -> Imports:
    """Return, for each package, the packages whose modules it imports."""
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        package = package_of(module)
        if package is None:
            continue
        targets = {package_of(name) for name in graph.find_modules_directly_imported_by(module)}
        found.setdefault(package, set()).update(t for t in targets if t not in {None, package})
    return {name: frozenset(targets) for name, targets in sorted(found.items())}


def subpackages(graph: grimp.ImportGraph) -> Mapping[str, Sequence[str]]:
    """Return, for each package, the folders in it."""
    return {
        module.removeprefix("tangle."): sorted(
            child.rpartition(".")[2]
            for child in graph.find_children(module)
            if graph.find_children(child)
        )
        for module in graph.find_children("tangle")
    }


def needed(imports: Imports) -> Iterator[tuple[str, str]]:
    """Yield the imports that no chain of other imports implies."""
    for package, targets in imports.items():
        implied = {name for target in targets for name in reached(imports, target)}
        yield from ((package, target) for target in sorted(targets - implied))


def reached(imports: Imports, start: str) -> set[str]:
    """Return all packages that a package imports, directly or through others."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = imports.get(todo.pop(), frozenset()) - found
        found |= new
        todo.extend(new)
    return found


# --- the picture ----------------------------------------------------------------------------------


def placed(rows: Sequence[Sequence[str]], folders: Mapping[str, Sequence[str]]) -> Iterator[Box]:
    """Yield a box for each package, the boxes of a row side by side.

    Args:
        rows: names of packages, from the top.
        folders: for each package, the folders in it, which its box lists.
    """
    for row, names in enumerate(rows):
        texts = {name: lines_of(name, folders.get(name, ())) for name in names}
        widths = {name: width_of(name, lines) for name, lines in texts.items()}
        left = (_WIDTH - sum(widths.values()) - _GAP * (len(names) - 1)) / 2
        for name in names:
            yield Box(
                name=name,
                row=row,
                left=round(left, 1),
                top=_MARGIN + row * _ROW_STEP,
                width=round(widths[name], 1),
                lines=texts[name],
            )
            left += widths[name] + _GAP


def lines_of(name: str, folders: Sequence[str]) -> tuple[str, ...]:
    """Return the small text in a package's box."""
    inside = " ".join(f"{folder}/" for folder in folders)
    return tuple(line for line in (_CAPTIONS.get(name, ""), inside) if line)


def width_of(name: str, lines: Sequence[str]) -> float:
    """Return the width of a box that holds its text, in pixels."""
    return max(len(name) * _LETTER * 1.5, *(len(line) * _LETTER for line in ("", *lines))) + 28


def drawn_box(box: Box) -> Iterator[str]:
    """Yield the SVG elements of a package."""
    yield (
        f'<rect class="box" x="{box.left:g}" y="{box.top:g}" width="{box.width:g}"'
        f' height="{_BOX_HEIGHT}" rx="7"/>'
    )
    texts = [("name", box.name), *(("note", line) for line in box.lines)]
    top = box.top + _BOX_HEIGHT / 2 - 8 * (len(texts) - 1) + 5
    for index, (kind, text) in enumerate(texts):
        yield f'<text class="{kind}" x="{box.middle:g}" y="{top + 16 * index:g}">{text}</text>'


def routes(arrows: Sequence[tuple[Box, Box]], boxes: Sequence[Box]) -> Iterator[Route]:
    """Yield a line for each import: straight, or bent around boxes, with few crossings.

    Args:
        arrows: who imports whom.
        boxes: all boxes of the picture.
    """
    drawn: list[Route] = []
    for source, target in arrows:
        others = [box for box in boxes if box not in {source, target}]
        straight: list[Route] = [(start, end) for start in starts(source) for end in ends(target)]
        choices = [r for r in straight if outside(r, source, target) and clear(r, others)]
        if not choices:
            bends = bent(straight, boxes)
            choices = [r for r in bends if outside(r, source, target) and clear(r, others)]
        drawn.append(min(choices or straight, key=lambda route: cost(route, drawn)))
        yield drawn[-1]


def starts(box: Box) -> list[Point]:
    """Return the points at which an arrow may leave a box."""
    level = box.top + _BOX_HEIGHT / 2
    below = [(box.left + box.width * part, box.bottom) for part in _PARTS]
    return [*below, (box.left, level), (box.left + box.width, level)]


def ends(box: Box) -> list[Point]:
    """Return the points at which an arrow may meet a box."""
    level = box.top + _BOX_HEIGHT / 2
    above = [(box.left + box.width * part, box.top) for part in _PARTS]
    return [*above, (box.left, level), (box.left + box.width, level)]


def bent(straight: Sequence[Route], boxes: Sequence[Box]) -> Iterator[Route]:
    """Yield lines between the same ends that go down a lane, from between rows to between rows."""
    levels = sorted({box.bottom + (_ROW_STEP - _BOX_HEIGHT) / 2 for box in boxes})
    for start, end in straight:
        between = [level for level in levels if start[1] < level < end[1]]
        for upper, lower in combinations_with_replacement(between, 2):
            for x in map(float, range(_MARGIN, _WIDTH, 12)):
                yield (start, *dict.fromkeys([(x, upper), (x, lower)]), end)


def outside(route: Route, source: Box, target: Box) -> bool:
    """Whether a line does not run through the boxes that it connects."""
    return _is_outside(route[0], route[1], source) and _is_outside(route[-1], route[-2], target)


def _is_outside(end: Point, other: Point, box: Box) -> bool:
    if end[0] == box.left:
        return other[0] < end[0] - _DISTANCE
    return end[0] != box.left + box.width or other[0] > end[0] + _DISTANCE


def clear(route: Route, boxes: Sequence[Box]) -> bool:
    """Whether a line keeps its distance from boxes."""
    return not any(near(line, box) for line in pairwise(route) for box in boxes)


def near(line: tuple[Point, Point], box: Box) -> bool:
    """Whether a line comes too close to a box."""
    (x, y), (to_x, to_y) = line
    if max(y, box.top - _DISTANCE) > min(to_y, box.bottom + _DISTANCE):
        return False
    low, high = max(y, box.top - _DISTANCE), min(to_y, box.bottom + _DISTANCE)
    at = [x + (to_x - x) * (level - y) / ((to_y - y) or 1) for level in (low, high)]
    return min(at) < box.left + box.width + _DISTANCE and max(at) > box.left - _DISTANCE


def cost(route: Route, others: Sequence[Route]) -> float:
    """Return a line's length in pixels, plus a surcharge for crossings and shared points."""
    conflicts = sum(
        any(crosses(a, b) for a, b in product(pairwise(route), pairwise(other)))
        + 2 * any(math.dist(a, b) < _END_DISTANCE for a, b in product(route, other))
        for other in others
    )
    return sum(math.dist(*line) for line in pairwise(route)) + _CROSSING * conflicts


def crosses(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two straight lines have a point in common."""

    def side(line: tuple[Point, Point], point: Point) -> bool:
        (x, y), (to_x, to_y) = line
        return (to_x - x) * (point[1] - y) > (to_y - y) * (point[0] - x)

    return side(one, other[0]) != side(one, other[1]) and side(other, one[0]) != side(other, one[1])


def drawn_route(route: Route) -> str:
    """Return the SVG element of an arrow."""
    path = "L".join(f"{x:g} {y:g}" for x, y in route)
    return f'<path class="arrow" d="M{path}" marker-end="url(#head)"/>'


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(document())
