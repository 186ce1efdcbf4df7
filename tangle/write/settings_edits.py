"""Edit a graph's `config.edn` by span, so that Logseq keeps tangle's properties out of sight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from tangle.model import Span
from tangle.parse.edn import BadEdn, EdnForm, read_edn
from tangle.write.block import CHUNK_PROPERTY, PROPERTY
from tangle.write.edits import Edit

HIDDEN: Final = ":block-hidden-properties"
"""The entry whose properties Logseq neither shows nor puts into the edit box."""

EXCLUDED: Final = ":property-pages/excludelist"
"""The entry whose properties get no page."""

_PAGES: Final = ":property-pages/enabled?"
_OURS: Final = {HIDDEN: (PROPERTY,), EXCLUDED: (PROPERTY, CHUNK_PROPERTY)}
"""What the entries have to hold: only the first is noise where a person reads the page."""

_REST_OF_LINE: Final = re.compile(r"[ \t,]*(?:;[^\n]*?)?(?=\r?\n)")


def entry_line(key: str) -> str:
    """Return an entry as it stands in a configuration that lacks it.

    Args:
        key: `HIDDEN` or `EXCLUDED`.
    """
    return f"{key} {_set(_OURS[key])}"


def _set(names: Iterable[str]) -> str:
    return f"#{{{_keywords(names)}}}"


def _keywords(names: Iterable[str]) -> str:
    return " ".join(f":{name}" for name in names)


def _forms(key: str, name: str) -> frozenset[str]:
    """How a name may appear in an entry."""
    words = {name, f'"{name}"'} if key == EXCLUDED else set()
    return frozenset({f":{name}", *words})


class HidingEdits(Struct, frozen=True, kw_only=True):
    """What a `config.edn` lacks to hide the property of outputs.

    Attributes:
        entries: the keys that are added or extended, in the order of their importance.
        edits: of the file; empty where it lacks nothing.
    """

    entries: tuple[str, ...]
    edits: tuple[Edit, ...]


def hiding_edits(text: str) -> HidingEdits:
    """Return the edits after which Logseq hides the property of outputs.

    An entry that is there is extended, and one that is missing is added behind the last.
    Comments and discarded forms count as such.

    Args:
        text: the content of a `config.edn`.

    Raises:
        BadEdn: the text is no EDN, no map, or an entry holds something that cannot be extended.
    """
    form = read_edn(text)
    if form is not None and form.kind != "map":
        raise BadEdn(text, form.start, "this is no map")
    present = {} if form is None else {key.text: value for key, value in form.entries()}
    wanted = tuple(_wanted(present))
    missing = [key for key in wanted if key not in present]
    extended = {key: _extended(text, key, present[key]) for key in wanted if key in present}
    edits = [edit for edit in extended.values() if edit is not None]
    if missing:
        at, data = _added(text, form, [entry_line(key) for key in missing])
        edits.append(_edit(text, at, at, data))
    entries = tuple(key for key in wanted if key in missing or extended[key] is not None)
    return HidingEdits(entries=entries, edits=tuple(edits))


def _wanted(entries: dict[str, EdnForm]) -> Iterator[str]:
    yield HIDDEN
    if _PAGES not in entries or entries[_PAGES].text != "false":
        yield EXCLUDED


def _extended(text: str, key: str, value: EdnForm) -> Edit | None:
    """The edit that adds what an entry's value lacks; None if nothing is missing."""
    if value.text == "nil":
        return _edit(text, value.start, value.end, _set(_OURS[key]))
    if value.kind not in ("set", "vector", "list"):
        raise BadEdn(text, value.start, f"{key} is no set of keywords")
    there = {item.text for item in value.items}
    missing = [name for name in _OURS[key] if there.isdisjoint(_forms(key, name))]
    if not missing:
        return None
    if value.items:
        at, before = value.items[-1].end, " "
    else:
        at, before = value.start + (2 if value.kind == "set" else 1), ""
    behind = "" if text[at].isspace() or text[at] in ",}])" else " "
    return _edit(text, at, at, f"{before}{_keywords(missing)}{behind}")


def _added(text: str, form: EdnForm | None, lines: list[str]) -> tuple[int, str]:
    """Where new entries go, and their text: behind the last entry and a comment on its line."""
    end = "\r\n" if "\r\n" in text else "\n"
    if form is None:
        before = end if text and not text.endswith("\n") else ""
        return len(text), f"{before}{{{f'{end} '.join(lines)}}}{end}"
    if not form.items:
        at = form.start + 1
        return at, f"{end}{_indent(text, at)}".join(lines)
    rest = _REST_OF_LINE.match(text, form.items[-1].end)
    at = form.items[-1].end if rest is None else rest.end()
    first = form.items[0].start
    leads = text[text.rfind("\n", 0, first) + 1 : first].strip() in ("", "{")
    indent = _indent(text, first if leads else form.start + 1)
    return at, "".join(f"{end}{indent}{line}" for line in lines)


def _indent(text: str, at: int) -> str:
    """White space as wide as what stands before a place on its line."""
    return re.sub(r"[^\t]", " ", text[text.rfind("\n", 0, at) + 1 : at])


def _edit(text: str, start: int, end: int, data: str) -> Edit:
    first = len(text[:start].encode())
    span = Span(start=first, end=first + len(text[start:end].encode()))
    return Edit(span=span, data=data.encode())
