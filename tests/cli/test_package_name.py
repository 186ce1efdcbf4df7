"""The name of the generated package, and that there is no module where nothing is saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tangle.analyse import free_package, package_after
from tangle.model import PackageName
from tests.graphs import MakeNotes, Notes, Said

SAVES = """\
- ```python
  def area(r):  #@save
      return 3 * r * r
  print(area(2))
  ```
"""
SAVES_NOTHING = SAVES.replace("  #@save", "")


def graph_called(folder: Path, text: str = SAVES) -> Notes:
    """A graph whose folder has a certain name."""
    made = Notes(root=folder)
    (folder / "logseq").mkdir(parents=True)
    (folder / "pages").mkdir()
    (folder / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
    made.write("Page", text)
    return made


def generated(graph: Notes) -> set[str]:
    """The files that a build wrote, relative to the output folder."""
    top = graph.root / "generated"
    return {p.relative_to(top).as_posix() for p in top.rglob("*.py")}


def script(graph: Notes, path: str) -> str:
    """What a script prints that plain Python runs from elsewhere."""
    command = [sys.executable, str(graph.root / "generated" / path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("graph", "root"),
    [
        ("notes", "notes"),
        ("My Notes", "my_notes"),
        ("d2l-zh.old", "d2l_zh_old"),
        ("2024", "notes_2024"),
        ("class", "notes_class"),
        ("笔记", "笔记"),
        ("***", "notes"),
        ("", "notes"),
    ],
)
def test_a_graphs_name_becomes_an_identifier(graph: str, root: str) -> None:
    assert package_after(graph) == PackageName(root=root, module="saved")
    assert root.isidentifier()


def test_the_first_name_that_hides_nothing_is_taken() -> None:
    taken = {"json": "a module", "json_notes": "another"}
    choice = free_package(package_after("json"), taken.get)
    assert (choice.name.root, choice.avoided) == ("json_notes2", "a module")


def test_the_package_is_called_after_the_graph_where_the_notes_name_none(notes: MakeNotes) -> None:
    graph = notes({"Page": SAVES})
    assert graph.tangle("build").code == 0
    assert "graph/saved.py" in generated(graph)
    assert script(graph, "graph/sections/sec_Page.py") == "12\n"
    used = "- tangle.needs:: [[Page]]\n  ```python\n  print(area(3))\n  ```\n"
    graph.write("Other", used)
    assert "27" in graph.tangle("run", "Other").out + graph.text("Other")
    assert "from graph.saved import area" in graph.tangle("show", "Other").out


def test_where_nothing_is_saved_no_module_is_generated(notes: MakeNotes) -> None:
    graph = notes({"Page": SAVES_NOTHING})
    said = graph.tangle("build")
    assert (said.code, said.err) == (0, "")
    assert generated(graph) == {
        "graph/__init__.py",
        "graph/__main__.py",
        "graph/sections/__init__.py",
        "graph/sections/sec_Page.py",
    }
    assert script(graph, "graph/sections/sec_Page.py") == "12\n"
    assert "import MODULE" not in (graph.root / "generated/graph/__init__.py").read_text()


def test_the_module_goes_with_the_last_saved_statement(notes: MakeNotes) -> None:
    graph = notes({"Page": SAVES})
    graph.tangle("build")
    graph.write("Page", SAVES_NOTHING)
    assert "graph/saved.py: would be removed" in graph.tangle("build", "--check").out
    assert "graph/saved.py: removed" in graph.tangle("build").out
    assert "graph/saved.py" not in generated(graph)
    assert graph.tangle("build", "--check").code == 0


def test_files_under_the_name_that_the_notes_gave_up_go(notes: MakeNotes) -> None:
    imports = SAVES.replace("- ```python\n", "- ```python\n  from mine import tools\n")
    graph = notes({"Page": imports.replace("print(area", "print(tools.area")})
    graph.tangle("build")
    assert "mine/tools.py" in generated(graph)
    theirs = graph.root / "generated" / "mine" / "by_hand.py"
    theirs.write_text("x = 1\n", encoding="utf-8")
    graph.write("Page", SAVES_NOTHING)
    assert graph.tangle("build").code == 0
    assert generated(graph) == {
        "mine/by_hand.py",
        "graph/__init__.py",
        "graph/__main__.py",
        "graph/sections/__init__.py",
        "graph/sections/sec_Page.py",
    }


@pytest.mark.parametrize("name", ["json", "numpy", "click", "conftest"])
def test_a_name_that_would_hide_a_module_is_not_taken(tmp_path: Path, name: str) -> None:
    graph = graph_called(tmp_path / name)
    said = graph.tangle("build")
    assert said.code == 0
    assert f"notice: the generated package is called {name}_notes, since" in said.err
    assert f"{name}_notes/saved.py" in generated(graph)
    assert not [path for path in generated(graph) if path.startswith(f"{name}/")]
    assert script(graph, f"{name}_notes/sections/sec_Page.py") == "12\n"
    assert graph.tangle("build", "--check").code == 0


@pytest.mark.parametrize("text", [SAVES, SAVES_NOTHING])
def test_a_module_of_the_users_own_is_not_hidden(notes: MakeNotes, text: str) -> None:
    graph = notes({"Page": text + "- ```python\n  import graph\n  print(graph.FOUND)\n  ```\n"})
    (graph.root / "pages" / "graph.py").write_text("FOUND = 'mine'\n", encoding="utf-8")
    assert graph.tangle("run", "Page").code == 0
    assert "\tmine\n" in graph.text("Page") or "  mine\n" in graph.text("Page")
    assert "the module graph that the notes import" in graph.tangle("build").err
    graph.tangle("clean")
    assert graph.tangle("build", "--check").code == 0


FORGOTTEN = """\
- ```python
  from mine import tools
  def area(r):
      return 3 * r * r
  print(tools.area(2))
  ```
