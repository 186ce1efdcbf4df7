"""Runs the same twenty sections with tangle and with what people use instead, and writes a table.

    python -m benchmarks.run                          # all of it: a quiet machine, 25 minutes
    python -m benchmarks.run --runs 1 --only tangle --only nbconvert --sections 4

The tools take turns, and a figure is the median of the runs; those that take minutes for twenty
sections run them once (`--slow-runs`), and the table says so. How many times tangle's it is, is
shown by the rounds in which both ran, since a machine is not as quick all the time. Nothing else
should run beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks import workload
from benchmarks.runners import (
    PEERS,
    TANGLE,
    Command,
    Runner,
    environment,
    has_server,
    make_peers,
    runners,
)

CASES = ("one section", "all, cold", "nothing changed", "last cell edited")
_PATIENCE = 900.0
_SAMPLE = 0.05
_EXTRA_SECTIONS = 20
_EXTRA_CHUNKS = 200


class Failed(Exception):
    """A tool could not run the workload."""


class Clock:
    """Runs commands, and keeps what they took: by tool and case, then by round."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.turn = 0
        self.taken: defaultdict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        self.failed: dict[str, str] = {}
        self._variables = variables

    def measure(self, name: str, case: str, commands: Sequence[Command], folder: Path) -> None:
        """Run commands, one after the other; a tool that fails is shown in the table."""
        try:
            seconds = self.run(commands, folder)
        except Failed as error:
            self.failed[name] = str(error)
            sys.stderr.write(f"{name:24} {case:18} FAILED {error}\n")
            return
        self.taken[name, case][self.turn] = seconds
        sys.stderr.write(f"{name:24} {case:18} {seconds:8.2f} s\n")

    def run(self, commands: Sequence[Command], folder: Path) -> float:
        """The seconds that commands take.

        Raises:
            Failed: one of them ends with an error, or not in time.
        """
        began = time.perf_counter()
        for command in commands:
            try:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env=self._variables,
                    input="y\n" * 5,
                    capture_output=True,
                    text=True,
                    timeout=_PATIENCE,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise Failed(f"more than {_PATIENCE:.0f} s") from error
            if done.returncode:
                raise Failed(f"{Path(command[0]).name}: {(done.stderr or done.stdout)[-300:]!r}")
        return time.perf_counter() - began


# --- the cases ------------------------------------------------------------------------------------


def compare(chosen: Sequence[Runner], top: Path, clock: Clock, options: argparse.Namespace) -> None:
    """All tools, in turns, as often as asked."""
    numbers = range(1, options.sections + 1)
    kept: dict[str, Path] = {}
    for turn in range(options.runs):
        clock.turn = turn
        for runner in chosen:
            one = _new(top, runner, numbers[:1])
            clock.measure(runner.name, CASES[0], runner.cold(one), one)
        for runner in chosen:
            if turn < (options.slow_runs if runner.slow else options.runs):
                kept[runner.name] = folder = _new(top, runner, numbers)
                clock.measure(runner.name, CASES[1], runner.cold(folder), folder)
        for runner in chosen:
            folder = kept[runner.name]
            if runner.again is None or runner.edit is None:
                continue
            clock.measure(runner.name, CASES[2], runner.again(folder), folder)
            runner.edit(folder, numbers[-1], turn + 1)
            clock.measure(runner.name, CASES[3], runner.again(folder), folder)


def _new(top: Path, runner: Runner, numbers: Sequence[int]) -> Path:
    folder = Path(tempfile.mkdtemp(dir=top))
    runner.write(folder, numbers)
    return folder


def overheads(top: Path, clock: Clock, runs: int) -> dict[str, float]:
    """Seconds that tangle takes for a section more, and for a chunk more, of next to no code."""
    command = [TANGLE, "run", "--all", *(["--no-server"] if has_server() else [])]
    shapes = {"base": (1, 1), "section": (1 + _EXTRA_SECTIONS, 1), "chunk": (1, 1 + _EXTRA_CHUNKS)}
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for name, (sections, chunks) in shapes.items():
            folder = Path(tempfile.mkdtemp(dir=top))
            workload.write_trivial_notes(folder, sections, chunks)
            taken[name].append(clock.run([command], folder))
    median = {name: statistics.median(found) for name, found in taken.items()}
    return {
        "section": (median["section"] - median["base"]) / _EXTRA_SECTIONS,
        "chunk": (median["chunk"] - median["base"]) / _EXTRA_CHUNKS,
    }


