"""Compare a run's outputs with those in the notes."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse import PlannedChunk
from tangle.model import MimeType, Output, PagePath, Place, Result, SectionName
from tangle.store import ASSET_FOLDER, NotReadable, read_bytes
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import Difference
from tangle.verbs.results.judging import written
from tangle.verbs.results.kept_results import KeptDifference, check_kept
from tangle.write import (
    EXTENSIONS,
    OutputDifference,
    Shown,
    StoredOutput,
    Tolerance,
    Wanted,
    compare,
    in_note,
    in_run,
    match,
    rendered,
    stored_outputs,
)

_EXTENSION_TYPES = {extension: mime for mime, extension in EXTENSIONS.items()}


class _Standing(Struct, frozen=True, kw_only=True):
    """A stored output, and whether it matches the current code."""

    output: StoredOutput
    fresh: bool


def as_shown(project: Project, output: StoredOutput) -> Shown:
    """Return what a stored output shows, its figures read.

    Args:
        project: whose notes.
        output: in one of them.
    """
    return in_note(output.lines, partial(_asset, project))


def asset_type(name: str) -> MimeType:
    """Return the MIME type of a file in `assets/tangle/`, by the extension of its name."""
    return _EXTENSION_TYPES.get(name.rpartition(".")[2], MimeType("application/octet-stream"))


def _asset(project: Project, name: str) -> tuple[MimeType, bytes | None]:
    mime = asset_type(name)
    try:
        return mime, read_bytes(project.graph / ASSET_FOLDER / name)
    except NotReadable:
        return mime, None


class Verifier:
    """Compares results with the outputs in the notes, chunk by chunk."""

    def __init__(self, loaded: Notes) -> None:
        """Take the notes as they were when the run began."""
        self._loaded = loaded

    def differences(self, planned: PlannedChunk, result: Result) -> Iterator[Difference]:
        """Yield how the output of a chunk differs from the one in its note.

        A chunk that did not pass has none: its failure is reported instead.

        Args:
            planned: the chunk, out of the plan of the notes.
            result: what came of running it.
        """
        if result.outcome != "passed":
            return
        kept = check_kept(planned, result)
        for wrong in kept.differences:
            yield self._kept(planned, wrong)
        actual = self._seen(written(planned, result, kept))
        settings = planned.code.chunk.settings
        tolerance = Tolerance(rtol=settings.rtol, atol=settings.atol)
        standing = self._standing.get(_key(planned))
        if standing is None:
            if not actual.empty and not kept.differences:
                yield self._missing(planned, actual)
            return
        if kept.covered:  # the block repeats what the writer kept, which is no difference
            actual = self._seen(result.outputs)
        stored = as_shown(self._loaded.project, standing.output)
        found = compare(stored, actual, tolerance)
        if not standing.fresh:
            yield self._stale(planned, standing.output, found)
        else:
            for difference in found:
                yield self._differs(planned, standing.output, stored, difference)

    def _seen(self, outputs: tuple[Output, ...]) -> Shown:
        return in_run(rendered(outputs), self._loaded.config.block_limit)

    # --- what the notes hold ----------------------------------------------------------------------

    @cached_property
    def _standing(self) -> dict[tuple[PagePath, int, int, SectionName], _Standing]:
        """The stored output of each chunk that has one.

        It is the one with the chunk's digest; what is left of a block goes to what is left of its
        chunks, in order.
        """
        hosts: defaultdict[PagePath, defaultdict[int, list[PlannedChunk]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for session in self._loaded.plan.sessions:
            for planned in session.chunks:
                if planned.code.chunk.settings.run:
                    occurrence = planned.occurrence
                    hosts[occurrence.page][occurrence.host].append(planned)
        return {
            _key(planned): _Standing(
                output=output,
                fresh=output.code_digest == planned.digest[:12] and not output.failed,
            )
            for path, chunks in hosts.items()
            for planned, output in _matched(chunks, stored_outputs(self._loaded.pages[path]))
        }

    # --- reporting --------------------------------------------------------------------------------

    def _kept(self, planned: PlannedChunk, found: KeptDifference) -> Difference:
        said = found.difference
        made = self._difference(planned, "differs", found.place.line, said.message, said.diff)
        path = PagePath(self._loaded.project.shown(found.place.path))
        hint = "correct the code, or the kept result"
        return replace(made, place=replace(found.place, path=path), hint=hint)

    def _missing(self, planned: PlannedChunk, actual: Shown) -> Difference:
        what = "an output" if actual.lines else "a figure"
        return self._difference(
            planned,
            "missing",
            planned.code.chunk.line,
            f"the notes hold no output of this chunk, and it shows {what}",
            tuple(f"+{line}" for line in actual.lines),
        )

    def _stale(
        self, planned: PlannedChunk, output: StoredOutput, found: Sequence[OutputDifference]
    ) -> Difference:
        said = "; ".join(difference.message for difference in found) or "it says the same"
        message = f"the stored output is of older code: {said}"
        if output.failed:
            message = "the notes hold a failure of this chunk, and it passes now"
        diff = tuple(line for difference in found for line in difference.diff)
        return self._difference(planned, "stale", output.line, message, diff)

    def _differs(
        self, planned: PlannedChunk, output: StoredOutput, stored: Shown, found: OutputDifference
    ) -> Difference:
        line = output.line
        if found.line is not None and stored.rows:
            page = self._loaded.pages[planned.occurrence.page]
            line += page.data[output.head.start : output.head.end].count(b"\n") + 1
            # A line that this run alone has belongs below the last one.
            known = found.line < len(stored.rows)
            line += stored.rows[found.line] if known else stored.rows[-1] + 1
        return self._difference(planned, "differs", line, found.message, found.diff)

    def _difference(
        self,
        planned: PlannedChunk,
        kind: Literal["differs", "missing", "stale"],
        line: int,
        message: str,
        diff: tuple[str, ...],
    ) -> Difference:
        occurrence = planned.occurrence
        page = PagePath(self._loaded.project.shown(occurrence.page))
        run = f"tangle run {shlex.quote(occurrence.section)}"
        hint = f"if this run is right, have the notes say so: {run}"
        if kind == "differs" and diff:
            hint += "; if such a difference means nothing, set tangle.rtol or tangle.atol"
        return Difference(
            kind=kind,
            place=Place(path=page, line=line),
            section=occurrence.section,
            chunk=occurrence.chunk.line,
            message=message,
            hint=hint,
            diff=diff,
        )


def _key(planned: PlannedChunk) -> tuple[PagePath, int, int, SectionName]:
    occurrence = planned.occurrence
    return occurrence.page, occurrence.host, occurrence.order, occurrence.section


def _matched(
    hosts: Mapping[int, Sequence[PlannedChunk]], stored: Sequence[StoredOutput]
) -> Iterator[tuple[PlannedChunk, StoredOutput]]:
    wanted = {
        host: [Wanted(code_digest=planned.digest[:12]) for planned in chunks]
        for host, chunks in hosts.items()
    }
    matches = match(wanted, stored)
    for host, chunks in hosts.items():
        for planned, output in zip(chunks, matches.found[host], strict=True):
            if output is not None:
                yield planned, output
