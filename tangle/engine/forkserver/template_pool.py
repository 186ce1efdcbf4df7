"""Which template serves which request: the decisions, without processes, descriptors or clock.

A template is a process that has imported modules and forks workers. Each request is granted or
refused after a bounded number of steps, whatever happens to the templates:

- A request has so many templates built for it, and waits for so many others, and no more.
- A template that a waiting worker would be forked from is not ended to make room.
- Where there is no room, or a time is up, the request is refused; a fresh process takes its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct, field

from tangle.engine.forkserver.template import FRONT
from tangle.engine.forkserver.template_orders import StartCommand, StartWorker

MOST_TEMPLATES: Final = 10
"""The one that was not used for longest goes first; each holds what it alone has imported."""

MOST_IN_USE: Final = 2 * MOST_TEMPLATES
"""So many there may be as long as workers, or the templates that they come from, hold the rest."""

DEEPEST: Final = 4
"""Templates above one another. What others branch off from stays, so a chain could not shrink."""

MOST_LOSSES: Final = 5
"""After so many templates that ended by themselves, one after the other, none is tried again."""

PATIENCE: Final = 90.0
"""Seconds that a request may wait."""

STILL_SECONDS: Final = 5.0
"""A template that imports and neither computes nor reads for so long is given up."""

IMPORT_SECONDS: Final = 60.0
"""What one module may take to import."""

_MOST_AWAITED: Final = 200
"""Templates that are built before a request that only looks ahead."""

_PLACELESS: Final = frozenset({"IPython", "numpy", "tangle", "tangle_cli", "torch"})
"""Packages that read no settings from the current folder while they are imported."""

Kind = Literal["worker", "command", "ahead"]


class Request(Struct, frozen=True, kw_only=True, eq=False):
    """A process that a command wants, or a template to be had for later.

    Attributes:
        kind: a section's worker; a whole command, which is forked at once or not; or a template
            for workers to come.
        client: the command; 0 for none.
        aim: what is to be imported, in order.
        surroundings: digest of what imports depend on beside the folder.
        environment: what the template has in its own.
        order: what the template is sent; None where nothing is to be forked yet.
        fds: descriptors that go with it.
        notes: a folder of a project, to read its notes ahead; empty for none.
    """

    kind: Kind
    client: int
    aim: tuple[str, ...]
    surroundings: str
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    order: StartWorker | StartCommand | None = None
    fds: tuple[int, ...] = ()
    notes: str = ""


class Template(Struct, kw_only=True, eq=False):
    """A template, as far as decisions go.

    Attributes:
        aim: what it is to import.
        whole: whether it imports all of that; else it may stop behind a long import, for others to
            branch off there.
        loaded: what it has imported; empty while it imports.
        workers: how many of its workers may be there still.
        clients: commands that found its imports to be as they would be now.
        stale: whether they are not, or it does not answer: nothing more is forked from it.
        stepped: when it was last heard.
        activity: what it had computed when that was last seen to change, at `moved`.
    """

    surroundings: str
    directory: str
    aim: tuple[str, ...]
    parent: Template | None
    whole: bool
    stepped: float
    moved: float
    used: float
    importing: str = ""
    loaded: tuple[str, ...] = ()
    workers: int = 0
    clients: set[int] = field(default_factory=set)
    stale: bool = False
    activity: int | None = None

    @property
    def depth(self) -> int:
        """How many templates stand above it."""
        return 0 if self.parent is None else self.parent.depth + 1

    def is_at_home_in(self, directory: str) -> bool:
        """Whether its imports would have come to the same in a folder."""
        tops = {name.partition(".")[0] for name in self.loaded}
        return self.directory == directory or tops <= _PLACELESS


class Host(Protocol):
    """What the pool cannot do itself; nothing here may block."""

    def now(self) -> float:
        """Seconds."""
        ...

    def build(self, template: Template, request: Request) -> None:
        """Begins to make a template. Raises OSError where that cannot be."""
        ...

    def fork(self, template: Template, request: Request) -> None:
        """Has a template fork what a request wants. Raises OSError where that cannot be."""
        ...

    def be_ready(self, template: Template, request: Request) -> None:
        """Takes note that what was to be had for later is there."""
        ...

    def refuse(self, request: Request, why: str) -> None:
        """Answers a request that is not granted."""
        ...

    def reassure(self, request: Request) -> None:
        """Lets the command know that a request is being worked on."""
        ...

    def discard(self, template: Template) -> None:
        """Ends a template at once, and with it all below it."""
        ...

    def is_current(self, template: Template) -> bool:
        """Whether what a template imported is there as it was."""
        ...

    def activity(self, template: Template) -> int | None:
        """A number that changes while a template computes or reads; None where it is stopped."""
        ...


class _Waiting(Struct, kw_only=True, eq=False):
    """A request that is neither granted nor refused yet.

    Attributes:
        builds: how many templates were built for it.
        own: the last of them.
        awaited: templates that it has waited for.
    """

    request: Request
    since: float
    builds: int = 0
    own: Template | None = None
    awaited: set[Template] = field(default_factory=set)


class TemplatePool:
    """The templates, and the requests that wait for one."""

    def __init__(self, host: Host) -> None:
        """Has no template yet."""
        self._host = host
        self._waiting: list[_Waiting] = []
        self._unfit: set[str] = set()
        self._losses = 0
        self.templates: list[Template] = []

    # --- what commands want -------------------------------------------------------------------

    def add(self, request: Request) -> None:
        """Takes a request, which is answered in time."""
        waiting = _Waiting(request=request, since=self._host.now())
        self._waiting.append(waiting)
        self._waiting.sort(key=lambda entry: entry.request.kind == "ahead")
        self.advance()
        if request.kind == "command" and waiting in self._waiting:
            self._refuse(waiting, "no process has tangle loaded")

    def drop(self, client: int) -> None:
        """Forgets a command that is gone, and what it wanted."""
        for waiting in [w for w in self._waiting if w.request.client == client]:
            self._refuse(waiting, "the command is gone")
        for template in self.templates:
            template.clients.discard(client)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Those that are not answered yet."""
        return tuple(waiting.request for waiting in self._waiting)

    def has_front(self) -> bool:
        """Whether a whole command can be forked at once."""
        return any(FRONT in template.loaded for template in self.templates)

    # --- what templates say -------------------------------------------------------------------

    def begins(self, template: Template, name: str) -> None:
        """A template begins to import a module."""
        template.importing = name
        template.stepped = template.moved = self._host.now()

    def is_unfit(self, template: Template, name: str) -> None:
        """A module must be imported in the section itself; the template that tried it ends."""
        self._unfit.add(name)
        template.importing = ""

    def is_ready(self, template: Template, loaded: Sequence[str]) -> None:
        """A template has imported what it was to, or the part that others share."""
        self._losses = 0
        template.importing = ""
        template.loaded = tuple(loaded)
        self.advance()

    def is_free(self, template: Template) -> None:
        """A worker of a template is gone."""
        template.workers -= 1
        self.advance()

    def lose(self, template: Template) -> None:
        """A template has ended; what it was importing is not tried again."""
        if template.importing:
            self._unfit.add(template.importing)
        elif not template.loaded:
            self._losses += 1
        self.templates.remove(template)
        self.advance()

    def tick(self) -> None:
        """Gives up what takes too long; to be called each second while requests wait."""
        now = self._host.now()
        for template in [t for t in self.templates if not t.loaded]:
            self._look_at(template, now)
        for waiting in self._waiting:
            self._host.reassure(waiting.request)
        self.advance()

    def _look_at(self, template: Template, now: float) -> None:
        """Ends a template that does not get on with its imports."""
        activity = self._host.activity(template)
        if activity is not None and activity != template.activity:
            template.activity, template.moved = activity, now
        if now - template.moved <= STILL_SECONDS and now - template.stepped <= IMPORT_SECONDS:
            return
        if activity is None:  # stopped, or never begun: the module is not to blame
            template.importing = ""
        self._host.discard(template)
        self.lose(template)

    # --- decisions ----------------------------------------------------------------------------

    def advance(self) -> None:
        """Answers what can be answered, has built what is worth it, ends what is too much."""
        for waiting in list(self._waiting):
            if waiting in self._waiting:
                self._try(waiting)
        for template in [t for t in self.templates if t.stale]:
            if self._is_spare(template):
                self._end(template)
        self._shrink(MOST_TEMPLATES)

    def _try(self, waiting: _Waiting) -> None:
        request = waiting.request
        aim = self._aim(request)
        if not aim:
            self._refuse(waiting, "tangle itself cannot be loaded")
            return
        best = self._best(request, aim)
        if best is not None and len(best.loaded) == len(aim):
            self._grant(waiting, best)
        elif why := self._hopeless(waiting):
            self._refuse(waiting, why)
        elif request.kind != "command" and not self._waits(waiting, aim, best):
            self._build(waiting, aim, best)

    def _aim(self, request: Request) -> tuple[str, ...]:
        """What is to be imported, in order, less what cannot be."""
        wanted = dict.fromkeys(request.aim)
        return tuple(
            name for name in wanted if not any(_is_in(name, unfit) for unfit in self._unfit)
        )

    def _best(self, request: Request, aim: Sequence[str]) -> Template | None:
        """The template that has most of it, and nothing else."""
        wanted = set(aim)
        fitting = [
            template
            for template in self.templates
            if template.loaded
            and template.surroundings == request.surroundings
            and set(template.loaded) <= wanted
            and (len(template.loaded) == len(aim) or template.depth < DEEPEST)
            and template.is_at_home_in(request.directory)
        ]
        fitting.sort(key=lambda template: -len(template.loaded))
        return next((t for t in fitting if self._is_usable(t, request.client)), None)

    def _is_usable(self, template: Template, client: int) -> bool:
        """Whether it answers, and what it imported is there as it was: asked once a command."""
        if not template.stale and client not in template.clients:
            template.stale = not self._host.is_current(template)
            if client:
                template.clients.add(client)
        if not template.stale and self._host.activity(template) is None:
            template.stale = True
        return not template.stale

    def _hopeless(self, waiting: _Waiting) -> str:
        """Why a request is to wait no longer; empty where there is no reason."""
        request = waiting.request
        if self._losses >= MOST_LOSSES:
            return "processes that were to import modules ended again and again"
        if waiting.builds > len(request.aim) + MOST_LOSSES:
            return "its modules could not be imported ahead"
        if self._host.now() - waiting.since > PATIENCE:
            return "its modules take too long to be imported"
        if request.kind == "ahead" and len(waiting.awaited) > _MOST_AWAITED:
            return "others come first"
        return ""

    def _waits(self, waiting: _Waiting, aim: Sequence[str], best: Template | None) -> bool:
        """Whether what is being built now is worth waiting for."""
        building = [template for template in self.templates if not template.loaded]
        if waiting.own in building:
            return True
        request = waiting.request
        if request.kind == "worker":
            have = set(best.loaded) if best is not None else set()
            building = [
                template
                for template in building
                if template.surroundings == request.surroundings
                and not set(aim).intersection(template.aim) <= have
            ]
        waiting.awaited.update(building)
        patient = request.kind == "ahead" or len(waiting.awaited) <= len(request.aim) + MOST_LOSSES
        return bool(building) and patient

    def _grant(self, waiting: _Waiting, template: Template) -> None:
        template.used = self._host.now()
        request = waiting.request
        if request.kind == "ahead":
            self._waiting.remove(waiting)
            self._host.be_ready(template, request)
            return
        try:
            self._host.fork(template, request)
        except OSError:
            self._replace(waiting, template)
        else:
            self._waiting.remove(waiting)
            template.workers += 1

    def _refuse(self, waiting: _Waiting, why: str) -> None:
        self._waiting.remove(waiting)
        self._host.refuse(waiting.request, why)

    def _build(self, waiting: _Waiting, aim: tuple[str, ...], parent: Template | None) -> None:
        """Has a template built that imports the rest, or a part of it that others share."""
        request = waiting.request
        if not self._has_room(request, parent):
            self._refuse(waiting, "as many processes as may be hold modules already")
            return
        now = self._host.now()
        template = Template(
            surroundings=request.surroundings,
            directory=request.directory,
            aim=aim,
            parent=parent,
            whole=parent is not None and parent.depth + 1 >= DEEPEST,
            stepped=now,
            moved=now,
            used=now,
            clients={request.client} if request.client else set(),
        )
        try:
            self._host.build(template, request)
        except OSError as error:
            if parent is None:
                self._refuse(waiting, f"no process to import modules can be had: {error.strerror}")
            else:
                self._replace(waiting, parent)
            return
        if parent is not None:
            parent.used = now
        self.templates.append(template)
        waiting.builds += 1
        waiting.own = template

    def _replace(self, waiting: _Waiting, template: Template) -> None:
        """Looks for another template, as this one takes no orders."""
        template.stale = True
        self._try(waiting)

    # --- room ---------------------------------------------------------------------------------

    def _has_room(self, request: Request, parent: Template | None) -> bool:
        """Makes room for one more template; whether there is."""
        kept = set() if parent is None else {parent}
        if request.kind == "ahead":  # what may never be wanted takes nothing from a command
            kept |= {template for template in self.templates if template.clients}
        self._shrink(MOST_TEMPLATES - 1, kept)
        return len(self.templates) < (MOST_TEMPLATES if request.kind == "ahead" else MOST_IN_USE)

    def _shrink(self, most: int, kept: Collection[Template] = ()) -> None:
        """Ends templates, those first that were not used for longest, until so many are left."""
        if len(self.templates) <= most:
            return
        wanted = {*kept, *self._wanted()}
        while len(self.templates) > most:
            spare = [t for t in self.templates if t not in wanted and self._is_spare(t)]
            if not spare:
                return
            self._end(min(spare, key=lambda template: (not template.stale, template.used)))

    def _wanted(self) -> Iterator[Template]:
        """What waiting workers would be forked from, or built upon."""
        for waiting in self._waiting:
            if waiting.request.kind == "worker":
                best = self._best(waiting.request, self._aim(waiting.request))
                if best is not None:
                    yield best

    def _is_spare(self, template: Template) -> bool:
        needed = any(other.parent is template for other in self.templates)
        return bool(template.loaded) and template.workers == 0 and not needed

    def _end(self, template: Template) -> None:
        self.templates.remove(template)
        self._host.discard(template)


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
