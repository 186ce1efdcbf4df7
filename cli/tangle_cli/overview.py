"""Text of what is in a graph: the output of `tangle` alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tangle_cli.printing import steers
from tangle_cli.text import count

if TYPE_CHECKING:
    from tangle.verbs.overview import Overview


def overview_lines(found: Overview) -> Iterator[str]:
    """Yield at most five lines: what there is, and what to type next.

    Args:
        found: what there is.
    """
    yield f"graph  {_from_home(found.graph)}"
    if not found.coded:
        yield f"pages  {_pages(found)}, none with Python"
        yield "next   put a ```python block on a page, then type `tangle` again"
        return
    yield f"pages  {_pages(found)}, {found.coded:,} with Python"
    sections = count(sum(found.states.values()), "section")
    states = ", ".join(f"{many:,} {state}" for state, many in sorted(found.states.items()))
    between = f" ({' to '.join(found.numbered)})" if found.numbered else ""
    yield f"code   {sections}{between}: {states}"
    if found.first is not None and not steers(found.first):
        yield f"next   tangle run {shlex.quote(found.first)}"
    else:
        yield "next   tangle check"
    yield "       tangle list, tangle --help"


def _pages(found: Overview) -> str:
    return f"{found.pages:,} {'page' if found.pages == 1 else 'pages'}"


def _from_home(folder: Path) -> str:
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if home in folder.parents else str(folder)
