"""What `tangle run` may answer from its cache, and what it has to run again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tangle.store import user_key
from tangle.store.cache import encoded, sealed
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book


def page(*chunks: str, number: str = "1.1") -> str:
    """A section of chunks; a line that begins with `tangle.` is a property of the next chunk."""
    blocks = [f"- ## {number}. Section\n"]
    for chunk in chunks:
        lines = chunk.split("\n")
        properties = [line for line in lines if line.startswith("tangle.")]
        code = [line for line in lines if not line.startswith("tangle.")]
        fence = [*properties, "```python", *code, "```"]
        blocks.append("\t- " + "\n\t  ".join(fence) + "\n")
    return "".join(blocks)


def run(graph: Notes, *arguments: str) -> dict[str, Any]:
    """What one section came to; it must pass."""
    names = arguments if any(a[0] != "-" for a in arguments) else ("1.1", *arguments)
    said = graph.tangle("run", *names, "--format", "json")
    assert said.code == 0, said
    (section,) = json.loads(said.out)["sections"]
    assert isinstance(section, dict)
    return section


def shown(section: dict[str, Any]) -> list[str]:
    """The text that each chunk put out."""
    return [
        "".join(out.get("text", "") or out["data"].get("text/plain", "") for out in c["outputs"])
        for c in section["chunks"]
    ]


def cached(graph: Notes, *arguments: str) -> bool:
    """Whether the section was answered, and not run."""
    return bool(run(graph, *arguments)["cached"])


def entries(graph: Notes) -> list[Path]:
    """The files of the cache."""
    return sorted((graph.root / ".tangle" / "cache").rglob("*.json"))


# --- where other caches are wrong -----------------------------------------------------------------


def test_a_helper_module_that_was_edited(notes: MakeNotes) -> None:
    graph = notes({"x": page("import helper\nprint(helper.f())")})
    helper = graph.root / "pages" / "helper.py"
    helper.write_text("def f(): return 1\n")
    assert shown(run(graph)) == ["1\n"]
    assert cached(graph)
    helper.write_text("def f(): return 2\n")
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["2\n"])


def test_a_helper_that_a_helper_imports(notes: MakeNotes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    graph = notes({"x": page("import outer\nprint(outer.f())")})
    (graph.root / "pages/outer.py").write_text("import inner\ndef f(): return inner.x\n")
    inner = graph.root / "pages/inner.py"
    inner.write_text("x = 1\n")
    os.utime(inner, (10**9, 10**9))
    run(graph)
    assert cached(graph)
    inner.write_text("x = 2\n")
    os.utime(inner, (10**9, 10**9))  # Python takes a compiled file for one of the same second
    assert shown(run(graph)) == ["2\n"]


def test_a_list_that_a_cell_between_changes(notes: MakeNotes) -> None:
    graph = notes({"x": page("a = [1]", "a.append(2)", "print(a)")})
    assert shown(run(graph))[-1] == "[1, 2]\n"
    assert cached(graph)
    graph.write("x", graph.text("x").replace("append(2)", "append(3)"))
    section = run(graph)
    assert (section["cached"], shown(section)[-1]) == (False, "[1, 3]\n")


@pytest.mark.parametrize("where", ["data.txt", "../outside.txt"])
def test_a_data_file_that_changed(notes: MakeNotes, where: str) -> None:
    graph = notes({"x": page(f"print(open('../{where}').read())")})
    (graph.root / where).write_text("one")
    run(graph)
    assert cached(graph)
    (graph.root / where).write_text("two")
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["two\n"])
    (graph.root / where).write_text("one")  # as an earlier run read it
    section = run(graph)
    assert (section["cached"], shown(section)) == (True, ["one\n"])


def test_a_data_file_that_a_fork_reads(notes: MakeNotes) -> None:
    code = """\
from multiprocessing import get_context
def read(path):
    return open(path).read()
