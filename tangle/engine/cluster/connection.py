"""Reach a Dask cluster, or start one on this machine, and see that its workers fit."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import dask
from distributed import Client, LocalCluster, rpc
from distributed.security import Security
from msgspec import Struct

from tangle import __version__
from tangle.engine.cluster.address import BadCluster, by_worker
from tangle.engine.cluster.code_digest import code_digest
from tangle.engine.cluster.host import GPU, Answer, Question, SectionHost, describe
from tangle.typed_json import DamagedDocument, decode, encode

T = TypeVar("T")

CONNECT_SECONDS: Final = 5.0
"""What reaching a scheduler may take; the command ends within ten."""

_START_SECONDS: Final = 60
_ASK_SECONDS: Final = 60.0
"""What workers may take to answer before anything runs: the first import of tangle is slow."""

_REPLY_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 5.0
_DISTRIBUTION: Final = "logseq-tangle"
_TLS_FILES: Final = {
    "distributed.comm.tls.ca-file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "distributed.comm.tls.client.cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "distributed.comm.tls.client.key": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
}
_INSTALL: Final = (
    "install tangle as it is here, and the packages of the notes, where the workers run"
)
_SET_BY_DASK: Final = ("PYTHONHASHSEED", "__DASK_PARENT_PID")
_LOCAL: Final = {
    "distributed.nanny.pre-spawn-environ": {},  # the engine chooses the number of threads
    "distributed.scheduler.locks.lease-validation-interval": "1s",
    "distributed.worker.memory.terminate": False,  # sessions are processes with their own limit
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
}
_KEPT_LOCAL: Final = {"distributed.deploy.lost-worker-timeout": "1d"}
"""Stays set, as Dask reads it when a worker is lost. After that time (by default 15 s) it ends the
nanny if the worker is missing at that moment, even one that was lost again and is starting."""


class WorkerFacts(Struct, frozen=True, kw_only=True):
    """A worker, as the scheduler knows it.

    Attributes:
        host: its name or number.
        slots: how many tasks it runs at a time.
        gpus: how many GPUs it offers as a resource.
    """

    address: str
    host: str
    slots: int
    gpus: int


class Connection:
    """A client of a cluster; where the cluster was started here, it ends with it."""

    def __init__(self, address: str | None, *, processes: int, folder: str) -> None:
        """Connect to a scheduler, or start a cluster on this machine.

        Args:
            address: of the scheduler; None for a cluster of our own.
            processes: how many workers such a cluster has.
            folder: where they keep their files.

        Raises:
            BadCluster: it cannot be reached or started.
        """
        _be_quiet()
        self.address = address
        self._cluster: Any = None
        if address is None:
            self._cluster = _start_cluster(processes, folder)
        self.client = self._connect()

    @property
    def is_own(self) -> bool:
        """Whether the cluster is the command's own, on this machine."""
        return self._cluster is not None

    def reconnect(self) -> None:
        """Connect again, after the scheduler was lost.

        Raises:
            BadCluster: it cannot be reached.
        """
        old, self.client = self.client, self._connect()
        with contextlib.suppress(Exception):
            old.close(timeout=1)

    def install(self) -> None:
        """Have the workers, and those that join later, hold what runs sections.

        Raises:
            BadCluster: they cannot.
        """
        try:
            within(_ASK_SECONDS, lambda: self.client.register_plugin(SectionHost()))
        except Exception as error:
            raise BadCluster(f"the workers cannot load tangle: {_words(error)}") from error

    def workers(self) -> tuple[WorkerFacts, ...]:
        """The workers that the scheduler has now.

        Raises:
            BadCluster: it does not answer: it is gone, or has too much to do.
        """
        try:
            info = within(_REPLY_SECONDS, lambda: self.client.scheduler_info(n_workers=-1))
        except Exception as error:
            raise _unanswered(self.address, error) from error
        return tuple(
            WorkerFacts(
                address=address,
                host=str(entry["host"]),
                slots=int(entry["nthreads"]),
                gpus=int(entry["resources"].get(GPU, 0)),
            )
            for address, entry in info["workers"].items()
        )

    def close(self) -> None:
        """Leave the cluster; end one of our own."""
        with contextlib.suppress(Exception):  # a scheduler that is gone says so in many ways
            self.client.close(timeout=_CLOSE_SECONDS)
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._cluster.close(timeout=_CLOSE_SECONDS)

    def _connect(self) -> Client:
        if self._cluster is not None:
            return _Client(self._cluster, _START_SECONDS)
        assert self.address is not None
        _check_tls(self.address)
        try:
            _check_same({"the scheduler": asyncio.run(_versions_at(self.address))})
            return _Client(self.address, CONNECT_SECONDS)
        except BadCluster:
            raise
        except Exception as error:  # whatever is there may answer anything
            raise BadCluster(
                f"{self.address}: no Dask scheduler can be reached there ({_words(error)}); start "
                f"one with `dask scheduler`, with distributed {_distributed()} as here, or correct "
                "the address"
            ) from error


