"""Kills and starves tangle while it writes notes, with an editor saving them; looks for losses.

    python -m benchmarks.torture --seed 1              # all of it; `make torture`
    python -m benchmarks.torture --part editor --rounds 50

Parts, each on a graph of its own that is made anew for every run:

- `kills`: the writer is ended by SIGKILL before, after, and halfway through each call by which it
  reads or writes files, in turn;
- `twice`: the same at two random calls, the second in the run that finishes what the first left;
- `gap`: the user saves the page right before it is exchanged, when every look is over, and the
  writer is killed at each of the calls that follow, or they fail;
- `faults`: each of these calls in turn fails with ENOSPC, EIO and EACCES, once, or it and all that
  write after it;
- `verbs`: kills and errors at each call of the other verbs that write: `clean`, `check --fix`
  and `build`;
- `edits`: the same of the verbs that bring edits into the notes: `sync`, `import` of an exported
  notebook (a line changed, a cell moved, one deleted, one new) and `import` of another's;
- `system`: the same by strace, at each system call of the real command that has to do with the
  graph: signal or error, in random order, five a round;
- `editor`: a process saves other texts of the page at random times, in place or by rename, from its
  own memory or by reading the page first, while tangles write outputs one after the other;
- `eight`: eight tangles write at once, in half of the rounds with an editor;
- `commands`: `tangle run`, a process with its workers, is killed at random times.

After each run: the page, less its outputs, is what the user saved last, to the byte; no figure is
half written, and none is shown that is not there, or there and not shown; and the next run succeeds
and leaves nothing behind. One case is weaker, and counted: where the user saved in the last gap and
tangle was killed before it could put that back, the save stands whole in a draft until the next run
puts it back.
Ends with 1 where anything was lost. The same seed does the same, as far as the system's scheduler
does.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.torture_disk import SLOW, Act, Plan, calls_of, save, write
from benchmarks.torture_world import (
    BROKEN,
    MENDED,
    PAGE,
    Counts,
    World,
    bare,
    check,
    ended,
    in_child,
    make_world,
)
from tangle.store.files import DISK
from tangle.verbs.build import build
from tangle.verbs.clean import clean
from tangle.verbs.repair import repair
from tangle.verbs.run import run_pending

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES)
FEW = 10
"""Rounds below which the parts that have an end of their own are cut short."""
PARTS = (
    *("kills", "twice", "gap", "faults", "verbs", "edits", "system", "editor", "eight"),
    "commands",
)


# --- the parts ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Torment:
    """A graph, what is counted, chance, and how much is wanted.

    Attributes:
        rounds: of each part that has no end by itself.
    """

    world: World
    counts: Counts
    rng: random.Random
    rounds: int

    @property
    def few(self) -> bool:
        """Whether little is wanted, as in the test suite."""
        return self.rounds < FEW

    def states(self) -> tuple[bool, ...]:
        """Whether outputs stand in the pages already: both, or one where little is wanted."""
        return (self.rng.random() < 0.5,) if self.few else (False, True)

    def sides(self) -> tuple[str, ...]:
        """Where a call is killed; after one is before the next, so both only if much is wanted."""
        return ("after",) if self.few else ("before", "after")

    def errors(self, at: int) -> list[tuple[int, bool]]:
        """Errors of a call, and whether they last: all, or one in turn where little is wanted."""
        every = [(code, lasting) for code in CODES for lasting in (False, True)]
        return [every[at % len(every)]] if self.few else every

    def users(self) -> dict[str, bytes]:
        """The texts that stand in the template."""
        return {name: self.world.original(name) for name in "xyz"}


def kills(torment: Torment) -> None:
    """SIGKILL at each call in turn."""
    world, counts = torment.world, torment.counts
    for written in torment.states():
        world.reset(written=written)
        for at, name in enumerate(calls_of(world)):
            for do in (*torment.sides(), *(("halfway",) if name == "write" else ())):
                world.reset(written=written)
                status = in_child(lambda: write(world, Plan(at=at, do=do)))  # noqa: B023
                what = f"killed {do} call {at}, {name}"
                if status != -signal.SIGKILL:
                    counts.lose(f"{what}: it ended with {status}")
                counts.done["kills by call"] += 1
                check(world, torment.users(), counts, what)


def twice(torment: Torment) -> None:
    """SIGKILL at some call, and again while the next run finishes what the first one left."""
    world, counts, rng = torment.world, torment.counts, torment.rng
    world.reset()
    most = len(calls_of(world))
    for _ in range(torment.rounds):
        world.reset()
        plans = [Plan(at=rng.randrange(most), do=rng.choice(("before", "after"))) for _ in "12"]
        for plan in plans:
            in_child(lambda: write(world, plan))  # noqa: B023
        counts.done["kills by call"] += len(plans)
        what = " and ".join(f"killed {plan.do} call {plan.at}" for plan in plans)
        check(world, torment.users(), counts, what)


def gap(torment: Torment) -> None:
    """A save in the last gap, before each exchange; a kill or an error at each later call."""
    world, counts = torment.world, torment.counts
    world.reset()
    calls = calls_of(world)
    for save_at in (at for at, name in enumerate(calls) if name == "exchange"):
        for manner in ("in place", "by rename"):
            for at in (*range(save_at, save_at + (6 if torment.few else 12)), 10_000):
                for plan in _blows(torment, at, saves=manner, save_at=save_at):
                    world.reset()
                    status = in_child(lambda: write(world, plan))  # noqa: B023
                    what = f"saved {manner} at call {save_at}, {plan.said}"
                    if status not in {-signal.SIGKILL, 0, 3}:
                        counts.lose(f"{what}: it ended with {status}")
                    counts.done["saves in the last gap"] += 1
                    counts.done["faults by call"] += plan.do == "fault"
                    killed = status == -signal.SIGKILL
                    counts.done["kills by call"] += killed
                    check(world, _with_save(torment), counts, what, midway=killed or plan.lasting)


def _blows(torment: Torment, at: int, **more: Any) -> Iterator[Plan]:
    """All that may befall a call."""
    for do in torment.sides():
        yield Plan(at=at, do=do, **more)
    for code, lasting in torment.errors(at):
        yield Plan(at=at, do="fault", code=code, lasting=lasting, **more)


def struck_plans(torment: Torment, at: int) -> list[Plan]:
    """What befalls a call; where little is wanted, every third, by each blow in turn."""
    blows = list(_blows(torment, at))
    if torment.few:
        return [blows[at % len(blows)]] if at % 3 == 0 else []
    return blows


def _with_save(torment: Torment) -> dict[str, bytes]:
    """The texts that the user saved last, where one was saved in the last gap."""
    users = torment.users()
    name = (torment.world.graph / "saved").read_text()
    return {**users, name: b"- saved 1\n" + users[name]}


def faults(torment: Torment) -> None:
    """An error of each call in turn."""
    world, counts = torment.world, torment.counts
    for written in torment.states():
        world.reset(written=written)
        for at, name in enumerate(calls_of(world)):
            for code, lasting in torment.errors(at):
                world.reset(written=written)
                plan = Plan(at=at, do="fault", code=code, lasting=lasting)
                status = in_child(lambda: write(world, plan))  # noqa: B023
                what = f"{errno.errorcode[code]} at call {at}, {name}, lasting {lasting}"
                if status not in {0, 3}:
                    counts.lose(f"{what}: it ended with {status}")
                counts.done["faults by call"] += 1
                check(world, torment.users(), counts, what)


def _clean(world: World) -> int:
    clean(world.project())
    return 0


def _mend(world: World) -> int:
    return 0 if repair(world.project(), write=True).mended else 1


def _build(world: World) -> int:
    build(world.project())
    return 0


def verbs(torment: Torment) -> None:
    """A kill and an error at each call of the verbs that write notes or the program."""
    world, counts = torment.world, torment.counts
    program = _program(world)
    for act in (_clean, _mend, _build):

        def ready(act: Act = act) -> None:
            world.reset(written=act is _clean)
            if act is _mend:
                world.page("w").write_bytes(BROKEN)

        ready()
        for at, name in enumerate(calls_of(world, act)):
            for plan in struck_plans(torment, at):
                ready()
                status = in_child(lambda: write(world, plan, act))  # noqa: B023
                what = f"{act.__name__[1:]}: {plan.said}, {name}"
                if status not in ({0, 3} if plan.do == "fault" else {-signal.SIGKILL}):
                    counts.lose(f"{what}: it ended with {status}")
                counts.done["faults by call" if plan.do == "fault" else "kills by call"] += 1
                _next_verb(world, act, program, counts, what)
                check(world, torment.users(), counts, what)


def _next_verb(
    world: World, act: Act, program: dict[str, bytes], counts: Counts, what: str
) -> None:
    """The files that a verb changed are whole, and it can be done again."""
    if act is _mend and world.page("w").read_bytes() not in {BROKEN, MENDED}:
        counts.lose(f"{what}: w is {world.page('w').read_bytes()!r}")
    for path, data in _generated(world).items():
        if program.get(path) != data and not Path(path).name.startswith(".tangle-"):
            counts.lose(f"{what}: {path} is {data!r}")
    if (code := in_child(lambda: write(world, Plan(), act))) not in {0, 1 if act is _mend else 0}:
        counts.lose(f"{what}: done again it ended with {code}")
    if act is _mend and world.page("w").read_bytes() != MENDED:
        counts.lose(f"{what}: done again, w is {world.page('w').read_bytes()!r}")
    if act is _build and _generated(world) != program:
        counts.lose(f"{what}: built again, there are {sorted(_generated(world))}")


def _program(world: World) -> dict[str, bytes]:
    world.reset()
    if in_child(lambda: _build(world)) != 0:
        raise RuntimeError("the program cannot be built")
    return _generated(world)


def _generated(world: World) -> dict[str, bytes]:
    folder = world.graph / "generated"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


SAVES: tuple[tuple[str, bool], ...] = tuple(
    (manner, reads)
    for reads in (False, True)
    for manner in ("in place", "by rename", "slowly in place")
)
"""How an editor saves, and whether it reads the page before it does."""


def edit(path: Path, seed: int, until: float, how: tuple[str, bool]) -> tuple[int, list[str]]:
    """Save a page again and again until a moment; how often, and which saves were lost.

    The number of saves stands in the first line. Half of the time the save waits for the moment in
    which a tangle has its draft ready, which is the worst there is.
    """
    rng = random.Random(seed)
    manner, reads = how
    number, last, lost = 0, PAGE.encode(), []
    while time.monotonic() < until:
        number += 1
        text = _settled(path, last)
        if text != last:
            lost.append(f"save {number - 1} gave way to {text!r}")
        text = text if reads else PAGE.encode()
        last = b"- saved %d\n" % number + re.sub(rb"\A(- saved [0-9]+\n)*", b"", text)
        if rng.random() < 0.5:
            _wait_for_draft(path.parent, time.monotonic() + 0.01)
        time.sleep(rng.choice((0, 0, 0.0002, 0.001, 0.005)) * rng.random())
        save(path, last, manner)
    return number, lost


def _settled(path: Path, wanted: bytes) -> bytes:
    """A page without its outputs; read again where a tangle may be putting a save back just now."""
    text = bare(path.read_bytes())
    end = time.monotonic() + 0.1
    while text != wanted and time.monotonic() < end:
        time.sleep(0.001)
        text = bare(path.read_bytes())
    return text


def _wait_for_draft(folder: Path, until: float) -> None:
    while time.monotonic() < until:
        if any(name.endswith(".swap") for name in os.listdir(folder)):  # noqa: PTH208  (quick)
            return


def editor(torment: Torment) -> None:
    """An editor that saves while tangles write."""
    for number in range(torment.rounds):
        _with_editor(torment, SAVES[number % len(SAVES)], tangles=1)


def eight(torment: Torment) -> None:
    """Eight tangles at once."""
    for number in range(max(torment.rounds // 4, 1)):
        if number % 2:
            _with_editor(torment, SAVES[number // 2 % len(SAVES)], tangles=8)
        else:
            _eight_alone(torment)


def _eight_alone(torment: Torment) -> None:
    world, counts = torment.world, torment.counts
    world.reset()

    def one(generation: int) -> int:
        world.wait_for(generation)
        return run_pending(world.project()).exit_code

    children = [in_child(lambda: one(n), wait=False) for n in range(8)]  # noqa: B023
    codes = [ended(child) for child in children]
    counts.done["tangles at once"] += len(codes)
    if any(codes):
        counts.lose(f"eight at once: they ended with {codes}")
    check(world, torment.users(), counts, "eight at once")


def _with_editor(torment: Torment, how: tuple[str, bool], *, tangles: int) -> None:
    world, counts, rng = torment.world, torment.counts, torment.rng
    world.reset()
    until = time.monotonic() + 0.4
    reader, writer = os.pipe()
    seed = rng.randrange(1 << 30)

    def type_on() -> int:
        os.write(writer, json.dumps(edit(world.page(), seed, until, how)).encode())
        return 0

    children = [in_child(type_on, wait=False)]
    children += [in_child(lambda: _tangle_on(world, until), wait=False) for _ in range(tangles)]
    what = f"an editor saving {how[0]}{', reading first' if how[1] else ''}, {tangles} tangles"
    while time.monotonic() < until:
        # Whoever saves in place empties the page for a moment; all others leave a whole one.
        if how[0] == "by rename" and not _is_whole(world.page()):
            counts.lose(f"{what}: a reader saw {world.page().read_bytes()!r}")
    codes = [ended(child) for child in children]
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        saves, lost = json.loads(file.read())
    counts.done["saves by an editor"] += saves
    counts.done["writes beside an editor"] += sum(codes[1:])
    for loss in [*lost, *([f"processes ended with {codes}"] if max(codes) > 90 else [])]:
        counts.lose(f"{what}: {loss}")
    last = b"- saved %d\n" % saves + PAGE.encode()
    check(world, {**torment.users(), "x": last}, counts, what)


def _tangle_on(world: World, until: float) -> int:
    """Write results of one generation after the other until a moment; how many (98: it failed)."""
    DISK.__class__ = SLOW
    runs = 0
    while time.monotonic() < until:
        world.wait_for(runs + 1)
        if run_pending(world.project()).exit_code not in {0, 3}:
            return 98
        runs += 1
    return min(runs, 90)


def _is_whole(path: Path) -> bool:
    """Whether the page is one that somebody wrote, at this moment."""
    return re.sub(rb"\A(- saved [0-9]+\n)?", b"", bare(path.read_bytes())) == PAGE.encode()


# --- the real command -----------------------------------------------------------------------------


def command(world: World, *arguments: str) -> list[str]:
    """`tangle` for the graph."""
    code = "from tangle_cli.main import main; main()"
    return [sys.executable, "-c", code, "--graph", str(world.graph), *arguments]


def commands(torment: Torment) -> None:
    """`tangle run` killed at random times, workers and all."""
    world, counts = torment.world, torment.counts
    for _ in range(torment.rounds):
        world.reset(written=torment.rng.random() < 0.5)
        process = subprocess.Popen(
            command(world, "run", "--all", "--fresh"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Most of the time is start-up; what is written is written near the end.
        time.sleep(torment.rng.uniform(0.1, 0.7))
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        counts.done["commands killed"] += process.returncode == -signal.SIGKILL
        check(world, torment.users(), counts, "tangle run killed")


_FAULTS_A_ROUND = 5
_CALL = re.compile(r"^(\w+)\(")


def system(torment: Torment) -> None:
    """A signal or an error at each system call of the command that has to do with the graph."""
    world, counts = torment.world, torment.counts
    if shutil.which("strace") is None:
        print("system: left out, there is no strace")
        return
    world.reset()
    # Errors where the operating system may give them; a process may be killed anywhere.
    faults = ("signal=KILL", *(f"error={errno.errorcode[code]}" for code in CODES))
    every = [
        (name, number, fault)
        for name, number in _system_calls(world)
        for fault in faults
        if fault == "signal=KILL" or name not in {"close", "lseek", "fcntl", "flock"}
    ]
    torment.rng.shuffle(every)
    for name, number, fault in every[: _FAULTS_A_ROUND * torment.rounds]:
        world.reset()
        status = _traced(world, f"--inject={name}:{fault}:when={number}", os.devnull)
        what = f"{fault} at {name} number {number}"
        kind = "kills by system call" if "signal" in fault else "faults by system call"
        counts.done[kind] += 1
        # 2: what the command could not read, it did not find.
        if "error" in fault and status not in {0, 2, 3}:
            counts.lose(f"{what}: the command ended with {status}")
        check(world, torment.users(), counts, what)
    counts.done["system calls with a fault to choose from"] += len(every)


def _system_calls(world: World) -> Iterator[tuple[str, int]]:
    """The system calls about the graph's files: name, and its number among those of that name."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as log:
        _traced(world, "--decode-fds=path", log.name)
        numbers: Counter[str] = Counter()
        for line in log:
            if found := _CALL.match(line):
                numbers[found[1]] += 1
                if str(world.graph) in line:
                    yield found[1], numbers[found[1]]