with get_context("fork").Pool(1) as pool:
    print(*pool.map(read, ["data.txt"]))"""
    graph = notes({"x": page(code)})
    data = graph.root / "pages/data.txt"
    data.write_text("one")
    assert shown(run(graph)) == ["one\n"]
    assert cached(graph)
    data.write_text("two")
    assert shown(run(graph)) == ["two\n"]


def test_what_forks_of_one_cell_read_again_and_again(notes: MakeNotes) -> None:
    code = """\
import os
def told():
    folder = "/proc/self/fd/"
    links = ((fd, os.readlink(folder + fd)) for fd in os.listdir(folder) if int(fd) > 99)
    return sum(os.fstat(int(fd)).st_size for fd, link in links if "forks" in link)
sizes = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        open("data.txt").read()
        os._exit(0)
    os.waitpid(pid, 0)
    sizes.append(told())
print(sizes[0] > 0, len(set(sizes)))"""
    graph = notes({"x": page(code)})
    (graph.root / "pages/data.txt").write_text("one")
    assert shown(run(graph)) == ["True 1\n"]


def test_a_folder_that_is_gone_when_matplotlib_is_imported(notes: MakeNotes) -> None:
    code = """\
import os, tempfile
from matplotlib import pyplot as plt
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
print(1)"""
    assert shown(run(notes({"x": page(code)}))) == ["1\n"]


def test_what_other_processes_than_forks_read_is_not_known(notes: MakeNotes) -> None:
    code = """\
