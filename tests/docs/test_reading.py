"""The documentation can be read: short sentences, and terms that are explained where they begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import pytest

from readability import length, sentences
from tests.docs.console import ROOT

DOCS = ROOT / "docs"
GLOSSARY = DOCS / "reference" / "glossary.md"
BOUNDS = {"tutorials": 14, "how-to": 17, "reference": 18, "explanation": 19, "docs": 17}
"""How many words a sentence may have, on average over a page of each kind."""
GUIDES = sorted([*DOCS.glob("tutorials/*.md"), *DOCS.glob("how-to/*.md")])
# Terms that are ordinary words as well, or that any reader of these pages knows.
WORDS = (
    "book cache cell edit export figure graph job output package page part project reference "
    "repair result run save script section server site tangle worker"
)
EVERYDAY = set(WORDS.split())


def id_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=id_of)
def test_sentences_are_short(path: Path) -> None:
    found = sentences(path.read_text(encoding="utf-8"))
    bound = BOUNDS[path.parent.name]
    longest = max(found, key=length, default="")
    assert mean(map(length, found)) <= bound, f"the longest: {longest}"


def test_sentences_are_found() -> None:
    page = "# A b\n\nOne two three. Four `five six` seven:\n\n- A b c.\n- D e\n\n| x y |\n|---|\n"
    assert [length(each) for each in sentences(page)] == [3, 3, 3, 2]


# --- terms ---------------------------------------------------------------------------------------


class Use(NamedTuple):
    """The first use of a term on a page.

    Attributes:
        term: as the glossary has it.
        line: of the page.
        explained: whether it is linked, or emphasised where it is defined.
    """

    term: str
    line: int
    explained: bool


def defined() -> set[str]:
    """What the glossary defines."""
    found = re.findall(r"^\*\*([^*]+)\.\*\*", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return {word.lower() for entry in found for word in entry.split(", ")}


def blanked(text: str, pattern: str) -> str:
    """A text with what matches replaced by blanks, so that places stay."""
    return re.sub(
        pattern,
        lambda found: re.sub(r"[^\n]", " ", found[0]),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def first_uses(page: str, terms: set[str]) -> Iterator[Use]:
    """The first use of each term in the prose of a page."""
    prose = blanked(page, r"^(`{3,}).*?^\1 *$")
    prose = blanked(prose, r"^(?:#|<!--|    )[^\n]*")
    prose = blanked(prose, r"(`+)(?!`)[^`]+(?<!`)\1(?!`)")
    explained = [
        found.span() for found in re.finditer(r"\[[^]\[]+\](?=\()|\*{1,2}[^*\n]+\*{1,2}", prose)
    ]
    targets = [found.span() for found in re.finditer(r"\]\([^)]*\)", prose)]
    for term in sorted(terms):
        for found in re.finditer(
            rf"(?<![\w-]){re.escape(term)}(?:s|ed)?(?![\w-])", prose, re.IGNORECASE
        ):
            if not any(start < found.start() < end for start, end in targets):
                inside = any(start <= found.start() < end for start, end in explained)
                yield Use(term, page.count("\n", 0, found.start()) + 1, inside)
                break


@pytest.mark.parametrize("path", GUIDES, ids=id_of)
def test_terms_are_explained_at_their_first_use(path: Path) -> None:
    uses = first_uses(path.read_text(encoding="utf-8"), defined() - EVERYDAY)
    assert [f"{id_of(path)}:{use.line}: {use.term}" for use in uses if not use.explained] == []


def test_everyday_words_are_those_that_need_it() -> None:
    """A word whose first uses are all explained, or that is no term, needs no exception."""
    pages = [path.read_text(encoding="utf-8") for path in GUIDES]
    needed = {
        use.term for page in pages for use in first_uses(page, defined()) if not use.explained
    }
    assert sorted(EVERYDAY - needed) == []


def test_first_uses_are_found() -> None:
    page = "# Chunks\n\nA `fence`.\nThe [fence](x) has *chunks*.\nA unit, a [unit](chunk.md).\n"
    assert list(first_uses(page, {"chunk", "fence", "unit"})) == [
        Use("chunk", 4, True),
        Use("fence", 4, True),
        Use("unit", 5, False),
    ]
