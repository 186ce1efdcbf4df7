"""tangle: the code in a Logseq graph as a real program.

The constants are those that parts know which load before, or without, the rest of tangle.
"""

from __future__ import annotations

__version__ = "0.2.0"

PAGE_SUFFIXES = (".md", ".markdown")
"""How the name of a page's file ends."""

STATE_FOLDER = ".tangle"
"""The folder of caches and records, beside the configuration; drafts of files begin so, too."""

CI_IS_OFF = ("", "0", "false", "no")
"""Values of the variable `CI`, in lower case, that say that this is no CI."""
