"""The wheel and the sdist: what they hold, and how the program in the wheel starts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.installing import ROOT, Installed, bare_install, build_wheel, run

HEAVY = {"torch", "torchvision", "IPython", "rich", "traitlets", "matplotlib", "pandas"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources."""
    return build_wheel(tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with its base dependencies, and nothing else."""
    return bare_install(wheel, tmp_path_factory.mktemp("environment"))


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.namelist()
    tops = {name.partition("/")[0] for name in inside}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tangle", "tangle_cli"}
    assert {"tangle/py.typed", "tangle_cli/py.typed"} <= {*inside}
    assert any(re.fullmatch(r"logseq_tangle-.*\.dist-info/licenses/LICENSE", n) for n in inside)


def test_the_wheel_holds_every_module(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.endswith(".py")}
    modules = {
        path.relative_to(base).as_posix()
        for base, package in ((ROOT, "tangle"), (ROOT / "cli", "tangle_cli"))
        for path in (base / package).rglob("*.py")
    }
    assert inside == modules


def test_the_wheel_holds_what_the_site_is_made_of(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("tangle/weave/")}
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tangle" / "weave").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == files


def test_the_installed_tangle_speaks_chinese(installed: Installed) -> None:
    done = run(["env", "TANGLE_LANG=zh_CN", installed.script, "--help"])
    assert done.stdout.startswith("用法：tangle ")


def test_tangle_starts_from_anywhere(installed: Installed) -> None:
    done = run([installed.script, "--help"])
    assert done.stdout.startswith("Usage: tangle ")
    assert done.stderr == ""


def test_the_wheel_holds_the_templates_and_the_style_of_the_site(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {*archive.namelist()}
    weave = ROOT / "tangle/weave"
    ours = [*weave.glob("templates/*"), *weave.glob("static/*")]
    assert len(ours) >= 9
    assert {path.relative_to(ROOT).as_posix() for path in ours} <= inside


def test_the_installed_packages_are_the_wheels(installed: Installed) -> None:
    code = "import tangle, tangle_cli; print(tangle.__file__, tangle_cli.__file__, sep='\\n')"
    found = run([installed.python, "-c", code]).stdout.split("\n")[:2]
    assert [Path(path).parent for path in found] == [
        installed.site / "tangle",
        installed.site / "tangle_cli",
    ]


def test_the_version_is_said_once(installed: Installed) -> None:
    code = (
        "import tangle; from importlib.metadata import version;"
        "print(tangle.__version__, version('logseq-tangle'))"
    )
    library, distribution = run([installed.python, "-c", code]).stdout.split()
    assert library == distribution


def test_help_loads_nothing_heavy(installed: Installed) -> None:
    done = run([installed.python, "-X", "importtime", installed.script, "--help"])
    loaded = re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)
    assert "tangle_cli.main" in loaded
    assert sorted({name.partition(".")[0] for name in loaded} & HEAVY) == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for folder in ("editors/vscode", "logseq-plugin"):
        for name in ("package.json", "package-lock.json"):
            document = json.loads((ROOT / folder / name).read_text(encoding="utf-8"))
            assert document["version"] == project["version"], f"{folder}/{name}"
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^]]*)\]", changes, re.MULTILINE)
    assert released[0] == project["version"]


def test_version_names_what_matters(installed: Installed) -> None:
    lines = run([installed.script, "--version"]).stdout.splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert lines[0] == f"tangle, version {project['version']}"
    release = ".".join(map(str, sys.version_info[:3]))
    assert lines[1] == f"CPython {release}, {installed.python}"
    names = [line.split()[0] for line in lines[3:]]
    assert {"click", "ipython", "msgspec"} <= {*names}
    assert "torch" not in names  # it is not installed there


def test_version_loads_nothing_heavy(installed: Installed) -> None:
    done = run([installed.python, "-X", "importtime", installed.script, "--version"])
    loaded = re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)
    assert sorted({name.partition(".")[0] for name in loaded} & (HEAVY | {"msgspec"})) == []


# --- the archives, built from what git has --------------------------------------------------------

BUILD = """
import sys, setuptools.build_meta as backend
into = sys.argv[1]  # setuptools replaces the arguments
backend.build_sdist(into)
backend.build_wheel(into)
"""


def tracked() -> list[str]:
    """The files of the project; where this is no checkout, the test is skipped."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, which says what belongs to the project")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def archives(sources: Path, umask: int) -> dict[str, bytes]:
    """Build a sdist and a wheel of a copy of the project; return their bytes by name."""
    for name in tracked():
        target = sources / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
        os.utime(target, (umask, 1e9 + umask))
    into = sources.parent / "archives"
    into.mkdir()
    subprocess.run(
        [sys.executable, "-c", BUILD, into],
        cwd=sources, check=True, capture_output=True, umask=umask,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
    )  # fmt: skip
    return {path.name: path.read_bytes() for path in into.iterdir()}


def test_the_archives_are_the_same_bytes_wherever_they_are_built(tmp_path: Path) -> None:
    first = archives(tmp_path / "one" / "sources", 0o022)
    for name in (
        "notes/data/raw.csv",
        "editors/vscode/node_modules/x.js",
        "tests/__pycache__/x.pyc",
    ):
        stray = tmp_path / "two" / "elsewhere" / name
        stray.parent.mkdir(parents=True)
        stray.write_text("not part of the project")
    second = archives(tmp_path / "two" / "elsewhere", 0o077)
    assert [name.rpartition(".")[2] for name in sorted(first)] == ["whl", "gz"]
    assert {name: len(data) for name, data in first.items()} == {
        name: len(data) for name, data in second.items()
    }
    assert first == second


def test_the_sdist_holds_what_the_tests_need(tmp_path: Path) -> None:
    archives(tmp_path / "sources", 0o022)
    (path,) = (tmp_path / "archives").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    inside = {member.name.partition("/")[2] for member in members}
    made = {name for name in inside if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert inside - made == {*tracked()}
    assert {(member.uid, member.mode) for member in members} <= {(0, 0o644), (0, 0o755)}
