"""Errors: no project found, or a configuration that cannot be obeyed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from tangle.errors import Refused, UsageError
from tangle.store import NotReadable, graphs_below, read_bytes

_SHOWN: Final = 3


class NoGraph(UsageError):
    """There is no Logseq graph at the expected place.

    Attributes:
        given: whether the user or a configuration named that place.
    """

    def __init__(self, folder: Path, *, given: bool) -> None:
        """Say where it was looked for; `given` if the user named that folder."""
        self.given = given
        if given:
            message = f"{folder}: {_why_none(folder)}"
            hint = "name the folder that holds `pages` and `logseq`"
            if folder.suffix == ".sqlite":
                hint = "name the .sqlite file of a graph of Logseq 2"
        else:
            message = f"{folder}: there is no Logseq graph here or in a folder above"
            below = [graph.name for graph in graphs_below(folder)[:_SHOWN]]
            hint = "go into the graph's folder, or name it: tangle --graph DIR ..."
            if below:
                hint = f"below it there is {', '.join(below)}: tangle --graph {quote(below[0])} ..."
            elif (folder / "pages").is_dir():
                hint = "`pages` is here, but no logseq/config.edn: open this folder once in Logseq"
        super().__init__(f"{message}; {hint}")


class GraphOfLogseq2(UsageError):
    """A new configuration is for graphs of files."""

    def __init__(self, graph: Path) -> None:
        """Say what to write by hand."""
        super().__init__(
            f"{graph}: `tangle init` sets up graphs of files; for a graph of Logseq 2, write a "
            'tangle.toml with a line such as: graph = "GRAPH.sqlite"'
        )


def _why_none(folder: Path) -> str:
    if folder.is_dir():
        return "this folder is no Logseq graph: it has no logseq/config.edn"
    return "this file is no Logseq graph" if folder.exists() else "there is no such file or folder"


class SeveralGraphs(UsageError):
    """There is more than one graph to choose from."""

    def __init__(self, folder: Path, graphs: Sequence[Path]) -> None:
        """Say which there are."""
        names = ", ".join(graph.name for graph in graphs)
        super().__init__(f"{folder}: there are several graphs here: {names}; use --graph DIR")


class BadConfig(UsageError):
    """The configuration file has an invalid value."""

    def __init__(self, path: Path | str, message: str, hint: str, *, option: str = "") -> None:
        """Say where, what is wrong, and the way out.

        Args:
            path: of the file; or a place in it.
            message: what is wrong in it.
            hint: the way out.
            option: the option that is wrong, whose line is named.
        """
        line = option_line(Path(path), option) if option else None
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {message}; {hint}")

    @classmethod
    def of_toml(cls, path: Path, error: ValueError) -> BadConfig:
        """Return the error for a file that cannot be parsed.

        Args:
            path: of the file.
            error: as the parser reported it; it names line and column at its end.
        """
        message = str(error)
        if (found := _TOML_PLACE.search(message)) is None:
            return cls(path, f"this is no TOML: {message}", "repair it")
        where, message = f"{path}:{found[1]}:{found[2]}", message[: found.start()]
        return cls(where, f"this is no TOML: {message}", "repair this line")


_TOML_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")


def option_line(path: Path, option: str) -> int | None:
    """Return the line on which a configuration sets an option; None where that is not seen.

    Args:
        path: of the configuration.
        option: its name.
    """
    try:
        lines = read_bytes(path).decode().split("\n")
    except (NotReadable, UnicodeDecodeError):
        return None
    name = re.escape(option)
    setting = re.compile(rf"""\s*(?:tool\.tangle\.)?(?:{name}|"{name}"|'{name}')\s*=""")
    start = 0
    if path.name == "pyproject.toml":
        start = next((at for at, line in enumerate(lines) if line.strip() == "[tool.tangle]"), 0)
    found = (at for at in range(start, len(lines)) if setting.match(lines[at]))
    return next((at + 1 for at in found), None)


class ConfigExists(Refused):
    """There already is a configuration."""

    def __init__(self, path: Path) -> None:
        """Say which file stands there."""
        super().__init__(f"{path}: exists already and configures tangle; edit it")


class SettingsNotEdited(Refused):
    """A graph's `config.edn` cannot be edited; it is as it was."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        """Tell the line, what is wrong there, and the way out."""
        hint = "nothing was changed; repair that line, or add the entries by hand"
        super().__init__(f"{path}:{line}: {reason}; {hint}")
