"""Look up in the cache which files a section read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tangle.model import SectionName
from tangle.store import user_key
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import Notes
from tangle.verbs.results.cache import Answers, LastReads
from tangle.verbs.results.keyed_jobs import keyed_jobs
from tangle.verbs.results.places import places_of
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
    project = loaded.project
    answers = Answers(project.state, user_key(), World(places=places_of(project.root)))
    for keyed in keyed_jobs(loaded, select_all(loaded), options):
        reads = answers.last_reads(keyed.job, keyed.keys)
        if reads is not None:
            yield keyed.selected.session.name, reads
