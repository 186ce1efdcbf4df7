"""Every request for a template is granted or refused in a bounded number of steps.

The pool is the real one. Its processes and its clock are a model: requests come at random,
templates get ready, import a part, end, are stopped, hang; files change, workers end or do not.
Each schedule is made of a seed, so that one that fails can be repeated.
"""

# Seen to fail with each of these changes of the pool, one at a time:
# - room: no protection of what a worker waits for; parents not kept; a limit off by one, either
#   way; requests made ahead fill all places
# - bounds: builds per request without a limit, or one more; no stall check; no limit for an import,
#   or for a wait
# - account: workers not counted, or not counted down; nothing decided when a template gets
#   ready or is lost; a request granted twice; a request made ahead before a worker's
# Not seen to fail: the limits on templates that a request has waited for. Requests are tried in the
# order in which they came, and other limits end each wait.

from __future__ import annotations

import functools
import random
from collections.abc import Callable

import pytest

from tangle.engine.forkserver.template import FRONT
from tangle.engine.forkserver.template_pool import (
    DEEPEST,
    IMPORT_SECONDS,
    MOST_IN_USE,
    MOST_LOSSES,
    MOST_TEMPLATES,
    PATIENCE,
    STILL_SECONDS,
    Kind,
    Request,
    Template,
)

from .pool_model import Misfortune, Model, Process, most_builds

SCHEDULES = 1000
"""Of each of the two kinds, without trouble and with it."""

