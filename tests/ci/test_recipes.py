"""Hooks, the action and the job are what they are said to be, and do it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tangle_cli.main import cli
from tests.ci.git_notes import GitNotes, git_notes

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

PAGE = """\
- ## 1.1. One
	- ```python
	  def one():  #@save
	      return 1
	  ```
- ## 1.2. Two
	- ```python
	  from d2l import torch as d2l
	  print(d2l.one())
	  ```
- ## 1.3. Three
	- ```python
	  print('three')
	  ```
"""


@pytest.fixture
def graph(tmp_path: Path) -> GitNotes:
    """A repository whose top is the project, built and run."""
    made = git_notes(tmp_path, {"x": PAGE})
    made.tangle("run", "--all")
    made.tangle("build")
    made.commit("outputs")
    return made


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run(command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    # Neither a git that calls us nor a GitHub that we run on has a say here.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT")}
    environment |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | more
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


# --- pre-commit -----------------------------------------------------------------------------------


def test_the_manifest_is_one_for_pre_commit() -> None:
    path = ROOT / ".pre-commit-hooks.yaml"
    done = run([str(BIN / "pre-commit"), "validate-manifest", str(path)], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {hook["id"] for hook in loaded(path)} == {"tangle-check", "tangle-build", "tangle-sync"}


@pytest.fixture
def hooked(graph: GitNotes, tmp_path: Path) -> tuple[GitNotes, dict[str, str]]:
    """The repository with our hooks, from a local one that has our manifest.

    They are of language `system` there: installing ourselves with all that we need takes minutes
    and a network. The entries and all else are those of the manifest.
    """
    hooks = loaded(ROOT / ".pre-commit-hooks.yaml")
    for hook in hooks:
        hook["language"] = "system"
        hook["entry"] = hook["entry"].replace("tangle ", "tangle --config 'sub dir/tangle.toml' ")
    manifest = git_notes(tmp_path / "hooks", {})
    (manifest.top / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump(hooks))
    revision = manifest.commit("hooks")
    config = {
        "repos": [
            {
                "repo": str(manifest.top),
                "rev": revision,
                "hooks": [{"id": "tangle-check"}, {"id": "tangle-build"}, {"id": "tangle-sync"}],
            }
        ]
    }
    (graph.top / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
    graph.commit("config")
    return graph, home


def test_hooks_run_by_pre_commit(hooked: tuple[GitNotes, dict[str, str]]) -> None:
    graph, home = hooked
    command = [str(BIN / "pre-commit"), "run", "--all-files"]
    done = run(command, graph.top, **home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 3
    # A saved function changes: what it showed is stale, and so is the package.
    graph.write("notes/pages/x.md", graph.text("notes/pages/x.md").replace("return 1", "return 2"))
    done = run(command, graph.top, **home)
    assert done.returncode == 1
    assert "[stale-output]" in done.stdout
    assert "torch.py: changed" in done.stdout
    assert "return 2" in graph.text("generated/d2l/torch.py")
    graph.tangle("run", "--all")
    done = run(command, graph.top, **home)
    assert done.returncode == 0, done.stdout


def test_a_commit_without_notes_asks_nothing(hooked: tuple[GitNotes, dict[str, str]]) -> None:
    graph, home = hooked
    graph.write("other.txt", "x")
    graph.git("add", "--all")
    done = run([str(BIN / "pre-commit"), "run"], graph.top, **home)
    assert done.returncode == 0
    assert done.stdout.count("(no files to check)Skipped") == 3


def test_building_tells_by_its_exit_code_that_it_changed_something(graph: GitNotes) -> None:
    assert graph.tangle("build", "--exit-code").code == 0
    graph.write("notes/pages/x.md", graph.text("notes/pages/x.md").replace("return 1", "return 2"))
    assert graph.tangle("build", "--exit-code").code == 1
    assert graph.tangle("build", "--exit-code").code == 0


# --- GitHub ---------------------------------------------------------------------------------------


def steps() -> dict[str, dict[str, Any]]:
    action = loaded(ROOT / "action.yml")
    assert action["runs"]["using"] == "composite"
    return {step["name"]: step for step in action["runs"]["steps"]}


def act(
    name: str, graph: GitNotes, *, variables: Mapping[str, str] | None = None, **inputs: str
) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as GitHub does: by bash, with inputs in its environment."""
    step = steps()[name]
    given = {
        key: spec.get("default", "") for key, spec in loaded(ROOT / "action.yml")["inputs"].items()
    }
    given |= {"python": sys.executable, "since": "", **inputs}
    own = {
        key: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for key, value in step["env"].items()
    }
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return run(script, graph.project, **own, **(variables or {}))


