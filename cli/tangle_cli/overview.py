"""Text of what is in a graph: the output of `tangle` alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tangle_cli.messages import _, plural
from tangle_cli.printing import steers
from tangle_cli.text import count, org_line

if TYPE_CHECKING:
    from tangle.verbs.overview import Overview


def overview_lines(found: Overview) -> Iterator[str]:
    """Yield at most five lines: what there is, and what to type next.

    Args:
        found: what there is.
    """
    yield _(f"graph  {_from_home(found.graph)}")
    org = f"{_('; ')}{org_line(found.org_pages)}" if found.org_pages else ""
    if not found.coded:
        yield _(f"pages  {_pages(found)}, none with Python{org}")
        kind = "Markdown page" if found.org_pages else "page"
        yield _(f"next   put a ```python block on a {kind}, then type `tangle` again")
        return
    book = _(f"; book: {', '.join(found.books[:3])}") if found.books else ""
    yield _(f"pages  {_pages(found)}, {found.coded:,} with Python{book}{org}")
    sections = count(sum(found.states.values()), "section")
    states = _(", ").join(f"{many:,} {_(state)}" for state, many in sorted(found.states.items()))
    between = _(f" ({' to '.join(found.numbered)})") if found.numbered else ""
    yield _(f"code   {sections}{between}: {states}{_outputs(found)}")
    if found.first is not None and not steers(found.first):
        yield _(f"next   tangle run {shlex.quote(found.first)}")
    else:
        yield _("next   tangle check")
    yield _("       tangle list, tangle --help")


def _outputs(found: Overview) -> str:
    """How many stored outputs match the code; nothing if there are none."""
    if not found.outputs:
        return ""
    outputs = count(found.outputs, "output")
    if found.fresh == found.outputs:
        return _(f"; {outputs}, all match")
    return _(f"; {outputs}, {found.fresh:,} {'matches' if found.fresh == 1 else 'match'}")


def _pages(found: Overview) -> str:
    return plural(found.pages, "{number:,} page", "{number:,} pages")


def _from_home(folder: Path) -> str:
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if home in folder.parents else str(folder)
