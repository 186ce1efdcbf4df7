"""What comes of chunks: outcomes, their order, what is run for which."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from .pages import Graph, section

Make = Callable[..., Graph]

KINDS = section(
    "3.6",
    "x = 1",
    ("tangle.raises:: ValueError", "int('three')"),
    ("tangle.xfail:: the day is too short", "print('tried')\nx / 0"),
    ("tangle.run:: no", "1 / 0"),
    "x += 1\nprint(x, 'is two')\nx * 21",
    "import time\ntime.sleep(0.3)",
    "import sys\nprint('to stderr', file=sys.stderr)\nassert x == 3\ny = x",
    "y",
    ("tangle.run:: no", "1 / 0"),
) + section("3.7", "1")
OUTCOMES = [
    "passed 3.6::chunk 1",
    "passed 3.6::chunk 2",
    "xfail 3.6::chunk 3",
    "skipped 3.6::chunk 4",
    "passed 3.6::chunk 5",
    "passed 3.6::chunk 6",
    "failed 3.6::chunk 7",
    "skipped 3.6::chunk 8",
    "skipped 3.6::chunk 9",
    "passed 3.7::chunk 1",
]


def test_every_kind_of_outcome(graph: Make) -> None:
    made = graph(x=KINDS)
    said = made.pytest("notes", "-v", "-rA", "--durations=3", "--junitxml=report.xml")
    assert said.code == 1
    assert said.outcomes == OUTCOMES
    assert "chunk 3 XFAIL (the day is too short)" in said.out
    assert "chunk 4 SKIPPED (tangle.run:: no)" in said.out
    assert "chunk 8 SKIPPED (needs y from line" in said.out
    assert "1 failed, 5 passed, 3 skipped, 1 xfailed" in said.out
    assert "2 is two\n42" in said.after("3.6 chunk 5")
    assert re.search(r"^0\.3\ds call +notes/pages/x\.md::3\.6::chunk 6$", said.out, re.MULTILINE)
    suite = ElementTree.parse(made.pytester.path / "report.xml").getroot()[0]
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [f"chunk {n}" for n in range(1, 10)] + [
        "chunk 1"
    ]
    assert cases[0].get("classname") == "notes.pages.x.md.3.6"
    assert float(cases[5].get("time", "0")) >= 0.3
    failure = cases[6].find("failure")
    assert failure is not None
    assert failure.get("message") == "AssertionError: assert 2 == 3"
    assert "notes/pages/x.md:30: AssertionError" in (failure.text or "")
    assert [case.find("skipped") is not None for case in cases[7:]] == [True, True, False]


def test_what_tangle_run_makes_of_a_chunk_that_is_known_to_fail(graph: Make) -> None:
    made = graph(x=KINDS.partition("\t- ```python\n\t  import sys")[0])
    said = made.python("-m", "tangle_cli", "--graph", "notes", "run", "3.6")
    assert said.code == 0
    assert "ZeroDivisionError: division by zero" in said.out
    assert "ZeroDivisionError" in (made.folder / "pages" / "x.md").read_text()


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ((), "xpass"),
        (("-o", "xfail_strict=true"), "failed"),
        (("--runxfail",), "passed"),
    ],
    ids=" ".join,
)
def test_a_chunk_that_is_known_to_fail_and_does_not(
    graph: Make, options: tuple[str, ...], outcome: str
) -> None:
    page = section("3.6", ("tangle.xfail:: why", "x = 1"), "x")
    said = graph(x=page).pytest("notes", "-v", *options)
    assert said.outcomes == [f"{outcome} 3.6::chunk 1", "passed 3.6::chunk 2"]


def test_with_runxfail_a_known_failure_is_one(graph: Make) -> None:
    page = section("3.6", ("tangle.xfail:: why", "1 / 0"), "2")
    said = graph(x=page).pytest("notes", "-v", "--runxfail")
    assert said.outcomes == ["failed 3.6::chunk 1", "passed 3.6::chunk 2"]


def test_a_chunk_alone_has_those_before_it_run_first(graph: Make) -> None:
    page = section("3.6", "x = 1\nprint('loud')", "x + 1", "raise SystemExit('too far')")
    said = graph(x=page).pytest("notes/pages/x.md::3.6::chunk 2", "-v", "-rA")
    assert said.outcomes == ["passed 3.6::chunk 2"]
    assert "loud" not in said.out
    assert "too far" not in said.out


def test_what_fails_before_a_chosen_chunk_is_reported_once(graph: Make) -> None:
    page = section("3.6", "a = 1 / 0", "a", "a + 1", "4")
    said = graph(x=page).pytest("notes", "-v", "-k", "chunk2 or chunk3 or chunk4")
    assert said.outcomes == ["error 3.6::chunk 2", "skipped 3.6::chunk 3", "passed 3.6::chunk 4"]
    assert "SKIPPED (needs a from line 2, which" in said.out
    told = said.after("ERROR at setup of 3.6 chunk 2")
    assert ">   a = 1 / 0\nE   ZeroDivisionError: division by zero\n\nnotes/pages/x.md:3:" in told


def test_what_fails_of_the_borrowed_is_reported_once(graph: Make) -> None:
    page = section("3.5", "x = 0") + section("3.6", "y = 1 / x") + section("3.7", "y", "y + 1", "2")
    said = graph(x=page).pytest("notes", "-v", "-k", "3.7")
    assert said.outcomes == ["error 3.7::chunk 1", "skipped 3.7::chunk 2", "passed 3.7::chunk 3"]
    assert "SKIPPED (needs y from line" in said.out
    assert ">   y = 1 / x" in said.after("ERROR at setup of 3.7 chunk 1")


def test_stops_at_the_first_failure(graph: Make) -> None:
    page = section("3.6", "1", "2 / 0", "3") + section("3.7", "4")
    said = graph(x=page).pytest("notes", "-v", "-x")
    assert said.outcomes == ["passed 3.6::chunk 1", "failed 3.6::chunk 2"]


def test_failed_ones_again_and_first(graph: Make) -> None:
    page = section("3.6", "x = 1", "y = x / 0", "y") + section("3.7", "y = 1", "y")
    made = graph(x=page)
    made.pytest("notes")
    assert made.pytest("notes", "-v", "--lf").outcomes == ["failed 3.6::chunk 2"]
    assert made.pytest("notes", "-v", "--ff").outcomes == [
        "failed 3.6::chunk 2",
        "passed 3.6::chunk 1",
        "skipped 3.6::chunk 3",
        "passed 3.7::chunk 1",
        "passed 3.7::chunk 2",
    ]
    repaired = page.replace("x / 0", "x / 1")
    (made.folder / "pages" / "x.md").write_text(repaired)
    assert made.pytest("notes", "-v", "--lf").outcomes == ["passed 3.6::chunk 2"]


LATER = "open('later.txt', 'w').write(text)"


def test_a_section_that_another_needs(graph: Make) -> None:
    page = (
        section("3.5", "open('made.txt', 'w').write('here')")
        + section("3.6", ("tangle.needs:: 3.7", "open('later.txt').read()"))
        + section("3.7", ("tangle.needs:: 3.5", "text = open('made.txt').read()"), LATER)
        + section("3.8", "1 / 0")
        + section("3.9", ("tangle.needs:: 3.8", "1"))
    )  # fmt: skip
    made = graph(x=page)
    said = made.pytest("notes", "-v", "-k", "3.6")
    assert said.outcomes == ["passed 3.6::chunk 1"]
    said = made.pytest("notes", "-v")
    assert said.outcomes[-1] == "skipped 3.9::chunk 1"
    assert "SKIPPED (needs 3.8, which failed)" in said.out
    assert "1 failed, 4 passed, 1 skipped" in said.out


def test_sections_that_need_each_other(graph: Make) -> None:
    page = section("3.6", ("tangle.needs:: 3.7", "1")) + section("3.7", ("tangle.needs:: 3.6", "2"))
    assert "2 passed" in graph(x=page).pytest("notes").out


def test_time_that_is_up(graph: Make) -> None:
    slow = "def wait():\n    time.sleep(60)\n\nwait()"
    page = section("3.6", "import time", ("tangle.timeout:: 0.5", slow), "3")
    said = graph(x=page).pytest("notes", "-v")
    assert said.outcomes == ["passed 3.6::chunk 1", "failed 3.6::chunk 2", "skipped 3.6::chunk 3"]
    assert "SKIPPED (chunk 2 took too long)" in said.out
    told = said.after("3.6 chunk 2")
    assert ">       time.sleep(60)\nE       Timeout: the cell took more than 0.5 s" in told


def test_a_chunk_that_ends_its_process(graph: Make) -> None:
    known = ("tangle.xfail:: not of this kind", "import os\nos._exit(3)")
    said = graph(x=section("3.6", known, "2")).pytest("notes", "-v")
    assert said.outcomes == ["failed 3.6::chunk 1", "skipped 3.6::chunk 2"]
    assert "SKIPPED (chunk 1 ended the sessi" in said.out
    assert "WorkerDied: the session's process ended by itself with exit code 3" in said.out


def test_a_chunk_that_asks_to_be_skipped(graph: Make) -> None:
    page = section("3.6", "import pytest", "pytest.skip('no such machine here')", "3")
    said = graph(x=page).pytest("notes", "-v", "-rs")
    assert said.outcomes == ["passed 3.6::chunk 1", "skipped 3.6::chunk 2", "skipped 3.6::chunk 3"]
    assert "notes/pages/x.md:5: no such machine here" in said.out
    assert "notes/pages/x.md:8: chunk 2 was skipped" in said.out


def test_without_capturing_outputs_are_shown_at_once(graph: Make) -> None:
    said = graph(x=section("3.6", "print('now')")).pytest("notes", "-s", "-v")
    assert said.out.index("now") < said.out.index("PASSED")


def test_a_device(graph: Make) -> None:
    page = section("3.6", "import os\nassert os.environ['TANGLE_DEVICE'] == 'cpu'")
    assert "1 passed" in graph(x=page).pytest("notes", "--tangle-device", "cpu").out


def test_nothing_is_written(graph: Make) -> None:
    made = graph(x=KINDS)
    made.pytest("notes", "-p", "no:cacheprovider")
    assert (made.folder / "pages" / "x.md").read_text() == KINDS
    assert sorted(path.name for path in made.folder.iterdir()) == ["logseq", "pages", "tangle.toml"]


# --- one reading ----------------------------------------------------------------------------------


def test_a_session_is_a_test_that_compares_its_results(graph: Make) -> None:
    right = ">>> x = 1\n>>> x + 1\n2"
    wrong = ">>> x\n5\n>>> x\n1"
    said = graph(a=section("1.1", right, wrong, "print(x)")).pytest("-v", "notes")
    assert said.code == 1
    assert said.outcomes == [
        "passed 1.1::chunk 1",
        "failed 1.1::chunk 2",
        "passed 1.1::chunk 3",
    ]
    told = said.after("1.1 chunk 2")
    assert "ResultDiffers: expected 5, got 1" in told
    assert ">   5" in told


def test_what_check_cannot_read_is_a_test_that_fails_and_nothing_of_it_runs(
    graph: Make,
) -> None:
    shell = "rm gone.txt"
    made = graph(a=section("1.1", "x = 1", shell, "x"))
    file = made.folder / "pages" / "gone.txt"
    file.write_text("here")
    said = made.pytest("-v", "notes")
    assert said.outcomes == [
        "passed 1.1::chunk 1",
        "skipped 1.1::chunk 2",
        "passed 1.1::chunk 3",
    ]
    assert file.exists()


def test_a_faulty_property_fails_its_section_before_anything_runs(graph: Make) -> None:
    harm = "open('made.txt', 'w').close()"
    pages = section("1.1", harm, ("tangle.rnu:: no", harm)) + section("1.2", "1")
    made = graph(a=pages)
    said = made.pytest("-v", "notes")
    assert said.outcomes == [
        "failed 1.1::chunk 1",
        "skipped 1.1::chunk 2",
        "passed 1.2::chunk 1",
    ]
    assert "UnknownProperty: unknown property tangle.rnu" in said.after("1.1 chunk 1")
    assert not (made.folder / "pages" / "made.txt").exists()


def test_a_session_ends_as_a_program_does(graph: Make) -> None:
    chunk = (
        "import atexit\nkept = open('kept.txt', 'w')\nkept.write('held back')\n"
        "atexit.register(print, 'said late')"
    )
    made = graph(x=section("1.1", chunk))
    said = made.pytest("notes")
    assert said.code == 0
    assert "1.1: after its last chunk: said late" in said.out
    (found,) = made.folder.rglob("kept.txt")
    assert found.read_text() == "held back"


def test_what_is_wrong_with_the_engine_is_said_in_the_summary(graph: Make) -> None:
    kill = (
        "import os, pathlib, signal\n"
        "if not pathlib.Path('killed').exists():\n"
        "    pathlib.Path('killed').touch(); os.kill(os.getppid(), signal.SIGKILL)\n"
        "    signal.pause()"
    )
    said = graph(x=section("3.6", kill)).pytest("notes")
    assert said.code == 0
    assert said.out.count("engine: 3.6: the process that it was forked from was killed") == 1
