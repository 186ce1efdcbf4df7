"""Write edits of generated files into the chunks that the lines came from."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tangle.errors import UsageError
from tangle.model import PagePath, Place
from tangle.notes import pages, units
from tangle.store import Changed, InUse, read_bytes
from tangle.store import replace as replace_file
from tangle.verbs.addresses import BlockOf, LineOf, readings
from tangle.verbs.build import build
from tangle.verbs.generated import generated, held
from tangle.verbs.last_build import LastBuild, text_in
from tangle.verbs.lookup import page_called
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import BuildReport
from tangle.verbs.selection import find_row
from tangle.verbs.sync.edited_files import EditedFile, FileEdit, Key, Refusal, edited_files
from tangle.verbs.sync.places import fence_of
from tangle.verbs.write_back.rewriting import rewritten
from tangle.write import CodeEdit, Entangled, with_code

Side = Literal["notes", "code"]
Change = Literal["edited", "added", "removed", "moved"]

_ENTANGLED: Final = "Logseq would read the page in another way then; change the notes there"
_TORN: Final = "another generated file has a different edit of these lines; undo one of them"


class NothingToDecide(UsageError):
    """There is no conflict where one was to be decided."""

    def __init__(self, what: str) -> None:
        """Say where."""
        super().__init__(f"{what}: no conflict there; `tangle sync` lists the conflicts")


class NotTaken(UsageError):
    """A side was named, but no chunk."""

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("--take: name the chunk too, as the conflict does: PAGE:LINE")


class Moved(Struct, frozen=True, kw_only=True):
    """A chunk that got edits, or would get them.

    Attributes:
        place: of its fence, the path as messages name it.
        lines: how many lines of generated files are in the edits.
        files: the generated files, relative to the output folder.
        what: what was done to the lines: `edited`; those of a notebook's cell may be `added`,
            `removed` or `moved`.
    """

    place: Place
    lines: int
    files: tuple[str, ...]
    what: Change = "edited"


class Conflict(Struct, frozen=True, kw_only=True):
    """A chunk that was changed in the notes and in a generated file.

    Attributes:
        place: of its fence, the path as messages name it.
        files: the generated files with the line of each edit.
        diff: both sides as a unified diff.
        why: what both sides did, if the diff does not say it.
    """

    place: Place
    files: tuple[tuple[str, int], ...]
    diff: str
    why: str = ""


class SyncReport(Struct, frozen=True, kw_only=True):
    """What was done, or would be.

    Attributes:
        moved: the chunks that got edits.
        dropped: the chunks whose edits gave way to the notes.
        diff: the changes of the notes as a unified diff.
        build: what was generated then; None if edits are left, or nothing was written.
        notices: edits that a notebook will show in another form when it is exported again.
        pages: those that were changed, relative to the graph.
    """

    moved: tuple[Moved, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    dropped: tuple[Place, ...]
    diff: str
    build: BuildReport | None = None
    notices: tuple[Refusal, ...] = ()
    pages: tuple[PagePath, ...] = ()

    @property
    def left(self) -> bool:
        """Whether edits stay where they are."""
        return bool(self.conflicts or self.refusals)

    @property
    def settles(self) -> bool:
        """Whether an edit is in the notes now, or was dropped, or none is left."""
        return bool(self.moved or self.dropped) or not self.left


def sync(
    project: Project,
    what: str = "",
    *,
    take: Side | None = None,
    write: bool = True,
    hold: Callable[[PagePath], str | None] = lambda _: None,
) -> SyncReport:
    """Bring edits of generated files into the notes, chunk by chunk.

    A chunk that both sides changed at the same lines gets none of its edits.

    Args:
        project: whose files.
        what: the chunk or section that counts; all if empty.
        take: the side that decides the conflicts of `what`.
        write: whether to change anything; otherwise only report.
        hold: why a page must not be replaced now, as said of it; None if it may.

    Raises:
        InUse: a page is held; nothing was written.
        NothingToDecide: there is no conflict in `what`.
        NotTaken: a side is named without `what`.
        Changed: a page or file was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    if take is not None and not what:
        raise NotTaken
    notes = read_notes(project)
    project = notes.named_project
    made = generated(notes)
    files = tuple(edited_files(notes, {**made, **held(project, made, notes.unread)}))
    work = Work(notes, files, chosen(notes, what), take)
    if take is not None and not work.decided:
        raise NothingToDecide(what)
    changed, refused = work.pages()
    report = replace(work.report(changed, refused), pages=tuple(changed) if write else ())
    if not write:
        return report
    _check_held(project, changed, hold)
    if changed or work.decided:
        with rewritten(project, changed, notes.sources.data):
            if take == "notes":
                _restore(project, work)
            _advance(project, files, work.flowed(refused))
    if report.left or work.others:
        return report
    return replace(report, build=build(project) if files else None)


