"""Graphs of Logseq 2: databases and their Markdown mirrors."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.graphs import Said, call
from tests.logseq2 import CODE, block, page, uuid, write_database

SHARED = Path(__file__).resolve().parents[3] / "shared" / "logseq2"

FIRST = "x = 6\nprint(x)"

ENTITIES = {
    7: {"block/name": "code", "block/title": "Code", "db/ident": ":logseq.class/Code-block",
        "logseq.property/built-in?": True},
    8: {"block/name": "tangle.skip", "block/title": "tangle.skip", "block/tags": 9,
        "db/ident": ":user.property/skip-x1"},
    9: {"block/name": "property", "block/title": "Property", "db/ident": ":logseq.class/Property",
        "logseq.property/built-in?": True},
    20: page("Numbers"),
    21: block(FIRST, 20, "a1", **CODE),
    22: block("print(x * 7)\n# ``` in a comment\n\n- 1", 20, "a2", **CODE),
    23: block("raise SystemExit(3)", 20, "a3", **CODE) | {"user.property/skip-x1": 24},
    24: block("yes", 23, "a1") | {"logseq.property/created-from-property": 8},
    25: block(f"see [[{uuid('Other/Page?')}]] and [[{uuid(FIRST)}]]", 20, "a0"),
    26: block("child", 25, "a1") | {"logseq.property/heading": 2},
    30: page("Other/Page?"),
    31: block("first\n- no block", 30, "a1"),
    40: page("Jan 5th, 2026") | {"block/journal-day": 20260105},
    41: block("1 + 1", 40, "a1", **CODE),
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small graph."""
    path = tmp_path / "graph.sqlite"
    write_database(path, ENTITIES)
    return path


def tangle(graph: Path, *arguments: str) -> Said:
    """Call `tangle` on a graph."""
    return call("--graph", str(graph), *arguments)


def test_a_database_is_listed_run_and_never_written(database: Path) -> None:
    before = database.read_bytes()
    listed = tangle(database, "list")
    assert "Numbers" in listed.out
    assert "Jan 5th, 2026" in listed.out
    ran = tangle(database, "run", "Numbers")
    assert ran.code == 0, ran
    text = (database.parent / "graph.tangle" / "pages" / "Numbers.md").read_text("utf-8")
    assert "\t  6\n" in text
    assert "\t  42\n" in text
    again = tangle(database, "run", "--all")
    assert again.code == 0
    assert text == (database.parent / "graph.tangle" / "pages" / "Numbers.md").read_text("utf-8")
    assert "fresh" in tangle(database, "list").out
    assert database.read_bytes() == before


def test_blocks_are_in_order_with_what_belongs_to_them(database: Path) -> None:
    assert tangle(database, "check").code == 0
    folder = database.parent / "graph.tangle"
    assert (folder / "pages" / "Numbers.md").read_text("utf-8") == (
        f"- see [[Other/Page?]] and (({uuid(FIRST)}))\n"
        f"  id:: {uuid(ENTITIES[25]['block/title'])}\n"
        f"\t- ## child\n\t  id:: {uuid('child')}\n"
        f"- id:: {uuid(FIRST)}\n"
        "  ```python\n  x = 6\n  print(x)\n  ```\n"
        f"- id:: {uuid(ENTITIES[22]['block/title'])}\n"
        "  ```python\n  print(x * 7)\n  # ``` in a comment\n\n  - 1\n  ```\n"
        f"- tangle.skip:: yes\n  id:: {uuid('raise SystemExit(3)')}\n"
        "  ```python\n  raise SystemExit(3)\n  ```\n"
    )
    assert (folder / "pages" / "Other___Page%3F.md").read_text("utf-8") == (
        "title:: Other/Page?\n\n"
        f"- first\n  id:: {uuid('first' + chr(10) + '- no block')}\n  \\- no block\n"
    )
    assert (folder / "journals" / "2026_01_05.md").is_file()


