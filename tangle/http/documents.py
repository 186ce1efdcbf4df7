"""Answers as JSON documents."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class Document(JSONResponse):
    """A document; what is no text, as in names of files in another encoding, is replaced."""

    def render(self, content: Any) -> bytes:
        """Return the document as it is sent."""
        return json_bytes(content)


def json_bytes(content: Any) -> bytes:
    """Return a document as compact JSON.

    Args:
        content: what `json` accepts.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def refusal(status: int, message: str) -> Document:
    """Return an error as a document."""
    return Document({"error": message}, status_code=status)
