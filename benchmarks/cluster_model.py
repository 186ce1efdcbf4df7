"""A model of runs on a cluster: simulates the measured small cases, and prints large ones.

    python -m benchmarks.cluster_model                      # docs/explanation/scaling.md's table
    python -m benchmarks.cluster_model --sections 200 --slots 2 --seconds 0.05

A section passes two stations: the command with the scheduler, which handle one section at a time,
and one of the workers' slots, which it holds for its start and its code. Both serve in the order of
arrival.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Seconds of one section at each station, and bytes of its messages, as measured.

    Attributes:
        command: building and submitting its task, its lease and events, and taking its result: CPU
            time of the command, with the scheduler in the same process.
        start: from the worker's taking it to its first cell, and from its last cell to the reply.
        job, result: bytes of a section's messages without figures.
    """

    command: float = 0.008
    start: float = 0.034
    job: int = 900
    result: int = 5_400


def simulated(sections: int, slots: int, seconds: float, costs: Costs) -> float:
    """Seconds from the first submission to the last result.

    Args:
        sections: how many.
        slots: how many run at a time.
        seconds: what the code of each takes.
        costs: of the stations.
    """
    free = [0.0] * slots
    command = end = 0.0
    for _ in range(sections):
        command += costs.command
        begin = max(heapq.heappop(free), command)
        heapq.heappush(free, begin + costs.start + seconds)
        end = max(end, begin + costs.start + seconds)
    return end


def saturating(slots: int, seconds: float, costs: Costs) -> str:
    """The station that limits the rate of sections."""
    return "the command" if costs.command > (costs.start + seconds) / slots else "the workers"


def main() -> None:
    """Print one case, or the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=0)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.05)
    given = parser.parse_args()
    costs = Costs()
    if given.sections:
        taken = simulated(given.sections, given.slots, given.seconds, costs)
        sys.stdout.write(f"{taken:.2f} s\n")
        return
    sys.stdout.write("| sections | slots | code | time | limited by | messages |\n")
    sys.stdout.write("|--:|--:|--:|--:|---|--:|\n")
    for sections, slots in ((100, 4), (10_000, 100), (1_000_000, 1000)):
        for seconds in (0.05, 60.0):
            taken = simulated(sections, slots, seconds, costs)
            sent = sections * (costs.job + costs.result) / 1e6
            limit = saturating(slots, seconds, costs)
            row = f"| {sections:,} | {slots} | {seconds:g} s | {taken:,.0f} s | {limit} |"
            sys.stdout.write(f"{row} {sent:,.0f} MB |\n")


if __name__ == "__main__":
    main()
