"""Graphs of Logseq 2: databases and their Markdown mirrors."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.graphs import Said, call
from tests.logseq2 import CODE, block, page, uuid, write_database

SHARED = Path(__file__).resolve().parents[3] / "shared" / "logseq2"

NOTEBOOK = (
    '{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], '
    '"source": "print(1)"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
)

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


def test_a_log_beside_the_database_counts_and_none_is_made(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        with connection:
            connection.execute("UPDATE kvs SET content = replace(content, 'x = 6', 'x = 7')")
        assert "\n49\n" in tangle(database, "run", "Numbers").out
    before = database.read_bytes()
    assert tangle(database, "list").code == 0
    assert database.read_bytes() == before
    assert not database.with_name("graph.sqlite-wal").exists()


def test_a_log_that_only_its_owner_has_open_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA locking_mode = exclusive")
        connection.execute("PRAGMA journal_mode = wal")
        with connection:
            connection.execute("UPDATE kvs SET content = content")
        said = tangle(database, "list")
    assert said.code == 3
    assert "close it in Logseq" in said.err


def test_an_interrupted_write_is_for_logseq_to_undo(database: Path) -> None:
    journal = database.with_name("graph.sqlite-journal")
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(600))
    said = tangle(database, "list")
    assert said.code == 3
    assert "open it in Logseq once" in said.err
    assert journal.is_file()


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


@pytest.mark.parametrize("length", [50, 5000, -4096])
def test_a_truncated_database_is_refused(database: Path, length: int) -> None:
    database.write_bytes(database.read_bytes()[:length])
    said = tangle(database, "list")
    assert said.code == 3
    assert said.err.startswith(f"tangle: {database}: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nothing", "there is no such file"),
        ("folder", "this folder is no Logseq graph"),
        ("link", "there is no such file"),
    ],
)
def test_a_path_without_a_database_is_a_usage_error(
    tmp_path: Path, kind: str, message: str
) -> None:
    path = tmp_path / "graph.sqlite"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "gone.sqlite")
    said = tangle(path, "list")
    assert said.code == 2
    assert message in said.err
    assert "name the .sqlite file" in said.err


def test_a_configuration_may_name_a_database_and_is_written_by_hand(
    database: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    for graph in (database, mirror):
        said = tangle(graph, "init", "--yes")
        assert said.code == 2
        assert 'graph = "GRAPH.sqlite"' in said.err
    Path("tangle.toml").write_text(f'graph = "{database.name}"\n', encoding="utf-8")
    assert "Numbers" in call("list").out


def test_every_command_reads_a_database_and_none_writes_it(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()
    for command in (
        ("list",), ("check",), ("build",), ("run", "--all"), ("show", "Numbers"),
        ("weave", "-o", "site"), ("export", "Numbers", "-o", "n.ipynb"), ("sync",), ("clean",),
    ):  # fmt: skip
        said = tangle(database, *command)
        assert said.code == 0, (command, said)
    assert "42" in (tmp_path / "site" / "Numbers.html").read_text("utf-8")
    assert database.read_bytes() == before
    assert "does not write" in refusal_of_sync(database)
    (tmp_path / "new.ipynb").write_text(NOTEBOOK)
    said = tangle(database, "import", "new.ipynb")
    assert said.code == 3
    assert "does not write" in said.err


def refusal_of_sync(graph: Path) -> str:
    """What `tangle sync` says of an edit in the script of Numbers."""
    assert tangle(graph, "build").code == 0
    (script,) = Path("generated").glob("*/sections/*Numbers*.py")
    text = script.read_text("utf-8")
    assert "x = 6" in text
    script.write_text(text.replace("x = 6", "x = 66"), encoding="utf-8")
    said = tangle(graph, "sync")
    assert said.code == 3
    return said.err


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


def test_a_page_that_begins_with_code_keeps_its_title_and_has_no_problem(
    database: Path, mirror: Path
) -> None:
    (mirror / "journals").mkdir()
    journal = mirror / "journals" / "2026_01_05.md"
    journal.write_text("id:: 1\n\n- ```python\n  1 + 1\n  ```\n", encoding="utf-8")
    for graph in (database, mirror):
        assert "Jan 5th, 2026" in tangle(graph, "list").out
        assert tangle(graph, "check", "--all").err == "no problems\n"


@pytest.mark.parametrize(
    "command",
    [
        *(("run", "A/B"), ("run", "--all"), ("watch", "A/B"), ("clean",)),
        *(("import", "new.ipynb"), ("check", "--fix"), ("sync",)),
    ],
)
def test_a_mirror_is_never_written(
    mirror: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mirror.parents[1])
    Path("new.ipynb").write_text(NOTEBOOK)
    broken = mirror / "pages" / "Broken.md"
    broken.write_text("- ```python\n  def f()\n      return 1\n  ```\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in mirror.rglob("*.md")}
    if command == ("sync",):
        tangle(mirror, "build")
        (script,) = Path("generated").glob("*/sections/*A_B*.py")
        script.write_text(script.read_text("utf-8").replace("print(2)", "print(3)"), "utf-8")
    said = tangle(mirror, *command)
    assert said.code == 3, said
    assert "overwrites" in said.err
    assert "tangle --graph GRAPH.sqlite" in said.err
    assert {path: path.read_bytes() for path in mirror.rglob("*.md")} == before
    assert sorted(path.name for path in mirror.iterdir()) == ["pages"]


SAME = """\
id:: 00000000-0000-4000-8000-000000000002

- ```python
  x = 6
  print(x)
  ```
- ````python
  print(x * 7)
  # ``` in a comment

  - 1
  ````
- ```python
  raise SystemExit(3)
  ```
  * tangle.skip::
    - yes
"""


def test_a_database_and_its_mirror_have_the_same_code(database: Path, mirror: Path) -> None:
    (mirror / "pages" / "Numbers.md").write_text(SAME, encoding="utf-8")
    scripts = [tangle(graph, "show", "Numbers").out for graph in (database, mirror)]
    # What comes before names the folder of the graph.
    first, second = (script.partition(".enter(")[2].partition("\n")[2] for script in scripts)
    assert "print(x * 7)" in first
    assert first == second


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
    assert words(tmp_path / "demo.tangle") == words(tmp_path / "mirror.tangle")


def words(graph: Path) -> dict[str, list[str]]:
    """The lines of the blocks of each page, without properties and what a mirror leaves out."""
    return {
        path.name: [
            line.strip("- \t").removeprefix("TODO ")
            for line in path.read_text("utf-8").split("\n")
            if line.strip() and ":: " not in line
        ]
        for path in graph.rglob("*.md")
    }
