"""What is to be written into the notes, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from tangle.model import PagePath, Problem, SectionName
from tangle.write import USUAL, ChunkOutput, Edit, FailureNote, Figure, Tolerance


class Placed(Struct, frozen=True, kw_only=True):
    """The output of one chunk, ready for its page.

    Attributes:
        digest: of the code that it is the output of.
        failure: why the chunk failed, where it did.
        tolerance: how far its numbers may be from those in the note, which stay then.
    """

    section: SectionName
    digest: str
    output: ChunkOutput
    figures: tuple[Figure, ...]
    failure: FailureNote | None = None
    tolerance: Tolerance = USUAL


class Deferral(Struct, frozen=True, kw_only=True):
    """Outputs that wait because another program is using their page.

    Attributes:
        why: what is in the way, as said of the page.
    """

    why: str
    outputs: tuple[Placed, ...]


PageEdits = tuple[PagePath, bytes, Sequence[Edit]]
"""A page, its bytes before it was written, and what was done to these."""


class Placement(Struct, kw_only=True):
    """What was written, refused and deferred.

    Attributes:
        pending: why outputs were not written, as errors.
        left: those outputs.
        deferred: outputs for pages that another program is using, by page.
        kept: hand-edited outputs that were left alone, as warnings.
        edits: the pages that were written, their bytes before, and what was done to these.
    """

    pages: list[PagePath] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    pending: list[Problem] = field(default_factory=list)
    left: list[Placed] = field(default_factory=list)
    deferred: dict[PagePath, Deferral] = field(default_factory=dict)
    kept: list[Problem] = field(default_factory=list)
    edits: list[PageEdits] = field(default_factory=list)
