"""Errors: no project found, or a configuration that cannot be obeyed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tangle.errors import Refused, UsageError


class NoGraph(UsageError):
    """There is no Logseq graph at the expected place."""

    def __init__(self, folder: Path, *, given: bool) -> None:
        """Tell where it was looked for; `given` when the user named that folder."""
        if given:
            message = f"{folder}: this folder is no Logseq graph: it has no logseq/config.edn"
            hint = "name the folder that holds `pages` and `logseq`"
        else:
            message = f"{folder}: there is no Logseq graph here or in a folder above"
            hint = "go into the graph's folder, or name it: tangle --graph DIR ..."
        super().__init__(f"{message}; {hint}")


class SeveralGraphs(UsageError):
    """There is more than one graph to choose from."""

    def __init__(self, folder: Path, graphs: Sequence[Path]) -> None:
        """Tell which there are."""
        names = ", ".join(graph.name for graph in graphs)
        super().__init__(f"{folder}: there are several graphs here: {names}; use --graph DIR")


class BadConfig(UsageError):
    """The configuration file has an invalid value."""

    def __init__(self, path: Path, message: str, hint: str) -> None:
        """Tell the file, what is wrong in it, and the way out."""
        super().__init__(f"{path}: {message}; {hint}")


class ConfigExists(Refused):
    """There already is a configuration."""

    def __init__(self, path: Path) -> None:
        """Tell which file stands there."""
        super().__init__(f"{path}: exists already and configures tangle; edit it")


class SettingsNotEdited(Refused):
    """A graph's `config.edn` cannot be edited; it is as it was."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        """Tell the line, what is wrong there, and the way out."""
        hint = "nothing was changed; repair that line, or add the entries by hand"
        super().__init__(f"{path}:{line}: {reason}; {hint}")
