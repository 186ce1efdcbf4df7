"""Generate a script per section, in `# %%` cells headed by their place in the notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tangle.analyse import Borrowed, PlannedChunk, Session, future_features
from tangle.emit.cells import cell_body, cell_lines
from tangle.emit.package import MARK
from tangle.emit.text import comment
from tangle.model import CodeLine, Section, SectionName

_SEEDED = {
    "numpy": frozenset({"numpy", "torch", "torchvision", "pandas", "matplotlib", "scipy"}),
    "torch": frozenset({"torch", "torchvision"}),
}
_STAND_INS = ("display", "get_ipython")
"""What IPython has for every cell, and plain Python has not."""


def script(
    session: Session, *, root: str, folder: str | None, seed: int, titles: Mapping[SectionName, str]
) -> str:
    """Return the text of a section's script.

    A place in the notes is page, section and chunk, not a line: lines move whenever a sentence is
    added or an output written, and a script changes only when its code does.

    Args:
        session: the section.
        root: name of the generated package.
        folder: the page's folder relative to the output folder, None where it cannot be said
            without naming the machine.
        seed: seed of the random generators.
        titles: title of every section.
    """
    head = _head(session, root, folder, seed)
    bodies = (text for text, _ in _cells(session, root, titles))
    return "".join((head, *borrowed_lines(session), *bodies))


def script_lines(session: Session, text: str, root: str) -> tuple[ScriptLine, ...]:
    """Return the lines of a section's script, each with the line of the notes that it is.

    Args:
        session: the section.
        text: its script.
        root: name of the generated package.
    """
    prelude = [line for piece in _borrowed(session) for line in _borrowed_rows(*piece)]
    cells = [
        line for body, planned in _cells(session, root, {}) for line in _cell_rows(body, planned)
    ]
    texts = text.split("\n")[:-1]
    first = len(texts) - len(cells)
    before = [ScriptLine(text=text) for text in texts[: first - len(prelude)]]
    # The titles in the headings are those of the script.
    cells = [line._replace(text=text) for line, text in zip(cells, texts[first:], strict=True)]
    return (*before, *prelude, *cells)


class ScriptLine(NamedTuple):
    """A line of a script.

    Attributes:
        line: the line of the notes that it is; None for a line of tangle's.
        supplied: whether it is an import that the notes leave out.
    """

    text: str
    line: CodeLine | None = None
    supplied: bool = False


def _cell_rows(text: str, planned: PlannedChunk | None) -> Iterator[ScriptLine]:
    texts = text.split("\n")[:-1]
    rows = [None] * len(texts) if planned is None else cell_lines(planned.code, len(texts))
    yield from (ScriptLine(text=each, line=row) for each, row in zip(texts, rows, strict=True))


def _borrowed_rows(text: str, entry: Borrowed | None) -> Iterator[ScriptLine]:
    texts = text.split("\n")[:-1]
    exact = entry is not None and len(entry.lines) == len(texts)
    rows = entry.lines if entry is not None and exact else [None] * len(texts)
    supplied = entry is not None and entry.kind == "supplied"
    for each, row in zip(texts, rows, strict=True):
        own = None if supplied else row
        yield ScriptLine(text=each, line=own, supplied=supplied)


def _head(session: Session, root: str, folder: str | None, seed: int) -> str:
    """What precedes the first statement that is not the script's own."""
    section = session.unit.section
    # The heading stays out of the first two lines, where Python looks for `coding: ...`.
    parts = [MARK, "\n", comment(f"{_heading(section)} ({section.page})"), "\n\n"]
    parts.extend(f"from __future__ import {name}\n" for name in features(session))
    parts.append(_set_up(session, root, folder, seed))
    if session.unit.faults:
        fault = session.unit.faults[0]
        why = f"{fault.place}: {fault.message}; see `tangle check`"
        parts.append(f"raise SystemExit({why!r})\n")
    return "".join(parts)


def _cells(
    session: Session, root: str, titles: Mapping[SectionName, str]
) -> Iterator[tuple[str, PlannedChunk | None]]:
    """The headings and the bodies of the cells, each body with its chunk."""
    counts: dict[SectionName, int] = {}
    for planned in session.chunks:
        name = planned.occurrence.section
        counts[name] = counts.get(name, 0) + 1
        heading = _cell_heading(planned, titles.get(name, ""), counts[name])
        yield f"\n{comment(f'%% {heading}')}\n", None
        yield cell_body(planned.code, root), planned


def _heading(section: Section) -> str:
    return f"{section.name} {section.title}".rstrip() if section.number else section.title


def _cell_heading(planned: PlannedChunk, title: str, count: int) -> str:
    occurrence = planned.occurrence
    name = occurrence.section if title == occurrence.section else f"{occurrence.section} {title}"
    notes = [f"{occurrence.page}", f"chunk {count}"]
    settings = occurrence.chunk.settings
    if not settings.run:
        notes.append("not run")
    if settings.raises is not None:
        notes.append(f"must raise {settings.raises}")
    if settings.xfail is not None:
        notes.append("known to fail")
    return f"{name.strip()} ({', '.join(notes)})"


def features(session: Session) -> list[str]:
    """Return the features of `from __future__` that its chunks ask for, or what is borrowed."""
    borrowed = {e.text.split()[-1] for e in session.prelude if e.kind == "future"}
    running = (planned.code for planned in session.chunks if planned.code.runs)
    statements = (entry for code in running for entry in code.statements)
    return sorted(borrowed | {name for entry in statements for name in future_features(entry)})


def seeded_modules(session: Session) -> tuple[str, ...]:
    """Return which of NumPy and torch a section uses, so that their generators are seeded."""
    return tuple(module for module, users in _SEEDED.items() if users.intersection(session.imports))


def _set_up(session: Session, root: str, folder: str | None, seed: int) -> str:
    modules = seeded_modules(session)
    codes = [planned.code for planned in session.chunks]
    used = {use.name for code in codes for entry in code.statements for use in entry.uses}
    return (
        "# %% so that this script runs by itself, from any folder\n"
        "import pathlib as _pathlib\n"
        "import sys as _sys\n"
        "\n"
        "_sys.path.insert(0, str(_pathlib.Path(__file__).resolve().parents[2]))\n"
        f"import {root} as _{root}\n"
        "\n"
        f"_{root}.enter({folder!r}, {seed!r}, {modules!r})\n"
        + "".join(f"{name} = _{root}.{name}\n" for name in _STAND_INS if name in used)
    )


def borrowed_lines(session: Session) -> Iterator[str]:
    """Yield the borrowed statements, under a heading that says where each came from."""
    return (text for text, _ in _borrowed(session))


def _borrowed(session: Session) -> Iterator[tuple[str, Borrowed | None]]:
    """The headings and the statements, each statement with what it is."""
    supplied = [entry for entry in session.prelude if entry.kind == "supplied"]
    if supplied:
        yield "\n# %% supplied: imports that the notes leave out\n", None
        yield from (_statement(entry) for entry in supplied)
    prelude = [entry for entry in session.prelude if entry.kind not in ("future", "supplied")]
    if not prelude:
        return
    yield "\n# %% borrowed from earlier sections\n", None
    last = None
    for entry in prelude:
        source = entry.section, entry.place.path, entry.price
        if source != last:
            price = f": {entry.price}" if entry.price else ""
            yield comment(f"from {entry.section} ({entry.place.path}){price}") + "\n", None
            last = source
        yield _statement(entry)


def _statement(entry: Borrowed) -> tuple[str, Borrowed]:
    return "".join(f"{line}\n" for line in entry.plain), entry
