"""Report globs of the configuration that mean no page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tangle.link import path_matches
from tangle.model import PagePath, Place, Problem
from tangle.model.problems.files import UNMATCHED_GLOB
from tangle.verbs.config_errors import option_line
from tangle.verbs.notes import Notes


def unmatched_globs(notes: Notes) -> Iterator[Problem]:
    """Yield a problem for each glob of the configuration that matches no page.

    Args:
        notes: of the project.
    """
    project = notes.project
    config, options = project.config, project.options
    if config is None:
        return
    paths = tuple(notes.sources.digests)
    found = (("book", options.book), ("include", options.include), ("exclude", options.exclude))
    for option, globs in found:
        for glob in globs or ():
            if _matches(paths, glob):
                continue
            place = Place(path=PagePath(config.name), line=option_line(config, option) or 1)
            message = f"no page matches {glob!r} in {option}"
            yield UNMATCHED_GLOB.at(place, message, hint=_hint(notes, paths, glob))


def _matches(paths: Sequence[str], glob: str) -> bool:
    return any(path_matches(path, glob) for path in paths)


def _hint(notes: Notes, paths: Sequence[str], glob: str) -> str | None:
    """Return the glob that is likely meant: within `pages`, below the graph, or with its suffix."""
    project = notes.project
    graph = ""
    if project.graph.is_relative_to(project.root):
        graph = f"{project.graph.relative_to(project.root).as_posix()}/"
    likely = (
        glob.removeprefix(graph),
        f"pages/{glob}",
        f"{glob}.md",
        f"pages/{glob}.md",
        f"**/{glob}",
        f"**/{glob}.md",
    )
    meant = next((other for other in likely if _matches(paths, other)), None)
    return None if meant is None else f"did you mean {meant!r}? globs are relative to the graph"
