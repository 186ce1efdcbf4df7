"""Complete what is typed to name sections: names, titles, aliases, paths, days, tags, headings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tangle.link import journal_day
from tangle.notes import UnitRow
from tangle.verbs.lookup import page_called
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.parts import headings
from tangle.verbs.project import Project


def completions(
    project: Project, typed: str, path_from_here: Callable[[str], str]
) -> Mapping[str, str]:
    """Return what may be meant by the beginning of a name, each with a title that explains it.

    Args:
        project: whose notes.
        typed: the beginning; with nothing typed, only the names of sections are returned.
        path_from_here: turns a page's path, as messages name it, into one that the shell knows.
    """
    notes = read_notes(project)
    rows = [row for row in notes.rows if row.chunks]
    found = {str(row.name): row.section.title for row in rows}
    if typed:
        for name, title in _others(notes, rows, typed, path_from_here):
            found.setdefault(name, title)
    notes.remember()
    return {name: title for name, title in found.items() if name.startswith(typed)}


def _others(
    notes: Notes, rows: list[UnitRow], typed: str, path_from_here: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """Yield all other names of sections, each with a title."""
    titles = {row.section.page: row.section.title for row in rows}
    for row in rows:
        yield row.section.title, row.section.title
    for page, title in titles.items():
        yield path_from_here(notes.project.shown(page)), title
        if (day := journal_day(notes.title(page), notes.config.journal_format)) is not None:
            yield day.isoformat(), title
    for name, page in notes.names_of_pages().items():
        if page in titles:
            yield name, titles[page]
    yield from _tags(notes) if typed.startswith("#") else _parts(notes, typed)


def _tags(notes: Notes) -> Iterator[tuple[str, str]]:
    """Yield the tags under which code stands."""
    for tag in notes.tags():
        yield f"#[[{tag}]]" if " " in tag else f"#{tag}", ""


def _parts(notes: Notes, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of the page that is named before a `#`."""
    name, sign, _ = typed.partition("#")
    if not sign:
        return
    page = page_called(notes, name)
    if page is not None and page in notes.pages:
        for heading in headings(notes.pages[page]):
            yield f"{name}#{heading}", notes.title(page)
