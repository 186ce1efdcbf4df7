"""Which files count as a section's own."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from tangle.engine.tracking.path_filter import Places


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: no session is run here."""


@pytest.mark.parametrize(
    "path",
    [
        "/usr/src/app/helper.py",
        "/usr/src/app/.git/HEAD",
        "/usr/src/app/.venv/x",
        "/home/somebody/data.csv",
        "/usr/share/words",
        "/etc/hosts",
        "/dev/shm/x",
        "/library/x",
        "/srv/matplotlib/data.csv",
    ],
)
def test_files_count_wherever_they_are(path: str) -> None:
    assert not Places("/usr/src/app").is_foreign(path)


@pytest.mark.parametrize(
    "path",
    [
        "/usr/src/app/.tangle/cache/aa/x.json",
        f"{sysconfig.get_paths()['stdlib']}/json/__init__.py",
        f"{sysconfig.get_paths()['purelib']}/numpy/__init__.py",
        "/home/somebody/.cache/matplotlib/fontlist-v390.json",
        "/tmp/generated/d2l/torch.py",
    ],
)
def test_what_is_known_otherwise_does_not_count(path: str) -> None:
    assert Places("/usr/src/app", ["/tmp/generated"]).is_foreign(path)


def test_where_a_project_is() -> None:
    places = Places("/usr/src/app")
    assert places.in_project("/usr/src/app/data/x.csv") == "data/x.csv"
    assert places.in_project("/usr/src/apple") is None


def test_a_link_on_the_way_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    places = Places(str(tmp_path / "link"))
    assert places.known_as(str(tmp_path / "real" / "x")) == str(tmp_path / "link" / "x")
    assert places.known_as(str(tmp_path / "link" / "x")) == str(tmp_path / "link" / "x")
    assert places.known_as(str(tmp_path / "other")) == str(tmp_path / "other")
