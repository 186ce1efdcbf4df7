"""docs/reference/results.md shows every kind of result, as a reader of Logseq sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import mldoc
from logseq_html import page_html
from logseq_page import Settings, Shown, property_pages, read_pages
from result_kinds import KINDS
from tangle.write.settings_edits import EXCLUDED, HIDDEN, entry_line

DOCS = Path(__file__).resolve().parents[1] / "docs"
DOCUMENT = DOCS / "reference" / "results.md"
PICTURES = DOCS / "images" / "results"
HIDING = f"{{{entry_line(HIDDEN)} {entry_line(EXCLUDED)}}}"

needs_mldoc = pytest.mark.skipif(mldoc.absent() is not None, reason=str(mldoc.absent()))


def parts() -> dict[str, str]:
    """The sections of the page, by their titles."""
    pieces = re.split(r"^### (.+)\n", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_each_kind_is_on_the_page_in_order_with_its_code() -> None:
    found = parts()
    titles = [kind.title for kind in KINDS]
    assert list(found)[: len(titles)] == titles
    assert [kind.title for kind in KINDS if kind.code not in found[kind.title]] == []


def test_a_kind_is_pictured_or_says_what_it_lacked() -> None:
    for kind in KINDS:
        text = parts()[kind.title]
        assert f"![{kind.title}](../images/results/" in text or (
            "Not shown:" in text and kind.packages + kind.programs
        )


def test_every_picture_is_used_and_they_are_small() -> None:
    used = set(re.findall(r"images/results/([^)]+)\)", DOCUMENT.read_text(encoding="utf-8")))
    assert used == {path.name for path in PICTURES.iterdir()}
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 1_500_000


# --- the drawing of a page ---------------------------------------------------------------------

PAGE = """\
title:: Sales
tangle.timeout:: 60

- ## Plots
  collapsed:: true
  - under the heading
- tangle.needs:: [[Costs]], 3.6
  ```python
  draw()
  ```
	- tangle.output:: 5b0f9c31e2aa.91c2f0d4
	  collapsed:: true
	  ```text
	  a < b
	  ```
	  ![a curve](../assets/tangle/x.svg){:height 80, :width 120}
	  | n | m |
	  |---|---|
	  | 1 | **2** |
	  $$x^2$$
"""


def outline(text: str) -> list[Shown]:
    [blocks] = read_pages([text])
    return blocks


def drawn(text: str, settings: str) -> str:
    html = page_html(outline(text), Settings.of(settings), base=DOCS)
    return html.split("<main>")[1]


@needs_mldoc
def test_the_property_is_shown_unless_it_is_hidden() -> None:
    before, after = drawn(PAGE, "{}"), drawn(PAGE, HIDING)
    assert ("tangle.output" in before, "5b0f9c31e2aa" in before) == (True, True)
    assert ("tangle.output" in after, "5b0f9c31e2aa" in after) == (False, False)
    # What a person wrote is still there, and nothing else has changed.
    assert "tangle.needs" in after
    assert (
        re.sub(r'<div class="properties"><div>[^/]+>tangle.output.*?</div></div>', "", before)
        == after
    )


@needs_mldoc
def test_what_an_output_holds_is_drawn() -> None:
    html = drawn(PAGE, HIDING)
    assert "a &lt; b" in html
    assert '<img src="../assets/tangle/x.svg" width=120>' in html
    assert "<td>1</td><td><strong>2</strong></td>" in html
    # A collapsed block hides its children, and keeps its own text.
    assert ("under the heading" in html, "<h2>Plots</h2>" in html) == (False, True)
    assert ("title" in html, "tangle.timeout" in html) == (False, True)


@needs_mldoc
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("{}", {"tangle.output", "tangle.needs", "tangle.timeout", "Costs"}),
        (HIDING, {"tangle.needs", "tangle.timeout", "Costs"}),
        ("{:property-pages/enabled? false}", {"Costs"}),
        (
            "{:block-hidden-properties #{:tangle.output}}",
            {
                "tangle.output",
                "tangle.needs",
                "tangle.timeout",
                "Costs",
            },
        ),
    ],
)
def test_the_pages_that_properties_make(settings: str, expected: set[str]) -> None:
    assert property_pages(outline(PAGE), Settings.of(settings)) == expected


@needs_mldoc
def test_blocks_nest_as_logseq_nests_them() -> None:
    def shape(blocks: list[Shown]) -> list[object]:
        return [[block.title["title"][0][1], *shape(block.children)] for block in blocks]

    assert shape(outline("- a\n    - b\n  - c\n- d\n")) == [["a", ["b"], ["c"]], ["d"]]


@needs_mldoc
def test_any_page_of_a_graph_can_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "logseq").mkdir()
    (tmp_path / "logseq" / "config.edn").write_text(HIDING)
    page, target = tmp_path / "page.md", tmp_path / "page.html"
    page.write_text(PAGE)
    command = [sys.executable, str(DOCS.parent / "tools" / "draw_page.py"), str(page), str(target)]
    hidden = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    assert hidden == "pages of properties: Costs, tangle.needs, tangle.timeout\n"
    assert "tangle.output" not in target.read_text()
    subprocess.run([*command, "--all"], check=True, capture_output=True, timeout=120)
    assert "tangle.output" in target.read_text()
