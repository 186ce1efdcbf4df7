"""Pages in memory, and what the site shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath
from tangle.notes import Core, core_of
from tangle.weave.content import content
from tangle.weave.inputs import (
    SiteSettings,
    graph_assets,
    page_results,
    section_facts,
    site_settings,
)

ID = "65a0b6f2-0000-4000-8000-000000000001"
OTHER = "65a0b6f2-0000-4000-8000-000000000002"


def path_of(name: str) -> PagePath:
    """The path of a page."""
    return PagePath(f"pages/{name}.md")


def give(core: Core, assets: Mapping[str, str], settings: SiteSettings) -> None:
    """Give a store what a site is made of beside the notes."""
    core.set(site_settings, "", settings)
    core.set(graph_assets, "", dict(assets))
    core.set(page_results, "", {})
    core.set(section_facts, "", {})


def site(
    pages: Mapping[str, str],
    assets: Mapping[str, str] | None = None,
    *,
    config: GraphConfig | None = None,
    student: bool = False,
) -> Core:
    """A site of pages, with the files of the graph that are no pages."""
    data = {path_of(name): text.encode("utf-8", "replace") for name, text in pages.items()}
    package = PackageName(root="d2l", module="torch")
    core = core_of(data, config or GraphConfig(), package)
    settings = replace(SiteSettings(title="Notes", language="en"), student=student)
    give(core, assets or {}, settings)
    return core


def html(core: Core, name: str = "a") -> str:
    """The content of a page."""
    return content(core, path_of(name)).html
