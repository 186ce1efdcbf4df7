"""Find what was edited in generated files, and the lines of the notes that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import PagePath
from tangle.verbs.last_build import LastBuild, text_of
from tangle.verbs.notes import Notes
from tangle.verbs.sync.places import GeneratedLine, LineOfNotes, Places
from tangle.write import Change, CodeEdit, three_way

_CELL: Final = "# %%"
FRAME: Final = "this line is tangle's; change the notes that it is made from, or undo the edit"
_SUPPLIED: Final = "tangle supplied this import; write it into a chunk of the section instead"
REWORKED: Final = "this line has another form in the notes; change it there, and undo the edit"
NEW_CELL: Final = "a new cell has no place in the notes; write it as a chunk there"
ABOVE: Final = "the notes have no code at this place; write it into a chunk"
_SEVERAL: Final = "this edit reaches over code of several chunks; make an edit in each"
OUTSIDE: Final = "tangle indents or comments this chunk; lay out the new lines like those around"
_GONE: Final = "the notes have no code for this file any more; copy the edit, then remove the file"


class Key(Struct, frozen=True, kw_only=True, order=True):
    """A chunk, by the line of its fence."""

    path: PagePath
    line: int


class FileEdit(Struct, frozen=True, kw_only=True):
    """An edit of a generated file that has a place in the notes.

    Attributes:
        file: path of the file in the output folder.
        at: number of its first line there.
        edit: what the chunk's page gets; None if that cannot be said.
        why: then, the reason.
        note: what the notes have there.
        code: what the file has there.
        conflict: whether the notes were changed there as well.
        change: where it is in the texts that were compared.
    """

    chunk: Key
    file: str
    at: int
    edit: CodeEdit | None
    why: str
    note: tuple[str, ...]
    code: tuple[str, ...]
    conflict: bool
    change: Change


class Refusal(Struct, frozen=True, kw_only=True):
    """An edit of a generated file that stays where it is: no chunk can take it.

    Attributes:
        file: path of the file in the output folder.
        at: number of its first line there.
        why: what is wrong, and the way out.
    """

    file: str
    at: int
    why: str


class EditedFile(Struct, frozen=True, kw_only=True):
    """A generated file that was edited.

    Attributes:
        text: as it is on disk.
        base: the lines that were generated last.
    """

    name: str
    text: str
    base: tuple[str, ...]
    edits: tuple[FileEdit, ...]
    unplaced: tuple[Refusal, ...]


def edited_files(
    notes: Notes, wanted: Mapping[str, str], names: Sequence[str] | None = None
) -> Iterator[EditedFile]:
    """Yield the generated files with edits that the notes do not have.

    A file counts as edited if it is not what was generated last, nor what would be generated now.

    Args:
        notes: as they are now.
        wanted: the files that they generate.
        names: the files to look at; all without it.
    """
    project = notes.named_project
    last = LastBuild(project)
    before, coming = last.texts(), last.coming()
    places: Places | None = None
    for name in sorted({*wanted, *before}) if names is None else names:
        text = text_of(project, name)
        known = before.get(name)
        if text is None or text in (known, coming.get(name), wanted.get(name)):
            continue
        if name not in wanted:
            if known is not None:
                why = Refusal(file=name, at=1, why=_GONE)
                yield EditedFile(name=name, text=text, base=(), edits=(), unplaced=(why,))
            continue
        places = places or Places(notes)
        found = compared(places.lines(name, wanted[name]), name, known, text)
        if found.edits or found.unplaced:
            yield found


def compared(now: Sequence[GeneratedLine], name: str, base: str | None, text: str) -> EditedFile:
    """Return a file with its edits.

    Args:
        now: its lines, as they would be generated.
        name: of the file.
        base: its text when it was generated last; None if that is not known.
        text: its text.
    """
    return _Compared(now, name, base, text).file()


class _Compared:
    """A generated file beside what was generated last, and what would be generated now."""

    def __init__(
        self, now: Sequence[GeneratedLine], name: str, base: str | None, text: str
    ) -> None:
        self._now = now
        self._name = name
        self._text = text
        self._theirs = text.split("\n")[:-1]
        ours = [line.text for line in now]
        self._known = base is not None
        self._base = ours if base is None else base.split("\n")[:-1]
        self._changes = three_way(self._base, ours, self._theirs)

    def file(self) -> EditedFile:
        """Return the file with its edits."""
        edits: list[FileEdit] = []
        unplaced: list[Refusal] = []
        for change in self._changes:
            if change.kind not in ("theirs", "conflict") or self._is_layout(change):
                continue
            found = self._placed(change)
            if isinstance(found, Refusal):
                unplaced.append(found)
            else:
                edits.append(found)
        return EditedFile(
            name=self._name,
            text=self._text,
            base=tuple(self._base),
            edits=tuple(edits),
            unplaced=tuple(unplaced),
        )

    def _is_layout(self, change: Change) -> bool:
        """Whether only blank lines between tangle's own came or went."""
        lines = self._now[slice(*change.ours)]
        texts = [line.text for line in lines] + self._theirs[slice(*change.theirs)]
        if any(text.strip() for text in texts) or any(line.own for line in lines):
            return False
        near = self._now[max(change.ours[0] - 1, 0) : change.ours[1] + 1]
        return not any(line.own for line in near)

    def _placed(self, change: Change) -> FileEdit | Refusal:
        start, end = change.ours
        new = self._theirs[slice(*change.theirs)]
        if start == end:
            start, new = self._slid(start, new)
            end = start
        target = self._target(start, end, new)
        if isinstance(target, str):
            return Refusal(file=self._name, at=change.theirs[0] + 1, why=target)
        first, count = target
        lines = self._in_notes(start, end, new, first)
        edit = None
        if not isinstance(lines, str):
            edit = CodeEdit(first=first.line, last=first.line + count, lines=lines)
        return FileEdit(
            chunk=Key(path=first.path, line=first.fence),
            file=self._name,
            at=change.theirs[0] + 1,
            edit=edit,
            why=lines if isinstance(lines, str) else "",
            note=tuple(line.text for line in self._now[slice(*change.ours)]),
            code=tuple(self._theirs[slice(*change.theirs)]),
            conflict=change.kind == "conflict" or not self._known,
            change=change,
        )

    def _slid(self, at: int, new: list[str]) -> tuple[int, list[str]]:
        """An insertion moved next to a chunk's line, where the text that comes out is the same."""
        place, block = at, list(new)
        while place and not self._own(place - 1) and block[-1:] == [self._now[place - 1].text]:
            block, place = [block[-1], *block[:-1]], place - 1
        if self._own(place - 1):
            return place, block
        if self._own(at):
            return at, new
        # A person who adds to the end of a cell leaves a blank line before it, or behind.
        ends = at == len(self._now) or self._now[at].text.startswith(_CELL)
        if ends and at > 1 and not self._now[at - 1].text and self._own(at - 2):
            while len(new) > 1 and not new[-1].strip():
                new = new[:-1]
            return at - 1, ["", *new]
        return at, new

    def _own(self, at: int) -> LineOfNotes | None:
        return self._now[at].own if 0 <= at < len(self._now) else None

    def _target(self, start: int, end: int, new: Sequence[str]) -> tuple[LineOfNotes, int] | str:
        """The first line of the notes that an edit replaces, and how many; or why there is none."""
        if start == end:
            cell = any(line.startswith(_CELL) for line in new)
            return NEW_CELL if cell else self._inserted(start)
        lines = self._now[start:end]
        owns = [line.own for line in lines if line.own is not None]
        if len(owns) < len(lines):
            return _of_tangle(lines)
        first = owns[0]
        follow = [(own.path, own.fence, own.line) for own in owns]
        if follow != [(first.path, first.fence, first.line + row) for row in range(len(owns))]:
            return _SEVERAL
        return first, len(owns)

    def _inserted(self, at: int) -> tuple[LineOfNotes, int] | str:
        """The line of the notes before which lines are inserted, or why there is none."""
        if (own := self._own(at - 1)) is not None:
            return replace(own, line=own.line + 1), 0
        own = self._own(at)
        return ABOVE if own is None else (own, 0)

    def _in_notes(
        self, start: int, end: int, new: Sequence[str], first: LineOfNotes
    ) -> tuple[str, ...] | str:
        """Lines as the page has them, or why it cannot have them."""
        like = sorted(
            (
                (abs(at - start), own)
                for at, line in enumerate(self._now)
                if (own := line.own) is not None
                and not own.blank
                and (own.path, own.fence) == (first.path, first.fence)
            ),
            key=lambda entry: entry[0],
        )
        plain = [own for _, own in like if not own.lead.strip()]
        around = plain or [own for _, own in like] or [first]
        found: list[str] = []
        for row, text in enumerate(new):
            own = self._own(start + row) if start + row < end else None
            shown = _shown(text, own, around, mixed=bool(plain))
            if shown is None:
                return OUTSIDE
            found.append(shown)
        return tuple(found)


def _of_tangle(lines: Sequence[GeneratedLine]) -> str:
    """Why lines have no place in the notes."""
    if any(line.supplied for line in lines):
        return _SUPPLIED
    return REWORKED if any(line.reworked for line in lines) else FRAME


def _shown(
    text: str, own: LineOfNotes | None, around: Sequence[LineOfNotes], *, mixed: bool
) -> str | None:
    """A line as the page has it; None if it is not laid out like those around it.

    Args:
        text: as the generated file has it.
        own: the line that it replaces.
        around: lines of its chunk, the nearest first.
        mixed: whether only some lines of the chunk are comments in the file.
    """
    if not text.strip():
        return ""
    if own is not None and not own.blank and text.startswith(own.lead):
        body = text[len(own.lead) :]
        if not own.lead.strip() or not mixed or body.lstrip().startswith(("%", "!")):
            return own.margin + body
    like = next((each for each in around if text.startswith(each.lead)), None)
    return None if like is None else like.follow + text[len(like.lead) :]
