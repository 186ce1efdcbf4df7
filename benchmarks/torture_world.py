"""The graph of the torture, and what must hold of it."""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tangle.parse import parse
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import read_notes
from tangle.verbs.project import find_project
from tangle.verbs.results.judging import chunk_results
from tangle.verbs.run import run, run_pending
from tangle.verbs.write_back.outputs import outputs_of
from tangle.verbs.write_back.placement import Placed
from tangle.verbs.write_back.unplaced import keep
from tangle.write import Figure, apply, asset_name, remove_outputs, stored_outputs

SVG = (
    "from IPython.display import SVG\n\t  "
    "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{0}</text></svg>')"
)
PAGE = (
    "- a note\n- ## 1.1. First\n"
    "\t- ```python\n\t  print('one')\n\t  ```\n"
    "\t- words\n"
    f"\t- ```python\n\t  {SVG.format('figure')}\n\t  ```\n"
    "\t\t- below\n"
    "\t- ```python\n\t  print('- x\\n```\\nk:: v')\n\t  ```\n"
    "\t- ```python\n\t  print('before')\n\t  1 / 0\n\t  ```\n"
)
OTHER = "- ## 1.2. Second\r\n\t- ```python\r\n\t  print('two')\r\n\t  ```"
BROKEN = b"- ## 1.3. Broken\n\t- ```python\n\t  print\xef\xbc\x881)\n\t  ```\n"
MENDED = b"- ## 1.3. Broken\n\t- ```python\n\t  print(1)\n\t  ```\n"


@dataclass(slots=True)
class Counts:
    """What was done, and what was lost by it."""

    done: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def lose(self, what: str) -> None:
        """Note a loss."""
        self.losses.append(what)
        print(f"LOST: {what}", flush=True)


