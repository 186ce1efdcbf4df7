"""`tangle init`: its questions, and what it offers for the graph's own configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from tangle.errors import Refused
from tangle.verbs.config_errors import ConfigExists
from tangle.verbs.found_book import book_globs
from tangle.verbs.logseq_settings import SettingsChange, hiding_change, write_settings
from tangle.verbs.new_config import Answers, config_place, write_config
from tangle_cli.messages import _
from tangle_cli.printing import print_lines

if TYPE_CHECKING:
    from tangle_cli.common import Where

_PURPOSE = "keep the property tangle.output out of sight in Logseq"


def set_up(where: Where, *, ask: bool, hide: bool) -> Iterator[str]:
    """Write what is missing and was agreed to; yield what was done.

    Nothing is written before all questions are answered and all answers are accepted.

    Args:
        where: the global options.
        ask: ask the person; otherwise the defaults count.
        hide: edit `logseq/config.edn`.
    """
    graph, output = (path and path.resolve() for path in (where.graph, where.output))
    try:
        found, path = config_place(Path.cwd(), graph)
    except ConfigExists:
        if not hide:
            raise
        found = where.project().graph
        yield from _hidden(found, hiding_change(found))
        return
    change = hiding_change(found) if hide else None
    answers = _answers(output) if ask else _defaults(output)
    offered, hints = (change, ()) if hide else _offer(found, ask=ask)
    book = book_globs(found)
    write_config(found, path, replace(answers, book=book))
    yield _(f"wrote {path}")
    yield from (_(f"book: {glob}") for glob in book)
    if offered is not None:
        yield from _hidden(found, offered)
    yield from hints


def _defaults(output: Path | None) -> Answers:
    return Answers() if output is None else Answers(output=output)


def _answers(output: Path | None) -> Answers:
    """Ask for the settings of a new configuration; an option answers for the folder."""
    known = _defaults(output)
    target = str(known.output)
    if output is None:
        target = click.prompt(_("Folder for generated files"), default=target)
    globs = click.prompt(_("Pages to leave out (globs, with commas)"), default="none")
    return Answers(
        output=Path(target),
        exclude=() if globs.strip() == "none" else _globs(globs),
    )


def _globs(text: str) -> tuple[str, ...]:
    return tuple(glob.strip() for glob in text.split(",") if glob.strip())


def _offer(graph: Path, *, ask: bool) -> tuple[SettingsChange | None, tuple[str, ...]]:
    """The change that a person agreed to, or else what to print about it.

    A file that cannot be edited does not keep the new configuration from being written.
    """
    try:
        change = hiding_change(graph)
    except Refused as error:
        return None, (_(f"to {_PURPOSE}: {error}"),)
    if not change.entries:
        return None, ()
    entries = tuple(f"  {entry}" for entry in change.entries)
    if not ask:
        way = "run `tangle init --hide-outputs`, which adds to logseq/config.edn:"
        return None, (_(f"to {_PURPOSE}, {way}"), *entries)
    print_lines((_(f"To {_PURPOSE}, logseq/config.edn needs:"), *entries))
    if click.confirm(_("Add them (all else in the file stays)?"), default=True):
        return change, ()
    return None, (_("logseq/config.edn is as it was; `tangle init --hide-outputs` edits it later"),)


def _hidden(graph: Path, change: SettingsChange) -> Iterator[str]:
    """Make a change, and yield what it does."""
    if not change.entries:
        yield _(f"{change.path}: tangle.output is out of sight already")
        return
    write_settings(graph, change)
    yield _(f"{change.path}: added")
    yield from (f"  {entry}" for entry in change.entries)
    yield _(
        "Logseq hides it once it has read the file again; `Re-index` there also removes its page"
    )
