"""Outputs survive what Logseq makes of a page: known again, not doubled, replaced in place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.write import plan_outputs, stored_outputs

from .pages import chunk_hosts, edited, hostile_texts, output, read
from .rewriting import edited_properties, moved, nodes, saved

PAGE = b"""\
- a
  - text above
    - text
      ```python
      x
      ```
      - a child
    - b
- c
  - d
"""
UNITS = st.sampled_from(["\t", "  ", "    "])


@settings(deadline=None, max_examples=300)
@given(hostile_texts, hostile_texts, UNITS, st.data())
def test_outputs_are_known_again_and_replaced_in_place(
    text: str, other: str, unit: str, draw: st.DataObject
) -> None:
    (host,) = chunk_hosts(read(PAGE))
    wanted = output(text, "a.svg")
    written = read(edited(PAGE, plan_outputs(read(PAGE), {host: [wanted]})))
    blocks = draw.draw(edited_properties(nodes(written)))
    pages = [read(saved(part, unit)) for part in draw.draw(moved(blocks)) if part]
    (page,) = [page for page in pages if chunk_hosts(page)]
    (host,) = chunk_hosts(page)
    (stored,) = (stored for each in pages for stored in stored_outputs(each))
    assert stored in stored_outputs(page)
    assert (stored.host, stored.edited, stored.reworked) == (host, False, False)
    assert plan_outputs(page, {host: [wanted]}).edits == ()

    plan = plan_outputs(page, {host: [output(other, "b.svg", digest="0" * 12)]})
    assert not plan.refused
    after = read(edited(page.data, plan))
    (new,) = stored_outputs(after)
    assert (new.block, new.host, new.edited) == (stored.block, host, False)
    assert new.assets == ("b.svg",)
    assert len(after.blocks) == len(page.blocks)
    assert [(b.id, b.level, [p.key for p in b.properties]) for b in after.blocks] == [
        (b.id, b.level, [p.key for p in b.properties]) for b in page.blocks
    ]
