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
