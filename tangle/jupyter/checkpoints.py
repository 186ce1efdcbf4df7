"""Checkpoints of files, outside the graph; pages have none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints

from tangle.jupyter.answers import Refusal

_OF_PAGE: Final = "page"


class Checkpoints(AsyncFileCheckpoints):
    """Keeps checkpoints of files below `.tangle`, where no graph shows them."""

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Return where the checkpoint of a file is kept.

        Args:
            checkpoint_id: its id.
            path: of the file, as the interface has it.
        """
        folder = self._folder(path)
        if folder is None:
            found: str = super().checkpoint_path(checkpoint_id, path)
            return found
        name, dot, ending = path.strip("/").rpartition("/")[2].rpartition(".")
        return str(folder / f"{name}-{checkpoint_id}{dot}{ending}")

    def _folder(self, path: str) -> Path | None:
        contents: Any = self.parent
        found: Path | None = contents.checkpoint_folder(path)
        return found

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> dict[str, Any]:
        """Keep a file as it is; of a page nothing is kept, and the answer says when it was asked.

        Args:
            contents_mgr: the contents manager.
            path: of the file.
        """
        if await contents_mgr.page_at(path) is not None:
            return {"id": _OF_PAGE, "last_modified": datetime.now(UTC)}
        found: dict[str, Any] = await super().create_checkpoint(contents_mgr, path)
        return found

    async def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:
        """Make a file what it was.

        Args:
            contents_mgr: the contents manager.
            checkpoint_id: of the checkpoint.
            path: of the file.
        """
        if await contents_mgr.page_at(path) is not None:
            message = f"{path}: a page has no checkpoints; use the history of Logseq, or git"
            raise Refusal(409, message)
        await super().restore_checkpoint(contents_mgr, checkpoint_id, path)
