"""Interpret text as a terminal does, and return what remains on the screen."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_TOKENS = re.compile(
    r"(?P<text>[^\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+)"
    r"|(?P<line>\n)|(?P<back>[\r\b])"
    r"|(?:\x1b\[|\x9b)(?P<arguments>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|(?P<string>(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c))"
    r"|(?P<escape>\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~])"
    r"|(?P<control>.)",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_UTF32 = "utf-32-le"
_WIDTH = 4  # bytes of a character in it
_FIRST_WIDE = "\u1100"
_SECOND_HALF = "\0"  # the other column of a wide character; no text has it
_NO_HALF = _SECOND_HALF.encode(_UTF32)
_BLANK = " ".encode(_UTF32)
_WIDEST = 4096  # the column that moving up keeps at most
_FARTHEST = 20  # rows above the last one that are kept for a cursor that goes up


def shown(text: str) -> str:
    """Return the final text on the screen, without trailing blank lines.

    Carriage returns and backspaces go back and what follows overwrites; escape sequences colour
    nothing; control characters are shown as their pictures (U+2400 and following), and whatever
    some program might take for an end of line but we do not as U+2424.
    """
    if _PLAIN.fullmatch(text):
        return _without_blank_end(text.split("\n"))
    screen = Screen()
    screen.feed(text)
    return screen.text()


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in "\x85\u2028\u2029":
        return "\u2424"
    return "\ufffd"


class Screen:
    """Lines without an edge, and a cursor; a wide character takes two columns.

    A row is held as UTF-32, in which a character can be overwritten where it stands: whatever a
    program writes, the work stays in proportion to it.
    """

    __slots__ = ("_column", "_reach", "_row", "_rows", "_taken")

    def __init__(self) -> None:
        self._rows = [bytearray()]
        self._row = 0
        self._column = 0
        self._reach = 0
        self._taken = 0

    def feed(self, text: str) -> None:
        """Interpret text. A sequence that its end cuts short is shown, not obeyed."""
        for token in _TOKENS.finditer(text):
            match token.lastgroup:
                case "text":
                    self.write(token[0])
                case "line":
                    self.new_line()
                case "back":
                    self.back(to_start=token[0] == "\r")
                case "command":
                    self.obey(token["command"], token["arguments"])
                case "control":
                    self.write(_picture(token[0]))

    def take_settled(self) -> list[str]:
        """Remove and return the lines that nothing overwrites any more.

        That is all above the cursor, less the rows that it has gone up so far.
        """
        count = min(self._row, len(self._rows) - 1 - self._reach)
        lines = [self._line(row) for row in self._rows[: max(count, 0)]]
        del self._rows[: len(lines)]
        self._row -= len(lines)
        self._taken += len(lines)
        return lines

    def _bring_back(self, count: int) -> None:
        """Add empty rows at the top for some that were taken: the cursor goes there."""
        count = min(count, self._taken, _FARTHEST)
        if count > 0:
            self._rows[:0] = [bytearray() for _ in range(count)]
            self._row += count
            self._taken -= count

    def lines(self) -> list[str]:
        """Every line, blank ones too."""
        return [self._line(row) for row in self._rows]

    def write(self, text: str) -> None:
        """Overwrite from the cursor on."""
        row = self._rows[self._row]
        start = self._column * _WIDTH
        if len(row) < start:
            row.extend(_BLANK * (self._column - len(row) // _WIDTH))
        cells = _cells(text)
        self._part(self._column)
        self._column += len(cells)
        self._part(self._column)
        row[start : start + len(cells) * _WIDTH] = cells.encode(_UTF32)

    def new_line(self) -> None:
        """Go to the start of the next line."""
        self._row += 1
        self._column = 0
        if self._row == len(self._rows):
            self._rows.append(bytearray())

    def back(self, *, to_start: bool) -> None:
        """Go back, by a character or to the start of the line."""
        self._column = 0 if to_start else max(0, self._column - 1)

    def obey(self, command: str, arguments: str) -> None:
        """Move up and erase, as progress bars do; leave aside what colours and the like."""
        if command == "A":
            count = int(arguments) if re.fullmatch(r"[0-9]{1,4}", arguments) else 1
            self._bring_back(max(count, 1) - self._row)
            self._row = max(0, self._row - max(count, 1))
            self._reach = min(max(self._reach, len(self._rows) - 1 - self._row), _FARTHEST)
            self._column = min(self._column, _WIDEST)
        elif command == "K" and arguments in {"", "0"}:
            self._part(self._column)
            del self._rows[self._row][self._column * _WIDTH :]
        elif command == "K" and arguments == "2":
            self._rows[self._row].clear()
            self._column = 0

    def text(self) -> str:
        """What stands on the screen."""
        return _without_blank_end(self.lines())

    @staticmethod
    def _line(row: bytearray) -> str:
        return row.decode(_UTF32).replace(_SECOND_HALF, "")

    def _part(self, column: int) -> None:
        """Make blanks of a wide character that both sides of a column have a half of."""
        row, at = self._rows[self._row], column * _WIDTH
        if row[at : at + _WIDTH] == _NO_HALF:
            row[at - _WIDTH : at + _WIDTH] = _BLANK * 2


def _cells(text: str) -> str:
    """The text, a character a column."""
    if text.isascii() or max(text) < _FIRST_WIDE:
        return text  # the usual ones, quickly
    return "".join(c + _SECOND_HALF if east_asian_width(c) in "WF" else c for c in text)


def _without_blank_end(lines: list[str]) -> str:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[:end])
