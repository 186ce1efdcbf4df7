"""Graphs of Logseq 2 as graphs of files: a folder of Markdown pages, made again at each command.

The database, or its Markdown mirror, is only read. The folder beside it has the pages in the form
that everything else reads, and keeps the outputs that runs write below the blocks of a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tangle import STATE_FOLDER
from tangle.model import Block, Page, PagePath
from tangle.parse import parse
from tangle.parse.database import entities
from tangle.parse.database_pages import database_pages
from tangle.parse.mirror import mirror_page
from tangle.parse.nodes import NodePage, file_name, page_text
from tangle.store import (
    copy_into,
    database_rows,
    lock,
    make_folder,
    page_files,
    read_bytes,
    remove_file,
    write_file,
)
from tangle.verbs.graph_sources import Source
from tangle.write import PROPERTY

_SETTINGS: Final = (
    ";; Made by tangle from a graph of Logseq 2: each command writes the pages here again.\n"
    '{:journal/page-title-format "MMM do, yyyy"}\n'
)
_ASSET: Final = re.compile(rb"assets/([0-9a-f-]{36}\.[A-Za-z0-9]{1,8})")
_DAY: Final = re.compile(r"(\d{4})_(\d\d)_(\d\d)")


def convert(source: Source) -> Path:
    """Bring the graph of files up to date, and return its folder.

    Raises:
        DatabaseInUse: another program has the database open.
        UnknownSchema, NotReadable, BadTransit: it cannot be read.
        NotWritable: the folder cannot be written.
        Locked: another tangle is at work there.
    """
    pages = _mirror_pages(source.path) if source.is_mirror else _database_pages(source.path)
    folder = source.folder
    make_folder(source.base / STATE_FOLDER)
    with lock(source.base):
        _update(folder, pages)
        _copy_assets(folder, source.base / "assets")
    return folder


def _database_pages(path: Path) -> tuple[NodePage, ...]:
    return database_pages(entities(database_rows(path)))


def _mirror_pages(folder: Path) -> tuple[NodePage, ...]:
    return tuple(_mirror_page(folder / path) for path in page_files(folder))


def _mirror_page(path: Path) -> NodePage:
    day = _DAY.fullmatch(path.stem)
    number = int("".join(day.groups())) if day is not None else 0
    text = read_bytes(path).decode("utf-8", "replace")
    return mirror_page(text, path.stem.replace("___", "/"), number)


def _update(folder: Path, pages: tuple[NodePage, ...]) -> None:
    for name in ("logseq", "pages", "journals"):
        make_folder(folder / name)
    _write(folder / "logseq" / "config.edn", _SETTINGS.encode())
    titles = {page.id: page.title for page in pages if page.id}
    wanted: set[str] = set()
    for page in pages:
        path = f"{'journals' if page.day else 'pages'}/{file_name(page)}.md"
        wanted.add(path)
        text = page_text(page, titles, dict(_outputs(folder / path)))
        _write(folder / path, text.encode("utf-8", "replace"))
    for path in page_files(folder):
        if path not in wanted:
            remove_file(folder / path)


def _write(path: Path, data: bytes) -> None:
    if not path.is_file() or read_bytes(path) != data:
        write_file(path, data)


def _outputs(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The lines of the output blocks of a page as it is, by the id of the block above."""
    if not path.is_file():
        return
    page = parse(read_bytes(path), PagePath(path.name))
    found: dict[str, list[str]] = {}
    for number, block in enumerate(page.blocks):
        parent = page.blocks[block.parent] if block.parent >= 0 else None
        is_output = any(prop.key == PROPERTY for prop in block.properties)
        if is_output and parent is not None and parent.id is not None:
            found.setdefault(parent.id, []).extend(_lines(page, number, block))
    yield from found.items()


def _lines(page: Page, number: int, block: Block) -> list[str]:
    """The lines of a block and of those below it, without its indentation."""
    end = number + 1
    while end < len(page.blocks) and page.blocks[end].level > block.level:
        end += 1
    text = page.data[block.span.start : page.blocks[end - 1].span.end].decode("utf-8", "replace")
    lines = text.rstrip("\n").split("\n")
    return [line[min(block.indent, len(line) - len(line.lstrip())) :] for line in lines]


def _copy_assets(folder: Path, assets: Path) -> None:
    """Copy the files that pages show, since a page of the graph shows none from outside."""
    for path in page_files(folder):
        for found in _ASSET.finditer(read_bytes(folder / path)):
            file = assets / found[1].decode()
            if file.is_file():
                copy_into(file, folder / "assets")
