"""The files of a site beside its pages: fonts, pictures, diagrams, feed."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.graphs import MakeNotes, Notes, Said


def weave(graph: Notes, **options: str) -> tuple[Said, Path]:
    """Weave with a table `[site]`, and return what was said and the site's folder."""
    table = "".join(f"{name} = {value!r}\n" for name, value in options.items())
    config = graph.root / "tangle.toml"
    config.write_text(f'graph = "."\n[site]\n{table}', encoding="utf-8")
    folder = graph.root.parent / "site"
    return graph.tangle("weave", "--output", str(folder)), folder


def asset(graph: Notes, name: str, data: str) -> None:
    path = graph.root / "assets" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(data, encoding="utf-8")


def test_fonts_are_linked_only_by_pages_with_formulas(notes: MakeNotes) -> None:
    graph = notes({"with": "- $x^2$", "without": "- text", "named": "- $y$ of [[Only named]]"})
    said, folder = weave(graph)
    assert said.code == 0
    linked = {p.name for p in folder.rglob("*.html") if "katex.min.css" in p.read_text("utf-8")}
    assert linked == {"with.html", "named.html", "Only-named.html"}
    assert (folder / "static/katex/fonts/KaTeX_Main-Regular.woff2").is_file()
    assert not list(folder.rglob("katex*.js"))


def test_a_site_without_formulas_has_no_fonts(notes: MakeNotes) -> None:
    _, folder = weave(notes({"a": "- costs $5 and more"}))
    assert not (folder / "static/katex").exists()


def test_a_refused_formula_is_named_with_its_place(notes: MakeNotes) -> None:
    said, folder = weave(notes({"a": "- one\n- two $$\\nosuch{x}$$"}))
    assert said.code == 0
    assert re.search(r"pages/a\.md:2: warning: KaTeX refuses '.*': Undefined control", said.err)
    assert "<code>\\nosuch{x}</code>" in (folder / "a.html").read_text("utf-8")


def test_a_diagram_without_a_script_is_shown_as_its_source(notes: MakeNotes) -> None:
    said, folder = weave(notes({"a": "- x\n- ```mermaid\n  graph LR\n  A-->B\n  ```"}))
    assert re.search(r"pages/a\.md:2: warning: the source of a Mermaid diagram", said.err)
    page = (folder / "a.html").read_text("utf-8")
    assert "A--&gt;B" in re.sub(r"</?span[^>]*>", "", page)
    assert "<script" in page
    assert "mermaid-start" not in page


def test_a_diagram_is_drawn_by_the_script_that_is_named(notes: MakeNotes) -> None:
    graph = notes({"a": "- ```mermaid\n  graph LR\n  A-->B[<b>]\n  ```", "b": "- text"})
    (graph.root / "mermaid.min.js").write_text("// mermaid")
    said, folder = weave(graph, mermaid="mermaid.min.js")
    assert (said.code, said.err) == (0, "")
    page = (folder / "a.html").read_text("utf-8")
    assert '<pre class="mermaid">graph LR\nA--&gt;B[&lt;b&gt;]' in page
    assert "static/mermaid/mermaid.min.js" in page
    assert (folder / "static/mermaid/mermaid.min.js").read_text() == "// mermaid"
    assert "mermaid" not in (folder / "b.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere.js", "site.mermaid cannot be read"),
        ("../outside.js", "site.mermaid leads out of its folder"),
        ("/etc/passwd", "site.mermaid leads out of its folder"),
    ],
)
def test_a_script_that_cannot_be_taken_is_a_usage_error(
    notes: MakeNotes, name: str, sentence: str
) -> None:
    said, folder = weave(notes({"a": "- text"}), mermaid=name)
    assert said.code == 2
    assert re.search(rf"tangle\.toml:3: {sentence}", said.err)
    assert not folder.exists()


def test_the_first_page_brings_what_the_contents_show(notes: MakeNotes) -> None:
    graph = notes({"contents": "- $x^2$\n- ```mermaid\n  graph LR\n  A-->B\n  ```"})
    (graph.root / "mermaid.min.js").write_text("drawn()", encoding="utf-8")
    _, folder = weave(graph, mermaid="mermaid.min.js")
    first = (folder / "index.html").read_text("utf-8")
    assert 'class="mermaid"' in first
    for name in ("katex/katex.min.css", "mermaid/mermaid.min.js", "mermaid-start.js"):
        assert f"static/{name}?" in first


def test_pictures_are_cleaned_as_they_are_copied(notes: MakeNotes) -> None:
    graph = notes({"a": "- ![p](../assets/p.svg)"})
    asset(graph, "p.svg", '<svg xmlns="http://www.w3.org/2000/svg"><script>x</script><g/></svg>')
    said, folder = weave(graph)
    assert (said.code, said.err) == (0, "")
    copied = (folder / "assets/p.svg").read_text("utf-8")
    assert "<g" in copied
    assert "script" not in copied


def test_a_picture_that_cannot_be_read_is_named_and_marked(notes: MakeNotes) -> None:
    graph = notes({"a": "- ![p](../assets/p.svg)"})
    asset(graph, "p.svg", "<svg><script>x")
    said, folder = weave(graph)
    assert said.code == 0
    assert re.search(r"assets/p\.svg: warning: it is not well-formed SVG", said.err)
    ET.fromstring((folder / "assets/p.svg").read_bytes())
    assert "script" not in (folder / "assets/p.svg").read_text()


def test_documents_are_copied_as_text(notes: MakeNotes) -> None:
    graph = notes({"a": "- [p](../assets/p.html) [q](../assets/q.XML)"})
    asset(graph, "p.html", "<script>x</script>")
    asset(graph, "q.XML", "<a/>")
    _, folder = weave(graph)
    assert sorted(p.name for p in (folder / "assets").iterdir()) == ["p.html.txt", "q.XML.txt"]
    assert 'href="assets/p.html.txt"' in (folder / "a.html").read_text("utf-8")


def test_html_of_the_notes_finds_their_files(notes: MakeNotes) -> None:
    graph = notes({"a": '- x <img src="../assets/p 1.png" width="9" onerror="hit()"> y'})
    asset(graph, "p 1.png", "")
    _, folder = weave(graph)
    page = (folder / "a.html").read_text("utf-8")
    (source,) = re.findall(r'<img src="(assets/[^"]*)" width="9">', page)
    assert (folder / source).is_file()


def test_a_site_whose_address_is_known_has_a_feed(notes: MakeNotes) -> None:
    graph = notes({"a": "- text [[b]]"})
    journals = graph.root / "journals"
    journals.mkdir(exist_ok=True)
    (journals / "2024_05_01.md").write_text("- a day with [[a]]", encoding="utf-8")
    _, folder = weave(graph, base="https://notes.example", title="Notes")
    feed = ET.fromstring((folder / "feed.xml").read_bytes())
    (content,) = feed.iter("{http://www.w3.org/2005/Atom}content")
    assert 'href="https://notes.example/a.html"' in (content.text or "")
    assert {"sitemap.xml", "robots.txt", "cards"} <= {path.name for path in folder.iterdir()}
    page = (folder / "a.html").read_text("utf-8")
    assert 'content="https://notes.example/cards/site.png"' in page
    assert 'type="application/atom+xml"' in page
    _, folder = weave(graph)
    assert not {"feed.xml", "sitemap.xml", "cards"} & {path.name for path in folder.iterdir()}
