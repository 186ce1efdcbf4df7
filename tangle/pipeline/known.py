"""What the cache knows of a section without running it: the files that it read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tangle.model import SectionName
from tangle.pipeline.jobs import (
    CACHE,
    PreparedPackage,
    RunOptions,
    cache_key,
    job,
    package_files,
)
from tangle.pipeline.load import Loaded
from tangle.pipeline.selection import select_all
from tangle.run import result_from_json
from tangle.store import Cache


def known_reads(loaded: Loaded, options: RunOptions) -> Mapping[SectionName, frozenset[str]]:
    """For each section that the cache has a result of, the paths that it read.

    A path that ends in the separator is a folder whose names it listed.
    """
    return dict(_known(loaded, options))


def _known(loaded: Loaded, options: RunOptions) -> Iterator[tuple[SectionName, frozenset[str]]]:
    project = loaded.project
    _, module = package_files(loaded.plan.package)
    # Nothing is run: where the package would lie is in no key.
    nowhere = PreparedPackage(folder=Path("/"), path=Path("/"), module=module)
    cache = Cache(project.state / CACHE)
    for selected in select_all(loaded.plan):
        made = job(project, selected, nowhere, options)
        document = cache.get(cache_key(made, selected.session.package))
        if document is None:
            continue
        try:
            result = result_from_json(document)
        except ValueError:
            continue  # of another form: what it read is not known
        yield selected.session.name, frozenset(entry.path for entry in result.reads)
