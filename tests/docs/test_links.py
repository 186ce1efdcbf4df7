"""Links between the documents lead somewhere, to the heading that they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.console import ROOT

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/*.md", "benchmarks/*.md", "editors/*/*.md")
    for path in ROOT.glob(pattern)
)


class Link(NamedTuple):
    """A link of a page to a file of the project.

    Attributes:
        place: the page and the line that it is on.
        path: the file; the page itself if the link names a heading alone.
        heading: the anchor, empty without one.
    """

    place: str
    path: Path
    heading: str


def prose(page: Path) -> str:
    """The text of a page with its code blanked out, line for line."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(
        r"^(`{3,}).*?^\1$",
        lambda found: "\n" * found[0].count("\n"),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", text)


def links(page: Path) -> Iterator[Link]:
    for number, line in enumerate(prose(page).split("\n"), start=1):
        for target in re.findall(r"\]\(([^()\s]+)\)", line):
            if not re.match(r"[a-z]+:", target):
                path, _, heading = target.partition("#")
                place = f"{page.relative_to(ROOT)}:{number}"
                yield Link(place, page.parent / path if path else page, heading)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(
        r"^(`{3,}).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for title in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        words = re.sub(r"[`*]|\]\([^)]*\)|\[", "", title).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        f"{link.place}: {link.path}#{link.heading}"
        for link in links(page)
        if not link.path.exists()
        or (link.heading and link.path.suffix == ".md" and link.heading not in anchors(link.path))
    ]
    assert broken == []


def test_the_links_are_found() -> None:
    assert sum(1 for page in PAGES for _ in links(page)) > 200


SOURCES = sorted(
    path
    for pattern in ("tangle/**/*.py", "cli/**/*.py", "tools/*.py", "Makefile", "*.md", "*.toml")
    for path in ROOT.glob(pattern)
)


def test_pages_that_code_and_messages_name_are_there() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in SOURCES
        for page in re.findall(r"\bdocs/[\w/.-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert sorted(each for each in named if not (ROOT / each[1]).exists()) == []
