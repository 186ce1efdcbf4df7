"""Messages that no expression of the code holds: from tables, types, click and the system."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from string import Formatter
from typing import Final, get_args

from tangle.model import ProblemKind
from tangle.model.basic import Severity
from tangle.model.problems import code, files, graph, markers, outputs, page
from tangle.model.session import Outcome
from tangle.verbs.reports.values import State
from tangle_cli import board, listing

_CLICK: Final = (
    "Usage: ",
    "Options:",
    "Commands:",
    "Show this message and exit.",
    "Show the version and exit.",
    "default: {value}",
    "required",
    "missing command",
    "File {name} is a directory.",
    "File {name} is not readable.",
    "File {name} is not writable.",
    "Directory {name} is a file.",
    "Directory {name} is not readable.",
    "Path {name} is not readable.",
    "{number} is not in the range {range}.",
    "{value} is not a valid integer.",
)
"""What click says where tangle leaves it to click."""

_COMPOSED: Final = (
    "skipped: {reason}",
    "needs {name} from line {line}, which failed",
    "needs {name} from line {line} of {path}, which failed",
    "needs {name} from |a borrowed statement|, which failed",
    "line {line} {verb}, which ended the session",
    "line {line} of {path} {verb}, which ended the session",
    "a borrowed statement {verb}, which ended the session",
    "{name} |is not defined in this section",
    "byte {offset} is not valid UTF-8",
    "save the page as UTF-8 in your editor and try again",
    "chunk {number}",
    "cannot be read: {why}",
    "nearest: {places}",
    "{section} chunk {number}",
    "{version}, in {folder}",
    "{prefix} (|virtual environment|)",
    "{prefix} (|no virtual environment|)",
    "{prefix} (|uv tool|)",
    "{graph}, |pages in Markdown",
    "{graph}, |from the |database| of Logseq 2 at {path}",
    "{graph}, |from the |Markdown mirror| of Logseq 2 at {path}",
    "found by its numbers|, {of} pages",
    "a shared cache of results|: {packages}",
    "coverage of the notes' lines|: {packages}",
    "notes in JupyterLab|: {packages}",
    "tangle lsp, for editors|: {packages}",
    "the shipped course|: {packages}",
    "pytest on notes|: {packages}",
    "pytest -n on notes|: {packages}",
    ".ipynb| or |.py",
    " ({first} to {last})",
    "this graph| has |chapters {numbers}",
    "chapter {number} has {numbers}",
    "section {number} has {numbers}",
)
"""Messages that the code puts together, at each `|`, from parts that are no messages."""

_PARTS: Final = (
    "code", "fence", "list", "quote", "result", "loop", "function", "missing", "failed", "moved",
)  # fmt: skip
"""Single words that take part in messages."""

_SKETCHES: Final = (
    "a shell command", "shell commands", "a traceback", "a diff", "a debugger session",
    "a template", "a Dockerfile", "a grammar", "a formula", "a file tree", "a table",
    "pasted output", "words",
)  # fmt: skip
"""What a chunk is that is not Python; the names of languages stay as they are."""

_DOCTOR: Final = (
    "ok", "absent", "warning", "error",
    "environment", "packages", "extras", "graph", "notes", "state", "server", "disk", "programs",
    "figures", "gpu",
    "platform", "prefix", "command", "configuration", "output", "pages", "book", "package",
    "imports", "folder", "lock", "key", "project", "clock", "devices", "free",
    "permissions", "unread", "pending",
)  # fmt: skip
"""Areas, names and states of what `tangle doctor` examines."""

_SYSTEM: Final = (
    "Permission denied",
    "No such file or directory",
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Is a directory",
    "Not a directory",
    "File exists",
    "File name too long",
    "Input/output error",
)
"""What the system says of files, which C libraries translate by other variables."""


def words() -> Iterator[tuple[str, str]]:
    """Yield each text, as a template, and where it comes from."""
    for module in (page, graph, code, markers, outputs, files):
        path = f"tangle/model/problems/{module.__name__.rpartition('.')[2]}.py"
        for kind in vars(module).values():
            if isinstance(kind, ProblemKind) and kind.hint:
                yield kind.hint.replace("{", "{{").replace("}", "}}"), path
    for found, path in (
        (_CLICK, "click"),
        ((text.replace("|", "") for text in _COMPOSED), "tangle/model/session.py"),
        (_PARTS, "tangle"),
        (_SKETCHES, "tangle/analyse/languages.py"),
        (_DOCTOR, "tangle/verbs/doctor/findings.py"),
        (_SYSTEM, "libc"),
        (map(str.lower, _SYSTEM), "libc"),
        ((*board.HEADING, "starting"), "cli/tangle_cli/board.py"),
        (listing.HEADING, "cli/tangle_cli/listing.py"),
        (("sketches",), "cli/tangle_cli/text.py"),
        ([f"{word}:" for word in get_args(Severity)], "tangle/model/basic.py"),
        ((*get_args(Outcome), "differs"), "tangle/model/session.py"),
        (get_args(State), "tangle/verbs/reports/values.py"),
    ):
        yield from ((word, path) for word in found)


def stale_words(constants: Collection[str]) -> list[str]:
    """Return the texts that the code does not say, or not as they are here.

    Args:
        constants: all texts in the code.
    """
    known = "\n".join(constants)
    gone = [word for word in (*_PARTS, *_SKETCHES, *_DOCTOR) if word not in constants]
    for text in _COMPOSED:
        literals = (literal for literal, *_ in Formatter().parse(text))
        if not all(part in known for literal in literals for part in literal.split("|")):
            gone.append(text)
    return gone
