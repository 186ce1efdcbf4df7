"""Write a section's cells as a Jupyter notebook, or as Python in percent format."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from tangle.model import SectionName, ShownPart
from tangle.weave.notebook_cells import IMAGES, LARGEST, SETUP_TAG, Given, NotebookCell

EXPORTED: Final = "# Exported by tangle"
"""How the first line of an exported script begins."""

FORMAT: Final = 1
"""The form of what is said of an export in it; another one cannot be imported."""

_PLAYED: Final = {
    "wav": ("audio", "audio/wav"),
    "mp3": ("audio", "audio/mpeg"),
    "ogg": ("audio", "audio/ogg"),
    "flac": ("audio", "audio/flac"),
    "mp4": ("video", "video/mp4"),
    "webm": ("video", "video/webm"),
    "ogv": ("video", "video/ogg"),
}
_FORMULA: Final = re.compile(r"\$\$.+\$\$", re.DOTALL)
_FIRST: Final = re.compile(
    rf"{EXPORTED}[^\n]*, (?P<digest>[0-9a-f]{{12}})\n(?:# tangle: (?P<about>[^\n]*)\n)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a notebook says of where it is from.

    Attributes:
        section: the unit's name.
        page: its page, relative to the graph.
        folder: where it runs, relative to the graph.
        package: the generated package.
        device: that its chunks ask for; empty where they ask for none.
    """

    section: SectionName
    title: str
    page: str
    folder: str
    package: str
    device: str = ""


def notebook_bytes(cells: Sequence[NotebookCell], about: About, given: Given) -> bytes:
    """Return a notebook in nbformat 4.5, the same bytes for the same notes.

    Args:
        cells: of the notebook.
        about: where they are from.
        given: reads the files that outputs show.
    """
    return _json(_notebook(cells, about, given))


def percent_text(cells: Sequence[NotebookCell], about: About) -> str:
    """Return cells as Python in percent format, text as comments.

    Args:
        cells: of the notebook.
        about: where they are from.
    """
    body = "".join(_percent(cell, own) for cell, own in zip(cells, _script_ids(cells), strict=True))
    own = {
        "format": FORMAT,
        "page": about.page,
        "section": about.section,
        "title": about.title,
    }
    title = f"{about.section} {about.title}" if about.title != about.section else about.section
    shown = " ".join(title.split())
    said = json.dumps(own, ensure_ascii=False, sort_keys=True)
    return f"{EXPORTED} from {shown}, {_digest(body)}\n# tangle: {said}\n{body}"


def script_code(cells: Sequence[NotebookCell]) -> Mapping[str, str]:
    """Return the code of each cell of a script, by the id of the cell.

    Args:
        cells: of the script.
    """
    named = zip(_script_ids(cells), cells, strict=True)
    return {own: cell.plain for own, cell in named if cell.kind == "code"}


