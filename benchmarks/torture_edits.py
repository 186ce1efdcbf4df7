"""The part of the torture in which edits of what was made come back into the notes.

Whatever befalls the verb: the page is as it was or has the edit, whole; until the page has it, the
edited file does; and the verb done again brings it there.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.torture import Torment, struck_plans
from benchmarks.torture_disk import Plan, calls_of, write
from benchmarks.torture_world import World, bare, in_child
from tangle.errors import Refused
from tangle.verbs.build import build
from tangle.verbs.export import export
from tangle.verbs.import_page import import_page
from tangle.verbs.run import run_pending
from tangle.verbs.sync.notebook import merge_notebook
from tangle.verbs.sync.sync import SyncReport, sync

_Texts = tuple[bytes | None, bytes | None, bytes]
"""The page before the edit and after, and the edited file."""
_SECTION = "1.1"
_NOTEBOOK = "study.ipynb"
_NEW = "new.md"


@dataclass(frozen=True, slots=True)
class Flow:
    """Edits of a file, and the verb that brings them into a page.

    Attributes:
        edited: the file, relative to the graph.
        prepare: makes the file, and edits it; 0.
        page: that gets the edits.
    """

    name: str
    edited: str
    prepare: Callable[[World], int]
    act: Callable[[World], int]
    page: str = "x.md"

    def page_of(self, world: World) -> bytes | None:
        """The page without outputs; None if there is none."""
        path = world.graph / "pages" / self.page
        return bare(path.read_bytes()) if path.exists() else None


def edits(torment: Torment) -> None:
    """A kill and an error at each call of the verbs that bring edits into the notes."""
    world, counts = torment.world, torment.counts
    for flow in _FLOWS:
        _ready(world, flow)
        before = flow.page_of(world)
        calls = calls_of(world, flow.act)
        after = flow.page_of(world)
        if after in (before, None):
            raise RuntimeError(f"{flow.name} changed nothing")
        for at, name in enumerate(calls):
            for plan in struck_plans(torment, at):
                _ready(world, flow)
                edited = (world.graph / flow.edited).read_bytes()
                status = in_child(lambda: write(world, plan, flow.act))  # noqa: B023
                what = f"{flow.name}: {plan.said}, {name}"
                if status not in ({0, 3} if plan.do == "fault" else {-signal.SIGKILL}):
                    counts.lose(f"{what}: it ended with {status}")
                counts.done["edits struck"] += 1
                _check(world, flow, (before, after, edited), torment, what)


def _check(
    world: World,
    flow: Flow,
    texts: _Texts,
    torment: Torment,
    what: str,
) -> None:
    """See that nothing is lost, and that the verb can be done again."""
    counts = torment.counts
    _look(world, flow, texts, torment, what)
    status = in_child(lambda: write(world, Plan(), flow.act))
    # A page that is there already is the user's: a second import does not write it again.
    if status not in ({0, 3} if flow.page == _NEW else {0}):
        counts.lose(f"{what}: done again it ended with {status}")
    in_child(lambda: run_pending(world.project()).exit_code)
    _look(world, flow, texts, torment, f"{what}, done again")
    if flow.page_of(world) != texts[1]:
        counts.lose(f"{what}: done again, the page is {flow.page_of(world)!r}")
    left = [str(path) for path in (world.graph / "pages").glob(".tangle-*")]
    if left:
        counts.lose(f"{what}: left behind {left}")


def _look(
    world: World,
    flow: Flow,
    texts: _Texts,
    torment: Torment,
    what: str,
) -> None:
    before, after, edited = texts
    page = flow.page_of(world)
    if page not in (before, after):
        torment.counts.lose(f"{what}: the page is {page!r}")
    if page != after and (world.graph / flow.edited).read_bytes() != edited:
        torment.counts.lose(f"{what}: the page lacks the edit, and the file is another")
    for name in {"x", "y", "z"} - {flow.page.removesuffix(".md")}:
        if bare(world.page(name).read_bytes()) != world.original(name):
            torment.counts.lose(f"{what}: {name} is another")


def _ready(world: World, flow: Flow) -> None:
    world.reset()
    if in_child(lambda: flow.prepare(world)) != 0:
        raise RuntimeError(f"{flow.name} cannot be prepared")


# --- the verbs ------------------------------------------------------------------------------------


def _edit_script(world: World) -> int:
    build(world.project())
    path = world.graph / _script(world)
    path.write_bytes(path.read_bytes().replace(b"print('one')", b"print('edited')"))
    return 0


def _edit_notebook(world: World) -> int:
    path = world.graph / _NOTEBOOK
    export(world.project(), _SECTION, path)
    notebook = json.loads(path.read_bytes())
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"][1:]
    code[0]["source"] = "print('edited')"
    cells.remove(code[2])
    cells.append({**code[0], "id": "new", "metadata": {}, "source": "print('new')"})
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return 0


def _new_notebook(world: World) -> int:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# new"},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "print('a')",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "a\n"}],
        },
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    (world.graph / _NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")
    return 0


def _script(world: World) -> str:
    [path] = (world.graph / "generated").glob("*/sections/sec_1_1.py")
    return path.relative_to(world.graph).as_posix()


def _sync(world: World) -> int:
    return _code(sync(world.project()))


def _merge(world: World) -> int:
    return _code(merge_notebook(world.project(), world.graph / _NOTEBOOK))


def _import(world: World) -> int:
    import_page(world.project(), world.graph / _NOTEBOOK)
    return 0


def _code(report: SyncReport | None) -> int:
    return Refused.exit_code if report is None or report.left else 0


_FLOWS = (
    Flow("sync", "generated/graph/sections/sec_1_1.py", _edit_script, _sync),
    Flow("import of an export", _NOTEBOOK, _edit_notebook, _merge),
    Flow("import", _NOTEBOOK, _new_notebook, _import, page=_NEW),
)
