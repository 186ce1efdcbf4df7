"""What a browser downloads: files as they are, and pages as notebooks."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.utils import ensure_async
from tornado import web


class FileHandler(AuthenticatedFileHandler):
    """Serves files from the disk, and the notebook of a page where there is no file."""

    @web.authenticated
    @authorized
    async def get(  # type: ignore[override]
        self, path: str, include_body: bool = True
    ) -> None:
        """Answer with a file.

        Args:
            path: as the interface has it.
            include_body: whether the content is sent.
        """
        contents: Any = self.contents_manager
        if await contents.page_at(path) is None:
            await ensure_async(super().get(path, include_body=include_body))
            return
        self.check_xsrf_cookie()
        model = await contents.get(path, type="file", content=include_body)
        self.set_header("Content-Type", "application/x-ipynb+json")
        if self.get_argument("download", None):
            self.set_attachment_header(model["name"])
        if include_body:
            self.write(model["content"])
