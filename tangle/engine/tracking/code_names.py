"""Find out from names and strings in code what it may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType
from typing import Final

_TIME: Final = frozenset({"now", "utcnow", "today"})
"""The methods of `datetime` and its like that no hook reaches."""

_TEXT: Final = re.compile(
    r"inspect|getsource\w*|findsource|linecache|traceback|marshal|dis|currentframe|_getframe"
    r"|\w*lineno\w*|co_\w+|f_code|f_back|tb_\w+|__code__|stacklevel|stack_info|extract_stack"
    r"|findCaller|print_exc|format_exc|print_stack|__traceback__|cloudpickle|dill"
)
"""What code that looks at how code is written, or where, is called."""


def asks_for_time(code: CodeType) -> bool:
    """Whether code may ask what day it is, other than by the functions that are watched."""
    return any(name in _TIME for name in _names(code))


def looks_at_text(code: CodeType) -> bool:
    """Whether code may look at how code is written, or where."""
    return any(_TEXT.fullmatch(name) is not None for name in _names(code))


def _names(code: CodeType) -> Iterator[str]:
    """The names and strings of code and of the functions in it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _names(constant)
