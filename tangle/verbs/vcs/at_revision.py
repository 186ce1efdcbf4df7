"""Load the notes of a revision from git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tangle.link import CONFIG, graph_config
from tangle.model import PagePath
from tangle.notes import Core
from tangle.store import PAGE_LIMIT, is_page
from tangle.verbs.config_errors import BadConfig
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project, with_options
from tangle.verbs.sources import given
from tangle.verbs.vcs.repository import Blob, Repository, blob_digest


def past_project(repository: Repository, commit: str, now: Project) -> Project | None:
    """Return the project with the configuration of that time; None if that cannot be obeyed.

    Where there was none, or it lies outside the repository, the configuration of now is taken.

    Args:
        repository: that has the notes.
        commit: full name.
        now: the current project.
    """
    config = now.config
    if config is None or not config.is_relative_to(repository.root):
        return now
    blob = repository.file(commit, config)
    if blob is None:
        return now
    ((_, data),) = repository.contents([blob.digest])
    try:
        return with_options(now, data)
    except BadConfig:
        return None


def past_notes(repository: Repository, commit: str, then: Project, now: Notes) -> Notes | None:
    """Load and plan the notes of a commit; None if it had no such graph.

    Pages with problems count as far as they can be read, as they do now.

    Args:
        repository: the one that the graph is in.
        commit: which.
        then: the project as it was configured then.
        now: the notes as they are; what is the same is not read again.
    """
    if not then.graph.is_relative_to(repository.root):
        return None
    blobs = repository.files(commit, then.graph)
    if CONFIG not in blobs:
        return None
    contents = _Contents(repository, now)
    settings = contents.read({CONFIG: blobs[CONFIG]})[CONFIG].decode("utf-8", "replace")
    config, _ = graph_config(settings)
    nested = tuple(path.removesuffix(CONFIG) for path in blobs if path.endswith(f"/{CONFIG}"))
    pages = {
        PagePath(path): blob
        for path, blob in sorted(blobs.items())
        if blob.size <= PAGE_LIMIT and is_page(path, config.hidden) and not path.startswith(nested)
    }
    return Notes(then, given(settings, contents.read(pages)), Core())


class _Contents:
    """The contents of blobs; those that are unchanged are not asked for."""

    def __init__(self, repository: Repository, now: Notes) -> None:
        self._repository = repository
        self._now = now

    def read(self, blobs: Mapping[PagePath, Blob]) -> dict[PagePath, bytes]:
        same = dict(self._unchanged(blobs))
        missing = [blob.digest for path, blob in blobs.items() if path not in same]
        found = dict(self._repository.contents(missing))
        return {
            path: same[path] if path in same else found[blob.digest] for path, blob in blobs.items()
        }

    def _unchanged(self, blobs: Mapping[PagePath, Blob]) -> Iterator[tuple[PagePath, bytes]]:
        for path, blob in blobs.items():
            if path not in self._now.sources.digests:
                continue
            data = self._now.sources.data[path]
            if len(data) == blob.size and blob_digest(data, like=blob.digest) == blob.digest:
                yield path, data
