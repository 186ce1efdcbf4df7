"""Repair slips: code that is one token away from parsing.

Each function yields the lines with one token added, removed or changed, where Python gave up. What
is not sure yields nothing, or several programs, between which the writer decides.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tangle.analyse.repair.lexer import bare

Slip = Callable[[Sequence[str], SyntaxError], Iterator[list[str]]]

_HEADERS: Final = (
    "if|elif|else|for|while|def|class|try|except|finally|with|async def|async for|async with"
    "|match|case"
)
_HEADER: Final = re.compile(rf"[ \t]*(?:{_HEADERS})\b")
_CONDITION: Final = re.compile(r"[ \t]*(?:if|elif|while|assert|return)\b")
_PRINT: Final = re.compile(r"([ \t]*(?:.*:[ \t]+)?)print[ \t]+(?![(=.,])(.*?)[ \t]*$")
_EXCEPT: Final = re.compile(
    r"([ \t]*except[ \t]+[\w.]+|[ \t]*except[ \t]*\([\w., ]+\)),[ \t]*([a-z]\w*)[ \t]*:"
)
_RAISE: Final = re.compile(r"([ \t]*raise[ \t]+[\w.]+),[ \t]*(.+?)[ \t]*$")
_PATH: Final = re.compile(r"""(?<![\w'"])(?:"[A-Za-z]:\\[^"']*"|'[A-Za-z]:\\[^"']*')""")
_ESCAPE: Final = re.compile(r"\\[UuNx]")
_EXEC: Final = re.compile(r"([ \t]*)exec[ \t]+(?![(=.,])(.*?)[ \t]*$")
_LONG: Final = re.compile(r"(?<![\w.])([0-9]+)[lL]\b")
_WORD: Final = re.compile(r"([ \t]*)([^\W\d_]+)\b(?![ \t]*[=(.\[])")
_OPENERS: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSERS: Final = {value: key for key, value in _OPENERS.items()}
_OPERAND_END: Final = re.compile(r"[\w)\]}'\"]$")
_OPERAND: Final = re.compile(r"[\w(\[{'\"]")
_SOFT_WORDS: Final = """
and or not in is if else for lambda await async from import as yield return print
"""
_SOFT: Final = frozenset(_SOFT_WORDS.split())
_SIGNS: Final = (("&&", " and "), ("||", " or "), ("<>", "!="), ("!==", "!="), ("===", "=="))
_STARTS: Final = tuple(word for word in keyword.kwlist if word[0].islower() and len(word) > 1)


def missing_colon(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Add the colon at the end of a header."""
    row = _row(lines, error)
    code = bare(lines, string="x")[row].rstrip()
    if _HEADER.match(code) and not code.endswith((":", "(", ",", "[", "{", "\\", ";", ".")):
        yield _replaced(lines, row, len(code), len(code), ":")


