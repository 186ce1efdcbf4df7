"""Find unresolved merges by the marker lines that git, Mercurial and Jujutsu leave in a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tangle.model import Fence, Page, Place, Problem
from tangle.model.problems.page import MERGE_CONFLICT

from .languages import is_python

_OPENER: Final = b"<<<<<<< "
_MARKER: Final = re.compile(
    rb"^([ \t]*+)(?:(?P<ours><{7}) [^\n]*|(?P<parts>={7}[ \t]*|[%+]{7} [^\n]*)"
    rb"|(?P<theirs>>{7}) [^\n]*)\r?$",
    re.MULTILINE,
)
_BEGIN: Final = re.compile(rb"^([ \t]*+)(?:-[ \t]++)?#\+(begin|end)_", re.MULTILINE | re.IGNORECASE)


class _Conflict(NamedTuple):
    """The marker lines of one conflict: offsets of the first and of the last."""

    start: int
    end: int
    indented: bool


def merge_conflict(page: Page) -> Problem | None:
    """Return the problem of a page with an unresolved merge, at its first marker; else None.

    A conflict is a line `<<<<<<< X`, one of seven `=` and one `>>>>>>> Y`, in this order; Jujutsu
    writes seven `%` or `+` with words behind them instead of the `=`. The tools write them at the
    start of a line, and Logseq indents them when it saves the page. A fence in another
    language, or an example, that shows such lines as its text is no conflict.
    """
    data = page.data
    if not may_conflict(data):
        return None
    found = next((c for c in _conflicts(data) if not _is_shown(c, data, page.fences)), None)
    if found is None:
        return None
    first, last = (data.count(b"\n", 0, at) + 1 for at in (found.start, found.end))
    return MERGE_CONFLICT.at(
        Place(path=page.path, line=first),
        (
            f"an unresolved merge conflict begins here and ends at line {last}: nothing on this "
            "page is run, and nothing is written to it"
        ),
        excerpt=data[found.start :].split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r"),
    )


def may_conflict(data: bytes) -> bool:
    """Whether a page has a line that could begin a conflict."""
    return _OPENER in data


def _conflicts(data: bytes) -> Iterator[_Conflict]:
    """Each run of the three markers in order."""
    start, parted, indented = -1, False, False
    for marker in _MARKER.finditer(data):
        kind = marker.lastgroup
        if kind == "ours":
            start, parted, indented = marker.start(), False, bool(marker[1])
        elif start >= 0 and (kind == "parts") != parted:
            indented = indented or bool(marker[1])
            if kind == "theirs":
                yield _Conflict(start, marker.start(), indented)
                start = -1
            parted = True


def _is_shown(conflict: _Conflict, data: bytes, fences: tuple[Fence, ...]) -> bool:
    """Whether the markers are the text of a fence or an example, which are about git."""
    for fence in fences:
        if fence.body.start <= conflict.start and conflict.end < fence.body.end:
            opener = data.rfind(b"\n", 0, fence.body.start - 1) + 1
            # Under a bullet the text of a fence is indented: what is not was put there by git.
            fits = conflict.indented or data[opener : opener + 1] in {b"`", b"~"}
            return fits and not is_python(fence.language)
    return _is_example(conflict, data)


def _is_example(conflict: _Conflict, data: bytes) -> bool:
    """Whether the markers stand between `#+BEGIN_X` and `#+END_X`, indented as these are."""
    before = list(_BEGIN.finditer(data, 0, conflict.start))
    if not before or before[-1][2].lower() == b"end":
        return False
    opener = before[-1].start()
    return conflict.indented or data[opener : opener + 1] == b"#"