def memory(top: Path, clock: Clock, sections: int) -> dict[str, float]:
    """MiB at most, over all processes (PSS): tangle, two sections at a time, and one script."""
    server = ["--no-server"] if has_server() else []
    notes = Path(tempfile.mkdtemp(dir=top))
    workload.write_notes(notes, range(1, sections + 1))
    scripts = Path(tempfile.mkdtemp(dir=top))
    workload.write_scripts(scripts, [1])
    with peak() as of_tangle:
        clock.run([[TANGLE, "run", "--all", "--jobs", "2", *server]], notes)
    with peak() as of_script:
        clock.run([[sys.executable, "section_01.py"]], scripts)
    return {"tangle": of_tangle[0] / 2**20, "script": of_script[0] / 2**20}


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """The most bytes that the processes below this one held at a time, in a list of one."""
    most = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE):
            most[0] = max(most[0], sum(map(_pss, psutil.Process().children(recursive=True))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return 0  # it has ended


# --- the table ------------------------------------------------------------------------------------


def table(chosen: Sequence[Runner], clock: Clock) -> Iterator[str]:
    """The lines of the Markdown table: medians, and how many times tangle's they are."""
    yield "| | " + " | ".join(CASES) + " |"
    yield "|---|" + "--:|" * len(CASES)
    for runner in chosen:
        yield (
            f"| {runner.name} | " + " | ".join(_cell(clock, runner, case) for case in CASES) + " |"
        )
    for runner in chosen:
        if runner.name in clock.failed:
            yield f"\n{runner.name} failed: {clock.failed[runner.name]}"


def _cell(clock: Clock, runner: Runner, case: str) -> str:
    found = clock.taken.get((runner.name, case))
    if not found:
        return "–"
    median = statistics.median(found.values())
    beside = clock.taken.get(("tangle", case), {})
    rounds = found.keys() & beside.keys()
    theirs, ours = ([times[turn] for turn in rounds] for times in (found, beside))
    ratio = f", {statistics.median(theirs) / statistics.median(ours):.2f} ×" if rounds else ""
    return f"{median:.2f} s{ratio} ({len(found)})"


def versions(peers: Path) -> str:
    """What was measured, on what."""
    names = ["logseq-tangle", "torch", "matplotlib", "ipython", "pytest", *PEERS]
    code = "import sys, importlib.metadata as m\nfor n in sys.argv[1:]: print(n, m.version(n))"
    python = peers / "bin" / "python"
    said = subprocess.run(
        [str(python if python.exists() else sys.executable), "-c", code, *names],
        capture_output=True,
        text=True,
        check=False,
    )
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Python {platform.python_version()}, {machine}; " + ", ".join(said.stdout.split("\n"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5, help="how often; default: 5")
    parser.add_argument(
        "--slow-runs", type=int, default=1, help="how often tools run all that take minutes for it"
    )
    parser.add_argument("--sections", type=int, default=20, help="default: 20")
    parser.add_argument("--only", action="append", help="a tool; may be given again")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environment, kept")
    parser.add_argument("--no-extras", action="store_true", help="without memory and overheads")
    return parser.parse_args()


def main() -> None:
    """Measure, and print the table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="tangle-benchmark-") as name:
        top = Path(name)
        peers = (options.peers or top / "peers").absolute()
        chosen = [
            runner
            for runner in runners(peers)
            if not options.only or any(runner.name.startswith(only) for only in options.only)
        ]
        if any(runner.package in PEERS for runner in chosen):
            make_peers(peers)
        clock = Clock(environment(peers))
        warm_up = Path(tempfile.mkdtemp(dir=top))  # so that all have their bytecode, and the disk
        workload.write_scripts(warm_up, [1])
        clock.run([[sys.executable, "section_01.py"]], warm_up)
        compare(chosen, top, clock, options)
        lines = [versions(peers), "", *table(chosen, clock)]
        if not options.no_extras:
            over = overheads(top, clock, options.runs)
            held = memory(top, clock, options.sections)
            lines.append(
                f"\ntangle takes {over['section'] * 1e3:.1f} ms for a section more, and "
                f"{over['chunk'] * 1e3:.2f} ms for a chunk more. All sections, two at a time, hold "
                f"{held['tangle']:.0f} MiB at most; one script alone {held['script']:.0f} MiB."
            )
        _stop_servers(top)
        sys.stdout.write("\n".join(lines) + "\n")


def _stop_servers(top: Path) -> None:
    if has_server():
        for folder in (path for path in top.iterdir() if (path / "logseq").is_dir()):
            subprocess.run([TANGLE, "server", "stop"], cwd=folder, capture_output=True, check=False)


if __name__ == "__main__":
    main()
