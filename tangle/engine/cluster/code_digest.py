"""Tell whether two machines have the same tangle."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def code_digest() -> str:
    """Digest of tangle's own modules: the same wherever the same version is installed."""
    top = Path(__file__).resolve().parents[2]
    found = hashlib.sha256()
    for path in sorted(top.rglob("*.py")):
        found.update(path.relative_to(top).as_posix().encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]
