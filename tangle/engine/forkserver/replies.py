"""What a fork server answers to a command."""

from __future__ import annotations

from typing import Final

import msgspec

from tangle.engine.order import Order, Receiver


class Welcome(Order, frozen=True, kw_only=True):
    """The server takes the command's orders.

    Attributes:
        family: the cookie in its environment.
    """

    family: str
    pid: int


class Stale(Order, frozen=True, kw_only=True):
    """The server has a different identity and gives up its socket; `commands` still use it."""

    commands: int


class Stopped(Order, frozen=True, kw_only=True):
    """The server gives up its socket, as ordered; `commands` still use it."""

    commands: int


class TemplateStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template, as `tangle server status` shows it.

    Attributes:
        modules: what it has imported for sections.
        front: whether whole commands are forked from it.
    """

    pid: int
    modules: tuple[str, ...]
    ready: bool
    front: bool
    workers: int


class Status(Order, frozen=True, kw_only=True):
    """What the server is doing."""

    pid: int
    began: float
    idle: float
    commands: int
    python: str
    templates: tuple[TemplateStatus, ...]


Reply = Welcome | Stale | Stopped | Status
REPLIES: Final = Receiver[Reply](Reply)
