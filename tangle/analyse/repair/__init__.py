"""Explain why a chunk does not parse, and repair it if there is only one way."""

from __future__ import annotations

from tangle.analyse.repair.diagnosis import READ_AS_MEANT, TABS, Diagnosis, Repair, diagnose

__all__ = ["READ_AS_MEANT", "TABS", "Diagnosis", "Repair", "diagnose"]
