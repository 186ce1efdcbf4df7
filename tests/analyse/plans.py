"""Plans of notes given as text, and how they are written down."""

from __future__ import annotations

from collections.abc import Iterator

from tangle.analyse import Session
from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath, Problem
from tangle.notes import Plan, core_of
from tests.link.graphs import BOOK, pages

NAME = PackageName(root="d2l", module="torch")


def planned(
    notes: str | dict[str, str], *, borrow: bool = True, book: tuple[str, ...] | None = BOOK
) -> Plan:
    """The plan of a graph, its pages given as one text or by path."""
    texts = pages(notes) if isinstance(notes, str) else notes
    data = {PagePath(path): text.encode() for path, text in texts.items()}
    return Plan(core_of(data, GraphConfig(), NAME, borrow=borrow, book=book))


def fence(code: str, indent: str = "\t") -> str:
    """A block that is nothing but a chunk."""
    lines = code.removesuffix("\n").split("\n")
    body = "".join(f"{indent}  {line}\n" for line in lines)
    return f"{indent}- ```python\n{body}{indent}  ```\n"


def sections(*codes: str | list[str]) -> str:
    """A page with the sections 1.1, 1.2, ..., each of one chunk or of several."""
    text = ""
    for number, given in enumerate(codes, start=1):
        chunks = [given] if isinstance(given, str) else given
        text += f"- # 1.{number} s{number}\n" + "".join(map(fence, chunks))
    return text


def codes(found: Plan | Session) -> list[str]:
    """The codes of the problems, in order."""
    return [problem.code for problem in found.problems]


def only(found: Plan) -> Problem:
    """The one problem of a plan."""
    (problem,) = found.problems
    return problem


def prelude(found: Plan, name: str) -> list[str]:
    """The texts that a section borrows."""
    session = next(session for session in found.sessions if session.name == name)
    return [entry.text for entry in session.prelude]


def digests(found: Plan) -> list[str]:
    """The digests of all chunks, in order."""
    return [chunk.digest for session in found.sessions for chunk in session.chunks]


def describe(found: Plan) -> str:
    """A plan in the notation of the golden cases."""
    return "".join(line + "\n" for line in (*_package(found), *_sessions(found), *_problems(found)))


def _package(found: Plan) -> Iterator[str]:
    package = found.package
    yield from (f"future {name}" for name in package.future)
    yield from (f"needs {text}" for texts in package.imports.values() for text in texts)
    yield from (f"alias {name}" for name in package.aliases)
    for saved in package.saved:
        names = ", ".join(saved.names) or "-"
        yield f"saved {names} from {saved.section}: {saved.text!r}"


def _sessions(found: Plan) -> Iterator[str]:
    for session in found.sessions:
        if session.prelude:
            yield f"{session.name} borrows"
        for entry in session.prelude:
            yield f"  {entry.kind} {entry.text!r} from {entry.section}"


def _problems(found: Plan) -> Iterator[str]:
    for problem in found.problems:
        place = problem.place
        where = f"{place.path[6:-3]}:{place.line}:{place.column}"
        said = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        yield f"{problem.severity} {problem.code} {where} [{problem.section}] {said}"
