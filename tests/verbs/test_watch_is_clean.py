"""What `tangle watch` leaves in the notes is what a clean run gives, whatever is edited."""

from __future__ import annotations

import queue
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tangle.engine.forkserver.client import ForkServerClient
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import Project, find_project
from tangle.verbs.reports.values import RunReport
from tangle.verbs.run import run
from tangle.verbs.watch import watcher
from tangle.verbs.watch.events import News, Ran
from tangle.verbs.watch.watcher import Watcher
from tests.graphs import MakeNotes, Notes

PAGES = {
    "A": """\
- ## 3.1. Saves and lends
	- ```python
	  import random, time, warnings  #@save
	  warnings.simplefilter("ignore")  #@save
	  def scaled(x):  #@save
	      return x * 2
	  ```
	- ```python
	  lent = 1
	  time.sleep(0.03)
	  print("lent", lent, random.random())
	  ```
	- prose 1
""",
    "B": """\
- ## 3.2. Uses what is saved, and borrows
	- ```python
	  from d2l import torch as d2l
	  import random, time, warnings
	  print(d2l.scaled(3), warnings.filters[0][0], random.random())
	  time.sleep(0.03)
	  ```
	- ```python
	  print("borrowed", lent + 1)
	  shown = 1
	  ```
	- ```python
	  shown, random.random()
	  ```
""",
    "C": """\
- ## 3.3. Reads, and may fail
	- ```python
	  import time
	  text = open("../data.txt").read()
	  time.sleep(0.03)
	  ```
	- ```python
	  print("before", text); 1 / 0
	  ```
	- ```python
	  print("after", len(text))
	  ```
""",
}

Edit = Callable[[Notes, random.Random], Path]


def _number(page: str, before: str) -> Edit:
    """Has a number behind some words be another."""

    def edit(graph: Notes, chance: random.Random) -> Path:
        new = chance.randrange(2, 10**6)
        text, count = re.subn(rf"{re.escape(before)}\d+", f"{before}{new}", graph.text(page))
        assert count == 1
        graph.write(page, text)
        return graph.page(page)

    return edit


def _toggle(page: str, one: str, other: str) -> Edit:
    def edit(graph: Notes, chance: random.Random) -> Path:
        del chance
        text = graph.text(page)
        old, new = (one, other) if one in text else (other, one)
        assert text.count(old) == 1
        graph.write(page, text.replace(old, new))
        return graph.page(page)

    return edit


def _data(graph: Notes, chance: random.Random) -> Path:
    path = graph.root / "data.txt"
    path.write_text("x" * chance.randrange(1, 99))
    return path


def _seed(graph: Notes, chance: random.Random) -> Path:
    path = graph.root / "tangle.toml"
    path.write_text(f'graph = "."\nseed = {chance.randrange(10**6)}\n')
    return path


EDITS: dict[str, Edit] = {
    "saved function": _number("A", "return x * "),
    "import effect": _toggle("A", 'simplefilter("ignore")', 'simplefilter("always")'),
    "lent value": _number("A", "  lent = "),
    "prose": _number("A", "- prose "),
    "own code": _number("B", "  shown = "),
    "known failure": _toggle(
        "C",
        '\t- ```python\n\t  print("before"',
        '\t- tangle.xfail:: why\n\t  ```python\n\t  print("before"',
    ),
    "last chunk": _toggle("C", 'print("after", ', 'print("then", '),
    "data": _data,
    "seed": _seed,
}


class _Disk:
    """Tells of the changes that a test makes."""

    def __init__(self) -> None:
        self._changes: queue.SimpleQueue[frozenset[Path] | None] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[frozenset[Path]]:
        while (paths := self._changes.get()) is not None:
            yield paths

    def tell(self, path: Path) -> None:
        self._changes.put(frozenset({path}))

    def close(self) -> None:
        self._changes.put(None)


class _Watched:
    """A watcher in a separate thread, and what it reported."""

    def __init__(self, project: Project, names: list[str]) -> None:
        self.ran: dict[str, str] = {}
        self.disk = _Disk()
        self.watcher = Watcher(project, names, RunOptions(), self._take)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        self.watcher.follow(self.disk)

    def _take(self, news: News) -> None:
        if isinstance(news, Ran):
            self.ran[news.run.session.name] = news.run.result.outcome

    def settle(self) -> None:
        """Waits until nothing is left to do: looks at files are a tick apart."""
        quiet, until = 0, time.monotonic() + 60
        while quiet < 8:
            assert time.monotonic() < until
            time.sleep(0.03)
            watcher = self.watcher
            busy = watcher._running is not None or watcher._queue or not watcher._mail.empty()
            quiet = 0 if busy else quiet + 1


def _clean(project: Project) -> RunReport:
    """The results of running everything again, compared with what the notes hold."""
    options = RunOptions(fresh=True, write=False, verify=True, server=False)
    return run(project, None, options)


@pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_edited(notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(watcher, "_TICK", 0.02)
    graph = notes(PAGES)
    chance = random.Random(seed)
    _data(graph, chance)
    _seed(graph, chance)
    project = find_project(start=graph.root)
    watched = _Watched(project, ["3.1", "3.2", "3.3"])
    with watched.watcher:
        watched.settle()
        for name in chance.choices(list(EDITS), k=2 * len(EDITS)):
            watched.disk.tell(EDITS[name](graph, chance))
            watched.settle()
            report = _clean(find_project(start=graph.root))
            assert report.differences == (), name
            told = {entry.session.name: entry.result.outcome for entry in report.sections}
            assert watched.ran == told, name
