"""Logseq's templates are text to copy: their code is neither run, nor checked, nor saved."""

from __future__ import annotations

import json

import pytest

from tests.graphs import MakeNotes

pytestmark = pytest.mark.book

OWN = "- ```python\n  print('mine')\n  ```\n"
OUTPUT = "\t\t- tangle.output:: 0123456789ab.01234567\n\t\t  ```text\n\t\t  1\n\t\t  ```\n"


@pytest.mark.parametrize(
    "template",
    [
        (
            "- my template\n  template:: daily code\n\t- ```python\n\t  import nothere\n"
            "\t  print('<%today%>')\n\t  ```\n"
        ),
        "- Experiment\n  template:: experiment\n  tangle.skip:: yes\n\t- ```python\n"
        "\t  lr = <%enter rate%>\n\t  train(lr)\n\t  ```\n" + OUTPUT,
        "- template:: with code of its own\n  ```python\n  print(undefined\n  ```\n",
        (
            "- T\n  template:: t\n  tangle.timeout:: <%seconds%>\n\t- a\n\t\t- ## 3.1. <%title%>\n"
            "\t\t\t- ```python\n\t\t\t  def f(): #@save\n\t\t\t      return unknown\n\t\t\t  ```\n"
        ),
        (
            "- T\n  template:: t\n\t- see ((65a0b6f2-0000-4000-8000-000000000001))\n"
            "\t- > ```python\n\t  > x\n\t  > ```\n"
        ),
        (
            "- T\n  template:: t\n\t- tangle.name:: step\n\t  ```python\n\t  a = 1\n\t  ```\n"
            "\t- tangle.name:: step\n\t  ```python\n\t  b = 1\n\t  ```\n"
        ),
    ],
)
def test_a_template_takes_no_part(notes: MakeNotes, template: str) -> None:
    graph = notes({"templates": template + OWN})
    assert graph.tangle("check", "--all").out == ""
    assert graph.tangle("build").code == 0
    made = [path.read_text("utf-8") for path in (graph.root / "generated").rglob("*.py")]
    assert made
    assert not any("def f()" in text for text in made)
    (row,) = json.loads(graph.tangle("list", "--format", "json").out)["sections"]
    assert (row["number"], row["chunks"]) == ("templates", 1)
    said = graph.tangle("run", "--all", "--format", "json")
    assert said.code == 0
    assert graph.text("templates").startswith(template)
    assert graph.tangle("clean").code == 0
    assert graph.text("templates") == template + OWN


def test_a_page_whose_first_block_was_a_template_is_one(notes: MakeNotes) -> None:
    """Logseq writes a first block that begins with a property without its bullet."""
    graph = notes({"t": "template:: t\n\n- ```python\n  broken(\n  ```\n", "own": OWN})
    assert graph.tangle("check", "--all").out == ""
    assert graph.tangle("run", "--all").out.count("──") == 1


@pytest.mark.parametrize(
    "page",
    [
        "- template:: \n  ```python\n  print('mine')\n  ```\n",
        "- a template:: in words\n" + OWN,
        "- T\n  template:: t\n\t- below\n- beside\n\t" + OWN.replace("\n", "\n\t"),
        "---\ntemplate: of another program\n---\n" + OWN,
    ],
)
def test_what_is_no_template_runs(notes: MakeNotes, page: str) -> None:
    assert "mine" in notes({"a": page}).tangle("run", "--all").out


def test_an_instance_of_a_template_refers_to_its_own_blocks(notes: MakeNotes) -> None:
    uuid = "65a0b6f2-0000-4000-8000-000000000001"
    template = f"- T\n  template:: t\n\t- id:: {uuid}\n\t  ```python\n\t  print('of T')\n\t  ```\n"
    graph = notes({"a": f"{template}\t- (({uuid}))\n- (({uuid}))\n{OWN}"})
    said = graph.tangle("run", "--all")
    assert "of T" not in said.out
    assert said.out.count("──") == 1
