"""Installed modules by name, read and never imported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tangle.model import PackageName
from tangle.store import MARK, ModuleFiles

NAME = PackageName(root="d2l", module="torch")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in (
        ("alone.py", "raise SystemExit('imported')\n"),
        ("pack/__init__.py", "a = 1\n"),
        ("pack/inner/__init__.py", "b = 2\n"),
        ("pack/module.py", "c = 3\n"),
        ("made/__init__.py", MARK),
        ("pack-1.0.dist-info/METADATA", ""),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "source", "package"),
    [
        ("alone", "raise SystemExit('imported')\n", False),
        ("pack", "a = 1\n", True),
        ("pack.inner", "b = 2\n", True),
        ("pack.module", "c = 3\n", False),
    ],
)
def test_a_module_is_read(site: Path, module: str, source: str, package: bool) -> None:
    found = ModuleFiles([str(site)]).read(module)
    assert found is not None
    assert (found.source, found.package) == (source, package)


@pytest.mark.parametrize("module", ["none", "pack.none", "made", "../pack", "pack.", "nt"])
def test_what_is_not_installed_or_was_generated_is_no_module(site: Path, module: str) -> None:
    assert ModuleFiles([str(site)]).read(module) is None


@pytest.mark.parametrize(("module", "name"), [("math", "cos"), ("time", "sleep"), ("sys", "path")])
def test_a_compiled_module_of_the_library_says_what_it_has(module: str, name: str) -> None:
    found = ModuleFiles([]).read(module)
    assert found is not None
    assert name in found.names


def test_a_distribution_is_known_by_its_name(site: Path) -> None:
    assert ModuleFiles([str(site)]).is_distribution("pack")
    assert not ModuleFiles([str(site)]).is_distribution("alone")


def test_the_stamp_changes_when_something_comes_or_goes_and_else_not(site: Path) -> None:
    os.utime(site, (1, 1))
    before = ModuleFiles([str(site)]).stamp(NAME)
    (site / "pack" / "module.py").write_text("c = 4\n", encoding="utf-8")
    assert ModuleFiles([str(site)]).stamp(NAME) == before
    (site / "new.py").write_text("", encoding="utf-8")
    changed = ModuleFiles([str(site)]).stamp(NAME)
    assert changed != before
    (site / "d2l").mkdir()
    os.utime(site, (1, 1))
    (site / "d2l" / "torch.py").write_text("", encoding="utf-8")
    assert ModuleFiles([str(site)]).stamp(NAME) not in (before, changed)


@pytest.mark.parametrize("module", ["winreg", "msvcrt", "_winapi"])
def test_what_stands_in_for_a_library_module_is_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (tmp_path / f"{module}.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ModuleFiles([]).read(module) is None


@pytest.mark.parametrize(
    ("module", "provider"),
    [
        ("alone", "alone.py"),
        ("shared", "one"),
        ("elsewhere", "far-away"),
        ("made", None),
        ("nothing", None),
    ],
)
def test_what_provides_a_module_is_known(site: Path, module: str, provider: str | None) -> None:
    for path, text in (
        ("shared/part/__init__.py", ""),  # a namespace: no file of its own
        ("one-1.0.dist-info/RECORD", "shared/part/__init__.py,,\n"),
        ("__editable__.far_away-2.0.pth", "import a_finder"),
        ("far_away-2.0.dist-info/top_level.txt", "elsewhere\n"),
    ):
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")
    found = ModuleFiles([str(site)]).provider(module)
    assert (found if found is None else Path(found).name) == provider
