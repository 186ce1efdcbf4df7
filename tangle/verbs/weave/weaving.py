"""Weave a project's notes into a folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tangle.errors import UsageError
from tangle.model import PagePath, Problem
from tangle.notes import Core, Query
from tangle.store import SiteFolder, check_links, lock, make_folder, other_files
from tangle.verbs.notes import Notes, Shelf, read_notes
from tangle.verbs.project import Project
from tangle.verbs.sources import shown, without_gc
from tangle.verbs.weave.assets import MERMAID, mermaid_script, own_style, picture, wide_font
from tangle.verbs.weave.choice import pages_meant
from tangle.verbs.weave.code import QUERIES, all_facts, all_outputs, downloads
from tangle.verbs.weave.code import roots as code_roots
from tangle.weave.urls import INDEX

if TYPE_CHECKING:
    from tangle.weave.site import SiteFile

SITE: Final = "site"
"""The folder of the site, where no other is named."""

_NEEDED: Final = ("jinja2", "markupsafe", "mistune", "nh3", "pygments", "dukpy")


class NoSitePackages(UsageError):
    """The packages that weave needs are not installed."""

    def __init__(self, missing: Sequence[str]) -> None:
        """Name them, and how to install them."""
        super().__init__(
            f"tangle weave needs {', '.join(missing)}: pip install 'logseq-tangle[site]'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeaveReport:
    """What weaving wrote.

    Attributes:
        folder: of the site.
        pages: how many pages of the notes it has.
        written, removed: names of files, relative to the folder.
        unchanged: how many files were right already.
        unread: the pages that could not be read.
        warnings: what is wrong with pages as readers see them: place and message.
        first: the file to open.
    """

    folder: Path
    pages: int
    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    unread: tuple[Problem, ...]
    warnings: tuple[str, ...]
    first: Path


def weave(project: Project, wanted: Sequence[str] = (), output: Path | None = None) -> WeaveReport:
    """Write the site of a project's notes.

    Args:
        project: whose notes.
        wanted: the pages to weave, as they are named on the command line; none for all.
        output: the folder; `site` in the project's root if none is named.

    Raises:
        NoSitePackages: the extra `site` is not installed.
        UnknownPage: a name means no page.
        ForeignFile: the folder holds other people's files; nothing was written.
        Locked: another tangle is at work on this project.
    """
    check_packages()
    target = output.absolute() if output is not None else project.root / SITE
    if output is None:
        check_links(target, project.root)
    SiteFolder(target)  # refuses a folder of others before anything is woven
    from tangle.weave import site
    from tangle.weave.assets import is_cleaned
    from tangle.weave.graph import href_of_page, woven_pages

    mermaid = mermaid_script(project)
    notes = read_notes(project, shelf=site_shelf())
    faults: list[str] = []
    with without_gc():
        give(notes, wanted, target)
        files = made_files(notes, mermaid) | late_files(notes)
        copied = site.copied_files(notes.core)
        sources = {href: path for path, href in copied.items()}
        digests = {name: file.digest() for name, file in files.items()}
        digests |= {href: site.copied_stamp(notes.core, path) for href, path in sources.items()}

        def content(name: str) -> bytes | Path:
            if name in files:
                return files[name].make()
            path = sources[name]
            if is_cleaned(path):
                return picture(project.graph / path, project.shown(PagePath(path)), faults)
            return project.graph / path

        make_folder(project.state)
        with lock(project.state):
            changes = SiteFolder(target).write(digests, content)
            notes.remember()
    pages = woven_pages(notes.core, "")
    first = href_of_page(notes.core, pages[0]) if wanted and pages else None
    return WeaveReport(
        folder=target,
        pages=len(pages),
        written=changes.written,
        removed=changes.removed,
        unchanged=changes.unchanged,
        unread=tuple(shown(project, problem) for problem in notes.unread),
        warnings=(*_warnings(notes), *faults),
        first=target / (first or INDEX),
    )


def made_files(notes: Notes, mermaid: bytes | None) -> dict[str, SiteFile]:
    """Return the files that pages are or show, but those of the graph that are copied.

    Args:
        notes: to which `give` gave what the site is made of.
        mermaid: the script that draws diagrams, where one is configured.
    """
    from tangle.weave import site
    from tangle.weave.templates import OWN_STYLE

    files = site.site_files(notes.core)
    if not site.needs(notes.core, "mermaid"):
        mermaid = None
    own = {MERMAID: mermaid, OWN_STYLE: own_style(notes.project)}
    files |= {name: site.given(data) for name, data in own.items() if data is not None}
    return files


def late_files(notes: Notes) -> dict[str, SiteFile]:
    """Return the files that readers ask for: those of the search, and downloads."""
    from tangle.weave import site

    files = site.search_files(notes.core)
    for name, digest, make in downloads(notes):
        files[name] = site.SiteFile(digest=digest, make=make)
    return files


def check_packages() -> None:
    """Check that what weave needs is installed.

    Raises:
        NoSitePackages: the extra `site` is not.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise NoSitePackages(missing)


def site_shelf() -> Shelf:
    """Return what of the site is kept for the next time."""
    from tangle.weave import site

    return Shelf(name="site", queries=(*site.KEPT, *QUERIES), roots=_roots)


def _roots(core: Core) -> Iterator[tuple[Query[Any, Any], Any]]:
    from tangle.weave import site

    yield from site.roots(core)
    yield from code_roots(core)


def give(notes: Notes, wanted: Sequence[str], target: Path, scripts: tuple[str, ...] = ()) -> None:
    """Give the store what the site is made of beside the notes.

    Args:
        notes: the notes.
        wanted: as for `weave`.
        target: the folder of the site, of which nothing is taken.
        scripts: addresses of more scripts, which every page loads.
    """
    from tangle.weave.inputs import (
        SiteSettings,
        graph_assets,
        page_results,
        section_facts,
        site_settings,
    )
    from tangle.weave.site import static_version

    style = own_style(notes.project)
    project, options = notes.project, notes.project.options.site
    settings = SiteSettings(
        title=options.title or project.graph.name,
        language=options.language,
        base=options.base,
        student=options.student,
        mermaid=bool(options.mermaid),
        card_font=wide_font() if options.base else "",
        only=pages_meant(notes, wanted) if wanted else None,
        version=static_version(style or b""),
        own_style=style is not None,
        scripts=scripts,
    )
    files = other_files(project.graph, notes.config.hidden, target)
    notes.give(
        (graph_assets, files),
        (site_settings, settings),
        (page_results, all_outputs(notes)),
    )
    notes.give((section_facts, all_facts(notes)))


def _warnings(notes: Notes) -> Iterator[str]:
    """What readers of the site would notice."""
    from tangle.weave.content import shows
    from tangle.weave.graph import woven_pages

    for path in woven_pages(notes.core, ""):
        for warning in shows(notes.core, path).warnings:
            if warning.line:  # what another page shows has its line there
                place = f"{notes.project.shown(warning.page)}:{warning.line}"
                yield f"{place}: warning: {warning.message}"
