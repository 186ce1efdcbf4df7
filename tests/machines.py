"""Machines that share results: each with its folder, home and key, in the same process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest  # noqa: TC002 -- a fixture, as the tests import it

from tests.graphs import Notes, Said, call, new_graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A person's machine with a copy of the notes.

    Attributes:
        notes: the copy.
        home: the person's home folder.
        enter: makes this process one of that machine's.
    """

    notes: Notes
    home: Path
    enter: Callable[[], None]

    def tangle(self, *arguments: str) -> Said:
        """Call `tangle` on this machine, in the notes."""
        self.enter()
        return call("--graph", str(self.notes.root), *arguments)

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run the page `a`, which must pass; return its part of the report."""
        said = self.tangle("run", "a", "--no-write", "--format", "json", *arguments)
        assert said.code == 0, said
        (section,) = json.loads(said.out)["sections"]
        assert isinstance(section, dict)
        return section

    def key(self, name: str) -> str:
        """This person's public key, after a name."""
        return self.tangle("cache", "key", "--name", name).out.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Two machines: one writes results, the other one trusts its key.

    Attributes:
        store: the folder of the store.
    """

    alice: Machine
    bob: Machine
    store: Path

    def entries(self) -> list[Path]:
        """The files in the store."""
        return sorted(path for path in self.store.rglob("*") if path.is_file())


def who(section: Mapping[str, Any]) -> str | None:
    """Whose result a section got from the shared cache; None where it was run."""
    found = section["cached_from"]
    return None if found is None else str(found["who"])


def two_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: Mapping[str, str], store: str = ""
) -> Machines:
    """Make two machines with the same notes, in folders of different depth.

    Args:
        tmp_path: holds all of it.
        monkeypatch: sets the variables of the environment.
        pages: of the notes.
        store: the address of the store; empty for a folder.
    """
    folder = tmp_path / "store"
    monkeypatch.setenv("TANGLE_CACHE", store or f"file://{folder}")
    monkeypatch.setenv("TANGLE_CACHE_WRITE", "1")
    monkeypatch.delenv("TANGLE_CACHE_KEYS", raising=False)

    def machine(name: str, root: Path) -> Machine:
        home = tmp_path / f"home-{name}"
        home.mkdir()
        graph = new_graph(root, pages, book=False)

        def enter() -> None:
            monkeypatch.setenv("HOME", str(home))
            monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
            monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))

        return Machine(notes=graph, home=home, enter=enter)

    alice = machine("alice", tmp_path / "alice" / "notes")
    bob = machine("bob", tmp_path / "elsewhere" / "of" / "bob" / "graph")
    monkeypatch.setenv("TANGLE_CACHE_KEYS", alice.key("alice"))
    return Machines(alice=alice, bob=bob, store=folder)


def forget(machine: Machine) -> None:
    """Remove what a machine keeps of its own runs."""
    shutil.rmtree(machine.notes.root / ".tangle", ignore_errors=True)
