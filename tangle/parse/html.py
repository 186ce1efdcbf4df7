"""Find the ends of HTML, LaTeX, formulas and hiccup, which Logseq shows as they are.

They matter to the outline only because a bullet inside them is not a block. Each function takes
the offset of the opener and returns the offset after the closer, or -1 where there is none.
"""

from __future__ import annotations

import re

from .source import WHITE, Source

_TAGS = frozenset(
    b"a abbr address area article aside audio b base bdi bdo blockquote body br button canvas "
    b"caption cite code col colgroup data datalist dd del details dfn div dl dt em embed fieldset "
    b"figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins "
    b"kbd keygen label legend li link main map mark meta meter nav noscript object ol optgroup "
    b"option output p param pre progress q rb rp rt rtc ruby s samp script section select small "
    b"source span strong style sub summary sup table tbody td template textarea tfoot th thead "
    b"time title tr track u ul var video wbr".split()
)
_OPENER = re.compile(rb"<([A-Za-z][A-Za-z0-9]*+)(?=" + WHITE + rb"|>)")
_TAG = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9]*+)(?:(>)|(?=[ \t\f\x1a]))")
_HICCUP = re.compile(rb"\[:([A-Za-z][A-Za-z0-9]*+)(?=[ \t\f\x1a\]])")
_ENVIRONMENT = re.compile(rb"\\begin\{", re.IGNORECASE)
_MARKUP = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<![CDATA[", b"]]"), (b"<!", b">"))

_SHORTEST = 10
"""Bytes that Logseq wants to see from `<` on before it takes anything for HTML."""


class Html:
    """Matches the tags of one page, in one pass when first needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ends: dict[int, int] | None = None
        self._budget = 4 * len(source.data)

    def markup_end(self, start: int) -> int:
        """End of the HTML that opens at `start`: a comment, a declaration, an element."""
        data = self._source.data
        if len(data) - start < _SHORTEST:
            return -1
        for opener, closer in _MARKUP:
            if data.startswith(opener, start):
                at = self._source.find(closer, start + len(opener))
                return -1 if at < 0 else at + len(closer)
        return self._element_end(start)

    def hiccup_end(self, start: int) -> int:
        """End of `[:tag ...]`, whose brackets do not count inside double quotes."""
        opener = _HICCUP.match(self._source.data, start)
        if opener is None or opener[1].lower() not in _TAGS or self._budget <= 0:
            return -1
        end = self._balanced(opener.end())
        if end < 0:  # a search in vain is paid for, so that many of them stay linear
            self._budget -= len(self._source.data) - start
        return end

    def _balanced(self, position: int) -> int:
        data, level, quotes = self._source.data, 1, 0
        while (at := data.find(b"]", position)) >= 0:
            quotes += data.count(b'"', position, at) - data.count(b'\\"', position, at)
            level += data.count(b"[:", position, at) - (quotes % 2 == 0)
            position = at + 1
            if level <= 0:
                return position
        return -1

    def _element_end(self, start: int) -> int:
        opener = _OPENER.match(self._source.data, start)
        if opener is None or opener[1].lower() not in _TAGS:
            return -1
        if self._ends is None:
            self._ends = _matching_tags(self._source.data)
        if (end := self._ends.get(start, -1)) >= 0:
            return end
        at = self._source.find(b"/>", opener.end())
        return -1 if at < 0 else at + 2


def _matching_tags(data: bytes) -> dict[int, int]:
    """For each opening tag that has one, the end of its closing tag."""
    ends: dict[int, int] = {}
    open_tags: dict[bytes, list[int]] = {}
    for match in _TAG.finditer(data):
        name = match[2].lower()
        if name not in _TAGS:
            continue
        stack = open_tags.setdefault(name, [])
        if not match[1]:
            stack.append(match.start())
        elif match[3] and stack:
            ends[stack.pop()] = match.end()
    return ends


def formula_end(source: Source, start: int) -> int:
    """End of the `$$...$$` that opens at `start`.

    Args:
        source: the page.
        start: offset of `$$`.
    """
    at = source.find(b"$$", start + 2)
    return -1 if at < 0 else at + 2


def environment_end(source: Source, start: int) -> int:
    r"""End of `\begin{x}...\end{x}`; without a closer it runs to the end of the page.

    It is text where the page has no closer, and a backslash right before its end.

    Args:
        source: the page.
        start: offset of `\begin`.
    """
    if not _ENVIRONMENT.match(source.data, start):
        return -1
    named = start + len(b"\\begin{")
    brace = source.find(b"}", named)  # not by the pattern: many names without an end stay linear
    if brace <= named:
        return -1
    closer = rb"\end{" + source.data[named:brace].lower() + b"}"
    at = source.lower.find(closer, brace + 1)
    if at >= 0:
        return at + len(closer)
    # After each backslash Logseq wants as many bytes as the closer has.
    last = max(brace + 1, len(source.data) - len(closer) + 1)
    return len(source.data) if source.data.find(b"\\", last) < 0 else -1