MODULES = (*(f"m{number:02}" for number in range(16)), "m1", "m03.part", "m03.part.deep", "m05.x")
"""Some are part of others; `m1` is the beginning of another's name, and no more."""


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: no session runs here."""


class Schedule:
    """One run of the model."""

    def __init__(
        self, seed: int = 0, *, troubled: bool = False, always: Misfortune = "none"
    ) -> None:
        self.random = random.Random(seed)
        self.model = Model(self.random, troubled=troubled, always=always)
        self.pool = self.model.pool
        self.asked: list[Request] = []

    def ask(self, modules: tuple[str, ...], kind: Kind = "worker", **where: str) -> Request:
        """Has a command want something."""
        surroundings = where.get("surroundings", "a")
        request = Request(
            kind=kind,
            client=self.model.client,
            aim=modules if FRONT in modules else ("root", *modules),
            surroundings=FRONT if FRONT in modules else surroundings,
            directory=where.get("directory", "/"),
        )
        self.asked.append(request)
        self.model.open[request] = self.model.clock
        could = self.model.best(request)
        self.pool.add(request)
        self.model.check()
        if kind == "command" and not self.model.troubled:
            assert (self.model.answers[request] == "granted") == (could > 0)
        return request

    def ask_anything(self) -> None:
        """Has a command want something at random."""
        count = self.random.randrange(len(MODULES) + 1)
        some = MODULES[:count]
        if self.random.random() < 0.5:
            some = tuple(sorted(self.random.sample(MODULES, count)))
        kinds: list[Kind] = ["worker", "ahead", "command"]
        kind = self.random.choices(kinds, [6, 4, 1])[0]
        if kind == "command" or (kind == "ahead" and self.random.random() < 0.1):
            some = (FRONT,)
        if self.random.random() < 0.2:
            self.model.client += 1
        self.ask(
            some,
            kind,
            surroundings=self.random.choice("aab"),
            directory=self.random.choice(["/", "/", "/pages"]),
        )

    # --- what processes do ------------------------------------------------------------------------

    def step(self, *, release: bool = True) -> bool:
        """Has a template that imports go on, or a worker end; whether there was anything to do."""
        self.model.clock += 0.001
        moves: list[Callable[[], None]] = [
            functools.partial(self._go_on, process)
            for process in self.model.processes.values()
            if not process.template.loaded and process.condition in ("well", "ends", "unfit")
        ]
        if self.model.workers and release:
            moves.append(self._end_worker)
        if not moves:
            return False
        self.random.choice(moves)()
        return True

    def _go_on(self, process: Process) -> None:
        """A template begins to import, or gets ready, wholly or in part, or ends."""
        if process.condition == "ends":
            self.lose(process.template)
        elif not process.importing:
            self.begin(process)
            process.condition = process.later
        elif process.condition == "unfit":
            self.pool.is_unfit(process.template, process.importing)
            self.model.unfit.add(process.importing)
            process.importing = ""
            process.condition = "ends"
        else:
            self.get_ready(process)

    def begin(self, process: Process) -> None:
        """A template begins to import something that it lacks."""
        process.importing = self.random.choice(_missing(process.template))
        process.stepped = process.moved = self.model.clock
        self.pool.begins(process.template, process.importing)
        self.model.check(decided=False)

    def get_ready(self, process: Process) -> None:
        """A template has imported all that it was to, or a part of it."""
        template, missing = process.template, _missing(process.template)
        count = len(missing) if template.whole else self.random.randint(1, len(missing))
        loaded = template.parent.loaded if template.parent is not None else ()
        process.importing = ""
        process.used = template.used
        if self.model.always == "stops when ready":
            process.condition = "stopped"
        self.pool.is_ready(template, (*loaded, *missing[:count]))
        self.model.check()
        if self.model.always == "ends when ready" and template in self.model.processes:
            self.lose(template)

    def lose(self, template: Template) -> None:
        """A template ends, and all below it; the pool hears of them one after the other."""
        lost: Template | None = template
        while lost is not None:
            process = self.model.processes.pop(lost)
            if process.importing:
                self.model.unfit.add(process.importing)
            self.model.workers = [w for w in self.model.workers if w[0] is not lost]
            self.pool.lose(lost)
            orphans = [
                t for t in self.model.processes if t.parent not in (None, *self.pool.templates)
            ]
            lost = orphans[0] if orphans else None
        self.model.check()

    def _end_worker(self) -> None:
        worker = self.random.choice(self.model.workers)
        self.model.workers.remove(worker)
        self.pool.is_free(worker[0])
        self.model.check()

    # --- what comes from outside ------------------------------------------------------------------

    def misfortune(self) -> None:
        """Something happens to a template or a command."""
        there = list(self.model.processes)
        what = self.random.randrange(4)
        if what == 0 or not there:
            self.drop(self.random.randrange(1, self.model.client + 1))
            return
        process = self.model.processes[self.random.choice(there)]
        if what == 1:
            self.lose(process.template)
        elif what == 2:
            process.condition = self.random.choice(["stopped", "well"])
        elif process.template.loaded and process.outdated is None:
            process.outdated = self.model.client
            self.model.client += 1

    def drop(self, client: int) -> None:
        """A command is gone, and with it its workers."""
        if client == self.model.client:
            self.model.client += 1
        self.model.dropped.add(client)
        self.pool.drop(client)
        assert all(request.client != client for request in self.model.open)
        self.model.check(decided=False)
        for worker in [w for w in self.model.workers if w[1].client == client]:
            if worker in self.model.workers:
                self.model.workers.remove(worker)
                self.pool.is_free(worker[0])
                self.model.check()

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the pool is asked to look after things each second."""
        end = self.model.clock + seconds
        while self.model.clock < end:
            self.model.clock += 1.0
            self.model.reassured.clear()
            self.pool.tick()
            self.model.check()
            self._check_times()

    def _check_times(self) -> None:
        """That nothing is waited for too long."""
        now = self.model.clock
        assert all(now - since <= PATIENCE + 1 for since in self.model.open.values())
        assert self.model.reassured >= set(self.model.open)
        for template, process in self.model.processes.items():
            if not template.loaded:
                assert now - process.moved <= STILL_SECONDS + 1, "it hangs"
                assert now - process.stepped <= IMPORT_SECONDS + 1, "it imports for ever"

    def settle(self, *, release: bool = True) -> None:
        """Goes on until nothing moves, with the clock all but at rest."""
        bound = 4 * sum(most_builds(request) + 1 for request in self.asked)
        steps = 0
        while self.step(release=release):
            steps += 1
            assert steps <= bound, "it works without a bound"

    def end(self) -> None:
        """Goes on until each request is answered, and all that hangs is given up."""
        self.settle()
        for _ in range(int(PATIENCE + IMPORT_SECONDS) + 4):
            if not self.model.open and all(template.loaded for template in self.pool.templates):
                break
            self.pass_time(1.0)
            self.settle()
        self.pass_time(DEEPEST + 1.0)  # of stale ones above one another, one ends at a time

    def answers(self, *requests: Request) -> set[str]:
        """What has come of requests."""
        return {self.model.answers.get(request, "none") for request in requests}

    def check_end(self) -> None:
        """What holds when everything is over."""
        assert not self.model.open
        assert len(self.model.answers) == len(self.asked)
        assert len(self.pool.templates) <= MOST_TEMPLATES
        assert all(template.loaded for template in self.pool.templates)


