"""The generated package over an installed one of its name, whose names it does not hide."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import MakeNotes, Notes

INSTALLED = {
    "__init__.py": '__version__ = "1.2"\n',
    "torch.py": (
        "import math\n"
        "import sys\n"
        "from a_module_that_nobody_has import distance\n"
        "from .helpers import helper\n"
        "from . import jax\n"
        "d2l = sys.modules[__name__]\n"
        "class Animator:\n"
        "    def draw(self):\n"
        "        return d2l.helper()\n"
        "def area(r):\n"
        "    return 'installed'\n"
        "def plot(x):\n"
        "    return f'plot {x}'\n"
        "def far():\n"
        "    return distance(1)\n"
    ),
    "helpers.py": "def helper():\n    return 'helped'\n",
    "jax.py": "import d2l\nVERSION = d2l.__version__\n",
}
PAGE = """\
- # 1.1 Saved
	- ```python
	  def area(r):  #@save
	      return 'saved'
	  def train():  #@save
	      return Animator().draw()
	  ```
- # 1.2 Used
	- ```python
	  import pickle
	  from d2l import torch as d2l
	  print(d2l.area(1), d2l.train(), d2l.plot(2), Animator is d2l.Animator)
	  print(isinstance(pickle.loads(pickle.dumps(d2l.Animator())), d2l.Animator))
	  ```
	- ```python
	  import d2l as package
	  from d2l.torch import plot
	  from d2l import jax
	  print(package.__version__, plot(3), jax.VERSION, hasattr(d2l, 'nothing'))
	  ```
- # 1.3 Star
	- ```python
	  from d2l.torch import *
	  print(area(1), plot(4))
	  ```
- # 1.4 Missing
	- ```python
	  from d2l import torch as d2l
	  d2l.far()
	  ```
"""


@pytest.fixture
def graph(notes: MakeNotes, tmp_path: Path) -> Notes:
    folder = tmp_path / "installed" / "d2l"
    folder.mkdir(parents=True)
    for name, text in INSTALLED.items():
        (folder / name).write_text(text, encoding="utf-8")
    return notes({"Page": PAGE})


def tangle(graph: Notes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call a command with the package installed."""
    environment = {**os.environ, "PYTHONPATH": str(graph.root.parent / "installed")}
    return subprocess.run(
        [sys.executable, "-m", "tangle_cli", "--graph", str(graph.root), *arguments],
        env=environment,
        cwd=graph.root,
        encoding="utf-8",
        capture_output=True,
        check=False,
    )


def test_what_no_section_saves_comes_from_the_installed_module(graph: Notes) -> None:
    said = tangle(graph, "run", "--all", "--no-write", "--format", "json")
    report: dict[str, Any] = json.loads(said.stdout)
    sections = {section["number"]: section for section in report["sections"]}
    texts = {
        number: "".join(o.get("text", "") for c in s["chunks"] for o in c["outputs"])
        for number, s in sections.items()
    }
    assert texts["1.2"] == "saved helped plot 2 True\nTrue\n1.2 plot 3 1.2 False\n"
    assert texts["1.3"] == "saved plot 4\n"
    error = sections["1.4"]["chunks"][0]["error"]
    assert error["name"] == "ModuleNotFoundError"
    assert "a_module_that_nobody_has" in error["message"]


def test_check_knows_the_names_and_build_says_where_they_come_from(graph: Notes) -> None:
    assert tangle(graph, "check").stderr == "no problems\n"
    said = tangle(graph, "build")
    assert "names that no section saves come from there" in said.stdout + said.stderr
    done = subprocess.run(
        [sys.executable, str(graph.root / "generated/d2l/sections/sec_1_2.py")],
        env={**os.environ, "PYTHONPATH": str(graph.root.parent / "installed")},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.stdout == "saved helped plot 2 True\nTrue\n1.2 plot 3 1.2 False\n", done.stderr


def test_without_the_distribution_the_same_notes_name_what_is_missing(notes: MakeNotes) -> None:
    found = notes({"Page": PAGE}).tangle("check")
    assert "no section saves plot" in found.out + found.err
    assert "Animator is not defined" in found.out + found.err


def test_the_package_is_called_what_the_notes_import_and_save(notes: MakeNotes) -> None:
    page = PAGE.replace("d2l.torch", "mine.tools").replace("d2l import torch", "mine import tools")
    graph = notes({"Page": page.replace("Animator()", "str()").replace("Animator", "str")})
    built = graph.tangle("build")
    assert "generated/mine/tools.py: added" in built.out
    assert "d2l/" not in built.out
    assert "up to date" in graph.tangle("build", "--check").out
    checked = graph.tangle("check").out
    assert "no section saves plot, so mine.tools does not have it" in checked
    assert "provides mine" not in checked
    assert graph.tangle("run", "1.1").code == 0


def test_libraries_are_never_taken_for_the_package(notes: MakeNotes) -> None:
    code = "def array(x):  #@save\n\t      return x\n\t  from numpy import linalg\n\t  linalg.array"
    built = notes({"Page": f"- # 1.1 s\n\t- ```python\n\t  {code}\n\t  ```\n"}).tangle("build")
    assert "numpy/" not in built.out
