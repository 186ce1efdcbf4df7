"""What changes on the disk, as the system tells it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from tangle.store.errors import NotReadable, reason, way_out

_QUIET_MS = 4
"""Milliseconds without a change before earlier ones are reported: an editor writes in parts."""

_LONGEST_MS = 40
"""Milliseconds after which they are reported all the same."""


class Changes:
    """Tells which files below some folders changed, until it is closed."""

    def __init__(self, folder: Path, *others: Path) -> None:
        """Sees from now on what changes.

        Raises:
            NotReadable: the folder cannot be watched.
        """
        # `watchfiles.watch` would begin with the first `next`, and miss what changes until then.
        from watchfiles._rust_notify import RustNotify

        self._stop = threading.Event()
        try:
            self._notify = RustNotify(
                watch_paths=[str(each) for each in (folder, *others)],
                debug=False,
                force_polling=False,
                poll_delay_ms=300,
                recursive=True,
                ignore_permission_denied=True,
            )
        except OSError as error:
            raise NotReadable(folder, reason(error), way_out(error)) from error

    def __iter__(self) -> Iterator[frozenset[Path]]:
        """The paths that changed at about the same time; waits for the next ones."""
        while True:
            found = self._notify.watch(_LONGEST_MS, _QUIET_MS, 0, self._stop)
            if isinstance(found, set):
                yield frozenset(Path(path) for _, path in found)
            elif found == "stop":
                return

    def close(self) -> None:
        """Ends the waiting."""
        self._stop.set()