def _missing(template: Template) -> list[str]:
    loaded = template.parent.loaded if template.parent is not None else ()
    return [name for name in template.aim if name not in loaded]


# --- at random ------------------------------------------------------------------------------------


def test_without_trouble_nothing_needs_the_clock() -> None:
    for seed in range(SCHEDULES):
        schedule = Schedule(seed)
        release = schedule.random.random() < 0.7  # else workers stay, and so do their templates
        for _ in range(schedule.random.randrange(1, 30)):
            schedule.ask_anything()
            if schedule.random.random() < 0.5:
                schedule.step(release=release)
        schedule.settle(release=release)
        assert not schedule.model.open
        schedule.settle()
        schedule.check_end()


def test_whatever_happens_each_request_is_answered() -> None:
    always: list[Misfortune] = ["ends when ready", "stops when ready", "no forks", "no branches"]
    for seed in range(SCHEDULES):
        schedule = Schedule(seed, troubled=True)
        schedule.model.always = schedule.random.choices(["none", *always], [8, 1, 1, 1, 1])[0]
        for _ in range(schedule.random.randrange(1, 40)):
            acts: list[Callable[[], object]] = [
                *(schedule.ask_anything, schedule.step, schedule.misfortune, _tick_of(schedule))
            ]
            schedule.random.choices(acts, [8, 12, 2, 1])[0]()
        schedule.end()
        schedule.check_end()
        stale = [template for template in schedule.pool.templates if template.stale]
        assert not any(schedule.model.is_spare(template) for template in stale)


def _tick_of(schedule: Schedule) -> Callable[[], None]:
    return lambda: schedule.pass_time(schedule.random.choice([1.0, 3.0, 7.0]))


# --- in order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_twenty_sections_that_import_ever_more(workers: int, ahead: bool) -> None:
    schedule = Schedule()
    sets = [MODULES[:count] for count in range(1, 21)]
    if ahead:
        for modules in sets:
            schedule.ask(modules, "ahead")
    for surroundings in ("a", "b"):  # a second terminal, with other variables
        asked: list[Request] = []
        for begin in range(0, 20, workers):
            some = sets[begin : begin + workers]
            asked += [schedule.ask(modules, surroundings=surroundings) for modules in some]
            schedule.settle()
        assert schedule.answers(*asked) == {"granted"}
    schedule.check_end()


def test_what_a_worker_waits_for_is_not_ended_to_make_room() -> None:
    schedule = Schedule()
    for number in range(MOST_TEMPLATES + 3):
        schedule.ask((MODULES[number],), "ahead", surroundings=str(number))
    schedule.settle()
    assert len(schedule.pool.templates) <= MOST_TEMPLATES
    request = schedule.ask(MODULES)
    schedule.settle()
    assert schedule.answers(request) == {"granted"}


def test_a_template_that_gets_ready_among_many_is_used_at_once() -> None:
    schedule = Schedule()
    for number in range(MOST_TEMPLATES):
        schedule.ask((), surroundings=str(number))
    schedule.settle(release=False)  # all of them hold workers
    requests = [schedule.ask((name,), surroundings="b") for name in ("m00", "m01", "m02")]
    schedule.settle(release=False)
    assert schedule.answers(*requests) == {"granted"}


