"""The READMEs: one screen, in step with each other, and what they name is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from tangle_cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh-CN.md")
ONE_SCREEN = 50
"""Lines; a line that is wrapped counts each time."""


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def links(name: str) -> set[str]:
    """What a README links to, beside the other README and pages in its own language."""
    found = re.findall(r"\]\(([^)]+)\)", text(name))
    return {target for target in found if not re.search(r"README(\.zh-CN)?\.md$", target)} - {
        target for target in found if ".zh-CN." in target
    }


def commands(name: str) -> list[str]:
    """The lines that a person types."""
    typed = re.findall(r"^\$ (.*?)\s*(?:#.*)?$", text(name), re.MULTILINE)
    return typed + re.findall(r"`((?:tangle|make)(?: [^`]*)?)`", text(name))


def headings(name: str) -> list[str]:
    return re.findall(r"^(#+) ", text(name), re.MULTILINE)


def test_both_have_the_same_headings_commands_and_links() -> None:
    english, chinese = READMES
    assert headings(english) == headings(chinese)
    assert commands(english) == commands(chinese)
    assert links(english) == links(chinese)
    assert text(english).count("\n- ") == text(chinese).count("\n- ")


@pytest.mark.parametrize("name", READMES)
def test_it_fits_one_screen(name: str) -> None:
    assert len(text(name).splitlines()) <= ONE_SCREEN
    assert len(re.findall(r"^\$ ", text(name), re.MULTILINE)) == 2
    assert text(name).count("\n- ") == 5


@pytest.mark.parametrize("name", READMES)
def test_what_it_says_to_type_is_there(name: str) -> None:
    targets = re.findall(r"^([\w-]+):", text("Makefile"), re.MULTILINE)
    for command in commands(name):
        program, _, rest = command.partition(" ")
        verb = rest.partition(" ")[0]
        known = {"tangle": ["", *cli.commands], "make": targets, "pip": ["install"]}
        assert verb in known[program], command


@pytest.mark.parametrize("name", READMES)
def test_it_names_the_pythons_that_were_tested(name: str) -> None:
    classifiers = tomllib.loads(text("pyproject.toml"))["project"]["classifiers"]
    tested = [each.rpartition(" ")[2] for each in classifiers if re.search(r":: 3\.\d+$", each)]
    assert re.findall(r"\b3\.\d+\b", text(name)) == tested


def test_the_picture_moves_and_is_soon_there() -> None:
    path = ROOT / "docs" / "images" / "run.gif"
    with Image.open(path) as picture:
        assert sum(1 for _ in ImageSequence.Iterator(picture)) > 5
        assert picture.info["loop"] == 0
    assert path.stat().st_size < 400_000


def test_every_page_of_the_documentation_is_in_its_list() -> None:
    listed = re.findall(r"\]\(([^)#]+)", text("docs/README.md"))
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert pages - {"README.md"} <= {*listed}
