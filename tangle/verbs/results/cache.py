"""Results of earlier runs, kept cell by cell, and whether they still stand for running again.

One document a session holds its last runs (see `kept_runs`), so that an answer is one file to read.
A run answers if packages, all that its cells read, and what they left are as they were. The first
cells of a run answer for a session that ends with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Job, MimeBundle, Output, ReadFile, Result, Seen, SessionResult
from tangle.store import CACHE, Cache
from tangle.verbs.results.cache_keys import Keys, tells_lines
from tangle.verbs.results.kept_runs import KeptCell, KeptRun, KeptRuns, last_outputs, pooled
from tangle.verbs.results.world import World

_BYTES: Final = 512 * 1024 * 1024
_AGE: Final = 90 * 24 * 3600.0
_NO_PATHS: Final = frozenset({"variable", "module"})
"""What is learned from other than one path."""


def has_answers(state: Path) -> bool:
    """Whether results of earlier runs are kept, so that there may be nothing to run."""
    return (state / CACHE).is_dir()


class LastReads(Struct, frozen=True, kw_only=True):
    """The files that a run of a job's code read, whatever they hold now.

    Attributes:
        paths: a path that ends in the separator is a folder whose names were listed.
        unknown: how many of the job's last cells are not known: one that failed, even where it may,
            or that no cache may answer for, and those after it.
    """

    paths: frozenset[str]
    unknown: int


class Answers:
    """The results that are kept for a project; several processes may use them at once."""

    def __init__(self, state: Path, key: bytes | None, world: World) -> None:
        """Looks at nothing yet.

        Args:
            state: the folder that holds the project's `.tangle`.
            key: signs what is kept.
            world: what is on disk now.
        """
        self._cache = Cache(state / CACHE, KeptRuns, key=key)
        self._world = world
        self._rewritten: set[str] = set()

    def answer(self, job: Job, keys: Keys) -> SessionResult | None:
        """Return the result that running the job would have, if it is known.

        Jobs are asked for in the order in which they are run. What one that is not answered has
        written it writes again, so no later one that read or wrote the same is answered.
        """
        count = len(job.cells)
        kept = self._cache.get(keys.base)
        if kept is None:
            return None
        if count and keys.answerable >= count:
            for cells in _candidates(kept, keys, count):
                if self._stands(kept, cells, job.directory):
                    return _result(job, kept, cells)
        cells_of_all = (cell for run in kept.runs for cell in run.cells)
        self._rewritten.update(read.path for cell in cells_of_all for read in cell.end.seen.wrote)
        return None

    def last_reads(self, job: Job, keys: Keys) -> LastReads | None:
        """What the run that is known of most of the job's code read, the newest of several.

        None where no run of it is known.
        """
        kept = self._cache.get(keys.base)
        known = [_known_cells(run, keys) for run in kept.runs] if kept is not None else []
        cells = max(known, key=len, default=())
        reads = (read for cell in cells for read in cell.end.seen.reads)
        paths = frozenset(read.path for read in reads if read.what not in _NO_PATHS)
        return LastReads(paths=paths, unknown=len(job.cells) - len(cells)) if cells else None

    def keep(self, job: Job, keys: Keys, finished: Sequence[Result], result: SessionResult) -> None:
        """Keep what passed of a run.

        Args:
            job: what was run.
            keys: its keys.
            finished: the result of each cell as it was at the cell's own end.
            result: what the session came to.
        """
        outputs: dict[str, Output] = {}
        code: dict[str, str] = {}
        cells = self._kept(list(_answerable(finished, keys)), outputs, code)
        count = len(cells)
        if not cells:
            return
        if count == len(job.cells) and result.outcome == "passed":
            if result.late_seen.unseen:
                return  # such as what a program did that was started at the end
            cells[-1] = _with_end(cells, result, outputs)
        texts, meanings = keys.texts[:count], keys.meanings[:count]
        run = KeptRun(module=keys.module, texts=texts, meanings=meanings, cells=tuple(cells))
        kept = KeptRuns(runs=(run,), outputs=outputs, code=code)
        before = self._cache.get(keys.base)
        self._cache.put(keys.base, kept if before is None else kept.with_older(before))

    def prune(self) -> None:
        """Drop what was not used for long, and the oldest beyond the cache's size."""
        self._cache.prune(_BYTES, _AGE)

    def _stands(self, kept: KeptRuns, cells: Sequence[KeptCell], directory: str) -> bool:
        """Whether cells would find all as it was, and what they left is still there."""
        left = {read.path: read for cell in cells for read in cell.end.seen.wrote}
        return all(self._finds_all(kept, cell, directory) for cell in cells) and all(
            self._world.is_as_read(read) and read.path not in self._rewritten
            for read in left.values()
        )

    def _finds_all(self, kept: KeptRuns, cell: KeptCell, directory: str) -> bool:
        world, seen = self._world, cell.end.seen
        return (
            world.has_packages(cell.packages)
            and world.misses(seen.missing, directory)
            and all(read.path not in self._rewritten for read in seen.reads)
            and all(map(world.is_as_read, seen.reads))
            and all(world.code_digest(kept.code[files]) == known for files, known in cell.code)
        )

    def _kept(
        self, passed: Sequence[Result], outputs: dict[str, Output], code: dict[str, str]
    ) -> list[KeptCell]:
        """The cells as they are kept; what they name is put into the two pools."""
        found: list[KeptCell] = []
        exact = False
        for result in passed:
            end = result.end
            assert end is not None
            seen = end.seen
            shown = [result.outputs, *(revised.outputs for revised in end.revised)]
            exact = exact or seen.own_text or any(tells_lines(_texts(s)) for s in shown)
            packages, files = self._world.origins(seen.modules)
            digests = map(self._world.code_digest, seen.code)
            reads = (*self._own_facts(seen), *files)
            found.append(
                KeptCell(
                    outputs=pooled(result.outputs, outputs),
                    seconds=result.seconds,
                    exact=exact,
                    packages=packages,
                    code=tuple(zip(pooled(seen.code, code), digests, strict=True)),
                    end=replace(end, seen=replace(seen, reads=reads, code=()), revised=()),
                    revised=tuple((r.cell, pooled(r.outputs, outputs)) for r in end.revised),
                )
            )
        return found

    def _own_facts(self, seen: Seen) -> Iterator[ReadFile]:
        """What a cell learned, but for variables that tangle sets for every worker."""
        for read in seen.reads:
            if read.what != "variable" or self._world.is_as_read(read):
                yield read


