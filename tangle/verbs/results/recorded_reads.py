"""Look up in the cache which files a section read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tangle.model import SectionName
from tangle.store import user_key
from tangle.verbs.job_builder import PreparedPackage, RunOptions, job, package_with_places
from tangle.verbs.notes import Notes
from tangle.verbs.results.cache import Answers, LastReads
from tangle.verbs.results.cache_keys import import_effects, session_keys
from tangle.verbs.results.world import World
from tangle.verbs.selection import select_all


def known_reads(loaded: Notes, options: RunOptions) -> Mapping[SectionName, LastReads]:
    """Return for each cached section the paths that it read.

    Args:
        loaded: the notes.
        options: of the run for which results are looked up.
    """
    return dict(_known(loaded, options))


def _known(loaded: Notes, options: RunOptions) -> Iterator[tuple[SectionName, LastReads]]:
    project, package = loaded.project, loaded.plan.package
    _, module = package_with_places(package)
    # Nothing is run: where the package would lie is in no key.
    nowhere = PreparedPackage(folder=Path("/"), path=Path("/"), module=module)
    answers = Answers(project.state, user_key(), World())
    effects = import_effects(package)
    for selected in select_all(loaded):
        made = job(project, selected, nowhere, options)
        keys = session_keys(made, selected.session, module.text, effects)
        reads = answers.last_reads(made, keys)
        if reads is not None:
            yield selected.session.name, reads
