"""Examine what is installed: Python, tangle, and the packages that tangle declares."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle import __version__
from tangle.verbs.doctor.findings import Finding

_NAME: Final = "logseq-tangle"
_FOR_DEVELOPERS: Final = frozenset({"dev"})
_PURPOSES: Final = {
    "cache": "a shared cache of results",
    "cluster": "tangle run --executor dask",
    "coverage": "coverage of the notes' lines",
    "debug": "tangle debug --listen",
    "lsp": "tangle lsp, for editors",
    "notebook": "notes in JupyterLab",
    "notes": "the shipped course",
    "pytest": "pytest on notes",
    "serve": "tangle serve",
    "site": "tangle weave",
    "xdist": "pytest -n on notes",
}
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[\w.-]+)\s*(\[(?P<extras>[^]]*)\])?\s*(>=\s*(?P<least>[\w.]+))?[^;]*"
    r"(;.*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"])?"
)
"""As the metadata writes what pyproject.toml declares: a name, extras, a lower bound."""

_TESTED: Final = "Programming Language :: Python :: "
_SYSTEMS: Final = {"darwin": "macOS", "win32": "Windows"}
"""Systems on which tangle was never run."""


class Required(Struct, frozen=True, kw_only=True):
    """A package that tangle declares.

    Attributes:
        extra: that it belongs to; empty for the base.
        extras: of that package.
        least: the lowest version that will do; empty for any.
    """

    name: str
    extra: str
    extras: tuple[str, ...]
    least: str


def install_command(wanted: str) -> str:
    """Return the command that installs something where tangle is installed now.

    Args:
        wanted: a package, with what the shell must not read in quotes.
    """
    if _is_pipx():
        return f"pipx runpip {_NAME} install {wanted}"
    if (Path(sys.prefix) / "uv-receipt.toml").exists():
        return f"uv pip install --python {sys.prefix} {wanted}"
    return f"pip install {wanted}"


def environment() -> Iterator[Finding]:
    """Yield what runs tangle: version, Python, system, environment, the command."""
    yield _found("tangle", f"{__version__}, in {Path(__file__).parents[2]}")
    yield _python()
    system = _SYSTEMS.get(sys.platform)
    yield Finding(
        area="environment",
        name="platform",
        status="warning" if system else "ok",
        detail=platform.platform() + (f": tangle was never run on {system}" if system else ""),
        action="see docs/reference/platforms.md for what to expect" if system else "",
    )
    yield _found("prefix", f"{sys.prefix} ({_kind()})")
    yield from _command()


def packages() -> Iterator[Finding]:
    """Yield a finding for each package of the base."""
    for required in _required():
        if not required.extra:
            version = _version(required.name)
            fault = _fault(required)
            yield Finding(
                area="packages",
                name=required.name,
                status="error" if fault else "ok",
                detail=fault or version,
                action=install_command(f"'{required.name}>={required.least}'") if fault else "",
            )


def extras() -> Iterator[Finding]:
    """Yield a finding for each extra: what of it is installed, and what installs it."""
    required = _by_extra(_required())
    for extra in sorted(required.keys() - _FOR_DEVELOPERS):
        wanted = list(_closure(extra, required))
        faults = [fault for each in wanted if (fault := _fault(each))]
        purpose = f"{_PURPOSES[extra]}: " if extra in _PURPOSES else ""
        there = ", ".join(f"{each.name} {_version(each.name)}" for each in wanted)
        lacking = f"needs {', '.join(faults)}"
        yield Finding(
            area="extras",
            name=extra,
            status="absent" if faults else "ok",
            detail=f"{purpose}{lacking if faults else there}",
            action=install_command(f"'{_NAME}[{extra}]'") if faults else "",
        )


def _found(name: str, detail: str) -> Finding:
    return Finding(area="environment", name=name, status="ok", detail=detail)


def _python() -> Finding:
    release = f"{sys.version_info.major}.{sys.version_info.minor}"
    tested = _tested_pythons()
    is_known = not tested or release in tested
    more = "" if is_known else f"; tangle is tested with {', '.join(tested)}"
    return Finding(
        area="environment",
        name="python",
        status="ok" if is_known else "warning",
        detail=f"{platform.python_implementation()} {platform.python_version()}, "
        f"{sys.executable}{more}",
    )


def _tested_pythons() -> list[str]:
    """The releases of Python that the metadata name: those that the tests were run on."""
    own = _own()
    classifiers = own.metadata.get_all("Classifier") if own is not None else None
    found = [each.removeprefix(_TESTED) for each in classifiers or () if each.startswith(_TESTED)]
    return [each for each in found if re.fullmatch(r"\d+\.\d+", each)]


def _kind() -> str:
    if _is_pipx():
        return "pipx"
    if (Path(sys.prefix) / "uv-receipt.toml").exists():
        return "uv tool"
    if os.environ.get("CONDA_PREFIX") == sys.prefix:
        return "conda"
    return "virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"


def _is_pipx() -> bool:
    return (Path(sys.prefix) / "pipx_metadata.json").exists()


def _command() -> Iterator[Finding]:
    """Yield whether typing `tangle` starts the one that is examined."""
    first = shutil.which("tangle")
    own = Path(sys.executable).parent
    places = {own.resolve(), Path(sys.argv[0]).parent.resolve()}
    if first is None:
        detail = f"no `tangle` on PATH; this one is {sys.argv[0]}"
        yield Finding(area="environment", name="command", status="absent", detail=detail)
    elif places.isdisjoint({Path(first).parent.resolve(), Path(first).resolve().parent}):
        yield Finding(
            area="environment",
            name="command",
            status="warning",
            detail=f"`tangle` on PATH is {first}, which may belong to a different environment",
            action=f"activate the environment that you mean, or type {own / 'tangle'}",
        )
    else:
        yield _found("command", first)


def _own() -> Distribution | None:
    try:
        return distribution(_NAME)
    except PackageNotFoundError:
        return None


def _required() -> list[Required]:
    own = _own()
    found = (_REQUIREMENT.match(text) for text in (own.requires if own is not None else None) or ())
    return [
        Required(
            name=match["name"],
            extra=match["extra"] or "",
            extras=tuple(part.strip() for part in (match["extras"] or "").split(",") if part),
            least=match["least"] or "",
        )
        for match in found
        if match is not None
    ]


def _by_extra(required: Iterable[Required]) -> Mapping[str, list[Required]]:
    found: defaultdict[str, list[Required]] = defaultdict(list)
    for each in required:
        if each.extra:
            found[each.extra].append(each)
    return found


def _closure(extra: str, required: Mapping[str, list[Required]]) -> Iterator[Required]:
    """Yield the packages of an extra, and of tangle's own extras that it names."""
    for each in required.get(extra, ()):
        if each.name == _NAME:
            for named in each.extras:
                yield from _closure(named, required)
        else:
            yield each


def _version(name: str) -> str:
    """The installed version of a package; empty if it is not installed."""
    try:
        return distribution(name).version or ""
    except PackageNotFoundError:
        return ""


def _fault(required: Required) -> str:
    """What is wrong with a package that is needed; empty if nothing is."""
    version = _version(required.name)
    if not version:
        return required.name
    if required.least and _numbers(version) < _numbers(required.least):
        return f"{required.name} {required.least} or newer, not {version}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    """A version as numbers that compare: `2.10.1` is 2, 10 and 1."""
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