def _answerable(finished: Sequence[Result], keys: Keys) -> Iterator[Result]:
    """The cells, from the first, that passed and that a cache may answer for."""
    for result in finished[: keys.answerable]:
        trace = result.end
        if result.outcome != "passed" or result.failure is not None:
            return  # one that may fail, and did, reports the reason again
        if trace is None or trace.seen.unseen:
            return
        yield result


def _candidates(kept: KeptRuns, keys: Keys, count: int) -> Iterator[tuple[KeptCell, ...]]:
    """The first cells of each run that was of the same code, the newest first."""
    for run in kept.runs:
        cells = run.cells[:count]
        if len(cells) < count:
            continue
        same = run.texts[count - 1] == keys.texts[-1]
        if not same and run.meanings[count - 1] != keys.meanings[-1]:
            continue
        if (same and run.module == keys.module) or not any(cell.exact for cell in cells):
            yield cells


def _known_cells(run: KeptRun, keys: Keys) -> tuple[KeptCell, ...]:
    """The cells of a run, from the first, that were of the same code."""
    for count in range(min(len(run.cells), len(keys.texts)), 0, -1):
        same = run.texts[count - 1] == keys.texts[count - 1]
        if same or run.meanings[count - 1] == keys.meanings[count - 1]:
            return run.cells[:count]
    return ()


def _result(job: Job, kept: KeptRuns, cells: Sequence[KeptCell]) -> SessionResult:
    """What a session came to that ended with these cells."""
    end = cells[-1].end
    return SessionResult(
        section=job.section,
        outcome="passed",
        results=tuple(
            Result(outcome="passed", outputs=shown, failure=None, seconds=cell.seconds)
            for cell, shown in zip(cells, kept.shown(cells), strict=True)
        ),
        seconds=end.seconds,
        device=end.device,
        peak_memory=end.peak_memory,
        device_memory=end.device_memory,
        versions=end.seen.versions,
    )


def _with_end(
    cells: Sequence[KeptCell], result: SessionResult, outputs: dict[str, Output]
) -> KeptCell:
    """Return the last cell, changed so that replaying all cells gives exactly this result."""
    last, known = cells[-1], last_outputs(cells)
    finals = [pooled(final.outputs, outputs) for final in result.results]
    late = [index for index, names in enumerate(finals) if names != known[index]]
    late_texts = (_texts(result.results[index].outputs) for index in late)
    end = replace(
        last.end,
        seconds=result.seconds,
        device=result.device,
        device_memory=result.device_memory,
        peak_memory=result.peak_memory,
        seen=_joined(last.end.seen, result),
    )
    return replace(
        last,
        end=end,
        exact=last.exact or any(map(tells_lines, late_texts)),
        revised=(*last.revised, *((index, finals[index]) for index in late)),
    )


def _joined(seen: Seen, result: SessionResult) -> Seen:
    """What the last cell read and wrote, and what did so at the session's end."""
    late = result.late_seen
    return replace(
        seen,
        reads=(*seen.reads, *late.reads),
        wrote=(*seen.wrote, *late.wrote),
        versions=result.versions,
    )


def _texts(outputs: Sequence[Output]) -> Iterator[str]:
    for output in outputs:
        if isinstance(output, MimeBundle):
            yield from (text for mime, text in output.data if mime.startswith("text/"))
        else:
            yield output.text
