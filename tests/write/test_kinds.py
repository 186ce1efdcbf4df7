"""What a note holds of each kind of output."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.model import MimeBundle, MimeType, Output, Stream
from tangle.write import (
    EXTENSIONS,
    ChunkOutput,
    File,
    Piece,
    Tolerance,
    compare,
    in_run,
    placed,
    plan_outputs,
    rendered,
    shortened_for_note,
    stored_outputs,
)
from tangle.write.block import STYLES, body_lines
from tangle.write.html_forms import read_html, steady
from tangle.write.tables import table_lines

from .pages import UUID, edited, hostile_texts, read

PLAIN_PAGE = b"- ```python\n  x\n  ```\n- b\n"
NAMES = {
    "plain": "text/plain",
    "html": "text/html",
    "markdown": "text/markdown",
    "latex": "text/latex",
    "json": "application/json",
    "png": "image/png",
    "gif": "image/gif",
    "wav": "audio/x-wav",
    "widget": "application/vnd.jupyter.widget-view+json",
    "vega": "application/vnd.vegalite.v5+json",
}


def bundle(**forms: str) -> MimeBundle:
    data = ((MimeType(NAMES.get(name, name)), text) for name, text in forms.items())
    return MimeBundle(kind="result", data=tuple(sorted(data)))


def stream(text: str) -> Stream:
    return Stream(name="stdout", text=text)


def pieces_of(*outputs: Output) -> tuple[Piece, ...]:
    parts = shortened_for_note(rendered(outputs)).parts
    return tuple(
        placed(part, "f", f"../assets/tangle/{number}.{EXTENSIONS[part.mime]}")
        if isinstance(part, File)
        else part
        for number, part in enumerate(parts)
    )


def note(*outputs: Output) -> list[str]:
    """The lines of the block; it is one block, without references, whatever is in it."""
    output = ChunkOutput(digest="0" * 12, pieces=pieces_of(*outputs))
    after = read(edited(PLAIN_PAGE, plan_outputs(read(PLAIN_PAGE), {0: [output]})))
    lines = list(body_lines(output, STYLES[0]))
    assert len(after.blocks) == (3 if lines else 2)
    assert not after.references
    assert not after.links
    assert not any(stored.edited for stored in stored_outputs(after))
    assert len(after.data.decode()) < 10_000
    return lines


def files(*outputs: Output) -> list[File]:
    return list(shortened_for_note(rendered(outputs)).files)


# --- text -----------------------------------------------------------------------------------------


def test_long_text_keeps_its_first_and_last_lines_and_a_file_has_all() -> None:
    text = "\n".join(map(str, range(1000)))
    lines = note(stream(text))
    assert lines[0] == "```text"
    assert lines[1:16] == [str(number) for number in range(15)]
    assert lines[16] == "… 971 lines left out"
    assert lines[17:31] == [str(number) for number in range(986, 1000)]
    assert lines[31:] == ["```", "[all 1,000 lines](../assets/tangle/1.txt)"]
    assert files(stream(text))[0].data.decode() == text + "\n"


def test_thirty_lines_are_whole() -> None:
    assert len(note(stream("x\n" * 30))) == 32
    assert not files(stream("x\n" * 30))


def test_lines_between_figures_count_together() -> None:
    figure = bundle(png="AAAA")
    shown = [o for n in range(4) for o in (stream(f"{n}\n" * 20), figure)]
    lines = note(*shown)
    assert sum(line.isdigit() for line in lines) == 29
    assert [line for line in lines if "left out" in line] == [
        "… 5 lines left out", "… 20 lines left out", "… 20 lines left out", "… 6 lines left out",
    ]  # fmt: skip
    assert sum(line.startswith("![") for line in lines) == 4
    assert lines[-1].startswith("[all 80 lines](")


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "深" * 50_000, "-" * 30_000, ("y" * 900 + "\n") * 25]
)
def test_wide_text_is_cut(text: str) -> None:
    assert any("left out" in line for line in note(stream(text)))
    assert files(stream(text))[0].data.decode().rstrip() == text.rstrip()


def test_very_many_figures_stand_on_a_page_of_their_own() -> None:
    figures = [bundle(png=base64.b64encode(bytes([n])).decode()) for n in range(200)]
    lines = note(*figures)
    assert lines[-2] == "… 180 more parts left out"
    assert lines[-1].startswith("[all of it, as HTML](")
    assert files(*figures)[-1].data.count(b"<img") == 200


@pytest.mark.parametrize(("count", "collapsed"), [(18, False), (19, True), (500, True)])
def test_a_long_block_is_collapsed_when_it_is_new(count: int, collapsed: bool) -> None:
    output = ChunkOutput(digest="0" * 12, pieces=pieces_of(stream("x\n" * count)))
    page = edited(PLAIN_PAGE, plan_outputs(read(PLAIN_PAGE), {0: [output]}))
    assert (b"\n\t  collapsed:: true\n\t  ```text" in page) == collapsed
    opened = page.replace(b"\t  collapsed:: true\n", b"")
    other = ChunkOutput(digest="1" * 12, pieces=pieces_of(stream("y\n" * count)))
    for before in (page, opened):
        after = edited(before, plan_outputs(read(before), {0: [other]}))
        assert (b"collapsed:: true" in after) == (b"collapsed:: true" in before)


# --- Markdown and formulas ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("# Title\ntext", ["**Title**", "text"]),
        ("- a\n  - b", ["* a", "  * b"]),
        ("> said\n> so\n\nx", ["#+BEGIN_QUOTE", "said", "so", "#+END_QUOTE", "", "x"]),
        ("#tag #a-b", ["\\#tag \\#a-b"]),
        ("`#tag` **b**", ["`#tag` **b**"]),
        ("[x](http://a/#b) http://a/#c", ["[x](http://a/#b) http://a/#c"]),
        ("[x](page.md) ![y](z.png)", ["\\[x](page.md) !\\[y](z.png)"]),
        ("$a<b$", ["$a< b$"]),
        ("a\n---\nb", ["a", "___", "b"]),
        (":smile:", ["\u200b:smile:"]),
        ("<b>x</b> <2024-01-01 Mon>", ["\\<b>x\\</b> \\<2024-01-01 Mon>"]),
        ("$$\nx^2\n$$", ["$$x^2$$"]),
        ("```python\nx = 1\n```", ["```text", "x = 1", "```"]),
        ("key:: value", ["key:\u200b: value"]),
        ("- [ ] todo", ["* [ ] todo"]),
    ],
)
def test_markdown_is_markdown_without_blocks_references_and_properties(
    source: str, lines: list[str]
) -> None:
    assert note(bundle(markdown=source, plain="<IPython.core.display.Markdown object>")) == lines


@pytest.mark.parametrize(
    "source", [f"(({UUID}))", "[[Page]]", "{{embed [[Page]]}}", "[x](../pages/y.md)"]
)
def test_markdown_refers_to_nothing(source: str) -> None:
    (line,) = note(bundle(markdown=source))
    assert line.replace("\u200b", "").replace("\\", "") == source
    assert line != source


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (r"$\displaystyle x^{2}$", "$$x^{2}$$"),
        (r"$$\frac{{a}}{b}$$", r"$$\frac{ {a}}{b}$$"),
        ("\\begin{align}\nx &= 1 \\\\\ny &= 2 % why\n\\end{align}",
         r"$$\begin{align} x &= 1 \\ y &= 2 \end{align}$$"),
        (r"\[x\]", "$$x$$"),
        ("The value $x$ is", "The value $x$ is"),
        ("\\begin{equation*}\nx\n\\end{equation*}", r"$$\begin{equation*} x \end{equation*}$$"),
    ],
)  # fmt: skip
def test_latex_is_a_formula(source: str, line: str) -> None:
    assert note(bundle(latex=source, plain="x**2")) == [line]


def test_a_formula_says_more_than_a_picture_of_it() -> None:
    assert note(bundle(latex="$x$", png="AAAA", plain="x")) == ["$$x$$"]
    (shown,) = note(bundle(latex="a caption, $x$", png="AAAA"))
    assert shown.startswith("![f](")


def test_formulas_between_words_are_formulas() -> None:
    source = "One\n\\begin{align}\na &= b \\\\\n c\n\\end{align}\ntwo\n\\[ x \\]\n\\begin{open}"
    assert note(bundle(latex=source)) == [
        *("One", "", r"$$\begin{align} a &= b \\ c \end{align}$$", "two", "", "$$x$$"),
        "\u200b\\begin{open}",
    ]


@pytest.mark.parametrize("line", ["\\begin{a}\n", "\\[\n", "$$x\n"])
def test_formulas_without_an_end_take_little_time(line: str) -> None:
    start = time.process_time()
    assert note(bundle(markdown=line * 20_000))
    assert time.process_time() - start < 20


def test_a_line_break_with_a_distance_ends_no_formula() -> None:
    source = "a\n\\[\nx \\\\[2pt]\n\\\\[1pt] y\n\\]\nb"
    assert note(bundle(markdown=source)) == ["a", "", r"$$x \\[2pt] \\[1pt] y$$", "b"]


# --- lists and what follows them ------------------------------------------------------------------


@pytest.mark.parametrize("source", ["- x", "1. x", "a\n* x\n  * y", "+ x\n\nwords"])
def test_text_below_a_list_is_no_part_of_it(source: str) -> None:
    """A fence behind a list takes in the next block that has a fence, and all of it is lost."""
    shown = (bundle(markdown=source), stream("printed\n"), bundle(markdown="**end**"))
    output = ChunkOutput(digest="0" * 12, pieces=pieces_of(*shown), failure=("ValueError: no",))
    data = b"- ```python\n  x\n  ```\n- ```python\n  y\n  ```\n"
    after = edited(data, plan_outputs(read(data), {0: [output]})).decode()
    assert "#+BEGIN_EXAMPLE\n\t  printed\n\t  #+END_EXAMPLE\n" in after
    assert "#+BEGIN_EXAMPLE\n\t  ValueError: no\n\t  #+END_EXAMPLE\n" in after
    assert "**end**" in after
    assert len(read(after).blocks) == 3


def test_only_what_disturbs_a_page_is_shown_as_text() -> None:
    """The page leaves a formula open, which one of the outputs would end."""
    data = b"- $$\n- ```python\n  x\n  ```\n- ```python\n  y\n  ```\n"
    good, bad = (ChunkOutput(digest=d * 12, pieces=pieces_of(bundle(markdown=text)))
                 for d, text in (("1", "**good** a---b"), ("2", "$$ bad")))  # fmt: skip
    plan = plan_outputs(read(data), {1: [good], 2: [bad]})
    assert not plan.refused
    after = edited(data, plan).decode()
    assert "**good** a---b" in after
    assert "$\u200b$ bad" in after


# --- tables ---------------------------------------------------------------------------------------

FRAME = """<div><style scoped>th { x: y }</style><table class="dataframe"><thead>
<tr><th></th><th>a</th><th>b|c</th></tr></thead><tbody>
<tr><th>r1</th><td>1</td><td>x|y</td></tr>
<tr><th>r2</th><td>2.5</td><td>`z` ((q)) {{m}} #tag [[P]] $x$</td></tr></tbody></table></div>"""


