"""What holds for every page, whatever stands in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tangle.model import Page
from tangle.parse import outline, outline_text, parse, render

_WORDS = [
    *'-#*+>`~$<>[](){}:|\\"/!?.1aZ',
    *(" ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", "\f", "\v", "\x1a", "\x00"),
    *("\u2028", "\u0085", "\ufeff", "\u00a0", "\u3000", "注意力", "é", "𝒳"),
    *("- ", "\n- ", "\n\t- ", "\n  ", "## ", "```", "```python\n", "~~~", "\n  ```\n"),
    *("k:: v\n", "tangle.run:: no\n", "id:: ", ":x:\n", ":END:\n", ":PROPERTIES:\n"),
    *("#+BEGIN_SRC python\n", "#+END_SRC\n", "#+BEGIN_NOTE\n", "#+END_NOTE\n", "#+T: x\n"),
    *("$$", "<div>", "</div>", "<!--", "-->", "\\begin{a}", "\\end{a}", "[:div ", "---\n"),
    *("* ", "1. ", "> ", "((6543ed3a-0000-4000-8000-0000000000aa))", "{{embed ", "}}", "[["),
    *("]]", "](", "#tag", "TODO "),
]
texts = st.lists(st.sampled_from(_WORDS), max_size=40).map("".join)
files = st.one_of(
    texts.map(str.encode),
    st.lists(
        st.one_of(st.sampled_from([word.encode() for word in _WORDS]), st.binary(max_size=3)),
        max_size=40,
    ).map(b"".join),
)


def _read(data: bytes) -> Page:
    return parse(data, errors="surrogateescape")


@given(texts)
def test_text_is_kept(text: str) -> None:
    """A page renders to the file that it was read from."""
    assert render(parse(text.encode())) == text.encode()


@given(files)
def test_bytes_are_kept(data: bytes) -> None:
    """So does a page that is not UTF-8, where that is allowed."""
    assert render(_read(data)) == data


@given(files)
def test_blocks_tile_the_file(data: bytes) -> None:
    """Each block begins where the one before ends; only the first can be a pre-block."""
    page = _read(data)
    edges = [0, *(block.span.end for block in page.blocks)]
    assert [block.span.start for block in page.blocks] == edges[:-1]
    assert edges[-1] == len(data)
    assert all(block.span.start < block.span.end for block in page.blocks)
    assert all(block.kind != "pre" for block in page.blocks[1:])


@given(files)
def test_parents_come_first(data: bytes) -> None:
    """A block stands one level below its parent, which comes before it."""
    blocks = _read(data).blocks
    for index, block in enumerate(blocks):
        assert -1 <= block.parent < index
        assert block.level == (1 if block.parent < 0 else blocks[block.parent].level + 1)


@given(files)
def test_what_a_block_holds_stands_in_it(data: bytes) -> None:
    """Content, code, properties and references lie within their blocks."""
    page = _read(data)
    for block in page.blocks:
        assert block.span.start <= block.content <= block.span.end
        assert not data[block.content : block.span.end].strip(b" \t\r\n\f\x1a")
    for fence in page.fences:
        span = page.blocks[fence.block].span
        assert span.start <= fence.span.start <= fence.body.start <= fence.body.end
        assert fence.body.end <= fence.span.end <= span.end
    for reference in page.references:
        span = page.blocks[reference.block].span
        assert span.start <= reference.span.start < reference.span.end <= span.end


@given(files)
def test_margins_lead_back_to_the_file(data: bytes) -> None:
    """Each line of code stands in the file at the line and column that are said."""
    page = _read(data)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for fence in page.fences:
        code = fence.code.split("\n")[:-1]
        assert len(code) == len(fence.margins) == fence.text.count("\n")
        for index, (text, margin) in enumerate(zip(code, fence.margins, strict=True)):
            line = lines[fence.line + index]
            assert line[margin : margin + len(text)] == text


@given(files)
def test_lines_and_columns_point_at_what_they_name(data: bytes) -> None:
    """Lines end at line feeds only, and columns count characters."""
    page = _read(data)
    for block in page.blocks:
        assert block.line == data.count(b"\n", 0, block.span.start) + 1
    for reference in page.references:
        start = data.rfind(b"\n", 0, reference.span.start) + 1
        before = data[start : reference.span.start].decode("utf-8", "surrogateescape")
        assert reference.column == len(before) + 1


@given(files)
def test_every_page_can_be_shown(data: bytes) -> None:
    """The outline has the page's blocks and code, and the tree a line for each at least."""
    page = _read(data)
    shown = outline(page)
    assert list(shown) == ["path", "blocks", "code", "refs"]
    assert len(outline_text(page).split("\n")) >= len(page.blocks) + len(page.fences) + 2
