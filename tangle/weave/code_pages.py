"""The pages about all code of a site: its sections, and the names of the package."""

from __future__ import annotations

from markupsafe import Markup

from tangle.notes import Core, package_name
from tangle.weave.code_words import code_words
from tangle.weave.graph import site_language
from tangle.weave.page_code import REFERENCE
from tangle.weave.reference import reference_html, reference_toc
from tangle.weave.sections import SECTIONS, sections_html
from tangle.weave.urls import ROOT
from tangle.weave.views import PageView


def code_views(core: Core) -> tuple[PageView, ...]:
    """Return the pages about code that the site has: none where it has no code.

    Args:
        core: the notes.
    """
    words = code_words(site_language(core, ""))
    sections, reference = sections_html(core, ""), reference_html(core, "")
    found = []
    if sections:
        title = words.sections
        found.append(PageView(href=SECTIONS, title=title, content=_trusted(sections)))
    if reference:
        title = words.names_of.format(package_name(core, ""))
        toc = reference_toc(core, "")
        view = PageView(href=REFERENCE, title=title, content=_trusted(reference), toc=toc)
        found.append(view)
    return tuple(found)


def _trusted(html: str) -> Markup:
    """HTML of the site's own, with addresses from its root: that is where these pages stand."""
    return Markup(html.replace(ROOT, ""))
