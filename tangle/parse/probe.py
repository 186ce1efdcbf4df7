"""Parse a page whose outline is known, to refuse a Python that misreads it.

The patterns of this package rest on `re`. Where a Python's `re` matches them wrongly, blocks are
missing, and every verb acts on notes that do not exist: `build` removes scripts, exit code 0.
Python before 3.11.5 had such a fault (CPython issue 106052).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tangle.model import Page, PagePath

_ID: Final = "6543ed3a-0000-4000-8000-0000000000aa"
_PATH: Final = PagePath("probe.md")
_DATA: Final = f"""\
- a
- ## TODO [#A] b
  id:: {_ID}
\t- ```python
\t  c
\t  ```
\t- d
\t  + [x] ~~~e
\t    f
\t    ~~~
\t  > (({_ID}))
# g
""".encode()
_OUTLINE: Final = (
    ("bullet", 1, 0, "a", None),
    ("bullet", 1, 2, "b", _ID),
    ("bullet", 2, 0, "", None),
    ("bullet", 2, 0, "d", None),
    ("heading", 1, 1, "g", None),
    (2, "python", "c\n"),
    (3, "e", "f\n"),
    (3, _ID),
)


def reads_as_known(read: Callable[[bytes, PagePath], Page]) -> bool:
    """Whether a reader of pages finds every block, fence and reference of the known page."""
    page = read(_DATA, _PATH)
    blocks = [(b.kind, b.level, b.heading, b.title, b.id) for b in page.blocks]
    fences = [(f.block, f.language, f.code) for f in page.fences]
    references = [(r.block, r.target) for r in page.references]
    return (*blocks, *fences, *references) == _OUTLINE
