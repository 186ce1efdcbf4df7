"""In which order sections start, what they wait for, and who gets a GPU."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.engine.events import Observer
from tangle.engine.gpus import GpuWish, gpu_wish, visible_gpus
from tangle.engine.pool import run_turns
from tangle.engine.scheduler import Schedule, Start, Turn
from tangle.model import Job, Outcome, SectionName, SessionResult

from .sessions import make_job


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: nothing is executed here."""


def turn(
    *needs: int, seconds: float | None = 1.0, gpu: GpuWish = "none", device: str = "auto"
) -> Turn:
    return Turn(job=make_job("1", device=device), needs=needs, seconds=seconds, gpu=gpu)


def started(schedule: Schedule) -> list[int]:
    """The turns that start now."""
    return [start.index for start in iter(schedule.start, None)]


# --- the account ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "order"),
    [
        ([turn(seconds=1), turn(seconds=3), turn(seconds=2)], [1, 2, 0]),
        ([turn(seconds=None), turn(seconds=None), turn(seconds=None)], [0, 1, 2]),
        ([turn(seconds=9), turn(seconds=None)], [1, 0]),
        ([turn(seconds=5), turn(seconds=5)], [0, 1]),
        # The first is short, but a long one waits for it.
        ([turn(seconds=1), turn(seconds=6), turn(0, seconds=8)], [0, 1]),
    ],
)
def test_the_longest_goes_first(turns: Sequence[Turn], order: list[int]) -> None:
    assert started(Schedule(turns, workers=9)) == order


def test_a_turn_starts_as_soon_as_what_it_needs_has_passed() -> None:
    schedule = Schedule([turn(seconds=9), turn(), turn(1)], workers=2)
    assert started(schedule) == [0, 1]
    schedule.end(1, passed=True)
    assert started(schedule) == [2]


def test_what_needs_a_turn_that_did_not_pass_is_skipped() -> None:
    schedule = Schedule([turn(), turn(0), turn(1), turn(), turn(0, 3)], workers=9)
    assert started(schedule) == [0, 3]
    schedule.end(0, passed=False)
    assert schedule.skipped == {1, 2, 4}
    schedule.end(3, passed=True)
    assert (started(schedule), schedule.is_over) == ([], True)


def test_needs_in_a_circle_count_only_backwards() -> None:
    schedule = Schedule([turn(1), turn(0), turn(2)], workers=9)
    assert started(schedule) == [0, 2]


def test_gpus_are_slots_and_others_run_beside() -> None:
    turns = [turn(gpu="any"), turn(gpu="any"), turn(gpu="any"), turn(), turn(gpu=1)]
    schedule = Schedule(turns, workers=9, gpus=2)
    starts = list(iter(schedule.start, None))
    assert [(start.index, start.gpu) for start in starts] == [(0, 0), (1, 1), (3, None)]
    schedule.end(1, passed=True)
    assert schedule.start() == Start(index=2, gpu=1)
    schedule.end(0, passed=True)
    assert schedule.start() is None  # the last wants number 1 and no other
    schedule.end(2, passed=True)
    assert schedule.start() == Start(index=4, gpu=1)


@pytest.mark.parametrize(("wish", "gpus"), [("any", 0), (0, 0), (3, 2)])
def test_where_there_is_no_such_gpu_the_worker_has_to_say_so(wish: GpuWish, gpus: int) -> None:
    assert Schedule([turn(gpu=wish)], workers=1, gpus=gpus).start() == Start(index=0, gpu=None)


TURNS = st.lists(
    st.builds(
        turn,
        st.integers(-1, 8),
        st.integers(-1, 8),
        seconds=st.none() | st.floats(0, 9),
        gpu=st.sampled_from(["none", "any", 0, 1, 5]),
    ),
    max_size=9,
)


@given(TURNS, st.integers(0, 4), st.integers(0, 2), st.data())
def test_every_turn_has_its_turn(
    turns: list[Turn], workers: int, gpus: int, data: st.DataObject
) -> None:
    schedule = Schedule(turns, workers=workers, gpus=gpus)
    running: dict[int, int | None] = {}
    passed: dict[int, bool] = {}
    while not schedule.is_over:
        for start in iter(schedule.start, None):
            earlier = [need for need in turns[start.index].needs if 0 <= need < start.index]
            assert all(passed.get(need) for need in earlier)
            running[start.index] = start.gpu
        assert 1 <= len(running) <= max(workers, 1)  # no turn waits for ever
        held = [number for number in running.values() if number is not None]
        assert len(held) == len(set(held)) <= gpus
        index = data.draw(st.sampled_from(sorted(running)))
        del running[index]
        passed[index] = data.draw(st.booleans())
        schedule.end(index, passed=passed[index])
    assert passed.keys().isdisjoint(schedule.skipped)
    assert passed.keys() | schedule.skipped == set(range(len(turns)))


# --- GPUs, from facts -----------------------------------------------------------------------------

