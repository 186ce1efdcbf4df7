"""Mask text that differs between runs without meaning: times, addresses, folders."""

from __future__ import annotations

import re
from typing import Final

# Bounded, all of them: a line may have sixty thousand characters of whatever kind.
_NUMBER: Final = r"[0-9][0-9.,]{0,30}"
_LETTERS: Final = r"[^\W\d_]{1,30}"
_UNIT: Final = r"(?:ns|[µμu]s|ms|s|secs?|seconds?|mins?|minutes?|hours?)"
_DURATION: Final = rf"(?<![\w.]){_NUMBER}(?:e[-+]?[0-9]+)?[ \u00a0]?{_UNIT}(?![\w/])"

_RULES: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # `%timeit`: 1.2 µs ± 3.4 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)
        (
            rf"{_DURATION}(?: ± {_DURATION})? per loop(?: \(mean ± std\. dev\. of [^)]{{0,80}}\))?",
            "‹time›",
        ),
        # A progress bar's own clock: [00:01<00:00, 55.3it/s]
        (r"\[[0-9:]{4,12}<[^\]]{0,80}\]", "‹time›"),
        (rf"(?<![\w.]){_NUMBER} ?{_LETTERS}/(?:s|sec|second)\b", "‹rate›"),
        (rf"(?<![\w.]){_NUMBER} ?(?:s|sec|ms)/{_LETTERS}", "‹rate›"),
        (rf"{_DURATION}(?:,? {_DURATION})*", "‹time›"),
        (r"\b0x(?:[0-9a-fA-F]{6,16}\b|…)", "‹address›"),
        # The name of a temporary file, then the folder of any file.
        (r"\b(?:tmp|tangle-)[a-z0-9_]{8}\b", "‹temporary›"),
        (r"(?<![\w:/.~])(?:[A-Za-z]:)?(?:[/\\][\w.@+~‹›-]+)+[/\\](?=[\w.@+~‹›-])", "‹folder›/"),
    )
)


def normalised(line: str) -> str:
    """Return a line with durations, rates, addresses and folders of absolute paths masked.

    >>> normalised("epoch 3 took 1.25 s, saved to /home/a/out/net.pt")
    'epoch 3 took ‹time›, saved to ‹folder›/net.pt'
    """
    for pattern, instead in _RULES:
        line = pattern.sub(instead, line)
    return line
