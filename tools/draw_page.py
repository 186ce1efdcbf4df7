"""Draws a page of a graph about as Logseq shows it: `python tools/draw_page.py PAGE PICTURE`.

Blocks are those that Logseq's own parser finds, and the graph's `config.edn` says what is hidden;
docs/reference/results.md says what else such a picture is, and what it is not. It needs node, mldoc
(`make mldoc`) and Chromium; formulas need KaTeX (`make katex`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from logseq_html import page_html
from logseq_page import Settings, can_read_pages, property_pages, read_pages
from page_pictures import browser, picture
from tangle.store import find_graph


def main() -> None:
    """Draw the page, and print which pages Logseq makes of its properties."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page", type=Path, help="a Markdown file of a graph")
    parser.add_argument("picture", type=Path, help="a PNG file, or .html for the document alone")
    parser.add_argument("--width", type=int, default=720, help="of the window, in pixels")
    parser.add_argument("--height", type=int, default=6000, help="of the picture at most")
    parser.add_argument("--all", action="store_true", help="hide nothing that the graph hides")
    given = parser.parse_args()
    graph = find_graph(given.page.resolve().parent)
    if graph is None:
        parser.error(f"{given.page} is in no graph")
    if not can_read_pages() or (browser() is None and given.picture.suffix != ".html"):
        parser.error("node, mldoc (make mldoc) and Chromium are needed")
    config = (graph / "logseq/config.edn").read_text(encoding="utf-8")
    settings = Settings() if given.all else Settings.of(config)
    [blocks] = read_pages([given.page.read_text(encoding="utf-8")])
    html = page_html(blocks, settings, base=given.page.resolve().parent)
    if given.picture.suffix == ".html":
        given.picture.write_text(html, encoding="utf-8")
    else:
        picture(html, given.picture, width=given.width, height=given.height)
    print("pages of properties:", ", ".join(sorted(property_pages(blocks, settings))) or "none")


if __name__ == "__main__":
    main()
