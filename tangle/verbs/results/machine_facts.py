"""Facts of a machine that count for a result only where they show.

The number of processors, the time zone, the absolute place of the project and the like are not in
the key of a result: on another machine they differ. Where code asks for one of them, or an output
seems to show one, its value is kept with the result, which then answers only where it is the same.
"""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tangle.verbs.results.places import Places

_LEAST: Final = 3
"""Characters that a path or a name must have for its text to be recognised in an output."""

_IN_CODE: Final[Mapping[str, re.Pattern[str]]] = {
    "processors": re.compile(
        r"cpu_count|num_threads|num_interop_threads|threadpool|n_jobs|sched_getaffinity"
    ),
    "platform": re.compile(
        r"\bplatform\b|\bos\.name\b|\buname\b|\bmaxsize\b|\bbyteorder\b|__config__"
    ),
    "zone": re.compile(
        r"fromtimestamp|localtime|mktime|astimezone|tzlocal|tzname|tzset|altzone|\bctime\b"
    ),
    "locale": re.compile(r"\blocale\b|\w*setlocale|strxfrm|strcoll|getpreferredencoding"),
    "python": re.compile(r"version_info|sys\.version|python_version|hexversion"),
}
"""Words of code that asks for a fact."""

_PLACES_IN_CODE: Final = re.compile(
    r"getcwd|\.cwd\(|\.home\(|abspath|realpath|\.resolve\(|\.absolute\(|__file__|__path__"
    r"|expanduser|sys\.(?:path|prefix|executable|argv)|samefile|%pwd|%cd|\bsysconfig\b"
)
"""Words of code that asks for absolute paths. In functions they mostly serve to open files."""

_IN_OUTPUT: Final[Mapping[str, re.Pattern[str]]] = {
    "processors": re.compile(r"\b(?:cpus?|cores?|threads?|processors?|workers?)\b", re.IGNORECASE),
}
"""Words of text that may show a fact."""

_LOCALE: Final = ("LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES",
                  "LC_MONETARY", "LC_NUMERIC", "LC_TIME")  # fmt: skip
_THREADS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def value_of(fact: str, places: Places) -> str:
    """Return the value of a fact on this machine.

    Args:
        fact: its name; `folder NAME` for the path of one of the places.
        places: of this machine.
    """
    if fact.startswith("folder "):
        return places.folders.get(fact.removeprefix("folder "), "")
    if fact == "folders":
        return "\n".join(f"{name} {at}" for name, at in sorted(places.folders.items()))
    ask = _VALUES.get(fact)
    return ask() if ask is not None else "unknown"


def shown_facts(
    code: str, reached: Iterable[str], outputs: Iterable[str], places: Places
) -> frozenset[str]:
    """Return the names of the facts that a result may show.

    Args:
        code: what was run.
        reached: saved code and modules of the user's own that it reaches.
        outputs: the texts that it showed.
        places: of this machine.
    """
    found = {
        fact for text in (code, *reached) for fact, asks in _IN_CODE.items() if asks.search(text)
    }
    if _PLACES_IN_CODE.search(code):
        found.add("folders")
    for text in outputs:
        found.update(_in_output(text, places))
    return frozenset(found)


def _in_output(text: str, places: Places) -> Iterator[str]:
    yield from (fact for fact, shows in _IN_OUTPUT.items() if shows.search(text))
    for name, at in places.folders.items():
        if len(at) > _LEAST and at in text:
            yield f"folder {name}"
    for fact in ("python", "host"):
        value = _VALUES[fact]().partition(" ")[0]
        if len(value) > _LEAST and value in text:
            yield fact


def _variables(names: Iterable[str]) -> str:
    return "\n".join(f"{name}={os.environ.get(name, '')}" for name in names)


def _processors() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return f"{os.cpu_count()} {usable}\n{_variables(_THREADS)}"


_VALUES: Final[Mapping[str, Callable[[], str]]] = {
    "processors": _processors,
    "platform": lambda: f"{sys.platform} {os.name} {platform.machine()} {platform.release()}",
    "zone": lambda: f"{_variables(['TZ'])} {time.tzname} {time.timezone} {time.altzone}",
    "locale": lambda: f"{_variables(_LOCALE)} {locale.getlocale()}",
    "python": lambda: f"{platform.python_version()} {sys.version}",
    "host": platform.node,
}
