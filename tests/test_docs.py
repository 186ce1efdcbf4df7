"""The documents say what the code does: every problem is explained, every command is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import architecture_diagram
import problems_doc
from tangle.model.catalogue import KINDS, Kind
from tangle_cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


# Words with hyphens in the library that are no problem's code.
OTHER = {
    *("timed-out", "no-code", "not-run", "system-out", "custom-id", "triple-lowbar"),
    *("nvidia-smi", "opencv-python", "python-dateutil", "python-repl"),
    *("scikit-image", "scikit-learn"),
    *("two-spaces", "four-spaces", "eight-spaces", "utf-8", "utf-8-sig", "utf-32-le"),
}


def hyphenated_words() -> set[str]:
    """Texts in the library that have the form of a problem's code."""
    layers = ("model", "parse", "link", "analyse", "write", "pipeline")
    return {
        node.value
        for layer in layers
        for path in (ROOT / "tangle" / layer).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", node.value)
    }


def test_every_problem_is_in_the_catalogue_and_no_other() -> None:
    assert {kind.code for kind in KINDS} - {"unsaveable"} == hyphenated_words() - OTHER


def test_the_page_of_problems_is_made_of_the_catalogue() -> None:
    assert (DOCS / "problems.md").read_text(encoding="utf-8") == problems_doc.document()


def test_the_picture_of_the_architecture_is_drawn_from_the_imports() -> None:
    picture = (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert picture == architecture_diagram.document(), "make docs draws it again"


# Met when a run writes, and an example that would be too long to read.
NOT_BY_CHECK = {"unplaceable-output", "too-large"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.notes], ids=lambda kind: kind.code)
def test_an_example_has_its_problem(kind: Kind) -> None:
    found = problems_doc.first_problem(kind)
    if kind.code in NOT_BY_CHECK:
        assert found is None
    else:
        assert found is not None
        assert found.severity == kind.severity


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert [name for name in cli.commands if f"tangle {name}" not in text] == []


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "README.zh-CN.md", *DOCS.glob("*.md")]
    missing = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^()#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not re.match(r"\w+://|\.\./assets/", target) and not (page.parent / target).exists()
    ]
    assert missing == []
