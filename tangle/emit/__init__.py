"""Turn a plan into the text of the generated package and the section scripts."""

from __future__ import annotations

from tangle.emit.notebook_setup import setup_cell
from tangle.emit.package import MARK, Module, init, module
from tangle.emit.scripts import ScriptLine, script_lines
from tangle.emit.text import comment
from tangle.emit.tree import (
    is_script,
    package_files,
    script_paths,
    section_script,
    shared_files,
)

__all__ = [
    "MARK",
    "Module",
    "ScriptLine",
    "comment",
    "init",
    "is_script",
    "module",
    "package_files",
    "script_lines",
    "script_paths",
    "section_script",
    "setup_cell",
    "shared_files",
]