def test_no_script_of_the_action_holds_an_input_as_text() -> None:
    for step in steps().values():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_the_action_checks(graph: GitNotes) -> None:
    done = act("Check", graph)
    assert (done.returncode, "up to date" in done.stdout) == (0, True), done.stdout + done.stderr
    graph.write("notes/pages/x.md", PAGE.replace("return 1", "return ("))
    done = act("Check", graph)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=notes/pages/x.md,line=4,")


def test_the_action_runs_what_changed(graph: GitNotes, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    before = graph.git("rev-parse", "HEAD").strip()
    graph.write("notes/pages/x.md", graph.text("notes/pages/x.md").replace("return 1", "return 7"))
    graph.commit("seven")
    done = act("Run", graph, variables={"GITHUB_STEP_SUMMARY": str(page)}, since=before)
    assert done.returncode == 1
    assert "::error file=notes/pages/x.md,line=" in done.stdout
    assert "1.1 One: passed" in done.stdout
    assert "1.2 Two: passed" in done.stdout
    assert "1.3 Three" not in done.stdout
    assert {p.name for p in (graph.project / "tangle-reports").iterdir()} == {
        "junit.xml",
        "report.html",
    }
    done = act("Run", graph, since=before, verify="false")
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.read_text().startswith("### tangle: 1 of 2 sections passed\n")


def test_the_action_runs_all_none_and_named(graph: GitNotes) -> None:
    named = act("Run", graph, run="1.1\n1.3\n")
    assert named.returncode == 0, named.stdout + named.stderr
    assert "1.1 One: passed" in named.stdout
    assert "1.2 Two" not in named.stdout
    assert "1.3 Three: passed" in named.stdout
    new_branch = act("Run", graph, since="0" * 40)
    assert new_branch.stdout.count(": passed") == 3
    forced = act("Run", graph, since="1" * 40)
    assert f"::notice title=tangle::There is no commit {'1' * 40}" in forced.stdout
    assert forced.stdout.count(": passed") == 3
    assert act("Run", graph, run="all").stdout.count(": passed") == 3
    nothing = act("Run", graph, run="none")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    hostile = act("Run", graph, run="$(touch gone); --help")
    assert hostile.returncode == 2
    assert not (graph.project / "gone").exists()


# --- GitLab, and the document ---------------------------------------------------------------------


def test_the_job_for_gitlab_runs(graph: GitNotes) -> None:
    (job,) = loaded(ROOT / "docs" / "gitlab-ci.yml").values()
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    done = run(["bash", "-c", script], graph.project, CI_COMMIT_BEFORE_SHA="0" * 40)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": passed") == 3
    done = run(["bash", "-c", script], graph.project, CI_MERGE_REQUEST_DIFF_BASE_SHA="HEAD")
    assert "no section changed since HEAD" in done.stderr
    for path in (job["artifacts"]["reports"]["junit"], *job["artifacts"]["paths"]):
        assert (graph.project / path).is_file()


def test_the_document_names_every_input_and_no_option_that_is_not_there() -> None:
    text = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    for name in loaded(ROOT / "action.yml")["inputs"]:
        assert f"| `{name}` |" in text
    commands = ("run", "build", "merge-driver")
    helps = "".join(CliRunner().invoke(cli, [name, "--help"]).output for name in commands)
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
        assert option in helps, option


# --- the project's own workflow -------------------------------------------------------------------


def test_the_workflow_tests_every_python_that_the_metadata_name() -> None:
    jobs = loaded(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]
    matrix = jobs["tests"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [each.rpartition(" ")[2] for each in project["classifiers"] if " :: 3." in each]
    assert {*named} <= {*matrix}
    assert all(isinstance(each, str) for each in matrix)  # 3.10 as a number would be 3.1


def test_the_workflow_calls_what_make_has() -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    jobs = loaded(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]
    steps = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    called = [words[-2] for step in steps if (words := step.split())[0] == "make"]
    assert called == ["test", "check", "dist"]
    assert {*called} <= {*targets}
