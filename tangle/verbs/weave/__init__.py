"""Weave the notes: a static site of them in a folder."""

from __future__ import annotations

from tangle.verbs.weave.weaving import WeaveReport, weave

__all__ = ["WeaveReport", "weave"]