def test_a_table_is_a_markdown_table() -> None:
    assert note(bundle(html=FRAME, plain="text form")) == [
        "|   | a | b│c |",
        "|---|---|---|",
        "| r1 | 1 | x│y |",
        "| r2 | 2.5 | \\`z\\` (\u200b(q)) {\u200b{m}} \\#tag \\[\\[P]] \\$x\\$ |",
    ]
    assert rendered((bundle(html=FRAME, plain="text form"),)).text == "text form"


def test_cells_that_span_others_stand_in_each_place() -> None:
    source = """<table><thead><tr><th></th><th colspan=2>P</th></tr>
        <tr><th>k</th><th>u</th><th>v</th></tr></thead>
        <tr><th rowspan=2>A</th><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"""
    assert note(bundle(html=source)) == [
        "| k | P / u | P / v |", "|---|---|---|", "| A | 1 | 2 |", "| A | 3 | 4 |",
    ]  # fmt: skip


def test_titles_over_all_columns_are_no_names_of_columns() -> None:
    source = """<table><caption>Below</caption><thead><tr><td colspan=2>Head [[x]]</td></tr>
        <tr><th>a</th><th>b</th></tr></thead><tr><td>1</td><td>2</td></tr></table>"""
    assert note(bundle(html=source)) == [
        *("Head \\[\\[x]]", "| a | b |", "|---|---|", "| 1 | 2 |", "Below"),
    ]