def test_an_edit_in_logseq_keeps_outputs_and_makes_them_stale(database: Path) -> None:
    tangle(database, "run", "Numbers")
    database.unlink()
    changed = dict(ENTITIES)
    changed[22] = {**ENTITIES[22], "block/title": "print(x * 8)"}
    changed[50] = block("new above", 20, "a")
    del changed[40], changed[41]
    write_database(database, changed)
    assert "stale" in tangle(database, "list").out
    text = (database.parent / "graph.tangle" / "pages" / "Numbers.md").read_text("utf-8")
    assert text.startswith("- new above\n")
    assert "\t  42\n" in text
    assert not (database.parent / "graph.tangle" / "journals" / "2026_01_05.md").exists()


def test_transactions_that_are_not_in_the_tree_yet_count(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    tail = [
        (21, "block/title", "x = 6\nprint(x)", -2),
        (21, "block/title", "print('later')", 2),
        (31, "block/parent", 30, -3),
    ]
    write_database(path, ENTITIES, tail=tail)
    tangle(path, "list")
    assert "print('later')" in (tmp_path / "graph.tangle" / "pages" / "Numbers.md").read_text(
        "utf-8"
    )
    other = (tmp_path / "graph.tangle" / "pages" / "Other___Page%3F.md").read_text("utf-8")
    assert "first" not in other


def test_the_folder_of_a_graph_names_its_database(tmp_path: Path) -> None:
    write_database(tmp_path / "db.sqlite", ENTITIES)
    assert "Numbers" in tangle(tmp_path, "list").out


def test_a_database_that_is_open_is_refused_with_the_way_out(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA locking_mode = exclusive")
        connection.execute("BEGIN EXCLUSIVE")
        said = tangle(database, "list")
    assert said.code == 3
    assert "close it in Logseq" in said.err


@pytest.mark.parametrize("major", [64, 66, 99])
def test_another_schema_is_refused(tmp_path: Path, major: int) -> None:
    path = tmp_path / "graph.sqlite"
    write_database(path, ENTITIES, major=major)
    assert tangle(path, "list").code == 3


@pytest.mark.parametrize(
    "data", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_what_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "graph.sqlite"
    path.write_bytes(data)
    said = tangle(path, "list")
    assert said.code == 3
    assert "graph.sqlite" in said.err


def test_a_table_that_is_damaged_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM kvs WHERE addr = 12")
    assert tangle(database, "list").code == 3
    for content in ("[", "[]", "{}", '["^ "]', '["^ ","~:keys",[1]]', '["^ ","~:keys",[[1]]]'):
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE kvs SET content = ? WHERE addr = 11", [content])
        said = tangle(database, "list")
        assert said.code == 3
        assert said.err.startswith(f"tangle: {database}: ")


def test_repairs_are_shown_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    write_database(path, {**ENTITIES, 21: block("def f()\n    return 1", 20, "a1", **CODE)})
    assert "def f():" in tangle(path, "check", "--fix", "--diff").out
    assert tangle(path, "check", "--fix").code == 3


def test_a_folder_of_another_program_is_left_alone(database: Path) -> None:
    folder = database.parent / "graph.tangle"
    folder.mkdir()
    (folder / "mine.md").write_text("- mine\n", encoding="utf-8")
    said = tangle(database, "list")
    assert said.code == 3
    assert str(folder) in said.err
    assert sorted(path.name for path in folder.iterdir()) == ["mine.md"]


def test_titles_that_are_no_names_of_files(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    titles = ["长" * 300, "x" * 300, ".hidden", "..", "a/b", "con:", "tab\tin"]
    pages = {100 + n: page(title) for n, title in enumerate(titles)}
    blocks = {200 + n: block(f"print({n})", 100 + n, "a", **CODE) for n in range(len(titles))}
    write_database(path, {7: ENTITIES[7], **pages, **blocks})
    assert f"{len(titles)} sections with code" in tangle(path, "list").out
    for title in titles[:3]:
        assert tangle(path, "run", title, "--no-write").code == 0


def test_an_asset_is_shown_and_a_link_is_not_followed(tmp_path: Path) -> None:
    path, assets = tmp_path / "graph.sqlite", tmp_path / "assets"
    assets.mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    names = {text: uuid(text) for text in ("picture", "link")}
    (assets / f"{names['picture']}.png").write_bytes(b"png")
    (assets / f"{names['link']}.png").symlink_to(secret)
    shown = {
        50 + n: block(text, 20, f"a{n}", **{"logseq.property.asset/type": "png"})
        for n, text in enumerate(names)
    }
    write_database(path, {**ENTITIES, **shown})
    assert tangle(path, "list").code == 0
    text = (tmp_path / "graph.tangle" / "pages" / "Numbers.md").read_text("utf-8")
    assert f"![picture](../assets/{names['picture']}.png)" in text
    copied = [file.name for file in (tmp_path / "graph.tangle" / "assets").iterdir()]
    assert copied == [f"{names['picture']}.png"]


MIRROR = """\
id:: 00000000-0000-4000-8000-000000000001
* tags:: a
* note::
  - two words

- words
  * number:: 3
  - ````python
    text = '''
    ```
    '''
    print(len(text))
    ````
    * tangle.name::
      - long
    - below
1. first
2. second

- ```python
  print(1)

  print(2)
  ```
- ## Part
  more words
"""


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror of one page."""
    folder = tmp_path / "graph" / "mirror" / "markdown"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "A___B.md").write_text(MIRROR, encoding="utf-8")
    return folder


def test_a_mirror_is_read_in_its_own_dialect(mirror: Path) -> None:
    said = tangle(mirror, "run", "A/B", "--no-write")
    assert said.code == 0, said
    assert "5\n" in said.out
    assert "1\n2\n" in said.out
    text = (mirror.parents[1] / "mirror.tangle" / "pages" / "A___B.md").read_text("utf-8")
    assert text == (
        "title:: A/B\ntags:: a\nnote:: two words\n\n"
        "- words\n  number:: 3\n"
        "\t- tangle.name:: long\n\t  #+BEGIN_SRC python\n\t  text = '''\n"
        "\t  ```\n\t  '''\n\t  print(len(text))\n\t  #+END_SRC\n"
        "\t\t- below\n"
        "- first\n  logseq.order-list-type:: number\n"
        "- second\n  logseq.order-list-type:: number\n"
        "- ```python\n  print(1)\n\n  print(2)\n  ```\n"
        "- ## Part\n  more words\n"
    )


@pytest.mark.parametrize("command", [("run", "A/B"), ("clean",)])
def test_a_mirror_is_never_written(mirror: Path, command: tuple[str, ...]) -> None:
    said = tangle(mirror, *command)
    assert said.code == 3
    assert "overwrites" in said.err
    assert (mirror / "pages" / "A___B.md").read_text("utf-8") == MIRROR
    assert sorted(path.name for path in mirror.iterdir()) == ["pages"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="there is no graph of Logseq 2.0.1 here")
def test_a_graph_of_logseq_and_its_mirror_have_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "demo.sqlite").write_bytes((SHARED / "demo-2.0.1.sqlite").read_bytes())
    folder = tmp_path / "mirror" / "markdown"
    for path in (SHARED / "mirror").rglob("*.md"):
        target = folder / path.relative_to(SHARED / "mirror")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    shown = [
        tangle(graph, "show", "Demo package").out for graph in (tmp_path / "demo.sqlite", folder)
    ]
    code = [text.partition("def add")[2].split("\n") for text in shown]
    code = [[line for line in lines if line and not line.startswith("#")] for lines in code]
    assert code[0] == code[1]
    assert "    # a ``` fence and a tab\there" in code[0]
