"""The generated pages of the reference are those that the code gives now."""

from __future__ import annotations

import pytest

import reference_doc
from tangle.verbs.project import Options, SiteOptions
from tangle_cli.main import cli

PAGES = reference_doc.documents()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_generated_from_the_code(name: str) -> None:
    assert (reference_doc.FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run make docs"


def test_nothing_is_left_out() -> None:
    for name, command in cli.commands.items():
        assert f"\n## tangle {name}\n" in PAGES["commands.md"]
        options = [each for parameter in command.params for each in parameter.opts]
        assert [
            each for each in options if each[0] == "-" and each not in PAGES["commands.md"]
        ] == []
    for field in (*Options.__struct_fields__, *SiteOptions.__struct_fields__):
        assert field == "site" or f"| `{field}` |" in PAGES["configuration.md"]


def test_every_cell_of_a_table_says_something() -> None:
    rows = [
        line
        for name in ("commands.md", "configuration.md", "properties.md")
        for line in PAGES[name].splitlines()
        if line.startswith("| `")
    ]
    assert [row for row in rows if "|  |" in row] == []
    assert len(rows) > 30
