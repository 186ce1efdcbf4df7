"""Outlines as people and other tools write them, and as nobody does, for hypothesis to make."""

from __future__ import annotations

from hypothesis import strategies as st

_INDENT = ["", "", "\t", "\t\t", "  ", "    ", " ", "\t ", "\f", " \f"]
_MARK = ["- ", "- ", "- ", "", "", "  ", "-", "-\t", "- ## ", "# ", "## ", "- TODO ", "- - "]
_OPENERS = [
    *("```python", "```", "~~~", "``` js x", "````md", "- ```python", "```py ", "  ```"),
    *("#+BEGIN_SRC python", "#+END_SRC", "#+begin_note", "#+END_NOTE", "#+BEGIN_QUOTE"),
    *("#+END_QUOTE", "#+BEGIN_EXAMPLE", "#+END_EXAMPLE", "#+TITLE: t", "#+NAME: n"),
    *(":x:", ":END:", ":PROPERTIES:", ":a: b", ":LOGBOOK:", ":smile:"),
    *("$$", "$$ x $$", "<div>", "</div>", "<!--", "-->", "<br/>", "[:div", "[:p a]", "]"),
    *("\\begin{a}", "\\end{a}", "---", "***", "| a | b |", "[^1]: note", "[//]: # c"),
]
_TEXTS = [
    *("a", "some text", "x = 1", "  y = 2", "注意力 é", "*", "-x", "a:: b", "std::x", "#tag"),
    *("k:: v", "id:: 6543ed3a-0000-4000-8000-0000000000aa", "My_Key:: x", "`a::` b", "[[p]] q"),
    *("> q", ">", "> ```python", "> - a", "* i", "+ i", "1. i", "* ```python", "12 apples", "*a"),
    *("term", ": def", ": d", "[^1]: x", "x\ry", "> q\rr", "* i\rj", "\f* i", "\x1a- a"),
    *("* [ ] i", "12. i", "SCHEDULED: <2024-01-01 Mon>", "{{embed ((x))}}", "**b**", "a  ", ""),
]
_ENDS = ["\n"] * 12 + ["\n\n", "\r\n", "\n \n", "\r"]

_lines = st.tuples(
    st.sampled_from(_INDENT),
    st.sampled_from(_MARK),
    st.one_of(st.sampled_from(_TEXTS), st.sampled_from(_OPENERS), st.sampled_from(_OPENERS)),
    st.sampled_from(_ENDS),
).map("".join)

outlines = st.lists(_lines, min_size=1, max_size=12).map("".join)
"""Text of one page."""
