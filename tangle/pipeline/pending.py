"""Results that have no place in the notes now: kept in the run's record, and placed later."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tangle.errors import Refused
from tangle.model import SectionName
from tangle.pipeline.load import Loaded, load
from tangle.pipeline.placing import Placed, Placement, place
from tangle.pipeline.project import Project
from tangle.store import Records, make_folder, user_key
from tangle.write import ChunkOutput, Figure, FigureLink

PENDING = ".tangle/pending"


def waiting(project: Project) -> tuple[Placed, ...]:
    """The results that wait for their code to be again what it was, by section and digest."""
    records = Records(project.state / PENDING, key=user_key())
    found = (_from_json(records.get(key) or {}) for key in records.keys())  # noqa: SIM118
    return tuple(sorted((f for f in found if f is not None), key=lambda f: (f.section, f.digest)))


def place_or_keep(
    loaded: Loaded, outputs: Iterable[Placed], placement: Placement, *, force: bool
) -> str | None:
    """Write results into the notes, and keep those that have no place; why writing was refused.

    What waited of the same sections is older, and dropped.
    """
    found = tuple(outputs)
    try:
        place(loaded, found, placement, force=force)
    except Refused as error:
        keep(loaded.project, found)
        return str(error)
    except BaseException:
        keep(loaded.project, found)
        raise
    keep(loaded.project, placement.left)
    _drop_others(loaded.project, {f.section for f in found}, placement.left)
    return None


def write_pending(
    project: Project, placement: Placement, *, force: bool
) -> tuple[Loaded, str | None]:
    """Place the results that wait; the notes, and why that was refused.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    make_folder(project.state)
    loaded = load(project)
    return loaded, place_or_keep(loaded, waiting(project), placement, force=force)


def forget(project: Project) -> None:
    """Drop every result that waits."""
    records = Records(project.state / PENDING, key=user_key())
    for key in records.keys():  # noqa: SIM118
        records.drop(key)


def keep(project: Project, outputs: Iterable[Placed]) -> None:
    """Keep results, as far as the disk takes them: it may be what refused them."""
    records = Records(project.state / PENDING, key=user_key())
    try:
        for output in outputs:
            records.put(_key(output), _to_json(output))
    except Refused:
        return


def _drop_others(project: Project, sections: set[SectionName], left: Iterable[Placed]) -> None:
    kept = {_key(output) for output in left}
    for output in waiting(project):
        if output.section in sections and _key(output) not in kept:
            Records(project.state / PENDING, key=user_key()).drop(_key(output))


def _key(output: Placed) -> str:
    named = f"{output.section}\0{output.digest}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()


# --- as JSON --------------------------------------------------------------------------------------


def _to_json(placed: Placed) -> dict[str, Any]:
    return {
        "section": placed.section,
        "digest": placed.digest,
        "text": placed.output.text,
        "figures": [
            {
                "name": figure.name,
                "label": link.label,
                "target": link.target,
                "data": base64.b64encode(figure.data).decode("ascii"),
            }
            for link, figure in zip(placed.output.figures, placed.figures, strict=True)
        ],
    }


def _from_json(document: Mapping[str, Any]) -> Placed | None:
    """A result as it was kept; None of what is not of that form."""
    try:
        figures = [
            (
                FigureLink(label=str(entry["label"]), target=str(entry["target"])),
                Figure(
                    name=str(entry["name"]), data=base64.b64decode(entry["data"], validate=True)
                ),
            )
            for entry in document["figures"]
        ]
        digest = str(document["digest"])
        return Placed(
            section=SectionName(str(document["section"])),
            digest=digest,
            output=ChunkOutput(
                digest=digest,
                text=str(document["text"]),
                figures=tuple(link for link, _ in figures),
            ),
            figures=tuple(figure for _, figure in figures),
        )
    except (KeyError, TypeError, binascii.Error, ValueError):
        return None
