"""A Dask cluster of separate processes: a scheduler and workers that can be killed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

_START_SECONDS = 60.0


class DaskCluster:
    """A scheduler and workers on this machine, each a process in a folder of its own.

    Attributes:
        address: of the scheduler.
        workers: the processes of workers, in the order in which they were started.
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        """Start a scheduler.

        Args:
            folder: for what the processes leave.
            host: the address that the scheduler listens on.
        """
        self._folder = folder
        self._host = host
        self._port = _free_port(host)
        self._numbers = iter(range(1000))
        self.address = f"tcp://{host}:{self._port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start_scheduler()

    def start_worker(
        self, *options: str, prefix: Sequence[str] = (), environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker, in an empty folder and with an empty home.

        Args:
            options: for `dask worker`.
            prefix: a command that runs the worker.
            environment: variables of its own.
        """
        folder = self._folder / f"worker-{next(self._numbers)}"
        home = folder / "home"
        home.mkdir(parents=True)
        command = [
            *prefix,
            *(sys.executable, "-m", "distributed.cli.dask_worker", self.address),
            *("--no-nanny", "--nthreads", "1", "--no-dashboard"),
            *("--local-directory", str(folder)),
            *options,
        ]
        own = {"HOME": str(home), **(environment or {})}
        worker = self._popen(command, folder, own)
        self.workers.append(worker)
        return worker

    def restart_scheduler(self) -> None:
        """Kill the scheduler, and start another one at the same address."""
        self._scheduler.kill()
        self._scheduler.wait()
        self._scheduler = self._start_scheduler()

    def await_workers(self, count: int) -> None:
        """Wait until the scheduler has so many workers."""
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=_START_SECONDS) as client:
            client.wait_for_workers(count, timeout=_START_SECONDS)

    def close(self) -> None:
        """End everything."""
        processes = [*self.workers, self._scheduler]
        for process in processes:
            process.kill()  # their sessions end with them
        for process in processes:
            process.wait()

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"),
            *("--host", self._host, "--port", str(self._port)),
        ]
        # Leases that are not renewed are looked for more often than by default, to save time.
        quick = {"DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_VALIDATION_INTERVAL": "500ms"}
        return self._popen(command, self._folder, quick)

    def _popen(
        self, command: Sequence[str], folder: Path, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        with (folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextlib.contextmanager
def dask_cluster(folder: Path, workers: int, *options: str) -> Iterator[DaskCluster]:
    """A cluster with so many workers; it ends with the block.

    Args:
        folder: for what the processes leave.
        workers: how many are started.
        options: for `dask worker`.
    """
    made = DaskCluster(folder)
    try:
        for _ in range(workers):
            made.start_worker(*options)
        made.await_workers(workers)
        yield made
    finally:
        made.close()


def slow_page(log: Path, seconds: float = 3.0) -> str:
    """A page that writes down when it begins and ends."""
    lines = (
        "import os, time",
        f"log = open({str(log)!r}, 'a', 1)",
        "log.write(f'begin {os.getpid()} {time.time()}\\n')",
        "print('begun', flush=True)",
        f"time.sleep({seconds})",
        "log.write(f'end {os.getpid()} {time.time()}\\n')",
        "'done'",
    )
    code = "".join(f"  {line}\n" for line in lines)
    return f"- # Slow\n- ```python\n{code}  ```\n"


def await_begin(log: Path) -> psutil.Process:
    """The process of a session, once it has begun."""
    until = time.monotonic() + 60
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < until
        time.sleep(0.05)
    return psutil.Process(int(log.read_text().split()[-2]))


def _free_port(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        port: int = found.getsockname()[1]
        return port
