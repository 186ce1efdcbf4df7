"""Read the text of a block as a tree of tokens: mistune's parser with Logseq's rules."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from tangle.weave.block_text import HOLE
from tangle.weave.inline import Token, add_inline_rules

if TYPE_CHECKING:
    from mistune import BlockParser, BlockState, Markdown

_PLAIN: Final = re.compile(r"(?![\s\d-])[^\\`*_\[\]{}#+<>|~^=$&:(!\x03\n]*")
"""Text in which no rule finds anything."""

_HOLE: Final = rf"^[ \t]*{HOLE}(?P<hole_number>[0-9]+){HOLE}[ \t]*$"
_BEGIN: Final = r"^[ \t]*#\+(?i:BEGIN)_(?P<kind>[A-Za-z_-]+)(?P<begin_rest>[^\n]*)$"
_DRAWER: Final = r"^[ \t]*:(?P<drawer_name>[A-Za-z][\w-]*):[ \t]*$"
_DRAWER_END: Final = re.compile(r"^[ \t]*:END:[ \t]*$", re.IGNORECASE | re.MULTILINE)
_FORMULA: Final = r"^[ \t]*\$\$(?P<formula>[^$]+)\$\$[ \t]*$"
_ENVIRONMENT: Final = r"^[ \t]*\\begin\{(?P<environment_name>[A-Za-z]+\*?)\}"
_HICCUP: Final = r"^[ \t]*\[:(?=[a-z])"
_FOOTNOTE: Final = (
    r"^[ \t]*\[\^(?P<footnote_key>[^\]\s\x03]{1,100})\]:[ \t]*(?P<footnote_text>[^\n]*)$"
)
# The run button of the Logseq plugin is nothing to readers either.
_COMMENT: Final = r"^[ \t]*(?:\[//\]:[ \t]*#[^\n]*|\{\{renderer :tangle-run\}\}[ \t]*)$"

RAW: Final = frozenset({"src", "example", "export", "comment", "query"})
"""Kinds of `#+BEGIN_x` of which Logseq does not read the text as Markdown."""

_ABSENT: Final = frozenset(
    {"fenced_code", "indent_code", "atx_heading", "setex_heading", "ref_link"}
)
"""Rules of Markdown that Logseq does not have, or that `tangle.parse` has followed already."""


def tokens_of(text: str) -> list[Token]:
    """The blocks of a text as tokens; code is represented by holes."""
    if _PLAIN.fullmatch(text):
        return [{"type": "paragraph", "children": [{"type": "text", "raw": text}]}] if text else []
    return _parsed(text)


@lru_cache(maxsize=2048)
def _parsed(text: str) -> list[Token]:
    found = _markdown()(text)
    assert isinstance(found, list)
    return found


@lru_cache(maxsize=2048)
def inline_tokens(text: str) -> list[Token]:
    """The tokens of a text of one line."""
    if _PLAIN.fullmatch(text):
        return [{"type": "text", "raw": text}]
    return _markdown().inline(text, {})


@cache
def _markdown() -> Markdown:
    from mistune import BlockParser, InlineParser, Markdown
    from mistune.plugins.table import table, table_in_list, table_in_quote
    from mistune.plugins.task_lists import task_lists
    from mistune.plugins.url import url

    inline = InlineParser()
    add_inline_rules(inline)
    block = BlockParser()
    markdown = Markdown(renderer=None, block=block, inline=inline)
    for plugin in (table, table_in_quote, table_in_list, task_lists, url):
        plugin(markdown)
    for rules in (block.rules, block.block_quote_rules, block.list_rules):
        rules[:] = [rule for rule in rules if rule not in _ABSENT]
    _add_block_rules(block)
    return markdown


def _add_block_rules(block: BlockParser) -> None:
    rules: tuple[tuple[str, str, Any], ...] = (
        ("hole", _HOLE, _hole),
        ("begin", _BEGIN, _begin),
        ("drawer", _DRAWER, _drawer),
        ("display_formula", _FORMULA, _formula),
        ("environment", _ENVIRONMENT, _environment),
        ("hiccup", _HICCUP, _hiccup),
        ("comment", _COMMENT, _comment),
        ("footnote", _FOOTNOTE, _footnote),
    )
    for number, (name, pattern, parse) in enumerate(rules):
        block.register(name, pattern, parse)
        for found in (block.rules, block.block_quote_rules, block.list_rules):
            if name in found:
                found.remove(name)
            found.insert(number, name)


def _hole(_block: BlockParser, match: re.Match[str], state: BlockState) -> int:
    state.append_token({"type": "hole", "number": int(match["hole_number"])})
    return match.end() + 1


def _begin(block: BlockParser, match: re.Match[str], state: BlockState) -> int | None:
    """`#+BEGIN_x` to `#+END_x`: raw for some kinds, Markdown for the others."""
    kind = match["kind"].lower()
    closer = re.compile(rf"^[ \t]*#\+END_{re.escape(kind)}[^\n]*$", re.IGNORECASE | re.MULTILINE)
    end = closer.search(state.src, match.end())
    if end is None:
        return None
    body = state.src[match.end() + 1 : end.start()]
    token: Token = {"type": "begin", "kind": kind, "raw": body}
    if kind not in RAW:
        within = state.child_state(body if body.endswith("\n") else f"{body}\n")
        deep = state.depth() >= block.max_nested_level - 1
        block.parse(within, [r for r in block.rules if r != "begin"] if deep else block.rules)
        token["children"] = within.tokens
    state.append_token(token)
    return end.end() + 1


def _drawer(_block: BlockParser, match: re.Match[str], state: BlockState) -> int | None:
    """`:NAME:` to `:END:`, which Logseq does not show."""
    end = _DRAWER_END.search(state.src, match.end())
    return None if end is None else end.end() + 1


def _formula(_block: BlockParser, match: re.Match[str], state: BlockState) -> int:
    state.append_token({"type": "formula", "tex": match["formula"].strip(), "display": True})
    return match.end() + 1


def _environment(_block: BlockParser, match: re.Match[str], state: BlockState) -> int | None:
    closer = f"\\end{{{match['environment_name']}}}"
    end = state.src.find(closer, match.end())
    if end < 0:
        return None
    tex = state.src[match.start() : end + len(closer)].strip()
    state.append_token({"type": "formula", "tex": tex, "display": True})
    return state.find_line_end_at(end + len(closer))


def _hiccup(_block: BlockParser, match: re.Match[str], state: BlockState) -> int:
    """HTML in Clojure's form up to the next blank line: shown as it is written."""
    end = state.src.find("\n\n", match.end())
    end = len(state.src) if end < 0 else end
    state.append_token({"type": "hiccup", "raw": state.src[match.start() : end].strip()})
    return end + 1


def _footnote(_block: BlockParser, match: re.Match[str], state: BlockState) -> int:
    """The text of a footnote, which Logseq reads from one line."""
    text = match["footnote_text"]
    state.append_token({"type": "footnote", "key": match["footnote_key"], "text": text})
    return match.end() + 1


def _comment(_block: BlockParser, match: re.Match[str], _state: BlockState) -> int:
    return match.end() + 1
