"""Decide which shared cache a command uses, whose results count there, and whether it writes.

A configuration may have come with a clone. So what it says of a shared cache counts only in folders
that the user trusts by name (`tangle trust`); the user's own environment needs no such consent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle import CI_IS_OFF
from tangle.errors import Refused, UsageError
from tangle.verbs.config_errors import BadConfig
from tangle.verbs.project import CACHE_ADDRESS, CACHE_HINT, Project
from tangle.verbs.trust import TRUSTED_VARIABLE, is_trusted

ADDRESS_VARIABLE: Final = "TANGLE_CACHE"
KEYS_VARIABLE: Final = "TANGLE_CACHE_KEYS"
WRITE_VARIABLE: Final = "TANGLE_CACHE_WRITE"
_OFF: Final = "off"
_NAMED_KEY: Final = re.compile(r"([\w.@+ -]{1,64}):([A-Za-z0-9_-]{43})")
_KEY_HINT: Final = "each is a name, a colon and a public key, as `tangle cache key` prints them"


class CacheNotTrusted(Refused):
    """A configuration names a shared cache, and its folder was not trusted by name."""

    def __init__(self, config: Path) -> None:
        """Say which configuration, and how to use the cache."""
        super().__init__(
            f"{config}: names a shared cache, which is not used: the file may have come with a "
            f"clone; if you trust the cache and the keys in it, run: tangle trust {config.parent}; "
            f"in a container or a CI job, set {TRUSTED_VARIABLE}={config.parent}, or "
            f"{ADDRESS_VARIABLE}={_OFF} to leave it off"
        )


class NoCache(UsageError):
    """No shared cache is configured."""

    def __init__(self) -> None:
        """Say how to name one."""
        super().__init__(
            'no shared cache is configured; name one in tangle.toml: cache = "s3://bucket/folder", '
            f"or in the variable {ADDRESS_VARIABLE}"
        )


class BadVariable(UsageError):
    """A variable of the environment has a value that makes no sense."""


class CacheSettings(Struct, frozen=True, kw_only=True):
    """A shared cache.

    Attributes:
        address: of the store, for fsspec.
        trusted: the names of the public keys whose results count, by key.
        writes: whether results are put there without being asked for.
    """

    address: str
    trusted: Mapping[str, str]
    writes: bool


def cache_settings(
    project: Project, environment: Mapping[str, str] = os.environ
) -> CacheSettings | None:
    """Return the shared cache of a project; None if there is none.

    Args:
        project: whose results.
        environment: of the user.

    Raises:
        CacheNotTrusted: it is named by a configuration that the user did not trust.
        BadConfig, BadVariable: what is said of it makes no sense.
    """
    given = environment.get(ADDRESS_VARIABLE, "")
    options, config = project.options, project.config
    if given == _OFF or not (given or options.cache):
        return None
    trusts_config = config is not None and is_trusted(config.parent)
    if not given and not trusts_config:
        raise CacheNotTrusted(config or project.root / "tangle.toml")
    if given and not CACHE_ADDRESS.fullmatch(given):
        raise BadVariable(f"{ADDRESS_VARIABLE} cannot be {given!r}; {CACHE_HINT}")
    trusted = _keys_of_variable(environment.get(KEYS_VARIABLE, ""))
    if trusts_config:
        trusted = _keys_of_config(options.cache_keys, config or Path()) | trusted
    return CacheSettings(
        address=given or options.cache, trusted=trusted, writes=_may_write(environment)
    )


def _may_write(environment: Mapping[str, str]) -> bool:
    """Whether runs put results there: in CI, where anyone may propose code, only if asked to."""
    wish = environment.get(WRITE_VARIABLE, "").lower()
    if wish:
        return wish not in CI_IS_OFF
    return environment.get("CI", "").lower() in CI_IS_OFF


def _keys_of_variable(text: str) -> dict[str, str]:
    try:
        return _named_keys(filter(None, (part.strip() for part in text.split(","))))
    except ValueError as error:
        raise BadVariable(f"{KEYS_VARIABLE} cannot hold {error}; {_KEY_HINT}") from error


def _keys_of_config(keys: Iterable[str], config: Path) -> dict[str, str]:
    try:
        return _named_keys(keys)
    except ValueError as error:
        message = f"cache_keys cannot hold {error}"
        raise BadConfig(config, message, _KEY_HINT, option="cache_keys") from error


def _named_keys(texts: Iterable[str]) -> dict[str, str]:
    """The names of keys, by key.

    Raises:
        ValueError: a text is no key with its name.
    """
    from tangle.store.remote.signing import is_public_key, public_bytes, public_text

    found = {}
    for text in texts:
        named = _NAMED_KEY.fullmatch(text.strip())
        if named is None or not is_public_key(named[2]):
            raise ValueError(repr(text))
        found[public_text(public_bytes(named[2]))] = named[1].strip()
    return found
