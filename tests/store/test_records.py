"""Records: what writers that were killed have left goes once it is old."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tangle.store import Records


def test_old_drafts_go_when_something_is_written_and_young_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / ".tangle" / "kept"
    records = Records(folder, dict[str, str])
    records.put("one", {"a": "b"})
    old, young = folder / f".tangle-{'0' * 16}.draft", folder / f".tangle-{'1' * 16}.draft"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    records.put("two", {})
    assert not old.exists()
    assert young.exists()
    assert records.get("one") == {"a": "b"}
