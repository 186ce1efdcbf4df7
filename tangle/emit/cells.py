"""One chunk's code as a cell of a script: magics, expected failures, chunks that do not parse."""

from __future__ import annotations

import io
import tokenize

from tangle.analyse import ChunkCode


def cell_body(code: ChunkCode, root: str) -> str:
    """The text of a cell, as the note has it wherever plain Python can run it.

    Lines that only IPython understands become comments; a chunk that is not run, or that is in
    another language, is there as comments only; a chunk that must fail stands in a `with` that
    expects it; one that does not parse ends the script with a message that names its place.
    """
    chunk = code.chunk
    if not chunk.whole or code.parsed.problem is not None:
        return _broken(code)
    text = chunk.code
    if not chunk.settings.run or code.parsed.foreign:
        return _commented(text)
    if code.parsed.magics:
        text = _without_magics(text, code.parsed.magics)
    if chunk.settings.raises is not None:
        body = _indented(text) if code.statements else "    pass\n" + _indented(text)
        return f"with _{root}.raises({chunk.settings.raises!r}):\n{body}"
    return text


def _broken(code: ChunkCode) -> str:
    problem = code.parsed.problem
    if problem is not None:
        message = f"{problem.place}: {problem.message}"
    else:
        message = f"{code.chunk.page}:{code.chunk.line}: a reference in this chunk is open"
    return f"{_commented(code.chunk.code)}raise SystemExit({message!r})\n"


def _commented(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.split("\n")[:-1])


def _without_magics(text: str, magics: frozenset[int]) -> str:
    lines = text.split("\n")
    for number in magics:
        line = lines[number - 1]
        blanks = line[: len(line) - len(line.lstrip())]
        lines[number - 1] = f"{blanks}pass  # IPython only: {line.strip()}"
    return "\n".join(lines)


def _indented(text: str) -> str:
    """The text four columns to the right, the inside of strings left alone."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _STRING_PARTS:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = text.split("\n")
    return "\n".join(
        line if not line or number in inside else f"    {line}"
        for number, line in enumerate(lines, start=1)
    )


_STRING_PARTS = frozenset(
    getattr(tokenize, name)
    for name in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE")
    if hasattr(tokenize, name)
)
