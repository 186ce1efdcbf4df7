"""The VS Code extension: its types, its own tests under node, and the package that it becomes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
NPM = shutil.which("npm")

needs_npm = pytest.mark.skipif(
    NPM is None or not (EXTENSION / "node_modules" / ".installed").exists(),
    reason="needs node and the extension's packages (make vscode)",
)


def npm(script: str, *arguments: str) -> str:
    command = [str(NPM), "run", "--silent", script, *arguments]
    done = subprocess.run(
        command, cwd=EXTENSION, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_npm
def test_its_own_tests_pass() -> None:
    found = re.search(r"pass (\d+)\n.*fail (\d+)\n", npm("test"), re.DOTALL)
    assert found is not None
    assert int(found[1]) > 0
    assert int(found[2]) == 0


@needs_npm
def test_the_package_holds_what_an_editor_needs(tmp_path: Path) -> None:
    made = tmp_path / "tangle.vsix"
    npm("package", "--", "--out", str(made))
    with zipfile.ZipFile(made) as package:
        names = {name for name in package.namelist() if name.startswith("extension/")}
    assert names == {
        f"extension/{name}"
        for name in (
            "LICENSE.txt",
            "dist/extension.js",
            "package.json",
            "readme.md",
            "snippets/markdown.json",
            "syntaxes/tangle.json",
        )
    }


def _manifest() -> Any:
    return json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))


def test_each_command_is_declared_and_registered() -> None:
    declared = {entry["command"] for entry in _manifest()["contributes"]["commands"]}
    code = "".join(path.read_text(encoding="utf-8") for path in EXTENSION.glob("src/*.ts"))
    registered = set(re.findall(r'registerCommand\("(tangle\.\w+)"', code))
    registered |= set(re.findall(r'"(tangle\.\w+)": "Run', code))
    assert declared == registered


def test_each_setting_is_declared_and_read() -> None:
    declared = set(_manifest()["contributes"]["configuration"]["properties"])
    code = (EXTENSION / "src" / "extension.ts").read_text(encoding="utf-8")
    assert declared == {f"tangle.{name}" for name in re.findall(r'\.get\("(\w+)"', code)}


def test_snippets_name_properties_that_tangle_knows() -> None:
    text = (EXTENSION / "snippets" / "markdown.json").read_text(encoding="utf-8")
    reference = (EXTENSION.parents[1] / "docs" / "reference" / "notes-format.md").read_text(
        encoding="utf-8"
    )
    for name in set(re.findall(r"(tangle\.\w+)::", text)):
        assert f"`{name}`" in reference
