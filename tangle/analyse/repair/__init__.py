"""Why a chunk does not parse, and how it can be mended without guessing."""

from __future__ import annotations

from tangle.analyse.repair.diagnosis import Diagnosis, Repair, diagnose

__all__ = ["Diagnosis", "Repair", "diagnose"]
