"""Every request for a template is granted or refused in a bounded number of steps.

The pool is the real one. Its processes and its clock are a model: requests come at random,
templates get ready, import a part, end, are stopped, hang; files change, workers end or do not.
Each schedule is made of a seed, so that one that fails can be repeated.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tangle.run.worker.template import FRONT
from tangle.run.worker.template_pool import (
    DEEPEST,
    MOST_IN_USE,
    MOST_LOSSES,
    MOST_TEMPLATES,
    PATIENCE,
    STILL_SECONDS,
    Kind,
    Request,
    Template,
    TemplatePool,
)

SCHEDULES = 1500
"""Of each of the two kinds, without trouble and with it."""
MODULES = tuple(f"m{number:02}" for number in range(20))


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: no session runs here."""


@dataclass(slots=True)
class Process:
    """A template's process in the model.

    Attributes:
        condition: what becomes of it while it imports.
        computed: what `activity` tells.
    """

    template: Template
    condition: str = "well"
    computed: int = 0


@dataclass(slots=True)
class Model:
    """Processes, a clock, and an account of what the pool did for each request."""

    random: random.Random
    troubled: bool
    clock: float = 0.0
    processes: dict[Template, Process] = field(default_factory=dict)
    builds: dict[Request, int] = field(default_factory=dict)
    answers: dict[Request, str] = field(default_factory=dict)
    workers: list[Template] = field(default_factory=list)

    def happens(self, chance: float) -> bool:
        """Whether something goes wrong now."""
        return self.troubled and self.random.random() < chance

    def _answer(self, request: Request, answer: str) -> None:
        assert request not in self.answers, "answered twice"
        self.answers[request] = answer

    # --- the pool's host ------------------------------------------------------------------------

    def now(self) -> float:
        return self.clock

    def build(self, template: Template, request: Request) -> None:
        assert template.parent is None or template.parent in self.processes
        assert template.depth <= DEEPEST
        self.builds[request] = self.builds.get(request, 0) + 1
        assert self.builds[request] <= _most_builds(request)
        if self.happens(0.03):
            raise OSError(11, "no more processes")
        condition = self.random.choice(["stopped", "hangs", "ends"]) if self.happens(0.2) else ""
        self.processes[template] = Process(template, condition or "well")

    def fork(self, template: Template, request: Request) -> None:
        assert set(template.loaded) <= set(request.aim)
        assert template.surroundings == request.surroundings
        assert not template.stale
        if self.happens(0.03):
            raise OSError(32, "it is gone")
        self._answer(request, "granted")
        self.workers.append(template)

    def be_ready(self, template: Template, request: Request) -> None:
        assert template.loaded
        self._answer(request, "granted")

    def refuse(self, request: Request, why: str) -> None:
        assert why
        self._answer(request, "refused")

    def reassure(self, request: Request) -> None:
        assert request not in self.answers

    def discard(self, template: Template) -> None:
        del self.processes[template]

    def is_current(self, template: Template) -> bool:
        assert template.loaded
        return not self.happens(0.1)

    def activity(self, template: Template) -> int | None:
        process = self.processes[template]
        if process.condition == "stopped":
            return None
        process.computed += process.condition == "well"
        return process.computed


