"""The jobs of sections with their keys, for commands that run nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from tangle.analyse import Package
from tangle.emit import Module
from tangle.model import Job
from tangle.verbs.job_builder import PreparedPackage, RunOptions, job, package_with_places
from tangle.verbs.notes import Notes
from tangle.verbs.results.cache_keys import Keys, import_effects, session_keys
from tangle.verbs.selection import Selected


class KeyedJob(Struct, frozen=True, kw_only=True):
    """A section with the job that would run it, and the keys of its cells."""

    selected: Selected
    job: Job
    keys: Keys


def keyed_jobs(
    loaded: Notes, selected: Iterable[Selected], options: RunOptions
) -> Iterator[KeyedJob]:
    """Yield the jobs of sections.

    Args:
        loaded: the notes.
        selected: the sections.
        options: of the run for which results are looked up.
    """
    package = loaded.plan.package
    _, module = package_with_places(package)
    # Nothing is run: where the package would lie is in no key.
    nowhere = PreparedPackage(folder=Path("/"), path=Path("/"), module=module)
    effects = import_effects(package)
    for entry in selected:
        made = job(loaded.project, entry, nowhere, options)
        yield KeyedJob(
            selected=entry,
            job=made,
            keys=session_keys(made, entry.session, saved_text(package, module), effects),
        )


def saved_text(package: Package, module: Module) -> str:
    """Return the text that holds the lines of saved code; empty if there is none.

    The package of notes that save nothing is called after their folder, which does not count.

    Args:
        package: that the notes make.
        module: its module.
    """
    return "" if package.is_empty else module.text
