"""When a page may be written that another program saves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tangle.model import PagePath
from tangle.verbs.write_back.page_use import JUST_SAVED, Saves

PAGE = PagePath("x.md")
QUIET = 4.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / PAGE
    path.write_text("- a\n")
    return path


@pytest.fixture
def saves(file: Path) -> Saves:
    found = Saves(file.parent, QUIET)
    found.know([PAGE])
    return found


def in_place(file: Path) -> None:
    file.write_text(f"{file.read_text()}- more\n")


def by_rename(file: Path) -> None:
    draft = file.with_name(".draft")
    draft.write_text(f"{file.read_text()}- more\n")
    draft.replace(file)


def saved_at(saves: Saves, file: Path, *times: float) -> float:
    """How long after the last of some saves in place the page may be written."""
    for now in times:
        in_place(file)
        saves.note([PAGE], now)
    return saves.due(PAGE, times[-1]) - times[-1]


def test_one_that_was_not_saved_is_free(saves: Saves) -> None:
    assert saves.in_the_way(PAGE, 100.0) is None


def test_a_save_that_replaces_the_file_is_answered_at_once(saves: Saves, file: Path) -> None:
    for now in (100.0, 101.0, 102.0):
        by_rename(file)
        saves.note([PAGE], now)
        assert saves.in_the_way(PAGE, now) is None


def test_after_one_into_the_file_the_next_is_waited_for(saves: Saves, file: Path) -> None:
    assert saved_at(saves, file, 100.0) == QUIET
    assert saves.in_the_way(PAGE, 100.0 + QUIET - 0.1) == JUST_SAVED
    assert saves.in_the_way(PAGE, 100.0 + QUIET) is None


@pytest.mark.parametrize(
    ("times", "wait"),
    [
        ((100, 102, 104), 6.0),  # three times the pause between two sentences
        ((100, 101, 102), QUIET),
        ((100, 103, 104, 105), 9.0),
        ((100, 104.5, 108), 13.5),
        ((100, 102, 109), 20.0),  # so long at most
        ((100, 102, 130), 6.0),  # the person was away
        ((100, 106, 113), 0.0),  # there is time to take it up before the next sentence
        ((100, 160.1), QUIET),  # long ago
        ((100, 100.002), QUIET),  # emptied and filled: one save
        ((100, 106, 106.002), 0.0),
        ((100, 100.002, 106, 106.01, 112), 0.0),
    ],
)
def test_the_pauses_of_who_types_tell_how_long(
    saves: Saves, file: Path, times: tuple[float, ...], wait: float
) -> None:
    assert saved_at(saves, file, *times) == pytest.approx(wait)


def test_what_is_ready_late_in_a_long_pause_waits(saves: Saves, file: Path) -> None:
    assert saved_at(saves, file, 100.0, 106.0, 112.0) == 0.0
    assert saves.in_the_way(PAGE, 113.5) is None
    assert saves.in_the_way(PAGE, 114.0) == JUST_SAVED
    assert saves.due(PAGE, 114.0) == 112.0 + 18.0


def test_what_is_known_to_be_ours_is_no_save(saves: Saves, file: Path) -> None:
    by_rename(file)
    saves.know([PAGE])
    assert saved_at(saves, file, 100.0) == QUIET  # it is the file that we wrote


def test_with_no_quiet_asked_for_nothing_is_in_the_way(file: Path) -> None:
    saves = Saves(file.parent, 0.0)
    saves.know([PAGE])
    assert saved_at(saves, file, 100.0) == 0.0
    assert saves.in_the_way(PAGE, 100.0) is None


def test_a_page_that_is_gone_is_no_error(saves: Saves, file: Path) -> None:
    file.unlink()
    saves.note([PAGE], 100.0)
    assert saves.in_the_way(PAGE, 100.0) is None
