"""Results of earlier runs, kept cell by cell, and whether they still stand for running again.

One document a session holds its last runs, so that an answer is one file to read:

    {"runs": [run, ...], "outputs": {digest: output, ...}, "code": {digest: files, ...}}

A run has, cell by cell, the two chains of keys (see `keys`) and what came of the cell: outputs by
their digest, since runs share most of them; what later cells changed in earlier ones' outputs; what
the cell read, wrote and loaded; how the session stood at its end. A run that failed has the cells
before the one that failed. The first cells of a run answer for a session that ends with them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tangle.engine import from_json, is_as_read, state_of, to_json
from tangle.model import (
    CellEnd,
    Job,
    MimeBundle,
    Output,
    ReadFile,
    Result,
    Revised,
    Seen,
    SessionResult,
)
from tangle.store import Cache, Installed, edit_stamp
from tangle.verbs.results.cache_keys import Keys, digest, tells_lines

CACHE: Final = ".tangle/cache"
_BYTES: Final = 512 * 1024 * 1024
_AGE: Final = 90 * 24 * 3600.0
_RUNS: Final = 8
"""How many runs of a session are kept: an edit that is taken back is answered, too."""
_NO_PATHS: Final = frozenset({"variable", "module"})
"""What is learned from other than one path."""
_RUN_BYTES: Final = 16 * 1024 * 1024
"""What the outputs of older runs may take beside those of the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCell:
    """What came of one cell.

    Attributes:
        outputs: as they were at the cell's end.
        exact: whether they, or those of a cell before, may tell lines of the code.
        packages: name and version of the distributions that were loaded first here; the module's
            name with an empty version where none has it.
        code: files of installed packages that were loaded, and what they were like (see `World`).
        trace: how the session stood; what it loaded is in `packages` and `code`.
    """

    outputs: tuple[Output, ...]
    seconds: float
    exact: bool
    packages: tuple[tuple[str, str], ...]
    code: tuple[tuple[str, str], ...]
    trace: CellEnd


@dataclass(slots=True, kw_only=True)
class World:
    """What is on disk now; everything is looked at once, as long as one command lasts."""

    installed: Installed = field(default_factory=Installed)
    _answers: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _local: dict[str, Installed] = field(default_factory=dict)
    _found: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)
    _stamps: dict[str, str] = field(default_factory=dict)
    _code: dict[str, str] = field(default_factory=dict)

    def is_as_read(self, read: ReadFile) -> bool:
        """Whether code that learned something would learn the same now."""
        key = (read.what, read.path, read.digest)
        if key not in self._answers:
            self._answers[key] = is_as_read(read)
        return self._answers[key]

    def code_digest(self, files: str) -> str:
        """What changes when somebody edits files of installed packages.

        Args:
            files: a folder and the files' paths below it, a line each.
        """
        if files not in self._code:
            folder, *paths = files.split("\n")
            stamps = [self._stamp(f"{folder}{os.sep}{path}") for path in paths]
            self._code[files] = digest("\n".join(stamps))
        return self._code[files]

    def _stamp(self, path: str) -> str:
        if path not in self._stamps:
            self._stamps[path] = edit_stamp(path)
        return self._stamps[path]

    def has_packages(self, packages: Sequence[tuple[str, str]]) -> bool:
        """Whether distributions are installed as they were."""
        versions = self.installed.versions
        return all(versions.get(name, "") == version for name, version in packages)

    def misses(self, modules: tuple[str, ...], directory: str) -> bool:
        """Whether none of these modules can be imported in a folder."""
        return not self._finds(directory, modules) and not self._finds("", modules)

    def origins(
        self, modules: Sequence[str]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[ReadFile, ...]]:
        """The distributions that modules are of, with versions, and the files of all others."""
        owners = self.installed.owners(modules)
        names = sorted({name for found in owners.values() for name in found})
        places = [self.installed.place(module) for module, found in owners.items() if not found]
        files = tuple(
            ReadFile(path=place, digest=state_of("content", place)) for place in places if place
        )
        return tuple((name, self.installed.versions[name]) for name in names), files

    def _finds(self, directory: str, modules: tuple[str, ...]) -> bool:
        """Whether a folder, or no folder but where packages are installed, has such a module."""
        key = (directory, modules)
        if key not in self._found:
            found = self._local_modules(directory) if directory else self.installed
            self._found[key] = any(map(found.has_module, modules))
        return self._found[key]

    def _local_modules(self, directory: str) -> Installed:
        if directory not in self._local:
            given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
            own = (folder for folder in given if folder and "-packages" not in folder)
            self._local[directory] = Installed([directory, *own])
        return self._local[directory]


