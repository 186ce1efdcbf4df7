"""Which sections a command means, and in which order they run."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.graphs import MakeNotes, call

PAGES = """\
- # First
	- ```python
	  print('first')
	  ```
- # Second
	- Words.
		- ```python
		  print('second')
		  ```
- # Third
	- ```python
	  print('third')
	  ```"""

NEEDS = """\
- ## 1.1. User
  tangle.needs:: 1.2
	- ```python
	  print(open('made.txt').read())
	  ```
- ## 1.2. Maker
	- ```python
	  import time
	  time.sleep(0.5)
	  _ = open('made.txt', 'w').write('made')
	  ```
- ## 1.3. Alone
	- ```python
	  1
	  ```"""


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ("Notes on A/B", ["first", "second", "third"]),
        ("Notes on A/B#Second", ["first", "second"]),
        ("Notes on A/B#Third", ["first", "second", "third"]),
        ("notes on a/b", ["first", "second", "third"]),
        ("AB", ["first", "second", "third"]),
        ("other words#Second", ["first", "second"]),
    ],
)
def test_a_page_is_named_by_its_title(notes: MakeNotes, wanted: str, texts: list[str]) -> None:
    graph = notes({"a": f"title:: Notes on A/B\nalias:: ab, [[Other words]]\n\n{PAGES}"})
    said = graph.tangle("run", wanted)
    assert said.code == 0
    assert [word for word in ("first", "second", "third") if f"\n{word}\n" in said.out] == texts


def test_a_heading_that_is_not_there(notes: MakeNotes) -> None:
    said = notes({"a": PAGES}).tangle("run", "a#Fourth")
    assert (said.code, "no heading 'Fourth' on 'a'; it has: " in said.err) == (2, True)


def test_a_chapter_has_no_script_of_its_own(notes: MakeNotes) -> None:
    said = notes({"a": NEEDS}).tangle("show", "1")
    assert (said.code, "name one: 1.1, 1.2, 1.3" in said.err) == (2, True)


def test_needed_sections_end_before_others_begin_also_side_by_side(notes: MakeNotes) -> None:
    graph = notes({"a": NEEDS})
    said = graph.tangle("run", "--all", "--jobs", "3", "--format", "json")
    assert said.code == 0, said.out
    assert "made\n" in graph.text("a")


def test_needs_in_a_circle_still_run(notes: MakeNotes) -> None:
    page = "- ## {0}. A\n  tangle.needs:: {1}\n\t- ```python\n\t  1\n\t  ```"
    graph = notes({"a": f"{page.format('1.1', '1.2')}\n{page.format('1.2', '1.1')}"})
    said = graph.tangle("run", "1.1", "--format", "json")
    assert said.code == 0
    assert {s["number"] for s in json.loads(said.out)["sections"]} == {"1.1", "1.2"}


def test_a_reference_that_means_nothing_stops_its_section_there(notes: MakeNotes) -> None:
    page = """\
- ## 1.1. Open
	- ```python
	  print('before')
	  ```
	- ```python
	  <<nothing>>
	  ```
	- ```python
	  print('after')
	  ```"""
    graph = notes({"a": page})
    said = graph.tangle("run", "1.1", "--format", "json")
    (section,) = json.loads(said.out)["sections"]
    assert said.code == 1
    assert [chunk["outcome"] for chunk in section["chunks"]] == ["passed", "failed", "passed"]
    assert section["chunks"][1]["error"]["line"] == 9  # below the output of the first
    assert "before\n" in graph.text("a")
    said = graph.tangle("run", "1.1")
    assert "pages/a.md:9: OpenReference: a reference in this chunk" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "name the sections to run"),
        (["run", "--all", "1.1"], "name the sections to run"),
        (["run", "1.1", "--device", "gpu"], "not one of auto, cpu"),
        (["run", "1.1", "--timeout", "0"], "--timeout"),
        (["run", "1.1", "--jobs", "0"], "--jobs"),
        (["--config", "nowhere.toml", "list"], "there is no such file"),
    ],
)
def test_wrong_use(notes: MakeNotes, arguments: list[str], words: str) -> None:
    graph = notes({"a": NEEDS})
    said = call("--graph", str(graph.root), *arguments)
    assert said.code == 2
    assert words in said.err


def test_a_device_that_is_not_there_is_said(notes: MakeNotes) -> None:
    said = notes({"a": NEEDS}).tangle("run", "1.3", "--device", "cuda:7")
    assert said.code == 1
    assert "DeviceUnavailable" in said.out


def test_progress_is_live_on_a_terminal(notes: MakeNotes) -> None:
    graph = notes({"a": NEEDS})
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), "run", "1.2"]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {name: text for name, text in os.environ.items() if name != "CI"}
    with subprocess.Popen(
        [*command, "--no-server"],
        env={**environment, "PYTHONPATH": path, "TERM": "xterm", "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = bytearray()
        try:
            while data := os.read(ours, 4096):
                shown += data
        except OSError:  # how the end of a terminal is reported
            os.close(ours)
        assert process.stdout is not None
        out = process.stdout.read().decode()
    assert process.returncode == 0
    assert b"1 of 1: chunk 1" in shown
    assert "1.2 Maker: passed" in out
    assert "\x1b" not in out
