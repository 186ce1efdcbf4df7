"""Which figures in the graph are tangle's own: those that pages show, and a ledger of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from tangle.model import Page
from tangle.pipeline.project import Project
from tangle.store import ASSET_FOLDER, NotReadable, Records, digest_file, user_key
from tangle.write import Figure, stored_outputs

RECORD = ".tangle/record"
_KEY = "figures"
_MOST = 4
"""Digests that are remembered of a figure: a run that was cut short may have left an older one."""


def note(project: Project, figures: Sequence[Figure]) -> None:
    """Remember figures that are about to be written.

    Before, not after: one that a killed run leaves, and that no page shows, is known all the same.

    Raises:
        NotWritable: the ledger cannot be written.
    """
    records = Records(project.state / RECORD, key=user_key())
    ledger = _ledger(records)
    before = dict(ledger)
    for figure in figures:
        digest = hashlib.sha256(figure.data).hexdigest()
        others = [known for known in ledger.get(figure.name, ()) if known != digest]
        ledger[figure.name] = [digest, *others][:_MOST]
    if ledger != before:
        records.put(_KEY, ledger)


def is_ours(project: Project, pages: Iterable[Page], figure: Figure) -> bool:
    """Whether the file that stands where a figure belongs is tangle's.

    It is if an output shows it, if it has the figure's own content, or if it is as the ledger has
    it: deleting an output block by hand makes nobody else's file of what it showed.
    """
    if any(figure.name in stored.assets for page in pages for stored in _showing(page, figure)):
        return True
    try:
        there = digest_file(project.graph / ASSET_FOLDER / figure.name)
    except NotReadable:
        return False
    known = _ledger(Records(project.state / RECORD, key=user_key())).get(figure.name, [])
    return there in {hashlib.sha256(figure.data).hexdigest(), *known}


def _showing(page: Page, figure: Figure) -> Iterable[Any]:
    return stored_outputs(page) if figure.name.encode() in page.data else ()


def _ledger(records: Records) -> dict[str, list[str]]:
    """Digests by figure; what is not of that form is left out."""
    return {
        name: [digest for digest in digests if isinstance(digest, str)]
        for name, digests in (records.get(_KEY) or {}).items()
        if isinstance(digests, list)
    }
