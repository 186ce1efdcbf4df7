"""Results that have no place in the notes: kept, named, and placed later."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tangle.write.block import output_digest
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is writing")

# A chunk that acts as the user does: it edits its own page while the section runs.
EDITS = """\
- ## 1.1. Edits
	- ```python
	  print('one')
	  ```
	- ```python
	  from pathlib import Path
	  page = Path('x.md')
	  page.write_text(page.read_text().replace("print('one')", "print('two')"))
	  ```
"""
FIGURE = """\
- ## 1.1. F
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, {0}]);
	  ```"""


def records(graph: Notes) -> list[Path]:
    return sorted((graph.root / ".tangle" / "pending").glob("*.json"))


def test_a_result_whose_code_changed_is_kept_named_and_placed_later(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "changed while it ran; its output was not written [changed-meanwhile]" in said.out
    assert "2 results kept: `tangle run --write-pending`" in said.out
    assert "tangle.output" not in graph.text("x")
    again = graph.tangle("run", "--write-pending")
    assert (again.code, len(records(graph))) == (3, 2)
    graph.write("x", EDITS)
    placed = graph.tangle("run", "--write-pending")
    assert placed.code == 0
    assert "outputs written to" in placed.out
    assert graph.text("x").count("tangle.output") == 2
    assert "\t\t  one\n" in graph.text("x")
    assert records(graph) == []


def test_what_is_run_again_takes_the_place_of_what_waits(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    assert len(records(graph)) == 2
    assert graph.tangle("run", "1.1").code == 0
    assert records(graph) == []
    assert "two" in graph.text("x")


def test_results_of_a_page_that_is_gone_are_kept(notes: MakeNotes) -> None:
    graph = notes({})
    blocked = graph.root / "pages" / "x.md"
    code = "- ## 1.1. S\n\t- ```python\n\t  import os; os.link('x.md', 'y'); os.unlink('x.md');"
    graph.write("x", f"{code} os.mkdir('x.md')\n\t  print('fine')\n\t  ```\n")
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert len(records(graph)) == 1
    blocked.rmdir()
    (graph.root / "pages" / "y").rename(blocked)
    assert graph.tangle("run", "--write-pending").code == 0
    assert "\t\t  fine\n" in graph.text("x")


def test_a_chunk_that_moved_to_another_page_gets_its_output_there(notes: MakeNotes) -> None:
    graph = notes({"x": "- ## 1.1. S\n\t- a\n", "y": "- b\n"})
    chunk = "\t- ```python\n\t  import os\n\t  {0}\n\t  print('moved')\n\t  ```\n"
    chunk = chunk.format("os.path.exists('x.md') and os.replace('x.md', '../x.md')")
    graph.write("x", f"- ## 1.1. S\n{chunk}")
    assert graph.tangle("run", "1.1").code == 0
    moved = (graph.root / "x.md").read_text()
    assert "\t\t  moved\n" in moved


def test_a_figure_that_moved_is_named_from_where_its_page_is(notes: MakeNotes) -> None:
    moving = "import os; os.replace('x.md', '../x.md')\n\t  from"
    graph = notes({"x": FIGURE.format(2).replace("from", moving, 1)})
    assert graph.tangle("run", "1.1").code == 0
    name = graph.figure("1.1-1").name
    assert f"](assets/tangle/{name})" in (graph.root / "x.md").read_text()


def test_a_chunk_that_changed_its_section_is_found_by_its_code(notes: MakeNotes) -> None:
    code = "p = open('x.md').read(); open('x.md', 'w').write(p.replace('1.1' + '.', '1.2.'))"
    graph = notes({"x": f"- ## 1.1. S\n\t- ```python\n\t  {code};\n\t  print('here')\n\t  ```\n"})
    assert graph.tangle("run", "1.1").code == 0
    assert "- ## 1.2. S" in graph.text("x")
    assert "\t\t  here\n" in graph.text("x")


@pytest.mark.parametrize("damage", [b"", b"x", b"0\n{}"])
def test_a_damaged_record_counts_as_none(notes: MakeNotes, damage: bytes) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    records(graph)[0].write_bytes(damage)
    graph.write("x", EDITS)
    assert graph.tangle("run", "--write-pending").code == 0
    assert graph.text("x").count("tangle.output") == 1


