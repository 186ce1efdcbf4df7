"""Problems of the notes as an editor shows them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from lsprotocol import types

from tangle.lsp.session import Session
from tangle.model import PagePath, Problem
from tangle.verbs.check import problems_of_pages

SOURCE: Final = "tangle"

_SEVERITY: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "notice": types.DiagnosticSeverity.Information,
}
_WORD: Final = re.compile(r"\w+")


def diagnostics(session: Session) -> Mapping[PagePath, list[types.Diagnostic]]:
    """Return what `tangle check` says of the pages, by page; pages without problems are left out.

    Args:
        session: the notes.
    """
    found: defaultdict[PagePath, list[types.Diagnostic]] = defaultdict(list)
    for problem in problems_of_pages(session.notes):
        if problem.place.path in session.notes.sources.digests:
            found[problem.place.path].append(diagnostic(session, problem))
    return found


def diagnostic(session: Session, problem: Problem) -> types.Diagnostic:
    """Return a problem as an editor shows it.

    Args:
        session: the notes.
        problem: in a page.
    """
    message = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
    return types.Diagnostic(
        range=_range(session, problem),
        severity=_SEVERITY[problem.severity],
        code=problem.code,
        source=SOURCE,
        message=message,
    )


def _range(session: Session, problem: Problem) -> types.Range:
    """The word at the problem's place; the whole line where it only names a line."""
    place = problem.place
    if place.column <= 1:
        return session.line_range(place.path, place.line)
    text = session.text(place.path)
    start = text.of_line(place.line, place.column)
    _, end = text.line_span(place.line)
    word = _WORD.match(text.string, start, end)
    end = word.end() if word else max(end, start)
    behind = start == end and text.of_line(place.line) < start  # there is nothing to mark
    return session.range(place.path, start - behind, end)
