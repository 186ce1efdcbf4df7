"""Graphs that were made to do harm: nothing is written outside, nothing runs, nothing hangs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes, call

pytestmark = pytest.mark.book

CHUNK = "\t- ```python\n\t  print('out')\n\t  ```\n"
FIGURE = "\t- ```python\n\t  from IPython.display import SVG\n\t  SVG('<svg/>')\n\t  ```\n"
NAMES = [
    "../../.ssh/x",
    "/etc/tangle-test",
    "~/x",
    "..",
    ".",
    "a/../../../b",
    "C:\\x",
    "..\\..\\x",
    "nul\0byte",
    "x" * 300,
    "深" * 300,
    *("CON", "nul", "com1", "LPT1.txt", "aux.svg"),
    "-rf",
    "$(touch x)",
    "`touch x`",
    "a\u202eb",
    "e\u0301",
    "import os; os.abort()",
    '"""',
    "\\N{BULLET}",
    "%s{0}",
]
ALLOWED = ("pages/", "generated/", "assets/tangle/", ".tangle/", "logseq/")


def everything(folder: Path) -> dict[str, bytes | None]:
    """All there is below a folder, links not followed, with the files' content."""
    found: dict[str, bytes | None] = {}
    for top, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(top) / name
            regular = path.is_file() and not path.is_symlink()
            found[path.relative_to(folder).as_posix()] = path.read_bytes() if regular else None
    return found


def all_verbs(graph: Notes) -> None:
    """Everything that reads or writes a graph, whatever it says."""
    for verb in (
        ["build"],
        ["check"],
        ["check", "--diff"],
        ["list"],
        ["run", "--all"],
        ["run", "--write-pending"],
        ["build", "--check"],
        ["clean"],
    ):
        graph.tangle(*verb)
    call("outline", str(graph.root / "pages"))


def outside(before: dict[str, bytes | None], folder: Path) -> dict[str, bytes | None]:
    """What was changed or added that is not in a place where tangle writes."""
    return {
        path: content
        for path, content in everything(folder).items()
        if before.get(path, b"absent") != content
        and not path.removeprefix("graph/").startswith(ALLOWED)
        and path not in {"graph/generated", "graph/assets", "graph/assets/tangle", "graph/.tangle"}
    }


