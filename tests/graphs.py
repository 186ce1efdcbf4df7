"""Graphs made from texts, and the command line called in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from tangle_cli.main import cli


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """A graph on disk and `tangle` for it.

    Attributes:
        root: the graph's folder.
    """

    root: Path

    def page(self, name: str) -> Path:
        """The file of a page."""
        return self.root / "pages" / f"{name}.md"

    def write(self, name: str, text: str) -> None:
        """Write a page."""
        self.page(name).write_text(text, encoding="utf-8", newline="")

    def text(self, name: str) -> str:
        """A page's text."""
        return self.page(name).read_bytes().decode()

    def figure(self, start: str) -> Path:
        """The file of a figure, by how its name begins: `1.1-1`."""
        (path,) = (self.root / "assets" / "tangle").glob(f"{start}-*")
        return path

    def tangle(self, *arguments: str) -> Said:
        """Call `tangle --graph <root> ...`."""
        return call("--graph", str(self.root), *arguments)


def new_graph(
    root: Path, pages: Mapping[str, str], config: str = "{}", *, book: bool = True
) -> Notes:
    """Make a graph from page names and texts; all its pages are one `book`."""
    (root / "logseq").mkdir(parents=True)
    (root / "pages").mkdir()
    (root / "logseq" / "config.edn").write_text(config, encoding="utf-8")
    if book:
        (root / "tangle.toml").write_text('book = ["**"]\n', encoding="utf-8")
    made = Notes(root=root)
    for name, text in pages.items():
        made.write(name, text)
    return made


def call(*arguments: str) -> Said:
    """Call the command line; an exception that it does not expect fails the test."""
    result = CliRunner().invoke(cli, list(arguments), prog_name="tangle")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(code=result.exit_code, out=result.stdout, err=result.stderr)


MakeNotes = Callable[..., Notes]
