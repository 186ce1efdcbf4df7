"""Logseq's inline syntax, as rules of mistune's parser: each makes a token of a stretch of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mistune import InlineParser, InlineState

Token = dict[str, Any]
Rule = Callable[["InlineParser", re.Match[str], "InlineState"], int | None]

UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LABEL: Final = r"\[(?P<{name}>(?:\\.|[^\\\[\]\n]){{1,400}})\]"
_TITLE_LIMIT: Final = 500
"""Characters that the name of a page may have; Logseq's own limit is lower."""

_LEVELS: Final = 6
"""Names within names that are followed."""

_BRACKETS: Final = re.compile(r"\[\[|\]\]|\n")
_TAG: Final = r"#(?:\[\[|[^\s,.:;!?'\"()\[\]{}#`+\x03][^\s,;!?'\"()\[\]{}#`\x03]*)"
_FORMULA: Final = (
    r"\$\$(?P<display>[^$\x03]+)\$\$|\$(?P<within>[^\s$\x03](?:[^$\n\x03]*[^\s$\x03])?)\$(?![0-9])"
)
_LATEX: Final = r"\\\((?P<round>[^\x03]{1,4000}?)\\\)|\\\[(?P<square>[^\x03]{1,4000}?)\\\]"
_MACRO: Final = r"\{\{\{?(?P<macro_text>[^{}\n\x03][^}\n\x03]{0,2000})\}\}\}?"
_DATE: Final = (
    r"(?:(?P<purpose>SCHEDULED|DEADLINE|CLOSED):[ \t]*)?"
    r"<(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<rest>[^<>\n\x03]{0,60})>"
)
# Only if the address contains a blank: no other rule is tried where this one gives up.
_FILE: Final = (
    r"(?P<bang>!?)\[(?P<file_label>(?:\\.|[^\\\[\]\n]){0,400})\]"
    r"\((?=[^()\n\x03]{1,400}?[^\s()] +[^\s()])"
    r"(?P<address>[^\s()<>\"\x03][^()<>\"\n\x03]{1,400}\.[A-Za-z0-9]{1,8})\)"
)
_SCRIPT: Final = r"[\^_]\{(?P<script_text>[^{}\n\x03]{1,200})\}"


def name_end(text: str, start: int) -> int:
    """Return the end of `[[name]]`, which may hold other names; -1 where there is none.

    Args:
        text: the text.
        start: of the `[[`.
    """
    level = 0
    for mark in _BRACKETS.finditer(text, start, start + _TITLE_LIMIT + 4):
        if mark[0] == "\n" or level > _LEVELS:
            return -1
        level += 1 if mark[0] == "[[" else -1
        if level == 0:
            return mark.end() if mark.start() > start + 2 else -1
    return -1


def _parsed(inline: InlineParser, state: InlineState, text: str) -> list[Token]:
    """The tokens of a text within another, in which no link can be."""
    within = state.copy()
    within.src = text
    within.in_link = True
    return inline.render(within)


