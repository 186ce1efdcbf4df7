"""Jobs and results: plain values that can travel between processes."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, NewType

from msgspec import Struct

from tangle.model.basic import PagePath, Place, SectionName

MimeType = NewType("MimeType", str)

EXAMPLES: Final = MimeType("application/vnd.tangle.examples+json")
"""What the examples of a session showed, each as a pair: text, and what a traceback ended with."""
VALUES: Final = MimeType("application/vnd.tangle.values+json")
"""Values of expressions that a notebook does not show, each as a pair: line, and text."""

ALTERNATIVE_TEXT: Final = MimeType("text/vnd.tangle.alternative")
"""What a figure shows, in words, for readers who do not see it."""

Outcome = Literal["passed", "failed", "timed-out", "died", "skipped", "interrupted"]


class Origin(Struct, frozen=True, kw_only=True):
    """The place in the notes of one line of a cell's code.

    Attributes:
        margin: characters of the note's line that stand before the code.
    """

    path: PagePath
    line: int
    margin: int


class Example(Struct, frozen=True, kw_only=True):
    """One statement of an interpreter session, or one input of a transcript of IPython.

    Attributes:
        row: the line of the cell's code at which it begins, from 0.
        code: its source, without prompts.
        single: whether each of its statements shows its value, as in an interpreter; else it is
            an input of IPython: magics work, and only the last statement shows its value.
        want: what it must show, as `doctest` has it; None where nothing is compared.
        want_row: the line of the cell's code at which that stands, from 0.
        rest: all that stands between it and the next one: an output may have blank lines.
        raises: what the traceback in the text ends with; None where it must not fail.
        flags: the flags of `doctest` that its comments set.
    """

    row: int
    code: str
    single: bool
    want: str | None
    want_row: int
    rest: str = ""
    raises: str | None = None
    flags: int = 0


class Touch(Struct, frozen=True, kw_only=True):
    """A name that a cell defines or changes.

    Attributes:
        last: the last line (from 1) of the statements of the cell that do so.
        sure: whether the name has a new meaning once the cell has run, whatever it had before.
    """

    name: str
    last: int
    sure: bool = False


class Cell(Struct, frozen=True, kw_only=True):
    """One piece of code that a worker runs as a notebook runs a cell.

    Attributes:
        name: how the cell is called in tracebacks and warnings, the same wherever the page's text
            stands: `3.6 chunk 4`.
        origins: one for each line of `code`.
        raises: the name of the exception that it must fail with.
        may_fail: whether the session goes on where it fails: it passes then, with its failure.
        timeout: seconds it may take.
        examples: where it is an interpreter session, what is run of it; its results are reported
            as a bundle of the type `EXAMPLES`.
        values: lines (from 1) of expressions before the last one whose values are to be reported,
            as a bundle of the type `VALUES`.
        refusal: why nothing of it may be run; None where it may.
        reads: patterns of files that its code reads unseen, absolute.
        place: the chunk's first line in the notes; None for borrowed statements.
        needs: names that it needs from cells before it.
        touches: names that it defines or changes, each once.
    """

    name: str
    code: str
    origins: tuple[Origin, ...]
    raises: str | None = None
    may_fail: bool = False
    timeout: float | None = None
    examples: tuple[Example, ...] | None = None
    values: tuple[int, ...] = ()
    refusal: Failure | None = None
    reads: tuple[str, ...] = ()
    place: Place | None = None
    needs: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()


class AssertStyle(Struct, frozen=True, kw_only=True):
    """How pytest explains a failing `assert`.

    Attributes:
        verbosity: as `-v` and `-q` make it.
        settings: pytest's own settings that count for it, by name.
    """

    verbosity: int = 0
    settings: tuple[tuple[str, str], ...] = ()


class Debugging(Struct, frozen=True, kw_only=True):
    """How a session is debugged.

    Attributes:
        folder: absolute; the paths of pages in `Origin` are relative to it.
        address: host and port on which the session waits for a client of the debug adapter
            protocol; port 0 takes any that is free.
        wait: whether the first cell waits for the client.
        terminal: path of the terminal in which pdb asks; one of it and `address` is set.
    """

    folder: str
    address: tuple[str, int] | None = None
    wait: bool = False
    terminal: str | None = None


class Source(Struct, frozen=True, kw_only=True):
    """A generated module whose lines stand in the notes; its frames are shown at their place there.

    Attributes:
        path: the module's file, absolute.
        origins: one for each line, None for lines that no note holds.
    """

    path: str
    origins: tuple[Origin | None, ...]


class Job(Struct, frozen=True, kw_only=True):
    """Everything that a worker needs to run one session; plain values, so that it can travel.

    Attributes:
        directory: working directory, absolute.
        path: folders put in front of `sys.path`, absolute.
        imports: top-level modules that the code imports, as far as can be known without running.
        device: what was asked for: `auto`, `cpu`, `cuda`, `cuda:N`, `mps`.
        figure_format: `svg` or `png`.
        timeout: seconds the whole session may take.
        watched: absolute folder of the project; where it is set, what the session reads is reported
            with the results.
        sources: generated modules whose frames belong to lines of the notes.
        environment: variables of this session's own, and their values.
        max_memory: bytes that its processes may hold; None for any number.
        snapshots: seconds of running that are worth a copy of the process, for the next run of
            the session; None for no copies.
        assertions: has `assert` explained as pytest does it; None leaves it to Python.
        measure: whether to tell which lines of the notes were run.
        exitfirst: whether the first cell that fails ends the session; else only the cells that need
            what it defines or changes are skipped.
        debugging: how it is debugged; its code is then compiled under the pages' own paths.
    """

    section: SectionName
    cells: tuple[Cell, ...]
    directory: str
    path: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    device: str = "auto"
    seed: int = 0
    figure_format: Literal["svg", "png"] = "svg"
    timeout: float | None = None
    watched: str | None = None
    sources: tuple[Source, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    max_memory: int | None = None
    snapshots: float | None = None
    assertions: AssertStyle | None = None
    measure: bool = False
    exitfirst: bool = False
    debugging: Debugging | None = None


class Stream(NamedTuple):
    """Text that went to standard output or standard error.

    A named tuple is a list in JSON, and a `MimeBundle` an object: so the two differ.
    """

    name: Literal["stdout", "stderr"]
    text: str


class MimeBundle(Struct, frozen=True, kw_only=True):
    """One thing shown, in every form it has; binary forms are base64, as in a notebook.

    Attributes:
        kind: `result` for the value of a cell's last expression, `display` otherwise.
        data: pairs of MIME type and content, sorted by type.
    """

    kind: Literal["result", "display"]
    data: tuple[tuple[MimeType, str], ...]


Output = Stream | MimeBundle


class Frame(Struct, frozen=True, kw_only=True):
    """One line that ran when an exception went through it.

    Attributes:
        place: where it stands in the notes; None where it is not of them.
        path: the page, or the file as it is imported.
        source: the line's text, without the blanks around it.
    """

    place: Place | None
    path: str
    line: int
    function: str
    source: str


class Trace(Struct, frozen=True, kw_only=True):
    """A traceback in parts, for presentation in another form.

    Attributes:
        before: the text of the exceptions that came before and led to this one; mostly empty.
        frames: the reader's own frames and those of libraries below them, outermost first.
        said: the exception itself, all its lines, as Python prints them.
    """

    before: str
    frames: tuple[Frame, ...]
    said: str


class Failure(Struct, frozen=True, kw_only=True):
    """Why a cell did not pass.

    Attributes:
        name: the exception's class, or the reason's name: `Timeout`, `WorkerDied`, `OutputLimit`,
            `MemoryLimit`.
        message: one line.
        traceback: the user's own frames, each at `page:line` of the note; empty where none.
        place: the innermost line of the notes that was running, where known.
        trace: the traceback in its parts, where an exception was raised.
        hint: the way out, where it is known.
    """

    name: str
    message: str
    traceback: str
    place: Place | None
    trace: Trace | None = None
    hint: str = ""


Asked = Literal[
    "content", "names", "kinds", "entries", "exists", "lexists", "isfile", "isdir", "islink",
    "size", "time", "status", "lstatus", "link", "access", "left", "module", "variable",
    "glob",
]  # fmt: skip
"""What code may ask about a path: a file's content; the names in a folder, also with what is a
folder, or with sizes and times; whether there is something, and of which kind; its status; where a
link leads. `left` is what the code itself put there, `glob` which paths match, `module` where
modules are found first, `variable` a variable of the environment."""

_READS: Final = frozenset({"content", "names", "kinds", "entries"})


class ReadFile(Struct, frozen=True, kw_only=True):
    """A fact that a session learned from the disk or the environment.

    Attributes:
        path: absolute; one that ends in the separator is a folder that was listed.
        digest: the answer, for a file SHA-256 of its content; empty where there was nothing.
        stamp: a file that still has it was not touched; empty where only the digest can tell.
        what: what was asked about the path.
    """

    path: str
    digest: str
    stamp: str = ""
    what: Asked = "content"


class Seen(Struct, frozen=True, kw_only=True):
    """What a cell's outcome may depend on besides its code, if not learned by earlier cells.

    Attributes:
        reads: the files that it read, before the session itself wrote them.
        wrote: what it left behind, as it stood at the cell's end.
        modules: top-level installed modules that it loaded.
        missing: top-level modules that were looked for in vain.
        code: the files of installed modules that it loaded: for each folder that modules are
            installed in its path, and a path below it a line.
        unseen: why it cannot be known that nothing has changed so far: a program was started, the
            clock was asked; empty where there is no reason.
        own_text: whether the text of the cells was looked at so far, as tracebacks and warnings do.
        versions: name and version of the packages of `Job.imports` loaded so far, sorted.
    """

    reads: tuple[ReadFile, ...] = ()
    wrote: tuple[ReadFile, ...] = ()
    modules: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    unseen: str = ""
    own_text: bool = False
    versions: tuple[tuple[str, str], ...] = ()


class Revised(Struct, frozen=True, kw_only=True):
    """The outputs of an earlier cell after a later one has changed them."""

    cell: int
    outputs: tuple[Output, ...]


class CellEnd(Struct, frozen=True, kw_only=True):
    """The state of a session at the end of a cell: its result, had it ended there.

    Attributes:
        seconds: since the session's start.
        device, device_memory, peak_memory: as in `SessionResult`.
        revised: earlier cells whose outputs this one changed.
    """

    seen: Seen
    seconds: float
    device: str
    device_memory: int
    peak_memory: int
    revised: tuple[Revised, ...] = ()


class Skip(Struct, frozen=True, kw_only=True):
    """Why a cell was skipped: `needs x from line 4, which failed`.

    Attributes:
        before, after: the words around the place.
        place: of the chunk that is the reason; None where no place is.
        page: the skipped cell's page; the reason's is named if it is another.
        blamed: the cell that is the reason, by its place among the job's cells.
    """

    before: str
    place: Place | None = None
    after: str = ""
    page: PagePath | None = None
    blamed: int | None = None

    @property
    def text(self) -> str:
        """The reason as a person reads it."""
        if self.place is None:
            return f"{self.before}{self.after}"
        other = "" if self.page in (None, self.place.path) else f" of {self.place.path}"
        return f"{self.before}line {self.place.line}{other}{self.after}"


class Result(Struct, frozen=True, kw_only=True):
    """The result of one cell; results are in the order of the job's cells.

    A cell that may fail and did has `passed`, with a failure.

    Attributes:
        end: of a cell that ended by itself, in this run.
        skip: why a cell was skipped.
        values: the texts of values that were asked for by `Cell.values`, each with its line. They
            are among the outputs until the result is judged.
    """

    outcome: Outcome
    outputs: tuple[Output, ...]
    failure: Failure | None
    seconds: float
    end: CellEnd | None = None
    skip: Skip | None = None
    values: tuple[tuple[int, str], ...] = ()


class SessionResult(Struct, frozen=True, kw_only=True):
    """The result of one session.

    Attributes:
        device: the device that was used: `cpu` where no memory of another was touched.
        peak_memory: bytes, the most that the worker held.
        device_memory: bytes on the device, the most that torch held there.
        versions: name and version of the packages of `Job.imports` that it loaded, sorted.
        late: what threads, exit handlers and finalizers put out after the last cell.
        late_seen: what they read and wrote.
        notices: what a person should know, as that the session did not end by itself.
        worker: the address of the cluster's worker that ran it; empty if that was this machine's
            engine.
    """

    section: SectionName
    outcome: Outcome
    results: tuple[Result, ...]
    seconds: float
    device: str
    peak_memory: int = 0
    device_memory: int = 0
    versions: tuple[tuple[str, str], ...] = ()
    late: tuple[Output, ...] = ()
    late_seen: Seen = Seen()
    notices: tuple[str, ...] = ()
    worker: str = ""

    @property
    def learned(self) -> tuple[ReadFile, ...]:
        """What the session learned from the disk, as far as its cells ended by themselves."""
        return tuple(read for r in self.results if r.end for read in r.end.seen.reads)

    @property
    def reads(self) -> tuple[ReadFile, ...]:
        """The files that it read and the folders that it listed."""
        return tuple(read for read in self.learned if read.what in _READS)
