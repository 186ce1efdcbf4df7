"""`tangle watch`, a real one, beside an editor that saves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.graphs import MakeNotes, Notes

PATIENCE = 60.0

A = """\
- # 3.1. First
	- ```python
	  import random, time
	  def square(x):  #@save
	      return x * x
	  ```
	- ```python
	  xs = [random.random()]
	  print("second", time.perf_counter_ns())
	  time.sleep(0.1)
	  ```
	- ```python
	  print("last", len(xs))
	  ```
"""

B = """\
- # 3.2. Second
	- ```python
	  from d2l import torch as d2l
	  print("squared", d2l.square(3))
	  ```
	- ```python
	  print("data", open("../data.txt").read().strip())
	  ```
"""


@dataclass(slots=True, kw_only=True)
class Watched:
    """A graph, `tangle watch` for it, and what it has said so far."""

    notes: Notes
    process: subprocess.Popen[bytes]
    said: Path
    _shown: dict[str, int] = field(default_factory=dict)

    def edit(self, page: str, before: str, after: str) -> None:
        """Replace a text in a page, as an editor does that saves by renaming."""
        text = self.notes.text(page)
        assert before in text
        draft = self.notes.root / "pages" / ".draft"
        draft.write_text(text.replace(before, after), encoding="utf-8")
        draft.replace(self.notes.page(page))

    def until(self, done: Callable[[], bool]) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < until, self.output()
            time.sleep(0.005)

    def until_in(self, page: str, text: str) -> None:
        """Wait until a page has a text."""
        self.until(lambda: text in self.notes.text(page))

    def until_said(self, text: str) -> None:
        """Wait until it has said something, after what it said when this was called last."""
        start = self._shown.get("", 0)
        self.until(lambda: text in self.output()[start:])
        self._shown[""] = self.output().index(text, start) + len(text)

    def output(self) -> str:
        """All that it has said."""
        return self.said.read_text(encoding="utf-8")

    def end(self) -> int:
        """Press Ctrl-C; the exit code, once it and all that it started is gone."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
        return code


Start = Callable[..., Watched]


@pytest.fixture
def start(notes: MakeNotes, tmp_path: Path) -> Iterator[Start]:
    """Start `tangle watch` with arguments."""
    started: list[Watched] = []

    def begin(
        *arguments: str, configuration: str = "", graph: Notes | None = None, **pages: str
    ) -> Watched:
        graph = graph or notes({"A": A, "B": B, **pages})
        if configuration:
            (graph.root / "tangle.toml").write_text(f'graph = "."\n{configuration}')
        (graph.root / "data.txt").write_text("one\n")
        said = tmp_path / f"said{len(started)}"
        command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), "watch"]
        with said.open("wb") as file:
            process = subprocess.Popen([*command, *arguments], stdout=file, stderr=file)
        watched = Watched(notes=graph, process=process, said=said)
        started.append(watched)
        watched.until(lambda: "Ctrl-C ends it" in watched.output())
        return watched

    yield begin
    for watched in started:
        if watched.process.poll() is None:
            watched.process.kill()
            watched.process.wait()


def _output_of(page: str, word: str) -> str:
    """The line of a page's outputs that begins with a word."""
    lines = (line.strip() for line in page.split("\n"))
    return next((line for line in lines if line.startswith(word)), "")


def test_edits_run_from_the_chunk_that_changed(start: Start) -> None:
    watched = start()
    watched.edit("A", 'print("last"', 'print("v1"')
    watched.until_in("A", "\t  v1 1\n")
    watched.until_said("3.1: chunk 3 changed: from chunk 3 on")
    second = _output_of(watched.notes.text("A"), "second ")
    watched.edit("A", 'print("v1"', 'print("v2"')
    watched.until_in("A", "\t  v2 1\n")
    watched.until_said("outputs written")
    assert second == _output_of(watched.notes.text("A"), "second ") != ""
    assert watched.end() == 130


def test_a_saved_function_that_changed_runs_its_users(start: Start) -> None:
    watched = start("3.2")
    watched.until_in("B", "\t  squared 9\n")
    watched.edit("A", "return x * x", "return x * x + 1")
    watched.until_in("B", "\t  squared 10\n")
    watched.until_said("3.2: d2l.square changed: from the start")
    assert "3.1" not in watched.output()


