"""Read the stored facts of a database graph of Logseq 2: rows of one table, as they are."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Final

from tangle.errors import Refused
from tangle.store.errors import NotReadable, reason, way_out

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE: Final = 1.0
"""Seconds for which a database that is being written is waited for."""

_HINT: Final = "name the .sqlite file of a graph of Logseq 2"

_HEADER: Final = 100
_WRITE_VERSION: Final = 18
_LOGGED: Final = b"\x02"
"""In the header of a database: https://www.sqlite.org/fileformat.html."""


class DatabaseInUse(Refused):
    """Another program has the graph open."""

    def __init__(self, path: Path) -> None:
        """Name the file and the way out."""
        super().__init__(
            f"{path}: another program has this graph open; close it in Logseq, or export it there "
            "and name the exported file"
        )


class InterruptedWrite(Refused):
    """A write to the graph was interrupted; only its owner is to undo it."""

    def __init__(self, path: Path) -> None:
        """Name the file and the way out."""
        super().__init__(
            f"{path}: the last write to this graph was interrupted; open it in Logseq once, or "
            "export it there and name the exported file"
        )


def database_rows(path: Path) -> dict[int, tuple[str, str | None]]:
    """Return the contents of a database graph and the addresses of their parts, by address.

    Raises:
        DatabaseInUse: another program has it open.
        InterruptedWrite: a write to it was interrupted.
        NotReadable: it is no database graph.
    """
    try:
        with contextlib.closing(_connection(path)) as connection:
            rows = connection.execute("SELECT addr, content, addresses FROM kvs").fetchall()
    except sqlite3.DatabaseError as error:
        raise _failure(path, str(error)) from error
    return {int(address): (str(content), below) for address, content, below in rows}


def _connection(path: Path) -> sqlite3.Connection:
    # With no log beside it, nothing has the database open in this mode, and a connection that
    # looked for one would leave files beside it.
    is_alone = _has_log(path) and not path.with_name(f"{path.name}-wal").exists()
    mode = "immutable=1" if is_alone else "mode=ro"
    address = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(address, uri=True, timeout=_PATIENCE)


def _has_log(path: Path) -> bool:
    """Whether transactions of a database go into a write-ahead log."""
    try:
        with path.open("rb") as file:
            return file.read(_HEADER)[_WRITE_VERSION : _WRITE_VERSION + 1] == _LOGGED
    except OSError as error:
        raise NotReadable(path, reason(error), way_out(error)) from error


def _failure(path: Path, why: str) -> Refused:
    """Return the error for what SQLite reports."""
    if "locked" in why or "busy" in why:
        return DatabaseInUse(path)
    if "readonly" in why:
        return InterruptedWrite(path)
    if why.startswith("Could not decode"):  # the message goes on with a stretch of the notes
        why = "text that is not UTF-8"
    return NotReadable(path, f"it is no database graph of Logseq ({why})", _HINT)
