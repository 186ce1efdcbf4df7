"""Database graphs that are strange, hostile, large or of another line of Logseq."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.parse import parse
from tangle.parse.database import UnreadableDatabase, entities
from tangle.parse.database_pages import database_pages
from tangle.parse.mirror import mirror_page
from tangle.parse.nodes import DEEPEST, Node, NodeKind, NodePage, TooDeep, page_paths, page_text
from tangle.store import database_rows
from tests.logseq2 import CODE, block, page, uuid, write_database

PAGE, OTHER, FIRST, SECOND, ANY = 20, 30, 21, 22, 50
CODE_CLASS = {
    "block/name": "code",
    "block/title": "Code",
    "db/ident": ":logseq.class/Code-block",
    "logseq.property/built-in?": True,
}
GRAPH: dict[int, dict[str, Any]] = {
    7: CODE_CLASS,
    PAGE: page("Numbers"),
    FIRST: block("words", PAGE, "a1"),
    SECOND: block("print(1)", PAGE, "a2", **CODE),
    OTHER: page("Other"),
    31: block("print(2)", OTHER, "a1", **CODE),
}


def changed(number: int, **facts: Any) -> dict[int, dict[str, Any]]:
    """The graph with other facts of one entity; `__` in a name stands for `/`, `_0` for `.`."""
    named = {name.replace("__", "/").replace("_0", "."): value for name, value in facts.items()}
    return {**GRAPH, number: {**GRAPH.get(number, {}), **named}}


def pages(graph: dict[int, dict[str, Any]]) -> tuple[NodePage, ...]:
    """The pages of a graph, as if its facts had been read."""
    return database_pages(
        {
            number: {name: [_read(value)] for name, value in facts.items()}
            for number, facts in graph.items()
        }
    )


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.startswith((":", "~u")):
        return value.removeprefix("~u").removeprefix(":")
    return value


def texts(found: tuple[NodePage, ...]) -> dict[str, str]:
    """The text of each page's file, by its path."""
    titles = {one.id: one.title for one in found}
    return {
        path: page_text(one, Path(path).stem, titles, {})
        for one, path in zip(found, page_paths(found), strict=True)
    }


def codes(found: tuple[NodePage, ...]) -> list[str]:
    """The code of all pages."""

    def below(nodes: tuple[Node, ...]) -> list[str]:
        own = [[one.text] * (one.kind == "code") + below(one.children) for one in nodes]
        return [text for each in own for text in each]

    return [text for one in found for text in below(one.blocks)]


@pytest.mark.parametrize(
    "value", [None, True, 5, 1.5, [1, 2], {"a": 1}, "\ud800", "a\r\nb\rc\x00", ""]
)
@pytest.mark.parametrize(
    "name",
    [
        *("block__title", "block__uuid", "block__order", "block__parent", "block__tags"),
        *("block__journal-day", "logseq_0property__heading", "logseq_0property__status"),
        *("logseq_0property_0code__lang", "logseq_0property_0asset__type", "db__ident"),
        *("logseq_0property_0node__display-type", "user_0property__x", "block__name"),
    ],
)
def test_a_value_of_another_type_spoils_nothing_else(name: str, value: object) -> None:
    for number in FIRST, PAGE:
        found = pages(changed(number, **{name: value}))
        assert "print(2)" in codes(found)
        for path, text in texts(found).items():
            assert path.encode().decode() == path
            assert text.encode().decode() == text
            assert "\r" not in text


def test_words_cannot_pose_as_blocks_or_fences() -> None:
    attack = "x\n- ```python\n  print('attack')\n  ```"
    graph = changed(FIRST, block__uuid=attack)
    graph[PAGE] = {**GRAPH[PAGE], "block/title": attack}
    graph[SECOND] = {**GRAPH[SECOND], "logseq.property.code/lang": attack}
    graph[8] = {"block/title": attack, "db/ident": ":user.property/y"}
    graph[31] = {**GRAPH[31], "user.property/y": attack}
    for text in texts(pages(graph)).values():
        lines = [line.lstrip("- \t") for line in text.split("\n")]
        assert not any(line.startswith("print('attack')") for line in lines)
        assert sum(line.startswith("```") for line in lines) == 2


def test_code_with_other_line_ends_has_those_of_python() -> None:
    found = pages(changed(SECOND, block__title="a = 1\r\nb = 2\rprint(a)"))
    assert codes(found)[0] == "a = 1\nb = 2\nprint(a)"


@pytest.mark.parametrize("heading", [-1, 0, 7, 10**9])
def test_a_heading_has_six_sizes(heading: int) -> None:
    graph = changed(FIRST, logseq_0property__heading=heading)
    assert "#" not in texts(pages(graph))["pages/Numbers.md"]


