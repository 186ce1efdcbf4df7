"""Pages that are not adopted: one line says what there is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes

READY = "- ```python\n  print(1)\n  ```\n"
NAMES = "- ```python\n  print(df.head())\n  ```\n"
PACKAGES = "- ```python\n  import no_such_package_at_all\n  ```\n"
SKETCH = "- ```python\n  for each page:\n  ```\n"


def checked(notes: Notes, *options: str) -> dict[str, Any]:
    return dict(json.loads(notes.tangle("check", "--format", "json", *options).out))


def codes(notes: Notes, *options: str) -> list[str]:
    return [problem["code"] for problem in checked(notes, *options)["problems"]]


def states(notes: Notes) -> dict[str, str]:
    rows = json.loads(notes.tangle("list", "--format", "json").out)["sections"]
    return {row["number"]: row["state"] for row in rows}


def test_pages_that_are_not_adopted_have_a_state_only(notes: MakeNotes) -> None:
    pages = {"a": READY, "b": NAMES, "c": PACKAGES, "d": SKETCH, "e": "- prose ((dead-ref))\n"}
    made = notes(pages)
    done = made.tangle("check")
    assert (done.code, done.out) == (0, "")
    assert (
        "4 pages with Python were never run: 1 ready, 1 needs names, 1 needs packages, 1 sketch; "
        "`tangle check --all` reports all" in done.err
    )
    found = checked(made)
    assert found["problems"] == []
    assert found["summary"]["never_run"] == {
        "ready": 1,
        "needs-names": 1,
        "needs-packages": 1,
        "sketch": 1,
    }
    assert {"undefined-name", "missing-import", "sketch"} <= set(codes(made, "--all"))
    assert made.tangle("check", "--all").code == 1
    rows = json.loads(made.tangle("list", "--format", "json").out)["sections"]
    states = {row["number"]: (row["state"], row["adopted"]) for row in rows}
    assert states == {
        "a": ("ready", False),
        "b": ("needs-names", False),
        "c": ("needs-packages", False),
        "d": ("sketch", False),
    }


ADOPTED = {
    "a property": "- ```python\n  print(df)\n  ```\n  tangle.timeout:: 3\n",
    "a property of the page": "tangle.device:: cpu\n\n" + NAMES,
    "a saved name": "- ```python\n  #@save\n  def f():\n      return df\n  ```\n" + NAMES,
    "an output": "- ```python\n  print(df)\n  ```\n\t- tangle.output:: 0123456789ab.0123456789ab\n"
    "\t  ```text\n\t  1\n\t  ```\n",
}


@pytest.mark.parametrize("name", ADOPTED)
def test_what_adopts_a_page(notes: MakeNotes, name: str) -> None:
    made = notes({"a": ADOPTED[name], "b": NAMES})
    assert "undefined-name" in codes(made)
    assert {problem["path"] for problem in checked(made)["problems"]} == {"pages/a.md"}
    assert checked(made)["summary"]["never_run"] == {"needs-names": 1}
    assert made.tangle("check").code == 1


def test_a_run_adopts_a_page(notes: MakeNotes) -> None:
    made = notes({"a": READY.replace("print(1)", "x = 1"), "b": READY})
    made.tangle("run", "a")
    rows = json.loads(made.tangle("list", "--format", "json").out)["sections"]
    assert {row["number"]: row["adopted"] for row in rows} == {"a": True, "b": False}


def test_a_name_in_the_command_asks_for_a_page(notes: MakeNotes) -> None:
    made = notes({"a": NAMES, "b": NAMES})
    assert {problem["path"] for problem in checked(made, "a")["problems"]} == {"pages/a.md"}
    assert made.tangle("check", "nothing").code == 2


DAMAGED = {
    "merge-conflict": "<<<<<<< HEAD\n- ```python\n  a = 1\n  ```\n=======\n- b\n>>>>>>> x\n",
    "unclosed-fence": "- a\n- ```python\n  a = 1\n- b\n",
}


@pytest.mark.parametrize("code", DAMAGED)
def test_damage_is_reported_of_every_page_with_python(notes: MakeNotes, code: str) -> None:
    made = notes({"a": DAMAGED[code], "b": DAMAGED[code].replace("python", "java")})
    found = [p for p in checked(made)["problems"] if p["code"] == code]
    assert [problem["path"] for problem in found] == ["pages/a.md"]


def test_kinds_of_problems_stop_at_twenty(notes: MakeNotes) -> None:
    chunks = "".join(f"- ```python\n  print(name{n})\n  ```\n" for n in range(25))
    made = notes({"a": chunks})
    out = made.tangle("check", "--all").out
    assert out.count("[undefined-name]") == 20
    assert "5 more of undefined-name" in out
    assert len(codes(made, "--all")) == 25


def test_org_pages_are_counted(notes: MakeNotes) -> None:
    made = notes({"a": READY})
    for name in ("b.org", "c.org"):
        (made.root / "pages" / name).write_text("* Heading\n")
    assert "2 Org pages are not read" in made.tangle("check").err
    assert checked(made)["summary"]["org_pages"] == 2
    assert "2 Org pages are not read" in made.tangle("list").err


def test_asking_again_keeps_nothing_new(notes: MakeNotes) -> None:
    made = notes({"a": READY, "b": NAMES})
    made.tangle("run", "a")

    def kept() -> dict[str, int]:
        folder = made.root / ".tangle" / "notes"
        return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*")}

    for verb in ("list", "check"):
        made.tangle(verb)
        before = kept()
        assert before
        made.tangle(verb)
        assert kept() == before, verb


def test_a_run_that_fails_adopts_a_page_and_is_listed(notes: MakeNotes) -> None:
    made = notes({"a": "- ```python\n  1 / 0\n  ```\n", "b": NAMES})
    assert made.tangle("run", "a", "b").code == 1
    assert states(made) == {"a": "failed", "b": "broken"}
    assert sorted(codes(made)) == ["failed-output", "failed-output", "undefined-name"]
    made.write("a", "- ```python\n  1 / 1\n  ```\n")
    assert states(made)["a"] == "not-run"  # that code has never failed
    made.tangle("run", "a")
    assert states(made)["a"] == "fresh"
    made.tangle("clean")
    assert states(made) == {"a": "ready", "b": "needs-names"}


def test_a_run_of_some_chunks_leaves_a_failure_of_others_on_record(notes: MakeNotes) -> None:
    made = notes({"a": "- ```python\n  x = 1\n  ```\n- ```python\n  1 / 0\n  ```\n"})
    made.tangle("run", "a")
    assert made.tangle("run", "a:2").code == 0
    assert states(made) == {"a": "failed"}


def test_what_an_adopted_page_runs_is_adopted_with_it(notes: MakeNotes) -> None:
    uuid = "0f0e0d0c-0b0a-4908-8706-050403020100"
    made = notes(
        {
            "a": "tangle.needs:: [[b]]\n\n- ```python\n  print(x)\n  ```\n",
            "b": f"- ```python\n  x = y\n  ```\n- (({uuid}))\n",
            "c": f"- ```python\n  print(z)\n  ```\n  id:: {uuid}\n",
            "d": NAMES,
        }
    )
    rows = json.loads(made.tangle("list", "--format", "json").out)["sections"]
    assert {row["number"] for row in rows if row["adopted"]} == {"a", "b", "c"}
    assert "pages/c.md" in {problem["path"] for problem in checked(made)["problems"]}
    assert "pages/d.md" not in {problem["path"] for problem in checked(made)["problems"]}


def test_a_page_that_the_configuration_names_is_adopted(notes: MakeNotes) -> None:
    made = notes({"a": NAMES, "b": NAMES})
    (made.root / "tangle.toml").write_text('include = ["pages/a.md", "pages/*.md"]\n')
    assert {problem["path"] for problem in checked(made)["problems"]} == {"pages/a.md"}


PROSE = {
    "a conflict": "- Python\n<<<<<<< HEAD\n- b\n=======\n- c\n>>>>>>> x\n",
    "another language": "- Monty Python\n- ```java\n  int a;\n- b\n",
    "dead references": "alias:: b\n\n- python ((0f0e0d0c-0b0a-4908-8706-050403020100))\n",
}


@pytest.mark.parametrize("name", PROSE)
def test_a_page_of_prose_about_python_has_no_problems(notes: MakeNotes, name: str) -> None:
    made = notes({"a": PROSE[name], "b": READY})
    assert codes(made) == codes(made, "--all") == []
    done = made.tangle("run", "--all")
    assert (done.code, "error" in done.err) == (0, False)
    assert made.tangle("build").code == 0


def test_a_page_with_scripts_had_python(notes: MakeNotes) -> None:
    made = notes({"a": READY, "b": READY})
    made.tangle("build")
    for path in ("a", "c"):
        made.page(path).write_bytes(b"- \xff\n")
    assert [problem["path"] for problem in checked(made)["problems"]] == ["pages/a.md"]


def test_a_sync_copy_matters_where_it_has_python(notes: MakeNotes) -> None:
    made = notes({"a": READY, "a (1)": READY, "b": "- prose\n", "b (1)": "- prose\n"})
    assert [(p["code"], p["path"]) for p in checked(made)["problems"]] == [
        ("sync-copy", "pages/a (1).md")
    ]


def test_build_reports_what_check_does_and_leaves_broken_code_alone(notes: MakeNotes) -> None:
    made = notes({"a": READY, "b": NAMES, "c": PACKAGES, "d": SKETCH})
    done = made.tangle("build")
    assert (done.code, "undefined-name" in done.err) == (0, False)
    assert "2 pages whose code cannot run have no script" in done.err
    scripts = {path.name for path in made.root.glob("generated/*/sections/sec_*.py")}
    assert scripts == {"sec_a.py", "sec_c.py"}
    assert made.tangle("show", "b").code == 0
    made.tangle("run", "b", "--no-write")  # what this machine ran is no other machine's business
    assert made.tangle("build", "--check").code == 1  # but its problems are reported now
    assert "up to date" in made.tangle("build", "--check").out
    made.write("b", "tangle.timeout:: 9\n\n" + NAMES)
    assert "sec_b.py: added" in made.tangle("build").out


def test_a_run_of_all_says_what_it_leaves_out(notes: MakeNotes) -> None:
    made = notes({"a": READY, "d": SKETCH})
    done = made.tangle("run", "--all", "--format", "json")
    assert [row["number"] for row in json.loads(done.out)["sections"]] == ["a"]
    assert "1 section has no code that runs" in done.err
    assert "d: nothing to run" in made.tangle("run", "d").out


def test_a_graph_without_python_says_so(notes: MakeNotes) -> None:
    steps = "- ## 1. Fold\n- ## 2. Roll\n"
    done = notes({"a": steps, "b": steps}).tangle("check")
    assert (done.code, done.out) == (0, "")
    assert "no Python in this graph" in done.err


def test_what_an_adopted_page_has_too_is_reported_of_a_page_without_python(
    notes: MakeNotes,
) -> None:
    one, other = (f"0f0e0d0c-0b0a-4908-8706-05040302010{n}" for n in range(2))
    made = notes(
        {
            "a": "alias:: Drink\ntangle.timeout:: 9\n\n"
            f"- ```python\n  x = 1\n  ```\n  id:: {one}\n",
            "b": f"alias:: Drink\n\n- b\n  id:: {one}\n",
            "c": f"alias:: Food\n\n- c\n  id:: {other}\n- c\n  id:: {other}\n",
            "d": f"alias:: Food\n\n- d\n  id:: {other}\n",
        }
    )
    assert {(p["code"], p["path"]) for p in checked(made)["problems"]} == {
        ("duplicate-alias", "pages/b.md"),
        ("duplicate-id", "pages/b.md"),
    }