def _check_held(
    project: Project, paths: Iterable[PagePath], hold: Callable[[PagePath], str | None]
) -> None:
    for path in paths:
        if (why := hold(path)) is not None:
            raise InUse(project.graph / path, why)


def chosen(notes: Notes, what: str) -> Callable[[Key], bool]:
    """Return whether a chunk is meant by an argument.

    Args:
        notes: the notes.
        what: `Page:LINE`, `((id))`, or a section; all chunks if it is empty.
    """
    if not what:
        return lambda _: True
    for address in readings(what, notes.config):
        if isinstance(address, LineOf) and (path := page_called(notes, address.page)) is not None:
            fence = fence_of(notes.pages[path], address.line)
            line = address.line if fence is None else fence.line
            return lambda key: key == Key(path=path, line=line)
        if isinstance(address, BlockOf) and (found := pages.block_of(notes.core, address.uuid)):
            page, block = found[0], found[1].block
            lines = {fence.line for fence in notes.pages[page].fences if fence.block == block}
            return lambda key: key.path == page and key.line in lines
    session = units.session(notes.core, notes.places[find_row(notes, what).name])
    places = [line.place for planned in session.chunks for line in planned.code.chunk.lines]
    fences = ((place.path, fence_of(notes.pages[place.path], place.line)) for place in places)
    keys = {Key(path=path, line=fence.line) for path, fence in fences if fence is not None}
    return keys.__contains__


class Work:
    """Edits by chunk, and what happens to each."""

    def __init__(
        self,
        notes: Notes,
        files: Sequence[EditedFile],
        chosen: Callable[[Key], bool],
        take: Side | None,
    ) -> None:
        self._notes = notes
        self.files = files
        edits: defaultdict[Key, list[FileEdit]] = defaultdict(list)
        for file in files:
            for edit in file.edits:
                edits[edit.chunk].append(edit)
        self.others = any(not chosen(key) for key in edits)
        self._edits = {key: found for key, found in sorted(edits.items()) if chosen(key)}
        self._take = take
        self._torn = {key for key, found in self._edits.items() if _disagree(found)}
        self._fought = {
            key
            for key, found in self._edits.items()
            if key in self._torn or any(edit.conflict for edit in found)
        }
        self.decided = tuple(sorted(self._fought)) if take is not None else ()
        self._open = frozenset() if take is not None else frozenset(self._fought)

    def pages(self) -> tuple[Mapping[PagePath, bytes], frozenset[Key]]:
        """Return the new bytes of pages, and the chunks whose pages would be read differently."""
        keys: defaultdict[PagePath, list[Key]] = defaultdict(list)
        for key in self._edits:
            if key not in self._open and self._flowing(key):
                keys[key.path].append(key)
        found: dict[PagePath, bytes] = {}
        refused: set[Key] = set()
        for path, own in keys.items():
            page = self._notes.pages[path]
            good = []
            for key in own:
                try:
                    with_code(page, self._code_edits([key]))
                    good.append(key)
                except (Entangled, ValueError):
                    refused.add(key)
            if good:
                found[path] = with_code(page, self._code_edits(good))
        return found, frozenset(refused)

    def _flowing(self, key: Key) -> list[FileEdit]:
        if self._take != "notes":
            return self._edits[key]
        return [edit for edit in self._edits[key] if not self._gives_way(key, edit)]

    def _gives_way(self, key: Key, edit: FileEdit) -> bool:
        return edit.conflict or key in self._torn

    def _code_edits(self, keys: Sequence[Key]) -> tuple[CodeEdit, ...]:
        found = (edit.edit for key in keys for edit in self._flowing(key) if edit.edit)
        return tuple(dict.fromkeys(found))

    def flowed(self, refused: frozenset[Key]) -> frozenset[FileEdit]:
        """Return the edits that the notes have now."""
        keys = (key for key in self._edits if key not in self._open and key not in refused)
        return frozenset(edit for key in keys for edit in self._flowing(key) if edit.edit)

    def restored(self) -> Iterator[FileEdit]:
        """Yield the edits that give way to the notes."""
        for key in self.decided:
            yield from (edit for edit in self._edits[key] if self._gives_way(key, edit))

    def report(self, changed: Mapping[PagePath, bytes], refused: frozenset[Key]) -> SyncReport:
        """Return what is done, where the pages that are `changed` are written."""
        project = self._notes.project
        moved = []
        refusals = [each for file in self.files for each in file.unplaced]
        for key, edits in self._edits.items():
            if key in self._open:
                continue
            whole = _TORN if key in self._torn else _ENTANGLED
            for edit in edits:
                why = edit.why or (whole if key in refused else "")
                if why:
                    refusals.append(Refusal(file=edit.file, at=edit.at, why=why))
            flowing = [each for each in self._flowing(key) if each.edit is not None]
            if flowing and key not in refused:
                moved.append(
                    Moved(
                        place=self._place(key),
                        lines=sum(max(len(each.code), len(each.note)) for each in flowing),
                        files=tuple(dict.fromkeys(each.file for each in flowing)),
                    )
                )
        diff = "".join(
            page_diff(project.shown(path), self._notes.sources.data[path], data)
            for path, data in changed.items()
        )
        return SyncReport(
            moved=tuple(moved),
            conflicts=tuple(self._conflict(key) for key in sorted(self._open)),
            refusals=tuple(sorted(refusals, key=lambda each: (each.file, each.at))),
            dropped=tuple(map(self._place, self.decided)) if self._take == "notes" else (),
            diff=diff,
        )

    def _place(self, key: Key) -> Place:
        return place_of(self._notes.project, key)

    def _conflict(self, key: Key) -> Conflict:
        place = self._place(key)
        edits = self._edits[key]
        parts = [
            sides_diff(place, f"{edit.file}:{edit.at}", edit.note, edit.code) for edit in edits
        ]
        return Conflict(
            place=place,
            files=tuple((edit.file, edit.at) for edit in edits),
            diff="".join(parts),
        )


