"""The wheel: what it holds, and how the program in it starts."""

from __future__ import annotations

import re
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
