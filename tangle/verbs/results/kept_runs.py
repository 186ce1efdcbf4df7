"""What the cache keeps of a session: its last runs, cell by cell, as one document.

Paths are kept as `Places` has them, so that a run means the same on another machine.
Outputs and lists of files are kept once, by their digest, as runs share most of them. A run that
failed has the cells before the one that failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from tangle.model import CellEnd, Output
from tangle.typed_json import encode

_RUNS: Final = 8
"""How many runs of a session are kept: an edit that is taken back is answered, too."""

_RUN_BYTES: Final = 16 * 1024 * 1024
"""What the outputs of older runs may take beside those of the newest."""

T = TypeVar("T")


class KeptCell(Struct, frozen=True, kw_only=True):
    """What came of one cell.

    Attributes:
        outputs: digests of them as they were at the cell's end.
        exact: whether they, or those of a cell before, may name lines of the code.
        packages: name and version of the distributions that were loaded first here; the module's
            name with an empty version where none has it.
        code: files of installed packages that were loaded, as the digest of their list, and what
            they were like (see `World`).
        end: how the session stood; what is here beside it is empty there.
        revised: cells up to this one whose outputs this one changed, and what they were then.
    """

    outputs: tuple[str, ...]
    seconds: float
    exact: bool
    packages: tuple[tuple[str, str], ...]
    code: tuple[tuple[str, str], ...]
    machine: tuple[tuple[str, str], ...]
    end: CellEnd
    revised: tuple[tuple[int, tuple[str, ...]], ...]


class KeptRun(Struct, frozen=True, kw_only=True):
    """One run of a session, up to the first cell that may not be answered.

    Attributes:
        module: digest of the generated package's text.
        texts, meanings: the two chains of keys (see `cache_keys`), one of each for every cell.
        made: when it ended: the day and the time in UTC, as ISO 8601 has them.
        signer: the public key of the run's user elsewhere; empty for a run of this user's here.
    """

    module: str
    texts: tuple[str, ...]
    meanings: tuple[str, ...]
    cells: tuple[KeptCell, ...]
    made: str
    signer: str = ""

    @property
    def outputs(self) -> Iterator[str]:
        """The digests of all that its cells showed."""
        for cell in self.cells:
            yield from cell.outputs
            yield from (name for _, names in cell.revised for name in names)

    @property
    def code(self) -> Iterator[str]:
        """The digests of all lists of files that its cells loaded."""
        return (name for cell in self.cells for name, _ in cell.code)

    def covers(self, old: KeptRun) -> bool:
        """Whether this has all that an older run has: the same code, and files as they were."""
        count = len(old.cells)
        if len(self.cells) < count or self.texts[count - 1] != old.texts[count - 1]:
            return False
        return self.module == old.module and _reads(self, count) == _reads(old, count)


def _reads(run: KeptRun, count: int) -> list[list[tuple[str, str, str]]]:
    return [[(r.path, r.digest, r.what) for r in c.end.seen.reads] for c in run.cells[:count]]


class KeptRuns(Struct, frozen=True, kw_only=True):
    """The document of a session.

    Attributes:
        runs: the newest first.
        outputs: what the runs showed, by digest.
        code: lists of files, by digest.
    """

    runs: tuple[KeptRun, ...]
    outputs: dict[str, Output]
    code: dict[str, str]

    def __post_init__(self) -> None:
        """Refuse runs that are not whole."""
        for run in self.runs:
            if not 0 < len(run.cells) == len(run.texts) == len(run.meanings):
                raise ValueError("a run has cells, and two keys for each")
            if not (self.outputs.keys() >= {*run.outputs} and self.code.keys() >= {*run.code}):
                raise ValueError("a run names what is not there")
            for index, cell in enumerate(run.cells):
                if not all(0 <= at <= index for at, _ in cell.revised):
                    raise ValueError("a cell revises earlier ones")

    def shown(self, cells: Sequence[KeptCell]) -> list[tuple[Output, ...]]:
        """The outputs of a run's first cells, as the last of them left them."""
        return [tuple(self.outputs[name] for name in names) for names in last_outputs(cells)]

    def with_older(self, before: KeptRuns) -> KeptRuns:
        """The document with older runs; the oldest go where their outputs take too much."""
        runs, outputs, code = [*self.runs], {**self.outputs}, {**self.code}
        size = 0
        for old in before.runs:
            more = {n: before.outputs[n] for n in old.outputs if n not in outputs}
            size += sum(len(encode(output)) for output in more.values())
            if size > _RUN_BYTES or len(runs) >= _RUNS:
                break
            if not runs[0].covers(old):
                runs.append(old)
                outputs.update(more)
                code.update((name, before.code[name]) for name in old.code)
        return KeptRuns(runs=tuple(runs), outputs=outputs, code=code)


def last_outputs(cells: Iterable[KeptCell]) -> list[tuple[str, ...]]:
    """The digests of the outputs of cells, as the last of them left them."""
    found: list[tuple[str, ...]] = []
    for cell in cells:
        found.append(cell.outputs)
        for index, names in cell.revised:
            found[index] = names
    return found


def pooled(values: Iterable[T], pool: dict[str, T]) -> tuple[str, ...]:
    """The digests under which values are kept once for all runs.

    Args:
        values: of one run.
        pool: the values of all runs, by digest; those of this run are added.
    """
    named = [(hashlib.sha256(encode(value)).hexdigest(), value) for value in values]
    pool.update(named)
    return tuple(name for name, _ in named)
