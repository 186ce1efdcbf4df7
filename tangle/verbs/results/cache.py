"""Results of earlier runs, kept cell by cell, and whether they still replace another run.

One document a session holds its last runs (see `kept_runs`), so that an answer is one file to read.
A run answers if packages, all that its cells read, and what they left are as they were. The first
cells of a run answer for a session that ends with them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Job, MimeBundle, Output, ReadFile, Result, Seen, SessionResult
from tangle.store import CACHE, Cache, NotReadable, read_bytes
from tangle.verbs.results.cache_keys import Keys, tells_lines
from tangle.verbs.results.kept_runs import KeptCell, KeptRun, KeptRuns, last_outputs, pooled
from tangle.verbs.results.machine_facts import shown_facts
from tangle.verbs.results.packages import kept_versions
from tangle.verbs.results.world import World

_BYTES: Final = 512 * 1024 * 1024
_AGE: Final = 90 * 24 * 3600.0
_TEXTUAL: Final = ("text/", "application/")
"""Beginnings of the types that hold text; the others are pictures."""
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


class Answer(Struct, frozen=True, kw_only=True):
    """The result of an earlier run.

    Attributes:
        run: the run.
    """

    result: SessionResult
    run: KeptRun


class Answers:
    """The results that are kept for a project; several processes may use them at once."""

    def __init__(
        self, state: Path, key: bytes | None, world: World, trusted: Container[str] = ()
    ) -> None:
        """Looks at nothing yet.

        Args:
            state: the folder that holds the project's `.tangle`.
            key: signs what is kept.
            world: what is on disk now.
            trusted: the public keys whose runs elsewhere may answer.
        """
        self._cache = Cache(state / CACHE, KeptRuns, key=key)
        self._world = world
        self._trusted = trusted
        self._rewritten: set[str] = set()

    def answer(self, job: Job, keys: Keys) -> Answer | None:
        """Return the result that running the job would have, if it is known.

        Jobs are asked for in the order in which they are run. What one that is not answered has
        written it writes again, so no later one that read or wrote the same is answered.
        """
        count = len(job.cells)
        kept = self._cache.get(keys.base)
        if kept is None:
            return None
        if count and keys.answerable >= count:
            for run in _candidates(kept, keys, count):
                if self._is_trusted(run) and self._stands(kept, run.cells[:count], job.directory):
                    return Answer(result=_result(job, kept, run.cells[:count]), run=run)
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
        resolved = self._world.places.resolved
        paths = frozenset(resolved(read.path) for read in reads if read.what not in _NO_PATHS)
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
        cells = self._kept(list(_answerable(finished, keys)), keys, outputs, code)
        count = len(cells)
        if not cells:
            return
        if count == len(job.cells) and result.outcome == "passed":
            if result.late_seen.unseen:
                return  # such as what a program did that was started at the end
            cells[-1] = self._with_end(cells, result, outputs)
        run = KeptRun(
            module=keys.module,
            texts=keys.texts[:count],
            meanings=keys.meanings[:count],
            cells=tuple(cells),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.add(keys, KeptRuns(runs=(run,), outputs=outputs, code=code))

    def add(self, keys: Keys, kept: KeptRuns) -> None:
        """Keep a newer run beside those that are kept.

        Args:
            keys: of the job that was run.
            kept: the run, with what it names.
        """
        before = self._cache.get(keys.base)
        self._cache.put(keys.base, kept if before is None else kept.with_older(before))

    def would_answer(self, job: Job, keys: Keys, kept: KeptRuns) -> bool:
        """Whether a run of someone else answers a job here.

        Args:
            job: what would be run here.
            keys: its keys.
            kept: the run, the only one, with what it names.
        """
        count = len(job.cells)
        return keys.answerable >= count and any(
            self._is_trusted(run) and self._stands(kept, run.cells[:count], job.directory)
            for run in _candidates(kept, keys, count)
        )

    def runs(self, keys: Keys) -> KeptRuns | None:
        """Return all runs that are kept of a job's session, and of its first cells."""
        return self._cache.get(keys.base)

    def prune(self) -> None:
        """Drop what was not used for long, and the oldest beyond the cache's size."""
        self._cache.prune(_BYTES, _AGE)

    def _is_trusted(self, run: KeptRun) -> bool:
        return not run.signer or run.signer in self._trusted

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
            and all(world.fact_digest(fact) == known for fact, known in cell.machine)
        )

    def _kept(
        self,
        passed: Sequence[Result],
        keys: Keys,
        outputs: dict[str, Output],
        code: dict[str, str],
    ) -> list[KeptCell]:
        """The cells as they are kept; what they name is put into the two pools."""
        found: list[KeptCell] = []
        exact = False
        for index, result in enumerate(passed):
            end = result.end
            assert end is not None
            seen = end.seen
            texts = [
                text
                for shown in (result.outputs, *(revised.outputs for revised in end.revised))
                for text in _texts(shown)
            ]
            exact = exact or seen.own_text or tells_lines(texts)
            packages, files = self._world.origins(seen.modules)
            code_lists = [self._world.places.portable_code(each) for each in seen.code]
            own, *saved = keys.code(index)
            reached = [*saved, *self._own_modules(seen)]
            facts = shown_facts(own, reached, texts, self._world.places)
            found.append(
                KeptCell(
                    outputs=pooled(result.outputs, outputs),
                    seconds=result.seconds,
                    exact=exact,
                    packages=kept_versions(packages, texts),
                    code=self._stamped(code_lists, code),
                    machine=self._valued(facts),
                    end=replace(end, seen=self._portable(seen, files), revised=()),
                    revised=tuple((r.cell, pooled(r.outputs, outputs)) for r in end.revised),
                )
            )
        return found

    def _stamped(self, lists: Sequence[str], code: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """Lists of files, which go into the pool, with what the files are like."""
        digests = map(self._world.code_digest, lists)
        return tuple(zip(pooled(lists, code), digests, strict=True))

    def _valued(self, facts: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple((fact, self._world.fact_digest(fact)) for fact in sorted(facts))

    def _portable(self, seen: Seen, files: Sequence[ReadFile]) -> Seen:
        """What a cell learned and left, as it is kept.

        Variables that tangle sets for every worker are left out.
        """
        portable = self._world.places.portable_read
        reads = (r for r in seen.reads if r.what != "variable" or self._world.is_as_read(r))
        return replace(
            seen,
            reads=(*map(portable, reads), *files),
            wrote=tuple(map(portable, seen.wrote)),
            code=(),
        )

    def _own_modules(self, seen: Seen) -> Iterator[str]:
        """The text of the user's own modules that a cell imported."""
        for read in seen.reads:
            if read.what == "content" and read.digest and read.path.endswith(".py"):
                with contextlib.suppress(NotReadable):
                    yield read_bytes(Path(read.path)).decode("utf-8", "replace")

    def _with_end(
        self, cells: Sequence[KeptCell], result: SessionResult, outputs: dict[str, Output]
    ) -> KeptCell:
        """Return the last cell, changed so that replaying all cells gives exactly this result."""
        last, known = cells[-1], last_outputs(cells)
        finals = [pooled(final.outputs, outputs) for final in result.results]
        late = [index for index, names in enumerate(finals) if names != known[index]]
        texts = [text for index in late for text in _texts(result.results[index].outputs)]
        facts = shown_facts("", (), texts, self._world.places)
        end = replace(
            last.end,
            seconds=result.seconds,
            device=result.device,
            device_memory=result.device_memory,
            peak_memory=result.peak_memory,
            seen=_joined(last.end.seen, self._portable(result.late_seen, ()), result.versions),
        )
        return replace(
            last,
            end=end,
            exact=last.exact or tells_lines(texts),
            machine=tuple({**dict(last.machine), **dict(self._valued(facts))}.items()),
            revised=(*last.revised, *((index, finals[index]) for index in late)),
        )


def _answerable(finished: Sequence[Result], keys: Keys) -> Iterator[Result]:
    """The cells, from the first, that passed and that a cache may answer for."""
    for result in finished[: keys.answerable]:
        trace = result.end
        if result.outcome != "passed" or result.failure is not None:
            return  # one that may fail, and did, reports the reason again
        if trace is None or trace.seen.unseen:
            return
        yield result


def _candidates(kept: KeptRuns, keys: Keys, count: int) -> Iterator[KeptRun]:
    """The runs whose first cells were of the same code, the newest first."""
    for run in kept.runs:
        cells = run.cells[:count]
        if len(cells) < count:
            continue
        same = run.texts[count - 1] == keys.texts[-1]
        if not same and run.meanings[count - 1] != keys.meanings[-1]:
            continue
        if (same and run.module == keys.module) or not any(cell.exact for cell in cells):
            yield run


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


def _joined(seen: Seen, late: Seen, versions: tuple[tuple[str, str], ...]) -> Seen:
    """What the last cell read and wrote, and what did so at the session's end."""
    return replace(
        seen,
        reads=(*seen.reads, *late.reads),
        wrote=(*seen.wrote, *late.wrote),
        versions=versions,
    )


def _texts(outputs: Sequence[Output]) -> Iterator[str]:
    for output in outputs:
        if isinstance(output, MimeBundle):
            yield from (text for mime, text in output.data if mime.startswith(_TEXTUAL))
        else:
            yield output.text
