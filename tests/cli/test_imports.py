"""Imports that nothing installed provides."""

from __future__ import annotations

import json

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
