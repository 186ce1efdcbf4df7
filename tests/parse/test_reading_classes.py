"""Odd places in which Logseq sees a reference, a property or code, and those in which it does not.

Each expected value is what Logseq 0.10 itself made of the page.
"""

from __future__ import annotations

import pytest

from tangle.parse import parse

_ID = "6543ed3a-0000-4000-8000-0000000000aa"


def _page(text: str) -> str:
    """The text, in which `ID` stands for an id."""
    return text.replace("ID", _ID)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "见((ID))",
            '"((ID))"',
            "a((ID))b",
            "((a)) b((ID))",
            "&nbsp;((ID))",
            "(((ID)))",
            "-((ID))",
        ),
        *("**((ID))**", "*x ((ID))*", "^^((ID))^^", "~~((ID))~~", "==((ID))==", "_((ID))_"),
        *(
            "***[[ID]]***",
            "[[a ((ID))]]",
            "[[a [[b]] ((ID))]]",
            "[[a [[ID]]]]",
            "#((ID))",
            "#a((ID))",
        ),
        *("[((ID))](x)", "![((ID))](x.png)", "[l](x((ID)))", "[l]((ID))", "http://a/((ID))"),
        *(
            "<http://a((ID))>",
            "`((ID))`",
            "``a`((ID))``",
            "$((ID))$",
            "\\[((ID))\\]",
        ),
        *("x^{((ID))}", "{{query ((ID))}}", "{{embed x, ((ID))}}", "@@html: ((ID))@@", "(( ID ))"),
        *("a\u00a0((ID))", "a\u3000((ID))", "[a] (((ID)))", "{a}((ID))", "((a ((ID))"),
    ],
)
def test_not_a_reference(text: str) -> None:
    """Logseq reads text there, so no chunk is meant."""
    assert parse(_page(f"- {text}\n").encode()).references == ()
    assert parse(_page(f"- a\n  {text}\n").encode()).references == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[(x, "ref") for x in ("((ID))", "见 ((ID))", "[[ID]]", "a[[ID]]b", "#[[ID]]", "<id:ID>")],
        *[(x, "ref") for x in ("[[p]]((ID))", "`a`((ID))", "**a**((ID))", "a_((ID))", "a=((ID))")],
        *[(x, "ref") for x in ("\\alpha((ID))", "\\_((ID))", "http://a((ID))", "((ID))x((ID))")],
        *[
            (x, "ref")
            for x in ("**[[ID]]**", "a\n  b\n_((ID))_", "{{embed ((ID)) x}}", "$ a$((ID))")
        ],
        *[(x, "labelled") for x in ("[l](((ID)))", "[l](ID)", "见[l](((ID)))", "![l](((ID)))")],
        *[(x, "labelled") for x in ('[l](((ID)) "t")', "[](<ID>)", "[l]([[ID]])", "*[l](ID)*")],
        *[(x, "labelled") for x in ("[a [b](((ID)))", "[l](id://ID)", "#a[l](((ID)))")],
        *[(x, "embed") for x in ("{{embed ((ID))}}", "{{embed ((ID)), x}}", "{{{embed ((ID))}}}")],
        *[(x, "embed") for x in ("{{embed  ((ID)) }}", "{{embed ((ID)) , ((ID))}}")],
    ],
)
def test_reference(text: str, kind: str) -> None:
    """Logseq sees the block there."""
    (found,) = parse(_page(f"- {text}\n").encode()).references
    assert (found.kind, found.target) == (kind, _ID)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("- a\n  k:: x ((ID))\n", 1),
        ("- a\n  k:: x((ID))\n", 0),
        ('- a\n  k:: "((ID))" \n', 0),
        ("- a\n  k:: **[[ID]]**\n", 0),
        ("- a\n  k:: {{embed ((ID))}}\n", 1),
        ("- a\n  ti\\tle:: ((ID))\n", 0),
        ("- a\n  k:: x\n  text\n  l:: ((ID))\n", 0),
        ("- a\n  :PROPERTIES:\n  :k: ((ID))\n  :END:\n", 1),
        ("- a\n  :x:\n  ((ID))\n  :END:\n", 0),
        ("- a\n  SCHEDULED: <2024-01-01 Mon> ((ID))\n", 0),
        ("- SCHEDULED: <2024-01-01 Mon> ((ID))\n", 1),
        ("- a\n  | b((ID)) | ((ID)) |\n", 1),
        ("- | ((ID)) |\n", 1),
        ("- a\n  > ((ID))\n  > b((ID)) **c\n  ((ID))**\n", 1),
        ("- a\n  > ```\n  ((ID))\n  > ```\n  > ((ID))\n", 1),
        ("- a\n  * ((ID))\n    x((ID))\n  * [ ] ((ID))\n", 2),
        ("- a\n  #+BEGIN_QUOTE\n  ((ID))\n  #+END_QUOTE\n", 1),
        ("- a\n  #+BEGIN_EXAMPLE\n  ((ID))\n  #+END_EXAMPLE\n", 0),
        ("- a\n  [//]: # ((ID))\n", 0),
        ("[^1]: ((ID)) x((ID))\n", 1),
        ("term ((ID))\n: ((ID))\n: x((ID))\n", 2),
        ("- a `x\n  ((ID))` b\n", 1),
        ("- a\n  **b\n\n  ((ID))**\n", 0),
        ("* 1. ~~((ID))\n ~~\n", 0),
        ("* 1. |{{m ((ID))}}|\n", 1),
        (">\x1a((ID))\n", 1),
        ("* a\n\x1a((ID))\n", 0),
        ("|[[|[[ID]]|\r x\n", 1),
        ("\r|{{e ((ID))}}|\n", 0),
        ("> a\n\n <2024-01-01 Mon> ((ID))\n", 0),
        ("---\n <2024-01-01 Mon> ((ID))\n", 0),
        ("\r\f<2024-01-01 Mon> ((ID))\n", 1),
        ("-\n <2024-01-01 Mon> ((ID))\n", 0),
        ("> ~~~\n> : ((ID))\n> ```\n", 1),
    ],
)
def test_references_of_a_block(text: str, count: int) -> None:
    """Values, cells, quotes, lists and paragraphs are each read by themselves."""
    assert len(parse(_page(text).encode()).references) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n  id:: x\n  id:: ID\n", _ID),
        ("- a\n  id:: ID\n  id:: x\n", None),
        ("- a\n  custom_id:: ID\n", _ID),
        ("- a\n  :PROPERTIES:\n  :id:ID\n  :END:\n", _ID),
        ("- a\n  text\n  :PROPERTIES:\n  :k: v\n  :id: ID\n  :END:\n", _ID),
        ("- a\n  \u3000id:: ID\n", None),
        ("- a\n  id::\tID\n", None),
        ("- TODO a\n  id:: ID\n", _ID),
        ("- a\n  ```\n  x\n  ```\n  id:: ID\n", _ID),
        ("- a\n  ```\n  id:: ID\n  ```\n", None),
        ("> a\nId:: ID\n", _ID),
        ("- a\n  :PROPERTIES:\n  :id: ID\n  :END:", _ID),
        ("- a\n  :PROPERTIES:\n  :id: ID", None),
        (":PROPERTIES:\n:a b: x\n:id: ID\n:END:\n", None),
    ],
)
def test_id(text: str, expected: str | None) -> None:
    """The last `id` of the first run of properties names the block."""
    assert parse(_page(text).encode()).blocks[0].id == expected


