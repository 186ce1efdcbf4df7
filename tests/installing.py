"""The wheel, and environments that hold it with the packages that it asks for and no others.

No network is needed: the packages are those of the environment that runs the tests, linked one by
one. Which ones follows from pyproject.toml and from what each package says that it needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
NAME = "logseq-tangle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A fresh environment with the wheel in it."""

    python: Path
    script: Path
    site: Path


def run(
    command: Sequence[str | Path], folder: Path = Path("/"), *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `command` far from the project, and untouched by how these tests are run."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "PYTHON", "PYTEST_"))
    }
    return subprocess.run(
        command,
        capture_output=True, check=check, cwd=folder, encoding="utf-8", env=kept,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def build_wheel(sources: Path, into: Path) -> Path:
    """The wheel, built from a copy: setuptools leaves a build folder beside its sources."""
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
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", into)
    run([*PIP, "wheel", *options, sources])
    (path,) = into.iterdir()
    return path


def bare_install(wheel: Path, folder: Path, *requirements: str) -> Installed:
    """What `pip install WHEEL REQUIREMENT...` makes in a fresh environment.

    Args:
        wheel: tangle's.
        folder: an empty one, for the environment.
        requirements: more packages, or extras of tangle's own: `logseq-tangle[pytest]`.
    """
    venv.create(folder, symlinks=True, with_pip=False)
    site = next((folder / "lib").glob("python3*/site-packages"))
    for package in needed([NAME, *requirements]):
        for name in _top_names(package):
            source, target = Path(str(package.locate_file(name))), site / name
            if source.exists() and not target.exists():
                target.symlink_to(source)
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--force-reinstall")
    run([*PIP, "--python", python, "install", *options, wheel])
    return Installed(python=python, script=folder / "bin" / "tangle", site=site)


def needed(requirements: Iterable[str]) -> Iterator[Distribution]:
    """The installed packages that requirements lead to, without tangle itself."""
    todo = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    found: dict[str, Distribution] = {}
    while todo:
        wanted, extra = todo.pop()
        name = canonicalize_name(wanted.name)
        todo += [(wanted, each) for each in wanted.extras if not extra]
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if name == NAME:
            texts = _own_requirements(extra)
        else:
            found[name] = distribution(name)
            texts = found[name].requires or []
        todo += [(each, "") for each in map(Requirement, texts) if _applies(each, extra)]
    yield from (found[name] for name in sorted(found))


def _applies(wanted: Requirement, extra: str) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": extra})


def _own_requirements(extra: str) -> Sequence[str]:
    """What pyproject.toml asks for: the metadata of an editable install may be older."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: Sequence[str] = (
        project["optional-dependencies"][extra] if extra else project["dependencies"]
    )
    return found


def _top_names(package: Distribution) -> set[str]:
    """The files and folders of a package that stand in `site-packages` itself."""
    tops = {file.parts[0] for file in package.files or ()}
    return tops - {"..", "__pycache__"}
