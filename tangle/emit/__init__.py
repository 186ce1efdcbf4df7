"""Plan to text: the generated package and the section scripts; nothing is written here."""

from __future__ import annotations

from tangle.emit.package import MARK, Module, init, module
from tangle.emit.tree import Script, files, script_path, section_script, tree

__all__ = [
    "MARK",
    "Module",
    "Script",
    "files",
    "init",
    "module",
    "script_path",
    "section_script",
    "tree",
]
