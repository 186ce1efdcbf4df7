"""What code learned, changed afterwards: no answer of the cache stands for a run that differs.

All cases are sections of one graph, each with a folder of its own, so that a few runs do for all.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

Act = Callable[[Path], object]


def _nothing(_: Path) -> None:
    """Nothing is there, or changes."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Code in a section, what is there before, and what is changed between its runs.

    Attributes:
        never: whether it is not answered even where nothing changes.
    """

    code: str
    before: Act = _nothing
    change: Act = _nothing
    never: bool = False


def writes(**texts: str) -> Act:
    """Write files; `__` in a name stands for a dot, `_S_` for a slash."""

    def act(folder: Path) -> None:
        for name, text in texts.items():
            path = folder / _name(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return act


def _name(name: str) -> str:
    """The path that an argument's name stands for."""
    if name.endswith("_S_X__py"):
        return f"{name.removesuffix('_S_X__py')}/__init__.py"
    return name.replace("_S_", "/").replace("__", ".")


def many(folder: Path) -> None:
    (folder / "data").mkdir()
    for number in range(100):
        (folder / f"data/{number}.txt").write_text(str(number))


def database(name: str, value: int, *, wal: bool = False) -> Act:
    def act(folder: Path) -> None:
        with closing(sqlite3.connect(folder / name)) as connection:
            if wal:
                connection.execute("pragma journal_mode=wal")
            connection.execute("create table if not exists t (x)")
            connection.execute("delete from t")
            connection.execute("insert into t values (?)", (value,))
            connection.commit()

    return act


def touched(name: str, when: int) -> Act:
    return lambda folder: os.utime(folder / name, (when, when))


def makes_folder(name: str) -> Act:
    def act(folder: Path) -> None:
        (folder / name).mkdir(parents=True)

    return act


