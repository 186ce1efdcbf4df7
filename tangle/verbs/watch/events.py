"""Events of `tangle watch`."""

from __future__ import annotations

from dataclasses import dataclass

from tangle.model import Problem, SectionName
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.watch.fingerprint import Draft, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Watching has begun."""

    sections: tuple[SectionName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A section starts to run."""

    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A section has a chunk that cannot run yet."""

    section: SectionName
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A requested section is no longer in the notes."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run was ended because an edit invalidated it."""

    section: SectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Outputs wait because another program is using their page.

    Attributes:
        page: as messages name it.
        why: what is in the way, as said of the page.
    """

    page: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """Outputs were written.

    Attributes:
        pages: those that were changed, as messages name them.
        problems: outputs that were not written, and hand-edited ones that were left alone.
    """

    pages: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A section has run, and its outputs are written as far as possible.

    Attributes:
        since: the first chunk whose result may be another, from 1.
        wrote: what went into the notes.
        held: pages into which outputs go later.
    """

    run: SectionRun
    since: int
    wrote: Wrote
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something does not work now; watching continues."""

    message: str


News = Watching | Runs | Waits | Gone | Cancelled | Ran | Wrote | Trouble
