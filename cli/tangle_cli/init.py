"""The questions of `tangle init`, and what it proposes for the graph's own configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from tangle.verbs.new_config import Answers, hides_outputs


def chosen(output: Path | None, *, ask: bool) -> Answers:
    """Return what a new configuration is to say.

    Args:
        output: the folder for what is generated, where an option names it.
        ask: ask the person; otherwise the defaults count.
    """
    known = Answers() if output is None else Answers(output=output)
    if not ask:
        return known
    target = str(known.output)
    if output is None:
        target = click.prompt("Folder for generated files", default=target)
    package = click.prompt("Package for code marked with #@save", default=known.package)
    globs = click.prompt("Pages to leave out (globs, with commas)", default="none")
    return Answers(
        output=Path(target),
        package=package.strip(),
        exclude=() if globs.strip() == "none" else _globs(globs),
    )


def _globs(text: str) -> tuple[str, ...]:
    return tuple(glob.strip() for glob in text.split(",") if glob.strip())


def hiding_lines(graph: Path) -> Iterator[str]:
    """Yield the settings that hide tangle's property in Logseq, unless the graph has them.

    Args:
        graph: the graph.
    """
    if hides_outputs(graph):
        return
    yield "to keep the property tangle.output out of sight in Logseq, add to logseq/config.edn:"
    yield "  :block-hidden-properties #{:tangle.output}"
    yield "  :property-pages/excludelist #{:tangle.output}"
