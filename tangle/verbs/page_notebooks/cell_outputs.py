"""The outputs that a kernel made, written as tangle writes those of a run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from tangle.analyse import PlannedChunk, Session
from tangle.model import Result
from tangle.notes import UnitRow, units
from tangle.parse.languages import is_python
from tangle.verbs.export import SectionCells
from tangle.verbs.import_page import result_of
from tangle.verbs.notes import Notes
from tangle.verbs.page_notebooks.clients import Client
from tangle.verbs.page_notebooks.evidence import Log, Ran, current_outputs
from tangle.verbs.page_notebooks.raw_cells import Notebook, cell_source, digest_of, is_setup
from tangle.verbs.write_back.outputs import outputs_of
from tangle.verbs.write_back.place import place
from tangle.verbs.write_back.placement import Placement
from tangle.write.foreign_cells import SourceCell

_LEFT: Final = (
    "is not written: it, or a cell that it needs, was edited or not run since; run the notebook "
    "from the top"
)
_OTHER: Final = "outputs are written only where the kernel runs Python"


class _Cell(Struct, frozen=True, kw_only=True):
    """A code cell of a notebook.

    Attributes:
        ran: how it was run.
        source: the cell as imports read it; None of the first cell, which is tangle's.
        is_new: whether it was run since the notebook was last saved.
    """

    ran: Ran
    source: SourceCell | None
    is_new: bool


class CellOutputs:
    """The outputs of a notebook's cells.

    Attributes:
        ran: what is remembered of them.
    """

    def __init__(
        self, notebook: Notebook, sources: Sequence[SourceCell], client: Client | None
    ) -> None:
        """Read them.

        Args:
            notebook: as the program has it.
            sources: its cells as imports read them, all but the first.
            client: what is remembered of it.
        """
        self._before = {name: (run, of) for name, run, of in client.ran} if client else {}
        self.ran: tuple[tuple[str, str, str], ...] = ()
        read = iter(sources)
        self._by_python = _is_python(notebook)
        self._setup: Ran | None = None
        self._code: list[_Cell] = []
        for cell in notebook["cells"]:
            source = None if is_setup(cell) else next(read)
            if cell.get("cell_type") == "code":
                found = self._read(cell, source)
                if source is None:
                    self._setup = found.ran
                else:
                    self._code.append(found)

    def _read(self, cell: Mapping[str, Any], source: SourceCell | None) -> _Cell:
        text = cell_source(cell).rstrip("\n")
        count = cell.get("execution_count")
        if not isinstance(count, int):
            return _Cell(ran=Ran(count=None, source=text), source=source, is_new=False)
        run, code, name = (
            digest_of([count, cell.get("outputs")]),
            digest_of(text),
            str(cell.get("id")),
        )
        known = self._before.get(name)
        is_new = known is None or known[0] != run
        of = code if known is None or is_new else known[1]
        self.ran = (*self.ran, (name, run, of))
        ran = Ran(count=count, source=text, edited=of != code)
        return _Cell(ran=ran, source=source, is_new=is_new)

    def write(
        self, notes: Notes, row: UnitRow, cells: SectionCells, logs: Sequence[Log] | None
    ) -> tuple[str, ...]:
        """Write those that are of the notes' code; return what to say of the others.

        Args:
            notes: with the edits of the notebook.
            row: of the section.
            cells: of the section.
            logs: what the kernels were seen to run.
        """
        if not self._by_python:
            return (_OTHER,)
        session = units.session(notes.core, notes.places[row.name])
        code = dict(self._of_chunks(session, cells))
        ran = {index: cell.ran for index, cell in code.items()}
        current = current_outputs(session, ran, self._setup, logs)
        results: list[tuple[PlannedChunk, Result]] = []
        for index in sorted(current):
            source = code[index].source
            if source is not None:
                results.append((session.chunks[index], result_of(source)))
        left = [index for index, cell in code.items() if cell.is_new and index not in current]
        return (
            *(f"{row.name}: the output of chunk {index + 1} {_LEFT}" for index in left),
            *(_placed(notes, session, results) if results else ()),
        )

    def _of_chunks(self, session: Session, cells: SectionCells) -> Iterator[tuple[int, _Cell]]:
        """The cells whose code the notes have, by the index of the chunk."""
        chunks = [cell for cell in cells.cells if cell.chunk]
        ours = [cell.source for cell in chunks]
        theirs = [cell.ran.source for cell in self._code]
        matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
        for at, there, count in matcher.get_matching_blocks():
            for step in range(count):
                index = chunks[at + step].chunk - 1
                if session.chunks[index].code.parsed.examples is None:
                    yield index, self._code[there + step]


def _placed(
    notes: Notes, session: Session, results: Sequence[tuple[PlannedChunk, Result]]
) -> Iterator[str]:
    placement = Placement()
    place(notes, outputs_of(notes, session, results), placement)
    for problem in (*placement.pending, *placement.kept):
        yield f"{problem.place.path}:{problem.place.line}: {problem.message}"
    for page, deferral in placement.deferred.items():
        yield f"{notes.project.shown(page)} {deferral.why}; save again to write the outputs"


def _is_python(notebook: Notebook) -> bool:
    about = notebook.get("metadata") or {}
    kernel, info = about.get("kernelspec") or {}, about.get("language_info") or {}
    return is_python(str(kernel.get("language") or info.get("name") or "python"))
