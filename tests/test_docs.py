"""The documents say what the code does: every problem is explained, every command is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tangle_cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


# Words with hyphens in the library that are no problem's code.
OTHER = {
    *("timed-out", "no-code", "not-run", "system-out", "custom-id", "triple-lowbar"),
    *("opencv-python", "python-dateutil", "scikit-image", "scikit-learn"),
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


def test_every_problem_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"^### (\S+)$", (DOCS / "problems.md").read_text(), re.MULTILINE))
    assert explained - {"unsaveable"} == hyphenated_words() - OTHER
    assert "unsaveable" in explained


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
