"""Builds of notes given as text, and programs run from them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tangle.emit import module, script_paths, section_script, shared_files
from tests.analyse.plans import planned


def built(notes: str | dict[str, str], *, folder: str | None = None) -> Mapping[str, str]:
    """The files that notes come to; `folder` is that of every page, from the output folder."""
    found = planned(notes)
    name = found.package.name
    sessions = [session for session in found.sessions if session.chunks]
    sections = [session.unit.section for session in sessions]
    scripts = {
        path: section_script(session, name, folder=folder, seed=7)
        for path, session in zip(script_paths(name, sections), sessions, strict=True)
    }
    return {**shared_files(name, module(found.package).text, sections), **scripts}


def script(notes: str | dict[str, str], name: str = "1_1") -> str:
    """The text of a section's script."""
    return built(notes)[f"d2l/sections/sec_{name}.py"]


def cells(text: str) -> list[str]:
    """The cells of a script, each without its heading, the set-up left out."""
    return [cell.partition("\n")[2] for cell in text.split("\n# %% ")[2:]]


def write(found: Mapping[str, str], folder: Path) -> Path:
    """Write files; the folder they are in."""
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def python(
    *arguments: str, cwd: Path, path: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python on its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables = {"PYTHONIOENCODING": "utf-8", **variables}
    if path is not None:
        variables["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=kept | variables,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
