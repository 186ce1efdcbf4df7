"""The torture, in small: `make torture` does all of it, thousands of times."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import torture, torture_edits, torture_world
from benchmarks.torture import Torment
from benchmarks.torture_world import Counts, World, make_world

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="what is tortured is what Linux offers"),
    # What is forked here is a writer, which starts no threads and ends by os._exit.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("torture"))


Part = Callable[[Torment], None]


@pytest.mark.parametrize(
    ("part", "rounds", "least"),
    [
        (torture.kills, 1, 50),
        (torture.twice, 20, 40),
        (torture.faults, 1, 40),
        (torture.verbs, 1, 25),
        (torture_edits.edits, 1, 25),
        (torture.editor, 6, 50),
        (torture.eight, 8, 20),
        (torture.commands, 3, 1),
    ],
)
def test_nothing_is_lost(world: World, part: Part, rounds: int, least: int) -> None:
    counts = Counts()
    part(Torment(world, counts, random.Random(7), rounds))
    assert counts.losses == []
    assert sum(counts.done.values()) >= least


def test_a_save_in_the_last_gap_is_the_page_or_put_back_by_the_next_run(world: World) -> None:
    counts = Counts()
    torture.gap(Torment(world, counts, random.Random(7), 1))
    assert counts.losses == []
    assert counts.done["saves in the last gap"] >= 50
    # Two pages, two manners; killed after the exchange, and after the look at what came out.
    # Besides, a disk that fails for good may keep a save from being put back.
    assert counts.done["saves that the next run put back"] >= 2 * 2 * 2


# --- the torture itself would see a loss ----------------------------------------------------------


def looked_at(world: World) -> list[str]:
    counts = Counts()
    users = Torment(world, counts, random.Random(7), 1).users()
    torture_world.check(world, users, counts, "test")
    return counts.losses


def test_a_graph_that_is_whole_passes(world: World) -> None:
    world.reset(written=True)
    assert looked_at(world) == []


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (lambda w: w.page("z").write_bytes(b""), "z is b''"),
        (lambda w: w.page("z").unlink(), "z cannot be read"),
        (lambda w: w.page().write_bytes(w.page().read_bytes()[:-9]), "x is b"),
        (lambda w: w.page("y").write_bytes(b"- more\n" + w.page("y").read_bytes()), "y is b"),
        (lambda w: figure(w).write_bytes(b"<svg"), "svg is b'<svg'"),
        (lambda w: figure(w).unlink(), "is shown and not there"),
        (lambda w: (w.graph / "pages" / ".tangle-x.swap").touch(), "left behind"),
    ],
)
def test_a_loss_is_seen(world: World, harm: Callable[[World], object], seen: str) -> None:
    world.reset(written=True)
    harm(world)
    losses = looked_at(world)
    assert losses
    assert seen in losses[0]


def figure(world: World) -> Path:
    (path,) = (world.graph / "assets" / "tangle").glob("*.svg")
    return path


def test_a_save_that_is_lost_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "x.md"
    page.write_text("- somebody wrote over it\n")
    _, lost = torture.edit(page, 7, time.monotonic() + 0.05, ("by rename", False))
    assert "save 0 gave way" in lost[0]
    assert lost[1:] == []
