"""Generates docs/reference/problems.md, on standard output.

The output below each example is that of `tangle check`: every example is checked.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tangle.model import Problem, ProblemKind
from tangle.model.problems import code, files, graph, markers, outputs, page
from tangle.verbs.check import check
from tangle.verbs.project import find_project

_INTRODUCTION = """\
# Problems

`tangle check` prints every problem that can be known without running. `tangle build` prints those
of the notes, and `tangle run` those that occur when it writes. An *error* makes the exit code 1;
a *warning* does not change it. Each has a place, and most have a hint:

```
pages/A.md:3:8: error: this chunk does not parse: '(' was never closed [syntax-error] (section A)
    print(x
         ^
    hint: repair the line in the note; the rest of the section is tangled without this chunk
```

This page is generated from the catalogue in the code (`make docs`). The output below each example
is that of `tangle check`.
"""
_WIDTH = 100

AREAS = {
    "The page's text": page,
    "The graph": graph,
    "The code": code,
    "References and markers": markers,
    "Outputs": outputs,
    "Generated files": files,
}


def kinds_in(module: ModuleType) -> list[ProblemKind]:
    """The kinds of problem that a module of the catalogue defines, in its order."""
    return [value for value in vars(module).values() if isinstance(value, ProblemKind)]


KINDS = [kind for module in AREAS.values() for kind in kinds_in(module)]
"""Every kind of problem, in the order of the page."""


def document() -> str:
    """The text of docs/reference/problems.md."""
    parts = [_INTRODUCTION]
    for area, module in AREAS.items():
        found = kinds_in(module)
        parts.append(f"## {area}\n")
        rows = [f"| [{kind.code}](#{kind.code}) | {kind.severity} |" for kind in found]
        parts.append("\n".join(["| problem | |", "|---|---|", *rows, ""]))
        parts.extend("\n".join(_entry(kind)) for kind in found)
    return "\n".join(parts)


def _entry(kind: ProblemKind) -> Iterator[str]:
    yield f"### {kind.code}\n"
    yield _wrapped(kind.explanation)
    for name, text in pages(kind):
        if "=== " in kind.example:
            yield f"`pages/{name}.md`:\n"
        yield f"````markdown\n{text}````\n"
    said = first_problem(kind) if kind.example else None
    if said is not None:
        hint = f"\n    hint: {said.hint}" if said.hint else ""
        yield f"```\n{said.place}: {said.severity}: {said.message}{hint}\n```\n"
    if kind.remark:
        yield _wrapped(kind.remark)


def _wrapped(text: str) -> str:
    paragraphs = (
        textwrap.fill(part, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for part in text.split("\n\n")
    )
    return "\n\n".join(paragraphs) + "\n"


def pages(kind: ProblemKind) -> list[tuple[str, str]]:
    """The pages of an example, by name."""
    found = [("A", "")]
    for line in kind.example.splitlines(keepends=True):
        if line.startswith("=== "):
            found.append((line[4:].strip(), ""))
        else:
            name, text = found[-1]
            found[-1] = (name, text + line)
    return found if kind.example else []


def first_problem(kind: ProblemKind) -> Problem | None:
    """The problem of that kind that `tangle check` reports for the example."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "logseq").mkdir()
        (root / "logseq" / "config.edn").write_text("{}", encoding="utf-8")
        (root / "pages").mkdir()
        for name, text in pages(kind):
            (root / "pages" / f"{name}.md").write_text(text, encoding="utf-8")
        found = check(find_project(start=root))
    return next((problem for problem in found if problem.code == kind.code), None)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(document())