class Schedule:
    """One run of the model."""

    def __init__(self, seed: int, *, troubled: bool) -> None:
        self.random = random.Random(seed)
        self.model = Model(self.random, troubled)
        self.pool = TemplatePool(self.model)
        self.asked: list[Request] = []

    def ask(self, modules: tuple[str, ...], kind: Kind = "worker", **where: str) -> None:
        """Has a command want something."""
        surroundings = FRONT if kind == "command" else where.get("surroundings", "a")
        request = Request(
            kind=kind,
            client=self.random.randrange(1, 4),
            aim=(FRONT,) if kind == "command" else ("root", *modules),
            surroundings=surroundings,
            directory=where.get("directory", "/"),
        )
        self.asked.append(request)
        self.pool.add(request)
        self.check()

    def ask_anything(self) -> None:
        """Has a command want something at random."""
        count = self.random.randrange(len(MODULES) + 1)
        some = MODULES[:count]
        if self.random.random() < 0.5:
            some = tuple(sorted(self.random.sample(MODULES, count)))
        kinds: list[Kind] = ["worker", "ahead", "command"]
        kind = self.random.choices(kinds, [5, 4, 1])[0]
        self.ask(
            some,
            kind,
            surroundings=self.random.choice("aab"),
            directory=self.random.choice(["/", "/pages"]),
        )

    def step(self) -> bool:
        """Has a template that imports go on, or a worker end; whether there was anything to do."""
        building = [p for p in self.model.processes.values() if not p.template.loaded]
        moves: list[Callable[[], None]] = [
            functools.partial(self._import, process) for process in building if self._moves(process)
        ]
        if self.model.workers:
            moves.append(self._end_worker)
        if not moves:
            return False
        self.random.choice(moves)()
        self.check()
        return True

    @staticmethod
    def _moves(process: Process) -> bool:
        return process.condition in ("well", "ends")

    def _import(self, process: Process) -> None:
        """A template gets ready, wholly or in part, or does not."""
        template = process.template
        loaded = template.parent.loaded if template.parent is not None else ()
        missing = [name for name in template.aim if name not in loaded]
        self.pool.begins(template, self.random.choice(missing))
        if self.model.happens(0.1):
            self.pool.is_unfit(template, self.random.choice(missing))
            process.condition = "ends"
        if process.condition == "ends":
            self._lose(template)
            return
        count = len(missing)
        if not template.whole:
            count = self.random.randint(1, count)
        template.importing = ""
        self.pool.is_ready(template, (*loaded, *missing[:count]))

    def _lose(self, template: Template) -> None:
        """A template ends, and all below it; the pool hears of them one after the other."""
        family = [t for t in self.pool.templates if template in _above(t)]
        for lost in [template, *family]:
            while lost in self.model.workers:
                self.model.workers.remove(lost)
            if lost in self.pool.templates:
                self.model.discard(lost)
                self.pool.lose(lost)

    def _end_worker(self) -> None:
        template = self.random.choice(self.model.workers)
        self.model.workers.remove(template)
        self.pool.is_free(template)

    def misfortune(self) -> None:
        """Something happens to a template or a command."""
        there = list(self.model.processes)
        if there and self.random.random() < 0.5:
            self._lose(self.random.choice(there))
        elif there and self.random.random() < 0.5:
            process = self.model.processes[self.random.choice(there)]
            process.condition = self.random.choice(["stopped", "well"])
        else:
            client = self.random.randrange(1, 4)
            self.pool.drop(client)
        self.check()

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the pool is asked to look after things each second."""
        end = self.model.clock + seconds
        while self.model.clock < end:
            self.model.clock += 1.0
            self.pool.tick()
            self.check()

    def settle(self) -> int:
        """Goes on until nothing moves, with the clock at rest; how many steps that took."""
        steps = 0
        while self.step():
            steps += 1
            assert steps <= self._bound(), "it works without a bound"
        return steps

    def _bound(self) -> int:
        """Steps that all requests together may take: a build each, a worker each."""
        return sum(_most_builds(request) + 1 for request in self.asked)

    def check(self) -> None:
        """What always holds."""
        assert len(self.pool.templates) <= MOST_IN_USE
        assert set(self.pool.templates) == set(self.model.processes)


def _above(template: Template) -> list[Template]:
    found = []
    while template.parent is not None:
        template = template.parent
        found.append(template)
    return found


def _most_builds(request: Request) -> int:
    return len(request.aim) + MOST_LOSSES + 1


def test_without_trouble_nothing_needs_the_clock() -> None:
    for seed in range(SCHEDULES):
        schedule = Schedule(seed, troubled=False)
        for _ in range(schedule.random.randrange(1, 25)):
            schedule.ask_anything()
            if schedule.random.random() < 0.5:
                schedule.step()
        schedule.settle()
        assert schedule.pool.requests == ()
        assert len(schedule.model.answers) == len(schedule.asked)
        assert len(schedule.pool.templates) <= MOST_TEMPLATES


def test_whatever_happens_each_request_is_answered() -> None:
    for seed in range(SCHEDULES):
        schedule = Schedule(seed, troubled=True)
        for _ in range(schedule.random.randrange(1, 40)):
            act = schedule.random.choices(
                [schedule.ask_anything, schedule.step, schedule.misfortune, _tick_of(schedule)],
                [4, 6, 1, 1],
            )[0]
            act()
        schedule.settle()
        schedule.pass_time(PATIENCE + 2)
        assert schedule.pool.requests == ()
        assert len(schedule.model.answers) == len(schedule.asked)
        schedule.pass_time(2 * STILL_SECONDS)
        schedule.settle()  # what is stopped or hangs has been given up
        assert all(template.loaded for template in schedule.pool.templates)


def _tick_of(schedule: Schedule) -> Callable[[], None]:
    return lambda: schedule.pass_time(schedule.random.choice([1.0, 3.0, 7.0]))


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_twenty_sections_that_import_ever_more(workers: int, ahead: bool) -> None:
    schedule = Schedule(0, troubled=False)
    sets = [MODULES[:count] for count in range(1, 21)]
    if ahead:
        for modules in sets:
            schedule.ask(modules, "ahead")
    for surroundings in ("a", "b"):  # a second terminal, with other variables
        for begin in range(0, 20, workers):
            for modules in sets[begin : begin + workers]:
                schedule.ask(modules, surroundings=surroundings)
            schedule.settle()
    assert schedule.pool.requests == ()
    workers_asked = [request for request in schedule.asked if request.kind == "worker"]
    assert {schedule.model.answers[request] for request in workers_asked} == {"granted"}


def test_what_a_worker_waits_for_is_not_ended_to_make_room() -> None:
    schedule = Schedule(0, troubled=False)
    for number in range(MOST_TEMPLATES + 3):
        schedule.ask((MODULES[number],), "ahead", surroundings=str(number))
    schedule.settle()
    assert len(schedule.pool.templates) <= MOST_TEMPLATES
    schedule.ask(MODULES)
    built = sum(schedule.model.builds.values())
    schedule.settle()
    assert schedule.model.answers[schedule.asked[-1]] == "granted"
    assert sum(schedule.model.builds.values()) - built <= len(MODULES) + 1