def _script_ids(cells: Sequence[NotebookCell]) -> list[str]:
    return list(_ids(cells, [c.plain if c.kind == "code" else c.source for c in cells]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedScript:
    """A script that was exported, and perhaps edited.

    Attributes:
        digest: of its body, then.
        about: what it says of where it is from; None of another version's.
        body: what is below that.
    """

    digest: str
    about: Mapping[str, Any] | None
    body: str


def exported_script(text: str) -> ExportedScript | None:
    """Return a script that was exported; None of any other.

    Args:
        text: of the file, lines ended by line feeds.
    """
    found = _FIRST.match(text)
    if found is None:
        return None
    try:
        about = json.loads(found["about"] or "")
        known = about["format"] == FORMAT and isinstance(about["section"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        about, known = None, False
    body = text[found.end() :]
    return ExportedScript(digest=found["digest"], about=about if known else None, body=body)


def is_exported(data: bytes) -> bool | None:
    """Return whether a file is as it was exported; None if it is no export.

    A run of the cells is no change.

    Args:
        data: content of the file.
    """
    text = data.decode("utf-8-sig", "replace")
    if (script := exported_script(text.replace("\r\n", "\n"))) is not None:
        return _digest(script.body) == script.digest
    try:
        notebook = json.loads(text)
        digest = notebook["metadata"]["tangle"]["digest"]
        cells = [
            (cell["cell_type"], _joined(cell["source"]), cell.get("id", ""))
            for cell in notebook["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return bool(_cells_digest(cells) == digest)


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _cells_digest(cells: Sequence[tuple[str, str, str]]) -> str:
    """A digest of cells; blank ones, which Jupyter adds when the last is run, do not count."""
    return _digest(json.dumps([cell for cell in cells if cell[1].strip()], ensure_ascii=True))


def _json(notebook: Mapping[str, Any]) -> bytes:
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode("utf-8", "replace")


def _notebook(cells: Sequence[NotebookCell], about: About, given: Given) -> Mapping[str, Any]:
    ids = list(_ids(cells, [cell.source for cell in cells]))
    described = [(cell.kind, cell.source, own) for cell, own in zip(cells, ids, strict=True)]
    own = {
        "digest": _cells_digest(described),
        "folder": about.folder,
        "format": FORMAT,
        "package": about.package,
        "page": about.page,
        "section": about.section,
        "title": about.title,
        **({"device": about.device} if about.device else {}),
    }
    return {
        "cells": [_cell(cell, id_, given) for cell, id_ in zip(cells, ids, strict=True)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "name": "python"},
            "tangle": own,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _ids(cells: Sequence[NotebookCell], sources: Sequence[str]) -> Iterator[str]:
    """An id for each cell: of its content, so that it stays when others come or go."""
    seen: Counter[str] = Counter()
    for cell, source in zip(cells, sources, strict=True):
        key = _digest(f"{cell.kind}\0{cell.block}\0{source}")
        seen[key] += 1
        yield key if seen[key] == 1 else f"{key}-{seen[key]}"


def _cell(cell: NotebookCell, own_id: str, given: Given) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": own_id,
        "metadata": _metadata(cell),
        "source": _lines(cell.source),
    }
    if cell.kind == "code":
        found["execution_count"] = None
        found["outputs"] = list(_outputs(cell, given))
    elif cell.attachments:
        found["attachments"] = {name: _bundle(name, data) for name, data in cell.attachments}
    return found


def _metadata(cell: NotebookCell) -> Mapping[str, Any]:
    own: dict[str, Any] = {}
    if cell.section is not None:
        own["section"] = cell.section
    if cell.block:
        own["block"] = cell.block
    if cell.properties:
        own["properties"] = dict(cell.properties)
    if cell.chunk:
        own["chunk"] = cell.chunk
        own["state"] = cell.output.mark if cell.output is not None else "none"
    found: dict[str, Any] = {"tangle": own} if own else {}
    if cell.tags:
        found["tags"] = list(cell.tags)
    if SETUP_TAG in cell.tags:
        found["jupyter"] = {"source_hidden": True}
    return found


def _lines(text: str) -> list[str]:
    """A text as notebooks keep it: lines with their line feeds."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _outputs(cell: NotebookCell, given: Given) -> Iterator[Mapping[str, Any]]:
    for part in cell.output.parts if cell.output is not None else ():
        match part.kind:
            case "text":
                yield {
                    "name": "stdout",
                    "output_type": "stream",
                    "text": _lines(f"{part.text}\n"),
                }
            case "failure":
                yield _error(part)
            case _:
                folder = posixpath.dirname(cell.page or "")
                data = _shown(part, folder, given)
                yield {"data": data, "metadata": {}, "output_type": "display_data"}


def _error(part: ShownPart) -> Mapping[str, Any]:
    name, _, value = part.lines[0].partition(": ") if part.lines else ("Error", "", "")
    return {
        "ename": name,
        "evalue": value,
        "output_type": "error",
        "traceback": list(part.lines),
    }


def _shown(part: ShownPart, folder: str, given: Given) -> Mapping[str, Any]:
    """What an output shows, in each form that the note has of it."""
    if part.kind == "markdown":
        kind = "text/latex" if _FORMULA.fullmatch(part.text) else "text/markdown"
        return {kind: _lines(part.text), "text/plain": _lines(part.text)}
    path = posixpath.normpath(posixpath.join(folder, unquote(part.target)))
    data = None if path.startswith("..") else given.file(path)
    label = part.label or posixpath.basename(path)
    plain = {"text/plain": [label]}
    if data is None or len(data) > LARGEST:
        return plain
    return {**_bundle(path, data, label), **plain}


def _bundle(name: str, data: bytes, label: str = "") -> dict[str, Any]:
    """A file as MIME types and contents; empty where a notebook cannot show it."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("svg", "html"):
        kind = "text/html" if ending == "html" else IMAGES[ending]
        return {kind: _lines(data.decode("utf-8", "replace"))}
    encoded = base64.b64encode(data).decode("ascii")
    if ending in IMAGES:
        return {IMAGES[ending]: encoded}
    if ending in _PLAYED:
        element, kind = _PLAYED[ending]
        name = label.replace("&", "&amp;").replace('"', "&quot;")
        source = f'<{element} controls aria-label="{name}" src="data:{kind};base64,{encoded}">'
        return {"text/html": [f"{source}</{element}>"]}
    if ending in ("txt", "json"):
        return {"text/markdown": [f"```text\n{data.decode('utf-8', 'replace')}\n```"]}
    return {}


def _percent(cell: NotebookCell, own_id: str) -> str:
    tags = f" tags={json.dumps(list(cell.tags))}" if cell.tags else ""
    block = f' block="{cell.block}"' if cell.block else ""
    own = f'{block} id="{own_id}"'
    if cell.kind == "markdown":
        lines = (f"# {line}".rstrip() for line in cell.source.split("\n"))
        body = "\n".join(lines)
        return f"\n# %% [markdown]{own}\n{body}\n"
    return f"\n# %%{tags}{own}\n{cell.plain.rstrip(chr(10))}\n"
