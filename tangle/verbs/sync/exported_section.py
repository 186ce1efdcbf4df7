"""Find the section that a notebook was exported from, also if it was renamed or moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tangle.errors import Refused
from tangle.model import SectionName, Uuid
from tangle.notes import UnitRow, pages, units
from tangle.verbs.exported_notebooks import Exported
from tangle.verbs.notes import Notes
from tangle.weave.chunks import units_on


class SectionGone(Refused):
    """The section of an exported notebook is not in the notes."""

    def __init__(self, name: str, notebook: Exported) -> None:
        """Say which, where it was, and the ways out."""
        title = f" {notebook.title!r}" if notebook.title not in ("", notebook.section) else ""
        super().__init__(
            f"{name}: its section {notebook.section}{title} is not in the notes any more; it was "
            f"in {notebook.page}; nothing was written: bring the page back, or make a new page of "
            "the file with --page"
        )


def section_of(notes: Notes, notebook: Exported, name: str) -> SectionName:
    """Return the section of a notebook, as it is called now.

    The ids of its blocks tell it; without any, its name, if that is still the section of that title
    or if no other section has the title.

    Args:
        notes: the notes.
        notebook: that was exported from it.
        name: of the notebook, for messages.

    Raises:
        SectionGone: it is not in the notes any more.
    """
    ids = Counter(_by_ids(notes, notebook))
    if ids:
        return ids.most_common(1)[0][0]
    named = [row for row in notes.rows if row.name == notebook.section]
    titled = [row for row in notes.rows if notebook.title and _title(notes, row) == notebook.title]
    if len(titled) > 1:
        titled = [row for row in titled if row.section.page == notebook.page] or titled
    if named and (len(titled) != 1 or named[0] in titled):
        return named[0].name
    if len(titled) == 1:
        return titled[0].name
    raise SectionGone(name, notebook)


def _by_ids(notes: Notes, notebook: Exported) -> Iterator[SectionName]:
    for cell in notebook.cells:
        found = pages.block_of(notes.core, Uuid(cell.block.lower())) if cell.block else None
        if found is None:
            continue
        path, facts = found
        own = pages.outlined(notes.core, path).outline.section_at(facts.block).name
        for place in units_on(notes.core, path):
            unit = units.unit_of(notes.core, place)
            if own in (unit.name, *(part.name for part in unit.parts)):
                yield unit.name


def _title(notes: Notes, row: UnitRow) -> str:
    return pages.section_title(notes.core, row.name)