def test_a_table_of_nothing_is_its_text() -> None:
    source = "<table><thead><tr><th></th></tr></thead><tbody></tbody></table>"
    shown = bundle(html=source, plain="Empty DataFrame\nColumns: []")
    assert note(shown) == ["```text", "Empty DataFrame", "Columns: []", "```"]


def test_a_table_of_markdown_that_is_cut_keeps_the_names_of_its_columns() -> None:
    source = "\n".join(["| n | m |", "|---|---|", *(f"| {n} | 0 |" for n in range(100))])
    lines = note(bundle(markdown=source))
    at = lines.index("… 73 lines left out")
    assert lines[at + 1 : at + 4] == ["| n | m |", "|---|---|", "| 86 | 0 |"]


def test_a_page_within_a_page_is_a_link() -> None:
    address = "https://example.org/embed/a?b=1#c"
    shown = bundle(html=f'<iframe width="4" src="{address}"></iframe>', plain="<lib.Frame at 0x1>")
    assert note(shown) == [f"[{address}]({address})"]
    assert files(bundle(html='<iframe srcdoc="x"></iframe>'))


def rows(count: int, columns: int) -> str:
    line = "<tr>" + "".join(f"<td>{n}</td>" for n in range(columns)) + "</tr>"
    return f"<table>{line * count}</table>"


