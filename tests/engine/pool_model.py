"""A model of what surrounds a pool of templates: processes, commands, a clock.

It keeps an account of its own of what the pool may do, and fails at the first step that is wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from tangle.engine.forkserver.template import FRONT
from tangle.engine.forkserver.template_pool import (
    DEEPEST,
    IMPORT_SECONDS,
    MOST_IN_USE,
    MOST_LOSSES,
    MOST_TEMPLATES,
    STILL_SECONDS,
    Request,
    Template,
    TemplatePool,
)

Condition = Literal["well", "ends", "unfit", "hangs", "stopped", "computes on"]
"""What becomes of a process while it imports; `stopped` also of one that is ready."""

Misfortune = Literal[
    "none", "ends when ready", "stops when ready", "no forks", "no branches", "by hand"
]
"""What happens to every template of a schedule; `by hand`: what the test has happen."""


@dataclass(slots=True, eq=False)
class Process:
    """A template's process.

    Attributes:
        request: what it was built for.
        later: its condition once it has begun to import a module.
        stepped: when it was last heard.
        moved: when it was last seen to compute, or heard.
        seen: what it had computed then.
        used: when it last served a request.
        outdated: the newest command that may take it as it is, after a file has changed.
    """

    template: Template
    request: Request
    condition: Condition
    later: Condition
    stepped: float
    moved: float
    used: float
    computed: int = 0
    seen: int | None = None
    importing: str = ""
    outdated: int | None = None

    @property
    def is_sound(self) -> bool:
        """Whether a worker may be forked from it for any command."""
        usable = self.outdated is None and self.condition != "stopped"
        return bool(self.template.loaded) and usable and not self.template.stale


@dataclass(slots=True)
class Model:
    """The host of a pool.

    Attributes:
        troubled: whether anything goes wrong.
        always: what goes wrong each time.
        client: the newest command.
        open: requests that are not answered, and since when.
        workers: forked and not ended yet, each with its template.
        unfit: modules that templates no longer try.
    """

    random: random.Random
    troubled: bool = False
    always: Misfortune = "none"
    clock: float = 0.0
    client: int = 1
    processes: dict[Template, Process] = field(default_factory=dict)
    open: dict[Request, float] = field(default_factory=dict)
    builds: dict[Request, int] = field(default_factory=dict)
    answers: dict[Request, str] = field(default_factory=dict)
    workers: list[tuple[Template, Request]] = field(default_factory=list)
    unfit: set[str] = field(default_factory=set)
    reassured: set[Request] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    pool: TemplatePool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = TemplatePool(self)

    def happens(self, chance: float) -> bool:
        """Whether something goes wrong now."""
        return self.troubled and self.random.random() < chance

    def _answer(self, request: Request, answer: str) -> None:
        assert request not in self.answers, "answered twice"
        del self.open[request]
        self.answers[request] = answer

    # --- what the pool ought to know --------------------------------------------------------------

    def aim(self, request: Request) -> tuple[str, ...]:
        """What is to be imported for a request, less what cannot be."""
        return tuple(name for name in request.aim if not self._is_unfit(name))

    def _is_unfit(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:count]) in self.unfit for count in range(1, len(parts) + 1))

    def fits(self, template: Template, request: Request) -> bool:
        """Whether a request could be granted from a template, or one for it be built upon it."""
        aim, loaded = self.aim(request), set(template.loaded)
        return (
            bool(loaded)
            and loaded <= set(aim)
            and template.surroundings == request.surroundings
            and (template.directory == request.directory or template.loaded == (FRONT,))
            and (len(loaded) == len(aim) or depth(template) < DEEPEST)
        )

    def best(self, request: Request, *, but: Template | None = None) -> int:
        """How many modules the best sound template has for a request."""
        return max(
            (
                len(template.loaded)
                for template, process in self.processes.items()
                if template is not but and process.is_sound and self.fits(template, request)
            ),
            default=0,
        )

    def is_spare(self, template: Template) -> bool:
        """Whether nothing hangs on a template, waiting workers aside."""
        return (
            bool(template.loaded)
            and not any(other is template for other, _ in self.workers)
            and not any(other.parent is template for other in self.processes)
        )

    def waits_for(self, request: Request, template: Template) -> bool:
        """Whether it makes sense that a request waits for what a template imports."""
        if template.loaded:
            return False
        if request.kind == "ahead" or self.processes[template].request is request:
            return True
        shared = len(set(self.aim(request)).intersection(template.aim))
        return template.surroundings == request.surroundings and shared > 0

    def is_wanted(self, template: Template, *kinds: str) -> bool:
        """Whether a request of some kinds that waits could use a template."""
        return any(r.kind in kinds and self.fits(template, r) for r in self.open)

    # --- the pool's host --------------------------------------------------------------------------

    def now(self) -> float:
        return self.clock

    def build(self, template: Template, request: Request) -> None:
        self._check_place(template, request)
        self._check_turn(request)
        no_branch = self.always == "no branches" and template.parent is not None
        if no_branch or self.happens(0.03):
            raise OSError(11, "no more processes")
        self.builds[request] = self.builds.get(request, 0) + 1
        assert self.builds[request] <= most_builds(request), "it builds without a bound"
        condition, later = self._fates()
        self.processes[template] = Process(
            template, request, condition, later, self.clock, self.clock, self.clock
        )
        if template.parent is not None:
            self.processes[template.parent].used = self.clock

    def _check_place(self, template: Template, request: Request) -> None:
        """That a new template is put where it ought to be."""
        parent = template.parent
        assert template.aim == self.aim(request)
        assert template.surroundings == request.surroundings
        assert template.directory == request.directory
        assert depth(template) <= DEEPEST
        assert (0 if parent is None else len(parent.loaded)) >= self.best(request)
        if parent is not None:
            assert self.fits(parent, request)
            assert self.processes[parent].condition != "stopped"
            assert not parent.stale

    def _check_turn(self, request: Request) -> None:
        """That a template may be built for a request now."""
        assert request.kind != "command"
        building = [process for process in self.processes.values() if not process.template.loaded]
        assert all(process.request is not request for process in building), "two at a time"
        if request.kind == "ahead":
            assert not building, "it builds ahead what others have to wait for"
            assert all(other.kind == "ahead" for other in self.open)
            assert len(self.processes) < MOST_TEMPLATES
        assert len(self.processes) < MOST_IN_USE

    def _fates(self) -> tuple[Condition, Condition]:
        """What a new process does at first, and once it imports."""
        bad: list[Condition] = ["ends", "hangs", "stopped", "computes on"]
        first = self.random.choice(bad) if self.happens(0.1) else "well"
        later = self.random.choice([*bad, "unfit"]) if self.happens(0.15) else "well"
        return first, later

    def fork(self, template: Template, request: Request) -> None:
        self._check_grant(template, request)
        if self.always == "no forks" or self.happens(0.03):
            raise OSError(32, "it is gone")
        self._answer(request, "granted")
        self.workers.append((template, request))

    def be_ready(self, template: Template, request: Request) -> None:
        assert request.kind == "ahead"
        self._check_grant(template, request)
        self._answer(request, "granted")

    def _check_grant(self, template: Template, request: Request) -> None:
        """That a template has just what a request wants."""
        process = self.processes[template]
        assert set(template.loaded) == set(self.aim(request))
        assert self.fits(template, request)
        assert not template.stale
        assert process.condition != "stopped"
        assert process.outdated is None or request.client <= process.outdated
        process.used = self.clock

    def refuse(self, request: Request, why: str) -> None:
        assert why
        if request.client not in self.dropped and not self.troubled and self.always == "none":
            self._check_refusal(request)
        self._answer(request, "refused")

    def _check_refusal(self, request: Request) -> None:
        """That nothing else could be done, where nothing goes wrong."""
        if request.kind == "command":
            assert not self.best(request)
        else:
            most = MOST_TEMPLATES if request.kind == "ahead" else MOST_IN_USE
            assert len(self.processes) >= most

    def reassure(self, request: Request) -> None:
        assert request in self.open
        self.reassured.add(request)

    def discard(self, template: Template) -> None:
        if template.loaded:
            self._check_eviction(template)
            del self.processes[template]
            return
        process = self.processes.pop(template)
        still, busy = self.clock - process.moved, self.clock - process.stepped
        assert still > STILL_SECONDS or busy > IMPORT_SECONDS, "it gives up what gets on"
        if process.condition != "stopped" and process.importing:
            self.unfit.add(process.importing)

    def _check_eviction(self, template: Template) -> None:
        """That a template that is ready may be ended."""
        assert self.is_spare(template)
        if template.stale:
            return
        assert len(self.processes) >= MOST_TEMPLATES, "there is room"
        for request in self.open:
            if request.kind == "worker" and self.fits(template, request):
                alternative = self.best(request, but=template)
                is_sound = self.processes[template].is_sound
                assert not is_sound or alternative >= len(template.loaded), "it is waited for"
        used = self.processes[template].used
        assert all(process.used >= used for process in self._rather(template)), "it was used later"

    def _rather(self, template: Template) -> list[Process]:
        """What could have been ended in place of a template."""
        is_ahead = any(request.kind == "ahead" for request in self.open)
        return [
            process
            for other, process in self.processes.items()
            if other is not template
            and self.is_spare(other)
            and not self.is_wanted(other, "worker", "ahead")
            and not (is_ahead and other.clients)
        ]

    def is_current(self, template: Template) -> bool:
        assert template.loaded
        return self.processes[template].outdated is None

    def activity(self, template: Template) -> int | None:
        process = self.processes[template]
        if process.condition == "stopped":
            return None
        process.computed += process.condition != "hangs"
        if process.computed != process.seen:
            process.seen, process.moved = process.computed, self.clock
        return process.computed

    # --- what always holds ------------------------------------------------------------------------

    def check(self, *, decided: bool = True) -> None:
        """What holds between any two events.

        Args:
            decided: whether the pool has just had occasion to decide.
        """
        assert set(self.pool.templates) == set(self.processes)
        assert len(self.processes) <= MOST_IN_USE
        assert set(self.pool.requests) == set(self.open), "a request is forgotten"
        assert all(request.kind != "command" for request in self.open)
        for template in self.processes:
            assert template.parent is None or template.parent in self.processes
            assert template.workers == sum(other is template for other, _ in self.workers)
            assert not template.clients & self.dropped
        if not decided:
            return
        for request in self.open:
            waits = any(self.waits_for(request, template) for template in self.processes)
            assert waits, "it waits for nothing"
        if len(self.processes) > MOST_TEMPLATES:
            surplus = [t for t in self.processes if self.is_spare(t)]
            assert all(self.is_wanted(template, "worker") for template in surplus)


def depth(template: Template) -> int:
    """How many templates stand above one."""
    count = 0
    while template.parent is not None:
        template = template.parent
        count += 1
    return count


def most_builds(request: Request) -> int:
    """How many templates may be built for a request."""
    return len(request.aim) + MOST_LOSSES + 1
