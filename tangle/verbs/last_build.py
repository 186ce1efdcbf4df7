"""The text of every file that was generated last, kept below `.tangle`.

What differs from it was edited. A record that is lost or damaged counts as none: then nothing is
known of edits.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tangle.errors import Refused
from tangle.store import GENERATED, NotReadable, Records, read_bytes
from tangle.verbs.project import Project

_MARK: Final = "\ufeff"


class LastBuild:
    """What was generated last into an output folder."""

    def __init__(self, project: Project) -> None:
        """Look at nothing yet."""
        self._records = Records(project.state / GENERATED, dict[str, str])
        place = os.path.relpath(project.output, project.root).replace(os.sep, "/")
        self._key = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def texts(self) -> Mapping[str, str]:
        """Return the files by path."""
        return self._records.get(self._key) or {}

    def coming(self) -> Mapping[str, str]:
        """Return the files that a build which was cut short had begun to write."""
        return self._records.get(f"{self._key}n") or {}

    def begin(self, texts: Mapping[str, str]) -> None:
        """Record what is about to be written; do nothing if that cannot be recorded."""
        with contextlib.suppress(Refused):
            self._records.put(f"{self._key}n", dict(sorted(texts.items())))

    def keep(self, texts: Mapping[str, str]) -> None:
        """Record what was generated; do nothing if that cannot be written."""
        now = dict(sorted(texts.items()))
        if now != self.texts():
            with contextlib.suppress(Refused):
                self._records.put(self._key, now)
        self._records.drop(f"{self._key}n")


def text_of(project: Project, name: str) -> str | None:
    """Return the text of a generated file, line ends and byte order mark as tangle writes them.

    Args:
        project: whose file.
        name: its path in the output folder.

    Raises:
        NotReadable: it is there and cannot be read, or is not UTF-8.
    """
    path = project.output / name
    if path.is_symlink() or not path.is_file():
        return None
    return text_in(path, read_bytes(path))


def text_in(path: Path, data: bytes) -> str:
    """Return the text of a file, line ends and byte order mark as tangle writes them.

    Args:
        path: of the file, for messages.
        data: its content.

    Raises:
        NotReadable: it is not UTF-8.
    """
    try:
        text = data.decode("utf-8").removeprefix(_MARK).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotReadable(path, "is not UTF-8", "save it as UTF-8") from error
    return text if text.endswith("\n") or not text else f"{text}\n"
