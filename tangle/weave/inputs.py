"""What a site is made of beside the notes; the verb gives it to the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tangle.model import PagePath, SectionName, ShownOutput
from tangle.notes import Core, Query, query


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """How the site is made.

    Attributes:
        title: of the site.
        language: BCP 47 tag of its prose; empty to find it from the notes.
        base: address under which it is published, with its `/`; empty where none is configured.
        student: whether solutions are left out.
        only: the pages that are woven; None for all that may be.
        mermaid: whether the site has the script that draws diagrams.
        card_font: the file of a font with Chinese characters, for the pictures that social
            networks show; empty where none was found.
        version: of the static files; it changes when one of them does.
        own_style: whether the graph has a style sheet for the site.
        scripts: addresses of more scripts, which every page loads.
    """

    title: str
    language: str = ""
    base: str = ""
    student: bool = False
    mermaid: bool = False
    card_font: str = ""
    only: tuple[PagePath, ...] | None = None
    version: str = ""
    own_style: bool = False
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionFacts:
    """What is known of a section beside the notes.

    Attributes:
        state: as `tangle list` has it.
        seconds: that it took when it was last run on this machine; None if that is unknown.
        files: its script and its notebook, relative to the site's root; empty if it has none.
    """

    state: str
    seconds: float | None = None
    files: tuple[str, ...] = ()


site_settings: Final[Query[str, SiteSettings]] = Query("site_settings", None, kept=SiteSettings)
graph_assets: Final[Query[str, dict[str, str]]] = Query("graph_assets", None, kept=dict[str, str])
"""The files of the graph that are no pages: path relative to the graph, and a stamp."""

page_results: Final[Query[str, dict[PagePath, tuple[ShownOutput, ...]]]] = Query(
    "page_results", None, kept=dict[PagePath, tuple[ShownOutput, ...]]
)
"""What the output blocks of each page show."""
section_facts: Final[Query[str, dict[SectionName, SectionFacts]]] = Query(
    "section_facts", None, kept=dict[SectionName, SectionFacts]
)

INPUTS: Final[tuple[Query[Any, Any], ...]] = (
    *(site_settings, graph_assets),
    *(page_results, section_facts),
)


@query(kept=tuple[ShownOutput, ...])
def results_on(core: Core, path: PagePath) -> tuple[ShownOutput, ...]:
    """What the output blocks of a page show."""
    return page_results(core, "").get(path, ())


@query(kept=SectionFacts)
def facts_of(core: Core, name: SectionName) -> SectionFacts:
    """What is known of a section."""
    return section_facts(core, "").get(name, SectionFacts(state="no-code"))