@pytest.mark.parametrize(
    ("source", "count", "said"),
    [
        (rows(20, 12), 20, None),
        (rows(21, 12), 20, "19 of 21 rows are shown, the others left out"),
        (rows(5, 13), 5, "11 of 13 columns are shown, the others left out"),
        (rows(400, 500), 20,
         "19 of 400 rows and 11 of 500 columns are shown, the others left out"),
        (rows(10, 3) + "<p>1000 rows × 3 columns</p>", 10,
         "1000 rows × 3 columns: 10 rows are shown, the others left out"),
        (rows(10, 3) + "<small>shape: (1_000, 3)</small>", 10,
         "shape: (1_000, 3): 10 rows are shown, the others left out"),
    ],
)  # fmt: skip
def test_large_tables_are_cut(source: str, count: int, said: str | None) -> None:
    lines = note(bundle(html=source))
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == count + 2
    assert max(line.count("|") for line in table) <= 13
    assert [line for line in lines if "left out" in line] == ([said] if said else [])


def test_a_hostile_table_takes_little_time() -> None:
    start = time.process_time()
    for source in (
        "<table>" + "<tr><td rowspan=1000 colspan=1000>" * 2000,
        "<table>" * 20_000,
        rows(20_000, 20),
        "<td>" * 100_000,
    ):
        assert len(note(bundle(html=source))) < 40
    assert time.process_time() - start < 60


def test_tables_are_compared_by_cells() -> None:
    sources = (FRAME.replace("2.5", number) for number in ("2.50001", "2.5"))
    one, other = (in_run(rendered((bundle(html=source),))) for source in sources)
    assert compare(one, other)
    assert not compare(one, other, Tolerance(rtol=1e-3))


# --- HTML -----------------------------------------------------------------------------------------


def test_html_is_a_file_with_a_link() -> None:
    source = "<b>bold</b><script>x()</script>"
    shown = bundle(html=source, plain="<IPython.core.display.HTML object>")
    assert note(shown) == ["```text", "bold", "```", "[HTML, 93 bytes](../assets/tangle/1.html)"]
    (file,) = files(shown)
    assert b"<script>x()</script>" in file.data


def test_html_with_a_picture_gives_both() -> None:
    shown = bundle(vega="{}", png="AAAA", html="<script>draw()</script>", plain="alt.Chart(...)")
    assert [line[:2] for line in note(shown)] == ["![", "[H"]


