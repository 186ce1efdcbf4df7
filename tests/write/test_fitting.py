"""A block stays below what Logseq lets people edit, and what is left out is in a file."""

from __future__ import annotations

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.model import ALTERNATIVE_TEXT, MimeBundle, MimeType, Output, SectionName, Stream
from tangle.write import (
    EXTENSIONS,
    ChunkOutput,
    File,
    Rendered,
    asset_name,
    figure_label,
    placed,
    plan_outputs,
    rendered,
    shortened_for_note,
)

from .pages import edited, failure_lines, hostile_texts, read

CHUNK = b"- ```python\n  x\n  ```"


def bundle(mime: str, text: str, shows: str = "") -> MimeBundle:
    forms = [(MimeType(mime), text)]
    if shows:
        forms.append((ALTERNATIVE_TEXT, shows))
    return MimeBundle(kind="display", data=tuple(forms))


KINDS = ["text", "wide", "markdown", "latex", "table", "html", "picture", "picture"]


@st.composite
def outputs(draw: st.DrawFn) -> Output:
    kind = draw(st.sampled_from(KINDS))
    text = draw(hostile_texts) * draw(st.sampled_from([1, 1, 20, 100]))
    match kind:
        case "text":
            return Stream(name="stdout", text=text)
        case "wide":
            return Stream(name="stdout", text=text.replace("\n", " ") + "w#--深" * 4000 + "\n")
        case "markdown" | "latex":
            return bundle(f"text/{kind}", text)
        case "table":
            cell = text.replace("<", "&lt;")[:300]
            row = f"<tr>{f'<td>{cell}</td>' * draw(st.integers(1, 30))}</tr>"
            return bundle("text/html", f"<table>{row * draw(st.integers(1, 25))}</table>")
        case "html":
            return bundle("text/html", f"<p>{text}</p><script></script>")
        case _:
            data = base64.b64encode(draw(st.binary(max_size=3)) or b"x").decode()
            return bundle("image/png", data, draw(st.sampled_from(["", "深" * 300, "a" * 5000])))


def block(seen: Rendered, section: str, failure: tuple[str, ...]) -> str:
    """The output block of what is shown, without its indentation."""
    pieces = []
    for number, part in enumerate(seen.parts, start=1):
        if isinstance(part, File):
            name = asset_name(section, number, part.data, EXTENSIONS[part.mime])
            label = figure_label(SectionName(section), number, part.shows)
            pieces.append(placed(part, label, f"../assets/tangle/{name}"))
        else:
            pieces.append(part)
    output = ChunkOutput(digest="0" * 12, pieces=tuple(pieces), failure=failure)
    plan = plan_outputs(read(CHUNK), {0: [output]})
    assert not plan.refused
    written = edited(CHUNK, plan).removeprefix(CHUNK).decode()
    return written.replace("\n\t  ", "\n").replace("\n\t- ", "\n")


@settings(max_examples=60)
@given(
    st.lists(outputs(), max_size=12),
    st.sampled_from([1, 1, 8]),
    st.sampled_from(["3.6", "长" * 200, "a" * 200]),
    st.just("") | hostile_texts,
    st.sampled_from([3_000, 10_000, 50_000]),
)
def test_a_block_holds_less_than_logseq_allows(
    shown: list[Output], times: int, section: str, failed: str, limit: int
) -> None:
    seen = shortened_for_note(rendered(tuple(shown * times)), limit)
    lines = failure_lines(failed) if failed else ()
    written = block(seen, section, lines)
    size = len(written.encode("utf-16-le", "surrogatepass")) // 2
    assert size - sum(len(line) + 1 for line in lines) < min(limit, 10_000) * 95 // 100
    assert sum(isinstance(part, File) for part in seen.parts) <= 22
    assert all(len(part.shows) <= 200 for part in seen.files)
    if "left out" in written and not failed:
        assert "](../assets/tangle/" in written