from multiprocessing import get_context
with get_context("spawn").Pool(1) as pool:
    print(*pool.map(abs, [-1]))"""
    graph = notes({"x": page(code)})
    assert shown(run(graph)) == ["1\n"]
    assert not cached(graph)


def test_the_settings_of_matplotlib(notes: MakeNotes) -> None:
    code = "from matplotlib import pyplot as plt\nprint(plt.rcParams['lines.linewidth'])"
    graph = notes({"x": page(code)})
    assert shown(run(graph)) == ["1.5\n"]
    assert cached(graph)
    for width in ("2.0", "3.0"):
        (graph.root / "pages/matplotlibrc").write_text(f"lines.linewidth: {width}\n")
        assert shown(run(graph)) == [f"{width}\n"]
        assert cached(graph)


def test_a_file_that_was_not_there(notes: MakeNotes) -> None:
    code = "try: print(open('new.txt').read())\nexcept OSError: print('none')"
    graph = notes({"x": page(code)})
    assert shown(run(graph)) == ["none\n"]
    assert cached(graph)
    (graph.root / "pages/new.txt").write_text("there")
    assert shown(run(graph)) == ["there\n"]


def test_a_module_that_was_not_there(notes: MakeNotes) -> None:
    code = "try: import extra; print(extra.x)\nexcept ImportError: print('none')"
    graph = notes({"x": page(code)})
    assert shown(run(graph)) == ["none\n"]
    assert cached(graph)
    (graph.root / "pages/extra.py").write_text("x = 1")
    assert shown(run(graph)) == ["1\n"]


def test_a_file_that_was_left_behind_and_is_gone(notes: MakeNotes) -> None:
    graph = notes({"x": page("_ = open('made.txt', 'w').write('made')")})
    run(graph)
    assert cached(graph)
    (graph.root / "pages/made.txt").unlink()
    assert not cached(graph)
    assert (graph.root / "pages/made.txt").read_text() == "made"


# --- code -----------------------------------------------------------------------------------------


def test_a_comment_or_spacing_runs_nothing(notes: MakeNotes) -> None:
    graph = notes({"x": page("x = {'a': 1}", "print( x )\nx")})
    first = shown(run(graph))
    graph.write(
        "x", graph.text("x").replace("x = {", "# why\n\n\t  x  =  {").replace("( x )", "(x)")
    )
    section = run(graph)
    assert (section["cached"], shown(section)) == (True, first)
    graph.write("x", graph.text("x").replace("'a': 1", "'a': 2"))
    assert not cached(graph)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 5\nx", "x = 5\nx;"),  # a semicolon hides the value
        ("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))", None),
        ("%time 1", None),
        ("def f():\n    pass\nprint(f.__code__.co_firstlineno)", None),
        ("import warnings\nwarnings.warn('careful')", None),
        ("import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.print_exc()", None),
        ("import sys\nprint(sys.exc_info, In[-1])", None),
        ("import logging\nlogging.basicConfig(format='%(lineno)d')\nlogging.error('x')", None),
    ],
)
def test_code_that_shows_how_it_is_written(
    notes: MakeNotes, before: str, after: str | None
) -> None:
    graph = notes({"x": page(before)})
    run(graph)
    assert cached(graph)
    changed = after or f"# a comment\n{before}"
    graph.write("x", page(changed))
    assert not cached(graph)


def test_a_helper_that_looks_at_the_callers_text(notes: MakeNotes) -> None:
    graph = notes({"x": page("import helper\ndef f(): return 1\nhelper.show(f)")})
    (graph.root / "pages/helper.py").write_text(
        "import inspect\ndef show(f): print(inspect.getsource(f))\n"
    )
    run(graph)
    assert cached(graph)
    graph.write("x", graph.text("x").replace("return 1", "return 1  # one"))
    section = run(graph)
    assert (section["cached"], "# one" in shown(section)[0]) == (False, True)


def test_lines_that_an_earlier_cell_tells_later(notes: MakeNotes) -> None:
    code = ("import warnings\ndef f():\n    warnings.warn('careful')", "f()")
    graph = notes({"x": page(*code)})
    assert ":3:" in shown(run(graph))[1]
    graph.write("x", page(f"# moved\n{code[0]}", code[1]))
    assert ":4:" in shown(run(graph))[1]


SAVED = page(
    "def used(): return inner() + CONSTANT  #@save",
    "def inner(): return 1  #@save",
    "CONSTANT = 10  #@save",
    "def other(): return 1  #@save",
)


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ("other(): return 1", "other(): return 2", False),
        ("inner(): return 1", "inner(): return 2", True),
        ("CONSTANT = 10", "CONSTANT = 20", True),
        ("used(): return inner()", "used(): return 5 * inner()", True),
        ("used(): return inner()", "used():  return  inner()", False),
    ],
)
def test_saved_functions_that_are_reached(
    notes: MakeNotes, before: str, after: str, again: bool
) -> None:
    graph = notes({"a": SAVED, "b": page("import d2l.torch as d2l\nd2l.used()", number="1.2")})
    run(graph, "1.2")
    assert cached(graph, "1.2")
    graph.write("a", graph.text("a").replace(before, after))
    assert cached(graph, "1.2") is not again


def test_the_module_handed_on_reaches_all_of_it(notes: MakeNotes) -> None:
    use = page("import d2l.torch as d2l\nprint(getattr(d2l, 'oth' + 'er')())", number="1.2")
    graph = notes({"a": SAVED, "b": use})
    run(graph, "1.2")
    graph.write("a", graph.text("a").replace("other(): return 1", "other(): return 2"))
    assert shown(run(graph, "1.2")) == ["2\n"]


def test_borrowed_statements_count(notes: MakeNotes) -> None:
    graph = notes({"a": page("size = 3"), "b": page("print(size)", number="1.2")})
    assert shown(run(graph, "1.2")) == ["3\n"]
    assert cached(graph, "1.2")
    graph.write("a", graph.text("a").replace("size = 3", "size = 4"))
    assert shown(run(graph, "1.2")) == ["4\n"]


# --- cells ----------------------------------------------------------------------------------------

PARTS = """\
- ## 1.1. Section
\t- ### 1.1.1. First
\t\t- ```python
\t\t  print('first')
\t\t  ```
\t- ### 1.1.2. Second
\t\t- ```python
\t\t  {}
\t\t  ```
"""


def test_the_beginning_of_a_section_that_ran_is_answered(notes: MakeNotes) -> None:
    graph = notes({"x": PARTS.format("print('second')")})
    run(graph)
    section = run(graph, "1.1.1")
    assert (section["cached"], shown(section)) == (True, ["first\n"])
    graph.write("x", graph.text("x").replace("'second'", "'changed'"))
    assert cached(graph, "1.1.1")
    assert not cached(graph)


def test_the_rest_of_a_section_is_not_answered_by_its_beginning(notes: MakeNotes) -> None:
    graph = notes({"x": PARTS.format("print('second')")})
    run(graph, "1.1.1")
    assert not cached(graph)
    assert cached(graph, "1.1.1")
    assert cached(graph)


def test_what_stands_before_a_failure_is_kept_and_the_failure_is_not(notes: MakeNotes) -> None:
    graph = notes({"x": PARTS.format("1 / 0")})
    assert graph.tangle("run", "1.1").code == 1
    assert cached(graph, "1.1.1")
    said = graph.tangle("run", "1.1", "--format", "json")
    (section,) = json.loads(said.out)["sections"]
    assert (said.code, section["cached"], section["outcome"]) == (1, False, "failed")


def test_a_time_out_is_not_kept_and_what_stands_before_it_is(notes: MakeNotes) -> None:
    text = PARTS.replace(
        "\t\t- ```python\n\t\t  {}", "\t\t- tangle.timeout:: 0.3\n\t\t  ```python\n\t\t  {}"
    )
    graph = notes({"x": text.format("import time; time.sleep(30)")})
    assert graph.tangle("run", "1.1").code == 1
    assert cached(graph, "1.1.1")


def test_display_updates_across_cells_are_replayed_as_they_were(notes: MakeNotes) -> None:
    text = PARTS.replace("print('first')", "shown = display('old', display_id=True)")
    graph = notes({"x": text.format("shown.update('new'); print('second')")})
    before = run(graph, "--no-write")
    assert shown(before)[0] == "'new'"
    beginning = run(graph, "1.1.1", "--no-write")
    assert (beginning["cached"], shown(beginning)) == (True, ["'old'"])
    whole = run(graph, "--no-write")
    assert whole["cached"]
    assert whole | {"cached": False} == before


def test_a_replay_is_the_run_again(notes: MakeNotes) -> None:
    chunks = (
        "import packaging, sys\nfrom IPython.display import clear_output\nprint('gone')",
        "print('gone')\nclear_output()\nprint('out'); print('err', file=sys.stderr)\n{'a': 1}",
        "tangle.raises:: ValueError\nint('three')",
        "display({'text/html': '<b>b</b>', 'text/plain': 'b'}, raw=True)",
    )
    graph = notes({"x": page(*chunks)})
    before = run(graph, "--no-write")
    text = graph.text("x")
    after = run(graph, "--no-write")
    assert after["cached"]
    assert after | {"cached": False} == before
    run(graph)
    assert graph.text("x") != text
    text = graph.text("x")
    run(graph, "--fresh")
    assert graph.text("x") == text


# --- what is never answered -----------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["tangle.cache:: no\n", ""])
def test_code_that_asks_not_to_be_answered(notes: MakeNotes, prefix: str) -> None:
    text = PARTS.replace("\t\t- ```python\n\t\t  {}", "\t\t- {}```python\n\t\t  print('x')")
    graph = notes({"x": text.format(prefix.replace("\n", "\n\t\t  "))})
    run(graph)
    assert cached(graph) is not bool(prefix)
    assert cached(graph, "1.1.1")


def test_it_holds_for_what_comes_later_and_for_what_is_borrowed(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a": page("tangle.cache:: no\nimport time\nnow = time.time()", "y = 1"),
            "b": page("print(now > 0)", number="1.2"),
            "c": page("print(y)", number="1.3"),
        }
    )
    for number in ("1.1", "1.2", "1.3"):
        run(graph, number)
    assert [cached(graph, number) for number in ("1.1", "1.2", "1.3")] == [False, False, True]


@pytest.mark.parametrize("where", ["own", "host"])
def test_it_holds_where_a_reference_brings_it(notes: MakeNotes, where: str) -> None:
    uuid = "10000000-0000-4000-8000-000000000001"
    own, host = ("tangle.cache:: no", "") if where == "own" else ("", "tangle.cache:: no")
    lender = f"- ## 1.1. A\n\t- id:: {uuid}\n\t  {own}\n\t  ```python\n\t  print(1)\n\t  ```"
    graph = notes({"a": lender, "b": f"- ## 1.2. B\n  {host}\n\t- (({uuid}))"})
    run(graph, "1.2")
    assert not cached(graph, "1.2")


def test_saved_code_that_asks_not_to_be_answered(notes: MakeNotes) -> None:
    saved = page("tangle.cache:: no\nimport time\ndef now(): return time.time()  #@save")
    use = page("import d2l.torch as d2l\nprint(d2l.now() > 0)", number="1.2")
    graph = notes({"a": saved, "b": use})
    run(graph, "1.2")
    assert not cached(graph, "1.2")


def test_a_section_is_run_again_after_one_that_it_needs(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a": page("_ = open('made.txt', 'w').write('one')"),
            "b": page("tangle.needs:: 1.1\nprint(open('made.txt').read())", number="1.2"),
        }
    )

    def both() -> list[tuple[bool, str]]:
        said = json.loads(graph.tangle("run", "1.2", "--format", "json").out)
        return [(s["cached"], shown(s)[0]) for s in said["sections"]]

    assert both() == [(False, ""), (False, "one\n")]
    assert both() == [(True, ""), (True, "one\n")]
    graph.write("a", graph.text("a").replace("'one'", "'two'"))
    assert both() == [(False, ""), (False, "two\n")]


def test_seed_device_environment_and_figures_count(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": page("import random\nprint(random.random() > 2)")})
    run(graph)
    assert cached(graph)
    for text in ("seed = 1\n", 'figures = "png"\n', 'device = "cpu"\n'):
        (graph.root / "tangle.toml").write_text(f'book = ["**"]\n{text}')
        assert not cached(graph)
    (graph.root / "tangle.toml").write_text('book = ["**"]\n')
    assert cached(graph)
    monkeypatch.setenv("TORCH_CHOICE", "other")
    assert not cached(graph)


def test_the_version_of_a_package_that_is_imported(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "site-packages"
    for name, code in (("outerpkg", "import innerpkg"), ("innerpkg", ""), ("otherpkg", "")):
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text(code)
        (site / f"{name}-1.0.dist-info").mkdir()
        (site / f"{name}-1.0.dist-info" / "top_level.txt").write_text(f"{name}\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    graph = notes({"x": page("import outerpkg\nprint('fine')")})
    run(graph)
    assert cached(graph)
    (site / "otherpkg-1.0.dist-info").rename(site / "otherpkg-2.0.dist-info")
    assert cached(graph)
    (site / "innerpkg-1.0.dist-info").rename(site / "innerpkg-2.0.dist-info")
    assert not cached(graph)


def test_a_package_that_was_edited_in_place(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    (site / "inplace").mkdir(parents=True)
    (site / "inplace-1.0.dist-info").mkdir()
    (site / "inplace/__init__.py").write_text("from inplace.inner import V")
    (site / "inplace/inner.py").write_text("V = 1")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    graph = notes({"x": page("import inplace\nprint(inplace.V)")})
    assert shown(run(graph)) == ["1\n"]
    assert cached(graph)
    (site / "inplace/inner.py").write_text("V = 22")
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["22\n"])


@pytest.mark.parametrize(
    "code",
    [
        "import os\nprint(os.environ.get('MY_VAR'))",
        "import os\nprint('MY_VAR' in os.environ)",
        "import asks_variable\nprint(asks_variable.V)",
        "import os\nprint(os.path.expandvars('$MY_VAR'))",
    ],
)
def test_a_variable_that_is_read(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.delenv("MY_VAR", raising=False)
    graph = notes({"x": page(code)})
    helper = graph.root / "pages" / "asks_variable.py"
    helper.write_text("import os\nV = os.getenv('MY_VAR')")
    before = shown(run(graph))
    assert cached(graph)
    monkeypatch.setenv("MY_VAR", "set")
    section = run(graph)
    assert not section["cached"]
    assert shown(section) != before


def test_the_folder_of_temporary_files(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": page("import tempfile\nprint(tempfile.gettempdir())")})
    run(graph)
    assert cached(graph)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, [f"{tmp_path}\n"])


def test_a_variable_that_is_not_read_does_not_count(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": page("import os\nos.environ['MY_VAR'] = '1'\nprint(os.environ['MY_VAR'])")})
    run(graph)
    monkeypatch.setenv("MY_VAR", "2")
    monkeypatch.setenv("COLUMNS", "33")
    assert cached(graph)


def test_a_style_of_the_users_own(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    styles = tmp_path / "settings/stylelib"
    styles.mkdir(parents=True)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "settings"))
    graph = notes({"x": page("import matplotlib.style as s\nprint('mine' in s.available)")})
    assert shown(run(graph)) == ["False\n"]
    assert cached(graph)
    (styles / "mine.mplstyle").write_text("lines.linewidth: 3")
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["True\n"])


def test_what_a_section_that_is_run_again_writes(notes: MakeNotes) -> None:
    slowly = "import time; time.sleep(0.5)\n"  # the longest section begins
    writes, reads = f"{slowly}open('w', 'w').write('1'); print('a')", "print(open('w').read())"
    graph = notes({"x": page(writes), "y": page(reads, number="1.2")})

    def both() -> list[tuple[bool, list[str]]]:
        said = graph.tangle("run", "1.1", "1.2", "--jobs", "1", "--format", "json")
        return [(s["cached"], shown(s)) for s in json.loads(said.out)["sections"]]

    both()
    assert both() == [(True, ["a\n"]), (True, ["1\n"])]
    graph.write("x", page(writes.replace("1", "2")))
    assert both() == [(False, ["a\n"]), (False, ["2\n"])]


# --- the store ------------------------------------------------------------------------------------


def test_an_entry_cut_short_or_altered_is_dropped_and_the_section_run_again(
    notes: MakeNotes,
) -> None:
    graph = notes({"x": page("print('right')")})
    run(graph)
    (entry,) = entries(graph)
    whole = entry.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b"right", b"wrong"), b""):
        entry.write_bytes(damaged)
        section = run(graph)
        assert (section["cached"], shown(section)) == (False, ["right\n"])
        assert entry.read_bytes() != damaged
        assert cached(graph)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(runs=7),
        lambda document: document["runs"][0].pop("cells"),
        lambda document: document["runs"][0]["cells"].clear(),
        lambda document: document["runs"][0]["texts"].append("0"),
        lambda document: document["runs"][0]["cells"][0].pop("end"),
        lambda document: document["runs"][0]["cells"][0].update(revised=[[3, []]]),
        lambda document: document["runs"][0]["cells"][0].update(revised=[[-1, []]]),
        lambda document: document["runs"][0]["cells"][0].update(seconds="soon"),
        lambda document: document["runs"][0]["cells"][0].update(outputs=["0" * 64]),
        lambda document: document["outputs"].clear(),
        lambda document: document.pop("code"),
    ],
)
def test_a_whole_entry_that_is_none_of_ours(notes: MakeNotes, change: Any) -> None:
    graph = notes({"x": page("print('right')")})
    run(graph)
    (entry,) = entries(graph)
    document = json.loads(entry.read_bytes().partition(b"\n")[2])
    change(document)
    entry.write_bytes(encoded(document, sealed(entry, user_key() or b"")))
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["right\n"])
    assert cached(graph)


def test_entries_that_came_with_a_clone_count_for_nothing(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": page("print('right')")})
    run(graph)
    (entry,) = entries(graph)
    whole = entry.read_bytes()
    payload = whole.partition(b"\n")[2].replace(b"right", b"wrong")
    entry.write_bytes(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
    section = run(graph)
    assert (section["cached"], shown(section)) == (False, ["right\n"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user's"))
    entry.write_bytes(whole)
    assert not cached(graph)


def test_an_entry_of_another_section_does_not_count(notes: MakeNotes) -> None:
    graph = notes({"x": page("print('one')"), "y": page("print('two')", number="1.2")})
    run(graph)
    (one,) = entries(graph)
    run(graph, "1.2")
    (two,) = set(entries(graph)) - {one}
    two.write_bytes(one.read_bytes())
    section = run(graph, "1.2")
    assert (section["cached"], shown(section)) == (False, ["two\n"])


def test_without_a_place_for_the_key_nothing_is_kept(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    graph = notes({"x": page("print('right')")})
    said = graph.tangle("run", "1.1")
    assert said.code == 0
    assert said.err.count("results are not kept for later") == 1
    assert entries(graph) == []


def test_an_edit_that_is_taken_back_is_answered(notes: MakeNotes) -> None:
    graph = notes({"x": page("print(1)")})
    run(graph)
    graph.write("x", page("print(2)"))
    assert shown(run(graph)) == ["2\n"]
    graph.write("x", page("print(1)"))
    section = run(graph)
    assert (section["cached"], shown(section)) == (True, ["1\n"])
    for number in range(20):
        graph.write("x", page(f"print({number})"))
        run(graph)
    (entry,) = entries(graph)
    document = json.loads(entry.read_bytes().partition(b"\n")[2])
    assert len(document["runs"]) == len(document["outputs"]) == 8


def test_two_runs_at_once(notes: MakeNotes) -> None:
    graph = notes({"x": page("import time\ntime.sleep(0.3)\nprint('right')")})
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), "run", "1.1"]
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(root / "cli")])
    children = [
        subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [child.wait(120) for child in children] == [0, 0]
    assert graph.text("x").count("right\n") == 1
    run(graph)  # PYTHONPATH is another here
    assert cached(graph)


def test_a_file_that_was_written_at_the_end_and_is_gone(notes: MakeNotes) -> None:
    code = "import atexit, pathlib\natexit.register(pathlib.Path('end.txt').write_text, 'end')"
    graph = notes({"x": page(code, "print(1)")})
    assert not cached(graph)
    assert cached(graph)
    (graph.root / "pages" / "end.txt").unlink()
    assert not cached(graph)
    assert (graph.root / "pages" / "end.txt").read_text() == "end"


def test_a_program_that_is_started_at_the_end(notes: MakeNotes) -> None:
    code = "import atexit, os\natexit.register(os.system, 'true')"
    graph = notes({"x": page(code)})
    assert [cached(graph), cached(graph)] == [False, False]


@pytest.mark.parametrize(
    "code",
    [
        "import os; print(sorted(os.listdir('../data')))",
        "from pathlib import Path; print(sorted(p.name for p in Path('../data').glob('*')))",
        "import subprocess; print(subprocess.run(['ls', '../data'], capture_output=True).stdout)",
        "!ls ../data",
    ],
)
def test_the_cache_sees_folders_and_does_not_answer_for_programs(
    notes: MakeNotes, code: str
) -> None:
    graph = notes({"x": f"- ## 1.1. L\n\t- ```python\n\t  {code}\n\t  ```"})
    data = graph.root / "data"
    data.mkdir()
    (data / "one").touch()
    run(graph)
    starts_a_program = "ls" in code.split("'") or code.startswith("!")
    assert cached(graph) is not starts_a_program
    (data / "two").touch()
    assert not cached(graph)
    assert "two" in graph.text("x")
