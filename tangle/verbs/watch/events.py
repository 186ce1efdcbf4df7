"""What is told while the notes are watched."""

from __future__ import annotations

from dataclasses import dataclass

from tangle.model import Problem, SectionName
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.watch.fingerprint import Draft, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Edits are seen from now on."""

    sections: tuple[SectionName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A section begins to run."""

    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A section has a chunk that cannot run yet; those before it do."""

    section: SectionName
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A section that was asked for is not in the notes any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run was ended, since an edit made it useless."""

    section: SectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A page that another program is using, so that its outputs wait.

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
    """A section has run, and its outputs are in the notes as far as they have a place.

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
    """Something does not work now; watching goes on."""

    message: str


News = Watching | Runs | Waits | Gone | Cancelled | Ran | Wrote | Trouble
