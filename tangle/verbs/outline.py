"""Read pages for `tangle outline`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tangle.model import Page, PagePath
from tangle.parse import parse
from tangle.store import page_files, read_bytes


def outline_pages(paths: tuple[Path, ...]) -> Iterator[Page]:
    """Yield the parsed pages at the given paths, or below them if they are folders, in order.

    Raises:
        NotReadable: a path cannot be read.
        NotUtf8: a page is not UTF-8.
    """
    for path in paths:
        if path.is_dir():
            for name in page_files(path):
                yield parse(read_bytes(path / name), PagePath((path / name).as_posix()))
        else:
            yield parse(read_bytes(path), PagePath(path.as_posix()))
