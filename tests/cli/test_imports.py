"""Imports that nothing installed provides."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.graphs import MakeNotes


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("import os, json.decoder, click", []),
        ("import nowhere_to_be_found", ["nowhere_to_be_found"]),
        ("from nowhere.a import b\nimport nowhere.c", ["nowhere"]),
        ("def f():\n    import nowhere", ["nowhere"]),
        ("try:\n    import nowhere\nexcept ImportError:\n    nowhere = None", []),
        ("try:\n    import nowhere\nexcept (ValueError, ModuleNotFoundError):\n    pass", []),
        ("try:\n    import nowhere\nexcept ValueError:\n    pass", ["nowhere"]),
        (
            "try:\n    import os\nexcept ImportError:\n    pass\nelse:\n    import nowhere",
            ["nowhere"],
        ),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere", []),
        ("from d2l import torch as d2l", []),
        ("import beside, folder", []),
        ("from . import x", []),
        ("text = 'import nowhere'", []),
    ],
)
def test_what_is_missing(notes: MakeNotes, code: str, missing: list[str]) -> None:
    lines = "".join(f"\n\t  {line}" for line in code.split("\n"))
    graph = notes({"a": f"- # 1.1 A\n\t- ```python{lines}\n\t  ```"})
    (graph.root / "pages" / "beside.py").write_text("")
    (graph.root / "pages" / "folder").mkdir()
    said = graph.tangle("check", "--all", "--format", "json")
    found = [e for e in json.loads(said.out)["problems"] if e["code"] == "missing-import"]
    assert [entry["message"].split()[-1] for entry in found] == missing
    assert {entry["severity"] for entry in found} <= {"warning"}


def test_the_place_and_the_way_out(notes: MakeNotes) -> None:
    graph = notes(
        {"a": "- # 1.1 A\n\t- ```python\n\t  x = 1; import nunpy\n\t  import cv2\n\t  ```"}
    )
    said = graph.tangle("check", "--all", "--format", "json")
    first, second = (e for e in json.loads(said.out)["problems"] if e["code"] == "missing-import")
    assert (first["line"], first["column"], first["section"]) == (3, 11, "a")
    assert first["hint"].startswith("did you mean numpy?")
    assert second["hint"].startswith("pip install opencv-python")


def test_pip_is_advised_only_for_packages_that_are_known(notes: MakeNotes) -> None:
    graph = notes(
        {"Client": "- ```python\n  from your_client import ask\n  from config import KEY\n  ```"}
    )
    said = graph.tangle("check", "--format", "json")
    hints = [e["hint"] for e in json.loads(said.out)["problems"] if e["code"] == "missing-import"]
    assert not any("pip" in hint or "sysconfig" in hint for hint in hints)


def test_nothing_is_imported_and_chunks_that_do_not_run_are_not_asked(notes: MakeNotes) -> None:
    page = (
        "- tangle.run:: no\n  ```python\n  import nowhere\n  ```\n- ```python\n  import mark\n  ```"
    )
    graph = notes({"a": page})
    mark = graph.root / "pages" / "mark.py"
    mark.write_text("open('trace', 'w')\n")
    said = graph.tangle("check", "--all")
    assert "missing-import" not in said.out
    assert not list(graph.root.rglob("trace"))


def an_environment(folder: Path, *modules: str, programs: tuple[str, ...] = ("python",)) -> None:
    """Make what `python -m venv` makes, as far as tangle looks at it."""
    packages = folder / ("Lib" if os.name == "nt" else "lib/python3.12") / "site-packages"
    packages.mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    for module in modules:
        (packages / module).mkdir()
    (folder / "bin").mkdir()
    for program in programs:
        (folder / "bin" / program).touch()


@pytest.mark.skipif(os.name == "nt", reason="the paths of programs are POSIX's")
def test_the_environment_of_the_graph_is_named(notes: MakeNotes) -> None:
    graph = notes({"My report": "- ```python\n  import nowhere\n  ```\n"})
    an_environment(graph.root / ".venv", "nowhere", programs=("python", "tangle"))
    said = graph.tangle("check", "--all")
    sentence = "the environment that runs tangle has no nowhere; this graph's is .venv"
    assert f"pages/My report.md:2:3: warning: {sentence}: run it from there" in said.out
    hint = "hint: this graph's environment has it: .venv/bin/tangle run 'My report'"
    assert hint in said.out
    assert hint in graph.tangle("run", "My report", "--no-write").out


@pytest.mark.skipif(os.name == "nt", reason="the paths of programs are POSIX's")
def test_an_environment_without_tangle(notes: MakeNotes) -> None:
    graph = notes({"a": "- ```python\n  import nowhere\n  import nor_here\n  ```\n"})
    an_environment(graph.root.parent / "venv", "nowhere")
    said = graph.tangle("check", "--all")
    assert "this graph's is ../venv: run it from there" in said.out
    command = "../venv/bin/python -m pip install logseq-tangle, then ../venv/bin/tangle"
    assert f"this graph's environment has it, but not tangle: {command}" in said.out
    assert "no installed package provides nor_here" in said.out
