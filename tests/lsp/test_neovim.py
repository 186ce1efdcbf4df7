"""Neovim as a client: hover, definition, rename, a lens that runs, and problems while typing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graphs import MakeNotes

NEOVIM = shutil.which("nvim")


@pytest.mark.book
@pytest.mark.skipif(NEOVIM is None, reason="Neovim is not installed")
def test_neovim_is_served(notes: MakeNotes) -> None:
    graph = notes(
        {
            "线性 回归": "- ## 1.1. 首\n\t- ```python\n\t  def 损失(x): return x\n\t  ```\n",
            "用": "- ## 1.2. 次\n\t- ```python\n\t  s = '😀'; print(损失(40 + 2))\n\t  ```\n",
        }
    )
    probes = {
        "page": str(graph.page("用")),
        "root": str(graph.root),
        "command": [sys.executable, "-m", "tangle_cli", "lsp"],
        "text": "损失(",
    }
    script = f"luafile {Path(__file__).with_name('neovim.lua')}"
    done = subprocess.run(
        [str(NEOVIM), "--headless", "-u", "NONE", "-i", "NONE", "-c", script],
        env={**os.environ, "TANGLE_PROBES": json.dumps(probes), "XDG_STATE_HOME": str(graph.root)},
        capture_output=True, check=False, encoding="utf-8", timeout=120,
    )  # fmt: skip
    said = json.loads(done.stdout[done.stdout.index("{") :])
    assert said.pop("hover").startswith("**损失**: borrowed from 1.1 (pages/线性 回归.md:3)")
    assert said == {
        "definition": f"{graph.page('线性 回归')}:3",
        "rename": 2,
        "run": "1.2: passed",
        "problems": 1,
    }
    assert "42\n" in graph.text("用")
