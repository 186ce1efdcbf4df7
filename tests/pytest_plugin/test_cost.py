"""A project without notes pays nothing."""

from __future__ import annotations

import json
import subprocess
import sys

WATCH = """
import json, sys
import pytest
before = set(sys.modules)
import tangle.pytest_plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_the_plugin_imports_nothing_but_itself() -> None:
    said = subprocess.run(
        [sys.executable, "-c", WATCH], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    assert json.loads(said) == ["tangle", "tangle.pytest_plugin"]
