"""The wheel: built from a copy of the sources, installed afresh, without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
HEAVY = {"torch", "torchvision", "IPython", "nbformat", "rich", "mistune", "matplotlib", "pandas"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A fresh environment with the wheel in it."""

    python: Path
    script: Path
    site: Path


def run(
    command: Sequence[str | Path], folder: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run `command` far from the project, and untouched by how these tests are run."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "PYTHON"))
    }
    return subprocess.run(
        command,
        capture_output=True, check=True, cwd=folder, encoding="utf-8", env=kept,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel. It is built from a copy: setuptools leaves a build folder beside its sources."""
    sources = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    for name in ("tangle", "cli"):
        shutil.copytree(
            ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    # Folders beside the packages, such as the project has, must not get in.
    for name in ("notes", "generated", "tests", "tools"):
        (sources / name).mkdir()
        (sources / name / "__init__.py").touch()
    built = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", built)
    run([*PIP, "wheel", *options, sources])
    (path,) = built.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, which sees this one's packages behind it.

    A path file adds this environment's packages without obeying the path files among them, so the
    editable install of the project stays out of sight.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    site = next((folder / "lib").glob("python3*/site-packages"))
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(here)))
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--force-reinstall")
    run([*PIP, "--python", python, "install", *options, wheel])
    return Installed(python=python, script=folder / "bin" / "tangle", site=site)


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


def test_tangle_starts_from_anywhere(installed: Installed) -> None:
    done = run([installed.script, "--help"])
    assert done.stdout.startswith("Usage: tangle ")
    assert done.stderr == ""


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
