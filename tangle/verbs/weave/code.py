"""What a site shows of code beside the notes: stored outputs, states of sections, their files."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from tangle.model import PagePath, SectionName, ShownOutput
from tangle.notes import Core, pages, query, units
from tangle.verbs.generated import scripts
from tangle.verbs.notes import Notes
from tangle.verbs.run_history import History
from tangle.verbs.shown_outputs import page_outputs
from tangle.verbs.write_back.staleness import section_rows, wanted_outputs
from tangle.weave.chunks import units_on
from tangle.weave.inputs import SectionFacts
from tangle.write import Wanted

DOWNLOADS = "downloads"
"""The folder of the sections' files, in the site."""


@query(kept=tuple[ShownOutput, ...])
def shown_on(core: Core, path: PagePath) -> tuple[ShownOutput, ...]:
    """What the output blocks of a page show."""
    found = filter(None, (units.row(core, place) for place in units_on(core, path)))
    hosts: Mapping[int, Sequence[Wanted]] = wanted_outputs(found).get(path, {})
    return page_outputs(pages.page(core, path), hosts)


def all_outputs(notes: Notes) -> dict[PagePath, tuple[ShownOutput, ...]]:
    """Return what the output blocks of each page show.

    Args:
        notes: the notes.
    """
    found = {path: shown_on(notes.core, path) for path in notes.outputs}
    return {path: outputs for path, outputs in found.items() if outputs}


def all_facts(notes: Notes) -> dict[SectionName, SectionFacts]:
    """Return what is known of each section with code.

    Args:
        notes: the notes.
    """
    names = scripts(notes)
    pasts = History(notes.project).recall()
    return {
        row.name: SectionFacts(
            state=row.state,
            seconds=round(pasts[row.name].seconds, 1) if row.name in pasts else None,
            files=_files(names[row.name]) if row.name in names else (),
        )
        for row in section_rows(notes)
        if row.chunks
    }


def _files(script: str) -> tuple[str, ...]:
    name = posixpath.basename(script).removesuffix(".py")
    return (f"{DOWNLOADS}/{name}.py", f"{DOWNLOADS}/{name}.ipynb")
