"""Parse a chunk's code, with IPython's lines masked; report what cannot be parsed."""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse.magics import Masked, is_cell_magic, masked
from tangle.model import Chunk, CodeLine, Example, Place, Problem, ProblemKind
from tangle.model.problems.code import CALLOUTS, SKETCH, SLIP, SYNTAX_ERROR
from tangle.model.problems.page import MIXED_INDENTATION

if TYPE_CHECKING:
    from tangle.analyse.repair import Diagnosis

_NAMESPACES: Final = frozenset({"globals", "locals", "vars"})
_NAMING: Final = ("exec", "globals", "locals", "vars", "modules", "user_ns")
_WRITERS: Final = frozenset({"update", "setdefault", "__setitem__", "push"})
_LINE: Final = re.compile(r"\bline ([0-9]+)")
_PROMPTS: Final = (">>>", "In [", "In[")
TOO_DEEP: Final = "its expressions are nested too deeply"


class Row(NamedTuple):
    """A line of a chunk as Python reads it, without the text before its code."""

    text: str
    margin: int


class Parsed(Struct, frozen=True, kw_only=True):
    """A chunk's parsed code.

    Attributes:
        tree: the syntax tree; empty where the chunk is in another language (`%%bash`), or is there
            to show a syntax error.
        text: the code that the tree was made of, line by line that of the chunk.
        magics: lines (from 1) that only IPython understands.
        naming: whether a magic may bind names that cannot be known without running.
        foreign: whether plain Python has no use for the whole chunk.
        awaits: whether it awaits outside a function, as only IPython can.
        problem: why there is no tree.
        diagnosis: why code that is no Python is none, and how it can be repaired.
        examples: of an interpreter session, what is run of it and compared; None for a program.
        rows: of these, the code line by line; results are blank lines.
        sketch: what a chunk that is not meant to run was taken for, in words; empty for others.
        reading: the lines as they are read and run, where only that is a program.
        marked: whether results in it that prompts mark are read as comments (`#=> 3`).
        remark: what is said of a chunk that is read in another way than it is written.
    """

    tree: ast.Module
    text: str
    magics: frozenset[int] = frozenset()
    naming: bool = False
    foreign: bool = False
    awaits: bool = False
    problem: Problem | None = None
    diagnosis: Diagnosis | None = None
    examples: tuple[Example, ...] | None = None
    rows: tuple[Row, ...] | None = None
    sketch: str = ""
    reading: tuple[str, ...] | None = None
    marked: bool = False
    remark: Problem | None = None


def parse_chunk(chunk: Chunk, in_file: Callable[[], tuple[str, ...] | None]) -> Parsed:
    """Decide how a chunk is read: for checking, listing, building and running alike.

    It is a program, in which magics and shell lines of IPython are masked; or a session, of which
    the results are compared; or in another language; or a sketch; or it cannot be read. The last
    two are never run.

    Args:
        chunk: to read.
        in_file: the lines as the file has them, where Logseq shows them with other indentation;
            asked only if what Logseq shows does not parse.
    """
    code = chunk.code
    if chunk.session or any(prompt in code for prompt in _PROMPTS):
        from tangle.analyse.sessions import read_session  # needs doctest, and is rare

        session = read_session(chunk)
        if isinstance(session, Parsed):
            return session
        if session is not None:
            return _marked(chunk, session)
    if is_cell_magic(code):
        found = masked(code)
        if found.foreign:
            return Parsed(tree=nothing(), text="", foreign=True, naming=found.naming)
        return _parse(chunk, found)
    plain = _parse(chunk, Masked(text=code))
    if plain.problem is None:
        return plain
    found = masked(code)
    parsed = _parse(chunk, found) if found.lines else plain
    return _as_in_file(chunk, in_file()) or parsed if parsed.problem is not None else parsed


def _marked(chunk: Chunk, lines: tuple[str, ...]) -> Parsed:
    """A chunk whose marked results are read as comments."""
    chunk = replace(chunk, lines=_with_texts(chunk, lines))
    return replace(_parse(chunk, masked(chunk.code)), reading=lines, marked=True)


def refused_session(chunk: Chunk, line: int, column: int, message: str, hint: str = "") -> Parsed:
    """Return a session of which nothing runs; the arguments are those of `problem_at`."""
    hint = hint or "correct this line of the session; nothing of the chunk is run until then"
    return Parsed(tree=nothing(), text="", problem=problem_at(chunk, line, column, message, hint))


def nothing() -> ast.Module:
    """The tree of no code."""
    return ast.Module(body=[], type_ignores=[])


