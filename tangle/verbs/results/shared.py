"""Ask a shared cache for results, and put results there, within bounds.

A store may be slow, full, or gone. All that a run waits for it, it waits once: the first time that
an answer is late or wrong, the store is off for the rest of the run, with one notice.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Generic, TypeVar

from msgspec import Struct

from tangle.errors import TangleError
from tangle.store.remote.object_store import Denied, ObjectStore
from tangle.store.remote.signing import KeyPair
from tangle.verbs.results.entries import (
    MOST_BYTES,
    EntryRefused,
    EntryTooLarge,
    pack,
    unpack,
)
from tangle.verbs.results.kept_runs import KeptCell, KeptRuns

RUN_PATIENCE: Final = 1.0
"""Seconds that a run waits for a store, in all."""

_MOST_SECONDS: Final = 10.0
"""Seconds that a run takes at most for a store that takes or gives one result after the other."""

_LEAST_SECONDS: Final = 0.01

SLOTS: Final = 8
"""How many results of the same code one key may put under one name: they differ in their data."""

_THREADS: Final = 16

A = TypeVar("A")
B = TypeVar("B")


class Pushed(Struct, kw_only=True):
    """What became of results that were to be put into a store.

    Attributes:
        new: how many were written.
        known: how many were there already.
        large: how many are too large.
        left: how many are neither, since the store failed or was late.
    """

    new: int = 0
    known: int = 0
    large: int = 0
    left: int = 0


class Shared:
    """A shared cache, as one command uses it.

    Attributes:
        trusted: names of the public keys whose results count.
        trouble: why the store is off; empty while it is on.
    """

    def __init__(
        self,
        store: ObjectStore,
        trusted: Mapping[str, str],
        pair: KeyPair | None = None,
        patience: float | None = None,
    ) -> None:
        """Ask nothing yet.

        Args:
            store: holds the entries.
            trusted: names of the public keys whose results count, by key.
            pair: signs what is put there; None where nothing is to be.
            patience: seconds to wait for each answer of the store, by a command that is about
                nothing else; None for a run.
        """
        self.trusted: Final = trusted
        self.trouble = ""
        self._store = store
        self._pair = pair
        self._is_run = patience is None
        self._patience = RUN_PATIENCE if patience is None else patience
        self._left = self._patience

    @property
    def can_push(self) -> bool:
        """Whether results can be put there."""
        return self._pair is not None and not self.trouble

    def fetch(self, names: Iterable[str], accept: Callable[[str, KeptRuns], bool]) -> None:
        """Ask for the results under names.

        Args:
            names: see `Keys.name`.
            accept: receives each result with its name as they come; returns whether it is of use,
                so that no other one of the same key under that name need be asked for.
        """
        wanted = [(name, key, 0) for name in dict.fromkeys(names) for key in self.trusted]
        work = _Work(wanted, self._entry)
        denied: list[Denied] = []
        found = False
        for (name, key, slot), outcome in self._outcomes(work, restored=not self._is_run):
            if isinstance(outcome, Denied):
                denied.append(outcome)
            elif isinstance(outcome, Exception):
                self._give_up(str(outcome))
            elif outcome is not None:
                found = True
                if not any(accept(name, kept) for kept in outcome) and slot + 1 < SLOTS:
                    work.add((name, key, slot + 1))
        if denied and not found:
            self._give_up(str(denied[0]))

    def push(self, results: Iterable[tuple[str, KeptRuns]]) -> Callable[[], Pushed]:
        """Begin to put results into the store; what is returned waits for the end, within bounds.

        Args:
            results: each run with its name.
        """
        wanted = list(results)
        work = _Work(wanted, self._put)

        def finish() -> Pushed:
            pushed = Pushed(left=len(wanted))
            for _, outcome in self._outcomes(work, restored=True):
                if isinstance(outcome, EntryTooLarge):
                    pushed.large += 1
                elif isinstance(outcome, Exception):
                    self._give_up(str(outcome))
                    continue
                else:
                    pushed.new += outcome
                    pushed.known += not outcome
                pushed.left -= 1
            return pushed

        return finish

    def _outcomes(self, work: _Work[A, B], *, restored: bool) -> Iterator[tuple[A, B | Exception]]:
        """Yield outcomes as they come, until one is late or the store is off.

        Args:
            work: of threads.
            restored: whether the store has all its time again after each outcome.
        """
        end = time.monotonic() + _MOST_SECONDS if self._is_run else math.inf
        while work.pending and not self.trouble:
            outcome = self._next(work, end)
            if outcome is None:
                self._give_up(f"{self._store.shown}: it did not answer within {self._patience:g} s")
                break
            if restored:
                self._left = self._patience
            yield outcome
        work.stop()

    def _next(self, work: _Work[A, B], end: float) -> tuple[A, B | Exception] | None:
        """Return the next outcome; None if the time for it is used up.

        What this process computes meanwhile is no waiting: a client of S3 takes a while to load.
        """
        while self._left > 0 and time.monotonic() < end:
            began, computed = time.monotonic(), time.process_time()
            outcome = work.next(max(self._left, _LEAST_SECONDS))
            passed, computed = time.monotonic() - began, time.process_time() - computed
            self._left -= max(passed - computed, _LEAST_SECONDS if outcome is None else 0)
            if outcome is not None:
                return outcome
        return None

    def _give_up(self, why: str) -> None:
        self.trouble = self.trouble or why

    def _entry(self, wanted: tuple[str, str, int]) -> tuple[KeptRuns, ...] | None:
        """The entry in a slot, if it counts; None where there is no object."""
        name, key, slot = wanted
        data = self._store.get(_place(name, key, slot), MOST_BYTES + 1)
        if data is None:
            return None
        kept = _opened(data, name, key)
        return () if kept is None else (kept,)

    def _put(self, wanted: tuple[str, KeptRuns]) -> bool:
        """Put a result into the store; return whether it was not there yet.

        It goes into the first slot that is free or holds nothing that counts, else in place of the
        oldest.
        """
        assert self._pair is not None
        name, kept = wanted
        entry = pack(name, kept, self._pair)
        taken: list[tuple[str, str]] = []
        for slot in range(SLOTS):
            place = _place(name, self._pair.public, slot)
            if self._store.create(place, entry):
                return True
            data = self._store.get(place, MOST_BYTES + 1)
            there = _opened(data or b"", name, self._pair.public)
            taken.append((there.runs[0].made if there else "", place))
            if there is None:
                break
            if _is_same(there, kept):
                return False
        self._store.replace(min(taken)[1], entry)
        return True


class _Work(Generic[A, B]):
    """Things that threads do, which end with the process at the latest.

    Attributes:
        pending: how many are not done.
    """

    def __init__(self, wanted: Iterable[A], do: Callable[[A], B]) -> None:
        """Begin."""
        self.pending = 0
        self._do = do
        self._todo: queue.SimpleQueue[A | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[A, B | Exception]] = queue.SimpleQueue()
        self._threads = 0
        for each in wanted:
            self.add(each)

    def add(self, wanted: A) -> None:
        """Have one more thing done."""
        self.pending += 1
        self._todo.put(wanted)
        if self._threads < min(_THREADS, self.pending):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()

    def next(self, patience: float) -> tuple[A, B | Exception] | None:
        """The next outcome; None if none comes in time."""
        try:
            found = self._done.get(timeout=max(patience, 0))
        except queue.Empty:
            return None
        self.pending -= 1
        return found

    def stop(self) -> None:
        """Begin nothing more, and have the threads end."""
        while not self._todo.empty():
            with contextlib.suppress(queue.Empty):
                self._todo.get_nowait()
        for _ in range(self._threads):
            self._todo.put(None)

    def _work(self) -> None:
        while (wanted := self._todo.get()) is not None:
            outcome: B | Exception
            try:
                outcome = self._do(wanted)
            except (TangleError, EntryTooLarge) as error:
                outcome = error
            self._done.put((wanted, outcome))


def _place(name: str, key: str, slot: int) -> str:
    """Where an entry is, below the store's address."""
    signer = hashlib.sha256(key.encode("ascii")).hexdigest()[:16]
    return f"{name[:2]}/{name}/{signer}.{slot}"


def _opened(data: bytes, name: str, key: str) -> KeptRuns | None:
    try:
        return unpack(data, name, (key,))
    except EntryRefused:
        return None


def _is_same(there: KeptRuns, kept: KeptRuns) -> bool:
    """Whether an entry answers wherever another one does."""
    (one,), (other,) = there.runs, kept.runs
    exact = any(cell.exact for cell in (*one.cells, *other.cells))
    if exact and (one.texts[-1], one.module) != (other.texts[-1], other.module):
        return False
    return [_terms(cell) for cell in one.cells] == [_terms(cell) for cell in other.cells]


def _terms(cell: KeptCell) -> tuple[object, ...]:
    """What a cell's result depends on, beside its code."""
    seen = cell.end.seen
    return (cell.packages, cell.machine, seen.reads, seen.wrote, seen.missing)