def _traced(world: World, option: str, log: str) -> int:
    done = subprocess.run(
        [
            "strace",
            "-o",
            log,
            "--trace=file,desc",
            option,
            *command(world, "run", "--write-pending"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.returncode


# --- all of it ------------------------------------------------------------------------------------


def torture(folder: Path, *, seed: int, rounds: int, parts: Sequence[str] = PARTS) -> Counts:
    """Do what is asked for; what was done and lost."""
    from benchmarks.torture_edits import edits

    torment = Torment(make_world(folder), Counts(), random.Random(seed), rounds)
    every = {
        "kills": kills,
        "twice": twice,
        "gap": gap,
        "faults": faults,
        "verbs": verbs,
        "edits": edits,
        "system": system,
        "editor": editor,
        "eight": eight,
        "commands": commands,
    }
    for part in parts:
        began = time.monotonic()
        every[part](torment)
        print(f"{part}: {time.monotonic() - began:.0f} s, {dict(torment.counts.done)}", flush=True)
    return torment.counts


def main() -> int:
    """Torture; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="other times for another seed (1)")
    parser.add_argument("--rounds", type=int, default=400, help="of parts without end (400)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only these parts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tangle-torture-") as name:
        counts = torture(
            Path(name).resolve(),
            seed=arguments.seed,
            rounds=arguments.rounds,
            parts=arguments.part or PARTS,
        )
    for what, number in sorted(counts.done.items()):
        print(f"{number:>8} {what}")
    print(f"{len(counts.losses):>8} losses, seed {arguments.seed}")
    return 1 if counts.losses else 0


if __name__ == "__main__":
    sys.exit(main())