class _Client(Client):
    """A client that a failed start leaves without waiting for a scheduler that is not there."""

    def __init__(self, address: Any, seconds: float) -> None:
        """Connect, or fail within so many seconds."""
        super().__init__(address, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]

    def __del__(self) -> None:
        """Do nothing: `Connection.close` closes it, within a bound."""


async def _versions_at(address: str) -> Mapping[str, Any]:
    """What a scheduler says about its versions, without a client, whose failing takes long."""
    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_SECONDS):
        async with rpc(address, connection_args=arguments, timeout=CONNECT_SECONDS) as scheduler:
            found: Mapping[str, Any] = await scheduler.versions()
            return found


def _be_quiet() -> None:
    """Keep Dask's log off the terminal: what matters is reported by us."""
    for name in (*logging.root.manager.loggerDict, "asyncio"):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module=r"distributed|dask")
    warnings.filterwarnings("ignore", message="Sending large graph")


def _start_cluster(processes: int, folder: str) -> LocalCluster:
    dask.config.set(_KEPT_LOCAL)
    with dask.config.set(_LOCAL), _same_environment():
        try:
            return LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                local_directory=folder,
                silence_logs=logging.CRITICAL + 1,
                host="127.0.0.1",
            )
        except Exception as error:
            raise BadCluster(
                f"no cluster can be started on this machine: {_words(error)}; "
                "without --executor, sections run here, too"
            ) from error


@contextlib.contextmanager
def _same_environment() -> Iterator[None]:
    """What Dask sets for its workers in this process's environment is taken back at the end."""
    before = {name: os.environ.get(name) for name in _SET_BY_DASK}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _check_tls(address: str) -> None:
    """See that what an encrypted connection needs is configured.

    Raises:
        BadCluster: it is not.
    """
    if not address.startswith(("tls://", "wss://")):
        return
    for option, variable in _TLS_FILES.items():
        path = dask.config.get(option, None)
        if not path:
            raise BadCluster(
                f"{address}: an encrypted connection needs certificates: set {option} in Dask's "
                f"configuration, or {variable}, and likewise {_rest_of(option)}"
            )
        if not os.path.isfile(path):  # noqa: PTH113 -- as configured
            raise BadCluster(f"{address}: {option} is {path}: there is no such file")


def _rest_of(option: str) -> str:
    return " and ".join(name for name in _TLS_FILES if name != option)


def check_versions(connection: Connection) -> None:
    """See that all workers have our Python and our Dask; no code of ours is sent for that.

    Raises:
        BadCluster: one has not, or the cluster has no workers.
    """
    try:
        found: Any = within(_ASK_SECONDS, connection.client.get_versions)
    except Exception as error:
        raise _unanswered(connection.address, error) from error
    if not found["workers"]:
        raise BadCluster(
            f"{connection.address}: the cluster has no workers; start some with "
            f"`dask worker {connection.address}`, or scale it up"
        )
    _check_same(found["workers"])


