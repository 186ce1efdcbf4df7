"""Lets the tests import `benchmarks`, where `python -m` does not put the project on the path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
