"""What a site is made of beside the notes; the verb gives it to the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tangle.model import PagePath
from tangle.notes import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """How the site is made.

    Attributes:
        title: of the site.
        language: BCP 47 tag of its prose; empty to find it from the notes.
        base: address under which it is published, with its `/`; empty where none is configured.
        student: whether solutions are left out.
        only: the pages that are woven; None for all that may be.
        version: of the static files; it changes when one of them does.
        scripts: addresses of more scripts, which every page loads.
    """

    title: str
    language: str = ""
    base: str = ""
    student: bool = False
    only: tuple[PagePath, ...] | None = None
    version: str = ""
    scripts: tuple[str, ...] = ()


site_settings: Final[Query[str, SiteSettings]] = Query("site_settings", None, kept=SiteSettings)
graph_assets: Final[Query[str, dict[str, str]]] = Query("graph_assets", None, kept=dict[str, str])
"""The files of the graph that are no pages: path relative to the graph, and a stamp."""

INPUTS: Final[tuple[Query[Any, Any], ...]] = (site_settings, graph_assets)