def test_pages_that_share_a_title_are_kept_apart() -> None:
    graph = changed(OTHER, block__title="numbers")
    graph[40] = page("a/b")
    graph[41] = page("a___b")
    found = texts(pages(graph))
    assert len({path.casefold() for path in found}) == 4
    (second,) = (text for path, text in found.items() if uuid("Other") in path)
    assert "print(2)" in second
    assert [text for text in found.values() if "title:: a___b" in text]


def test_a_page_below_a_page_is_none_of_its_blocks() -> None:
    found = pages(changed(OTHER, block__parent=PAGE))
    assert codes(found) == ["print(1)", "print(2)"]


@pytest.mark.parametrize("above", [FIRST, SECOND, 60])
def test_a_block_below_itself_is_reported(above: int) -> None:
    graph = changed(FIRST, block__parent=SECOND)
    graph[SECOND] = {**GRAPH[SECOND], "block/parent": above}
    graph[60] = block("between", FIRST, "a")
    with pytest.raises(UnreadableDatabase, match="is below itself"):
        pages(graph)


def test_blocks_that_nest_very_deeply_are_reported() -> None:
    deep = {1000 + n: block(f"level {n}", PAGE if n == 0 else 999 + n, "a") for n in range(5000)}
    with pytest.raises(TooDeep):
        pages({**GRAPH, **deep})
    with pytest.raises(TooDeep):
        mirror_page("".join(f"{'  ' * n}- level {n}\n" for n in range(5000)), "Deep")


def test_two_hundred_levels_are_read() -> None:
    deep = {1000 + n: block(f"level {n}", PAGE if n == 0 else 999 + n, "a") for n in range(DEEPEST)}
    last = f"- level {DEEPEST - 1}\n"
    assert last in texts(pages({**GRAPH, **deep}))["pages/Numbers.md"]
    page = mirror_page("".join(f"{'  ' * n}- level {n}\n" for n in range(DEEPEST)), "Deep")
    assert page_text(page, "Deep", {}, {}).endswith(last)


LINES = (
    *("", "  ", "words", "x = 1", "    y = 2", "\tz", "- x", "- ", "* a", "1. b", "# c", "\\"),
    *("```", "````", "~~~", "  ```python", "$$", "> q", "'''", "| a |", "---", "/*", "<div>"),
    *("id:: 5", "key:: v", ":LOGBOOK:", ":END:", "#+BEGIN_QUOTE", "#+END_SRC", "TODO x", "\u2028x"),
)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=6),
    kind=st.sampled_from(["text", "quote", "math", "code"]),
)
def test_whatever_a_block_says_the_others_stay_as_they_are(
    lines: list[str], kind: NodeKind
) -> None:
    ids = [uuid(name) for name in "abcd"]
    odd = Node(
        kind=kind, text="\n".join(lines), id=ids[1], children=(Node(text="below", id=ids[2]),)
    )
    code = Node(kind="code", language="python", text="print(9)", id=ids[3])
    whole = NodePage(id="", title="P", blocks=(Node(text="first", id=ids[0]), odd, code))
    page = parse(page_text(whole, "P", {}, {}).encode())
    assert [found.id for found in page.blocks] == ids
    assert page.fences[-1].text == "print(9)\n"
    assert [fence.block for fence in page.fences][-1] == 3


def test_code_in_the_text_of_a_block_is_as_it_was() -> None:
    text = "```python\n# why\n- 1\n```\nthen\n- no block\n```\nleft open"
    written = page_text(NodePage(id="", title="P", blocks=(Node(text=text),)), "P", {}, {})
    (fence,) = parse(written.encode()).fences
    assert fence.text == "# why\n- 1\n"
    assert "  \\- no block\n  \\```\n" in written


@pytest.mark.parametrize("addresses", ["[10]", "[1.5]", '{"a": 1}', "[[1]]", "[null]", "7", "?"])
def test_nodes_that_lead_nowhere_or_back_are_reported(tmp_path: Path, addresses: str) -> None:
    file = tmp_path / "graph.sqlite"
    write_database(file, GRAPH)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE kvs SET addresses = ? WHERE addr = 11", [addresses])
    with pytest.raises(UnreadableDatabase, match="its table is damaged"):
        entities(database_rows(file))


def test_a_hundred_thousand_facts_are_read(tmp_path: Path) -> None:
    many = {
        n: block(f"x{n} = {n}", PAGE if n % 100 == 0 else n - n % 100, f"a{n}", **CODE)
        for n in range(10_000, 24_500)
    }
    file = tmp_path / "graph.sqlite"
    write_database(file, {**GRAPH, **many})
    found = entities(database_rows(file))
    assert sum(len(facts) for facts in found.values()) > 100_000
    assert len(codes(database_pages(found))) == 14_502
