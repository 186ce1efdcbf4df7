"""The pages about all code of a site: its sections, and the names of the package."""

from __future__ import annotations

from markupsafe import Markup

from tangle.notes import Core, package_name, query
from tangle.weave.code_words import code_words
from tangle.weave.graph import site_language
from tangle.weave.page_code import REFERENCE
from tangle.weave.reference import reference_html, reference_toc
from tangle.weave.sections import SECTIONS, sections_html
from tangle.weave.urls import ROOT
from tangle.weave.views import Link, PageView


@query(kept=tuple[Link, ...])
def code_links(core: Core, _: str) -> tuple[Link, ...]:
    """The pages about code that the site has: none where it has no code."""
    words = code_words(site_language(core, ""))
    found = []
    if sections_html(core, ""):
        found.append(Link(href=SECTIONS, text=words.sections))
    if reference_html(core, ""):
        found.append(Link(href=REFERENCE, text=words.names_of.format(package_name(core, ""))))
    return tuple(found)


def code_view(core: Core, href: str) -> PageView:
    """Return a page about code as its template shows it.

    Args:
        core: the notes.
        href: its address, one of those of `code_links`.
    """
    title = next(link.text for link in code_links(core, "") if link.href == href)
    if href == SECTIONS:
        return PageView(href=href, title=title, content=_trusted(sections_html(core, "")))
    content, toc = _trusted(reference_html(core, "")), reference_toc(core, "")
    return PageView(href=href, title=title, content=content, toc=toc)


def _trusted(html: str) -> Markup:
    """HTML of the site's own, with addresses from its root: these pages are there."""
    return Markup(html.replace(ROOT, ""))