def test_no_name_leads_out(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({})
    saves = "\t- ```python\n\t  <<{0}>>\n\t  x = 1  #@save {0}\n\t  ```\n"
    for at, name in enumerate(NAMES):
        graph.write(f"plain{at}", f"- ## {name}\n  tangle.name:: {name}\n{FIGURE}")
        graph.write(f"titled{at}", f"title:: {name}\n\n- a\n{FIGURE}")
        graph.write(f"numbered{at}", f"- ## 1.{at}. {name}\n  tangle.needs:: {name}\n{FIGURE}")
        graph.write(f"saved{at}", f"- ## 2.{at}. S\n{saves.replace('{0}', name)}")
    before = everything(tmp_path)
    all_verbs(graph)
    assert outside(before, tmp_path) == {}
    assert len(list((graph.root / "generated").rglob("*.py"))) > 2 * len(NAMES)


def test_titles_that_differ_in_case_have_figures_of_their_own(notes: MakeNotes) -> None:
    graph = notes({"Softmax": "- a\n" + FIGURE, "softmax": "- b\n" + FIGURE})
    graph.tangle("run", "--all")
    names = [path.name for path in (graph.root / "assets" / "tangle").iterdir()]
    assert len({name.casefold() for name in names}) == len(names)


# --- links ----------------------------------------------------------------------------------------


FOLDERS = (
    *("pages", "assets", "assets/tangle", "generated", "generated/graph", ".tangle"),
    *(".tangle/cache", ".tangle/memory", ".tangle/pending", ".tangle/record"),
)
FILES = (
    *("pages/x.md", "assets/tangle/1.1-1-d4dc5666.svg", "generated/graph/__init__.py"),
    *(".tangle/lock", ".tangle/holder", ".tangle/record/figures.json"),
)
LINKS = [
    *(pytest.param(name, os.symlink, id=f"symbolic {name}") for name in (*FOLDERS, *FILES)),
    *(pytest.param(name, os.link, id=f"hard {name}") for name in FILES),
]


@pytest.mark.parametrize(("name", "make"), LINKS)
def test_no_link_leads_out(
    notes: MakeNotes, tmp_path: Path, name: str, make: Callable[[Path, Path], None]
) -> None:
    graph = notes({"x": f"- ## 1.1. S\n{FIGURE}{CHUNK}", "y": f"- ## 1.2. S\n{CHUNK}"})
    theirs = tmp_path / "theirs"
    path = graph.root / name
    if name in FILES:
        theirs.write_bytes(graph.page("x").read_bytes() if path.exists() else b"theirs")
        path.unlink(missing_ok=True)
    else:
        theirs.mkdir()
        for page in (graph.root / "pages").iterdir() if name == "pages" else ():
            page.rename(theirs / page.name)
        if path.is_dir():
            path.rmdir()
    path.parent.mkdir(parents=True, exist_ok=True)
    make(theirs, path)
    before = everything(tmp_path)
    all_verbs(graph)
    assert outside(before, tmp_path) == {}
    after = everything(tmp_path)
    assert {k: v for k, v in after.items() if k.startswith("theirs")} == {
        k: v for k, v in before.items() if k.startswith("theirs")
    }


# --- files that are none, and come and go ---------------------------------------------------------


@pytest.mark.parametrize("name", ["pages/p.md", "assets/tangle/1.1-1-d4dc5666.svg"])
def test_a_pipe_is_not_waited_for(notes: MakeNotes, name: str) -> None:
    graph = notes({"x": f"- ## 1.1. S\n{FIGURE}"})
    (graph.root / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(graph.root / name)
    all_verbs(graph)
    assert (graph.root / name).is_fifo()


def test_a_page_of_no_bytes_is_a_page(notes: MakeNotes) -> None:
    graph = notes({"x": f"- ## 1.1. S\n{CHUNK}", "empty": ""})
    for verb in (["check"], ["build"], ["list"], ["run", "--all"], ["clean"]):
        assert graph.tangle(*verb).code == 0


def test_pages_that_come_and_go_while_they_are_read(notes: MakeNotes) -> None:
    graph = notes({"x": f"- ## 1.1. S\n{CHUNK}"})
    done = threading.Event()

    def come_and_go() -> None:
        folder = graph.root / "pages" / "sub"
        while not done.is_set():
            folder.mkdir(exist_ok=True)
            for number in range(30):
                (folder / f"p{number}.md").write_text("- here\n")
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(30):
            for verb in ("check", "list", "build"):
                assert graph.tangle(verb).code in {0, 1}
    finally:
        done.set()
        thread.join()


# --- size -----------------------------------------------------------------------------------------


def deep(levels: int) -> str:
    return "".join(" " * level + "- l\n" for level in range(1, levels))


@pytest.mark.parametrize(("levels", "code"), [(5_000, 0), (10_000, 1)])
def test_blocks_in_blocks_in_blocks(notes: MakeNotes, levels: int, code: int) -> None:
    """Ten thousand levels are more than a page may have bytes; five thousand are not."""
    margin = " " * levels
    chunk = f"{margin}- ```python\n{margin}  print('deep')\n{margin}  ```\n"
    graph = notes({"x": f"- ## 1.1. S\n{deep(levels)}{chunk}", "y": f"- ## 1.2. S\n{CHUNK}"})
    assert graph.tangle("check", "--all").code == code
    assert graph.tangle("build").code == code
    assert graph.tangle("run", "1.2").code == 0
    if code == 0:
        assert graph.tangle("run", "1.1").code == 0
        assert f"{margin} - tangle.output" in graph.text("x")
    else:
        assert "more than 16777216 bytes" in graph.tangle("check", "--all").out


def test_a_web_of_a_hundred_thousand_references(notes: MakeNotes) -> None:
    ids = [f"6543ed3a-0000-4000-8000-{number:012x}" for number in range(1000)]
    graph = notes({"x": f"- ## 1.1. S\n{CHUNK}"})
    for page in range(10):
        blocks = (
            f"- b\n  id:: {ids[at]}\n  "
            + " ".join(f"(({ids[(at * 7 + step) % 1000]}))" for step in range(100))
            for at in range(page * 100, page * 100 + 100)
        )
        graph.write(f"web{page}", "\n".join(blocks))
    for verb in (["check"], ["build"], ["list"], ["run", "1.1"]):
        assert graph.tangle(*verb).code == 0


def named(name: str, *lines: str) -> str:
    code = "".join(f"\t  {line}\n" for line in lines)
    return f"\t- ```python\n{code}\t  ```\n\t  tangle.name:: {name}\n\t  tangle.skip:: yes\n"


def test_a_web_of_a_hundred_thousand_chunks_in_chunks(notes: MakeNotes) -> None:
    leaves = (named(f"leaf {at}", f"x = {at}") for at in range(100))
    web = [f"<<leaf {at}>>" for at in range(100)]
    inner = (named(f"inner {at}", *web) for at in range(1_000))
    graph = notes({"web": "- web\n" + "".join((*leaves, *inner))})
    graph.write("x", "- ## 1.1. S\n\t- ```python\n\t  <<inner 999>>\n\t  print(x)\n\t  ```\n")
    for verb in (["check"], ["run", "1.1"]):
        assert graph.tangle(*verb).code == 0
    assert "\t\t  99\n" in graph.text("x")


def test_a_chain_of_ten_thousand_chunks(notes: MakeNotes) -> None:
    links = (named(f"n{at}", f"<<n{at - 1}>>") for at in range(1, 10_000))
    end = "\t- ```python\n\t  <<n9999>>\n\t  ```\n"
    graph = notes({"x": "".join(("- ## 1.1. S\n", named("n0", "print('far')"), *links, end))})
    assert graph.tangle("run", "1.1").code == 0
    assert "\t\t  far\n" in graph.text("x")


@pytest.mark.parametrize("code", ["(" * 10_000, "1" + " + 1" * 10_000, "a" + ".b" * 10_000])
def test_code_that_is_nested_too_deep_is_reported(notes: MakeNotes, code: str) -> None:
    graph = notes({"x": f"- ## 1.1. S\n\t- ```python\n\t  x = {code}\n\t  ```\n{CHUNK}"})
    said = graph.tangle("check", "--all")
    assert said.code == 1
    assert "this chunk does not parse" in said.out
    assert graph.tangle("build").code == 1


def test_chunks_that_double_each_other_are_reported_and_not_written(notes: MakeNotes) -> None:
    chunks = ["\t- ```python\n\t  x = 0\n\t  ```\n\t  tangle.name:: n0\n"]
    chunks += [
        f"\t- ```python\n\t  <<n{n - 1}>>\n\t  <<n{n - 1}>>\n\t  ```\n\t  tangle.name:: n{n}\n"
        for n in range(1, 40)
    ]
    graph = notes({"x": "- ## 1.1. S\n" + "".join(chunks)})
    said = graph.tangle("check", "--all")
    assert said.code == 1
    assert "[too-large]" in said.out


# --- no line is run -------------------------------------------------------------------------------

LINES = [
    "open({0!r}, 'w')",
    "open({0!r}, 'w')  #@save",
    "@(lambda f: open({0!r}, 'w'))\n\t  def f(x=open({0!r}, 'w')): ...  #@save",
    "class A(metaclass=open({0!r}, 'w')): ...  #@save",
    "!touch {0}",
    "%run {0}",
    "%%bash\n\t  touch {0}",
    "import marks_it",
    "from __future__ import annotations; x: open({0!r}, 'w') = 1",
    "f'{{open({0!r}, \"w\")}}'  #@save",
    "# -*- coding: marks_it -*-\n\t  x = 1",
]


@pytest.mark.parametrize("line", LINES)
def test_reading_runs_no_line(notes: MakeNotes, tmp_path: Path, line: str) -> None:
    mark = tmp_path / "ran"
    page = f"- ## 1.1. S\n\t- ```python\n\t  {line.format(str(mark))}\n\t  ```\n"
    graph = notes({"x": page, "y": "- ## 1.2. Borrows\n\t- ```python\n\t  f(A, x)\n\t  ```\n"})
    marks = f"open({str(mark)!r}, 'w')\n"
    for folder in (graph.root, graph.root / "pages"):
        for name in ("marks_it.py", "sitecustomize.py", "conftest.py", "torch.py"):
            (folder / name).write_text(marks)
    before = Path.cwd()
    os.chdir(graph.root / "pages")
    try:
        for verb in (
            *(["build"], ["check"], ["check", "--diff"], ["check", "--fix"], ["list"]),
            *(["show", "1.1"], ["build", "--check"], ["run", "--write-pending"], ["clean"]),
        ):
            graph.tangle(*verb)
        call("outline", str(graph.page("x")))
    finally:
        os.chdir(before)
    assert not mark.exists()


def test_titles_cannot_drive_the_terminal(notes: MakeNotes) -> None:
    said = notes({"x": "- ## 1.1. \x1b]0;pwn\x07title\n\t- ```python\n\t  1\n\t  ```"}).tangle(
        "list"
    )
    assert "\x1b" not in said.out
    assert "title" in said.out
