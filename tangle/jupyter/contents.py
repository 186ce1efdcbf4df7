"""The contents manager: a folder's files, and beside each page with code its notebook."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.utils import ApiPath, to_os_path
from traitlets import default

from tangle.errors import Refused, TangleError
from tangle.jupyter.answers import Refusal
from tangle.jupyter.checkpoints import Checkpoints
from tangle.jupyter.files import FileHandler
from tangle.jupyter.kernels import ACTIONS, KernelLogs
from tangle.verbs.desk import Desk
from tangle.verbs.page_notebooks.pages import PageNotebook, Pages

_Answer = TypeVar("_Answer")


class ContentsManager(AsyncLargeFileManager):
    """Shows a graph's pages as notebooks beside its files, and saves these into the pages.

    Attributes:
        grace: seconds within which a program that has saved asks what it has saved; what others
            changed shows later.
    """

    grace: float = 2.0

    def __init__(self, **traits: Any) -> None:
        """Find the graph that the server's folder belongs to."""
        super().__init__(**traits)
        self._desk = Desk("tangle-notes", lambda error: self.log.error("tangle: %s", error))
        self._pages: Pages | None = None
        self._merged: dict[str, list[float]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._kernel_of: dict[str, str] = {}
        self._logs: KernelLogs | None = None
        try:
            self._pages = Pages(Path(self.root_dir))
        except TangleError as error:
            self.log.error("tangle: %s: no page appears as a notebook", error)
        if (kernels := getattr(self.parent, "kernel_manager", None)) is not None:
            self._logs = KernelLogs(kernels)
            self.event_logger.add_listener(schema_id=ACTIONS, listener=self._logs.notice)

    @default("checkpoints_class")
    def _checkpoints_of_pages(self) -> type:
        return Checkpoints

    @default("files_handler_class")
    def _files_by_contents(self) -> type:
        return FileHandler

    # --- which notebooks are pages ---

    async def page_at(self, path: str) -> PageNotebook | None:
        """Return the page that appears as a file; None of any other.

        Args:
            path: as the interface has it, relative to the server's folder.
        """
        pages, file = self._pages, self._file(path)
        if pages is None or file.suffix != ".ipynb" or os.path.lexists(file):
            return None
        return await self._ask(lambda: pages.at(file))

    def exists(self, path: str) -> bool:  # type: ignore[override]
        """Return whether there is such a file, or a page that appears so.

        Args:
            path: as the interface has it.
        """
        folder, _, name = path.strip("/").rpartition("/")
        return name in self._names.get(folder, ()) or bool(super().exists(path))

    async def increment_filename(self, filename: str, path: str = "", insert: str = "") -> str:
        """Return a name that no file of a folder has, and no page in it.

        Args:
            filename: that is wanted.
            path: of the folder, as the interface has it.
            insert: what comes before a number in the name.
        """
        await self._pages_in(path)
        found: str = await super().increment_filename(filename, path, insert)
        return found

    async def _pages_in(self, path: str) -> Mapping[str, PageNotebook]:
        """The pages that appear in a folder, by the names of their notebooks."""
        pages, folder = self._pages, self._file(path)
        found = {} if pages is None else await self._ask(lambda: pages.in_folder(folder))
        self._names[path.strip("/")] = frozenset(found)
        return found

    async def file_exists(self, path: str) -> bool:
        """Return whether there is such a file, or a page that appears so.

        Args:
            path: as the interface has it.
        """
        return await super().file_exists(path) or await self.page_at(path) is not None

    def _file(self, path: str) -> Path:
        file = Path(to_os_path(ApiPath(path.strip("/")), self.root_dir))
        try:
            return file.parent.resolve() / file.name
        except (OSError, RuntimeError, ValueError):  # no file can be called so
            return file

    async def _ask(self, task: Callable[[], _Answer]) -> _Answer:
        """Have the thread of the notes do something; a refusal becomes one of the interface."""
        try:
            return await self._desk.ask(task)
        except Refused as error:
            raise Refusal(409, str(error)) from error
        except TangleError as error:
            raise Refusal(400, str(error)) from error

    def checkpoint_folder(self, path: str) -> Path | None:
        """Return where checkpoints of a file are kept; None where they may lie beside it.

        Args:
            path: as the interface has it.
        """
        with contextlib.suppress(TangleError):
            return None if self._pages is None else self._pages.checkpoints(self._file(path))
        return None

    # --- reading ---

    async def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,  # noqa: A002
        format: str | None = None,  # noqa: A002
        require_hash: bool = False,
    ) -> dict[str, Any]:
        """Return the model of a file, a folder, or a page as a notebook.

        Args:
            path: as the interface has it.
            content: whether the model holds the content.
            type: that the caller expects.
            format: of the content of a file.
            require_hash: whether the model says when it is another.
        """
        page = None if type == "directory" else await self.page_at(path)
        if page is None:
            model: dict[str, Any] = await super().get(path, content, type, format, require_hash)
            return model
        found = await self._page_model(path.strip("/"), page, content=content, kind=type)
        self.emit(data={"action": "get", "path": path})
        return found

    async def _page_model(
        self, path: str, page: PageNotebook, *, content: bool, kind: str | None = None
    ) -> dict[str, Any]:
        changed, version = self._version(path, page)
        digest = hashlib.sha256(f"{path}\0{version}".encode()).hexdigest()
        model: dict[str, Any] = {
            "name": path.rpartition("/")[2],
            "path": path,
            "type": "notebook",
            "created": _time(page.created),
            "last_modified": _time(changed),
            "mimetype": None,
            "format": None,
            "content": None,
            "size": None,
            "writable": page.writable,
            "hash": digest,
            "hash_algorithm": "sha256",
        }
        if kind == "file":  # a download, or another editor
            model |= {"type": "file", "mimetype": "application/json"}
        if content and kind == "file":
            text = nbformat.writes(_joined(await self._ask(page.content)))
            model |= {"content": text, "format": "text"}
        elif content:
            notebook = _joined(await self._ask(page.open))
            self.notary.mark_cells(notebook, self.notary.check_signature(_unsigned(notebook)))
            model |= {"content": notebook, "format": "json"}
        return model

    def _version(self, path: str, page: PageNotebook) -> tuple[float, int]:
        """When a save last brought changes that the program does not show, and how many did.

        Changes of others are none until a save merges them: a program that sees one before would
        ask its user whether to give up either side.
        """
        times = self._merged.get(path, [])
        known = [each for each in times if each + self.grace <= time.time()]
        return (known[-1] if known else page.created), len(known)

    async def _dir_model(self, path: str, content: bool = True) -> dict[str, Any]:
        model: dict[str, Any] = await super()._dir_model(path, content)
        if content:
            there = {each["name"] for each in model["content"]}
            for name, page in (await self._pages_in(path)).items():
                if name not in there:
                    entry = await self._page_model(f"{path}/{name}".strip("/"), page, content=False)
                    model["content"].append(entry | {"last_modified": _time(page.changed)})
        return model

    # --- writing ---

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save a file, or merge a notebook into its page.

        Args:
            model: with the content.
            path: as the interface has it.
        """
        path = path.strip("/")
        page = await self.page_at(path)
        if page is not None:
            return await self._save_page(model, path, page)
        if await self._becomes_page(model, path):
            return await self._new_page(model, path)
        saved: dict[str, Any] = await super().save(model, path)
        return saved

    async def _save_page(
        self, model: dict[str, Any], path: str, page: PageNotebook
    ) -> dict[str, Any]:
        self.run_pre_save_hooks(model=model, path=path)
        notebook = _notebook_of(model, path)
        logs = await self._logs_of(path)
        before = self._version(path, page)
        saved = await self._ask(lambda: page.save(notebook, logs))
        for remark in saved.remarks:
            self.log.warning("tangle: %s", remark)
        if saved.stale:
            self._merged.setdefault(path, []).append(time.time())
        elif self.notary.check_cells(nbformat.from_dict(notebook)):
            self.notary.sign(_joined(await self._ask(page.content)))
        result = await self._page_model(path, page, content=False)
        result["last_modified"] = _time(before[0])
        self.emit(data={"action": "save", "path": path})
        return result

    async def _logs_of(self, path: str) -> tuple[dict[int, str], ...] | None:
        """What the kernels of a notebook were seen to run; None where nobody saw them."""
        sessions = getattr(self.parent, "session_manager", None)
        for session in await sessions.list_sessions() if sessions is not None else ():
            if session["path"] == path:
                self._kernel_of[path] = session["kernel"]["id"]
        kernel = self._kernel_of.get(path)
        return self._logs.of(kernel) if self._logs is not None and kernel else None

    async def _becomes_page(self, model: dict[str, Any], path: str) -> bool:
        """Whether a notebook is new in the folder of pages."""
        pages, file = self._pages, self._file(path)
        if pages is None or model.get("type") != "notebook" or not path.endswith(".ipynb"):
            return False
        return await self._ask(lambda: pages.makes_page(file))

    async def _new_page(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        pages, file, notebook = self._pages, self._file(path), _notebook_of(model, path)
        assert pages is not None
        name, remarks = await self._ask(lambda: pages.add(file, notebook))
        for remark in remarks:
            self.log.warning("tangle: %s", remark)
        folder = path.rpartition("/")[0]
        return await self.get(f"{folder}/{name}", content=False)

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename a file; a page's notebook is called as the page is.

        Args:
            old_path: as the interface has it.
            new_path: likewise.
        """
        page = await self.page_at(old_path)
        if page is None:
            await super().rename_file(old_path, new_path)
            return
        new = self._file(new_path)
        await self._ask(lambda: page.rename(new))

    async def delete_file(self, path: str) -> None:
        """Delete a file; the notebook of a page is none.

        Args:
            path: as the interface has it.
        """
        page = await self.page_at(path)
        if page is not None:
            message = f"{path} shows {page.shown}: delete the page, and its notebook goes with it"
            raise Refusal(409, message)
        await super().delete_file(path)

    async def trust_notebook(self, path: str) -> None:
        """Trust the outputs of a notebook.

        Args:
            path: as the interface has it.
        """
        page = await self.page_at(path)
        if page is None:
            await super().trust_notebook(path)
        else:
            self.notary.sign(_joined(await self._ask(page.content)))


def _notebook_of(model: dict[str, Any], path: str) -> dict[str, Any]:
    content = model.get("content")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            content = None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Refusal(400, f"{path}: this is no notebook of nbformat 4")
    return content


def _joined(notebook: dict[str, Any]) -> Any:
    """A notebook as programs have it: texts whole, and not line by line as in a file."""
    return nbformat.reads(json.dumps(notebook), as_version=4)


def _unsigned(notebook: Any) -> Any:
    """A notebook without what is another each time it is opened."""
    found = copy.deepcopy(notebook)
    found["metadata"]["tangle"].pop("digest")
    return found


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
