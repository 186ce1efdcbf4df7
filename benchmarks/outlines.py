"""Outlines as people and other tools write them, and as none do."""

from __future__ import annotations

from random import Random

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
"""Text of one page: lines, each of any kind; hypothesis makes and shrinks them."""

# --- pages that mix whole constructs, with references in odd places -----------------------------

_ID = "6543ed3a-0000-4000-8000-0000000000aa"
_OTHER = "6543ED3A-0000-4000-8000-0000000000BB"
_REFERENCES = [
    *(f"(({_ID}))", f"(({_OTHER}))", f"(({_ID}))", f"[l]((({_ID})))", f"[l]({_ID})", f"[[{_ID}]]"),
    *(f"{{{{embed (({_ID}))}}}}", f"{{{{embed (({_ID})), x}}}}", f"{{{{embed (({_ID})) }}}}"),
    *(f"{{{{embed x, (({_ID}))}}}}", f"{{{{{{embed (({_ID}))}}}}}}", f"{{{{embed (({_ID})) x}}}}"),
    *(f'[l]((({_ID})) "t")', f"![l]((({_ID})))", f"[](<{_ID}>)", f"<id:{_ID}>", f"id://{_ID}"),
    *(f"#[[{_ID}]]", f"[[a [[{_ID}]]]]", f"[[a (({_ID}))]]", f"[[a [[b]] (({_ID}))]]", _ID),
    *(f"[l]([[{_ID}]])", f"[(({_ID}))](x)", f"![(({_ID}))](x.png)", f"[l](x(({_ID})))", "((x))"),
    *(f"http://a/(({_ID}))", f"http://a(({_ID}))", f"<http://a(({_ID}))>", f"(( {_ID} ))"),
    *("{{embed [[p]]}}", "{{query ((x))}}", "[[p]]", "[[a [[b]]]]", "#tag", "#t.[[p]]", "[l](x)"),
]
_AROUND = [
    *(
        " ",
        " ",
        " ",
        " ",
        "a",
        "word ",
        "见",
        "，",
        "：",
        '"',
        "'",
        ",",
        ".",
        "!",
        "&",
        "&nbsp;",
        "-",
    ),
    *("**", "**", "*", "***", "^^", "x^^", "_", "__", "~~", "==", "=", "`", "``", "$", "$$", "^{"),
    *(
        "(",
        ")",
        "((",
        "))",
        "[",
        "]",
        "[[",
        "]]",
        "](",
        "![",
        "{",
        "}",
        "{{",
        "}}",
        "{{q ",
        "<",
        ">",
    ),
    *("\\", "\\\\", "\\alpha", "\\foo{}", "\\(", "\\)", "\\[", "\\]", "_{", "#", "#t", "##", "|"),
    *(
        "http://a/",
        "https://b.c?d=",
        "@",
        "@@x: ",
        "@@",
        "<b>",
        "</b>",
        "<br/>",
        "<a@b.c>",
        "[1/2]",
    ),
    *("<2024-01-01 Mon>", "SCHEDULED: <2024-01-01 Mon> ", "[2024-01-01 Mon]", "DEADLINE: ", "[^1]"),
    *(
        "\t",
        "\f",
        "\x1a",
        "\u00a0",
        "\u3000",
        "\u200b",
        "  ",
        "`a`",
        "**b**",
        "[:p ",
        "[:br]",
        "{a}",
    ),
]
_INSET = ["", "  ", "  ", "\t", "\t  ", "    ", "   ", " ", "\u00a0", "\u3000"]
_BULLETS = [
    *("- ", "- ", "- ", "- ", "-\t", "-  ", "- \u00a0", "- \u3000", "- - ", "- ## ", "- TODO "),
    *(
        "- [#A] ",
        "- TODO [#A] ",
        "- DOING ## ",
        "- # ",
        "# ",
        "## TODO ",
        "",
        "",
        "* ",
        "1. ",
        "> ",
    ),
    *("- * ", "- > ", "- 1. ", "+ [ ] ", "- DONE", "-"),
]
_CODE = [
    *("x = 1", "\treturn 1", "  y = 2", "    z", "", "\t", "# c", "- a", "```js", "k:: v", "> q"),
    *(
        ":END:",
        f"(({_ID}))",
        f"id:: {_ID}",
        "#+END_NOTE",
        "\t\ta",
        " \tb",
        "\u3000c",
        "$$",
        "<div>",
    ),
    *("\xa0\xa0d", "\x0ce", "注", "~~", "``", "#+END_QUOTE", ":PROPERTIES:", "</div>"),
]
_FENCE = ["```", "```", "```", "~~~", "````", "~~~~"]
_LANGUAGES = [
    *("", "python", "python", "py", "`py", "``", "{python}", " python", "\tpython", "Python :a b"),
    *("js  x", "python ", "~", "python\u00a0", "c++", "python\r", "#+x"),
]
_CLOSERS = [
    *(
        "```",
        "```",
        "```",
        "~~~",
        "````",
        "``` x",
        "```python",
        "``",
        "",
        "  ```",
        "> ```",
        "\t~~~",
    ),
    *("\u00a0```", "- ```", "``` ", "x```", "\u3000~~~"),
]
_NAMES = ["SRC", "src", "SRC python", "SRC  py :x", "src\tpy", "EXAMPLE", "QUOTE", "NOTE", "QUERY"]
_NAMES += ["EXPORT html", "COMMENT", "TIP", "Quote", "CENTER"]
_KEYS = [
    *("k", "id", "id", "ID", "custom_id", "custom-id", "My_Key", "ti\\tle", "title", "a.b", "a/b"),
    *(
        "a/b/c",
        "#t",
        "`k`",
        "tangle.run",
        "a b",
        "注",
        "a'b",
        "**k**",
        "collapsed",
        "heading",
        "a,b",
    ),
    *("(k)", '"k"', "k[0]", "@k", "alias", "1", "a/1"),
]
_VALUES = [_ID, _OTHER, _ID + " ", "", "x", "true", "12", f'"(({_ID}))"', '"', "a, b"]
_MARKS = [["> "], ["> ", ""], [">", "> ", ""], ["* ", "  "], ["1. ", "   ", "\t"], ["  > ", "  "]]


