"""The page of all sections with code: their state, chunks, time and what each saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from markupsafe import Markup, escape

from tangle.notes import Core, UnitRow, query, rows, units
from tangle.weave.code import mark_html
from tangle.weave.code_words import CodeWords, code_words
from tangle.weave.graph import href_of_page, is_line_left_out, site_language, texts
from tangle.weave.inputs import facts_of
from tangle.weave.names import saved_at
from tangle.weave.page_code import REFERENCE, file_links

SECTIONS = "sections.html"
"""The page of all sections."""


@query(hashed=True)
def sections_html(core: Core, _: str) -> str:
    """All sections with code on pages of the site, as a table; empty if there is none."""
    words = code_words(site_language(core, ""))
    saves = _saves(core)
    found = Markup("").join(
        _row(core, row, saves.get(place, ()), words)
        for place, row in enumerate(rows(core))
        if row.chunks and href_of_page(core, row.section.page) is not None
    )
    if not found:
        return ""
    names = (words.section, words.title, words.state, words.chunks, words.time, words.saves)
    head = Markup("").join(Markup("<th scope=col>{}</th>").format(n) for n in (*names, words.files))
    table = (
        '<div class="table-scroll" tabindex="0"><table class="sections"><thead><tr>{}</tr></thead>'
    )
    return str(Markup(table + "<tbody>{}</tbody></table></div>").format(head, found))


def _saves(core: Core) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for place, names in units.saved_names(core, ""):
        found[place] += names
    return found


def _row(core: Core, row: UnitRow, saves: list[str] | tuple[str, ...], words: CodeWords) -> Markup:
    facts = facts_of(core, row.name)
    time = "" if facts.seconds is None else words.seconds.format(f"{facts.seconds:g}")
    title = "" if row.section.title == row.name else row.section.title
    link = Markup('<a href="{}">{}</a>').format(section_href(core, row), row.name)
    one = Markup('<a class="download" href="{}" download>{}</a>')
    files = (one.format(href, text) for text, href in file_links(facts.files))
    cells = (
        link,
        escape(title),
        mark_html(facts.state, "", words),
        escape(len(row.chunks)),
        escape(time),
        Markup(", ").join(_saved(core, saves)),
        Markup(" ").join(files),
    )
    return Markup('<tr data-state="{}">{}</tr>').format(
        facts.state, Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
    )


def section_href(core: Core, row: UnitRow) -> str:
    """Return the address of a section, from the site's root.

    Args:
        core: the notes.
        row: of the section.
    """
    href = href_of_page(core, row.section.page) or ""
    if row.section.block < 0:
        return href
    return f"{href}#{texts(core, row.section.page)[row.section.block].anchor}"


def _saved(core: Core, names: list[str] | tuple[str, ...]) -> Iterator[Markup]:
    for name in dict.fromkeys(names):
        found = saved_at(core, name)
        if found is not None and not is_line_left_out(core, found[1].path, found[1].line):
            yield Markup('<a href="{}#{}"><code>{}</code></a>').format(REFERENCE, name, name)
