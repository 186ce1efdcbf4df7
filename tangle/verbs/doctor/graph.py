"""Examine the project here: how its graph is read, what its notes import, its state and disk."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle import CI_IS_OFF, STATE_FOLDER
from tangle.analyse import WantedModule
from tangle.link import graph_config
from tangle.model import PagePath, Problem
from tangle.notes import pages
from tangle.store import (
    FileSystem,
    Installed,
    environments_beside,
    file_system,
    held_lock,
    leads_out,
    newest_page,
    user_key_fault,
)
from tangle.verbs.adoption import adopted_pages
from tangle.verbs.config_errors import NoGraph
from tangle.verbs.doctor.findings import Finding, Status, within
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project, find_project
from tangle.verbs.write_back.unplaced import waiting

_MOST_PACKAGES: Final = 12
_LITTLE: Final = 1 << 30
_TOO_LITTLE: Final = 64 << 20
"""Bytes of free space: below the first a warning is due, below the second runs fail."""

_SHARED: Final = Path("/dev/shm")
_FEW_INODES: Final = 1000
_SKEW: Final = 5.0
"""Seconds that a page may be dated in the future: clocks of two machines differ a little."""

_CLOCK_WAS_SET: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


class Named(Struct, frozen=True, kw_only=True):
    """The folder that a command was given in, and what its options name."""

    start: Path
    graph: Path | None = None
    output: Path | None = None
    config: Path | None = None


def project(named: Named, seconds: float) -> tuple[Project | None, tuple[Finding, ...]]:
    """Return the project, if there is one that can be obeyed, and how it was found.

    Args:
        named: where to look.
        seconds: how many seconds to wait for its folder.
    """
    found: list[Project] = []

    def look() -> Iterator[Finding]:
        try:
            at = find_project(
                start=named.start, graph=named.graph, output=named.output, config=named.config
            )
        except NoGraph as error:
            status: Status = "error" if error.given else "absent"
            yield Finding(area="graph", name="graph", status=status, detail=str(error))
            return
        found.append(at)
        yield from _project(at)

    findings = within(seconds, "graph", look)
    return (found[0] if found else None), findings


def _project(at: Project) -> Iterator[Finding]:
    yield _found("graph", f"{at.graph}, {_kind(at)}")
    config = str(at.config) if at.config is not None else "none: every option has its default"
    yield _found("configuration", config)
    yield _found("output", str(at.output))
    if at.source is None and not os.access(at.graph, os.W_OK | os.X_OK):
        yield Finding(
            area="graph",
            name="permissions",
            status="error",
            detail=f"{at.graph} is not writable: outputs cannot be written into the notes",
            action="give this user the right to write there, or run with --no-write",
        )


def _found(name: str, detail: str, area: str = "graph") -> Finding:
    return Finding(area=area, name=name, status="ok", detail=detail)


def _kind(at: Project) -> str:
    if at.source is None:
        return "pages in Markdown"
    kind = "Markdown mirror" if at.source.is_mirror else "database"
    return f"from the {kind} of Logseq 2 at {at.source.path}"


def notes(at: Project) -> Iterator[Finding]:
    """Yield how the notes are read, and what they import. Nothing of them is executed.

    Args:
        at: the project.
    """
    read = read_notes(at)
    coded = {row.section.page for row in read.rows if row.chunks}
    adopted = adopted_pages(read)
    org = f"; {read.sources.org_pages:,} in Org's format are not read"
    yield _found(
        "pages",
        f"{len(read.sources.digests):,} read, {len(coded):,} with Python, "
        f"{len(coded & adopted):,} adopted{org if read.sources.org_pages else ''}",
        area="notes",
    )
    yield from _books(read)
    if read.has_package:
        yield _found("package", str(read.named_project.package), area="notes")
    for problem in graph_config(read.sources.settings)[1][:1]:
        yield Finding(
            area="notes",
            name="config.edn",
            status="warning",
            detail=f"{problem.place.path}:{problem.place.line}: {problem.message}",
            action=problem.hint or "",
        )
    if read.unread:
        first = read.unread[0]
        yield Finding(
            area="notes",
            name="unread",
            status="warning",
            detail=f"{len(read.unread):,} cannot be read; the first is {first.place.path}: "
            f"{first.message}",
            action="tangle check lists them",
        )
    yield from _imports(read, adopted)


def _books(read: Notes) -> Iterator[Finding]:
    of = pages.all_books(read.core, "").of
    if of:
        names = sorted({book.name for book in of.values()} - {""}) or ["found by its numbers"]
        many = f"{len(of):,} page{'s' if len(of) > 1 else ''}"
        yield _found("book", f"{', '.join(names)}, {many}", area="notes")


def _imports(read: Notes, adopted: frozenset[PagePath]) -> Iterator[Finding]:
    """Yield the installed packages that the notes import, and each one that they lack."""
    wanted: defaultdict[str, list[WantedModule]] = defaultdict(list)
    for row in read.rows:
        for module in row.modules:
            wanted[module.name].append(module)
    lacking = {
        name: problem
        for name, places in wanted.items()
        if (problem := next(missing_imports(read, places), None)) is not None
    }
    yield from _installed([name for name in wanted if name not in lacking])
    found = [_lacking(read, name, lacking[name], wanted[name], adopted) for name in sorted(lacking)]
    yield from (each for each in found if each.status == "error")
    others = [each for each in found if each.status != "error"]
    yield from others[:_MOST_PACKAGES]
    if rest := [each.name for each in others[_MOST_PACKAGES:]]:
        yield Finding(
            area="imports",
            name="more packages",
            status="warning",
            detail=f"{len(rest):,} more that only pages which were never run need: "
            f"{', '.join(rest[:_MOST_PACKAGES])}{', ...' if rest[_MOST_PACKAGES:] else ''}",
            action="tangle check --all lists them with their places",
        )
    beside = environments_beside((read.project.root, read.project.graph))
    for other in beside if lacking else ():
        detail = f"{other.folder} is beside the graph, and tangle does not run in it"
        yield Finding(area="imports", name="other environment", status="warning", detail=detail)


def _installed(names: list[str]) -> Iterator[Finding]:
    installed = Installed()
    owners = installed.owners(names)
    packages = sorted({owner for found in owners.values() for owner in found})
    if packages:
        shown = [f"{each} {installed.versions[each]}" for each in packages[:_MOST_PACKAGES]]
        more = len(packages) - len(shown)
        rest = f" and {more} more" if more else ""
        yield _found("installed packages", f"{', '.join(shown)}{rest}", area="imports")


def _lacking(
    read: Notes,
    name: str,
    problem: Problem,
    places: list[WantedModule],
    adopted: frozenset[PagePath],
) -> Finding:
    """A module that is missing: an error if an adopted page needs it."""
    needed = [each for each in places if each.place.path in adopted]
    first = (needed or places)[0].place
    others = len({each.place.path for each in places}) - 1
    more = f" and on {others:,} other page{'s' if others > 1 else ''}" if others else ""
    place = f"{read.project.shown(first.path)}:{first.line}"
    imported = f"{problem.message}: imported at {place}{more}"
    never = "no page that was ever run needs it"
    return Finding(
        area="imports",
        name=name,
        status="error" if needed else "warning",
        detail=imported if needed else f"{imported}; {never}",
        action=problem.hint or "",
    )


def state(at: Project) -> Iterator[Finding]:
    """Yield whether tangle can keep what it needs: state folder, lock, key, waiting results.

    Args:
        at: the project.
    """
    folder = at.state / STATE_FOLDER
    if leads_out(folder, at.state):
        yield Finding(
            area="state",
            name="folder",
            status="error",
            detail=f"{folder} is a link that leads out of the project",
            action="remove the link",
        )
        return
    yield _folder(folder)
    locked = held_lock(at.state)
    yield Finding(
        area="state",
        name="lock",
        status="ok" if locked is None else "warning",
        detail="free" if locked is None else str(locked),
    )
    fault = user_key_fault()
    yield Finding(
        area="state",
        name="key",
        status="warning" if fault else "ok",
        detail=f"results cannot be kept: {fault}" if fault else "results are kept and signed",
        action="name a folder of your own in XDG_STATE_HOME" if fault else "",
    )
    if kept := waiting(at):
        names = ", ".join(dict.fromkeys(each.section for each in kept))
        yield Finding(
            area="state",
            name="pending",
            status="warning",
            detail=f"results wait for their page: {names}",
            action="the next `tangle run` or `tangle watch` writes them",
        )


def _folder(folder: Path) -> Finding:
    exists = folder.is_dir()
    writable = os.access(folder if exists else folder.parent, os.W_OK | os.X_OK)
    detail = str(folder) if exists else f"{folder} does not exist yet; the first command makes it"
    return Finding(
        area="state",
        name="folder",
        status="ok" if writable else "error",
        detail=detail if writable else f"{folder} is not writable: nothing can be run here",
        action="" if writable else "give this user the right to write there, or use --output",
    )


def server(at: Project) -> Iterator[Finding]:
    """Yield whether the background server runs.

    Args:
        at: the project.
    """
    try:
        from tangle.verbs.server_policy import listening_process, server_state
    except ModuleNotFoundError as error:  # on Windows; what is above works there without it
        detail = f"this system has no {error.name}: sections run on Linux, macOS or WSL only"
        yield Finding(area="server", name="server", status="warning", detail=detail)
        return
    found = server_state(at)
    detail = "none runs; `tangle run` starts it"
    if found is not None:
        busy = f"in use by {found.commands}" if found.commands else f"idle for {found.idle:.0f} s"
        detail = f"process {found.pid}, Python {found.python}, {busy}"
    elif (process := listening_process(at)) is not None:
        detail = f"process {process} listens and does not answer; runs do without it"
        action = f"end it: kill -9 {process}; the next run starts another"
        yield Finding(area="server", name="server", status="warning", detail=detail, action=action)
        return
    elif not at.options.server:
        detail = "none: the configuration says server = false"
    elif os.environ.get("CI", "").lower() not in CI_IS_OFF:
        detail = "none: this is a CI, as the variable CI says"
    yield _found("server", detail, area="server")


def disk(folder: Path, graph: Path | None) -> Iterator[Finding]:
    """Yield what matters of the file systems, and of the clock.

    Args:
        folder: that holds the state folder.
        graph: the notes, if there are any.
    """
    places = {"project": folder}
    try:
        places["temporary files"] = Path(tempfile.gettempdir())
    except FileNotFoundError:  # it has tried to write into each candidate
        yield Finding(
            area="disk",
            name="temporary files",
            status="error",
            detail="no folder for temporary files can be written to",
            action="free some space, or name a folder in TMPDIR",
        )
    if graph is not None:
        places["graph"] = graph
    if _SHARED.is_dir():
        places["shared memory"] = _SHARED
    for name, place in places.items():
        yield _disk(name, place, file_system(place))
    yield _clock(graph)


def _disk(name: str, place: Path, found: FileSystem) -> Finding:
    faults = []
    status: Status = "ok"
    if found.is_remote:
        faults.append("a network or host folder: locks and saves of other machines may be unseen")
    if found.fsync_fault:
        faults.append(f"cannot force saves to the disk: {found.fsync_fault}")
    if found.ignores_case:
        faults.append("ignores case: a.md and A.md are one page")
    if found.inodes is not None and found.inodes < _FEW_INODES:
        faults.append(f"room for {found.inodes:,} more files")
    if found.free < _LITTLE and name != "shared memory":
        faults.append("little space is left")
    is_full = found.free < _TOO_LITTLE or found.inodes == 0
    if is_full and name != "shared memory":
        status = "error"
    elif is_full or faults:
        status = "warning"
    facts = [f"{place}, {found.type or 'unknown type'}, {found.free / 2**30:.1f} GiB free"]
    return Finding(
        area="disk",
        name=name,
        status=status,
        detail="; ".join((*facts, *faults)),
        action="free some space: tangle clean drops the cache" if is_full else "",
    )


def _clock(graph: Path | None) -> Finding:
    now = time.time()
    ahead = newest_page(graph) - now if graph is not None else 0.0
    status: Status = "ok"
    detail = datetime.now().astimezone().isoformat(timespec="seconds")
    action = ""
    if now < _CLOCK_WAS_SET:
        status, action = "warning", "set this machine's clock"
    elif ahead > _SKEW:
        status = "warning"
        detail = (
            f"{detail}; a page is dated {ahead:,.0f} s in the future; outputs may wait that long"
        )
        action = "set the clocks of this machine and of the one that saves the pages"
    return Finding(area="disk", name="clock", status=status, detail=detail, action=action)
