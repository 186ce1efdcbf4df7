"""Runs as they are put into a shared cache, and as they are taken over from there.

What only says that nothing was touched on one machine, such as inode numbers, stays behind; each
machine that takes over a run looks at its own files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from tangle.engine.file_identity import file_stamp, is_quiet
from tangle.model import ReadFile, Seen
from tangle.store import NotReadable, read_bytes
from tangle.verbs.results.cache_keys import Keys
from tangle.verbs.results.kept_runs import KeptCell, KeptRun, KeptRuns
from tangle.verbs.results.packages import is_of_device
from tangle.verbs.results.world import World

_WORD = re.compile(r"[^\W\d]\w*")


def to_share(kept: KeptRuns, keys: Keys, world: World) -> KeptRuns | None:
    """Return the newest run that passed whole, with what it names; None if there is none.

    Runs of other people are not shared again: their entries are there.

    Args:
        kept: the runs of a session.
        keys: of the job whose result is to be shared.
        world: what is on disk now.
    """
    count = len(keys.texts)
    if not 0 < count <= keys.answerable:
        return None
    for run in kept.runs:
        if not run.signer and len(run.cells) == count and run.meanings[-1] == keys.meanings[-1]:
            words = frozenset(_words(keys.codes)) | frozenset(_words(_modules(run, world)))
            cells = tuple(_stripped(cell, kept, words, world) for cell in run.cells)
            outputs = {name: kept.outputs[name] for name in run.outputs}
            code = {name: kept.code[name] for name in run.code}
            return KeptRuns(runs=(replace(run, cells=cells),), outputs=outputs, code=code)
    return None


def to_keep(kept: KeptRuns, world: World) -> KeptRuns | None:
    """Return a run of someone else as it is kept here; None if packages were edited here.

    Args:
        kept: the run, the only one, with what it names.
        world: what is on disk now.
    """
    (run,) = kept.runs
    known = {r.path for cell in run.cells for r in cell.end.seen.reads if r.what == "content"}
    edited = (path for name in run.code for path in world.edited(kept.code[name]))
    if not known.issuperset(edited):
        return None
    cells = tuple(_stamped(cell, kept, world) for cell in run.cells)
    return KeptRuns(runs=(replace(run, cells=cells),), outputs=kept.outputs, code=kept.code)


def _stripped(cell: KeptCell, kept: KeptRuns, words: frozenset[str], world: World) -> KeptCell:
    seen = cell.end.seen
    edited = {path for name, _ in cell.code for path in world.edited(kept.code[name])}
    reads = (replace(read, stamp="") for read in seen.reads if _counts(read, world))
    stripped = Seen(
        reads=(*reads, *(world.content(path) for path in sorted(edited))),
        wrote=tuple(replace(read, stamp="") for read in seen.wrote),
        modules=seen.modules,
        # A library does without many a package: that another machine has it does not count.
        missing=tuple(name for name in seen.missing if name in words and not is_of_device(name)),
        own_text=seen.own_text,
        versions=seen.versions,
    )
    code = tuple((name, "") for name, _ in cell.code)
    return replace(cell, code=code, end=replace(cell.end, seen=stripped))


def _stamped(cell: KeptCell, kept: KeptRuns, world: World) -> KeptCell:
    seen = cell.end.seen
    reads = tuple(_with_stamp(read, world) for read in seen.reads)
    code = tuple((name, world.code_digest(kept.code[name])) for name, _ in cell.code)
    return replace(cell, code=code, end=replace(cell.end, seen=replace(seen, reads=reads)))


def _with_stamp(read: ReadFile, world: World) -> ReadFile:
    """A file that is as it was read with the facts that show that it was not touched since."""
    if read.what != "content" or not read.digest:
        return read
    stamp = file_stamp(world.places.resolved(read.path))
    return replace(read, stamp=stamp) if is_quiet(stamp) and world.is_as_read(read) else read


def _counts(read: ReadFile, world: World) -> bool:
    """Whether a fact counts elsewhere: questions about the folder of Python itself do not."""
    if read.what in ("content", "variable", "module", "glob"):
        return True
    prefix = world.places.folders.get("prefix", "")
    path = world.places.resolved(read.path).rstrip(os.sep)
    return not (f"{prefix}{os.sep}".startswith(path + os.sep) or path.startswith(prefix + os.sep))


def _modules(run: KeptRun, world: World) -> Iterator[str]:
    """The text of the user's own modules that a run imported."""
    paths = {r.path for c in run.cells for r in c.end.seen.reads if r.path.endswith(".py")}
    for path in sorted(paths):
        try:
            yield read_bytes(Path(world.places.resolved(path))).decode("utf-8", "replace")
        except NotReadable:
            continue


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _WORD.findall(text)