def test_data_that_changed_runs_its_readers(start: Start) -> None:
    watched = start("3.2")
    watched.until_in("B", "\t  data one\n")
    (watched.notes.root / "data.txt").write_text("two\n")
    watched.until_in("B", "\t  data two\n")
    watched.until_said("data.txt changed: from ")


def test_what_was_asked_of_the_disk_and_changed_runs_who_asked(start: Start) -> None:
    asks = "import os\n\t  print('there', os.path.exists('made'))"
    reads = "print('head', open('link').read())"
    watched = start(
        A=f"- # 3.1. A\n\t- ```python\n\t  {asks}\n\t  ```\n",
        B=f"- # 3.2. B\n\t- ```python\n\t  {reads}\n\t  ```\n",
    )
    root = watched.notes.root
    (root / ".git").mkdir()
    (root / ".git/HEAD").write_text("one")
    (root / "pages/link").symlink_to("../.git/HEAD")
    watched.edit("A", "'there'", "'is there'")
    watched.until_in("A", "is there False")
    watched.edit("B", "'head'", "'the head'")
    watched.until_in("B", "the head one")
    (root / "pages/made").write_text("")
    watched.until_in("A", "is there True")
    (root / ".git/HEAD").write_text("two")
    watched.until_in("B", "the head two")