# --- the graph ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """A graph whose results wait to be written; made once, copied for each run.

    Attributes:
        template: the graph as each run finds it.
        graph: where each run has it.
        outputs: of all chunks.
    """

    template: Path
    graph: Path
    outputs: tuple[Placed, ...]

    def page(self, name: str = "x") -> Path:
        """The file of a page."""
        return self.graph / "pages" / f"{name}.md"

    def original(self, name: str) -> bytes:
        """The text of a page as each run finds it, less its outputs."""
        return (self.template / "pages" / f"{name}.md").read_bytes()

    def reset(self, generation: int = 0, *, written: bool = False) -> None:
        """Make the graph anew, with results of some generation waiting.

        Args:
            generation: results of another have other texts and figures.
            written: whether results of an earlier generation stand in the pages already.
        """
        shutil.rmtree(self.graph, ignore_errors=True)
        shutil.copytree(self.template, self.graph)
        if written:
            self.wait_for(generation + 1)
            run_pending(self.project())
        self.wait_for(generation)

    def wait_for(self, generation: int) -> None:
        """Have results of some generation wait to be written."""
        keep(self.project(), [_of_generation(placed, generation) for placed in self.outputs])

    def project(self) -> Any:
        """The graph as a project."""
        return find_project(start=self.graph, graph=self.graph)


def _of_generation(placed: Placed, number: int) -> Placed:
    pieces = tuple(
        replace(piece, text=f"{piece.text}\ngeneration {number}") if piece.kind == "text" else piece
        for piece in placed.output.pieces
    )
    drawn = (figure.data.replace(b"figure", b"figure %d" % number) for figure in placed.figures)
    figures = tuple(Figure(name=asset_name("1.1", 1, data, "svg"), data=data) for data in drawn)
    failure = placed.failure
    if failure is not None:
        failure = replace(failure, said=(*failure.said, f"generation {number}"))
    output = replace(placed.output, pieces=pieces)
    return replace(placed, output=output, figures=figures, failure=failure)


def make_world(folder: Path) -> World:
    """The graph, and what its sections come to, by running them."""
    template = folder / "template"
    for name, text in {
        "logseq/config.edn": "{}",
        "tangle.toml": 'book = ["**"]\n',
        "pages/x.md": PAGE,
        "pages/y.md": OTHER,
        "pages/z.md": "- no code\n",
    }.items():
        path = template / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    project = find_project(start=template, graph=template)
    report = run(project, None, RunOptions(write=False))
    loaded = read_notes(project)
    outputs = tuple(
        placed
        for entry in report.sections
        for placed in outputs_of(loaded, entry.session, chunk_results(entry))
    )
    if len(outputs) != 5:
        raise RuntimeError("the graph's sections did not run")
    shutil.rmtree(template / ".tangle", ignore_errors=True)
    return World(template, folder / "graph", outputs)


# --- what must hold -------------------------------------------------------------------------------


def bare(data: bytes) -> bytes:
    """A page without its outputs."""
    return apply(data, remove_outputs(parse(data), force=True).edits)


def check(
    world: World, users: dict[str, bytes], counts: Counts, what: str, *, midway: bool = False
) -> None:
    """Look at the graph after a run, do the next one, and look again.

    Args:
        world: the graph.
        users: by page, the text that the user saved last.
        counts: where losses are noted.
        what: was done to the run.
        midway: whether it may have been killed with a save of the user's in its hands. No system
            exchanges two files only if one of them is what was expected, so until the next run
            such a save may stand whole in a draft beside the page. Afterwards it is the page.
    """
    _look(world, users, counts, what, midway=midway)
    code = in_child(lambda: run_pending(world.project()).exit_code)
    if code != 0:
        counts.lose(f"{what}: the next run ended with {code}")
    _look(world, users, counts, f"{what}, next run")
    shown = [s for page in (world.graph / "pages").glob("*.md") for s in _assets(page)]
    over = {path.name for path in (world.graph / "assets" / "tangle").glob("*.svg")} - {*shown}
    if over:
        counts.lose(f"{what}: {sorted(over)} left over")
    left = [str(path) for path in world.graph.rglob(".tangle-*") if path.suffix != ".kept"]
    # A draft of a record may be in use; once it is old, a later record of its folder drops it.
    gone = re.compile(r"/\.tangle/[a-z]+/")
    left = [path for path in left if not gone.search(path)]
    if left:
        counts.lose(f"{what}: left behind {left}")
    counts.done["kept texts"] += sum(1 for _ in world.graph.rglob(".tangle-*.kept"))


def _look(
    world: World, users: dict[str, bytes], counts: Counts, what: str, *, midway: bool = False
) -> None:
    for name, text in users.items():
        try:
            data = world.page(name).read_bytes()
        except OSError as error:
            counts.lose(f"{what}: {name} cannot be read: {error}")
            continue
        if midway and bare(data) == world.original(name) != text and text in _drafts(world):
            counts.done["saves that the next run put back"] += 1
        elif bare(data) != text:
            counts.lose(f"{what}: {name} is {data!r}, and not {text!r}")
        for stored in stored_outputs(parse(data)):
            for figure in stored.assets:
                _look_at_figure(world.graph / "assets" / "tangle" / figure, counts, what)


def _assets(page: Path) -> list[str]:
    return [name for s in stored_outputs(parse(page.read_bytes())) for name in s.assets]


def _drafts(world: World) -> list[bytes]:
    return [path.read_bytes() for path in (world.graph / "pages").glob(".tangle-*.swap")]


def _look_at_figure(path: Path, counts: Counts, what: str) -> None:
    try:
        data = path.read_bytes()
    except OSError:
        counts.lose(f"{what}: {path.name} is shown and not there")
        return
    if not re.fullmatch(rb"<svg[^>]*><text>figure( [0-9]+)?</text></svg>", data.strip()):
        counts.lose(f"{what}: {path.name} is {data!r}")


# --- runs in a process of their own ---------------------------------------------------------------


def in_child(act: Callable[[], int], *, wait: bool = True) -> int:
    """Do something in a forked process; its exit status (negative: the signal), or its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = act()
        except BaseException as error:  # noqa: BLE001  (a child that goes on would be a second parent)
            print(f"{type(error).__name__}: {error}", flush=True)
        finally:
            os._exit(code)
    return ended(child) if wait else child


def ended(child: int) -> int:
    """How a child ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