def _page(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
    end = name_end(state.src, match.start())
    if end < 0:
        return None
    title = state.src[match.end() : end - 2]
    state.append_token({"type": "page", "title": title})
    return end


def _tag(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
    start = match.start()
    if state.src.startswith("#[[", start):
        end = name_end(state.src, start + 1)
        if end < 0:
            return None
        state.append_token({"type": "tag", "title": state.src[start + 3 : end - 2]})
        return end
    name = match[0].rstrip(".:")
    state.append_token({"type": "tag", "title": name[1:]})
    return start + len(name)


def _labelled_page(inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
    start = match.start("to_page") - 2
    end = name_end(state.src, start)
    if end < 0 or not state.src.startswith(")", end):
        return None
    label = _parsed(inline, state, match["page_label"])
    state.append_token({"type": "page", "title": state.src[start + 2 : end - 2], "label": label})
    return end + 1


def _labelled_block(inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    label = _parsed(inline, state, match["block_label"])
    state.append_token({"type": "block", "id": match["to_block"].lower(), "label": label})
    return match.end()


def _block(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    state.append_token({"type": "block", "id": match["target"].lower()})
    return match.end()


def _macro(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    name, _, rest = match["macro_text"].strip().partition(" ")
    state.append_token({"type": "macro", "name": name.lower(), "rest": rest.strip()})
    return match.end()


def _formula(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    display = match["display"]
    state.append_token(
        {"type": "formula", "tex": display or match["within"], "display": display is not None}
    )
    return match.end()


def _latex(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    display = match["square"]
    state.append_token(
        {"type": "formula", "tex": display or match["round"], "display": display is not None}
    )
    return match.end()


def _date(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return None
    purpose = (match["purpose"] or "").lower()
    state.append_token({"type": "date", "day": day, "purpose": purpose, "rest": match["rest"]})
    return match.end()


def _script(inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    kind = "superscript" if match[0].startswith("^") else "subscript"
    state.append_token({"type": kind, "children": _parsed(inline, state, match["script_text"])})
    return match.end()


def _footnote(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    state.append_token({"type": "footnote_mark", "key": match["note_key"]})
    return match.end()


def _file(inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    """A link to a file of the graph whose name has blanks, which Markdown does not allow."""
    address = match["address"].strip()
    state.append_token(
        {
            "type": "image" if match["bang"] else "link",
            "children": _parsed(inline, state, match["file_label"] or ""),
            "attrs": {"url": address},
        }
    )
    return match.end()


def _size(_inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
    """`{:height 20, :width 30}` behind an image."""
    last = state.tokens[-1] if state.tokens else None
    if last is None or last["type"] not in ("image", "link"):
        return None
    last["metadata"] = match["metadata"]
    return match.end()


def _marked(kind: str, mark: str) -> Rule:
    """Text between two marks that are the same."""

    def parse(inline: InlineParser, match: re.Match[str], state: InlineState) -> int | None:
        close = state.delimiters.find(mark, match.end(), formatting=True)
        if close is None or state.depth >= inline.max_nested_level:
            return None
        within = state.copy()
        within.src = state.src[match.end() : close]
        state.append_token({"type": kind, "children": inline.render(within)})
        return close + len(mark)

    return parse


RULES: Final[tuple[tuple[str, str, Rule, str], ...]] = (
    (
        "labelled_page",
        _LABEL.format(name="page_label") + r"\(\[\[(?P<to_page>)(?=[^\n])",
        _labelled_page,
        "[",
    ),
    (
        "labelled_block",
        _LABEL.format(name="block_label") + rf"\(\(\((?P<to_block>{UUID})\)\)\)",
        _labelled_block,
        "[",
    ),
    ("page", r"\[\[", _page, "["),
    ("footnote_mark", r"\[\^(?P<note_key>[^\]\s\x03]{1,100})\]", _footnote, "["),
    (
        "file",
        _FILE,
        _file,
        "![",
    ),
    ("block", rf"\(\((?P<target>{UUID})\)\)", _block, "("),
    ("tag", _TAG, _tag, "#"),
    ("macro", _MACRO, _macro, "{"),
    ("size", r"\{:(?P<metadata>[^{}\n\x03]{1,200})\}", _size, "{"),
    ("formula", _FORMULA, _formula, "$"),
    ("latex", _LATEX, _latex, "\\"),
    ("date", _DATE, _date, "SDC<"),
    ("script", _SCRIPT, _script, "^_"),
    ("mark", r"==(?=[^\s=])", _marked("mark", "=="), "="),
    ("highlight", r"\^\^(?=[^\s^])", _marked("mark", "^^"), "^"),
    ("strikethrough", r"~~(?=[^\s~])", _marked("strikethrough", "~~"), "~"),
)
"""Name, pattern, function and first characters of each rule, in order."""


def add_inline_rules(inline: InlineParser) -> None:
    """Have a parser read Logseq's inline syntax before its own."""
    for name, pattern, parse, start in RULES:
        inline.register(name, pattern, parse, before="escape", start_chars=tuple(start))
