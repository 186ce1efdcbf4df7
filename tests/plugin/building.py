"""Where the plugin is, and whether it can be built here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

PLUGIN: Final = Path(__file__).resolve().parents[2] / "logseq-plugin"

needs_packages = pytest.mark.skipif(
    not (shutil.which("node") and (PLUGIN / "node_modules" / ".installed").is_file()),
    reason="`make plugin` has not fetched the plugin's packages here (it needs node and npm)",
)
