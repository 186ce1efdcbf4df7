"""Limits on the output of a session, shared by worker and parent."""

from __future__ import annotations

KEPT_TEXT = 256 * 1024
"""Bytes of stream text that are kept of one cell; what comes after is counted and dropped."""

WRITTEN_TEXT = 8 * 1024 * 1024
"""Bytes that one cell may write before the write itself fails."""

SHOWN_DATA = 32 * 1024 * 1024
"""Bytes of display data that one cell may hold."""

EVENT_LINE = 64 * 1024 * 1024
"""Bytes of one event on the pipe; a longer line cannot come from a worker that is well."""

CUT_NOTICE = "[… output cut: more than 256 KiB]"

PRINT_LESS = "print less, or write to a file"
SHOW_LESS = 'show less, or set `figures = "png"` in tangle.toml'
"""The ways out of the two limits."""

LARGEST_SVG = 4 * 1024 * 1024
"""Characters of an SVG; a figure that takes more is shown as a PNG."""

SHOWN_OVERHEAD = 4096
"""Bytes that one display counts for beside its data, so that empty ones end as well."""
