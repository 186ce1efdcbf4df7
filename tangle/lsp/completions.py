"""Complete what is typed: pages, blocks, chunks, properties, and names of the notes."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lsprotocol import types

from tangle.link import KNOWN, OUTPUT, read_number
from tangle.lsp.mentions import named_chunks
from tangle.lsp.names import is_module, saved_statements, units_on
from tangle.lsp.session import Session
from tangle.model import Fence, Page, PagePath
from tangle.notes import Core, pages, units

_MOST: Final = 200

_CHUNK: Final = re.compile(r"[ \t]*<<([^<>]*)")
_DOTTED: Final = re.compile(r"([^\W\d][\w.]*)\.(\w*)")
_NAME: Final = re.compile(r"(?<![\w.])([^\W\d]\w*)")
_PAGE: Final = re.compile(r"\[\[([^\[\]]*)")
_BLOCK: Final = re.compile(r"\(\(([^()]*)")
_TAG: Final = re.compile(r"(?<!\w)#([^\s#\[\](){}]*)")
_KEY: Final = re.compile(r"[ \t]*(?:- )?(t[\w.-]*)")
_VALUE: Final = re.compile(r"[ \t]*(?:- )?(tangle\.[\w-]+)::[ \t]*(.*)")

_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "yes or no": ("yes", "no"),
    "on or off": ("on", "off"),
    KNOWN["tangle.device"]: ("auto", "cpu", "cuda", "cuda:0", "mps"),
    KNOWN["tangle.lang"]: ("python", "ipython"),
    KNOWN["tangle.raises"]: tuple(
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ),
}
"""What properties take, by the words that say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that can be completed.

    Attributes:
        label: as it is shown, and what is typed of it.
        text: what is inserted; empty for the label.
        detail: beside the label.
        typed: what the editor compares with what is typed; empty for the label.
    """

    label: str
    kind: types.CompletionItemKind
    text: str = ""
    detail: str = ""
    typed: str = ""


def completion(session: Session, path: PagePath, offset: int) -> types.CompletionList:
    """Return what may be meant by what is before a character.

    Args:
        session: the notes.
        path: of the page.
        offset: the character.
    """
    page, text = session.page(path), session.text(path)
    if page is None:
        return types.CompletionList(is_incomplete=False, items=[])
    line = text.line_of(offset)
    start, end = text.line_span(line)
    before, after = text.string[start:offset], text.string[offset:end]
    fence = next(
        (
            f
            for f in page.fences
            if text.of_byte(f.body.start) <= offset <= text.of_byte(f.body.end)
        ),
        None,
    )
    if fence is not None and line > fence.line:
        typed, choices = _in_code(session, path, fence, before, after)
    else:
        typed, choices = _in_text(session, before, after)
    found = [choice for choice in choices if _matches(choice, typed)]
    ranked = sorted(found, key=lambda choice: _rank(choice, typed))[:_MOST]
    place = session.range(path, offset - len(typed), offset)
    return types.CompletionList(
        is_incomplete=len(found) > _MOST or any(choice.typed for choice in ranked),
        items=[_item(choice, place, number) for number, choice in enumerate(ranked)],
    )


def _item(choice: Choice, place: types.Range, number: int) -> types.CompletionItem:
    return types.CompletionItem(
        label=choice.label,
        kind=choice.kind,
        detail=choice.detail or None,
        sort_text=f"{number:04}",
        filter_text=choice.typed or None,
        text_edit=types.TextEdit(range=place, new_text=choice.text or choice.label),
    )


def _matches(choice: Choice, typed: str) -> bool:
    """Whether all words that were typed occur in a label."""
    label = choice.label.casefold()
    return all(word in label for word in typed.casefold().split())


def _rank(choice: Choice, typed: str) -> tuple[bool, bool, str]:
    label = choice.label
    return not label.startswith(typed), not label.casefold().startswith(typed.casefold()), label


# --- code -----------------------------------------------------------------------------------------


def _in_code(
    session: Session, path: PagePath, fence: Fence, before: str, after: str
) -> tuple[str, Iterable[Choice]]:
    core = session.core
    if match := _CHUNK.fullmatch(before):
        return match[1], _chunk_names(session, "" if after.lstrip().startswith(">>") else ">>")
    unit = _unit_of(core, path, fence)
    if unit is None:
        return "", ()
    if match := _last(_DOTTED, before):
        known = _may_be_module(core, unit, match[1])
        return match[2], _exports(core) if known else ()
    if match := _last(_NAME, before):
        return match[1], _names(core, unit)
    return "", ()


def _last(pattern: re.Pattern[str], before: str) -> re.Match[str] | None:
    """A match that ends where the cursor is."""
    return next((m for m in pattern.finditer(before) if m.end() == len(before)), None)


def _unit_of(core: Core, path: PagePath, fence: Fence) -> int | None:
    for unit in units_on(core, path):
        for code in units.code(core, unit).chunks:
            if code.chunk.page == path and code.chunk.line == fence.line:
                return unit
    return None


def _may_be_module(core: Core, unit: int, dotted: str) -> bool:
    """Whether a dotted name means the generated module: here, or wherever a chunk is in the making.

    The import may be in a chunk that does not parse while it is typed in.
    """
    if is_module(core, unit, dotted):
        return True
    if not any(code.broken for code in units.code(core, unit).chunks):
        return False
    return any(
        dotted in units.modules_in(core, other) for other in range(pages.unit_count(core, ""))
    )


def _exports(core: Core) -> Iterator[Choice]:
    for name, positions in saved_statements(core, "").items():
        last = positions[-1]
        statement = units.code(core, last.unit).chunks[last.chunk].statements[last.statement]
        section = pages.unit_at(core, last.unit)
        yield Choice(label=name, kind=_kind(statement.node), detail=f"saved in {section}")


def _names(core: Core, unit: int) -> Iterator[Choice]:
    """The names that a unit defines, or can borrow."""
    own = units.code(core, unit)
    for name, ((chunk, row), *_) in own.binders.items():
        node = own.chunks[chunk].statements[row].node
        yield Choice(label=name, kind=_kind(node), detail="defined here")
    book = units.book(core, unit)
    lenders = set(units.needed(core, unit))
    if book is not None:
        lenders.update(other for other in range(unit) if units.book(core, other) == book)
    for name, places in units.name_index(core, "").defining.items():
        lending = [place for place in places if place in lenders and place != unit]
        if lending and name not in own.binders:
            section = pages.unit_at(core, lending[-1])
            kind = types.CompletionItemKind.Variable
            yield Choice(label=name, kind=kind, detail=f"borrowed from {section}")


def _kind(node: ast.stmt) -> types.CompletionItemKind:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return types.CompletionItemKind.Function
        case ast.ClassDef():
            return types.CompletionItemKind.Class
        case ast.Import() | ast.ImportFrom():
            return types.CompletionItemKind.Module
        case _:
            return types.CompletionItemKind.Variable


def _chunk_names(session: Session, closer: str) -> Iterator[Choice]:
    for path in session.paths():
        if pages.facts(session.core, path).names:
            for name, line in named_chunks(session.core, path):
                yield Choice(
                    label=name,
                    kind=types.CompletionItemKind.Reference,
                    text=name + closer,
                    detail=f"{session.project.shown(path)}:{line}",
                )


# --- text -----------------------------------------------------------------------------------------


def _in_text(session: Session, before: str, after: str) -> tuple[str, Iterable[Choice]]:
    if match := _last(_PAGE, before):
        return match[1], _titles(session, "" if after.startswith("]]") else "]]")
    if match := _last(_BLOCK, before):
        closer = "" if after.startswith("))") else "))"
        return match[1], _blocks(session, match[1], closer)
    if match := _VALUE.fullmatch(before):
        return _values(session, match[1], match[2])
    if match := _last(_TAG, before):
        return match[1], _tags(session)
    if match := _KEY.fullmatch(before):
        closer = "" if after.startswith("::") else ":: "
        return match[1], _keys(closer)
    return "", ()


def _titles(session: Session, closer: str) -> Iterator[Choice]:
    core = session.core
    for path in session.paths():
        facts = pages.facts(core, path)
        if facts.unread is None:
            yield Choice(
                label=facts.title,
                kind=types.CompletionItemKind.File,
                text=facts.title + closer,
                detail=session.project.shown(path),
            )


def _tags(session: Session) -> Iterator[Choice]:
    for choice in _titles(session, ""):
        plain = re.fullmatch(r"[^\s,;!?'\"()\[\]{}#`]+", choice.label)
        text = choice.label if plain else f"[[{choice.label}]]"
        yield Choice(label=choice.label, kind=choice.kind, text=text, detail=choice.detail)


def _blocks(session: Session, typed: str, closer: str) -> Iterator[Choice]:
    """The blocks that have ids, by their words."""
    core = session.core
    for path in session.paths():
        if not pages.facts(core, path).ids:
            continue
        page = session.page(path)
        for block in page.blocks if page is not None else ():
            if block.id is not None:
                yield Choice(
                    label=block.title.strip() or _first_code(page, block.span.start) or block.id,
                    kind=types.CompletionItemKind.Reference,
                    text=block.id + closer,
                    detail=f"{session.project.shown(path)}:{block.line}",
                    typed=typed or " ",
                )


def _first_code(page: Page | None, start: int) -> str:
    """The first line of the code in a block that says nothing else."""
    fences = page.fences if page is not None else ()
    codes = (f.code for f in fences if page and page.blocks[f.block].span.start == start)
    lines = (line.strip() for code in codes for line in code.split("\n"))
    return next(filter(None, lines), "")


def _keys(closer: str) -> Iterator[Choice]:
    for key, words in KNOWN.items():
        if key not in (OUTPUT, "tangle.chunk"):
            kind = types.CompletionItemKind.Property
            yield Choice(label=key, kind=kind, text=key + closer, detail=words)


def _values(session: Session, key: str, value: str) -> tuple[str, Iterable[Choice]]:
    if key == "tangle.needs":
        typed = value.rpartition(",")[2].lstrip()
        return typed, _sections(session)
    words = _VALUES.get(KNOWN.get(key, ""), ())
    kind = types.CompletionItemKind.Value
    return value, (Choice(label=word, kind=kind) for word in words)


def _sections(session: Session) -> Iterator[Choice]:
    for row in session.notes.rows:
        if row.chunks:
            numbered = bool(row.section.number) or read_number(str(row.name))
            text = str(row.name) if numbered else f"[[{row.name}]]"
            kind = types.CompletionItemKind.Module
            yield Choice(label=text, kind=kind, detail=row.section.title)
