"""Make a page of a notebook, or of a script in percent format."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from msgspec import Struct

from tangle.analyse import PlannedChunk, Session
from tangle.errors import Refused, UsageError
from tangle.link.titles import title_from_path
from tangle.model import Failure, PagePath, Result
from tangle.notes import units
from tangle.store import NotReadable, create, lock, make_folder, read_bytes
from tangle.verbs.exported_notebooks import LARGEST
from tangle.verbs.graph_sources import check_may_repair
from tangle.verbs.lookup import page_called
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.write_back.outputs import outputs_of
from tangle.verbs.write_back.place import place
from tangle.verbs.write_back.placement import Placed, Placement
from tangle.write.foreign_cells import (
    NotANotebook,
    SourceCell,
    cells_of_notebook,
    cells_of_script,
)
from tangle.write.new_page import NewPage, first_heading, new_page

_LARGEST_IMAGE: Final = 32 * 1024 * 1024
_LONGEST_NAME: Final = 120
"""Bytes; some file systems decompose characters, which can double them."""
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*#%^\[\]{}]')
_DATA: Final = re.compile(r"data:image/(?P<kind>[\w.+-]+);base64,(?P<data>[A-Za-z0-9+/=]+)")
_ENDINGS: Final = {"jpeg": "jpg", "svg+xml": "svg", "x-icon": "ico"}
_IMAGES: Final = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "ico", "tif", "tiff"}
)


class CannotImport(UsageError):
    """A file is no notebook and no script that can be read."""

    def __init__(self, path: Path, why: str) -> None:
        """Say which file, why, and what to do."""
        super().__init__(f"{path}: {why}")


class PageExists(Refused):
    """There is a page of that name; nothing was written."""

    def __init__(self, title: str, place: str) -> None:
        """Say which."""
        super().__init__(
            f"{place}: there is a page {title!r} already; nothing was written: "
            "choose another name with --page"
        )


class ImportReport(Struct, frozen=True, kw_only=True):
    """What was imported.

    Attributes:
        page: the page's file, as messages name it.
        assets: the images that were written, relative to the graph.
        outputs: how many chunks have their output.
        notices: what the page does not have as the file has it, by cell, from 1.
    """

    page: str
    title: str
    cells: int
    assets: tuple[str, ...]
    outputs: int
    notices: tuple[tuple[int, str], ...]


def import_page(project: Project, path: Path, title: str = "") -> ImportReport:
    """Make a page of a file.

    Args:
        project: whose graph gets it.
        path: a notebook (`.ipynb`) or a script in percent format (`.py`).
        title: of the page; without it, the first heading, else the name of the file.

    Raises:
        CannotImport: the file is something else, or damaged.
        PageExists: there is a page of that name.
        NotReadable: the file cannot be read.
        NotWritable: the graph cannot be written.
        Locked: another tangle is at work on this project.
    """
    cells = _cells(path)
    return page_of_cells(project, cells, path.parent, title or first_heading(cells) or path.stem)


def page_of_cells(
    project: Project, cells: Sequence[SourceCell], folder: Path, title: str
) -> ImportReport:
    """Make a page of cells.

    Args:
        project: whose graph gets it.
        cells: of a notebook.
        folder: that images are in.
        title: of the page.

    Raises:
        PageExists, NotWritable, Locked: as `import_page` does.
    """
    notes = read_notes(project)
    check_may_repair(project)
    title = " ".join(title.split())
    file = page_path(notes, title)
    images = _Images(folder, cells, file)
    head = f"title:: {title}\n"
    made = new_page(cells, notes.config.unit, images.address)
    # Logseq takes properties at the very start of a page for the page's own.
    if (
        made.text.startswith("- tangle.")
        or title_from_path(file, notes.config.name_format) != title
    ):
        made = new_page(cells, notes.config.unit, images.address, head)
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        for name, data in images.found.items():
            _write_image(project, name, data)
        make_folder((project.graph / file).parent)
        create(project.graph / file, made.text.encode(), root=project.graph)
    placement = _with_outputs(project, file, made, cells)
    return ImportReport(
        page=project.shown(file),
        title=title,
        cells=len(cells),
        assets=(*sorted(images.found), *sorted(placement.figures)),
        outputs=placement.outputs,
        notices=tuple(sorted({*images.notices, *_notices(cells, made, placement)})),
    )


def _cells(path: Path) -> tuple[SourceCell, ...]:
    if path.suffix not in (".ipynb", ".py"):
        raise CannotImport(path, "name a notebook (.ipynb) or a script (.py)")
    data = read_bytes(path, LARGEST)
    try:
        cells = cells_of_notebook(data) if path.suffix == ".ipynb" else cells_of_script(data)
    except NotANotebook as error:
        raise CannotImport(path, str(error)) from error
    if not any(cell.text.strip() for cell in cells):
        raise CannotImport(path, "it has no cells with text or code; choose another file")
    return cells


def page_path(notes: Notes, title: str) -> PagePath:
    """Return the file that a new page of a title gets.

    Args:
        notes: the notes.
        title: of the page.

    Raises:
        PageExists: there is one.
    """
    known = page_called(notes, title)
    project = notes.project
    if known is not None:
        raise PageExists(title, project.shown(known))
    parts = [part for part in title.split("/") if part]
    stem = "___".join(_UNSAFE.sub(lambda m: quote(m[0], safe=""), part) for part in parts)
    stem = stem.strip(". ")
    if len(stem.encode()) > _LONGEST_NAME:
        digest = hashlib.sha256(title.encode()).hexdigest()[:8]
        stem = f"{stem.encode()[:_LONGEST_NAME].decode(errors='ignore').rstrip('%. ')} {digest}"
    file = PagePath(f"pages/{stem or 'notebook'}.md")
    if (project.graph / file).exists() or (project.graph / file).is_symlink():
        raise PageExists(title, project.shown(file))
    return file


class _Images:
    """The images of a notebook, which become assets."""

    def __init__(self, folder: Path, cells: Sequence[SourceCell], page: PagePath) -> None:
        self._folder = folder
        self._cells = cells
        self._up = "../" * page.count("/")
        self.found: dict[str, bytes] = {}
        self.notices: list[tuple[int, str]] = []

    def address(self, number: int, target: str) -> str:
        """The address of an image in the page; as it is where the image cannot be taken over."""
        try:
            found = self._data(number, target)
        except _NoImage as error:
            self.notices.append((number + 1, str(error)))
            return target
        if found is None:
            return target
        name, data = found
        digest = hashlib.sha256(data).hexdigest()[:12]
        stem, _, ending = re.sub(r"[^\w.\-]+", "_", name).rpartition(".")
        if ending.lower() not in _IMAGES:
            # What lies in `assets/` may be published: no web page, no key beside a notebook.
            self.notices.append((number + 1, f"{name} is not an image by its name; left out"))
            return target
        asset = f"{(stem or 'image')[:40]}-{digest}.{ending.lower()}"
        self.found[f"assets/{asset}"] = data
        return f"{self._up}assets/{quote(asset)}"

    def _data(self, number: int, target: str) -> tuple[str, bytes] | None:
        """Name and content of an image; None of an address that stays as it is."""
        if target.startswith("attachment:"):
            name = unquote(target.removeprefix("attachment:"))
            return name, _decoded(name, dict(self._cells[number].attachments).get(name, ""))
        if found := _DATA.fullmatch(target):
            name = f"image.{_ENDINGS.get(found['kind'], found['kind'])}"
            return name, _decoded(name, found["data"])
        if ":" in target.partition("/")[0] or target.startswith(("/", "#")):
            return None
        return self._beside(target)

    def _beside(self, target: str) -> tuple[str, bytes]:
        try:
            file = (self._folder / unquote(target)).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise _NoImage(f"{target}: cannot be read") from error
        if not file.is_relative_to(self._folder.resolve()):
            raise _NoImage(f"{target} lies outside the notebook's folder")
        try:
            return file.name, read_bytes(file, _LARGEST_IMAGE)
        except NotReadable as error:
            raise _NoImage(f"{target}: cannot be read: {error.why}") from error


class _NoImage(ValueError):
    """An image cannot be taken over; the message says why."""


def _decoded(name: str, data: str) -> bytes:
    try:
        found = base64.b64decode(data)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise _NoImage(f"the attachment {name} is missing or damaged")
    return found


def _write_image(project: Project, name: str, data: bytes) -> None:
    """Write an image, unless it is there: its name says its content."""
    path = project.graph / name
    is_same = not path.is_symlink() and path.is_file() and path.stat().st_size == len(data)
    if is_same and read_bytes(path, len(data)) == data:
        return
    make_folder(path.parent)
    create(path, data, root=project.graph)


class _Written(Struct, frozen=True, kw_only=True):
    figures: tuple[str, ...]
    outputs: int
    left: tuple[int, ...]


def _with_outputs(
    project: Project, file: PagePath, made: NewPage, cells: Sequence[SourceCell]
) -> _Written:
    """Write the outputs of cells under their chunks, as a run does."""
    notes = read_notes(project)
    numbers = {
        line: number
        for line, number in made.chunks
        if cells[number].outputs or cells[number].failure
    }
    done: set[int] = set()
    outputs: list[Placed] = []
    for session in _sessions(notes, file) if numbers else ():
        results: list[tuple[PlannedChunk, Result]] = []
        for planned in session.chunks:
            chunk = planned.occurrence.chunk
            number = numbers.get(chunk.line)
            if chunk.page == file and number is not None and planned.code.runs:
                results.append((planned, result_of(cells[number])))
                done.add(number)
        outputs += outputs_of(notes, session, results)
    placement = Placement()
    if outputs:
        place(notes, outputs, placement)
    left = sorted(set(numbers.values()) - done)
    return _Written(
        figures=tuple(f"assets/tangle/{name}" for name in placement.figures),
        outputs=len(outputs),
        left=tuple(left),
    )


def _sessions(notes: Notes, file: PagePath) -> Iterator[Session]:
    for at, row in enumerate(notes.rows):
        if row.section.page == file and row.chunks:
            yield units.session(notes.core, at)


def result_of(cell: SourceCell) -> Result:
    """Return a cell's outputs as the result of a run.

    Args:
        cell: of a notebook.
    """
    failure = None
    if cell.failure is not None:
        name, message = cell.failure
        line = message.strip().partition("\n")[0]
        failure = Failure(name=name, message=line, traceback="", place=None)
    passed = failure is None or bool(cell.raises)
    return Result(
        outcome="passed" if passed else "failed", outputs=cell.outputs, failure=failure, seconds=0
    )


def _notices(
    cells: Sequence[SourceCell], made: NewPage, written: _Written
) -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(cells):
        if cell.widgets:
            yield number + 1, "shows a widget, of which only the text is kept"
    for number in made.misread:
        yield number + 1, "is in a fence, since Logseq would take its text apart"
    for number in written.left:
        yield number + 1, "is not Python that tangle runs; its output is left out"
