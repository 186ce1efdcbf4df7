"""A terminal: what stands on it after a program has written to it, and one to run programs on."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from typing import Self, TextIO

_TOKENS = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)(?P<command>[@-~])"
    r"|\x1b\](?P<link>8;[^\x1b\x07]*)(?:\x1b\\|\x07)"
    r"|(?P<control>[\r\n\t])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f])"
    r"|(?P<steering>.)",
    re.DOTALL,
)


def width_of(character: str) -> int:
    """Columns of a character: two of a wide one, none of one that combines with the one before."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@dataclass(slots=True)
class _Row:
    cells: list[str] = field(default_factory=list)
    goes_on: bool = False  # the next row is the same line

    @property
    def text(self) -> str:
        return "".join(self.cells).rstrip()


class Terminal:
    """Rows of a terminal that wraps its lines again when it is resized; those above it count, too.

    Attributes:
        links: the addresses of the links that were shown.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.rows = [_Row()]
        self.row = self.column = 0
        self.wraps = self.has_cursor = True
        self.links: list[str] = []

    def feed(self, text: str) -> None:
        """Obey what a program writes; anything that this terminal does not know is a failure."""
        for token in _TOKENS.finditer(text.replace("\r\n", "\n")):
            match token.lastgroup:
                case "command":
                    self._obey(token["command"], token["arguments"])
                case "link":
                    self.links += [address] if (address := token["link"][3:]) else []
                case "control":
                    self._control(token[0])
                case "text":
                    self._put(token[0])
                case _:
                    raise AssertionError(f"this steers the terminal: {token[0]!r}")

    def text(self) -> list[str]:
        """All lines, without blank ones at the end."""
        lines: list[str] = [row.text for row in self.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def resize(self, columns: int) -> None:
        """Have another width; lines that were wrapped are wrapped again."""
        lines: list[list[str]] = [[]]
        at, offset = 0, 0
        for index, row in enumerate(self.rows):
            if index == self.row:
                at, offset = len(lines) - 1, len(lines[-1]) + min(self.column, len(row.cells))
            lines[-1] += row.cells
            if not row.goes_on and index < len(self.rows) - 1:
                lines.append([])
        self.columns, self.rows = columns, []
        for index, cells in enumerate(lines):
            self._wrap_again(cells, offset if index == at else None)

    def _wrap_again(self, cells: Sequence[str], cursor: int | None) -> None:
        row = _Row()
        self.rows.append(row)
        for place, cell in enumerate(cells):
            needed = 2 if cells[place + 1 : place + 2] == [""] else 1
            if cell and len(row.cells) + needed > self.columns:
                row.goes_on = True
                row = _Row()
                self.rows.append(row)
            if place == cursor:
                self.row, self.column = len(self.rows) - 1, len(row.cells)
            row.cells.append(cell)
        if cursor is not None and cursor >= len(cells):
            self.row, self.column = len(self.rows) - 1, len(row.cells)

    def _control(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\t":
            self.column = min((self.column // 8 + 1) * 8, self.columns - 1)
        else:
            self._line_feed()
            self.column = 0

    def _line_feed(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append(_Row())

    def _put(self, character: str) -> None:
        width = width_of(character)
        if not width:
            row = self.rows[self.row]
            at = min(self.column, len(row.cells)) - 1
            while at > 0 and not row.cells[at]:
                at -= 1
            if at >= 0:
                row.cells[at] += character
            return
        if self.column + width > self.columns:
            if self.wraps:
                self.rows[self.row].goes_on = True
                self._line_feed()
                self.column = 0
            else:
                self.column = self.columns - width
        row = self.rows[self.row]
        row.cells += [" "] * (self.column - len(row.cells))
        row.cells[self.column : self.column + width] = [character, *[""] * (width - 1)]
        self.column += width

    def _obey(self, command: str, arguments: str) -> None:
        match command, arguments:
            case "A", _:
                self.row = max(self.row - int(arguments or 1), len(self.rows) - self.lines, 0)
            case "J", "" | "0":
                del self.rows[self.row + 1 :]
                row = self.rows[self.row]
                row.goes_on = False
                del row.cells[self.column :]
            case (("h" | "l"), "?25"):
                self.has_cursor = command == "h"
            case (("h" | "l"), "?7"):
                self.wraps = command == "h"
            case "m", _:
                return
            case _:
                raise AssertionError(f"this terminal does not know {arguments}{command}")


class Tty:
    """A pseudo-terminal of a size; what is written to it goes to a `Terminal`."""

    def __init__(self, columns: int, lines: int) -> None:
        self._ours, self.theirs = pty.openpty()
        self._set(columns, lines)
        self.screen = Terminal(columns, lines)
        self.written = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in {self._ours, self.theirs} - {-1}:
            os.close(fd)

    def stream(self) -> TextIO:
        """A text stream to it."""
        return os.fdopen(os.dup(self.theirs), "w", encoding="utf-8", errors="backslashreplace")

    def resize(self, columns: int) -> None:
        """Have another width."""
        self._set(columns, self.screen.lines)
        self.screen.resize(columns)

    def read(self) -> None:
        """Take what was written so far."""
        os.set_blocking(self._ours, False)
        data = bytearray()
        try:
            while piece := os.read(self._ours, 65536):
                data += piece
        except BlockingIOError:
            pass  # that was all
        self._feed(bytes(data))

    def run(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        folder: Path | None = None,
        out: int | None = None,
        watch: Callable[[str, subprocess.Popen[bytes]], None] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Run a program to its end, with standard error here, and standard output unless given.

        Args:
            command: of the program.
            environment: its variables.
            folder: its working folder.
            out: standard output.
            watch: is called with what was written, whenever there is more of it.
        """
        with subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=self.theirs,
            stdout=self.theirs if out is None else out,
            stderr=self.theirs,
            start_new_session=True,
        ) as process:
            os.close(self.theirs)
            self.theirs = -1
            data = bytearray()
            try:
                while piece := os.read(self._ours, 65536):
                    data += piece
                    if watch is not None:
                        watch(data.decode("utf-8", "ignore"), process)
            except OSError:
                pass  # how the end of a terminal is reported
            self._feed(bytes(data))
        return process

    def _feed(self, data: bytes) -> None:
        text = data.decode()
        self.written += text
        self.screen.feed(text)

    def _set(self, columns: int, lines: int) -> None:
        ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