def test_its_own_writes_and_prose_run_nothing(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.until_said("outputs written")
    watched.edit("A", "- # 3.1. First\n", "- # 3.1. First\n\t- prose\n")
    watched.edit("B", "- # 3.2. Second\n", "- # 3.2. Second\n\t- prose\n")
    watched.edit("A", 'print("last"', 'print("then"')
    watched.until_in("A", "\t  then 1\n")
    assert watched.output().count("3.1: ") == 2
    assert "prose" in watched.notes.text("A")


def test_a_draft_is_told_once_and_the_others_run(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.edit("A", 'print("last"', 'print("last')
    watched.until_said(
        "3.1: chunk 3 waits, those that do not need it run: this chunk does not parse"
    )
    watched.edit("A", 'print("last', 'print("las')
    watched.edit("A", 'print("second"', 'print("zwei"')
    watched.until_in("A", "\t  zwei ")
    watched.edit("A", 'print("las,', 'print("done",')
    watched.until_in("A", "\t  done 1\n")
    assert watched.output().count("waits") == 1


DRAFTED = """\
- # Drafts
	- ```python
	  print("first", 1)
	  ```
	- ```python
	  total = (2
	  ```
	- ```python
	  print("apart", 3)
	  ```
	- ```python
	  print("total", total)
	  ```
"""


def test_what_stands_behind_a_chunk_that_does_not_parse_runs_as_with_run(start: Start) -> None:
    watched = start("A", A=DRAFTED)
    watched.until_said("A: chunk 2 waits")
    watched.until_in("A", "\t  apart 3\n")
    watched.until_said("skipped: needs total from line ")
    watched.until_said("3 of 4 chunks ran")
    assert "total 2" not in watched.notes.text("A")
    watched.edit("A", 'print("apart", 3)', 'print("apart", 4)')
    watched.until_said("A: chunk 3 changed: from chunk 3 on")
    watched.until_in("A", "\t  apart 4\n")
    watched.edit("A", "total = (2", "total = 2")
    watched.until_said("A: chunk 2 changed: from chunk 2 on")
    watched.until_in("A", "\t  total 2\n")
    watched.until_said("A: passed")
    assert watched.output().count("waits") == 1


def test_a_draft_with_nothing_to_run_behind_it_runs_nothing(start: Start) -> None:
    watched = start("A", A=DRAFTED.partition('\t- ```python\n\t  print("apart"')[0])
    watched.until_in("A", "\t  first 1\n")
    watched.until_said("outputs written")
    watched.edit("A", "total = (2", "total = (3")
    watched.edit("A", 'print("first", 1)', 'print("first", 2)')
    watched.until_said("A: chunk 1 changed")
    assert "chunk 2 changed" not in watched.output()


def test_a_faulty_property_stops_its_section_until_it_is_right(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    faulty = '- tangle.rnu:: no\n\t  ```python\n\t  print("last", 2 *'
    watched.edit("A", '- ```python\n\t  print("last",', faulty)
    watched.until_said("3.1: chunk 1 waits: unknown property tangle.rnu")
    watched.edit("A", "tangle.rnu:: no", "tangle.timeout:: 60")
    watched.until_in("A", "\t  last 2\n")
    watched.until_said("3.1 First: passed")
    assert watched.output().count("3.1 First: passed") == 2


def test_a_session_that_says_something_else_has_failed(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.edit("A", 'print("last", len(xs))', ">>> len(xs)\n\t  2")
    watched.until_said("3.1 First: failed")
    watched.until_said("pages/A.md:")
    watched.edit("A", "\t  2\n", "\t  1\n")
    watched.until_said("3.1 First: passed")


def test_an_edit_ends_the_run_that_it_makes_useless(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.edit("A", 'print("last"', 'time.sleep(600); print("last"')
    watched.until_said("3.1: chunk 3 changed")
    watched.edit("A", "time.sleep(600); ", "")
    watched.until_said("3.1: changed meanwhile, restarted")
    watched.until_said("3.1 First: passed")
    assert watched.end() == 130


def test_ctrl_c_ends_what_runs(start: Start) -> None:
    watched = start("3.1")
    watched.until_said("passed")
    watched.edit("A", 'print("last"', 'time.sleep(600); print("last"')
    watched.until_said("3.1: chunk 3 changed")
    assert watched.end() == 130


def test_what_is_wrong_with_the_engine_is_said_once(start: Start) -> None:
    kill = (
        "- # 3.3. Kills\n\t- ```python\n\t  import os, pathlib, signal\n"
        "\t  if not pathlib.Path('../killed').exists():\n"
        "\t      pathlib.Path('../killed').touch(); os.kill(os.getppid(), signal.SIGKILL)\n"
        "\t      signal.pause()\n"
        "\t  print('it ran')\n\t  ```\n"
    )
    watched = start("3.3", C=kill)
    watched.until_in("C", "\t  it ran")
    notice = "tangle: engine: 3.3: the process that it was forked from was killed"
    assert watched.output().count(notice) == 1
    watched.end()


def test_a_killed_watch_leaves_no_process(start: Start) -> None:
    watched = start("3.1")
    watched.until_said("passed")
    watched.edit("A", 'print("last"', 'open("running", "w"); time.sleep(600); print("last"')
    running = watched.notes.root / "pages" / "running"
    watched.until(running.exists)
    cookie = b"TANGLE_SESSION="
    ours = psutil.Process(watched.process.pid).children(recursive=True)
    groups = {os.getsid(p.pid) for p in ours}
    copies = [
        p
        for p in psutil.process_iter()
        if cookie in _environment(p.pid) and str(watched.notes.root).encode() in _cwd(p.pid)
    ]
    assert groups
    assert len(copies) >= 3
    watched.process.kill()
    watched.process.wait()
    _, alive = psutil.wait_procs([*ours, *copies], timeout=10)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _cwd(pid: int) -> bytes:
    try:
        return os.fsencode(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return b""


def test_pages_come_go_and_change_their_names(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.until_said("outputs written")
    text = watched.notes.text("A")
    watched.notes.page("A").unlink()
    watched.until_said("3.1: not in the notes now")
    watched.notes.write("C", text.replace('print("last"', 'print("moved"'))
    watched.until_in("C", "\t  moved 1\n")
    watched.notes.page("C").rename(watched.notes.page("D"))
    watched.edit("D", 'print("moved"', 'print("renamed"')
    watched.until_in("D", "\t  renamed 1\n")


def test_a_failure_is_told_and_the_next_edit_mends_it(start: Start) -> None:
    watched = start("3.1")
    watched.until_in("A", "\t  last 1\n")
    watched.edit("A", 'print("last", len(xs))', 'print("last", 1 / 0)')
    watched.until_said("3.1 First: failed")
    watched.until_said("ZeroDivisionError")
    watched.edit("A", "1 / 0", "len(xs)")
    watched.until_said("3.1 First: passed")


def test_a_known_failure_is_written_and_ends_nothing(start: Start) -> None:
    page = (
        B.replace(
            '\t- ```python\n\t  print("data"',
            '\t- tangle.xfail:: why\n\t  ```python\n\t  print(1 / 0, "data"',
        )
        + '\t- ```python\n\t  print("after", 1)\n\t  ```\n'
    )
    watched = start("3.2", B=page)
    watched.until_in("B", "\t  ZeroDivisionError: division by zero\n")
    watched.until_in("B", "\t  after 1\n")
    watched.until_said("outputs written")
    watched.edit("B", 'print("after", 1)', 'print("after", 2)')
    watched.until_in("B", "\t  after 2\n")
    watched.edit("B", "print(1 / 0, ", "print(1 / 1, ")
    watched.until_in("B", "\t  1.0 data one\n")
    assert "ZeroDivisionError" not in watched.notes.text("B")
    assert "failed" not in watched.output()
    assert watched.end() == 130


def test_a_known_failure_that_is_no_longer_known_ends_the_section(start: Start) -> None:
    page = (
        B.replace(
            '\t- ```python\n\t  print("data"',
            "\t- tangle.xfail:: why\n\t  ```python\n\t  import time; time.sleep(0.1)\n"
            '\t  print(1 / 0, "data"',
        )
        + '\t- ```python\n\t  print("after", 1)\n\t  ```\n'
    )
    watched = start("3.2", B=page)
    watched.until_in("B", "\t  after 1\n")
    watched.edit("B", "tangle.xfail:: why\n\t  ", "")
    watched.until_said("3.2 Second: failed")
    watched.edit("B", 'print("after", 1)', 'print("after", 2)')
    watched.until_said("3.2: chunk 3 changed")
    watched.until_said("3.2 Second: failed")
    watched.until_in("B", "\t  after 2\n")  # it needs nothing of the one that fails


def test_what_importing_the_package_does_counts(start: Start) -> None:
    saves = """\
- # 3.1. First
	- ```python
	  import warnings  #@save
	  warnings.simplefilter("ignore")  #@save
	  ```
"""
    uses = """\
- # 3.2. Second
	- ```python
	  import warnings
	  from d2l import torch as d2l
	  print("first", warnings.filters[0][0])
	  ```
"""
    watched = start("3.2", A=saves, B=uses)
    watched.until_in("B", "\t  first ignore\n")
    watched.edit("A", '"ignore"', '"always"')
    watched.until_in("B", "\t  first always\n")
    watched.until_said("3.2: what importing d2l does changed: from the start")


def test_a_configuration_that_changed_counts(start: Start) -> None:
    watched = start("3.2", configuration="seed = 1\n")
    watched.until_in("B", "\t  squared 9\n")
    watched.until_said("outputs written")
    configuration = watched.notes.root / "tangle.toml"
    configuration.write_text('graph = "."\nseed = [\n')
    watched.until_said("tangle.toml")
    configuration.write_text('graph = "."\nseed = 7\n')
    watched.until_said("3.2: tangle.toml changed: from the start")
    watched.until_said("3.2 Second: passed")
    assert "3.1" not in watched.output()


# --- beside a person who types --------------------------------------------------------------------

LITTLE = """\
- # 3.3. Third
	- ```python
	  x = 1
	  ```
	- ```python
	  print("x is", x)
	  ```
"""


def _records(watched: Watched) -> list[Path]:
    return list((watched.notes.root / ".tangle" / "pending").glob("*.json"))


@pytest.mark.parametrize("options", [(), ("--eager",)])
def test_a_page_that_is_open_while_it_is_saved(start: Start, options: tuple[str, ...]) -> None:
    watched = start("3.3", *options, C=LITTLE)
    watched.until_said("outputs written to")
    page = watched.notes.page("C")
    text = page.read_text().replace("x = 1", "x = 2")
    with page.open("r+") as file:
        file.write(text)
        file.flush()
        if options and sys.platform == "linux":
            watched.until_said("outputs wait: ")
            assert "is open for writing in another program" in watched.output()
        else:
            time.sleep(0.3)
    watched.until_in("C", "\t\t  x is 2\n")
    watched.until_said("outputs written to")
    assert "changed while" not in watched.output()
    assert _records(watched) == []


def test_what_is_typed_is_shown_at_once_and_written_when_the_page_is_quiet(start: Start) -> None:
    watched = start("3.3", "--quiet-seconds", "3", C=LITTLE)
    watched.until_said("outputs written to")
    page = watched.notes.page("C")
    for number in (2, 3, 4):
        text = page.read_text()
        page.write_text(text.replace(f"x = {number - 1}\n", f"x = {number}\n"))
        watched.until_said(f"x is {number}\n")
        watched.until_said("C.md was saved a moment ago")
        assert "x is 1\n" in page.read_text()
        assert len(_records(watched)) == 2
    watched.until_in("C", "\t\t  x is 4\n")
    watched.until_said("outputs written to")
    assert watched.output().count("outputs written to") == 2
    assert _records(watched) == []


def test_a_save_that_replaces_the_page_is_answered_at_once(start: Start) -> None:
    watched = start("3.3", "--quiet-seconds", "1000", C=LITTLE)
    for number in (2, 3):
        watched.until_said("outputs written to")
        watched.edit("C", f"x = {number - 1}\n", f"x = {number}\n")
        watched.until_in("C", f"\t\t  x is {number}\n")


@pytest.mark.parametrize("eagerly", [("--eager",), ("--quiet-seconds", "0")])
def test_who_wants_to_is_answered_at_once(start: Start, eagerly: tuple[str, ...]) -> None:
    watched = start("3.3", *eagerly, C=LITTLE, configuration="quiet_seconds = 1000\n")
    watched.until_said("outputs written to")
    page = watched.notes.page("C")
    page.write_text(page.read_text().replace("x = 1\n", "x = 2\n"))
    watched.until_in("C", "\t\t  x is 2\n")
    assert "outputs wait" not in watched.output()


@pytest.mark.skipif(sys.platform == "win32", reason="links that lead nowhere")
def test_what_an_editor_has_not_saved_is_waited_for(start: Start) -> None:
    watched = start("3.3", C=LITTLE)
    watched.until_said("outputs written to")
    lock = watched.notes.page("C").with_name(".#C.md")
    lock.symlink_to(f"me@{socket.gethostname()}.{os.getpid()}:1")
    watched.edit("C", "x = 1\n", "x = 2\n")
    watched.until_said(f"C.md has unsaved changes in Emacs (process {os.getpid()})")
    assert "\t\t  x is 1\n" in watched.notes.text("C")
    lock.unlink()
    watched.until_in("C", "\t\t  x is 2\n")


def test_what_could_not_be_written_is_by_the_next_watch(start: Start) -> None:
    watched = start("3.3", "--quiet-seconds", "1000", C=LITTLE)
    watched.until_said("outputs written to")
    page = watched.notes.page("C")
    page.write_text(page.read_text().replace("x = 1\n", "x = 2\n"))
    watched.until_said("outputs wait: ")
    assert watched.end() == 130
    assert "\t\t  x is 1\n" in page.read_text()
    again = start("3.1", graph=watched.notes)
    again.until_in("C", "\t\t  x is 2\n")
    again.until(lambda: _records(again) == [])


def test_without_write_the_notes_stay(start: Start) -> None:
    watched = start("--no-write", "3.1")
    watched.until_said("3.1 First: passed")
    assert watched.notes.text("A") == A
    assert watched.end() == 130


def test_an_unknown_section_is_wrong_use(notes: MakeNotes) -> None:
    graph = notes({"A": A})
    said = graph.tangle("watch", "9.9")
    assert (said.code, "no section '9.9'; this graph has chapters 3" in said.err) == (2, True)


# --- generated files ------------------------------------------------------------------------------


def _script(watched: Watched) -> Path:
    return watched.notes.root / "generated" / "d2l" / "sections" / "sec_3_1.py"


def _replace(path: Path, before: str, after: str, *, how: str = "in place") -> None:
    """Save a file as an editor does."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    if how == "in place":
        with path.open("r+", encoding="utf-8") as file:
            file.truncate(0)
            time.sleep(0.05)
            file.write(text.replace(before, after))
        return
    path.rename(path.with_suffix(".bak"))
    time.sleep(0.05)
    draft = path.with_suffix(".tmp")
    draft.write_text(text.replace(before, after), encoding="utf-8")
    draft.replace(path)
    path.with_suffix(".bak").unlink()


@pytest.mark.parametrize("how", ["in place", "renamed"])
def test_edits_of_generated_files_go_into_the_notes_and_run(start: Start, how: str) -> None:
    watched = start("3.1", "--sync", "--eager")
    watched.until_said("passed")
    watched.until(_script(watched).exists)
    _replace(_script(watched), 'print("last"', 'print("final"', how=how)
    watched.until_said("1 edited line written from ")
    watched.until_in("A", 'print("final", len(xs))')
    watched.until_said("chunk 3 changed: from chunk 3 on")
    watched.until_in("A", "final 1")
    module = _script(watched).parent.parent / "torch.py"
    # The other way; neither answers the other for ever.
    watched.edit("A", "return x * x", "return x * x * x")
    watched.until(lambda: "x * x * x" in module.read_text(encoding="utf-8"))
    watched.until_in("A", "x * x * x")
    watched.until(lambda: watched.output().count("passed") == 3)
    watched.until(lambda: "renewed" in watched.output().partition("chunk 1 changed")[2])
    time.sleep(1.0)
    said = watched.output()
    time.sleep(1.0)
    assert watched.output() == said
    began = time.monotonic()
    assert watched.end() == 130
    assert time.monotonic() - began < 5


def test_edits_of_generated_files_wait_for_a_page_in_use_and_say_so(start: Start) -> None:
    watched = start("3.1", "--sync", "--quiet-seconds", "3")
    watched.until_said("passed")
    watched.until_said("outputs written")
    watched.until(_script(watched).exists)
    page = watched.notes.page("A")
    page.write_text(page.read_text(encoding="utf-8") + "- prose\n", encoding="utf-8")
    time.sleep(0.5)
    _replace(_script(watched), 'print("last"', 'print("final"', how="renamed")
    watched.until_said("edits wait: ")
    watched.until_said("A.md was saved a moment ago")
    watched.until_in("A", 'print("final", len(xs))')
    assert watched.output().count("edits wait: ") == 1
    assert "run the command again" not in watched.output()


@pytest.mark.skipif(sys.platform != "linux", reason="leases tell who has a file open")
def test_a_generated_file_that_stays_open_for_writing_is_named(start: Start) -> None:
    watched = start("3.1", "--sync", "--eager")
    watched.until_said("passed")
    watched.until(_script(watched).exists)
    text = _script(watched).read_text(encoding="utf-8")
    with _script(watched).open("r+", encoding="utf-8") as file:
        file.write(text.replace('print("last"', 'print("final"'))
        file.flush()
        watched.until_said("edits wait: ")
        watched.until_said("sec_3_1.py is open for writing in another program")
        assert 'print("last"' in watched.notes.text("A")
    watched.until_in("A", 'print("final", len(xs))')
    assert watched.output().count("edits wait: ") == 1


def test_a_conflict_with_generated_code_is_told_once_and_ends_nothing(start: Start) -> None:
    watched = start("3.1", "--sync", "--eager")
    watched.until_said("passed")
    watched.until(_script(watched).exists)
    watched.edit("A", 'print("last"', 'print("notes"')
    _replace(_script(watched), 'print("last"', 'print("code"', how="renamed")
    watched.until_said("changed here and in generated code; nothing was written")
    watched.until_in("A", "notes 1")
    watched.edit("A", "xs = [random.random()]", "xs = [1, 2]")
    watched.until_in("A", "notes 2")
    time.sleep(1.0)
    assert watched.output().count("changed here and in generated code") == 1
    assert 'print("code"' in _script(watched).read_text(encoding="utf-8")
    # Once it is decided, the files follow.
    place = next(line for line in watched.output().split("\n") if "decide:" in line).split()[-4]
    said = watched.notes.tangle("sync", "--take", "notes", f"A:{place.rstrip(',').split(':')[-1]}")
    assert said.code == 0, said
    watched.until(lambda: "xs = [1, 2]" in _script(watched).read_text(encoding="utf-8"))
    assert watched.end() == 130
