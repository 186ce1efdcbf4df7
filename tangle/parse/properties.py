"""Read properties: the `key:: value` lines of a block, and what they mean to Logseq."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from tangle.model import Property, Span, Uuid

from .constructs import Pair
from .text import Places

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BLANKS = " \t\f\r\n\x1a"
_INVALID_KEY = re.compile(r'["^|(){}`\\;,@~\[\]\s\ufeff]|^#|^/|/(?:\d|\Z|.*/)')


def properties_of(pairs: Iterable[Pair], places: Places) -> tuple[Property, ...]:
    """The lines as properties, their keys as Logseq files them.

    Args:
        pairs: keys and values as written.
        places: of the page.
    """
    return tuple(
        [
            Property(
                key=normal_key(name := places.text(key).strip(_BLANKS)),
                name=name,
                value=places.text(value).strip(),
                span=Span(start=start, end=end),
                line=places.line(start),
            )
            for key, value, start, end in pairs
        ]
    )


@lru_cache(maxsize=1024)  # a graph has few keys, and many lines with each
def normal_key(key: str) -> str:
    """Return a property's key in Logseq's normal form: lower case, `-` for blanks and `_`."""
    key = key.strip(_BLANKS).lower().replace(" ", "-").replace("_", "-")
    return "id" if key == "custom-id" else key


@lru_cache(maxsize=1024)
def is_valid_key(key: str) -> bool:
    """Whether Logseq accepts the key: one that Clojure reads as a keyword (logseq-spec.md 3)."""
    return _INVALID_KEY.search(key) is None


def block_id(properties: Sequence[Property]) -> Uuid | None:
    """The last `id`, if it is a UUID: as in Logseq the last property of a name counts."""
    for item in reversed(properties):
        if item.key == "id":
            return Uuid(item.value.lower()) if _UUID.fullmatch(item.value) else None
    return None
