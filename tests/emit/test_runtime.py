"""The modules that the generated package starts from, as modules of our own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tangle.emit.runtime import package_init, package_main


def test_enter_goes_to_the_page_and_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    package_init.enter(str(tmp_path), 3, ("numpy",))
    numpy = pytest.importorskip("numpy")
    drawn = random.random(), numpy.random.random()
    random.seed(3)
    numpy.random.seed(3)
    assert Path.cwd() == tmp_path
    assert drawn == (random.random(), numpy.random.random())


@pytest.mark.parametrize("folder", [None, "/no/such folder"])
def test_enter_stays_where_the_page_is_not(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    package_init.enter(folder, 0, ())
    assert Path.cwd() == tmp_path


def fail() -> None:
    raise KeyError(1)


@pytest.mark.parametrize("name", ["KeyError", "LookupError", "builtins.KeyError"])
def test_raises_takes_the_exception_and_those_below_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with package_init.raises(name):
        fail()
    assert capsys.readouterr().out == "KeyError: 1\n"


def test_raises_lets_other_exceptions_pass() -> None:
    with pytest.raises(KeyError), package_init.raises("ValueError"):
        fail()


def test_raises_fails_where_nothing_is_raised() -> None:
    said = "this code was to fail with ValueError, and did not"
    with pytest.raises(AssertionError, match=said), package_init.raises("ValueError"):
        pass


def test_the_stand_ins_for_ipython(capsys: pytest.CaptureFixture[str]) -> None:
    package_init.display("a", 1, metadata=2)
    assert capsys.readouterr().out == "'a'\n1\n"
    assert package_init.get_ipython() is None


def test_main_lists_and_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert package_main.main([]) == 0
    assert capsys.readouterr().out == "1.1  First\n1.2  Second\n"
    assert package_main.main(["1.3"]) == 2
    assert "no section 1.3 with code; nearest: 1." in capsys.readouterr().err
    assert package_main.main(["x"]) == 2
    assert "see `python -m PACKAGE`" in capsys.readouterr().err
