"""Compute the cache keys of cells: a chain of digests over what each depends on.

A cell's result depends on all cells before it, so its key is the digest of the key before and of
what the cell adds. There are two chains over the same cells:

- `texts` is over the code as it is written. Where it is the same, nothing has changed at all; it is
  had at once.
- `meanings` is over the code as its syntax tree sees it, so comments and spacing do not count. It
  is worked out only where the first chain differs. Code that may look at its own text (`inspect`,
  `%history`, IPython's own lines) enters it as it is written, with all text before it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import locale
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from tangle import __version__
from tangle.analyse import Package, Session
from tangle.model import Cell, Job

_SCHEMA = 5
"""Raised whenever the meaning or the type of a cached result changes."""

_PREFIXES = ("MKL_", "OPENBLAS_", "TORCH", "PYTORCH_")
_NAMES = frozenset(
    {"PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHONIOENCODING"}
)
"""Variables that Python, C and libraries look at, where no code of a session's is seen to."""

_OF_MACHINE = re.compile(r"\w*(?:THREADS|HOME|DIR|PATH|ROOT|CACHE)")
"""Names of those that only say where things are, or how many processors to use."""

_LOOKS_AT_TEXT = re.compile(
    r"\b(?:inspect|getsource\w*|findsource|linecache|traceback|tokenize|symtable|dis|pdb|jit|script"
    r"|breakpoint|get_ipython|history|recall|rerun|macro|psource|pfile|pinfo2?|In|_ih|_i{1,3}|_i\d+"
    r"|\w*lineno\w*|co_\w+|f_code|f_back|f_globals|tb_\w+|__code__|_getframe|currentframe|stack"
    r"|stack_info|stacklevel|extract_stack|dill|cloudpickle|marshal)\b"
)
"""Words of code that may look at how it is written, or where."""

_CLOCK = re.compile(r"\.\s*(?:now|utcnow|today)\b")
"""What saved code is like that asks what day it is; in a cell's own code the worker sees it."""

_LINE_OF_CODE = re.compile(r"\bline \d+|<[^<>\n]* (?:chunk \d+|borrowed)>|\.py\b|[\w>]:\d+")
"""What output that names a line of code, or a file of it, looks like."""


class Keys(Struct, frozen=True, kw_only=True, dict=True):
    """The keys of a session's cells.

    Attributes:
        base: names the session, and all that holds for it as a whole.
        module: digest of the generated package's text, which holds the lines of saved code.
        answerable: how many cells, from the first, may be answered from the cache at all.
    """

    base: str
    module: str
    answerable: int
    _folder: str
    _cells: tuple[Cell, ...]
    _saved: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """Name the result of the whole session, the same on every machine."""
        return self.meanings[-1] if self.meanings else self.base

    def code(self, index: int) -> tuple[str, ...]:
        """The code of a cell, and the saved code that it is the first to reach."""
        return (self._cells[index].code, *self._saved[index])

    @property
    def codes(self) -> Iterator[str]:
        """The code of all cells, and the saved code that they reach."""
        for index in range(len(self._cells)):
            yield from self.code(index)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The chain over the code as it is written."""
        found = []
        key = self.base
        for cell, saved in zip(self._cells, self._saved, strict=True):
            key = digest(key, cell.name, cell.code, *_terms(cell, self._folder), *saved)
            found.append(key)
        return tuple(found)

    @cached_property
    def meanings(self) -> tuple[str, ...]:
        """The chain over the code as its syntax tree sees it."""
        found = []
        key = self.base
        for index, (cell, saved) in enumerate(zip(self._cells, self._saved, strict=True)):
            plain = [meaning(text) for text in (cell.code, *saved)]
            if None in plain:
                key = digest(key, "text", self.texts[index], self.module)
            else:
                key = digest(key, "meaning", *_terms(cell, self._folder), *(p or "" for p in plain))
            found.append(key)
        return tuple(found)


def _terms(cell: Cell, folder: str) -> tuple[str, ...]:
    """Return the outcome that a cell must or may have, and the files that it declares."""
    return (
        cell.raises or "",
        *(["may fail"] if cell.may_fail else []),
        *(["session"] if cell.examples is not None else []),
        *([f"values {cell.values}"] if cell.values else []),
        *(["refused"] if cell.refusal is not None else []),
        *(os.path.relpath(pattern, folder) for pattern in cell.reads),
    )


def session_keys(job: Job, session: Session, module: str, effects: Sequence[str]) -> Keys:
    """The keys of the cells of a job.

    Args:
        job: the session's job, or the first cells of it.
        session: what the job was made of.
        module: the text of the generated package.
        effects: the saved statements that do something when the package is imported.
    """
    chunks = [chunk for chunk in session.chunks if chunk.code.runs]
    prelude = bool(session.prelude)
    saved = [session.lent, *(c.reaches for c in chunks)] if prelude else [c.reaches for c in chunks]
    cached = [session.cache, *(c.cache for c in chunks)] if prelude else [c.cache for c in chunks]
    count = len(job.cells)
    fine = [c and not any(map(_CLOCK.search, s)) for c, s in zip(cached, saved, strict=True)]
    answerable = next((at for at, may in enumerate(fine[:count]) if not may), count)
    return Keys(
        base=_base(job, effects),
        module=digest(module),
        answerable=answerable,
        _folder=job.directory,
        _cells=job.cells,
        _saved=tuple(saved[:count]),
    )


def import_effects(package: Package) -> tuple[str, ...]:
    """Saved statements that neither define nor change a name of the package, but do something."""
    return tuple(s.text for s in package.saved if not s.names and not s.patches)


def _base(job: Job, effects: Sequence[str]) -> str:
    """Digest of what holds for the session as a whole, and is the same on every machine.

    What differs between machines and may show all the same is kept with each result instead: see
    `machine_facts`.
    """
    facts = {
        "schema": _SCHEMA,
        "tangle": __version__,
        "section": job.section,
        "directory": os.path.relpath(job.directory, job.watched or job.directory),
        "device": job.device.partition(":")[0],
        "seed": job.seed,
        "figures": job.figure_format,
        "effects": list(effects),
        "python": [sys.implementation.name, *sys.version_info[:2]],
        "encoding": locale.getencoding(),
        "environment": sorted(
            (name, value)
            for name, value in os.environ.items()
            if name in _NAMES or (name.startswith(_PREFIXES) and not _OF_MACHINE.fullmatch(name))
        ),
    }
    return digest(json.dumps(facts, sort_keys=True))


def digest(*texts: str) -> str:
    """SHA-256 of texts, each with its length before it."""
    found = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()


def meaning(code: str) -> str | None:
    """Code without comments and spacing; None where the way it is written may matter.

    Code that is not plain Python is IPython's, which has the text of its own lines.
    """
    if _LOOKS_AT_TEXT.search(code):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
        return f"{ast.dump(tree)}{';' if _hides(code, tree) else ''}"
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _hides(code: str, tree: ast.Module) -> bool:
    """Whether a semicolon at the end hides the value of the last expression."""
    if not tree.body:
        return False
    last = tree.body[-1]
    lines = code.encode("utf-8", "surrogatepass").split(b"\n")
    rest = lines[(last.end_lineno or 1) - 1][last.end_col_offset or 0 :].lstrip(b" \t\f")
    while rest == b"\\" and len(lines) > (last.end_lineno or 1):
        rest = lines.pop(last.end_lineno or 1).lstrip(b" \t\f")
    return rest.startswith(b";")


def tells_lines(texts: Iterable[str]) -> bool:
    """Whether output seems to name a line of the code, which a comment above it would move."""
    return any(map(_LINE_OF_CODE.search, texts))
