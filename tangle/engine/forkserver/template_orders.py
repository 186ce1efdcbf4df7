"""What the fork server orders from templates, and what they report."""

from __future__ import annotations

from typing import Final

from tangle.engine.forkserver.import_stamps import Stamps
from tangle.engine.forkserver.server_orders import Command
from tangle.engine.order import Cookie, Order, Receiver


class StartWorker(Order, frozen=True, kw_only=True):
    """Forks a section's worker; descriptors as with `ForkWorker`."""

    descriptors = 6

    client: int
    directory: str
    environment: dict[str, str]
    cookie: Cookie


class StartCommand(Order, frozen=True, kw_only=True):
    """Forks a whole command; the descriptor is to report on."""

    descriptors = 1

    client: int
    command: Command


class Reap(Order, frozen=True, kw_only=True):
    """Lets a worker's process id go, if it is this client's worker."""

    client: int
    pid: int


class EndClient(Order, frozen=True, kw_only=True):
    """Ends the workers of a command that has gone."""

    client: int


class BuildTemplate(Order, frozen=True, kw_only=True):
    """Forks a copy that imports more and becomes a template; the descriptor is its channel.

    Attributes:
        aim: modules to import, in order.
        whole: import all of them; else stop after a long import, for others to branch off there.
        notes: a folder of the project to read notes in ahead; empty for none.
    """

    descriptors = 1

    aim: tuple[str, ...]
    whole: bool
    directory: str
    environment: dict[str, str]
    notes: str


class ReadNotes(Order, frozen=True, kw_only=True):
    """Reads a project's notes ahead, once there is nothing else to do."""

    notes: str


TemplateOrder = StartWorker | StartCommand | Reap | EndClient | BuildTemplate | ReadNotes
TEMPLATE_ORDERS: Final = Receiver[TemplateOrder](TemplateOrder)


class Born(Order, frozen=True, kw_only=True):
    """The template's process has begun."""

    pid: int


class Importing(Order, frozen=True, kw_only=True):
    """It begins to import a module."""

    name: str


class Unfit(Order, frozen=True, kw_only=True):
    """A module printed something or started threads: it is not to be imported ahead."""

    name: str


class Ready(Order, frozen=True, kw_only=True):
    """It has imported its modules.

    Attributes:
        stamps: of the files that imports have read.
    """

    modules: tuple[str, ...]
    stamps: Stamps


class WorkerGone(Order, frozen=True, kw_only=True):
    """A worker was not forked, or has been reaped."""


TemplateNews = Born | Importing | Unfit | Ready | WorkerGone
TEMPLATE_NEWS: Final = Receiver[TemplateNews](TemplateNews)