def _parse(chunk: Chunk, code: Masked) -> Parsed:
    text = code.text
    problem = _null_byte(chunk)
    tree = nothing()
    if problem is None:
        try:
            tree = _tree(text)
        except SyntaxError as error:
            if chunk.settings.raises in {cls.__name__ for cls in type(error).__mro__}:
                return Parsed(tree=tree, text="", foreign=True)
            return _unparsable(chunk, error, code)
        except (RecursionError, MemoryError):
            problem = too_deep(chunk)
    return Parsed(
        tree=tree,
        text=text,
        magics=code.lines,
        naming=code.naming or _names_by_text(tree, text),
        awaits=problem is None and needs_await(tree, text),
        problem=problem,
    )


def _unparsable(chunk: Chunk, error: SyntaxError, code: Masked) -> Parsed:
    """What a chunk is that does not parse: a sketch, one with a certain reading, or broken."""
    # Chunks parse, nearly all of them.
    from tangle.analyse.marked_results import with_arrows_as_comments
    from tangle.analyse.repair import READ_AS_MEANT, diagnose
    from tangle.analyse.sketches import sketch_of

    if (lines := with_arrows_as_comments([line.text for line in chunk.lines])) is not None:
        return _marked(chunk, lines)
    if sketch := sketch_of(code.text, error):
        return _sketch(chunk, error.lineno or 1, sketch)
    diagnosis = diagnose(chunk.code, error, readable)
    sure = diagnosis.sure
    if sure is not None and READ_AS_MEANT.issuperset(sure.causes):
        return _read_as(chunk, diagnosis, sure.lines)
    kind = SLIP if diagnosis.slip else SYNTAX_ERROR
    return Parsed(
        tree=nothing(),
        text=code.text,
        magics=code.lines,
        naming=code.naming,
        problem=_syntax_problem(chunk, error, diagnosis, kind),
        diagnosis=diagnosis,
    )


def _sketch(chunk: Chunk, line: int, what: str) -> Parsed:
    problem = SKETCH.at(place_in(chunk, line, 0), f"sketch: {what}; it is not run")
    return Parsed(tree=nothing(), text="", problem=problem, sketch=what)


def _read_as(chunk: Chunk, diagnosis: Diagnosis, lines: tuple[str, ...]) -> Parsed:
    """A chunk whose one repair changes nothing of what it says: it is run as if repaired."""
    from tangle.analyse.repair import TABS

    code = "".join(f"{line}\n" for line in lines)
    kind = MIXED_INDENTATION if TABS in diagnosis.cause else CALLOUTS
    place = place_in(chunk, diagnosis.row + 1, diagnosis.column)
    words = "there is one way to read it, and so it is run"
    remark = kind.at(place, f"{diagnosis.cause}; {words}", hint=diagnosis.hint)
    parsed = _parse(replace(chunk, lines=_with_texts(chunk, lines)), masked(code))
    return replace(parsed, diagnosis=diagnosis, reading=lines, remark=remark)


def _as_in_file(chunk: Chunk, lines: tuple[str, ...] | None) -> Parsed | None:
    """A chunk as the file has it, if that parses."""
    code = "".join(f"{line}\n" for line in lines or ())
    if lines is None or readable(code) is None:
        return None
    from tangle.analyse.repair import Diagnosis, Repair

    repair = Repair(lines=lines, causes=("Logseq shows it with other indentation than the file",))
    diagnosis = Diagnosis(cause=repair.causes[0], row=0, column=0, hint="", readings=(repair,))
    parsed = _parse(replace(chunk, lines=_with_texts(chunk, lines)), masked(code))
    return replace(parsed, diagnosis=diagnosis, reading=lines)


def as_read(chunk: Chunk, parsed: Parsed) -> Chunk:
    """Return a chunk as it takes part in a session: a sketch is not run.

    Args:
        chunk: as it is written.
        parsed: how it is read.
    """
    if parsed.sketch:
        return replace(chunk, settings=replace(chunk.settings, run=False))
    if parsed.reading is None:
        return chunk
    return replace(chunk, lines=_with_texts(chunk, parsed.reading))


def _with_texts(chunk: Chunk, texts: Sequence[str]) -> tuple[CodeLine, ...]:
    """The lines of a chunk with other texts, whose code stands where it stood."""
    return tuple(
        line if line.text == text else CodeLine(text=text, place=_moved(line, text))
        for line, text in zip(chunk.lines, texts, strict=True)
    )


def _moved(line: CodeLine, text: str) -> Place:
    """The place of a line with another text, by the first character of its code."""
    before, after = (len(each) - len(each.lstrip(" \t")) for each in (line.text, text))
    return replace(line.place, column=max(line.place.column + before - after, 1))