def removes(name: str) -> Act:
    def act(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    return act


def links(name: str, target: str) -> Act:
    def act(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return act


def does(*acts: Act) -> Act:
    def act(folder: Path) -> None:
        for one in acts:
            one(folder)

    return act


def same_look(folder: Path) -> None:
    """Other content in a file of the same size, time and inode."""
    path = folder / "big.bin"
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(300_000)
        file.write(b"y")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


_FOPEN = """\
import ctypes
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(b"d.txt", b"r"))
text = ctypes.create_string_buffer(9)
libc.fgets(text, 9, file)
print(text.value)"""

_THREADS = """\
from concurrent.futures import ThreadPoolExecutor
{setup}
def one(i):
    {body}
with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(one, range(100))))"""

CASES: dict[str, Case] = {
    # reads in threads
    "files read in threads": Case(
        code=_THREADS.format(
            setup="", body="with open(f'data/{i}.txt') as f: return int(f.read())"
        ),
        before=many,
        change=writes(data_S_50__txt="100000"),
    ),
    "folders listed in threads": Case(
        code=_THREADS.format(setup="import os", body="return len(os.listdir(f'data/{i}'))"),
        before=writes(**{f"data_S_{i}_S_one": "" for i in range(100)}),
        change=writes(data_S_77_S_new="x"),
    ),
    "sizes asked in threads": Case(
        code=_THREADS.format(setup="import os", body="return os.path.getsize(f'data/{i}.txt')"),
        before=many,
        change=writes(data_S_31__txt="long"),
    ),
    "asked by threads that call no code of the session": Case(
        code="import os\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: print(list(pool.map(os.path.isfile, 'abcd')))",
        change=writes(c=""),
    ),
    "listed by threads that call no code of the session": Case(
        code="import os\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(2) as pool: print(list(pool.map(os.listdir, ['d', 'e'])))",
        before=writes(d_S_a="", e_S_a=""),
        change=writes(e_S_b=""),
    ),
    # names, kinds, sizes, times
    "hidden names": Case(
        code="import os; print(sorted(os.listdir('data')))",
        before=writes(data_S_a=""),
        change=writes(data_S___b=""),
    ),
    "hidden names in a glob": Case(
        code="import glob; print(glob.glob('data/.*'))",
        before=writes(data_S_a=""),
        change=writes(data_S___b=""),
    ),
    "a walk by descriptors": Case(
        code="import os; print([(a, sorted(b), sorted(c)) for a, b, c, _ in os.fwalk('data')])",
        before=writes(data_S_a_S_x=""),
        change=writes(data_S_a_S_y=""),
    ),
    "a walk over a link to itself": Case(
        code="import os; print([(a, sorted(b), sorted(c)) for a, b, c in os.walk('data')])",
        before=does(writes(data_S_x=""), lambda folder: (folder / "data/loop").symlink_to("loop")),
        change=writes(data_S_y=""),
    ),
    "a file that becomes a folder": Case(
        code="import os; print(sorted((e.name, e.is_dir()) for e in os.scandir('data')))",
        before=writes(data_S_a=""),
        change=does(removes("data/a"), writes(data_S_a_S_x="")),
    ),
    "sizes of entries": Case(
        code="import os; print([e.stat().st_size for e in os.scandir('data')])",
        before=writes(data_S_a="1"),
        change=writes(data_S_a="four"),
    ),
    "existence": Case(code="import os; print(os.path.exists('x'))", change=writes(x="")),
    "existence by pathlib": Case(
        code="from pathlib import Path; print(Path('x').is_file())", change=writes(x="")
    ),
    "a folder by pathlib": Case(
        code="from pathlib import Path; print(Path('x').is_dir())",
        change=writes(x_S_y=""),
    ),
    "size": Case(
        code="import os; print(os.stat('x').st_size)",
        before=writes(x="1"),
        change=writes(x="four"),
    ),
    "time": Case(
        code="import os; print(os.path.getmtime('x'))",
        before=does(writes(x="1"), touched("x", 10**9)),
        change=touched("x", 10**9 + 5),
    ),
    "time of an open file": Case(
        code="import os; f = open('x'); print(os.fstat(f.fileno()).st_mtime); f.close()",
        before=does(writes(x="1"), touched("x", 10**9)),
        change=touched("x", 10**9 + 5),
    ),
    "mode": Case(
        code="import os; print(oct(os.stat('x').st_mode))",
        before=writes(x="1"),
        change=lambda f: (f / "x").chmod(0o600),
    ),
    "access": Case(
        code="import os; print(os.access('x', os.X_OK))",
        before=writes(x="1"),
        change=lambda f: (f / "x").chmod(0o755),
    ),
    "where a link leads": Case(
        code="import os; print(os.readlink('l'))",
        before=links("l", "one"),
        change=links("l", "two"),
    ),
    "resolved": Case(
        code="from pathlib import Path; print(Path('l').resolve().name)",
        before=does(writes(one="", two=""), links("l", "one")),
        change=links("l", "two"),
    ),
    "through a link": Case(
        code="print(open('l').read())",
        before=does(writes(one="1", two="2"), links("l", "one")),
        change=links("l", "two"),
    ),
    "a large file that looks the same": Case(
        code="print(open('big.bin', 'rb').read().count(b'y'))",
        before=lambda f: (f / "big.bin").write_bytes(b"x" * 400_000),
        change=same_look,
    ),
    "a name below an open folder": Case(
        code="import os\nd = os.open('data', os.O_RDONLY)\n"
        "f = os.open('x', os.O_RDONLY, dir_fd=d)\nprint(os.read(f, 9)); os.close(f); os.close(d)",
        before=writes(data_S_x="1"),
        change=writes(data_S_x="2"),
    ),
    # modules
    "read by a module while it is imported": Case(
        code="import helper_reads; print(helper_reads.V)",
        before=writes(
            d__txt="1",
            helper_reads__py="import os\nV = open('d.txt').read(), os.listdir('data')",
            data_S_a="",
        ),
        change=writes(data_S_b=""),
    ),
    "started by a module while it is imported": Case(
        code="import helper_starts; print(helper_starts.V)",
        before=writes(
            d__txt="1",
            helper_starts__py="import subprocess\nV = subprocess.check_output(['cat', 'd.txt'])",
        ),
        change=writes(d__txt="2"),
        never=True,
    ),
    "a package before a module": Case(
        code="import helper_shadow; print(helper_shadow.V)",
        before=writes(helper_shadow__py="V = 1"),
        change=lambda f: (
            writes(helper_shadow_S_init="")(f)
            or (f / "helper_shadow/__init__.py").write_text("V = 2")
        ),
    ),
    "over the standard library": Case(
        code="import colorsys; print(hasattr(colorsys, 'V'))", change=writes(colorsys__py="V = 1")
    ),
    "over an installed package": Case(
        code="import pluggy; print(hasattr(pluggy, 'V'))", change=writes(pluggy__py="V = 1")
    ),
    "earlier on the path": Case(
        code="import sys\nsys.path[1:1] = ['first', 'second']\nimport helper_two\n"
        "print(helper_two.V)",
        before=writes(first_S_nothing="", second_S_helper_two__py="V = 1"),
        change=lambda f: (f / "first/helper_two.py").write_text("V = 2"),
    ),
    # made by the code itself
    "made when absent and then read": Case(
        code="f = open('log', 'a+'); f.write('x'); f.seek(0); print(f.read()); f.close()",
        never=True,
    ),
    "left by a rename": Case(
        code="import os\nopen('t', 'w').write('1')\nos.replace('t', 'table')\nprint('ok')",
        change=removes("table"),
    ),
    "moved": Case(
        code="import shutil\nopen('t', 'w').write('1')\nshutil.move('t', 'table')\nprint('ok')",
        change=removes("table"),
    ),
    "written by C++": Case(
        code="import torch; torch.save({'w': torch.ones(2)}, 'w.pt'); print('ok')",
        change=removes("w.pt"),
    ),
    "read by C": Case(
        code="import readline; readline.clear_history(); readline.read_history_file('h')\n"
        "print(readline.get_history_item(1))",
        before=writes(h="one\n"),
        change=writes(h="two\n"),
    ),
    "a database's log of writes": Case(
        code="import sqlite3\nc = sqlite3.connect('x.db')\n"
        "print(c.execute('select x from t').fetchall()); c.close()",
        before=database("x.db", 1, wal=True),
        change=database("x.db", 2, wal=True),
    ),
    "folders that others leave out": Case(
        code="print(open('.git/HEAD').read(), open('matplotlib/x').read())",
        before=writes(__git_S_HEAD="1", matplotlib_S_x="1"),
        change=writes(__git_S_HEAD="2"),
    ),
    "left and changed": Case(
        code="open('left', 'w').write('1'); print('ok')", change=writes(left="2")
    ),
    "a folder": Case(
        code="import os; os.makedirs('plots/a', exist_ok=True); print('ok')",
        change=removes("plots"),
    ),
    "folders made by pathlib, parents too": Case(
        code="from pathlib import Path; Path('p/q').mkdir(parents=True, exist_ok=True)",
        change=removes("p"),
    ),
    "a rename that failed left nothing": Case(
        code="import os\ntry: os.rename('a', 'd')\nexcept OSError as e: print(type(e).__name__)\n"
        "print(os.path.isdir('d'), os.path.exists('d/x'))",
        change=writes(d_S_x="1"),
    ),
    "a rename that a folder kept from being done": Case(
        code="import os\ntry: os.rename('a', 'd')\nexcept OSError as e: print(type(e).__name__)\n"
        "else: os.rename('d', 'a')",
        before=writes(a="1", d_S_x="1"),
        change=removes("d"),
    ),
    "a folder for which another is missing": Case(
        code="import os\ntry: os.mkdir('d/a')\nexcept OSError as e: print(type(e).__name__)\n"
        "else: os.rmdir('d/a')",
        change=writes(d_S_x="1"),
    ),
    "a file for which a folder is missing": Case(
        code="try: print(open('d/a', 'w').close())\nexcept OSError as e: print(type(e).__name__)",
        change=writes(d_S_x="1"),
    ),
    "removed in vain, as it was a folder": Case(
        code="import os\ntry: os.remove('a')\nexcept OSError as e: print('no')\n"
        "else: open('a', 'w').close()",
        before=writes(a_S_x="1"),
        change=lambda graph: (removes("a")(graph), writes(a="1")(graph)),
    ),
    "a folder by pathlib that is gone": Case(
        code="from pathlib import Path; Path('plots').mkdir(exist_ok=True); print('ok')",
        change=removes("plots"),
    ),
    "a folder that was there before and is gone": Case(
        code="import os; os.makedirs('plots/a', exist_ok=True); print('ok')",
        before=makes_folder("plots/a"),
        change=removes("plots"),
    ),
    "a folder by pathlib that was there before and is gone": Case(
        code="from pathlib import Path; Path('plots').mkdir(exist_ok=True); print('ok')",
        before=makes_folder("plots"),
        change=removes("plots"),
    ),
    "a link": Case(
        code="import os\nif os.path.lexists('l'): os.remove('l')\n"
        "os.symlink('one', 'l')\nprint('ok')",
        change=links("l", "two"),
    ),
    "a hard link": Case(
        code="import os\nif os.path.exists('h'): os.remove('h')\nos.link('one', 'h')\nprint('ok')",
        before=writes(one="1"),
        change=removes("h"),
    ),
    "a copied tree": Case(
        code="import shutil; shutil.copytree('one', 'two', dirs_exist_ok=True); print('ok')",
        before=writes(one_S_a="1"),
        change=writes(one_S_b="1"),
    ),
    # programs
    "a program in a forked pool": Case(
        code="import subprocess, multiprocessing as mp\n"
        "with mp.get_context('fork').Pool(1) as p:\n"
        "    print(p.apply(subprocess.check_output, (['cat', 'd.txt'],)))",
        before=writes(d__txt="1"),
        change=writes(d__txt="2"),
        never=True,
    ),
    "fork and exec": Case(
        code="import os\nif (child := os.fork()) == 0:\n    os.execlp('cat', 'cat', 'd.txt')\n"
        "os.waitpid(child, 0);",
        before=writes(d__txt="1"),
        change=writes(d__txt="2"),
        never=True,
    ),
    "spawn": Case(
        code="import os; os.spawnlp(os.P_WAIT, 'cat', 'cat', 'd.txt');",
        before=writes(d__txt="1"),
        change=writes(d__txt="2"),
        never=True,
    ),
    "a terminal": Case(
        code="import os, pty\npid, fd = pty.fork()\nif pid == 0:\n    os.closerange(3, 1 << 16)\n"
        "    os.execlp('cat', 'cat', 'd.txt')\nprint(os.read(fd, 9)); os.waitpid(pid, 0); "
        "os.close(fd)",
        before=writes(d__txt="1"),
        change=writes(d__txt="2"),
        never=True,
    ),
    # databases, and what is below Python
    "a database by its address": Case(
        code="import sqlite3\nc = sqlite3.connect('file:x.db?mode=ro', uri=True)\n"
        "print(c.execute('select x from t').fetchall())",
        before=database("x.db", 1),
        change=database("x.db", 2),
    ),
    "an attached database": Case(
        code="import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute(\"attach 'x.db' as o\")\n"
        "print(c.execute('select x from o.t').fetchall()); c.close()",
        before=database("x.db", 1),
        change=database("x.db", 2),
    ),
    "C's own files": Case(
        code=_FOPEN, before=writes(d__txt="1"), change=writes(d__txt="2"), never=True
    ),
    "files that are declared": Case(
        code="tangle.reads:: data/*.txt\nprint(__import__('os').path.basename('data'))",
        before=writes(data_S_a__txt="1"),
        change=writes(data_S_a__txt="2"),
    ),
    "files that are declared and new": Case(
        code="tangle.reads:: data/**/*.txt\nprint(1)",
        before=writes(data_S_a__txt="1"),
        change=writes(data_S_b_S_c__txt="2"),
    ),
    # the process
    "the clock": Case(code="import time; print(getattr(time, 'time')() > 0)", never=True),
    "today": Case(code="from datetime import date; print(date.today().year > 0)", never=True),
    "chance": Case(code="import os; print(len(os.urandom(3)))", never=True),
    "an identifier": Case(code="import uuid; print(len(str(uuid.uuid4())))", never=True),
    "a secret": Case(code="import secrets; print(len(secrets.token_hex(3)))", never=True),
    "the user": Case(code="import os; print(os.getuid() >= 0)", never=True),
    "the mask": Case(code="import os; m = os.umask(0); os.umask(m); print(m >= 0)", never=True),
    "limits": Case(
        code="import resource; print(len(resource.getrlimit(resource.RLIMIT_NOFILE)))", never=True
    ),
    "affinity": Case(code="import os; print(len(os.sched_getaffinity(0)) > 0)", never=True),
    "the machine's state": Case(code="print(open('/proc/uptime').read() > '')", never=True),
}


def _page(number: int, case: Case) -> str:
    lines = case.code.split("\n")
    properties = [line for line in lines if line.startswith("tangle.")]
    code = [line for line in lines if not line.startswith("tangle.")]
    fence = "\n\t  ".join([*properties, "```python", *code, "```"])
    return f"- ## 1.{number}. Case\n\t- {fence}\n"


@dataclass
class Runs:
    """What came of each case: whether it was answered when nothing changed, and after that."""

    still: dict[str, bool]
    answered: dict[str, bool]
    shown: dict[str, Any]
    fresh: dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Runs of all cases: until they are answered, then with a change in each, then fresh."""
    root = tmp_path_factory.mktemp("stale") / "graph"
    (root / "logseq").mkdir(parents=True)
    (root / "logseq/config.edn").write_text("{}")
    graph = Notes(root=root)
    names = {f"1.{number}": name for number, name in enumerate(CASES, start=1)}
    for number, (name, case) in enumerate(CASES.items(), start=1):
        folder = root / "pages" / f"c{number}"
        folder.mkdir(parents=True)
        case.before(folder)
        (folder / f"page{number}.md").write_text(_page(number, case))
        del name

    def run(*options: str) -> dict[str, tuple[bool, Any]]:
        said = graph.tangle("run", "--all", "--no-write", "--format", "json", *options)
        return {
            names[s["number"]]: (s["cached"], [(c["outcome"], c["outputs"]) for c in s["chunks"]])
            for s in json.loads(said.out)["sections"]
        }

    run()
    run()  # what a first run makes, a second one finds
    still = run()
    for number, case in enumerate(CASES.values(), start=1):
        case.change(root / "pages" / f"c{number}")
    now, fresh = run(), run("--fresh")
    return Runs(
        still={name: cached for name, (cached, _) in still.items()},
        answered={name: cached for name, (cached, _) in now.items()},
        shown={name: out for name, (_, out) in now.items()},
        fresh={name: out for name, (_, out) in fresh.items()},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="some of it is known on Linux only")
@pytest.mark.parametrize("name", CASES)
def test_what_changed_is_run_again(runs: Runs, name: str) -> None:
    assert runs.still[name] is not CASES[name].never
    assert not runs.answered[name]
    if CASES[name].change is not _nothing:
        assert runs.shown[name] == runs.fresh[name]
    assert all(outcome == "passed" for outcome, _ in runs.shown[name])


@pytest.mark.parametrize(
    ("lent", "asked"),
    [
        ("def size(): return 1", "print(size())"),
        ("size = 1", "print(size)"),
        ("def size(): return 1  #@save", "from d2l import torch as d2l\n\t  print(d2l.size())"),
        ("def size(): return 1  #@save", "print(size())"),
    ],
)
def test_files_that_borrowed_code_declares(notes: MakeNotes, lent: str, asked: str) -> None:
    chunk = "\t- {}```python\n\t  {}\n\t  ```\n"
    lender = chunk.format("tangle.reads:: ../data.txt\n\t  ", lent)
    page = f"- ## 1.1. Lends\n{lender}- ## 1.2. Asks\n{chunk.format('', asked)}"
    graph = notes({"x": page})
    data = graph.root / "data.txt"
    for text, cached in (("1", False), ("1", True), ("2", False)):
        data.write_text(text)
        said = graph.tangle("run", "1.2", "--no-write", "--format", "json")
        (section,) = json.loads(said.out)["sections"]
        assert (section["cached"], section["outcome"]) == (cached, "passed")
