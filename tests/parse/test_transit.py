"""transit-json is read with its cache of strings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.parse.transit import BadTransit, Keyword, read_transit

_BASE = 44


class Writer:
    """Writes transit-json as Logseq does: with codes for what repeats."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}

    def write(self, value: Any, *, key: bool = False) -> Any:
        if isinstance(value, Keyword):
            return self._cached(f"~:{value}")
        if isinstance(value, str):
            text = f"~{value}" if value[:1] in ("~", "^", "`") else value
            return self._cached(text) if key else text
        if isinstance(value, dict):
            found: list[Any] = ["^ "]
            for name, one in value.items():
                found += [self.write(name, key=True), self.write(one)]
            return found
        return [self.write(one) for one in value] if isinstance(value, list) else value

    def _cached(self, text: str) -> str:
        if len(text) <= 3:
            return text
        if text in self._codes:
            return self._codes[text]
        at = len(self._codes)
        if at == _BASE * _BASE:
            self._codes.clear()
            at = 0
        high, low = divmod(at, _BASE)
        self._codes[text] = f"^{chr(high + 48) if high else ''}{chr(low + 48)}"
        return text


names = st.text("abc/-.?0123", min_size=1, max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | names.map(Keyword),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text("xyz~^", max_size=6) | names.map(Keyword), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(documents)
def test_what_is_written_is_read(document: Any) -> None:
    written = json.dumps(Writer().write([document, document, 0]))
    assert read_transit(written) == [document, document, 0]


def test_the_cache_begins_again_when_it_is_full() -> None:
    document = [Keyword(f"name-{number % 2500}") for number in range(6000)]
    assert read_transit(json.dumps(Writer().write(document))) == document


@pytest.mark.parametrize(
    "text", ["", "{", '["^ ","~:a"]', '["^9"]', '["^zz"]', '["~i1x"]', "[" * 100000]
)
def test_what_is_no_transit_is_refused(text: str) -> None:
    with pytest.raises(BadTransit):
        read_transit(text)


def test_scalars_and_tags() -> None:
    text = (
        '["~i12","~n99999999999999999999","~d1.5","~?t","~_","~u11","~m5",["~#set",[1,2]],'
        '["~#cmap",[[1],2]],"~~x"]'
    )
    assert read_transit(text) == [
        12,
        99999999999999999999,
        1.5,
        True,
        None,
        "11",
        5,
        [1, 2],
        {(1,): 2},
        "~x",
    ]