def _disagree(edits: Sequence[FileEdit]) -> bool:
    """Whether two files have different edits of the same lines."""
    spans = sorted({(e.edit.first, e.edit.last, e.edit.lines) for e in edits if e.edit})
    return any(
        one[1] > two[0] or (one[0], one[1]) == (two[0], two[1]) for one, two in pairwise(spans)
    )


def _advance(project: Project, files: Sequence[EditedFile], flowed: frozenset[FileEdit]) -> None:
    """Count edits that the notes have as generated, so that the next comparison begins there."""
    last = LastBuild(project)
    texts = dict(last.texts())
    for file in files:
        if flowed.issuperset(file.edits) and not file.unplaced:
            texts[file.name] = file.text  # what both sides did in the same way, too
        elif flowed.intersection(file.edits):
            texts[file.name] = with_edits(file, flowed)
    last.keep(texts)


def with_edits(file: EditedFile, edits: frozenset[FileEdit]) -> str:
    """Return what was generated last, with some edits of the file in it.

    Args:
        file: the file.
        edits: those that count as generated from now on.
    """
    lines = list(file.base)
    for edit in reversed([edit for edit in file.edits if edit in edits]):
        lines[slice(*edit.change.base)] = edit.code
    return "".join(f"{line}\n" for line in lines)


def _restore(project: Project, work: Work) -> None:
    """Put what the notes have into files, where they decide."""
    edits: defaultdict[str, list[FileEdit]] = defaultdict(list)
    for edit in work.restored():
        edits[edit.file].append(edit)
    for file in work.files:
        if not edits[file.name]:
            continue
        path = project.output / file.name
        before = read_bytes(path)
        if text_in(path, before) != file.text:
            raise Changed(path)
        lines = file.text.split("\n")
        for edit in reversed(edits[file.name]):
            lines[slice(*edit.change.theirs)] = edit.note
        replace_file(path, "\n".join(lines).encode(), expected=before, root=project.output)


def page_diff(name: str, before: bytes, after: bytes) -> str:
    """Return the changes of a page as a unified diff.

    Args:
        name: of the page.
        before: its bytes.
        after: its new bytes.
    """
    old, new = (data.decode("utf-8").split("\n") for data in (before, after))
    return _unified(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))


def place_of(project: Project, key: Key) -> Place:
    """Return the place of a chunk as messages name it.

    Args:
        project: whose chunk.
        key: of the chunk.
    """
    return Place(path=PagePath(project.shown(key.path)), line=key.line)


def sides_diff(place: Place, file: str, note: Sequence[str], code: Sequence[str]) -> str:
    """Return both sides of a conflict as a unified diff.

    Args:
        place: in the notes.
        file: where the other side is, as messages name it.
        note: the lines of the notes.
        code: those of the other side.
    """
    name = f"{place.path}:{place.line}"
    return _unified(difflib.unified_diff(note, code, name, file, n=1, lineterm=""))


def _unified(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
