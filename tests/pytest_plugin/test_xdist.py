"""With pytest-xdist: a section stays on one worker, and the results are the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest

from .pages import Graph, section

Make = Callable[..., Graph]

# Each section takes long enough that one worker cannot have done it all before the other is there.
PAGE = "".join(
    section(
        f"3.{n}", "import time", f"time.sleep(0.5)\nx = {n}", f"assert x % 4, {n}", f"x == {n}", "x"
    )
    for n in range(1, 7)
)


@pytest.mark.parametrize("dist", ["load", "loadgroup", "loadscope", "worksteal"])
def test_sections_stay_together(graph: Make, dist: str) -> None:
    made = graph(x=PAGE)
    made.pytester.makepyfile("".join(f"def test_{n}():\n    pass\n" for n in range(3)))
    said = made.pytest("notes", ".", "-v", "-n", "2", "--dist", dist)
    assert "1 failed, 32 passed" in said.out
    workers: dict[str, set[str]] = defaultdict(set)
    for worker, name in re.findall(r"\[(gw\d)\].*notes/pages/x\.md::(3\.\d)::", said.out):
        workers[name].add(worker)
    assert sorted(workers) == [f"3.{n}" for n in range(1, 7)]
    assert all(len(found) == 1 for found in workers.values())
    assert len(set.union(*workers.values())) == 2
    told = said.after("3.4 chunk 3")
    assert ">   assert x % 4, 4\nE   AssertionError: 4\nE   assert (4 % 4)\n" in told
    assert "FAILED notes/pages/x.md::3.4::chunk 3" in said.out
    assert "AssertionError: 4" in said.out.partition("short test summary")[2]


def test_what_was_not_asked_for_is_not_collected_by_workers(graph: Make) -> None:
    made = graph(x=PAGE)
    made.pytester.makepyfile("def test_it():\n    pass\n")
    assert "1 passed" in made.pytest("-n", "1").out
