"""Runs on a cluster of separate processes: equal results, and what happens when something dies."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tangle.engine.events import CellOutput, Event, Noticed, SessionStarted
from tangle.engine.interrupt import Interrupt
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.project import find_project
from tangle.verbs.run import run
from tests.dask_cluster import DaskCluster, await_begin, dask_cluster, slow_page
from tests.graphs import MakeNotes, Notes

if TYPE_CHECKING:
    import psutil

pytest.importorskip("distributed", reason="needs dask.distributed: pip install -e '.[cluster]'")

TWO = {
    "One": "- # One\n- ```python\n  import os\n  print(os.getcwd())\n  ```\n",
    "Two": "tangle.needs:: [[One]]\n\n- # Two\n- ```python\n  import json\n  1 + 1\n  ```\n"
    "- ```python\n  1 / 0\n  ```\n- ```python\n  2 + 2\n  ```\n",
    "Three": "tangle.needs:: [[Two]]\n\n- # Three\n- ```python\n  3\n  ```\n",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


def kill_worker_of(cluster: DaskCluster, session: psutil.Process) -> None:
    above = {process.pid for process in session.parents()}
    (worker,) = (w for w in cluster.workers if w.pid in above)
    worker.kill()
    worker.wait()
    cluster.workers.remove(worker)


# --- results ----------------------------------------------------------------------------------


def test_results_are_those_of_the_local_executor(notes: MakeNotes, cluster: DaskCluster) -> None:
    made = notes(TWO)
    said = made.tangle("run", "--all", "--format", "json", "--executor", f"dask:{cluster.address}")
    assert said.code == 1
    sections = {entry["number"]: entry for entry in json.loads(said.out)["sections"]}
    assert {name: entry["outcome"] for name, entry in sections.items()} == {
        "One": "passed",
        "Two": "failed",
        "Three": "skipped",
    }
    assert {entry["executor"] for entry in sections.values()} == {"dask"}
    assert sections["One"]["worker"].startswith("tcp://127.0.0.1:")
    assert sections["Three"]["worker"] is None
    written = {name: made.text(name) for name in TWO}
    again = made.tangle("run", "--all", "--fresh")
    assert again.code == 1
    assert {name: made.text(name) for name in TWO} == written


def test_results_of_another_machine_are_not_kept_for_this_one(
    notes: MakeNotes, cluster: DaskCluster
) -> None:
    made = notes({"One": TWO["One"]})
    assert made.tangle("run", "One", "--executor", f"dask:{cluster.address}").code == 0
    said = made.tangle("run", "One", "--format", "json")
    assert [entry["cached"] for entry in json.loads(said.out)["sections"]] == [False]


def test_a_cluster_of_this_machine_needs_no_address_and_its_results_are_kept(
    notes: MakeNotes,
) -> None:
    made = notes({"One": TWO["One"]})
    said = made.tangle("run", "One", "--jobs", "1", "--executor", "dask")
    assert said.code == 0
    assert "by tcp://127.0.0.1:" in said.out
    said = made.tangle("run", "One", "--format", "json")
    assert [entry["cached"] for entry in json.loads(said.out)["sections"]] == [True]


# --- files ------------------------------------------------------------------------------------


def test_a_worker_without_the_folder_gets_what_the_section_names_and_the_error_says_the_rest(
    notes: MakeNotes, cluster: DaskCluster
) -> None:
    read = (
        "- # {0}\n- ```python\n  import os\n  {1}\n  print(open(name).read(), os.getcwd())\n  ```\n"
    )
    made = notes(
        {
            "Named": read.format("Named", "name = '../data/t.csv'"),
            "Worked out": read.format("Worked out", "name = '../data/' + chr(116) + '.csv'"),
            "Declared": read.format("Declared", "name = '../data/' + chr(116) + '.csv'")
            + "  tangle.reads:: ../data/*.csv\n",
        }
    )
    (made.root / "data").mkdir()
    (made.root / "data" / "t.csv").write_text("content")
    (made.root / ".tangle").write_text("")  # no folder: nothing can prove that it is shared
    said = made.tangle(
        *("run", "--all", "--no-write", "--fresh", "--format", "json"),
        *("--executor", f"dask:{cluster.address}"),
    )
    (made.root / ".tangle").unlink()
    sections = {entry["number"]: entry for entry in json.loads(said.out)["sections"]}
    for name in ("Named", "Declared"):
        (chunk,) = sections[name]["chunks"]
        assert chunk["outputs"][0]["text"] == f"content {made.root / 'pages'}\n"
    (chunk,) = sections["Worked out"]["chunks"]
    assert chunk["error"]["name"] == "FileNotFoundError"
    assert "`tangle.reads:: ../data/t.csv`" in chunk["error"]["hint"]


def test_more_than_the_configured_bytes_are_not_sent(
    notes: MakeNotes, cluster: DaskCluster
) -> None:
    made = notes({"One": "- # One\n- ```python\n  print(len(open('big.bin').read()))\n  ```\n"})
    (made.root / "tangle.toml").write_text('cluster_files = "1K"\n')
    (made.root / "pages" / "big.bin").write_bytes(b"x" * 2000)
    (made.root / ".tangle").write_text("")
    said = made.tangle("run", "One", "--no-write", "--executor", f"dask:{cluster.address}")
    assert said.code == 2
    assert "big.bin" in said.err
    assert "cluster_files" in said.err


# --- deaths -----------------------------------------------------------------------------------


def observed(
    made: Notes, cluster: DaskCluster, events: list[Event], interrupt: Interrupt | None = None
) -> list[str]:
    """The outcomes of a run of all sections."""
    report = run(
        find_project(start=made.root),
        None,
        RunOptions(executor=f"dask:{cluster.address}"),
        events.append,
        interrupt,
    )
    return [entry.result.outcome for entry in report.sections]


def test_a_section_whose_worker_dies_runs_again_and_never_twice_at_once(
    notes: MakeNotes, cluster: DaskCluster, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    made = notes({"Slow": slow_page(log)})
    events: list[Event] = []

    def kill() -> None:
        kill_worker_of(cluster, await_begin(log))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert observed(made, cluster, events) == ["passed"]
    finally:
        killer.join()
        cluster.start_worker()
    marks = [line.split() for line in log.read_text().splitlines()]
    assert [mark[0] for mark in marks] == ["begin", "begin", "end"]
    assert marks[0][1] != marks[1][1]
    assert sum(isinstance(event, SessionStarted) for event in events) == 2
    assert any(isinstance(e, Noticed) and "was lost; it runs again" in e.text for e in events)
    assert made.text("Slow").count("tangle.output::") == 1
    assert made.text("Slow").count("begun") == 2  # in the code, and once in the output


def test_a_section_runs_again_once_a_lost_scheduler_is_there_again(
    notes: MakeNotes, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    made = notes({"Slow": slow_page(log, 8.0)})
    with dask_cluster(tmp_path, 1) as own:

        def restart() -> None:
            await_begin(log)
            own.restart_scheduler()
            own.start_worker()

        restarter = threading.Thread(target=restart)
        restarter.start()
        assert observed(made, own, []) == ["passed"]
        restarter.join()
    assert made.text("Slow").count("tangle.output::") == 1
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["begin", "begin", "end"]


def test_an_interrupt_ends_what_runs_on_workers_and_keeps_what_it_had_shown(
    notes: MakeNotes, cluster: DaskCluster, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    made = notes({"Slow": slow_page(log, 60.0)})
    events: list[Event] = []
    interrupt = Interrupt()
    sessions: list[psutil.Process] = []

    def stop() -> None:
        sessions.append(await_begin(log))
        interrupt.request()

    stopper = threading.Thread(target=stop)
    stopper.start()
    began = time.monotonic()
    assert observed(made, cluster, events, interrupt) == ["interrupted"]
    stopper.join()
    assert time.monotonic() - began < 50
    assert not sessions[0].is_running()
    texts = [o for e in events if isinstance(e, CellOutput) for o in e.outputs]
    assert any("begun" in str(output) for output in texts)


def test_two_commands_use_one_cluster_and_an_interrupt_of_one_leaves_the_other(
    notes: MakeNotes, cluster: DaskCluster, tmp_path: Path
) -> None:
    log, other = tmp_path / "log", tmp_path / "other"
    made = notes({"Slow": slow_page(log, 2.0)})
    second = Notes(root=tmp_path / "second")
    (second.root / "logseq").mkdir(parents=True)
    (second.root / "logseq" / "config.edn").write_text("{}")
    (second.root / "pages").mkdir()
    second.write("Slow", slow_page(other, 60.0))
    outcomes: list[list[str]] = []
    interrupt = Interrupt()
    thread = threading.Thread(
        target=lambda: outcomes.append(observed(second, cluster, [], interrupt))
    )
    thread.start()
    await_begin(other)
    assert observed(made, cluster, []) == ["passed"]
    interrupt.request()
    thread.join(30)
    assert outcomes == [["interrupted"]]


# --- clusters that do not fit -----------------------------------------------------------------


def test_a_section_that_asks_for_a_gpu_is_refused_where_no_worker_offers_one(
    notes: MakeNotes, cluster: DaskCluster
) -> None:
    made = notes({"One": TWO["One"]})
    said = made.tangle("run", "One", "--device", "cuda", "--executor", f"dask:{cluster.address}")
    assert said.code == 2
    assert "One asks for cuda" in said.err
    assert "--resources GPU=1" in said.err


def test_a_section_that_asks_for_a_gpu_runs_where_one_is_offered(
    notes: MakeNotes, cluster: DaskCluster
) -> None:
    code = "import os\n  print(os.environ.get('CUDA_VISIBLE_DEVICES'))"
    made = notes({"One": f"- # One\n- ```python\n  {code}\n  ```\n"})
    worker = cluster.start_worker("--resources", "GPU=1")
    cluster.await_workers(3)
    try:
        said = made.tangle(
            *("run", "One", "--device", "cuda", "--no-write", "--format", "json"),
            *("--executor", f"dask:{cluster.address}"),
        )
    finally:
        worker.terminate()
        worker.wait()
        cluster.workers.remove(worker)
    (section,) = json.loads(said.out)["sections"]
    shown_outputs = [output for chunk in section["chunks"] for output in chunk["outputs"]]
    assert shown_outputs == [] or shown_outputs[0]["text"] == "0\n"
    assert section["outcome"] in ("passed", "failed")  # the machine may have no GPU
    assert section["worker"] is not None


def test_a_package_that_workers_lack_is_named_before_anything_runs(
    notes: MakeNotes, cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here").mkdir()
    (tmp_path / "only_here" / "zz_package.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "only_here"))
    log = tmp_path / "log"
    made = notes(
        {"One": f"- # One\n- ```python\n  open({str(log)!r}, 'w')\n  import zz_package\n  ```\n"}
    )
    said = made.tangle("run", "One", "--executor", f"dask:{cluster.address}")
    assert said.code == 2
    assert "lacks zz_package" in said.err
    assert not log.exists()


@pytest.mark.parametrize(
    ("executor", "words"),
    [
        ("dask:tcp://127.0.0.1:1", "no Dask scheduler can be reached"),
        ("dask:tls://127.0.0.1:8786", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        ("dask:nonsense", "HOST:PORT"),
        ("dusk", "local, dask, or dask:ADDRESS"),
    ],
)
def test_what_is_no_cluster_is_a_usage_error(notes: MakeNotes, executor: str, words: str) -> None:
    said = notes({"One": TWO["One"]}).tangle("run", "One", "--executor", executor)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