def _check_same(everyone: Mapping[str, Mapping[str, Any] | None]) -> None:
    """See that the scheduler, or workers, have our Python and our Dask.

    Raises:
        BadCluster: one has not.
    """
    refusals = [
        (name, why)
        for name, facts in everyone.items()
        if (why := _other_versions(facts)) is not None
    ]
    if refusals:
        python = ".".join(map(str, sys.version_info[:2]))
        raise BadCluster(
            by_worker(
                refusals,
                f"give all of them Python {python} and distributed {_distributed()}, as here; or "
                "run tangle with theirs",
            )
        )


def _other_versions(facts: Mapping[str, Any] | None) -> str | None:
    if facts is None:
        return "does not say which versions it has"
    python = ".".join(str(facts["host"]["python"]).split(".")[:2])
    here = ".".join(map(str, sys.version_info[:2]))
    if python != here:
        return f"Python {python}, here {here}"
    dask_there = facts["packages"].get("distributed")
    if dask_there != _distributed():
        return f"distributed {dask_there}, here {_distributed()}"
    return None


def check_tangle(connection: Connection) -> None:
    """See that the workers have this version of tangle.

    Raises:
        BadCluster: one has not.
    """
    refusals = []
    for worker, version in _ask(connection, importlib.metadata.version, _DISTRIBUTION).items():
        if isinstance(version, importlib.metadata.PackageNotFoundError):
            refusals.append((worker, "tangle is not installed"))
        elif version != __version__:
            refusals.append((worker, f"tangle {version}, here {__version__}"))
    if refusals:
        raise BadCluster(by_worker(refusals, _INSTALL))


def ask_workers(connection: Connection, question: Question) -> dict[str, Answer]:
    """What each worker says, once all have this tangle and all packages.

    Raises:
        BadCluster: one has other code, or lacks a package.
    """
    answers: dict[str, Answer] = {}
    refusals: list[tuple[str, str]] = []
    for worker, reply in _ask(connection, describe, encode(question)).items():
        try:
            answers[worker] = answer = decode(reply, Answer)
        except (DamagedDocument, TypeError):
            refusals.append((worker, f"cannot load tangle: {_words(reply)}"))
            continue
        if answer.code != code_digest():
            refusals.append((worker, f"its tangle {__version__} has other code than this one"))
        elif answer.missing:
            refusals.append((worker, f"lacks {', '.join(answer.missing)}"))
    if refusals:
        raise BadCluster(by_worker(refusals, _INSTALL))
    return answers


def _ask(connection: Connection, function: Any, argument: object) -> dict[str, Any]:
    """What a function returns on each worker, or raises there."""
    try:
        found: dict[str, Any] = within(
            _ASK_SECONDS, lambda: connection.client.run(function, argument, on_error="return")
        )
    except Exception as error:
        raise BadCluster(
            f"{connection.address}: the workers do not answer: {_words(error)}"
        ) from error
    return found


def _distributed() -> str:
    return importlib.metadata.version("distributed")


def _unanswered(address: str | None, error: Exception) -> BadCluster:
    where = address or "this machine"
    return BadCluster(f"{where}: the scheduler does not answer: {_words(error)}")


def _words(error: object) -> str:
    """What an exception says, on one line."""
    text = " ".join(str(error).split()) or "no answer"
    return text if text and len(text) < 300 else type(error).__name__


def within(seconds: float, act: Callable[[], T]) -> T:
    """What a call to the cluster returns; it is not waited for longer than said.

    Raises:
        TimeoutError: it took longer; a thread still waits for the answer, which is not used.
        Exception: what the call raised.
    """
    done: list[T] = []
    raised: list[BaseException] = []

    def call() -> None:
        try:
            done.append(act())
        except BaseException as error:  # noqa: BLE001 -- raised again below
            raised.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not done:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return done[0]
