"""The documents say what the code does: every problem is explained, every command is there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import architecture_diagram
import problems_doc
from problems_doc import KINDS
from tangle.model import ProblemKind
from tangle.verbs.project import SiteOptions
from tangle_cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


LIBRARY = [*(ROOT / "tangle").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
CATALOGUE = ROOT / "tangle" / "model" / "problems"


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_each_code_has_one_kind_of_problem() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes)) > 50


def test_a_kind_is_called_by_its_code() -> None:
    named = {
        name: value.code
        for module in problems_doc.AREAS.values()
        for name, value in vars(module).items()
        if isinstance(value, ProblemKind)
    }
    assert {name: code.upper().replace("-", "_") for name, code in named.items()} == {
        name: name for name in named
    }


def test_every_module_of_the_catalogue_is_documented() -> None:
    modules = {path.stem for path in CATALOGUE.glob("*.py")} - {"__init__"}
    assert modules == {module.__name__.split(".")[-1] for module in problems_doc.AREAS.values()}


def test_every_kind_of_problem_is_used() -> None:
    used = {
        alias.name
        for path in LIBRARY
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tangle.model.prob")
        for alias in node.names
    }
    assert {kind.code.upper().replace("-", "_") for kind in KINDS} == used


# What reads problems back that were stored.
REVIVING = {ROOT / "tangle" / "verbs" / "incremental" / "findings.py"}


def test_problems_are_made_by_their_kinds_alone() -> None:
    made = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in set(LIBRARY) - REVIVING
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Problem"
    ]
    assert [place.split(":")[0] for place in made] == ["tangle/model/basic.py"]


def test_no_code_of_a_problem_is_repeated_beside_the_catalogue() -> None:
    codes = {kind.code for kind in KINDS}
    repeated = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in LIBRARY
        if path.parent != CATALOGUE
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in codes - {"sketch"}  # a state, too
    ]
    assert repeated == []


def test_the_page_of_problems_is_made_of_the_catalogue() -> None:
    assert (DOCS / "reference" / "problems.md").read_text(
        encoding="utf-8"
    ) == problems_doc.document()


def test_the_picture_of_the_architecture_is_drawn_from_the_imports() -> None:
    picture = (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert picture == architecture_diagram.document(), "make docs draws it again"


# Met when a run writes, and an example that would be too long to read.
NOT_BY_CHECK = {"unplaceable-output", "too-large"}


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.example], ids=lambda kind: kind.code
)
def test_an_example_has_its_problem(kind: ProblemKind) -> None:
    found = problems_doc.first_problem(kind)
    if kind.code in NOT_BY_CHECK:
        assert found is None
    else:
        assert found is not None
        assert found.severity == kind.severity


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert [name for name in cli.commands if f"tangle {name}" not in text] == []


def fenced(language: str) -> list[tuple[str, str]]:
    """The examples of the documents in a language: document and text."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        (path.name, text)
        for path in sorted(DOCS.rglob("*.md"))
        for text in fence.findall(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("document", "text"), fenced("yaml"))
def test_examples_in_yaml_can_be_read(document: str, text: str) -> None:
    assert isinstance(yaml.safe_load(text), dict | list), document


def test_recipes_for_pages_weave_into_what_is_published() -> None:
    github, gitlab = (yaml.safe_load(text) for name, text in fenced("yaml") if "publi" in name)
    steps = github["jobs"]["site"]["steps"]
    upload = next(step for step in steps if "upload-pages" in step.get("uses", ""))
    woven = [step["run"] for step in steps if "tangle weave" in step.get("run", "")]
    assert woven == [f"tangle weave --output {upload['with']['path']}"]
    assert github["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert "tangle weave --output public" in gitlab["pages"]["script"]
    assert gitlab["pages"]["artifacts"]["paths"] == ["public"]


def test_every_option_of_the_site_is_documented() -> None:
    text = (DOCS / "how-to" / "publishing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names = set(SiteOptions.__struct_fields__)
    assert set(tomllib.loads(example)["site"]) == names
    assert {name for name in names if f"| `{name}` |" in text} == names