def other_ends(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Replace a semicolon or a comma at the end of a header by the colon."""
    row = _row(lines, error)
    code = bare(lines, string="x")[row].rstrip()
    if _HEADER.match(code) and code.endswith((";", ",")):
        yield _replaced(lines, row, len(code) - 1, len(code), ":")


def equals(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Replace `=` in a condition by `==`."""
    row = _row(lines, error)
    code = bare(lines, string="x")[row]
    if not _CONDITION.match(code) or (
        code.lstrip().startswith("while") and "(" in code.split("=")[-1]
    ):
        return
    found = [match.start() for match in re.finditer(r"(?<![=!<>:])=(?!=)", code)]
    outer = [at for at in found if _depth(code[:at]) <= int("(" in code.split("=")[0])]
    if len(outer) == 1 and not re.search(r"\w\([^)]*$", code[: outer[0]]):
        yield _replaced(lines, row, outer[0], outer[0] + 1, "==")


def signs(lines: Sequence[str], _: SyntaxError) -> Iterator[list[str]]:
    """Replace operators of other languages."""
    changed = list(lines)
    for row in range(len(lines)):
        for sign, plain in _SIGNS:
            for found in reversed(
                list(re.finditer(rf" ?{re.escape(sign)} ?", bare([changed[row]])[0]))
            ):
                word = plain if plain.strip().isalpha() else found[0].replace(sign, plain)
                changed[row] = changed[row][: found.start()] + word + changed[row][found.end() :]
        match = re.match(r"([ \t]*[^\W\d][\w.]*)(\+\+|--);?[ \t]*$", changed[row])
        if match is not None:
            changed[row] = f"{match[1]} {match[2][0]}= 1"
    yield changed


def else_if(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Replace `else if` and its like by `elif`."""
    row = _row(lines, error)
    for at in (row, row - 1) if row else (row,):
        if match := re.match(r"([ \t]*)(?:else[ \t]+if|elseif|elsif)\b", lines[at]):
            yield _replaced(lines, at, len(match[1]), match.end(), "elif")


def python_two(lines: Sequence[str], _: SyntaxError) -> Iterator[list[str]]:
    """Write the statements of Python 2 as those of Python 3, all at once."""
    changed = list(lines)
    masked = bare(lines, string="x")
    for row, code in enumerate(masked):
        line, end = changed[row], len(code.rstrip())
        tail = line[end:]
        text = line[:end]
        if match := _PRINT.match(code.rstrip()):
            inner = text[match.start(2) : match.end(2)]
            if inner.endswith(",") or inner.startswith(">>"):
                return
            changed[row] = f"{match[1] and text[: match.end(1)]}print({inner}){tail}"
        elif match := _EXEC.match(code.rstrip()):
            changed[row] = f"{match[1]}exec({text[match.start(2) : match.end(2)]}){tail}"
        elif match := _RAISE.match(code.rstrip()):
            changed[row] = f"{match[1]}({text[match.start(2) :]}){tail}"
        elif match := _EXCEPT.match(code):
            changed[row] = f"{match[1]} as {match[2]}:{line[match.end() :]}"
        changed[row] = _without_long(changed[row])
    yield changed


def _without_long(line: str) -> str:
    """A line whose integers are written as Python 3 has them: `10`, not `10L`."""
    found = list(_LONG.finditer(bare([line], string="x")[0]))
    for match in reversed(found):
        line = line[: match.end(1)] + line[match.end() :]
    return line


def brackets(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Close a bracket at the end of a line, or remove one that closes nothing."""
    message = error.msg or ""
    masked = bare(lines, string="x")
    if match := re.match(r"'([(\[{])' was never closed", message):
        yield from _closed(lines, masked, match[1], _row(lines, error))
    elif match := re.match(r"unmatched '([)\]}])'", message):
        row, column = _row(lines, error), (error.offset or 1) - 1
        code = masked[row].rstrip().rstrip(":")
        if column == len(code) - 1 and code[:-1].rstrip().endswith(match[1]):
            yield _replaced(lines, row, column, column + 1, "")
    elif "invalid syntax" in message or "expected" in message or "comma" in message:
        # Python gave up on the line below: the bracket is open since a line above.
        for row in range(_row(lines, error), -1, -1):
            opened = _open_brackets(masked[row])
            if len(opened) == 1:
                yield from _closed(lines, masked, opened[0], row)
                return


def quotes(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Close a string at the end of its line, before the brackets and the colon that end it."""
    if not (error.msg or "").startswith(("unterminated string", "EOL while")):
        return
    row, column = _row(lines, error), max((error.offset or 1) - 1, 0)
    line = lines[row].rstrip()
    at = column
    while at < len(line) and line[at] not in "'\"":
        at += 1
    if at >= len(line):
        return
    quote, other = line[at], "'" if line[at] == '"' else '"'
    end = len(line)
    while end > at + 1 and line[end - 1] in ")]}:,":
        end -= 1
    text = line[at + 1 : end]
    if text.endswith(other) and text.count(other) == 1:
        yield _replaced(lines, row, end - 1, end, quote)
        return
    if not text.strip() or re.search(r"[,=+()\[\]{}'\"#]", text):
        return
    for stop in range(end, len(line) + 1):
        yield _replaced(lines, row, stop, stop, quote)


def commas(lines: Sequence[str], _: SyntaxError) -> Iterator[list[str]]:
    """Add a comma between two values in a bracket, or remove one that is there twice."""
    masked = bare(lines, string="x")
    depth = 0
    for row, code in enumerate(masked):
        below = masked[row + 1].lstrip() if row + 1 < len(masked) else ""
        for match in re.finditer(r"\S+?(?=[ \t,()\[\]{}]|$)|[,()\[\]{}]", code):
            depth += _depth(match[0])
            at = match.end()
            if depth > 0 and _OPERAND_END.search(match[0]) and not _word_at(code, at):
                here = code[at:].lstrip(" \t")
                following = here if code[at : at + 1] in (" ", "\t") else "" if here else below
                if _OPERAND.match(following) and _first_word(following) not in _SOFT:
                    yield _replaced(lines, row, at, at, ",")
        if twice := re.search(r",[ \t]*,", code):
            yield _replaced(lines, row, twice.start(), twice.end(), ",")


def parentheses(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Add the parentheses of a function without parameters."""
    row = _row(lines, error)
    match = re.match(r"([ \t]*(?:async[ \t]+)?def[ \t]+\w+)[ \t]*:", lines[row])
    if match:
        yield _replaced(lines, row, match.end(1), match.end(1), "()")


def keywords(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Correct a keyword that is one letter off, or that begins with a capital letter."""
    for row in sorted({_row(lines, error), max(_row(lines, error) - 1, 0)}):
        match = _WORD.match(bare(lines)[row])
        word = match[2] if match is not None else "if"
        if match is None or keyword.iskeyword(word):
            continue
        for meant in _STARTS:
            alike = word.lower() == meant or (len(meant) > 3 and _swapped(word, meant))
            if alike and (len(lines) > 1 or word != word.capitalize() or "." in lines[row]):
                yield _replaced(lines, row, match.start(2), match.end(2), meant)


def keyword_in_for(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Add the `in` of a `for`."""
    row = _row(lines, error)
    match = re.match(
        r"[ \t]*for[ \t]+\w+(?:,[ \t]*\w+)*[ \t]+(?=(?:range|enumerate|zip)\()", lines[row]
    )
    if match is not None:
        yield _replaced(lines, row, match.end(), match.end(), "in ")


def raw_strings(lines: Sequence[str], error: SyntaxError) -> Iterator[list[str]]:
    """Make a path with backslashes a raw string."""
    row = _row(lines, error)
    if "unicodeescape" not in (error.msg or ""):
        return
    found = [match for match in _PATH.finditer(lines[row]) if _ESCAPE.search(match[0])]
    if len(found) == 1:
        yield _replaced(lines, row, found[0].start(), found[0].start(), "r")


SLIPS: Final[tuple[tuple[Slip, str], ...]] = (
    (missing_colon, "a colon is missing"),
    (other_ends, "a colon is missing"),
    (equals, "`=` stands where `==` is meant"),
    (else_if, "`elif` is written otherwise"),
    (parentheses, "parentheses are missing"),
    (keyword_in_for, "`in` is missing"),
    (keywords, "a keyword is misspelt"),
    (python_two, "it is Python 2"),
    (raw_strings, "its backslashes begin escapes: a path is a raw string"),
    (quotes, "a quotation mark is missing"),
    (brackets, "a bracket is missing, or there is one too many"),
    (signs, "an operator of another language stands in it"),
    (commas, "a comma is missing, or there is one too many"),
)


def _row(lines: Sequence[str], error: SyntaxError) -> int:
    return min(max((error.lineno or 1) - 1, 0), len(lines) - 1)


def _replaced(lines: Sequence[str], row: int, start: int, end: int, text: str) -> list[str]:
    line = lines[row]
    return [*lines[:row], line[:start] + text + line[end:], *lines[row + 1 :]]


def _closed(
    lines: Sequence[str], masked: Sequence[str], opener: str, first: int
) -> Iterator[list[str]]:
    """A bracket closed at the end of each line from the one that opens it, before a colon."""
    for row in range(first, len(lines)):
        code = masked[row].rstrip()
        if not code or code.endswith((*_OPENERS, ",", "=", ".", "+", "-", "*", "/")):
            continue  # what stood here was left out
        stop = len(code) - code.endswith(":")
        yield _replaced(lines, row, stop, stop, _OPENERS[opener])


def _open_brackets(code: str) -> list[str]:
    """The brackets that a line leaves open."""
    found: list[str] = []
    for mark in code:
        if mark in _OPENERS:
            found.append(mark)
        elif mark in _CLOSERS and found:
            found.pop()
    return found


def _depth(code: str) -> int:
    return sum(code.count(mark) for mark in "([{") - sum(code.count(mark) for mark in ")]}")


def _first_word(text: str) -> str:
    match = re.match(r"\w+", text)
    return match[0] if match else ""


def _word_at(code: str, end: int) -> bool:
    """Whether a keyword or an operator ends there."""
    match = re.search(r"\w+$", code[:end])
    return match is not None and match[0] in _SOFT


def _swapped(word: str, meant: str) -> bool:
    """Whether two letters stand the other way round, or one is missing, or there twice."""
    if sorted(word) == sorted(meant):
        return (word != meant and word[0] == meant[0]) or word[:2] == meant[1::-1]
    shorter, longer = sorted((word, meant), key=len)
    return len(longer) - len(shorter) == 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    )
