"""How soon after a save `tangle watch` has the new output in the page, and what a copy costs.

    python -m benchmarks.watch [--notes notes] [--rounds 9]

Copies the notes, adds a section of eight chunks (imports of torch, tensors, a figure, training) as
the last of its chapter, watches it, and edits its last chunk and the training above it again and
again, as an editor does. A chunk's own run time is what the section measures itself, with the same
code. Prints a Markdown table; every time is a median, in milliseconds.
"""

# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import itertools
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.events import Event
from tangle.engine.memory import proportional
from tangle.model import Cell, Job, SectionName

PATIENCE = 180.0

CHUNKS = (
    """
import time
import torch
from torch import nn
from matplotlib import pyplot as plt
""",
    """
X = torch.randn(256, 20); w = torch.randn(20, 1)
y = X @ w
""",
    """
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1))
""",
    """
sum(p.numel() for p in net.parameters())
""",
    """
plt.plot([1, 3, 2]);
""",
    """
started = time.perf_counter()
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(60):
    opt.zero_grad(); l = ((net(X) - y) ** 2).mean(); l.backward(); opt.step()
trained = time.perf_counter() - started
""",
    """
print("loss", l.item())
""",
    """
started = time.perf_counter()
r = sum((net(X) - y).abs().mean().item() for _ in range(20))
print("round 0", f"own {1e3 * (time.perf_counter() - started):.1f} {1e3 * trained:.1f}")
""",
)
"""A section as benchmarks of notebooks have it."""


def _page() -> str:
    """The section as a page."""
    blocks = (
        "\t- ```python\n"
        + "".join(f"\t  {line}\n" for line in code.strip().split("\n"))
        + "\t  ```\n"
        for code in CHUNKS
    )
    return "- # 9.9. Measured\n" + "".join(blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table."""

    what: str
    own: float
    all: Sequence[float]

    def text(self) -> str:
        """As Markdown."""
        middle = statistics.median(self.all)
        own = f"{self.own:.0f}" if self.own else ""
        beyond = f"{middle - self.own:.0f}" if self.own else ""
        return f"| {self.what} | {middle:.0f} | {min(self.all):.0f} | {own} | {beyond} |"


@contextmanager
def _watching(graph: Path) -> Iterator[None]:
    with (graph / "said").open("wb") as said:
        command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph), "watch", "9.9"]
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _wait(page: Path, text: str) -> float:
    """When a page has a text."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if text in page.read_text(encoding="utf-8"):
            return time.perf_counter()
        time.sleep(0.001)
    raise SystemExit(f"{page}: no {text!r} came: {(page.parents[1] / 'said').read_text()}")


def _save(page: Path, change: Callable[[str], str]) -> float:
    """Save a page as an editor does, by renaming; when that was."""
    draft = page.with_name(".draft")
    draft.write_text(change(page.read_text(encoding="utf-8")), encoding="utf-8")
    draft.replace(page)
    return time.perf_counter()


def _latencies(notes: Path, rounds: int) -> Iterator[Row]:
    """From save to output, for the last chunk and for the training above it."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "notes"
        shutil.copytree(notes, graph)
        page = graph / "pages" / "Measured.md"
        page.write_text(_page(), encoding="utf-8")
        with _watching(graph):
            _wait(page, "\t  round 0 own")
            for what, line in (
                ("last chunk edited", 'print("round '),
                ("training edited, two chunks after it", "trained = "),
            ):
                yield _measured(what, page, line, rounds)


def _measured(what: str, page: Path, line: str, rounds: int) -> Row:
    taken: list[float] = []
    own: list[float] = []
    for _ in range(rounds):
        time.sleep(0.7)  # a person is slower still
        text = page.read_text(encoding="utf-8")
        number = int(re.search(r'print\("round (\d+)', text)[1]) + 1  # type: ignore[index]

        def change(text: str, number: int = number) -> str:
            text = re.sub(r'print\("round \d+', f'print("round {number}', text)
            return text if "round" in line else text.replace(line, f"_{number} = {line}", 1)

        saved = _save(page, change)
        taken.append(1e3 * (_wait(page, f"\t  round {number} own") - saved))
        times = re.findall(r"\t  round \d+ own ([\d.]+) ([\d.]+)", page.read_text(encoding="utf-8"))
        last, trained = map(float, times[-1])
        own.append(last if "round" in line else last + trained)
    return Row(what=what, own=statistics.median(own), all=taken)


def _copies(rounds: int) -> Iterator[Row]:
    """What a copy costs: a session of small cells with and without one after each."""
    for what, code in (
        ("small state", "x = 1"),
        ("200 MB of tensors", "big = torch.ones(50_000_000)"),
    ):
        job = _job("import torch", code, *["time = __import__('time')"] * 8)
        with ResumingExecutor(warm=True, threshold=0.0) as copying:
            copying.prepare([job])
            costs = [_cost(copying, job) for _ in range(rounds)]
            pids = [copy.pid for copy in copying.copies.all]
            held = sum(map(proportional, pids)) / 2**20
            own = sum(map(_private, pids)) / len(pids) / 2**20
        yield Row(what=f"a copy, {what} (ms)", own=0, all=costs)
        state = 200 if "200" in what else 0
        yield Row(
            what=f"a copy, {what} (MiB beyond the state itself)", own=0,
            all=[max(0.0, (held - state) / len(pids))],
        )  # fmt: skip
        yield Row(what=f"a copy, {what} (MiB private)", own=0, all=[own])


def _cost(executor: ResumingExecutor, job: Job) -> float:
    """Milliseconds between the ends of cells that do nothing: what the copy takes."""
    executor.copies.close()
    ends: list[float] = []

    def observe(event: Event) -> None:
        if type(event).__name__ == "CellStarted":
            ends.append(time.perf_counter())

    executor.run(job, observe)
    executor.settle()
    return 1e3 * statistics.median(b - a for a, b in itertools.pairwise(ends[2:]))


def _private(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(map(int, re.findall(r"Private_\w+: +(\d+)", text)))


def _job(*codes: str) -> Job:
    cells = (
        Cell(name=f"9.9 chunk {number}", code=code, origins=())
        for number, code in enumerate(codes, start=1)
    )
    return Job(section=SectionName("9.9"), cells=tuple(cells), directory=tempfile.gettempdir())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path, default=Path("notes"))
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, Python {sys.version.split()[0]}\n")
    print("| what | median | least | own run time | beyond |\n|---|---|---|---|---|")
    for rows in (_latencies(given.notes, given.rounds), _copies(given.rounds)):
        for row in rows:
            print(row.text(), flush=True)


if __name__ == "__main__":
    main()
