"""Graphs that would hurt a careless generator, woven by the command."""

from __future__ import annotations

from urllib.parse import quote

from tests.graphs import MakeNotes
from tests.weave.checking import faults
from tests.weave.woven import html, site


def test_titles_of_every_kind_are_files_with_links_that_lead_there(notes: MakeNotes) -> None:
    titles = ["What? #1", "50% of C:\\x", "a/b/c", "x" * 300, "Case", "case twin", "Case Twin", "…"]
    graph = notes({f"p{number}": f"title:: {title}\n\n- x" for number, title in enumerate(titles)})
    graph.write("all", "".join(f"- [[{title}]]\n" for title in titles))
    said = graph.tangle("weave", "--output", str(graph.root / "out"))
    assert said.code == 0
    assert list(faults(graph.root / "out")) == []
    files = [path.relative_to(graph.root / "out") for path in graph.root.rglob("out/**/*.html")]
    assert len({str(path).casefold() for path in files}) == len(files)
    assert all(len(part.encode()) < 256 for path in files for part in path.parts)


def test_a_hundred_thousand_references_to_each_other() -> None:
    ids = [f"65a0b6f2-0000-4000-8000-{number:012x}" for number in range(20_000)]
    lines = [
        f"- b{number} "
        + " ".join(f"(({ids[(number * 7 + step * 31) % len(ids)]}))" for step in range(5))
        + f"\n  id:: {ids[number]}\n"
        for number in range(len(ids))
    ]
    pages = {f"p{at}": "".join(lines[at::40]) for at in range(40)}
    shown = html(site(pages), "p3")
    assert shown.count('class="block-ref"') >= 2500
    assert len(shown) < 4_000_000


def test_a_page_of_five_megabytes_is_whole() -> None:
    line = "- 一行 with **words**, `code` and [[a page]], again and again until it is long enough\n"
    count = 5_000_000 // len(line.encode())
    shown = html(site({"a": line * count}))
    assert shown.count("<li ") == count
    assert quote("a-page.html") in shown
