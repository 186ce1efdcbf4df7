"""Read the stored facts of a database graph of Logseq 2: rows of one table, as they are."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from tangle.errors import Refused
from tangle.store.errors import NotReadable

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE: Final = 1.0
"""Seconds for which a database that is being written is waited for."""


_HINT: Final = "name the .sqlite file of a graph of Logseq 2"


class DatabaseInUse(Refused):
    """Another program has the graph open."""

    def __init__(self, path: Path) -> None:
        """Name the file and the way out."""
        super().__init__(
            f"{path}: another program has this graph open; close it in Logseq, or export it there "
            "and name the exported file"
        )


def database_rows(path: Path) -> dict[int, tuple[str, str | None]]:
    """Return the contents of a database graph and the addresses of their parts, by address.

    Raises:
        DatabaseInUse: another program has it open.
        NotReadable: it is no database graph.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE
        )
        try:
            rows = connection.execute("SELECT addr, content, addresses FROM kvs").fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise DatabaseInUse(path) from error
        raise NotReadable(path, f"it is no database graph of Logseq ({error})", _HINT) from error
    except sqlite3.DatabaseError as error:
        raise NotReadable(path, f"it is no database graph of Logseq ({error})", _HINT) from error
    return {int(address): (str(content), below) for address, content, below in rows}
