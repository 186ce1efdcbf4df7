"""What tangle keeps in `.tangle`, damaged in every way: it counts as none, and is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tangle.store import user_key
from tangle.store.cache import encoded, sealed
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

EDITS = """\
- ## 1.1. Edits its own page
	- ```python
	  from pathlib import Path
	  page = Path('x.md')
	  print('one')
	  page.write_text(page.read_text().replace("print('one')", "print('two')"))
	  ```
"""
FIGURE = """\
- ## 1.2. Draws
	- ```python
	  from matplotlib import pyplot as plt
	  plt.plot([1, 2]);
	  print('drawn')
	  ```
"""
KINDS = {"cache", "history", "pending", "record"}


def documents(graph: Notes) -> dict[Path, bytes]:
    """All that is kept, by file."""
    return {path: path.read_bytes() for path in (graph.root / ".tangle").rglob("*.json")}


def signed(value: object) -> Callable[[Path, bytes], bytes]:
    """Another document in the place of one, signed as tangle signs it."""

    def replaced(path: Path, _: bytes) -> bytes:
        key = b"" if path.parent.name == "history" else user_key()
        return encoded(value, sealed(path, key or b""))

    return replaced


DAMAGE: dict[str, Callable[[Path, bytes], bytes]] = {
    "empty": lambda *_: b"",
    "cut": lambda _, content: content[:-3],
    "without its signature": lambda _, content: content.partition(b"\n")[2],
    "altered": lambda _, content: content[:-4] + bytes([content[-4] ^ 1]) + content[-3:],
    "no JSON": lambda *_: b"\xff\0" * 50,
    "null": signed(None),
    "a list": signed([["a", 1], 2.5]),
    "of wrong keys": signed({"runs": 1, "sections": {"1.1": 1}, "figures": "", "hidden": None}),
    "of another tangle": signed(
        {
            "section": "1.1",
            "digest": "0" * 64,
            "text": "old\n",
            "figures": [],
            "runs": [],
            "outputs": [],
            "sections": {},
            "pages": {},
        }
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_document_counts_as_none_and_is_replaced(notes: MakeNotes, damage: str) -> None:
    graph = notes({"x": EDITS, "y": FIGURE})
    assert graph.tangle("run", "--all").code == 3
    kept = documents(graph)
    assert {path.relative_to(graph.root / ".tangle").parts[0] for path in kept} >= KINDS
    for path, content in kept.items():
        path.write_bytes(DAMAGE[damage](path, content))
    damaged = documents(graph)
    assert graph.tangle("run", "--write-pending").out == "the notes were up to date\n"
    figure = graph.figure("1.2-1")
    figure.unlink()
    for cached in (False, True):
        said = graph.tangle("run", "1.2", "--format", "json")
        assert said.code == 0, said
        (section,) = json.loads(said.out)["sections"]
        assert section["cached"] is cached
        assert "drawn\n" in [output.get("text") for output in section["chunks"][0]["outputs"]]
    assert figure.exists()
    for command in ("build", "check", "list"):
        said = graph.tangle(command)
        assert "Traceback" not in said.out + said.err
        assert said.code in {0, 1}
    now = documents(graph)
    still = {
        path.relative_to(graph.root / ".tangle").parts[0]
        for path in now
        if now[path] == damaged.get(path)
    }
    assert still <= {"cache", "pending", "memory"}  # of sections that did not run again
    graph.tangle("clean")
    # What proves that figures and generated files are tangle's, and what edits are compared with.
    stays = {"record", "builds", "generated"}
    assert {path.parent.name for path in documents(graph)} <= stays