def mixture(number: int) -> str:
    """Text of one page: whole constructs below each other and within each other."""
    random = Random(number)
    return "".join(
        _line(random) if random.random() < 0.2 else _block(random)
        for _ in range(random.randint(1, 6))
    )


def _line(random: Random) -> str:
    kinds = random.choice([_TEXTS, _OPENERS, _OPENERS])
    parts = (_INDENT, _MARK, kinds, _ENDS)
    return "".join(random.choice(part) for part in parts)


def _block(random: Random) -> str:
    """A construct behind a mark; its further lines are indented, mostly."""
    indent, bullet, inset = (random.choice(x) for x in (_INDENT, _BULLETS, _INSET))
    first, *rest = _shape(random)
    end = random.choice(_ENDS)
    return "".join([indent, bullet, first, end, *(indent + inset + line + "\n" for line in rest)])


def _shape(random: Random) -> list[str]:
    """The lines of one construct, or of a quote or list with a construct in it."""
    if random.random() < 0.25:  # each line with a mark, or without: lazy
        first, *marks = random.choice(_MARKS)
        lines = _shape(random)
        each = [first, *random.choices(marks or [first], k=len(lines))]
        return [mark + line for mark, line in zip(each, lines, strict=False)]
    shapes = [_fence, _fence, _begin, _properties, _properties, _drawer, _table, _paragraph]
    return random.choice(shapes)(random)


def _text(random: Random) -> str:
    parts = random.choices([_REFERENCES, _AROUND], k=random.randint(1, 6))
    return "".join(random.choice(part) for part in parts)


def _code(random: Random) -> list[str]:
    lines = []
    for _ in range(random.randint(0, 4)):
        inset = random.choice(["", "", "", "", "\t", "  "])
        kinds = random.choice([_CODE, _CODE, _CODE, _OPENERS, _TEXTS])
        lines.append(inset + (random.choice(kinds) if random.random() < 0.8 else _text(random)))
    return lines


def _fence(random: Random) -> list[str]:
    opener, language, closer = (random.choice(x) for x in (_FENCE, _LANGUAGES, _CLOSERS))
    return [opener + language, *_code(random), closer]


def _begin(random: Random) -> list[str]:
    name = random.choice(_NAMES)
    closer = random.choice(["#+END_", "#+end_", "  #+END_"]) + name.split()[0]
    return [f"#+BEGIN_{name}", *_code(random), closer + random.choice(["", "", " ", " x", "S"])]


def _value(random: Random) -> str:
    return random.choice(_VALUES) if random.random() < 0.6 else _text(random)


def _properties(random: Random) -> list[str]:
    return [
        random.choice(_KEYS) + random.choice([":: ", ":: ", "::", "::\t"]) + _value(random)
        for _ in range(random.randint(1, 3))
    ]


def _drawer(random: Random) -> list[str]:
    lines = [
        ":" + random.choice(_KEYS) + random.choice([": ", ":", ":\t"]) + _value(random)
        for _ in range(random.randint(0, 3))
    ]
    opener = random.choice([":PROPERTIES:", ":PROPERTIES:", ":properties:", ":LOGBOOK:", ":x:"])
    return [opener, *lines, random.choice([":END:", ":END:", ":end:", "  :END:", ":END: ", ""])]


def _table(random: Random) -> list[str]:
    return [f"| {_text(random)} |{_text(random)}|" for _ in range(random.randint(1, 3))]


def _paragraph(random: Random) -> list[str]:
    return [
        random.choice(["", *_OPENERS]) if random.random() < 0.2 else _text(random)
        for _ in range(random.randint(1, 4))
    ]
