"""Pages that are recognised by their bytes give the same results as when they are parsed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tangle.link import TITLE, GraphConfig
from tangle.model import PackageName, PagePath
from tangle.notes import core_of, pages
from tangle.notes.plain import is_plain, plain_facts

PIECES = (
    *("- ", "\t- ", "# ", "## ", "TODO ", "[#A] ", "words", "Words", "字", "3.1. ", "4 ", "12"),
    *("\n", "\n\n", "\r\n", "\f", "id", ":", "::", "`", "``", "```", "~", "[[page]]", "#tag", "{"),
    *("title", "---", "#+TITLE: x", "> ", "*", "<", "<<<<<<< a", "\t", "  ", "(", "{{embed", "$$"),
)
CONFIG = GraphConfig()
TITLES = st.sampled_from(["a", "3.1. Numbered", "2024_12_03", "a___b", "Dec 3rd, 2024", "007"])


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), TITLES)
def test_a_plain_page_has_nothing_but_words(text: str, name: str) -> None:
    data, path = text.encode(), PagePath(f"pages/{name}.md")
    if not is_plain(data):
        return
    core = core_of({path: data}, CONFIG, PackageName(root="d2l", module="torch"))
    page = pages.page(core, path)
    linked = pages.own_outline(core, path)
    found = (page.fences, page.references, page.embeds, page.problems, page.title)
    assert not any(found)
    outline = linked.outline
    assert not any((linked.chunks, outline.found, outline.settings.problems))
    assert not any(block.id or block.properties for block in page.blocks)
    facts, anchors = plain_facts(path, CONFIG), pages.page_anchors(core, path)
    assert facts.title == anchors.title
    assert len(facts.others) == len(anchors.aliases)
    assert facts.numbers == pages.facts(core, path).numbers
    number = outline.page_section.number
    assert (facts.numbers.numbers if facts.numbers else ()) == (
        ((number, TITLE),) if number else ()
    )
