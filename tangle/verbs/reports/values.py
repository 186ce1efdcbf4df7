"""Report values that verbs return and the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from tangle.model import Place, Problem, SectionName, SessionResult
from tangle.store import TreeChanges

if TYPE_CHECKING:
    from tangle.analyse import Session  # heavy, and only the report of a run speaks of it

INTERRUPTED: Final = 130
"""The exit code of a run that was ended from outside, as by Ctrl-C."""

State = Literal[
    "no-code", "broken", "failed", "not-run", "stale", "fresh",
    "ready", "needs-names", "needs-packages", "sketch",
]  # fmt: skip
"""Of a unit; the last four are of those on pages that are not adopted."""


class BuildReport(Struct, frozen=True, kw_only=True):
    """What a build changed, or would change.

    Attributes:
        problems: what is wrong with the notes, as `check` reports it.
        notice: what a person should know though nothing is wrong; None where there is nothing.
        left_out: how many units that are not adopted have no script, because of errors.
    """

    changes: TreeChanges
    problems: tuple[Problem, ...]
    notice: str | None = None
    left_out: int = 0

    @property
    def failed(self) -> bool:
        """Whether the notes have errors."""
        return any(problem.severity == "error" for problem in self.problems)


class SectionRow(Struct, frozen=True, kw_only=True):
    """A row of `tangle list`.

    Attributes:
        page: the page's path, as messages name it.
        borrowed: how many statements it takes over from earlier sections.
        saves: names that it adds to the package.
        adopted: whether its page is adopted.
    """

    name: SectionName
    title: str
    page: str
    line: int
    chunks: int
    borrowed: int
    saves: tuple[str, ...]
    state: State
    adopted: bool


class Maker(Struct, frozen=True, kw_only=True):
    """Whose result the shared cache gave.

    Attributes:
        who: the name of the key that signed it.
        when: it was run: the day and the time in UTC, as ISO 8601 has them.
    """

    who: str
    when: str

    @property
    def day(self) -> str:
        """The day it was run."""
        return self.when.partition("T")[0]


class SectionRun(Struct, frozen=True, kw_only=True):
    """The result of one section.

    Attributes:
        cached: whether it was answered from the cache.
        first: index of the first chunk among the results: 1 where borrowed statements ran first.
        asked: the device that was asked for.
        maker: who ran it, where the answer came from a shared cache.
        executor: what the run ran sections with: `local` or `dask`.
    """

    session: Session
    result: SessionResult
    cached: bool
    first: int
    asked: str
    maker: Maker | None = None
    executor: str = "local"

    @property
    def answer(self) -> str:
        """`cached`, with whose result it is where the shared cache gave it; empty if it ran."""
        if not self.cached:
            return ""
        return f"cached, by {self.maker.who} on {self.maker.day}" if self.maker else "cached"


class SectionChange(Struct, frozen=True, kw_only=True):
    """A section that must run again because something changed.

    Attributes:
        section: the unit's name.
        reasons: what changed, in words.
    """

    section: SectionName
    reasons: tuple[str, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """An output that differs from the one in the notes.

    Attributes:
        kind: `differs`; `missing`, where the notes hold none; `stale`, where theirs is of older
            code, whether it says the same or not.
        place: the line of the stored output that differs first, or the chunk; as messages name it.
        section: the innermost section around the chunk.
        chunk: the chunk's line on its page.
        diff: lines that begin with `-` (the notes), `+` (this run), ` ` or `@@`.
    """

    kind: Literal["differs", "missing", "stale"]
    place: Place
    section: SectionName
    chunk: int
    message: str
    hint: str
    diff: tuple[str, ...] = ()


class RunReport(Struct, frozen=True, kw_only=True):
    """The result of a run.

    Attributes:
        written: whether the results were to be written into the notes.
        pages: paths of the pages that were changed, as messages name them.
        figures: paths of the figures that the sections have, likewise.
        refused: why nothing more could be written, where that is so.
        unread: pages that could not be read, as problems.
        pending: results that could not be placed, as problems.
        kept: hand-edited outputs that were left alone, as problems.
        waiting: how many results are kept because they have no place in the notes now.
        changes: the sections that changed since a revision, where that was asked for.
        differences: how outputs differ from the notes; None where they were not compared.
        complete: whether no page was left out of what was asked for.
        doubts: what else the names of sections may mean.
        idle: how many sections were left out because none of their chunks runs.
        no_python: whether the graph has no Python at all.
        org_pages: how many pages of the graph are Org's, which are not read.
    """

    sections: tuple[SectionRun, ...]
    written: bool
    refused: str | None
    unread: tuple[Problem, ...]
    pages: tuple[str, ...]
    figures: tuple[str, ...]
    pending: tuple[Problem, ...]
    kept: tuple[Problem, ...]
    waiting: int
    changes: tuple[SectionChange, ...] | None = None
    differences: tuple[Difference, ...] | None = None
    complete: bool = True
    doubts: tuple[str, ...] = ()
    idle: int = 0
    no_python: bool = False
    org_pages: int = 0

    @property
    def exit_code(self) -> int:
        """0 all passed; 1 code failed or a page left out; 3 outputs unwritten; 130 interrupted."""
        outcomes = {run.result.outcome for run in self.sections}
        if "interrupted" in outcomes:
            return INTERRUPTED
        if outcomes - {"passed"} or self.differences or not self.complete:
            return 1
        return 3 if self.pending or self.refused else 0
