"""Pages and texts that try to be read as something else."""

from __future__ import annotations

from hypothesis import strategies as st

from tangle.model import Failure, Frame, Page, PagePath, Place, Trace
from tangle.parse import parse
from tangle.write import ChunkOutput, OutputPlan, Piece, apply, failure_note
from tangle.write.html_forms import HtmlTable
from tangle.write.parts import PieceKind
from tangle.write.tables import table_lines

PATH = PagePath("pages/x.md")
UUID = "6543ed3a-0000-4000-8000-0000000000aa"

HOSTILE_LINES = (
    "",
    " ",
    "x",
    "你好，世界",
    "```",
    "```python",
    "  ````",
    "~~~",
    "\u3000```",
    "\xa0~~~",
    "\ufeff```",
    "- a",
    "\t- b",
    "-",
    "# h",
    "  ## h",
    "k:: v",
    "id:: " + UUID,
    "tangle.output:: 000000000000.00000000",
    f"(({UUID}))",
    f"{{{{embed (({UUID}))}}}}",
    "[[Page]] #tag",
    "#+END_EXAMPLE",
    "  #+end_example x",
    "#+BEGIN_EXAMPLE",
    "#+END_SRC",
    "#+END_QUOTE",
    "#+TITLE: t",
    ":END:",
    "  :end:",
    ":x:",
    "---",
    "a---b",
    "$$",
    "x $$ y",
    "-->",
    "<!--",
    "</div>",
    "<div>",
    "</details> x",
    "\\end{align}",
    "\\begin{align}",
    "[:div]",
    "> q",
    "* l",
    "1. l",
    "| a | b |",
    "[^1]: x",
    "![x](../assets/tangle/other.svg)",
    "a\rb",
    "ab\b\bc",
    "\x00\x07\x0b\x0c",
    "\x1b[31mred\x1b[0m",
    "\u2028- x",
    "x\x85- y",
    "\u2029```",
    "[… 3 more lines]",
    "\u200b```",
)

CHUNKS = (
    "- ```python\n  x = 1\n  ```",
    "- text\n  ```python\n  y\n  ```\n  ~~~py\n  z\n  ~~~",
    "\t- ```python\n\t  x\n\t  ```",
    "    - #+BEGIN_SRC python\n      x\n      #+END_SRC",
    "```python\nx\n```",
    "## heading\n```python\nx\n```\n",
)

PAGE_LINES = (
    *HOSTILE_LINES,
    *CHUNKS,
    "- a\n\t- b\n\t\t- c",
    "- a\n    - b\n  - c",
    "- > q\n  ```python\n  x\n  ```",
    "- ```python",
    "- > quote",
    "\t- tangle.output:: 000000000000.00000000\n\t  ```text\n\t  x\n\t  ```",
)

KINDS: tuple[PieceKind, ...] = ("text", "text", "markdown", "math", "table", "sentence")

hostile_texts = st.lists(
    st.sampled_from(HOSTILE_LINES) | st.text(max_size=20), min_size=1, max_size=8
).map("\n".join)


@st.composite
def hostile_pages(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.sampled_from(PAGE_LINES), max_size=6))
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(CHUNKS)))
    eol = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    text = "\n".join(lines).replace("\n", eol)
    if draw(st.booleans()):
        text += eol
    if draw(st.integers(0, 9)) == 0:
        text = "\ufeff" + text
    return text.encode("utf-8", "replace")


@st.composite
def hostile_pieces(draw: st.DrawFn) -> Piece:
    """A piece of any kind that holds hostile text."""
    return piece_of(draw(st.sampled_from(KINDS)), draw(hostile_texts))


def piece_of(kind: PieceKind, text: str) -> Piece:
    """A piece of some kind that says a text, as its maker writes it."""
    if kind == "table":
        cells = tuple(text.split("\n"))
        table = HtmlTable(head=(cells,), body=(cells[::-1], (text,) * len(cells)))
        text = "\n".join(table_lines(table)[0])
    return Piece(kind=kind, text=text)


@st.composite
def outputs(draw: st.DrawFn) -> ChunkOutput:
    """Texts and figures in any order, now and then a failure behind them."""
    made = draw(st.lists(hostile_pieces() | st.none(), max_size=4))
    pieces = (
        figure(f"3.6-{number}.svg") if piece is None else piece
        for number, piece in enumerate(made, start=1)
    )
    failure = draw(st.just(()) | st.just(()) | hostile_texts.map(failure_lines))
    return ChunkOutput(digest="0" * 12, pieces=tuple(pieces), failure=failure)


def failure_lines(message: str) -> tuple[str, ...]:
    """What a note says of a failure with some message, on a page with some title."""
    title = message.partition("\n")[0]
    place = Place(path=PATH, line=3)
    frame = Frame(place=place, path=PATH, line=3, function=title, source=title)
    trace = Trace(before="", frames=(frame,), said=f"ValueError: {message}")
    failure = Failure(name="ValueError", message=title, traceback="", place=place, trace=trace)
    return failure_note(failure, lambda _: (PATH, title)).lines()


def figure(name: str) -> Piece:
    label = name.removesuffix(".svg")
    return Piece(kind="image", text=label, target=f"../assets/tangle/{name}")


def output(text: str = "", *figures: str, digest: str = "5b0f9c31e2aa") -> ChunkOutput:
    return ChunkOutput(digest=digest, pieces=(Piece(kind="text", text=text), *map(figure, figures)))


def read(data: bytes | str) -> Page:
    return parse(data.encode() if isinstance(data, str) else data, PATH)


def chunk_hosts(page: Page) -> dict[int, int]:
    """By block, how many chunks stand in it."""
    counts: dict[int, int] = {}
    for fence in page.fences:
        if fence.language.lower() in {"python", "py", "python3"}:
            counts[fence.block] = counts.get(fence.block, 0) + 1
    return counts


def edited(data: bytes, plan: OutputPlan) -> bytes:
    return apply(data, plan.edits)
