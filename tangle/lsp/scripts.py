"""The code of the notes as files that a Python language server reads, line by line mapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tangle.analyse import ChunkCode
from tangle.emit import init, module
from tangle.lsp.names import units_on
from tangle.lsp.session import Session, uri_of_file
from tangle.model import Origin, PagePath
from tangle.notes import Core, package_name, query, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A file that is made of the notes.

    Attributes:
        origins: for each line the place in the notes; None if it has none.
    """

    text: str
    origins: tuple[Origin | None, ...]


@query()
def unit_script(core: Core, unit: int) -> Script:
    """Return what a unit runs: what it borrows, then its chunks, broken ones as written."""
    session = units.session(core, unit)
    lines: list[tuple[str, Origin | None]] = []
    for entry in sorted(session.prelude, key=lambda e: e.kind != "future"):
        known = len(entry.plain) == len(entry.lines) and entry.kind != "supplied"
        for row, text in enumerate(entry.plain):
            place = entry.lines[row].place if known else None
            lines.append((text, _origin(place.path, place.line, place.column) if place else None))
    for planned in session.chunks:
        lines += _chunk_lines(planned.code)
    return Script(
        text="".join(f"{text}\n" for text, _ in lines),
        origins=tuple(origin for _, origin in lines),
    )


def _chunk_lines(code: ChunkCode) -> Iterator[tuple[str, Origin | None]]:
    if code.parsed.foreign:
        return
    for row, line in enumerate(code.chunk.lines):
        broken = code.parsed.problem is not None
        place = code.place_of(row + 1, 0)
        text = line.text if broken else code.plain_line(row + 1)
        yield text, _origin(place.path, place.line, place.column)


def _origin(path: PagePath, line: int, column: int) -> Origin:
    return Origin(path=path, line=line, margin=column - 1)


@query()
def package_script(core: Core, _: str) -> Script | None:
    """Return the generated module; None if nothing is saved."""
    package = units.package(core, "").package
    if package.is_empty:
        return None
    made = module(package)
    return Script(text=made.text, origins=made.origins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in a script.

    Attributes:
        unit: whose script, by its place in reading order.
        line, column: from 0, columns in characters.
        offset: the character of the page that is there.
    """

    unit: int
    line: int
    column: int
    offset: int


def spot_at(session: Session, path: PagePath, offset: int) -> Spot | None:
    """Return the place of a character of a page in the first script that has it.

    Args:
        session: the notes.
        path: of the page.
        offset: the character.
    """
    text = session.text(path)
    line = text.line_of(offset)
    column = offset - text.line_span(line)[0]
    for unit in units_on(session.core, path):
        script = unit_script(session.core, unit)
        for row, origin in enumerate(script.origins):
            if origin is None or (origin.path, origin.line) != (path, line):
                continue
            if column >= origin.margin:
                return Spot(unit=unit, line=row, column=column - origin.margin, offset=offset)
    return None


class Files:
    """The scripts of a session, and the package, by their addresses.

    A server follows an import only into a folder that exists, whatever documents it was given.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        """Take the notes as they are now.

        Args:
            session: the notes.
            folder: where the package is.
        """
        self._session = session
        self._name = package_name(session.core, "")
        self._folder = folder

    def uri(self, unit: int) -> str:
        """Return the address of a unit's script.

        Args:
            unit: by its place in reading order.
        """
        return uri_of_file(self._folder / f"notes_{unit}.py")

    @property
    def module_uri(self) -> str:
        """The address of the generated module."""
        return uri_of_file(self._folder / self._name.root / f"{self._name.module}.py")

    def texts(self, unit: int) -> dict[str, str]:
        """Return what a server has to know to answer about a unit.

        Args:
            unit: by its place in reading order.
        """
        core = self._session.core
        found = {self.uri(unit): unit_script(core, unit).text}
        package = package_script(core, "")
        if package is not None:
            found[uri_of_file(self._folder / self._name.root / "__init__.py")] = init(self._name)
            found[self.module_uri] = package.text
        return found

    def origin(self, unit: int, uri: str, line: int) -> Origin | None:
        """Return the place in the notes of a line of a script; None if it has none.

        Args:
            unit: the unit that was asked about.
            uri: of the file.
            line: from 0.
        """
        core = self._session.core
        script = unit_script(core, unit) if uri == self.uri(unit) else None
        if uri == self.module_uri:
            script = package_script(core, "")
        if script is None or line >= len(script.origins):
            return None
        return script.origins[line]
