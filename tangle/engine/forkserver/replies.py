"""What a server answers: one type for each answer, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tangle.typed_json import DamagedDocument, convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The server takes the command's orders.

    Attributes:
        family: the cookie in its environment.
    """

    family: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The server is of another identity, and gives its place up; it serves so many commands yet."""

    commands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The server gives its place up, as it was asked to; it serves so many commands yet."""

    commands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReport:
    """A template, as `tangle server status` tells it.

    Attributes:
        modules: what it has imported for sections.
        front: whether whole commands are forked from it.
    """

    pid: int
    modules: tuple[str, ...]
    ready: bool
    front: bool
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the server is doing."""

    pid: int
    began: float
    idle: float
    commands: int
    python: str
    templates: tuple[TemplateReport, ...]


Reply = Welcome | Stale | Stopped | Status

_KINDS: Final[Mapping[str, type[Reply]]] = {
    kind.__name__.lower(): kind for kind in (Welcome, Stale, Stopped, Status)
}


def verb_of(reply: Reply) -> str:
    """The word that stands for a reply's type on its way."""
    return type(reply).__name__.lower()


def read_reply(order: Mapping[str, Any]) -> Reply | None:
    """The reply that was sent; None where it is none."""
    kind = _KINDS.get(order["do"])
    if kind is None:
        return None
    try:
        return convert({name: order[name] for name in order if name != "do"}, kind)
    except DamagedDocument:
        return None
