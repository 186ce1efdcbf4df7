"""Which figures in the graph are tangle's own: those that pages show, and a ledger of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from tangle.model import Page, PagePath, Place, Problem
from tangle.store import ASSET_FOLDER, NotReadable, Records, digest_file, user_key
from tangle.verbs.project import Project
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


def foreign(
    project: Project, shown: Collection[str], figures: Sequence[Figure]
) -> tuple[Figure, ...]:
    """The figures in whose place stands a file that is not tangle's.

    It is tangle's if an output shows it, if it has the figure's own content, or if it is as the
    ledger has it: deleting an output block by hand makes nobody else's file of what it showed.

    Args:
        project: whose notes.
        shown: the figures that outputs show.
        figures: those that are to be written.
    """
    if not figures:
        return ()
    ledger = _ledger(Records(project.state / RECORD, key=user_key()))
    left = (figure for figure in figures if figure.name not in shown)
    return tuple(f for f in left if not _is_known(project, f, ledger.get(f.name, ())))


def _is_known(project: Project, figure: Figure, known: Sequence[str]) -> bool:
    try:
        there = digest_file(project.graph / ASSET_FOLDER / figure.name)
    except NotReadable:
        return False
    return there in {hashlib.sha256(figure.data).hexdigest(), *known}


def edited_figures(
    project: Project, names: Iterable[str], drawn: Iterable[Figure] = ()
) -> frozenset[str]:
    """Of figures, those whose file is not as tangle drew it: a person edited it.

    One that the ledger does not know, as after a clone, counts as drawn by tangle.

    Args:
        project: whose notes.
        names: the figures' file names.
        drawn: what is to be written; a file that holds that already is not edited.
    """
    wanted = tuple(names)
    ledger = _ledger(Records(project.state / RECORD, key=user_key())) if wanted else {}
    known = {name: set(ledger[name]) for name in wanted if name in ledger}
    for figure in drawn:
        if figure.name in known:
            known[figure.name].add(hashlib.sha256(figure.data).hexdigest())
    return frozenset(name for name, digests in known.items() if _is_other(project, name, digests))


def _is_other(project: Project, name: str, digests: Collection[str]) -> bool:
    try:
        return digest_file(project.graph / ASSET_FOLDER / name) not in digests
    except NotReadable:
        return False


def edited_hosts(
    project: Project, page: Page, figures: Mapping[int, Sequence[Figure]]
) -> Mapping[int, Problem]:
    """The blocks of a page whose outputs stay as they are, since a figure there was edited by hand.

    Args:
        project: whose notes.
        page: the page.
        figures: for each block whose outputs are to be written the figures that it shows then.

    Returns:
        For each such block what was edited.
    """
    if ASSET_FOLDER.encode() not in page.data:
        return {}
    lines: dict[str, int] = {}
    wanted = {host: {figure.name for figure in found} for host, found in figures.items()}
    for stored in stored_outputs(page):
        lines.update((name, stored.line) for name in stored.assets if name not in lines)
        if stored.host in wanted:
            wanted[stored.host].update(stored.assets)
    names = set[str]().union(*wanted.values()).intersection(lines)
    drawn = (figure for found in figures.values() for figure in found)
    edited = edited_figures(project, names, drawn)
    return {
        host: _edited(project, page, min(found), lines)
        for host, names in wanted.items()
        if (found := edited & names)
    }


def _edited(project: Project, page: Page, name: str, lines: Mapping[str, int]) -> Problem:
    file = project.shown(PagePath(f"{ASSET_FOLDER}/{name}"))
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=page.path, line=lines[name]),
        message=f"the figure {name} was edited by hand, and its output is left as it is",
        hint=f"delete {file} to have it drawn again, or use --force",
    )


def _ledger(records: Records) -> dict[str, list[str]]:
    """Digests by figure; what is not of that form is left out."""
    return {
        name: [digest for digest in digests if isinstance(digest, str)]
        for name, digests in (records.get(_KEY) or {}).items()
        if isinstance(digests, list)
    }
