"""Read the settings of `logseq/config.edn` that tangle obeys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from tangle.link.journals import DEFAULT_FORMAT
from tangle.model import CONFIG, Place, Problem
from tangle.model.problems.graph import UNREADABLE_CONFIG

UNITS: Final = {"tab": "\t", "two-spaces": "  ", "four-spaces": "    ", "eight-spaces": " " * 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConfig:
    """The settings of a graph that decide which files are pages and how they are written.

    Attributes:
        hidden: prefixes of "/" and a file's path; such files are no pages.
        name_format: how a title becomes a file name.
        unit: one step of indentation in a page, as Logseq writes it.
        journal_format: how the title of a journal's day is written, such as `MMM do, yyyy`.
        include, exclude, exclude_tags: of tangle's own configuration: the pages that take part.
    """

    hidden: tuple[str, ...] = ()
    name_format: Literal["triple-lowbar", "legacy"] = "legacy"
    unit: str = "\t"
    journal_format: str = DEFAULT_FORMAT
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()


@lru_cache(maxsize=4)  # its library takes its time, and a command asks twice
def graph_config(text: str) -> tuple[GraphConfig, tuple[Problem, ...]]:
    """Read the text of a `config.edn`; if that fails, return the defaults and a warning.

    Source: logseq-spec.md section 1.
    """
    try:
        import edn_format

        value = edn_format.loads(text.removeprefix("\ufeff"))
    # A literal's own constructor may raise anything (`1/0`, `#inst "x"`), and so does the
    # library itself where Python runs without docstrings.
    except Exception as error:  # noqa: BLE001
        return GraphConfig(), (_unreadable(str(error).split("\n")[0]),)
    if not hasattr(value, "items"):
        return GraphConfig(), (_unreadable("it is not a map"),)
    settings = {str(key).lstrip(":"): entry for key, entry in value.items()}
    triple = str(settings.get("file/name-format", "")).lstrip(":") == "triple-lowbar"
    unit = str(settings.get("export/bullet-indentation", "tab")).lstrip(":")
    day = settings.get("journal/page-title-format")
    return (
        GraphConfig(
            hidden=_texts(settings.get("hidden")),
            name_format="triple-lowbar" if triple else "legacy",
            unit=UNITS.get(unit, "\t"),
            journal_format=day if isinstance(day, str) and day else DEFAULT_FORMAT,
        ),
        (),
    )


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return ()
    # A blank entry would hide the whole graph. Sets have no order of their own.
    texts = [entry for entry in value if isinstance(entry, str) and entry.strip()]
    return tuple(sorted(texts) if isinstance(value, set | frozenset) else texts)


def _unreadable(reason: str) -> Problem:
    return UNREADABLE_CONFIG.at(
        Place(path=CONFIG, line=1),
        f"this file cannot be read, so Logseq's defaults are used: {reason}",
    )