def has_answers(state: Path) -> bool:
    """Whether results of earlier runs are kept, so that there may be nothing to run."""
    return (state / CACHE).is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReads:
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

    def __init__(self, cache: Cache, world: World) -> None:
        """Looks at nothing yet."""
        self._cache = cache
        self._world = world
        self._rewritten: set[str] = set()

    def answer(self, job: Job, keys: Keys) -> SessionResult | None:
        """What running the job would come to, if that is known.

        Jobs are asked for in the order in which they are run. What one that is not answered has
        written it writes again, so no later one that read or wrote the same is answered.
        """
        count = len(job.cells)
        document = self._cache.get(keys.base) or {"runs": []}
        try:
            if count and keys.answerable >= count:
                for cells in _candidates(document, keys, count):
                    if self._stands(cells, job.directory):
                        return _result(job, cells)
            self._rewritten.update(_written(document))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None  # whole, but none of ours
        return None

    def last_reads(self, job: Job, keys: Keys) -> LastReads | None:
        """What the run that is known of most of the job's code read, the newest of several.

        None where no run of it is known.
        """
        document = self._cache.get(keys.base)
        try:
            known = [_known_cells(run, keys) for run in (document or {"runs": []})["runs"]]
            cells = max(known, key=len, default=[])
            reads = [read for cell in cells for read in cell[-1]["reads"]]
            paths = [path for path, _, _, what in reads if what not in _NO_PATHS]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None  # whole, but none of ours
        unknown = len(job.cells) - len(cells)
        return LastReads(paths=frozenset(paths), unknown=unknown) if cells else None

    def keep(self, job: Job, keys: Keys, finished: Sequence[Result], result: SessionResult) -> None:
        """Keep what passed of a run.

        Args:
            job: what was run.
            keys: its keys.
            finished: the result of each cell as it was at the cell's own end.
            result: what the session came to.
        """
        kept = self._kept(list(_answerable(finished, keys)))
        if not kept:
            return
        if len(kept) == len(job.cells) and result.outcome == "passed":
            if result.late_seen.unseen:
                return  # such as what a program did that was started at the end
            kept[-1] = _with_end(kept, result)
        document = _with_run(self._cache.get(keys.base), _encoded(kept, keys))
        self._cache.put(keys.base, document)

    def prune(self) -> None:
        """Drop what was not used for long, and the oldest beyond the cache's size."""
        self._cache.prune(_BYTES, _AGE)

    def _stands(self, cells: Sequence[KeptCell], directory: str) -> bool:
        """Whether cells would find all as it was, and what they left is still there."""
        left = {read.path: read for cell in cells for read in cell.trace.seen.wrote}
        return all(self._finds_all(cell, directory) for cell in cells) and all(
            self._world.is_as_read(read) and read.path not in self._rewritten
            for read in left.values()
        )

    def _finds_all(self, cell: KeptCell, directory: str) -> bool:
        world, seen = self._world, cell.trace.seen
        return (
            world.has_packages(cell.packages)
            and world.misses(seen.missing, directory)
            and all(read.path not in self._rewritten for read in seen.reads)
            and all(map(world.is_as_read, seen.reads))
            and all(world.code_digest(files) == known for files, known in cell.code)
        )

    def _kept(self, passed: Sequence[Result]) -> list[KeptCell]:
        found: list[KeptCell] = []
        exact = False
        for result in passed:
            trace = result.end
            assert trace is not None
            shown = [result.outputs, *(revised.outputs for revised in trace.revised)]
            exact = exact or trace.seen.own_text or any(tells_lines(_texts(s)) for s in shown)
            packages, files = self._world.origins(trace.seen.modules)
            found.append(
                KeptCell(
                    outputs=result.outputs,
                    seconds=result.seconds,
                    exact=exact,
                    packages=packages,
                    code=tuple((f, self._world.code_digest(f)) for f in trace.seen.code),
                    trace=replace(
                        trace,
                        seen=replace(trace.seen, reads=(*self._own_facts(trace.seen), *files)),
                    ),
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
            return  # one that may fail, and did, tells why anew
        if trace is None or trace.seen.unseen:
            return
        yield result


# --- from cells to a result and back --------------------------------------------------------------


def _result(job: Job, cells: Sequence[KeptCell]) -> SessionResult:
    """What a session came to that ended with these cells."""
    end = cells[-1].trace
    outputs = _outputs(cells)
    return SessionResult(
        section=job.section,
        outcome="passed",
        results=tuple(
            Result(outcome="passed", outputs=shown, failure=None, seconds=cell.seconds)
            for cell, shown in zip(cells, outputs, strict=True)
        ),
        seconds=end.seconds,
        device=end.device,
        peak_memory=end.peak_memory,
        device_memory=end.device_memory,
        versions=end.seen.versions,
    )


def _outputs(cells: Sequence[KeptCell]) -> list[tuple[Output, ...]]:
    """The outputs of cells, as the last of them left them."""
    found: list[tuple[Output, ...]] = []
    for cell in cells:
        found.append(cell.outputs)
        for revised in cell.trace.revised:
            found[revised.cell] = revised.outputs
    return found


def _with_end(cells: Sequence[KeptCell], result: SessionResult) -> KeptCell:
    """The last cell, so that replaying all of them comes to just this result."""
    last = cells[-1]
    told = _outputs(cells)
    late = tuple(
        Revised(cell=index, outputs=final.outputs)
        for index, final in enumerate(result.results)
        if final.outputs != told[index]
    )
    end = replace(
        last.trace,
        seconds=result.seconds,
        device=result.device,
        device_memory=result.device_memory,
        peak_memory=result.peak_memory,
        revised=(*last.trace.revised, *late),
        seen=_joined(last.trace.seen, result),
    )
    exact = last.exact or any(tells_lines(_texts(revised.outputs)) for revised in late)
    return replace(last, trace=end, exact=exact)


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


# --- as JSON --------------------------------------------------------------------------------------


def _encoded(cells: Sequence[KeptCell], keys: Keys) -> dict[str, Any]:
    """A document with one run."""
    outputs: dict[str, Any] = {}
    code: dict[str, Any] = {}
    count = len(cells)
    run = {
        "module": keys.module,
        "texts": list(keys.texts[:count]),
        "meanings": list(keys.meanings[:count]),
        "cells": [_flat(cell, outputs, code) for cell in cells],
    }
    return {"runs": [run], "outputs": outputs, "code": code}


def _with_run(before: Mapping[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """The document with a run more; the oldest go where their outputs take too much."""
    try:
        olds = [
            (old, _shown(old, before or {}), _code(old, before or {}))
            for old in (before or {}).get("runs", ())
        ]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        olds = []  # whole, but none of ours
    size = 0
    for old, outputs, code in olds:
        more = {name: output for name, output in outputs.items() if name not in new["outputs"]}
        size += sum(len(json.dumps(output)) for output in more.values())
        if size > _RUN_BYTES or len(new["runs"]) >= _RUNS:
            break
        if not _covers(new["runs"][0], old):
            new["runs"].append(old)
            new["outputs"].update(more)
            new["code"].update(code)
    return new


def _shown(run: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that a run has, by their digest."""
    names = [
        name
        for shown, _, _, _, _, _, revised, _ in run["cells"]
        for found in (shown, *(new for _, new in revised))
        for name in found
    ]
    return {name: document["outputs"][name] for name in names}


def _code(run: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of packages' files that a run has, by their digest."""
    names = [files for cell in run["cells"] for files, _ in cell[4]]
    return {name: document["code"][name] for name in names}


def _covers(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether a run has all that an older one has: the same code, and files as they were."""
    count = len(old["cells"])
    if len(new["cells"]) < count or new["texts"][count - 1] != old["texts"][count - 1]:
        return False
    reads = [
        [[(*read[:2], read[3]) for read in cell[-1]["reads"]] for cell in run["cells"][:count]]
        for run in (new, old)
    ]
    return new["module"] == old["module"] and reads[0] == reads[1]


def _flat(cell: KeptCell, outputs: dict[str, Any], code: dict[str, Any]) -> list[Any]:
    trace = cell.trace
    seen = trace.seen
    return [
        _put(cell.outputs, outputs),
        cell.seconds,
        cell.exact,
        [list(package) for package in cell.packages],
        [[_pooled(files, code), known] for files, known in cell.code],
        [trace.seconds, trace.device, trace.device_memory, trace.peak_memory],
        [[revised.cell, _put(revised.outputs, outputs)] for revised in trace.revised],
        {
            "reads": [[read.path, read.digest, read.stamp, read.what] for read in seen.reads],
            "wrote": [[read.path, read.digest] for read in seen.wrote],
            "modules": list(seen.modules),
            "missing": list(seen.missing),
            "versions": [list(version) for version in seen.versions],
        },
    ]


def _put(found: Sequence[Output], outputs: dict[str, Any]) -> list[str]:
    return [_pooled(to_json(output), outputs) for output in found]


def _pooled(data: Any, pool: dict[str, Any]) -> str:
    """The digest under which something is kept once for all runs."""
    name = digest(json.dumps(data, sort_keys=True))
    pool[name] = data
    return name


def _candidates(
    document: Mapping[str, Any], keys: Keys, count: int
) -> Iterator[tuple[KeptCell, ...]]:
    """The first cells of each run that was of the same code, the newest first.

    Raises:
        KeyError, TypeError, ValueError, IndexError, AttributeError: the document is none of ours.
    """
    for run in document["runs"]:
        flat = run["cells"][:count]
        if len(flat) < count:
            continue
        same = run["texts"][count - 1] == keys.texts[-1]
        if not same and run["meanings"][count - 1] != keys.meanings[-1]:
            continue
        if (same and run["module"] == keys.module) or not any(cell[2] for cell in flat):
            yield tuple(_unflat(cell, at, document) for at, cell in enumerate(flat))


def _written(document: Mapping[str, Any]) -> Iterator[str]:
    """All that the runs of a session have written."""
    for run in document["runs"]:
        for cell in run["cells"]:
            yield from (path for path, _ in cell[-1]["wrote"])


def _known_cells(run: Mapping[str, Any], keys: Keys) -> list[Any]:
    """The cells of a run, from the first, that were of the same code."""
    for count in range(min(len(run["cells"]), len(keys.texts)), 0, -1):
        same = run["texts"][count - 1] == keys.texts[count - 1]
        if same or run["meanings"][count - 1] == keys.meanings[count - 1]:
            return list(run["cells"][:count])
    return []


def _unflat(flat: Sequence[Any], index: int, document: Mapping[str, Any]) -> KeptCell:
    outputs = document["outputs"]
    shown, seconds, exact, packages, code, standing, revised, seen = flat
    since, device, device_memory, peak_memory = standing
    if any(not 0 <= at < index for at, _ in revised if at != index):
        raise ValueError("a cell revises earlier ones")
    trace = CellEnd(
        seen=Seen(
            reads=tuple(
                ReadFile(path=p, digest=d, stamp=s, what=w) for p, d, s, w in seen["reads"]
            ),
            wrote=tuple(ReadFile(path=p, digest=d, what="left") for p, d in seen["wrote"]),
            modules=tuple(seen["modules"]),
            missing=tuple(seen["missing"]),
            versions=from_json(tuple[tuple[str, str], ...], seen["versions"]),
        ),
        seconds=from_json(float, since),
        device=from_json(str, device),
        device_memory=from_json(int, device_memory),
        peak_memory=from_json(int, peak_memory),
        revised=tuple(Revised(cell=at, outputs=_take(new, outputs)) for at, new in revised),
    )
    return KeptCell(
        outputs=_take(shown, outputs),
        seconds=from_json(float, seconds),
        exact=bool(exact),
        packages=tuple((name, version) for name, version in packages),
        code=tuple((str(document["code"][files]), known) for files, known in code),
        trace=trace,
    )


def _take(names: Sequence[str], outputs: Mapping[str, Any]) -> tuple[Output, ...]:
    return tuple(from_json(Output, outputs[name]) for name in names)
