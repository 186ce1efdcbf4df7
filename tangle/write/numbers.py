"""Compare numbers in output text by the precision with which they are printed.

What decides is how a number is printed: torch prints four decimals of a float32, which has seven
digits and less after some arithmetic; Python prints all digits that a float has; a format such as
`.3f` prints what its author cares for.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_TOKEN: Final = re.compile(
    r"(?P<word>[^\W\d]\w*|[0-9]+(?:\.[0-9]+){2,})"  # a name; a version or a date is no number
    r"|(?P<number>(?<![\w)\].])[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?(?![^\W_]))"
    r"|(?P<line>\n)|(?P<blank>\s)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_ARRAY: Final = re.compile(r"\b(?P<kind>tensor|array)\(")
_DTYPE: Final = re.compile(r"dtype=(?:torch\.|np\.|numpy\.)?'?(?P<name>b?float[0-9]+)")

_BY_DTYPE: Final = {"bfloat16": 1.6e-2, "float16": 1e-3, "float32": 1e-4, "float64": 1e-7}
_USUAL: Final = {"array": "float64"}  # numpy's own; torch's is float32
_ALL_DIGITS: Final = 12
"""A number with so many significant digits is printed as Python prints a float."""
_REPR: Final = 1e-9
_ENOUGH: Final = 4
"""So many digits, and the last may be one off: less than 0.1 %."""


class Tolerance(Struct, frozen=True, kw_only=True):
    """How far numbers may differ.

    Attributes:
        rtol: of the expected value; None for what the way it is printed suggests, 0 for not at all.
        atol: added to that.
    """

    rtol: float | None = None
    atol: float = 0.0


class Number(Struct, frozen=True, kw_only=True):
    """A number that may differ a little: one with a point or an exponent.

    Attributes:
        dtype: where it stands in a printed tensor or array, what that is of.
    """

    text: str
    dtype: str | None

    @property
    def value(self) -> float:
        """Its value."""
        return float(self.text)

    @property
    def decimals(self) -> int:
        """Digits behind the point."""
        return len(re.split("e", self.text, flags=re.IGNORECASE)[0].partition(".")[2])

    @property
    def digits(self) -> int:
        """Significant digits."""
        mantissa = re.split("e", self.text, flags=re.IGNORECASE)[0]
        return len(re.sub(r"[-+.]", "", mantissa).lstrip("0"))

    @property
    def unit(self) -> float:
        """The value of one unit in the last digit."""
        exponent = re.split("e", self.text, flags=re.IGNORECASE)[1:]
        return math.pow(10.0, int(exponent[0] if exponent else 0) - self.decimals)


def close(expected: Number, actual: Number, tolerance: Tolerance) -> bool:
    """Whether a number equals the expected one within tolerance and printed precision.

    Args:
        expected: in the note.
        actual: of a run.
        tolerance: how far they may differ.
    """
    if expected.text == actual.text:
        return True
    difference = abs(expected.value - actual.value)
    rtol = _usual_rtol(expected, actual) if tolerance.rtol is None else tolerance.rtol
    relative = rtol * max(abs(expected.value), abs(actual.value))
    last = 0.0 if tolerance.rtol == 0 else _last_digit(expected, actual)
    # The bound itself is within, however it is rounded.
    return difference <= (tolerance.atol + max(last, relative)) * (1 + 1e-6)


def _last_digit(expected: Number, actual: Number) -> float:
    """One in the last digit, where enough digits are shown that this is little."""
    if _is_repr(expected, actual) or not (expected.decimals and actual.decimals):
        return 0.0
    if expected.dtype:
        shown = min(expected.decimals, actual.decimals)
    else:
        shown = min(expected.digits, actual.digits)
    return max(expected.unit, actual.unit) if shown >= _ENOUGH else 0.0


def _usual_rtol(expected: Number, actual: Number) -> float:
    if expected.dtype is not None:
        return _BY_DTYPE.get(expected.dtype, _BY_DTYPE["float32"])
    return _REPR if _is_repr(expected, actual) else 0.0


def _is_repr(expected: Number, actual: Number) -> bool:
    """Whether Python printed all digits that a float has: of two, one may need but a few."""
    return max(expected.digits, actual.digits) >= _ALL_DIGITS


def tokens(text: str) -> Iterator[str | Number]:
    """Yield words, numbers, signs and line ends of a text; whole numbers are words."""
    regions = list(_regions(text))
    starts = [start for start, _, _ in regions]
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "number" and not re.fullmatch(r"[-+]?[0-9]+", token[0]):
            index = bisect_right(starts, token.start()) - 1
            inside = index >= 0 and token.start() < regions[index][1]
            yield Number(text=token[0], dtype=regions[index][2] if inside else None)
        elif token.lastgroup != "blank":
            yield token[0]


def _regions(text: str) -> Iterator[tuple[int, int, str]]:
    """Where printed tensors and arrays stand, with the dtype of each."""
    done = 0
    for opening in _ARRAY.finditer(text):
        if opening.start() < done:
            continue
        done = _closing(text, opening.end())
        named = _DTYPE.search(text, opening.end(), done)
        dtype = named["name"] if named else _USUAL.get(opening["kind"], "float32")
        yield opening.start(), done, dtype


def _closing(text: str, start: int) -> int:
    """The offset behind the bracket that closes one that was opened just before `start`."""
    depth = 1
    for found in re.finditer(r"[()]", text[start:]):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return start + found.end()
    return len(text)