def test_results_that_came_with_a_clone_count_for_nothing(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": EDITS})
    graph.tangle("run", "1.1")
    assert records(graph)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user's"))
    graph.write("x", EDITS)
    assert graph.tangle("run", "--write-pending").code == 0
    assert graph.text("x").count("tangle.output") == 0


def test_what_waits_is_reported_as_json_and_dropped_by_clean(notes: MakeNotes) -> None:
    graph = notes({"x": EDITS})
    assert json.loads(graph.tangle("run", "1.1", "--format", "json").out)["waiting"] == 2
    graph.tangle("clean")
    assert records(graph) == []
    said = graph.tangle("run", "--write-pending")
    assert (said.code, said.out) == (0, "the notes were up to date\n")


@pytest.mark.parametrize("more", [["1.1"], ["--all"], ["--no-write"]])
def test_writing_what_waits_runs_nothing(notes: MakeNotes, more: list[str]) -> None:
    said = notes({"x": EDITS}).tangle("run", "--write-pending", *more)
    assert said.code == 2
    assert "it takes no sections" in said.err


# --- pages that another program is using ----------------------------------------------------------

PRINTS = """\
- ## {0}. S
	- ```python
	  x = 1
	  ```
	- ```python
	  import time; time.sleep({1})
	  print('x is', x)
	  ```
"""


@contextmanager
def saving(page: Path, seconds: float, *, after: float = 0.0) -> Iterator[None]:
    """Save a page as an editor does that has it open for some seconds; wait for its end."""
    code = (
        "import sys, time\n"
        "path, seconds, after = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])\n"
        "time.sleep(after)\n"
        "text = open(path).read().replace('x = 1', 'x = 2')\n"
        "file = open(path, 'r+')\n"
        "file.write(text), file.flush(), print('open', flush=True)\n"
        "time.sleep(seconds)\n"
        "file.close()\n"
    )
    arguments = [sys.executable, "-c", code, str(page), str(seconds), str(after)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as editor:
        try:
            if not after:
                assert editor.stdout is not None
                editor.stdout.readline()
            yield
        finally:
            if seconds > 10:
                editor.kill()


@linux
def test_a_page_that_is_open_for_a_moment_gets_its_outputs(notes: MakeNotes) -> None:
    graph = notes({"x": PRINTS.format("1.1", 0)})
    with saving(graph.page("x"), 1.0):
        said = graph.tangle("run", "1.1")
    assert said.code == 0, said
    assert "\t\t  x is 2\n" in graph.text("x")
    assert records(graph) == []


@linux
def test_one_that_stays_open_is_named_and_the_next_run_writes_it(notes: MakeNotes) -> None:
    graph = notes({"x": PRINTS.format("1.1", 0), "y": PRINTS.format("1.2", 0)})
    with saving(graph.page("x"), 60.0):
        said = graph.tangle("run", "--all", "--eager")
    assert said.code == 3
    assert (
        "x.md:1:1: error: the page is open for writing in another program; "
        "the outputs of 1.1 were not written [page-in-use]" in said.out
    )
    assert "changed" not in said.out
    assert "tangle.output" not in graph.text("x")
    assert "\t\t  x is 1\n" in graph.text("y")
    assert len(records(graph)) == 2
    again = graph.tangle("run", "1.2")
    assert (again.code, records(graph)) == (0, [])
    assert "\t\t  x is 2\n" in graph.text("x")


@linux
def test_one_that_holds_half_of_its_text_meanwhile_is_no_changed_chunk(notes: MakeNotes) -> None:
    graph = notes({"x": PRINTS.format("1.1", 2)})
    slow = (
        "import sys, time\n"
        "time.sleep(0.5)\n"
        "text = open(sys.argv[1]).read() + '- prose\\n'\n"
        "file = open(sys.argv[1], 'w')\n"
        "file.write(text[:20]), file.flush()\n"
        "time.sleep(4)\n"
        "file.write(text[20:]), file.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", slow, str(graph.page("x"))]):
        said = graph.tangle("run", "1.1", "--quiet-seconds", "0.5")
    assert said.code == 0, said
    assert graph.text("x").endswith("- prose\n")
    assert "\t\t  x is 1\n" in graph.text("x")


def test_one_that_was_saved_during_the_run_is_left_alone_for_a_while(notes: MakeNotes) -> None:
    graph = notes({"x": PRINTS.format("1.1", 2)})
    with saving(graph.page("x"), 0.0, after=0.5):
        said = graph.tangle("run", "1.1", "--quiet-seconds", "1")
    assert said.code == 3  # the code is other code now
    assert "[changed-meanwhile]" in said.out
    graph.write("x", PRINTS.format("1.1", 1))
    prose = "from pathlib import Path; p = Path('x.md'); p.write_text('- prose\\n' + p.read_text())"
    graph.write("x", PRINTS.format("1.1", 0).replace("import time; time.sleep(0)", prose))
    began = time.monotonic()
    assert graph.tangle("run", "1.1", "--quiet-seconds", "1.5").code == 0
    assert time.monotonic() - began > 1.4
    assert graph.text("x").startswith("- prose\n")
    assert "\t\t  x is 1\n" in graph.text("x")


def test_one_that_is_saved_again_and_again_is_named_in_the_end(notes: MakeNotes) -> None:
    graph = notes({"x": PRINTS.format("1.1", 1.5)})  # so that it is saved meanwhile
    typist = (
        "import sys, time, pathlib\n"
        "page = pathlib.Path(sys.argv[1])\n"
        "for letter in 'abcdefgh' * 40:\n"
        "    page.write_text(page.read_text() + letter)\n"
        "    print(letter, flush=True)\n"
        "    time.sleep(0.3)\n"
    )
    graph.write("x", graph.text("x") + "- typed ")
    command = [sys.executable, "-c", typist, str(graph.page("x"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        said = graph.tangle("run", "1.1", "--quiet-seconds", "3")
        process.kill()
    assert said.code == 3
    assert "the page was saved a moment ago; the outputs of 1.1 were not written" in said.out
    assert "tangle.output" not in graph.text("x")
    assert graph.tangle("run", "--write-pending").code == 0
    assert "\t\t  x is 1\n" in graph.text("x")


# --- figures --------------------------------------------------------------------------------------


def test_a_figure_that_no_page_names_any_more_is_known(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    graph.write("x", FIGURE.format(3))  # the output block deleted by hand, the code changed
    assert graph.tangle("run", "1.1").code == 0
    assert figure.exists()  # a block may be in Logseq's clipboard
    assert graph.tangle("clean", "--orphans").code == 0
    assert not figure.exists()
    assert graph.figure("1.1-1").name in graph.text("x")


def test_a_figure_that_the_user_replaced_is_kept(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    figure.write_text("mine")
    graph.write("x", FIGURE.format(2))
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "[foreign-file]" in said.out
    assert figure.read_text() == "mine"
    figure.unlink()
    assert graph.tangle("run", "--write-pending").code == 0
    assert figure.name in graph.text("x")


def test_a_figure_that_was_edited_stays_as_an_edited_text_does(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    figure.write_text("mine")
    graph.write("x", graph.text("x").replace("[1, 2]", "[1, 3]"))
    before = graph.text("x")
    said = graph.tangle("run", "1.1")
    assert said.code == 0
    assert f"the figure {figure.name} was edited by hand" in said.out
    assert "[edited-output]" in said.out
    assert (figure.read_text(), graph.text("x")) == ("mine", before)
    assert graph.tangle("run", "1.1", "--force").code == 0
    assert not figure.exists()
    assert graph.text("x") != before


def test_one_that_came_to_stand_for_another_chunk_stays_too(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    figure.write_text("mine")
    chunk = FIGURE.format(7).partition("\n")[2]
    graph.write("x", graph.text("x").replace("1.1. F\n", f"1.1. F\n{chunk}\n"))
    said = graph.tangle("run", "1.1")
    assert "[edited-output]" in said.out
    assert figure.read_text() == "mine"


def test_a_figure_that_was_deleted_or_put_right_is_drawn_again(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    drawn = figure.read_bytes()
    figure.write_text("mine")
    assert "[edited-output]" in graph.tangle("run", "1.1").out
    figure.unlink()
    assert "[edited-output]" not in graph.tangle("run", "1.1").out
    assert figure.read_bytes() == drawn


def test_cleaning_leaves_an_edited_figure(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    figure = graph.figure("1.1-1")
    figure.write_text("mine")
    said = graph.tangle("clean")
    assert "this figure was edited by hand, and is left where it is" in said.out + said.err
    assert figure.read_text() == "mine"


def test_in_a_clone_without_the_ledger_the_name_tells_what_tangle_drew(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    shutil.rmtree(graph.root / ".tangle")
    figure = graph.figure("1.1-1")
    drawn = figure.read_bytes()
    figure.write_text("mine")
    assert "[edited-output]" in graph.tangle("run", "1.1").out
    assert figure.read_text() == "mine"
    figure.write_bytes(drawn.replace(b"\n", b"\r\n"))
    graph.write("x", graph.text("x").replace("[1, 2]", "[1, 3]"))
    assert "[edited-output]" not in graph.tangle("run", "1.1").out
    assert not figure.exists()


def test_a_figure_with_a_name_of_an_older_tangle_is_replaced(notes: MakeNotes) -> None:
    graph = notes({"x": FIGURE.format(2)})
    graph.tangle("run", "1.1")
    new = graph.figure("1.1-1")
    old = new.rename(new.with_name("1.1-1.svg"))
    text = graph.text("x").replace(new.name, old.name)
    value = re.search(r"tangle.output:: (\w+)\.(\w+)\n((?:\t.*\n?)+)", text)
    assert value is not None
    lines = [line.strip() for line in value[3].strip("\n").split("\n")]
    graph.write("x", text.replace(value[2], output_digest(lines)))
    shutil.rmtree(graph.root / ".tangle")
    before = graph.text("x")
    assert graph.tangle("run", "1.1", "--fresh").code == 0
    assert graph.text("x") == before  # the same picture stays where it is
    graph.write("x", before.replace("[1, 2]", "[1, 3]"))
    graph.tangle("run", "1.1")
    assert not old.exists()
    assert graph.figure("1.1-1").name in graph.text("x")


# --- outputs that a person edited -----------------------------------------------------------------


def test_an_edited_output_is_named_and_written_over_by_force_only(notes: MakeNotes) -> None:
    page = "- ## 1.1. S\n\t- ```python\n\t  print('{0}')\n\t  ```\n"
    graph = notes({"x": page.format("one")})
    graph.tangle("run", "1.1")
    edited = graph.text("x").replace("\t\t  one", "\t\t  my own words").replace("'one'", "'two'")
    graph.write("x", edited)
    said = graph.tangle("run", "1.1")
    assert "this output was edited by hand and is left as it is [edited-output]" in said.out
    assert graph.text("x") == edited
    graph.tangle("run", "1.1", "--force")
    assert "\t\t  two\n" in graph.text("x")
    assert "my own words" not in graph.text("x")


def test_drafts_of_others_are_named_and_a_record_that_leads_out_is_not_looked_at(
    notes: MakeNotes, tmp_path: Path
) -> None:
    graph = notes({"x": "- ## 1.1. S\n\t- ```python\n\t  print(1)\n\t  ```\n"})
    others = tmp_path / "others"
    others.mkdir()
    (others / ".tangle-0123456789abcdef.draft").write_text("of a command that runs")
    (graph.root / ".tangle").mkdir()
    (graph.root / ".tangle" / "record").symlink_to(others)
    name = f".tangle-{'0' * 16}-{'1' * 16}-{'2' * 16}-01234567.swap"
    (graph.root / "pages" / name).write_text("- came with a clone\n")
    said = graph.tangle("clean")
    assert "[foreign-draft]" in said.err
    assert f"pages/{name}" in said.err
    assert (graph.root / "pages" / name).read_text() == "- came with a clone\n"
    assert [path.name for path in others.iterdir()] == [".tangle-0123456789abcdef.draft"]