def _names_by_text(tree: ast.Module, text: str) -> bool:
    """Whether code may bind names that only running it can tell: by `exec`, or in `globals()`."""
    if not any(word in text for word in _NAMING):
        return False
    return any(_binds_by_text(node) for node in ast.walk(tree))


def _binds_by_text(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="exec")):
            return True
        case (
            ast.Assign(value=inner)
            | ast.Subscript(value=inner, ctx=ast.Store())
            | ast.AugAssign(target=inner)
        ):
            return _is_namespace(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=name)):
            return name in _WRITERS and _is_namespace(inner)
        case ast.Call(func=ast.Name(id="setattr"), args=[ast.Subscript(value=inner), *_]):
            return isinstance(inner, ast.Attribute) and inner.attr == "modules"
        case _:
            return False


def _is_namespace(node: ast.expr) -> bool:
    """Whether an expression is the module's namespace."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[]):
            return name in _NAMESPACES
        case ast.Attribute(attr=name):
            return (name == "__dict__" and "modules" in ast.dump(node)) or name == "user_ns"
        case _:
            return False


def readable(code: str) -> ast.Module | None:
    """Parse code with IPython's lines masked; None if it does not parse."""
    for text in (code, masked(code).text):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return _tree(text)
    return None


def _refuse_prompts(tree: ast.Module) -> None:
    """Refuse `In [1]: x = 2`, which parses as an annotation, and is a prompt before code."""
    for node in tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Subscript(value=ast.Name(id="In"), slice=ast.Constant(value=int()))
            ):
                raise SyntaxError("invalid syntax", ("", node.lineno, 1, None))
            case _:
                continue


def _tree(text: str) -> ast.Module:
    """The tree of code that also compiles: `return` outside a function parses, but cannot run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
        if "In [" in text:
            _refuse_prompts(tree)
        try:
            _compile(tree, awaiting=True)
        except SyntaxError as error:
            # The compiler counts columns in bytes, the parser in characters.
            line = text.split("\n")[(error.lineno or 1) - 1].encode()
            column = len(line[: (error.offset or 1) - 1].decode(errors="ignore"))
            raise SyntaxError(error.msg, ("", error.lineno, column + 1, None)) from error
    return tree


def _compile(tree: ast.Module, *, awaiting: bool) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if awaiting else 0
    compile(tree, "<chunk>", "exec", flags=flags, dont_inherit=True)


def needs_await(tree: ast.Module, text: str) -> bool:
    """Whether code that compiles awaits outside a function.

    Args:
        tree: of the code.
        text: of the code.
    """
    if "await" not in text and "async" not in text:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _compile(tree, awaiting=False)
    except SyntaxError:
        return True
    return False


def place_in(chunk: Chunk, line: int, column: int) -> Place:
    """Return the place in the notes of a position in a chunk's code.

    Args:
        chunk: with the code.
        line: from 1.
        column: in characters, from 0.
    """
    if not chunk.lines:
        return Place(path=chunk.page, line=chunk.line)
    origin = chunk.lines[min(max(line, 1), len(chunk.lines)) - 1].place
    return Place(path=origin.path, line=origin.line, column=max(origin.column + column, 1))


def _null_byte(chunk: Chunk) -> Problem | None:
    text = chunk.code
    at = text.find("\0")
    if at < 0:
        return None
    before = text[:at]
    column = at - (before.rfind("\n") + 1)
    return problem_at(chunk, before.count("\n") + 1, column, "it holds a null byte")


def too_deep(chunk: Chunk) -> Problem:
    """Return the problem of code that nests deeper than Python, or our analysis, can handle."""
    return problem_at(chunk, 1, 0, TOO_DEEP)


def _syntax_problem(
    chunk: Chunk, error: SyntaxError, diagnosis: Diagnosis, kind: ProblemKind
) -> Problem:
    line, column = diagnosis.row + 1, diagnosis.column
    here = place_in(chunk, line, column)

    def in_page(match: re.Match[str]) -> str:
        place = place_in(chunk, int(match[1]), 0)
        elsewhere = "" if place.path == here.path else f" of {place.path}"
        return f"line {place.line}{elsewhere}"

    said = _LINE.sub(in_page, error.msg)
    message = f"{diagnosis.cause} ({said})" if diagnosis.cause else said
    return kind.at(here, f"this chunk does not parse: {message}", hint=diagnosis.hint or None)


def problem_at(chunk: Chunk, line: int, column: int, message: str, hint: str = "") -> Problem:
    """Return the problem of a chunk that cannot be read.

    Args:
        chunk: with the code.
        line: from 1.
        column: from 0.
        message: what is wrong.
        hint: the way out; empty for the usual one.
    """
    return SYNTAX_ERROR.at(
        place_in(chunk, line, column), f"this chunk does not parse: {message}", hint=hint or None
    )