TWO = ("/dev/nvidia0", "/dev/nvidia1")


@pytest.mark.parametrize(
    ("variable", "nodes", "gpus"),
    [
        (None, (), ()),
        (None, TWO, ("0", "1")),
        (None, ("/dev/nvidia3",), ("0",)),  # a container that was given one: CUDA counts from 0
        (None, ("/dev/dxg",), ("",)),
        (None, ("/dev/kfd",), ("",)),
        ("", TWO, ()),
        ("-1", TWO, ()),
        ("1", TWO, ("1",)),
        ("1, 0", TWO, ("1", "0")),
        ("0,-1,1", TWO, ("0",)),
        ("1,1", TWO, ("1",)),
        ("GPU-8932f937,GPU-11111111", TWO, ("GPU-8932f937", "GPU-11111111")),
        ("0", (), ()),
    ],
)
def test_visible_gpus(variable: str | None, nodes: tuple[str, ...], gpus: tuple[str, ...]) -> None:
    assert visible_gpus(variable, nodes) == gpus


@pytest.mark.parametrize(
    ("device", "imports", "used", "wish"),
    [
        ("cpu", ("torch",), "cuda:0", "none"),
        ("mps", ("torch",), None, "none"),
        ("cuda", (), "cpu", "any"),
        ("cuda:1", (), None, 1),
        ("cuda:x", (), None, "any"),  # the worker says that there is none
        ("auto", ("torch",), None, "any"),
        ("auto", ("numpy",), None, "none"),
        ("auto", ("torch",), "cpu", "none"),
        ("auto", (), "cuda:3", "any"),
    ],
)
def test_gpu_wish(device: str, imports: tuple[str, ...], used: str | None, wish: GpuWish) -> None:
    assert gpu_wish(make_job("1", device=device, imports=imports), used) == wish


# --- running turns --------------------------------------------------------------------------------


@dataclass
class Recorder:
    """An executor that notes when each job, known by its first cell's code, runs."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, job: Job, observe: Observer) -> SessionResult:
        del observe
        code = job.cells[0].code
        self.log.append(f"+{code}")
        self.environments[code] = dict(job.environment)
        self.stopped.wait(0.02)
        self.log.append(f"-{code}")
        return SessionResult(
            section=SectionName(code),
            outcome="interrupted" if self.stopped.is_set() else self.outcomes.get(code, "passed"),
            results=(),
            seconds=0.0,
            device="cuda:0" if job.device != "cpu" else "cpu",
        )

    def stop(self) -> None:
        self.stopped.set()


def named(code: str, *needs: int, gpu: GpuWish = "none", device: str = "auto") -> Turn:
    return Turn(job=make_job(code, device=device), needs=needs, seconds=1.0, gpu=gpu)


def test_needs_are_respected_and_results_stand_in_order() -> None:
    recorder = Recorder(outcomes={"b": "failed"})
    turns = [named("a"), named("b"), named("c", 0), named("d", 1), named("e", 2, 3)]
    results = run_turns(turns, executor=recorder, workers=4)
    assert [result.outcome for result in results] == [
        *("passed", "failed", "passed", "skipped", "skipped"),
    ]
    assert recorder.log.index("-a") < recorder.log.index("+c")
    assert [result.outcome for result in results[3].results] == ["skipped"]


def test_a_session_with_a_gpu_of_its_own_sees_no_other_and_is_named_by_its_number() -> None:
    recorder = Recorder()
    turns = [
        *(named("a", gpu="any"), named("b", gpu="any")),
        *(named("c", gpu=1, device="cuda:1"), named("d", device="cpu")),
    ]
    results = run_turns(turns, executor=recorder, workers=4, gpus=("GPU-x", "GPU-y"))
    assert recorder.environments == {
        "a": {"CUDA_VISIBLE_DEVICES": "GPU-x"},
        "b": {"CUDA_VISIBLE_DEVICES": "GPU-y"},
        "c": {},
        "d": {},
    }
    assert [result.device for result in results] == ["cuda:0", "cuda:1", "cuda:0", "cpu"]
    assert recorder.log.index("-b") < recorder.log.index("+c")


def test_a_gpu_that_cannot_be_named_is_shared_out_all_the_same() -> None:
    recorder = Recorder()
    turns = [named("a", gpu="any"), named("b", gpu="any")]
    run_turns(turns, executor=recorder, workers=2, gpus=("",))
    assert recorder.log == ["+a", "-a", "+b", "-b"]
    assert recorder.environments == {"a": {}, "b": {}}


def test_an_executor_that_raises_ends_those_that_wait() -> None:
    class Broken(Recorder):
        def run(self, job: Job, observe: Observer) -> SessionResult:
            super().run(job, observe)
            raise LookupError

    before = time.monotonic()
    with pytest.raises(LookupError):
        run_turns([named("a"), named("b", 0)], executor=Broken(), workers=2)
    assert time.monotonic() - before < 30
