"""Write a new configuration: where it belongs, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.store import create, find_graph, graphs_below
from tangle.verbs.config_errors import (
    BadConfig,
    ConfigExists,
    GraphOfLogseq2,
    NoGraph,
    SeveralGraphs,
)
from tangle.verbs.config_limits import leads_outside
from tangle.verbs.graph_sources import source_at
from tangle.verbs.project import CONFIG_NAME, check_config, config_of

_TEMPLATE: Final = """\
# Configuration of tangle; every option is optional.
graph = {graph!r}               # folder of the Logseq graph, relative to this file
output = {output!r}      # folder for the generated package and the section scripts
package = {package!r}              # of #@save: "d2l.torch"; "": as imported, or after the graph
seed = 0                  # of every random generator, at the start of each section
device = "auto"           # auto, cpu, cuda, cuda:N or mps
figures = "svg"           # svg or png
timeout = 0               # seconds that a section may take; 0 for no limit
max_memory = "90%"        # memory that a section may hold: 2G, 500M, 90% of all; "0" for no limit
{book}  # pages whose section numbers count across pages
borrow = "on"             # "off": a name taken from an earlier section is an error
supply = "on"             # "off": an import that the notes leave out is an error
server = true             # false: no process stays behind that makes the next run start at once
quiet_seconds = 4.5       # without a save of a page that is being edited, before outputs go into it
include = []              # globs of the pages that take part, such as "pages/*.md"; empty for all
exclude = {exclude}              # globs of pages that do not, such as "pages/clippings/**"
exclude_tags = []         # pages with one of these in their property `tags` do not, either
"""


_NO_BOOK: Final = '# book = ["pages/chapter*.md"]'
_WIDTH: Final = 80


class Answers(Struct, frozen=True, kw_only=True):
    """What a person chose for a new configuration, or the defaults.

    Attributes:
        output: folder for what is generated, absolute or relative to the configuration's.
        package: the module for saved code.
        exclude: globs of pages to leave out.
        book: globs of the pages of the graph's book; empty if it has none, or it is not certain.
    """

    output: Path = Path("generated")
    package: str = ""
    exclude: tuple[str, ...] = ()
    book: tuple[str, ...] = ()


def config_place(folder: Path, graph: Path | None) -> tuple[Path, Path]:
    """Return the graph in or above a folder, or the one below it, and where its file belongs.

    Args:
        folder: where to look for a graph.
        graph: the graph, where it was named.

    Raises:
        NoGraph: there is no graph there.
        GraphOfLogseq2: the graph is no folder of files.
        SeveralGraphs: there are several below the folder.
        ConfigExists: there is a configuration already.
    """
    if graph is not None and source_at(graph) is not None:
        raise GraphOfLogseq2(graph)
    if graph is not None and find_graph(graph) != graph:
        raise NoGraph(graph, given=True)
    below = [] if graph or find_graph(folder) else graphs_below(folder)
    if len(below) > 1:
        raise SeveralGraphs(folder, below)
    found = graph or find_graph(folder) or next(iter(below), None)
    if found is None:
        raise NoGraph(folder, given=False)
    # A configuration may only name what is below it.
    root = folder if found.is_relative_to(folder) else found
    if (there := config_of(root, found)) is not None:
        raise ConfigExists(there)
    return found, root / CONFIG_NAME


def write_config(graph: Path, path: Path, answers: Answers) -> None:
    """Write a `tangle.toml`.

    Args:
        graph: the graph.
        path: of the file, as `config_place` returns it.
        answers: what it is to say.

    Raises:
        BadConfig: an answer cannot be obeyed.
    """
    root = path.parent
    output = (root / answers.output).absolute()
    if leads_outside(root, output.relative_to(root).as_posix() if root in output.parents else ".."):
        hint = f"name a folder in {root}, or give --output to the commands themselves"
        raise BadConfig(path, f"output leads out of its folder: {str(answers.output)!r}", hint)
    text = _TEMPLATE.format(
        graph=_Quoted(graph.relative_to(root).as_posix()),
        output=_Quoted(output.relative_to(root).as_posix()),
        package=_Quoted(answers.package),
        exclude=_listed(answers.exclude),
        book=f"book = {_listed(answers.book)}" if answers.book else _NO_BOOK,
    )
    check_config(path, text.encode())
    create(path, text.encode(), root=root)


def _listed(globs: Sequence[str]) -> str:
    """Return globs as a list of TOML, one on each line if there are many."""
    quoted = [repr(_Quoted(glob)) for glob in globs]
    line = f"[{', '.join(quoted)}]"
    return line if len(line) < _WIDTH else "".join(("[\n", *(f"    {q},\n" for q in quoted), "]"))


class _Quoted(str):
    """A text that formats as a TOML string."""

    __slots__ = ()

    def __repr__(self) -> str:
        escaped = self.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
