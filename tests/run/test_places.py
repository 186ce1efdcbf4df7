"""Which files count as a section's own."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from tangle.run.worker.places import Places


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: no session is run here."""


def test_a_project_among_the_systems_files() -> None:
    places = Places("/usr/src/app")
    assert not places.is_foreign("/usr/src/app/helper.py")
    assert not places.is_foreign("/home/somebody/data.csv")
    assert places.is_foreign("/usr/share/words")
    assert places.is_foreign("/etc/hosts")
    assert places.in_project("/usr/src/app/data/x.csv") == "data/x.csv"
    assert places.in_project("/usr/src/apple") is None


def test_a_project_that_is_a_virtual_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "lib" / "python3" / "site-packages"
    usual = sysconfig.get_paths()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {**usual, "purelib": str(library)})
    places = Places(str(tmp_path))
    assert not places.is_foreign(str(tmp_path / "helper.py"))
    assert places.is_foreign(str(library / "numpy" / "__init__.py"))


def test_an_environment_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    places = Places(str(tmp_path))
    assert places.is_foreign(str(tmp_path / "env" / "pyvenv.cfg"))
    assert not places.is_foreign(str(tmp_path / "environment.yml"))


def test_a_link_on_the_way_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    places = Places(str(tmp_path / "link"))
    assert places.in_project(str(tmp_path / "real" / "x")) == "x"
    assert places.in_project(str(tmp_path / "link" / "x")) == "x"
    assert places.project == str(tmp_path / "link")
