"""Find the template from which an English message was made, and render its translation.

Everything below the command line speaks English: problems that the caches keep, failures of
workers, reports of other processes. So a message arrives here as finished text. Its template can
be found again, because a template is literal text between placeholders:

    pages/A.md: cannot be read: it is a folder; name a file in it
    {path}: cannot be read: {why}; {hint}

A message that no template explains is taken apart where messages are joined: at `; `, and behind
a place at `: `. What is unknown then stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Final, NamedTuple

PARTS: Final = frozenset(
    [
        "again", "asked", "avoided", "built", "busy", "cache_hint", "cause", "choices", "count",
        "detail", "device_meant", "device_words", "doing", "doubt", "dropped", "elsewhere",
        "error", "executor_words", "extra2", "fault", "faults", "force", "formats", "fsync_fault",
        "get", "gone", "hint", "holder", "how", "in_the_way", "key_hint", "kind", "kinds",
        "lacking", "listed", "maybe", "meant", "message", "more", "near", "nested",
        "notice", "others", "partial", "price", "print_less", "purpose", "reason", "reasons",
        "rest", "run", "run2", "said", "see", "server", "show_less", "size_hint", "swallow",
        "taken", "trouble", "value", "verb", "way", "way_out", "ways", "what", "where", "who",
        "why", "words",
    ]
)  # fmt: skip
"""Placeholders whose values are messages themselves. The values of others are not translated."""

NUMBERS: Final = frozenset(
    [
        "amiss", "answered", "at", "cached", "cells", "done", "ended", "fresh", "hidden", "number",
        "of", "planned", "total",
    ]
)  # fmt: skip
"""Placeholders whose values are numbers."""

_NUMBER: Final = re.compile(r"[0-9][0-9.,]*\Z")
_JOINT: Final = "; "
_AFTER_PLACE: Final = ": "
_MORE: Final = (", ", " (")
_LONGEST: Final = 2000
"""Characters of a message. What is longer quotes something else, and stays as it is."""

_DEEPEST: Final = 12
"""Messages inside messages, which are translated."""

_MOST_LOOKS: Final = 1000
"""How often the templates are gone through for a message. One that takes more stays as it is."""

_MOST_KNOWN: Final = 5000
"""Texts whose translation is kept; so no part of a message is looked for twice."""

_BEGINNINGS: Final = (", ", "; ", " ", "(", "[", "did ")
"""How a part begins that follows another value without text between them."""


class _Template(NamedTuple):
    """A message: text, placeholders side by side, text, ..., text."""

    literals: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    translation: str

    def values(self, text: str) -> list[str] | None:
        """Return the texts between the literals; None if the text was not made from this."""
        first, *middle, last = self.literals
        if not text.startswith(first) or not text.endswith(last):
            return None
        found: list[str] = []
        at, end = len(first), len(text) - len(last)
        for literal in middle:
            there = text.find(literal, at, end)
            if there < 0:
                return None
            found.append(text[at:there])
            at = there + len(literal)
        return [*found, text[at:end]] if at <= end else None

    def fits(self, values: list[str]) -> bool:
        """Whether there are numbers where numbers have to be."""
        pairs = zip(self.names, values, strict=True)
        return all(_NUMBER.match(text) for names, text in pairs if set(names) <= NUMBERS)


class _TooInvolvedError(Exception):
    """A message has more joints than one that tangle makes; a title in it may be hostile."""


class Recognizer:
    """Translates English messages by the templates of a catalogue."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        """Prepare the templates.

        Args:
            catalogue: the translation of each template.
        """
        self._known: dict[str, str] = {}
        self._depth = 0
        self._looks = 0
        self._constants: dict[str, str] = {}
        self._templates: list[_Template] = []
        for text, translation in catalogue.items():
            literals, names = _taken_apart(text)
            if names:
                self._templates.append(_Template(literals, names, translation))
            else:
                self._constants[literals[0]] = translation.format()
        # The one with most literal text explains a message best.
        self._templates.sort(key=lambda template: -sum(map(len, template.literals)))

    def translated(self, text: str) -> str:
        """Return a message in the other language, as far as it is known.

        Args:
            text: the English message.
        """
        self._depth = self._looks = 0
        try:
            return self._part(text)
        except _TooInvolvedError:
            self._known[text] = text
            return text

    def _part(self, text: str) -> str:
        """Translate a message, or a part of one."""
        if (known := self._known.get(text)) is not None:
            return known
        if len(text) > _LONGEST or self._depth == _DEEPEST:
            return text
        self._depth += 1
        found = (
            self._explained(text)
            or self._after_place(text)
            or self._with_more(text)
            or self._likeliest(text)
            or self._by_clauses(text, first_too=False)
            or text
        )
        self._depth -= 1
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known[text] = found
        return found

    def _is_known(self, text: str) -> bool:
        return self._part(text) != text

    def _explained(self, text: str) -> str:
        """Translate a message by the template that it is from, or by clauses; or nothing."""
        if text in self._constants:
            return self._constants[text]
        head, note = text[: text.rfind(" (")], text[text.rfind(" (") :]
        if head in self._constants:
            return self._constants[head] + self._part(note)
        best = next(self._matches(text), None)
        if best is not None and not _is_joined(*best):
            return self._filled(*best)
        return self._by_clauses(text)

    def _by_clauses(self, text: str, *, first_too: bool = True) -> str:
        """Translate what is wrong and the way out separately; nothing if they are unknown.

        Args:
            text: the message.
            first_too: what is wrong has to be known; else it may be the words of another program.
        """
        at = text.find(_JOINT)
        while at >= 0:
            head, rest = text[:at], text[at + len(_JOINT) :]
            if self._is_known(rest) and (not head or not first_too or self._is_known(head)):
                return f"{self._part(head)}；{self._part(rest)}"
            at = text.find(_JOINT, at + 1)
        return ""

    def _matches(self, text: str) -> Iterator[tuple[_Template, list[str]]]:
        self._looks += 1
        if self._looks > _MOST_LOOKS:
            raise _TooInvolvedError
        for template in self._templates:
            values = template.values(text)
            if values is not None and template.fits(values):
                yield template, values

    def _likeliest(self, text: str) -> str:
        """Translate a message by the first template that explains it, or nothing.

        One of whose values none looks like the rest of a message goes first.
        """
        matches = sorted(self._matches(text), key=lambda match: _is_joined(*match))
        return self._filled(*matches[0]) if matches else ""

    def _filled(self, template: _Template, values: list[str]) -> str:
        shown: dict[str, str] = {}
        for names, value in zip(template.names, values, strict=True):
            for name, part in zip(names, self._split(names, value), strict=True):
                shown[name] = self._part(part) if name in PARTS else part
        return template.translation.format(**shown)

    def _split(self, names: tuple[str, ...], value: str) -> list[str]:
        """Divide the text of several placeholders: a value, and parts of the message."""
        if len(names) == 1:
            return [value]
        *before, last = names
        if last in PARTS:
            for at in range(len(value)):
                part = value[at:]
                if (
                    part.startswith(_BEGINNINGS)
                    and self._is_known(part.removeprefix(_JOINT).partition(_JOINT)[0])
                    and (before[-1] not in PARTS or not at or self._is_known(value[:at]))
                ):
                    return [*self._split(tuple(before), value[:at]), part]
        return [*self._split(tuple(before), value), ""]

    def _after_place(self, text: str) -> str:
        """Translate what comes behind a place or a name; nothing if it is unknown."""
        at = text.find(_AFTER_PLACE)
        while at >= 0:
            start = at + len(_AFTER_PLACE)
            rest = text[start:]
            translated = self._explained(rest) or self._with_more(rest)
            if translated and translated != rest:
                return text[:start] + translated
            at = text.find(_AFTER_PLACE, start)
        return ""

    def _with_more(self, text: str) -> str:
        """Translate what more follows: `, ...`, or in brackets; nothing if it is unknown."""
        for joint in _MORE:
            at = text.rfind(joint)
            if at > 0 and (translated := self._explained(text[:at])):
                return translated + self._part(text[at:])
        return ""


def _taken_apart(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the literal texts of a template, and the names between them."""
    literals, names = [""], list[list[str]]()
    for literal, name, _, _ in Formatter().parse(text):
        if literal or not names:
            literals[-1] += literal
        if name is None:
            continue
        if names and not literals[-1]:
            names[-1].append(name)
        else:
            names.append([name])
            literals.append("")
    return tuple(literals), tuple(map(tuple, names))


def _is_joined(template: _Template, values: list[str]) -> bool:
    """Whether a value that is no message looks like the rest of one."""
    return any(
        PARTS.isdisjoint(names) and (_JOINT in value or _AFTER_PLACE in value)
        for names, value in zip(template.names, values, strict=True)
    )
