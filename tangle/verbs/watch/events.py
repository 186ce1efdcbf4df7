"""Events of `tangle watch`."""

from __future__ import annotations

from msgspec import Struct

from tangle.model import Problem, SectionName
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.sync.sync import SyncReport
from tangle.verbs.watch.fingerprint import Draft, Why


class Watching(Struct, frozen=True, kw_only=True):
    """Watching has begun."""

    sections: tuple[SectionName, ...]


class Runs(Struct, frozen=True, kw_only=True):
    """A section starts to run."""

    why: Why


class Waits(Struct, frozen=True, kw_only=True):
    """A section has a chunk that cannot run yet."""

    section: SectionName
    draft: Draft


class Gone(Struct, frozen=True, kw_only=True):
    """A requested section is no longer in the notes."""

    name: str


class Cancelled(Struct, frozen=True, kw_only=True):
    """A run was ended because an edit invalidated it."""

    section: SectionName


class Held(Struct, frozen=True, kw_only=True):
    """Outputs wait because another program is using their page.

    Attributes:
        page: as messages name it.
        why: what is in the way, as said of the page.
    """

    page: str
    why: str


class Wrote(Struct, frozen=True, kw_only=True):
    """Outputs were written.

    Attributes:
        pages: those that were changed, as messages name them.
        problems: outputs that were not written, and hand-edited ones that were left alone.
    """

    pages: tuple[str, ...]
    problems: tuple[Problem, ...]


class Ran(Struct, frozen=True, kw_only=True):
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


class Trouble(Struct, frozen=True, kw_only=True):
    """Something does not work now; watching continues."""

    message: str


class Synced(Struct, frozen=True, kw_only=True):
    """Edits of generated files went into the notes, or need a decision.

    Attributes:
        report: of both.
    """

    report: SyncReport


class EditsWait(Struct, frozen=True, kw_only=True):
    """Edits of generated files wait because another program is using a page or such a file.

    Attributes:
        file: the page or file, absolute.
        why: what is in the way, as said of it.
    """

    file: str
    why: str


class Renewed(Struct, frozen=True, kw_only=True):
    """Generated files follow the notes again.

    Attributes:
        files: those that changed, relative to the output folder.
    """

    files: tuple[str, ...]


News = (
    Synced
    | EditsWait
    | Renewed
    | Watching
    | Runs
    | Waits
    | Gone
    | Cancelled
    | Ran
    | Wrote
    | Trouble
)