def test_a_specification_alone_is_a_file_and_a_sentence() -> None:
    lines = note(bundle(vega='{"a": 1}', plain="alt.Chart(...)"))
    assert lines[0].startswith("[specification, ")
    assert "neither a picture nor HTML" in lines[1]


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ('<video controls><source src="data:video/mp4;base64,AAAA"></video>', "mp4"),
        ('<audio src="data:audio/x-wav;base64,AAAA">No browser plays it.</audio>', "wav"),
        ('<img src="data:image/gif;base64,AAAA">', "gif"),
    ],
)
def test_media_in_html_are_files(source: str, ending: str) -> None:
    shown = bundle(html=source, plain="<IPython.lib.display.Audio object>")
    assert note(shown) == [f"![f](../assets/tangle/0.{ending})"]


def test_words_beside_media_are_kept() -> None:
    source = '<figure><img src="http://x/y.png"><figcaption>A caption</figcaption></figure>'
    assert note(bundle(html=source)) == ["![](http://x/y.png)", "", "```text", "A caption", "```"]


def test_an_animation_shows_its_first_frame() -> None:
    source = '<script>frames[0] = "data:image/png;base64,AAAA\\\nBBBB"\nplay()</script>'
    lines = note(bundle(html=source, plain="<IPython.core.display.HTML object>"))
    assert [line[:3] for line in lines] == ["![f", "[HT"]


def test_a_picture_of_another_place_is_shown_from_there() -> None:
    assert note(bundle(html='<img src="http://x/y.png"/>')) == ["![](http://x/y.png)"]
    assert note(bundle(html='<video src="a.mp4"></video>')) == [
        "a.mp4 is not part of the output: embed it (embed=True)"
    ]


def test_ids_that_differ_do_not_change_the_file() -> None:
    one, other = (
        f'<div id="chart-{n * 32}"></div><div id="T_{n * 5}_row0"></div><script>'
        f'draw("chart-{n * 32}"); ({{"docid":"{n * 8}-0000-4000-8000-{n * 12}"}})</script>'
        for n in "ab"
    )
    assert steady(one) == steady(other)
    assert one.count("a" * 32) == 2
    assert steady(steady(one)) == steady(one)
    assert steady("<p>" + "a" * 32 + "</p>") == "<p>" + "a" * 32 + "</p>"


def test_much_html_is_a_file() -> None:
    source = "<p>" + "x" * 10_000_000
    assert note(bundle(html=source, plain="<HTML object>"))[-1].startswith("[HTML, 10 MiB](")


# --- other kinds ----------------------------------------------------------------------------------


def test_json_is_a_tree() -> None:
    lines = note(bundle(json=json.dumps({"a": [1]}), plain="<IPython.core.display.JSON object>"))
    assert lines == ["```text", "{", '  "a": [', "    1", "  ]", "}", "```"]


def test_a_widget_has_its_text_and_a_sentence() -> None:
    lines = note(bundle(widget="{}", plain="IntSlider(value=3)"))
    assert lines[:3] == ["```text", "IntSlider(value=3)", "```"]
    assert lines[3].startswith("IntSlider is a widget")
    assert note(bundle(widget="{}", plain="100%|██| 3/3")) == ["```text", "100%|██| 3/3", "```"]


def test_what_cannot_be_shown_is_named() -> None:
    assert note(bundle(**{"application/x-thing": "abc"})) == [
        "application/x-thing cannot be shown in a note: print what matters, or save it to a file"
    ]


def test_sounds_have_one_name_for_each_kind() -> None:
    assert note(bundle(wav="AAAA", plain="x")) == ["![f](../assets/tangle/0.wav)"]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(["html", "markdown", "latex", "json", "plain", "vega"]), hostile_texts)
def test_whatever_a_form_holds_is_one_block(name: str, text: str) -> None:
    note(bundle(**{name: text}), bundle(html=f"<table><tr><td>{text}</td></tr></table>"))


@given(st.text(alphabet="<>/tabledrh \"'=0a&;!-", max_size=300))
def test_broken_html_is_read(source: str) -> None:
    for table in read_html(source).tables:
        assert table_lines(table)[0]
