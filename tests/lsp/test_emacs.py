"""Emacs as a real client, with eglot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graphs import MakeNotes

EMACS = shutil.which("emacs")
# Emacs has eglot since 29; before, Debian's package is here.
_FOLDERS = sorted(Path("/usr/share/emacs/site-lisp/elpa").glob("[a-z]*-[0-9]*"))


def _has_eglot() -> bool:
    if EMACS is None:
        return False
    command = [EMACS, "--batch", "-Q", *_paths(), "--eval", "(require 'eglot)"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _paths() -> list[str]:
    return [word for folder in _FOLDERS for word in ("-L", str(folder))]


pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(
        not _has_eglot(), reason="needs Emacs with eglot (Debian: apt install emacs-nox elpa-eglot)"
    ),
]

LENDER = "- ## 1.1. 出借\n\t- ```python\n\t  def twice(x):  #@save\n\t      return 2 * x\n\t  ```\n"
USER = """\
- ## 1.3. 使用 😀
	- ```python
	  first = twice(4)
	  ```
	- ```python
	  print('😀', twice(first))
	  ```
"""  # fmt: skip


def test_eglot_asks_edits_renames_and_runs(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"出借": LENDER, "使用": USER})
    command = tmp_path / "tangle"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tangle_cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TANGLE_COMMAND": str(command),
        "TANGLE_LENDER": str(graph.page("出借")),
        "TANGLE_USER": str(graph.page("使用")),
    }
    script = Path(__file__).with_name("emacs.el")
    done = subprocess.run(
        [str(EMACS), "--batch", "-Q", *_paths(), "-l", str(script)],
        cwd=graph.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert "def twice(x)" in facts["hover"]
    assert facts["definition"] == [graph.page("出借").name, 3]
    assert "twice" in facts["completions"]
    assert len(facts["problems"]) == 1
    assert "absent" in facts["problems"][0]
    assert "1.3: passed" in facts["ran"]
    assert graph.text("出借") == LENDER.replace("twice", "double")
    assert "\t\t  😀 16\n" in graph.text("使用")
    assert "twice" not in graph.text("使用")
