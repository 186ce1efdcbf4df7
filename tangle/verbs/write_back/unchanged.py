"""Decide whether a stored output needs not be written again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tangle.verbs.project import Project
from tangle.verbs.results.verify import as_shown, asset_type
from tangle.write import ChunkOutput, Figure, StoredOutput, Tolerance, compare, in_output

Known = dict[tuple[StoredOutput, ChunkOutput], bool]
"""Whether outputs show the same as stored ones."""

_EXACT: Final = Tolerance(rtol=0.0)


class NewOutput(Struct, frozen=True, kw_only=True):
    """What equality with a stored output depends on beside the output's text.

    Attributes:
        tolerance: how far numbers may differ.
    """

    figures: tuple[Figure, ...]
    tolerance: Tolerance


class Unchanged(Struct, frozen=True):
    """Compares outputs by the rules of `--verify`.

    Where the code is another one, its numbers and figures have to be exactly those that stand in
    the note: who changed the code wants to see what it does.

    Attributes:
        new: the outputs that may be written.
        known: answers that were given; a page is planned more than once.
    """

    project: Project
    new: Mapping[ChunkOutput, NewOutput]
    known: Known

    def __call__(self, stored: StoredOutput, output: ChunkOutput) -> bool:
        """Whether a stored output shows what a new one does.

        Args:
            stored: in the note.
            output: of the same chunk.
        """
        key = stored, output
        if key not in self.known:
            self.known[key] = self._shows_the_same(stored, output)
        return self.known[key]

    def _shows_the_same(self, stored: StoredOutput, output: ChunkOutput) -> bool:
        new = self.new[output]
        expected = as_shown(self.project, stored)
        actual = in_output(output, {f.name: (asset_type(f.name), f.data) for f in new.figures})
        fresh = stored.code_digest == output.value
        if not fresh and expected.figures != actual.figures:
            return False
        return not compare(expected, actual, new.tolerance if fresh else _EXACT)