def test_sections_that_import_the_same_share_a_template() -> None:
    schedule = Schedule()
    requests = [schedule.ask(MODULES[:5]) for _ in range(8)]
    schedule.settle()
    assert schedule.answers(*requests) == {"granted"}
    assert set(schedule.model.builds) == {requests[0]}


def test_sections_that_share_nothing_more_do_not_wait_for_each_other() -> None:
    schedule = Schedule()
    schedule.ask(())
    schedule.settle()
    requests = [schedule.ask((name,)) for name in ("m00", "m01", "m02")]
    assert set(schedule.model.builds) >= set(requests)


def test_what_is_made_ahead_takes_nothing_from_a_command() -> None:
    schedule = Schedule()
    for number in range(MOST_TEMPLATES):
        schedule.ask((), surroundings=str(number))
    schedule.settle()
    before = list(schedule.pool.templates)
    requests = [schedule.ask((name,), "ahead") for name in ("m00", "m01")]
    schedule.settle()
    assert schedule.answers(*requests) == {"refused"}
    assert schedule.pool.templates == before


def test_what_was_used_last_stays() -> None:
    schedule = Schedule()
    for number in range(MOST_TEMPLATES):
        schedule.ask((), surroundings=str(number))
        schedule.settle()
    schedule.ask((), surroundings="0")
    schedule.settle()
    schedule.ask((), surroundings="b")
    schedule.settle()
    left = {template.surroundings for template in schedule.pool.templates}
    assert left == {"b", *map(str, range(MOST_TEMPLATES))} - {"1"}


def test_where_workers_hold_all_there_may_be_twice_as_many() -> None:
    schedule = Schedule()
    requests = [schedule.ask((), surroundings=str(n)) for n in range(MOST_IN_USE + 2)]
    schedule.settle(release=False)
    assert schedule.answers(*requests[:MOST_IN_USE]) == {"granted"}
    assert schedule.answers(*requests[MOST_IN_USE:]) == {"refused"}
    schedule.settle()
    schedule.check_end()


# --- trouble without an end -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["worker", "ahead"])
@pytest.mark.parametrize(
    "always", ["ends when ready", "stops when ready", "no forks", "no branches"]
)
def test_what_goes_wrong_each_time_is_given_up(always: Misfortune, kind: Kind) -> None:
    schedule = Schedule(always=always)
    requests = [schedule.ask(MODULES[:count], kind) for count in (3, 6, 9)]
    schedule.settle()
    assert not schedule.model.open
    assert schedule.answers(*requests) <= {"refused", "granted"}
    schedule.check_end()


def test_after_five_losses_in_a_row_none_is_tried_again() -> None:
    schedule = Schedule(always="by hand")
    for number in range(MOST_LOSSES + 2):
        schedule.ask((), surroundings=str(number))
    while schedule.model.open:
        schedule.lose(next(t for t in schedule.pool.templates if not t.loaded))
    assert schedule.answers(*schedule.asked) == {"refused"}
    assert schedule.answers(schedule.ask(MODULES)) == {"refused"}


def test_losses_that_are_not_in_a_row_do_no_harm() -> None:
    schedule = Schedule(always="by hand")
    for number in range(MOST_LOSSES):
        request = schedule.ask((), surroundings=str(number))
        for _ in range(MOST_LOSSES - 1):
            schedule.lose(next(t for t in schedule.pool.templates if not t.loaded))
        schedule.settle()
        assert schedule.answers(request) == {"granted"}


def test_modules_that_take_their_time_are_waited_for_so_long() -> None:
    schedule = Schedule(always="by hand")
    request = schedule.ask(MODULES)
    (process,) = schedule.model.processes.values()
    while request in schedule.model.open:
        schedule.begin(process)
        schedule.pass_time(IMPORT_SECONDS / 2)
    assert schedule.answers(request) == {"refused"}
    assert schedule.model.clock > PATIENCE
    assert process.template in schedule.pool.templates
