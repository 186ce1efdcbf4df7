"""The contents manager without a server, as tests ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

pytest.importorskip("jupyter_server", reason="tangle[notebook] is not installed: no jupyter_server")

from tornado.web import HTTPError

from tangle.jupyter import ContentsManager
from tests.graphs import Notes

_Answer = TypeVar("_Answer")


def wait(coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Return what a coroutine returns."""
    return asyncio.run(coroutine)


@dataclass(slots=True)
class Tab:
    """A notebook that is open in a program.

    Attributes:
        content: as the program has it.
        known: when the program takes the file to be changed last.
    """

    manager: ContentsManager
    path: str
    content: Any
    known: Any

    def cell(self, text: str) -> Any:
        """The first cell whose source has a text in it."""
        return next(cell for cell in self.content["cells"] if text in cell["source"])

    def edit(self, old: str, new: str) -> None:
        """Replace text in the first cell that has it."""
        cell = self.cell(old)
        cell["source"] = cell["source"].replace(old, new, 1)

    def insert(self, at: int, kind: str, source: str, name: str = "") -> Any:
        """Add a cell."""
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": name or f"new-{at}",
            "metadata": {},
            "source": source,
        }
        cell |= {"outputs": [], "execution_count": None} if kind == "code" else {}
        self.content["cells"].insert(at, cell)
        return cell

    def ran(self, *texts: str, first: int = 1) -> None:
        """Say that a kernel ran cells, in this order; each printed its number."""
        for count, text in enumerate(texts, first):
            cell = self.cell(text)
            cell["execution_count"] = count
            cell["outputs"] = [stream(f"{count}\n")]

    def save(self) -> dict[str, Any]:
        """Save, as JupyterLab does."""
        model = {"type": "notebook", "format": "json", "content": self.content}
        saved = wait(self.manager.save(model, self.path))
        self.known = saved["last_modified"]
        return saved

    def refused(self) -> str:
        """Save what cannot be saved whole; return the message."""
        with pytest.raises(HTTPError) as caught:
            self.save()
        assert caught.value.status_code == 409
        return str(caught.value.log_message)


def stream(text: str) -> dict[str, Any]:
    """An output on standard output."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def manager_of(notes: Notes) -> ContentsManager:
    """A manager whose folder is the graph."""
    return ContentsManager(root_dir=str(notes.root))


def opened(manager: ContentsManager, path: str) -> Tab:
    """Open a notebook."""
    model = wait(manager.get(path))
    assert model["type"] == "notebook"
    return Tab(manager, path, model["content"], model["last_modified"])


def names(manager: ContentsManager, folder: str) -> list[str]:
    """What a folder shows."""
    return sorted(entry["name"] for entry in wait(manager.get(folder))["content"])
