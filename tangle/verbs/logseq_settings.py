"""The graph's own configuration: have Logseq keep tangle's property out of sight."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tangle.model import CONFIG
from tangle.parse.edn import BadEdn
from tangle.store import read_bytes, replace
from tangle.verbs.config_errors import SettingsNotEdited
from tangle.write import apply
from tangle.write.settings_edits import entry_line, hiding_edits


class SettingsChange(Struct, frozen=True, kw_only=True):
    """A change of a `config.edn` that has not been made.

    Attributes:
        path: of the file.
        entries: what is added, each as it stands in a file that lacks it; empty where nothing is.
        before: the content that was read.
        after: the content with the entries.
    """

    path: Path
    entries: tuple[str, ...]
    before: bytes
    after: bytes


def hiding_change(graph: Path) -> SettingsChange:
    """Return the change after which Logseq hides the property of outputs and gives it no page.

    Args:
        graph: the graph.

    Raises:
        SettingsNotEdited: the file does not parse, or an entry cannot be extended.
        NotReadable: the file cannot be read.
    """
    path = graph / CONFIG
    data = read_bytes(path)
    try:
        found = hiding_edits(data.decode())
    except BadEdn as error:
        raise SettingsNotEdited(path, error.line, error.reason) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsNotEdited(path, line, "this is no UTF-8") from error
    return SettingsChange(
        path=path,
        entries=tuple(entry_line(key) for key in found.entries),
        before=data,
        after=apply(data, found.edits),
    )


def write_settings(graph: Path, change: SettingsChange) -> None:
    """Make a change, if the file is still what was read.

    Args:
        graph: the graph.
        change: as `hiding_change` returned it.

    Raises:
        Changed: another program saved the file meanwhile.
        InUse: another program has it open for writing.
        NotWritable: the operating system refuses; the file is as it was.
        Outside: the file is a link that leads out of the graph.
    """
    if change.after != change.before:
        replace(change.path, change.after, expected=change.before, root=graph)
