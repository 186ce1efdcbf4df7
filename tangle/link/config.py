"""Read the settings of `logseq/config.edn` that tangle obeys."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from tangle.link.journals import DEFAULT_FORMAT
from tangle.model import CONFIG, Place, Problem
from tangle.model.problems.graph import UNREADABLE_CONFIG
from tangle.parse.edn import BadEdn, EdnForm, read_edn

UNITS: Final = {"tab": "\t", "two-spaces": "  ", "four-spaces": "    ", "eight-spaces": " " * 8}


class GraphConfig(Struct, frozen=True, kw_only=True):
    """The settings of a graph that decide which files are pages and how they are written.

    Attributes:
        hidden: prefixes of "/" and a file's path; such files are no pages.
        name_format: how a title becomes a file name.
        unit: one step of indentation in a page, as Logseq writes it.
        journal_format: how the title of a journal's day is written, such as `MMM do, yyyy`.
        block_limit: characters of a block beyond which Logseq does not let it be edited.
        include, exclude, exclude_tags: of tangle's own configuration: the pages that take part.
        all_public: `:publishing/all-pages-public?`; None if it is not set.
        hidden_properties: `:block-hidden-properties`, in the form in which keys compare.
    """

    hidden: tuple[str, ...] = ()
    name_format: Literal["triple-lowbar", "legacy"] = "legacy"
    unit: str = "\t"
    journal_format: str = DEFAULT_FORMAT
    block_limit: int = 10_000
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    all_public: bool | None = None
    hidden_properties: tuple[str, ...] = ()


@lru_cache(maxsize=4)  # a command asks twice
def graph_config(text: str) -> tuple[GraphConfig, tuple[Problem, ...]]:
    """Read the text of a `config.edn`; if that fails, return the defaults and a warning.

    Source: logseq-spec.md section 1.
    """
    try:
        form = read_edn(text)
    except BadEdn as error:
        return GraphConfig(), (_unreadable(error.reason, error.line),)
    if form is None or form.kind != "map":
        return GraphConfig(), (_unreadable("it is not a map", 1),)
    settings = {key.value: value for key, value in form.entries() if key.kind == "keyword"}
    day = settings.get("journal/page-title-format")
    return (
        GraphConfig(
            hidden=_texts(settings.get("hidden")),
            name_format=(
                "triple-lowbar"
                if _word(settings.get("file/name-format")) == "triple-lowbar"
                else "legacy"
            ),
            unit=UNITS.get(_word(settings.get("export/bullet-indentation")), "\t"),
            journal_format=(day and day.kind == "string" and day.value) or DEFAULT_FORMAT,
            all_public=_flag(settings.get("publishing/all-pages-public?")),
            hidden_properties=_keys(settings.get("block-hidden-properties")),
            block_limit=_number(settings.get("block/content-max-length"), 10_000),
        ),
        (),
    )


def _word(form: EdnForm | None) -> str:
    return "" if form is None else form.value


def _flag(form: EdnForm | None) -> bool | None:
    return {"true": True, "false": False}.get(_word(form))


def _keys(form: EdnForm | None) -> tuple[str, ...]:
    """The names of properties, which are written as keywords or as strings."""
    if form is None or form.kind not in ("vector", "list", "set"):
        return ()
    return tuple(sorted(e.value.lower() for e in form.items if e.kind in ("keyword", "string")))


def _number(form: EdnForm | None, usual: int) -> int:
    digits = form.text if form is not None else ""
    return int(digits) if re.fullmatch("[1-9][0-9]{0,8}", digits) else usual


def _texts(form: EdnForm | None) -> tuple[str, ...]:
    if form is None or form.kind not in ("vector", "list", "set"):
        return ()
    # A blank entry would hide the whole graph. Sets have no order of their own.
    strings = (item.value for item in form.items if item.kind == "string")
    texts = [text for text in strings if text.strip()]
    return tuple(sorted(texts) if form.kind == "set" else texts)


def _unreadable(reason: str, line: int) -> Problem:
    return UNREADABLE_CONFIG.at(
        Place(path=CONFIG, line=line),
        f"this file cannot be read, so Logseq's defaults are used: {reason}",
    )