"""


@pytest.mark.parametrize(
    ("page", "package"),
    [
        (FORGOTTEN, "mine"),
        (FORGOTTEN.replace("tools.area(2)", "tools.area(2), tools.other(1)"), "graph"),
        (SAVES + "- ```python\n  from mine import tools as mine\n  mine.other()\n  ```\n", "mine"),
        (SAVES + "- ```python\n  from mine import tools\n  tools.other()\n  ```\n", "graph"),
    ],
)
def test_a_package_that_the_notes_mean_but_save_nothing_of_into(
    notes: MakeNotes, page: str, package: str
) -> None:
    graph = notes({"Page": page})
    graph.tangle("run", "Page")
    found = {problem[0] for problem in problems(graph.tangle("check", "--format", "json"))}
    assert ("unsaved-name" in found, "missing-import" in found) == (
        package == "mine",
        package != "mine",
    )


BOOK_OF_ANOTHER = "- ```python\n  from mine import tools\n  print(tools.area(1))\n  ```\n"


def problems(said: Said) -> list[tuple[str, int]]:
    """Code and line of what `check` found."""
    return [(p["code"], p["line"]) for p in json.loads(said.out)["problems"]]


@pytest.mark.parametrize("configured", [False, True])
def test_a_package_that_nothing_is_saved_into_must_be_installed(
    notes: MakeNotes, *, configured: bool
) -> None:
    graph = notes({"Page": BOOK_OF_ANOTHER})
    if configured:
        (graph.root / "tangle.toml").write_text('package = "mine.tools"\n', encoding="utf-8")
    found = problems(graph.tangle("check", "--all", "--format", "json"))
    assert ("missing-import", 2) in found


def test_an_installed_package_is_used_where_nothing_is_saved(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lib" / "theirs"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "tools.py").write_text("def area(r):\n    return 'installed'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    graph = notes({"Page": BOOK_OF_ANOTHER.replace("mine", "theirs")})
    assert problems(graph.tangle("check", "--all", "--format", "json")) == []
    assert graph.tangle("run", "Page").code == 0
    assert "installed" in graph.text("Page")
    graph.tangle("build")
    assert script(graph, "graph/sections/sec_Page.py") == "installed\n"
