"""Results in the site: what output blocks show, and whether they match their code."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup, escape

from tangle.model import PagePath, ShownOutput
from tangle.parse import parse
from tangle.verbs.notes import read_notes
from tangle.verbs.project import find_project
from tangle.verbs.shown_outputs import page_outputs
from tangle.verbs.write_back.staleness import wanted_outputs
from tangle.weave.results import Around, output_html
from tangle.write import shown_parts, stored_outputs
from tests.graphs import MakeNotes

PAGE = PagePath("pages/A.md")
CODE = """\
- ```python
  from IPython.display import HTML, Markdown
  print("\\x1b[31mred\\x1b[0m & <b>")
  display(Markdown("**bold** words"))
  print("after")
  ```
- ```python
  import base64
  from IPython.display import Audio, Image
  dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwAB"
  dot += "BAEAX+XDSwAAAABJRU5ErkJggg=="
  display(Image(data=base64.b64decode(dot), format="png"))
  display(HTML("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"))
  ```
- ```python
  def deep():
      return {}["key"]
  ```
- ```python
  deep()
  ```
"""


def outputs_of(root: Path) -> tuple[ShownOutput, ...]:
    """The outputs of the page of a graph."""
    notes = read_notes(find_project(start=root, graph=root))
    hosts = wanted_outputs(notes.rows).get(PAGE, {})
    return page_outputs(notes.pages[PAGE], hosts)


def around(*, present: bool = True) -> Around:
    """A site with one page."""
    return Around(
        markdown=lambda text: Markup("<i>{}</i>").format(text),
        file=lambda target: target.rpartition("/")[2] if present else None,
        line=lambda title, line: f"{title}.html#L{line}" if title == "A" else None,
    )


def only(text: str) -> ShownOutput:
    """The only output block of a page, as fresh."""
    (stored,) = stored_outputs(parse(text.encode(), PAGE))
    return ShownOutput(
        block=stored.block,
        host=0,
        at=0,
        line=stored.line,
        mark="fresh",
        edited=False,
        parts=shown_parts(stored),
    )


def block(*lines: str) -> str:
    """A page with one output block."""
    body = "".join(f"\t  {line}\n" for line in lines)
    return f"- ```python\n  1\n  ```\n\t- tangle.output:: 0123456789ab.01234567\n{body}"


def test_what_a_run_wrote_is_shown(notes: MakeNotes) -> None:
    graph = notes({"A": CODE})
    assert graph.tangle("run", "A").code == 1
    found = outputs_of(graph.root)
    text, figure, failure = found
    assert [output.mark for output in (text, figure, failure)] == ["fresh", "fresh", "failed"]
    assert [part.kind for part in text.parts] == ["text", "markdown", "text"]
    shown = output_html(text, around())
    assert '<pre class="text" tabindex="0">red &amp; &lt;b&gt;</pre>' in shown
    assert "<i>**bold** words</i>" in shown
    assert [part.kind for part in figure.parts] == ["image", "markdown"]
    shown = output_html(figure, around())
    assert f'src="{figure.parts[0].target.rpartition("/")[2]}"' in shown
    assert "| a |" in figure.parts[1].text
    shown = output_html(failure, around())
    assert '<div class="failure" role="group" aria-label="Failure">' in shown
    assert "KeyError: &#39;key&#39;" in shown
    assert '<a href="A.html#L31">[[A]] line 31</a>, in deep' in shown


def test_a_changed_chunk_has_a_stale_output(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  print(1)\n  ```\n- ```python\n  print(2)\n  ```\n"})
    assert graph.tangle("run", "A").code == 0
    graph.write("A", graph.text("A").replace("print(2)", "print(3)"))
    found = outputs_of(graph.root)
    assert [output.mark for output in found] == ["fresh", "stale"]
    stale = output_html(found[-1], around())
    assert 'data-state="stale"' in stale


def test_an_edited_output_is_said_to_be(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  print(1)\n  ```\n"})
    assert graph.tangle("run", "A").code == 0
    graph.write("A", graph.text("A").replace("1\n\t  ```\n", "7\n\t  ```\n"))
    found = outputs_of(graph.root)
    (output,) = found
    assert output.edited
    assert "edited by hand" in output_html(output, around())


def test_an_output_without_a_chunk_is_loose(notes: MakeNotes) -> None:
    graph = notes({"A": "- ```python\n  print(1)\n  ```\n- ```python\n  print(2)\n  ```\n"})
    assert graph.tangle("run", "A").code == 0
    text = graph.text("A")
    graph.write("A", text.replace("- ```python\n  print(2)\n  ```\n", "- words\n"))
    found = outputs_of(graph.root)
    assert [(output.host, output.mark) for output in found] == [(0, "fresh"), (-1, "stale")]
    shown = output_html(found[-1], around())
    assert 'title="The code has changed since this output was written">stale</span>' in shown


def test_files_are_shown_by_their_kind() -> None:
    lines = [
        f"{mark}[{label}](../assets/tangle/A-1-01234567.{ending})"
        for mark, label, ending in (
            ("!", "a figure", "svg"),
            ("!", "a film", "mp4"),
            ("!", "a sound", "wav"),
            ("", "the page", "html"),
        )
    ]
    shown = output_html(only(block(*lines)), around())
    name = "A-1-01234567"
    assert f'<img class="figure" src="{name}.svg" alt="a figure" loading="lazy">' in shown
    assert f'<video class="media" controls preload="metadata" src="{name}.mp4"' in shown
    assert f'<audio controls preload="metadata" src="{name}.wav" aria-label="a sound">' in shown
    assert f'<a class="file" href="{name}.html">the page</a>' in shown


def test_a_missing_file_has_a_visible_mark() -> None:
    page = block("![a figure](../assets/tangle/A-1-01234567.svg)")
    shown = output_html(only(page), around(present=False))
    title = "The file A-1-01234567.svg is missing"
    assert f'<span class="broken" title="{title}">a figure</span>' in shown
    assert "<img" not in shown


def test_two_texts_stay_two() -> None:
    page = block("```text", "one", "", "two", "```", "```text", "three", "```")
    assert [part.lines for part in only(page).parts] == [("one", "", "two"), ("three",)]


def test_what_protects_a_text_is_not_shown() -> None:
    page = block("```text", "a\u200b::b", "\u200b```", "```")
    assert only(page).parts[0].text == "a::b\n```"


def test_text_of_a_run_is_no_markup() -> None:
    page = block("```text", "</pre><script>alert(1)</script>", "```")
    shown = output_html(only(page), around())
    assert "<script" not in shown
    assert str(escape("</pre><script>")) in shown
