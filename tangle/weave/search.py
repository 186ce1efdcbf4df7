"""The search index: scripts that work from `file://` too, where a page can fetch nothing else.

Pages are spread over segments by a digest of their address. A segment indexes its own pages, so a
changed page changes one segment and one file of texts. The script loads all segments at the first
search, and the texts only for the results that it shows.

A term is a lower-case word, or two neighboring characters of Chinese, Japanese or Korean.
`search.js` splits queries by the same rules.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from tangle.weave.views import SearchEntry

_CJK: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"(?P<cjk>[{_CJK}]+)|[^\\W_{_CJK}]+")
_INNER_CAPITAL: Final = re.compile(r"[a-z\d][A-Z]|[A-Z]{2}[a-z]")
_WORD_IN_NAME: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_LONGEST_TERM: Final = 40
"""Longer than any word that is typed; what is longer is data, such as an image in base64."""

_PAGES_A_SEGMENT: Final = 48
_PAGES_A_TEXT: Final = 12

# Weights of a term in a page's title, in a heading, in the title of the heading's page, and where
# it occurs once in a text.
_TITLE, _HEADING, _PAGE, _ONCE = 24, 16, 4, 2


def divide(entries: Iterable[SearchEntry]) -> tuple[int, int, dict[int, list[SearchEntry]]]:
    """Return the number of segments, the number of text files, and the entries by segment.

    Args:
        entries: of all pages; each page's entry comes before those of its headings.
    """
    everything = list(entries)
    pages = len({_page_of(entry) for entry in everything})
    texts = _power_of_two(pages / _PAGES_A_TEXT)
    segments = min(texts, _power_of_two(pages / _PAGES_A_SEGMENT))
    parts: dict[int, list[SearchEntry]] = {segment: [] for segment in range(segments)}
    for entry in everything:
        parts[_text_of(entry, texts) % segments].append(entry)
    return segments, texts, parts


def index_file(segments: int) -> bytes:
    """Return the file that the script loads first: `search/index.js`.

    Args:
        segments: their number.
    """
    return _script("index", {"segments": segments})


def segment_files(segment: int, entries: Sequence[SearchEntry], texts: int) -> dict[str, bytes]:
    """Return the files of one segment: its index and its texts.

    Args:
        segment: its number.
        entries: those of its pages.
        texts: number of text files of the whole index.
    """
    terms: dict[str, list[str]] = {}
    stored: dict[int, list[tuple[str, str]]] = {}
    listed: list[tuple[str, str, str, int, int]] = []
    for number, entry in enumerate(entries):
        text = _text_of(entry, texts)
        place = stored.setdefault(text, [])
        listed.append((entry.link.href, entry.link.text, entry.page, text, len(place)))
        place.append((_one_line(entry.text), entry.code))
        for term, weight in _weights(entry).items():
            said = str(number) if weight == _ONCE else f"{number}.{weight}"
            terms.setdefault(term, []).append(said)
    postings = ",".join(f"{term} {' '.join(terms[term])}" for term in sorted(terms, key=_utf16))
    name = f"s-{segment}"
    files = {f"search/{name}.js": _script(name, {"entries": listed, "terms": postings})}
    for text, values in sorted(stored.items()):
        files[f"search/t-{text}.js"] = _script(f"t-{text}", values)
    return files


def _weights(entry: SearchEntry) -> dict[str, int]:
    """Return how much each term says about the entry; repetition counts, up to a bound."""
    weights: Counter[str] = Counter()
    for term, times in Counter(_terms(entry.text)).items():
        weights[term] += _ONCE * min(times.bit_length(), 4)
    for term, times in Counter(_terms(entry.code)).items():
        weights[term] += min(times.bit_length(), 3)
    for term in set(_terms(entry.page)):
        weights[term] += _PAGE
    for term in set(_terms(entry.link.text)):
        weights[term] += _HEADING if entry.page else _TITLE
    return weights


def _terms(text: str) -> list[str]:
    terms: list[str] = []
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text)):
        word = run[0]
        if run.lastgroup:
            # The last character alone too: a query of one character is the beginning of a term.
            terms += map("".join, zip_longest(word, word[1:], fillvalue=""))
        elif len(word) <= _LONGEST_TERM:
            terms.append(word.lower())
            if _INNER_CAPITAL.search(word):
                terms += (part.lower() for part in _WORD_IN_NAME.findall(word)[1:])
    return terms


def _page_of(entry: SearchEntry) -> str:
    return entry.link.href.partition("#")[0]


def _text_of(entry: SearchEntry, texts: int) -> int:
    return zlib.crc32(_page_of(entry).encode("utf-8", "replace")) % texts


def _power_of_two(least: float) -> int:
    """Round up to a power of two, so that another page seldom moves the others."""
    power = 1
    while power < least:
        power *= 2
    return power


def _utf16(term: str) -> bytes:
    """Order as JavaScript does, which finds the terms by bisection."""
    return term.encode("utf-16-be", "surrogatepass")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _script(name: str, value: object) -> bytes:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"tangleIndex({json.dumps(name)},{written});\n".encode("utf-8", "replace")
