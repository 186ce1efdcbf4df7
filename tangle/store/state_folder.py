"""The folder `.tangle`: what is in it, and how it is made.

It holds what no one commits, and tells git so itself. Its parts are named here, and each is read
and written by the module that its line names.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

from tangle import STATE_FOLDER
from tangle.store.errors import refusing

if TYPE_CHECKING:
    from pathlib import Path

CACHE: Final = f"{STATE_FOLDER}/cache"  # what sections showed: verbs.results.cache
NOTES: Final = f"{STATE_FOLDER}/notes"  # what is known of the notes: verbs.notes
OUTCOMES: Final = f"{STATE_FOLDER}/outcomes"  # how sections ended: verbs.last_runs
HISTORY: Final = f"{STATE_FOLDER}/history"  # what runs took: verbs.run_history
PENDING: Final = f"{STATE_FOLDER}/pending"  # results that wait: verbs.write_back.unplaced
RECORD: Final = f"{STATE_FOLDER}/record"  # digests of figures: verbs.write_back.figure_ledger
BUILDS: Final = f"{STATE_FOLDER}/builds"  # packages in output folders: verbs.generated
GENERATED: Final = f"{STATE_FOLDER}/generated"  # what was generated last: verbs.last_build
EXPORTS: Final = f"{STATE_FOLDER}/exports"  # notebooks as they were exported: verbs.sync.notebook
NOTEBOOKS: Final = f"{STATE_FOLDER}/notebooks"  # pages in Jupyter: verbs.page_notebooks
CHECKPOINTS: Final = f"{STATE_FOLDER}/checkpoints"  # of files in Jupyter: verbs.page_notebooks
TOKEN: Final = f"{STATE_FOLDER}/token"  # who may use the HTTP interface: verbs.serving
OPENING: Final = f"{STATE_FOLDER}/open.html"  # opens the site with the token: verbs.serving
ADDRESS: Final = f"{STATE_FOLDER}/serve.json"  # where it is: verbs.serving

CACHES: Final = (CACHE, NOTES)
"""Each is a `Cache`: everything in it can be made again."""

_IGNORE_ALL = b"# Made by tangle: nothing here belongs into a repository.\n*\n"


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Where it is `.tangle` or lies in it, a `.gitignore` goes into that, unless something is there.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for at in (folder, *folder.parents[:2]):
        if at.name == STATE_FOLDER and not at.is_symlink():
            # The state is of use without it, so that a failure is none.
            with contextlib.suppress(OSError):
                _ignore_itself(at / ".gitignore")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there; `.tangle` ignores itself in git.

    Raises:
        NotWritable: that cannot be.
    """
    with refusing(folder):
        make_folders(folder)


def _ignore_itself(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        os.write(descriptor, _IGNORE_ALL)
    finally:
        os.close(descriptor)
