"""Workers with networks of their own and without the project's folder, and workers of SLURM."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dask_cluster import DaskCluster, await_begin, slow_page
from tests.graphs import MakeNotes, Notes

pytest.importorskip("distributed", reason="needs dask.distributed: pip install -e '.[cluster]'")

SECTIONS = {
    "Reads": "- # Reads\n- ```python\n  print(open('../data/t.csv').read())\n  ```\n",
    "Saves": "- # Saves\n- ```python\n  #@save\n  def double(x):\n      return 2 * x\n  ```\n",
    "Borrows": "tangle.needs:: [[Reads]]\n\n- # Borrows\n"
    "- ```python\n  from kept.code import double\n  import matplotlib.pyplot as plt\n"
    "  plt.plot([double(1), 3])\n  plt.show()\n  ```\n",
}


def call(*command: str) -> bool:
    """Whether a command is here and succeeds."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0


def ran_here(notes: MakeNotes) -> Notes:
    """A project with the outputs that its sections have without a cluster."""
    made = notes(SECTIONS)
    (made.root / "tangle.toml").write_text('book = ["**"]\npackage = "kept.code"\n')
    (made.root / "data").mkdir()
    (made.root / "data" / "t.csv").write_text("content")
    said = made.tangle("run", "--all")
    assert said.code == 0, said.err
    return made


class Networks:
    """A bridge with network namespaces on it, one for each worker."""

    def __init__(self) -> None:
        self._name = f"tg{os.getpid()}"
        self._net = f"10.213.{os.getpid() % 250}"
        self._namespaces: list[str] = []
        self.host = f"{self._net}.1"

    def open(self) -> None:
        """Make the bridge."""
        self._ip("link", "add", self._name, "type", "bridge")
        self._ip("address", "add", f"{self.host}/24", "dev", self._name)
        self._ip("link", "set", self._name, "up")

    def prefix(self, number: int, hidden: Path) -> list[str]:
        """A command that runs another one in a namespace, which does not see a folder.

        Args:
            number: of the namespace, from 0.
            hidden: the folder.
        """
        name = f"{self._name}n{number}"
        self._ip("netns", "add", name)
        self._namespaces.append(name)
        outer = f"{self._name}v{number}"
        self._ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._ip("link", "set", outer, "master", self._name, "up")
        inner = ("netns", "exec", name, "ip")
        self._ip(*inner, "address", "add", f"{self._net}.{number + 2}/24", "dev", "eth0")
        self._ip(*inner, "link", "set", "eth0", "up")
        self._ip(*inner, "link", "set", "lo", "up")
        hide = f'mount -t tmpfs none "{hidden}" && exec "$@"'
        return ["ip", "netns", "exec", name, "unshare", "--mount", "sh", "-c", hide, "sh"]

    def close(self) -> None:
        """Remove them."""
        for name in self._namespaces:
            self._ip("netns", "delete", name)
        self._ip("link", "delete", self._name)

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=30)


@pytest.fixture
def networks() -> Iterator[Networks]:
    if os.geteuid() != 0 or not call("ip", "netns", "list") or not call("unshare", "-mn", "true"):
        pytest.skip("needs root, iproute2 and network namespaces")
    made = Networks()
    try:
        made.open()
        yield made
    finally:
        made.close()


def test_workers_with_networks_of_their_own_and_no_shared_folder_have_equal_results(
    notes: MakeNotes, networks: Networks, tmp_path: Path
) -> None:
    made = ran_here(notes)
    cluster = DaskCluster(tmp_path, host=networks.host)
    try:
        for number in range(2):
            cluster.start_worker(prefix=networks.prefix(number, made.root))
        cluster.await_workers(2)
        said = made.tangle(
            *("run", "--all", "--verify", "--format", "json"),
            *("--executor", f"dask:{cluster.address}"),
        )
    finally:
        cluster.close()
    assert said.code == 0, said.err
    workers = {entry["worker"] for entry in json.loads(said.out)["sections"]}
    assert all(worker.startswith("tcp://10.213.") for worker in workers)


def test_sections_run_in_jobs_of_slurm_and_survive_one_that_is_cancelled(
    notes: MakeNotes, tmp_path: Path
) -> None:
    if not call("sinfo"):
        pytest.skip("needs SLURM that runs: sinfo")
    jobqueue: Any = pytest.importorskip("dask_jobqueue", reason="needs dask-jobqueue from PyPI")
    made = ran_here(notes)
    log = tmp_path / "log"
    made.write("Slow", slow_page(log))
    cluster = jobqueue.SLURMCluster(
        cores=1,
        processes=1,
        memory="1GB",
        walltime="00:10:00",
        python=sys.executable,
        job_directives_skip=["--mem"],
        interface="lo",
        local_directory=str(tmp_path / "workers"),
        log_directory=str(tmp_path / "logs"),
    )
    try:
        cluster.scale(jobs=1)
        cluster.wait_for_workers(1, timeout=60)
        executor = ("--executor", f"dask:{cluster.scheduler_address}")
        said = made.tangle("run", *SECTIONS, "--verify", *executor)
        assert said.code == 0, said.err
        canceller = threading.Thread(target=cancel_once_begun, args=(log, cluster))
        canceller.start()
        said = made.tangle("run", "Slow", *executor)
        canceller.join()
        assert said.code == 0, said.err
    finally:
        cluster.close()
    begun, ended = (re.findall(word, log.read_text()) for word in ("begin", "end"))
    assert (len(begun), len(ended)) == (2, 1)


def cancel_once_begun(log: Path, cluster: Any) -> None:
    """Cancel the job in which a section has begun, and start another job."""
    await_begin(log)
    (job,) = (worker.job_id for worker in cluster.workers.values())
    subprocess.run(["scancel", str(job)], check=True, timeout=30)
    cluster.scale(jobs=2)
