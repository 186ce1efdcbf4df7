"""File and module names of generated files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from tangle.model import SectionName

_SAFE_BYTES = 120
"""File systems take 255 bytes a name, some of them decomposed, which can double them."""


def script_names(
    sections: Iterable[tuple[SectionName, tuple[int, ...]]],
) -> Mapping[SectionName, str]:
    """Return the module name of each section's script: `sec_3_6`; titles become words in it.

    A title that loses characters, or that another one equals but for case, gets a digest, so that
    no two sections share a file on any file system. So does a section of one of several books.
    """
    names: dict[SectionName, str] = {}
    taken: set[str] = set()
    for name, number in sections:
        figures = ".".join(str(part) for part in number)
        if number and name == figures:
            module = "sec_" + figures.replace(".", "_")
        else:
            module = _from_title(name)
            if module.casefold() in taken:
                module = _with_digest(module, name)
        taken.add(module.casefold())
        names[name] = module
    return names


def _from_title(title: str) -> str:
    words = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", title)).strip("_")
    short = words.encode()[:_SAFE_BYTES].decode(errors="ignore")
    module = f"sec_{short}".rstrip("_")
    # A page called "3 6" must not take the name of section 3.6.
    exact = bool(words) and short == title and not words[0].isdigit()
    return module if exact else _with_digest(module, title)


def _with_digest(module: str, title: str) -> str:
    return f"{module}_{hashlib.sha256(title.encode()).hexdigest()[:8]}"
