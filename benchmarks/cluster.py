"""Measures what a section costs on a Dask cluster, and that killed workers cost no result.

python -m benchmarks.cluster                # 200 sections of 50 ms: here, on Dask, plain Dask
python -m benchmarks.cluster --sections 40  # quicker
python -m benchmarks.cluster --kills 20     # kills the worker in the middle of each section
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from distributed import Client, LocalCluster, as_completed

from tangle.engine.events import Event, ignore
from tangle.engine.local import LocalExecutor
from tangle.model import Job, SessionResult
from tangle.verbs.job_builder import RunOptions, job, prepared_package
from tangle.verbs.left_out import chosen
from tangle.verbs.notes import read_notes
from tangle.verbs.project import Project, find_project
from tangle.verbs.run import run

_SHORT = "import time\n  time.sleep(0.05)\n  {number}"
_KILLED = (
    "import os, time\n  log = open({log!r}, 'a', 1)\n"
    "  log.write(f'begin {number} {{os.getpid()}}\\n')\n  time.sleep(2)\n"
    "  log.write('end {number}\\n')\n  {number}"
)


def main() -> None:
    """Measure, and print a table; or kill, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=0)
    given = parser.parse_args()
    os.environ["CI"] = "true"  # no server stays behind
    with tempfile.TemporaryDirectory() as folder:
        if given.kills:
            _kill(Path(folder), given.kills, given.jobs)
        else:
            _measure(Path(folder), given.sections, given.jobs, given.rounds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _project(folder: Path, count: int, code: str) -> Project:
    (folder / "logseq").mkdir(parents=True)
    (folder / "pages").mkdir()
    (folder / "logseq" / "config.edn").write_text("{}")
    for number in range(count):
        lines = code.format(number=number, log=str(folder / "log"))
        text = f"- # S{number}\n- ```python\n  {lines}\n  ```\n"
        (folder / "pages" / f"S{number}.md").write_text(text)
    return find_project(start=folder)


def _measure(folder: Path, sections: int, jobs: int, rounds: int) -> None:
    project = _project(folder / "graph", sections, _SHORT)
    plain, bare = "plain Dask, the same engine", "plain Dask, a new Python each"
    ways: dict[str, Callable[[], float]] = {
        "local executor": lambda: _between(lambda see: _run(project, "local", jobs, see)),
        "--executor dask": lambda: _between(lambda see: _run(project, "dask", jobs, see)),
        plain: lambda: _same_jobs(project, jobs),
        bare: lambda: _plain(jobs, _python, [(_SHORT, number) for number in range(sections)]),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    least = 0.05 * sections / jobs
    _say(f"{sections} sections of 50 ms, {jobs} at a time; sleeping alone takes {least:.1f} s")
    _say("| | seconds | ms a section | times the same engine | times a new Python |")
    _say("|---|--:|--:|--:|--:|")
    for name, seconds in medians.items():
        ratios = f"{seconds / medians[plain]:.2f} | {seconds / medians[bare]:.2f}"
        _say(f"| {name} | {seconds:.2f} | {1000 * seconds / sections:.1f} | {ratios} |")


def _run(project: Project, executor: str, jobs: int, observe: Callable[[Event], None]) -> None:
    options = RunOptions(executor=executor, jobs=jobs, fresh=False, cached=False, write=False)
    report = run(project, None, options, observe)
    assert {entry.result.outcome for entry in report.sections} == {"passed"}


def _between(act: Callable[[Callable[[Event], None]], None]) -> float:
    """Seconds from the start of a run's sections to the end of the last: no cluster's start."""
    moments: list[float] = []
    act(lambda _: moments.append(time.perf_counter()))
    return moments[-1] - moments[0]


def _same_jobs(project: Project, jobs: int) -> float:
    """Seconds that the same sections take as tasks that run them with the engine, and no more."""
    loaded = read_notes(project)
    with prepared_package(loaded.plan.package) as package:
        text = package.module.text
        made = [
            (job(project, selected, package, RunOptions()), text)
            for selected in chosen(loaded, None)
        ]
        return _plain(jobs, _section, made)


def _plain(jobs: int, function: Callable[..., object], tasks: Sequence[tuple[Any, ...]]) -> float:
    """Seconds that Dask takes for tasks, whose results come back."""
    with (
        LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        began = time.perf_counter()
        futures = [client.submit(function, *task, pure=False) for task in tasks]
        for _, _result in as_completed(futures, with_results=True):
            pass
        return time.perf_counter() - began


@functools.cache
def _engine() -> LocalExecutor:
    """The engine of a worker; it ends with it."""
    return LocalExecutor(warm=True)


def _section(job: Job, shared: str) -> SessionResult:
    _engine().prepare([job], shared)
    return _engine().run(job, ignore)


def _python(code: str, number: int) -> bytes:
    lines = code.format(number=number).replace("\n  ", "\n")
    return subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True).stdout


def _kill(folder: Path, count: int, jobs: int) -> None:
    project = _project(folder / "graph", count, _KILLED)
    log = folder / "graph" / "log"
    log.touch()
    done = threading.Event()
    killed: set[str] = set()
    killer = threading.Thread(target=lambda: _kill_each(log, killed, done))
    killer.start()
    began = time.perf_counter()
    try:
        report = run(project, None, RunOptions(executor="dask", jobs=jobs), ignore)
    finally:
        done.set()
        killer.join()
    outcomes = [entry.result.outcome for entry in report.sections]
    text = "".join(page.read_text() for page in (folder / "graph" / "pages").glob("*.md"))
    _say(
        f"{len(killed)} of {count} sections lost their worker in the middle; "
        f"{outcomes.count('passed')} passed, {len(re.findall('end ', log.read_text()))} ended, "
        f"{text.count('tangle.output::')} outputs written, {time.perf_counter() - began:.0f} s"
    )


def _kill_each(log: Path, killed: set[str], done: threading.Event) -> None:
    """Kill the worker of each section once, half a second after the section began."""
    while not done.wait(0.2):
        for number, pid in _begun(log):
            if number not in killed:
                killed.add(number)
                time.sleep(0.3)
                _kill_worker(int(pid))


def _begun(log: Path) -> Iterator[tuple[str, str]]:
    for line in log.read_text().splitlines():
        if line.startswith("begin "):
            _, number, pid = line.split()
            yield number, pid


def _kill_worker(session: int) -> None:
    """Kill the worker of Dask above a session: the child of the nanny, which is this process."""
    try:
        above = [process.pid for process in psutil.Process(session).parents()]
        own = {child.pid for child in psutil.Process().children()}
        for pid in above:
            if pid in own:
                psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
