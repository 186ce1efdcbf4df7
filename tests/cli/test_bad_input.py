"""Notes and machines that are not as they should be: a clear word, a way out, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.graphs import MakeNotes, Notes, call

pytestmark = pytest.mark.book

GOOD = "- ## 1.1. Good\n\t- ```python\n\t  print('fine')\n\t  ```"


def problems(graph: Notes) -> list[dict[str, object]]:
    said = graph.tangle("check", "--all", "--format", "json")
    found = json.loads(said.out)["problems"]
    assert isinstance(found, list)
    return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tangle_cli", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def without_coverage(variables: dict[str, str]) -> dict[str, str]:
    """Variables under which a process does not write down what it covers: that needs room too."""
    return {name: text for name, text in variables.items() if not name.startswith("COVERAGE_")}


def test_a_system_that_is_not_posix_is_refused_in_one_line(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD})
    start = "import sys; sys.modules['fcntl'] = None; from tangle_cli.main import main; main()"
    for arguments in (["run", "1.1"], ["serve", "--port", "0"]):
        done = subprocess.run(
            [sys.executable, "-c", start, *arguments],
            cwd=graph.root, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 3
        assert done.stderr == (
            "tangle: this command needs fcntl, which only POSIX systems have; "
            "use Linux, macOS or WSL\n"
        )


def test_a_page_that_is_not_utf8_is_named_and_the_others_go_on(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD})
    graph.page("bad").write_bytes(b"- fine\n- caf\xe9\n- ```python\n  1\n  ```\n")
    (problem,) = problems(graph)
    assert (problem["code"], problem["path"], problem["line"]) == ("not-utf8", "pages/bad.md", 2)
    assert problem["hint"]
    assert graph.tangle("build").code == 1
    assert graph.tangle("run", "1.1").code == 0
    assert graph.page("bad").read_bytes() == b"- fine\n- caf\xe9\n- ```python\n  1\n  ```\n"


def test_a_page_of_fifty_megabytes_is_named_and_left_out(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD})
    with graph.page("huge").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (problem,) = problems(graph)
    assert (problem["code"], problem["path"]) == ("unreadable-page", "pages/huge.md")
    assert graph.tangle("run", "1.1").code == 0


def test_two_pages_of_one_title(notes: MakeNotes) -> None:
    graph = notes(
        {
            "a": "title:: Same\n\n- ```python\n  1\n  ```",
            "b": "title:: same\n\n- ```python\n  2\n  ```",
        }
    )
    (problem,) = problems(graph)
    assert (problem["code"], problem["path"]) == ("duplicate-title", "pages/b.md")
    assert "pages/a.md:1" in str(problem["message"])


def test_two_sections_of_one_number_name_both_places(notes: MakeNotes) -> None:
    graph = notes({"a": GOOD, "b": "- x\n\t- ## 1.1. Again"})
    (problem,) = problems(graph)
    assert (problem["code"], problem["path"], problem["line"]) == (
        "duplicate-section",
        "pages/b.md",
        2,
    )
    assert "pages/a.md:1" in str(problem["message"])


def test_an_unclosed_fence_says_where_it_opened(notes: MakeNotes) -> None:
    (problem,) = problems(notes({"a": "- text\n- ```python\n  x = 1\n- more"}))
    assert (problem["code"], problem["line"]) == ("unclosed-fence", 2)
    assert problem["hint"]


def test_a_page_that_is_a_pipe_is_left_alone(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD})
    os.mkfifo(graph.page("pipe"))
    assert graph.tangle("check", "--all").code == 0


def test_a_broken_configuration_of_logseq_is_a_warning(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD}, config="{:hidden [")
    (problem,) = problems(graph)
    assert (problem["code"], problem["severity"]) == ("unreadable-config", "warning")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(
    notes: MakeNotes,
) -> None:
    graph = notes({"good": GOOD})
    pages = graph.root / "pages"
    pages.chmod(0o555)
    try:
        said = graph.tangle("run", "1.1")
    finally:
        pages.chmod(0o755)
    assert said.code == 3
    assert "running" not in said.err
    assert graph.text("good") == GOOD


def test_a_disk_without_room_changes_nothing(notes: MakeNotes) -> None:
    graph = notes({"good": GOOD})

    def no_room() -> None:
        # A write past the limit fails as one on a full disk does.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    for verb in (["build"], ["run", "1.1"]):
        done = subprocess.run(
            command("--graph", str(graph.root), *verb),
            env=without_coverage(environment()) | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            preexec_fn=no_room,
            check=False,
        )
        assert done.returncode == 3, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("tangle: ")
    assert graph.text("good") == GOOD
    assert [path.name for path in (graph.root / "pages").iterdir()] == ["good.md"]


def test_a_second_tangle_names_the_holder_of_the_lock(notes: MakeNotes) -> None:
    from tangle.store import lock

    graph = notes({"good": GOOD})
    with lock(graph.root):
        done = subprocess.run(
            command("--graph", str(graph.root), "build"),
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert str(os.getpid()) in done.stderr


def test_ctrl_c_ends_the_workers_and_leaves_the_notes_whole(notes: MakeNotes) -> None:
    page = (
        "- ## 1.1. Waits\n\t- ```python\n\t  print('first')\n\t  ```\n"
        "\t- ```python\n\t  import os, time\n\t  open('pid', 'w').write(str(os.getpid()))\n"
        "\t  time.sleep(60)\n\t  ```"
    )
    graph = notes({"x": page})
    process = subprocess.Popen(
        command("--graph", str(graph.root), "run", "1.1"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    mark = graph.root / "pages" / "pid"
    for _ in range(200):
        if mark.exists() and mark.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "interrupted" in out
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert "first\n" in graph.text("x")


def test_a_page_saved_by_an_editor_while_its_section_runs(notes: MakeNotes) -> None:
    """The results go into the new text where their chunks stand unchanged."""
    page = """\