@pytest.mark.parametrize(
    ("key", "filed"),
    [
        ("My_Key", "my-key"),
        ("a/b", "a/b"),
        ("a'b", "a'b"),
        ("注", "注"),
        *[(x, None) for x in ("ti\\tle", "a/b/c", "a/1", "/a", "a,b", "a;b", "@a", "k[0]", "#a")],
    ],
)
def test_key(key: str, filed: str | None) -> None:
    """A key is filed in lower case, and one that is no keyword for Clojure not at all."""
    found = [item.key for item in parse(f"- a\n  {key}:: x\n".encode()).blocks[0].properties]
    assert found == ([] if filed is None else [filed])


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("- \u00a0```python\n  a\n  ```\n", "python", "a\n"),
        ("- \u3000```python\n  a\n  ```\n", "python", "a\n"),
        ("- ```python\n  a\n\u3000```\n", "python", "a\n"),
        ("- TODO ```python\n  a\n\u00a0~~~\n", "python", "a\n"),
        ("- ````python\n  a\n  ```\n", "`python", "a\n"),
        ("- ## ```python\n  a\n  ```\n", "python", "a\n"),
        ("- a\n  #+BEGIN_SRC python\n      a\n    b\n  #+END_SRC \n", "python", "a\nb\n"),
        ("- a\n  ```\n  \treturn 1\n  ```\n", "", "\treturn 1\n"),
        ("- a\n  ```\n\treturn 1\n  ```\n", "", "return 1\n"),
        ("- a\n  > ```\n  b\n  > ```\n", "", "b\n"),
        ("- > ```\n  > b\n  ```\n", "", "b\n"),
        ("- > > > ```\n  b\n  ```\n", "", "b\n"),
        ("1. > ```\n b\n ```\n", "", "b\n"),
        ("* > #+BEGIN_SRC x\n b\n #+END_SRC\n", "x", "b\n"),
        ("> ```n  \n> b \n> ```\n", "n  ", "b \n"),
        ("1. ```\n \u00a0\n ```\n", "", "\u00a0\n"),
        ("- ```\r\r\n  b\n  ```\n", "", "b\n"),
        ("#+BEGIN_SRC\n   \n   a\n#+END_SRC\n", "", "   \n   a\n"),
        ("#+BEGIN_SRC\n \fa\n#+END_SRC\n", "", "\fa\n"),
        ("- \u00a0```\n  a\n  ```\n  ```\n", "", "a\n"),
    ],
)
def test_code(text: str, language: str, shown: str) -> None:
    """One code block stands there, and its text is what Logseq shows."""
    (fence,) = parse(text.encode()).fences
    assert (" ".join((fence.language, *fence.options)), fence.text) == (language, shown)


def test_code_that_is_the_term_of_a_definition() -> None:
    """Within a quote a fence whose first line is a definition is no fence."""
    assert parse(b"> ~~~\n> : a\n> ```\n").fences == ()
    assert len(parse(b"~~~\n: a\n```\n").fences) == 1


@pytest.mark.parametrize(
    ("end", "kinds"),
    [("\\y", ["pre", "heading"]), ("\\yyyyyyy", ["pre"]), ("y", ["pre"])],
)
def test_an_environment_without_an_end(end: str, kinds: list[str]) -> None:
    """It runs to the end of the page, unless a backslash stands right before that."""
    page = parse(f"\\begin{{a}}\n# {end}".encode())
    assert [block.kind for block in page.blocks] == kinds


def test_a_number_below_a_form_feed_leaves_the_list_as_it_is() -> None:
    """It is no list below the item, so the item stays one and takes in the line of `#`."""
    assert [block.kind for block in parse(b" * b\n\f#\n \f5\n").blocks] == ["pre"]
