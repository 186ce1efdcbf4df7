"""How long a run through `tangle serve` takes beside the same run from the command line.

    python -m benchmarks.serving [--rounds 21] [--torch] [--database GRAPH.sqlite]

Makes a graph with one page of three chunks. In each round the last chunk is edited twice: once
`tangle run` runs it, once `POST /api/run`; who is first alternates. Both write the output into the
page. Then the same with nothing changed. The time of the command is that from its start to its end,
with the fork server up; that of a request is from the request to the event that the job is over. An
edit is followed by a pause in which the server reads it, as it does while a person moves to the
menu. With `--database`, also measures reading a database graph, in this process.
"""

# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tangle.parse.database import entities
from tangle.parse.database_pages import database_pages
from tangle.store import database_rows

PATIENCE = 60.0
AFTER_AN_EDIT = 0.5
TANGLE = Path(sys.executable).with_name("tangle")

PAGE = """\
- ```python
  {0}
  ```
- ```python
  total = sum(range(1000))
  ```
- ```python
  print(total + {1})
  ```
"""

Run = Callable[[], float]
"""Runs the page and returns the seconds that it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server on the graph."""

    place: str
    token: str

    def run(self) -> float:
        """Ask for a run and wait for the event that it is over."""
        with closing(http.client.HTTPConnection(self.place, timeout=PATIENCE)) as stream:
            stream.request("GET", "/api/events", headers=self._headers)
            events = stream.getresponse()
            started = time.perf_counter()
            job = self._ask()
            for line in events:
                if line.startswith(b"data: ") and job in line:
                    data = json.loads(line.removeprefix(b"data: "))
                    if "state" in data:
                        assert data["exit_code"] == 0, data
                        return time.perf_counter() - started
        raise SystemExit("the stream of events ended")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def _ask(self) -> bytes:
        with closing(http.client.HTTPConnection(self.place, timeout=PATIENCE)) as connection:
            body = json.dumps({"what": ["Page"]})
            connection.request("POST", "/api/run", body, self._headers)
            return str(json.load(connection.getresponse())["job"]).encode()


@contextmanager
def served(graph: Path) -> Iterator[Served]:
    """Serve the graph."""
    command = [str(TANGLE), "--graph", str(graph), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        place = process.stdout.readline().rstrip().rstrip("/").rpartition("/")[2]
        yield Served(place=place, token=process.stdout.readline().split()[-1])
        process.terminate()


def command_line(graph: Path) -> float:
    """Run the page with `tangle run`."""
    started = time.perf_counter()
    subprocess.run([TANGLE, "run", "Page"], cwd=graph, check=True, capture_output=True)
    return time.perf_counter() - started


def compare(rounds: int, command: Run, request: Run, edit: Callable[[], None]) -> str:
    """Return a row of the table: medians, their ratio and their difference."""
    times: dict[Run, list[float]] = {command: [], request: []}
    for number in range(rounds + 2):
        for run in (command, request)[:: 1 if number % 2 else -1]:
            edit()
            seconds = run()
            if number > 1:  # the first ones load what later ones find
                times[run].append(seconds)
    first, second = (1e3 * statistics.median(times[run]) for run in (command, request))
    return f"{first:.0f} ms | {second:.0f} ms | {second / first:.2f} | {second - first:+.0f} ms"


def measure_runs(rounds: int, imports: str) -> None:
    """Print the table of runs."""
    with tempfile.TemporaryDirectory() as name:
        graph = Path(name)
        (graph / "logseq").mkdir()
        (graph / "pages").mkdir()
        (graph / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
        page = graph / "pages" / "Page.md"
        page.write_text(PAGE.format(imports, 0), encoding="utf-8")
        number = iter(range(1, 1_000_000))

        def edit() -> None:
            text = page.read_text("utf-8")
            start = text.index("print(total + ")
            end = text.index(")", start)
            page.write_text(f"{text[:start]}print(total + {next(number)}{text[end:]}", "utf-8")
            time.sleep(AFTER_AN_EDIT)

        with served(graph) as server:
            print("| | `tangle run` | `POST /api/run` | ratio | difference |")
            print("|---|--:|--:|--:|--:|")
            for what, change in (("a chunk edited", edit), ("nothing changed", lambda: None)):
                row = compare(rounds, lambda: command_line(graph), server.run, change)
                print(f"| {what} | {row} |")
        subprocess.run(
            [TANGLE, "server", "stop"], cwd=graph, check=False, stdout=subprocess.DEVNULL
        )


def measure_database(path: Path, rounds: int) -> None:
    """Print how long a database takes to be read."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        database_pages(entities(database_rows(path)))
        times.append(time.perf_counter() - started)
    found = entities(database_rows(path))
    pages = database_pages(found)
    facts = sum(len(values) for entity in found.values() for values in entity.values())
    blocks = sum("block/parent" in entity for entity in found.values())
    print(
        f"\n{path.name}: {facts} facts, {blocks} blocks, {len(pages)} pages in "
        f"{1e3 * statistics.median(times):.0f} ms"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--torch", action="store_true", help="the page imports torch")
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    measure_runs(options.rounds, "import torch" if options.torch else "import json")
    if options.database is not None:
        measure_database(options.database, options.rounds)


if __name__ == "__main__":
    main()