- ## 1.1. Edited
	- ```python
	  print('one')
	  ```
	- ```python
	  from pathlib import Path
	  path = Path('x.md')
	  text = '- A sentence.\\n' + path.read_text()
	  _ = path.write_text(text.replace('thr' + 'ee', '3'))
	  print('two')
	  ```
	- ```python
	  print('three')
	  ```"""
    graph = notes({"x": page})
    said = graph.tangle("run", "1.1")
    text = graph.text("x")
    assert said.code == 3
    assert "changed while it ran" in said.out
    assert text.startswith("- A sentence.\n- ## 1.1. Edited\n")
    assert "  one\n" in text
    assert "  two\n" in text
    assert "print('3')" in text
    assert text.count("tangle.output") == 2


def test_building_checking_and_listing_run_no_line_of_the_notes(
    notes: MakeNotes, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    page = f"- ## 1.1. Mark\n\t- ```python\n\t  open({str(mark)!r}, 'w')  #@save\n\t  ```"
    graph = notes({"x": page})
    for verb in (["build"], ["check"], ["list"], ["show", "1.1"], ["clean"]):
        assert graph.tangle(*verb).code == 0
    assert call("outline", str(graph.page("x"))).code == 0
    assert not mark.exists()


def test_pages_that_cannot_be_read_are_named_by_run_and_keep_their_scripts(
    notes: MakeNotes,
) -> None:
    page = "- ## {0}. S\n\t- ```python\n\t  print('fine')\n\t  ```"
    graph = notes({"a": page.format("1.1"), "b": page.format("1.2")})
    graph.tangle("build")
    script = graph.root / "generated/graph/sections/sec_1_2.py"
    before = script.read_bytes()
    graph.page("b").write_bytes(b"- \xff")
    checked = graph.tangle("build", "--check")
    assert (checked.code, "sec_1_2.py" in checked.out) == (1, False)
    assert graph.tangle("build").code == 1
    assert script.read_bytes() == before
    said = graph.tangle("run", "--all")
    assert said.code == 0
    assert "b.md:1:1: error: " in said.err


def test_a_run_whose_results_cannot_be_written_is_reported_all_the_same(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. Deletes
	- ```python
	  import os, shutil
	  shutil.rmtree('../assets', ignore_errors=True)
	  _ = open('../assets', 'w')
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2])
	  print('done')
	  ```"""
    graph = notes({"x": page})
    said = graph.tangle("run", "1.1")
    assert said.code == 3
    assert "done" in said.out
    assert "1.1 Deletes: passed" in said.out
    assert said.err.count("\ntangle: ") == 1
    assert graph.text("x") == page
