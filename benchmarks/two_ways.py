"""Compares what tools for notes and code lose when both sides are edited.

    python -m benchmarks.two_ways [--peers FOLDER]

Each tool keeps a source (a page, a notebook, Markdown) and what it makes of it (a script, a module,
a notebook) in agreement. Twelve situations edit one side or both, and then run the commands that
the tool's documentation names for that. An edit is lost if neither file holds it afterwards. The
peers get an environment of their own, removed again unless --peers says where to keep it. Write the
table into benchmarks/README.md.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

_PEERS = ("nbdev==3.3.26", "entangled-cli==2.1.13", "jupytext==1.19.6", "nbformat==5.11.1")
_PROSE = "Words of the first."
_CHUNKS = ("alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4", "second = 10", "third = 20")
_SECONDS = 120

Side = Literal["source", "made"]


class Edit(NamedTuple):
    """A line that another replaces, a chunk that goes (no new text), or a chunk that comes."""

    side: Side
    old: str
    new: str


class Situation(NamedTuple):
    """What is edited, in order, and what the user asks for then."""

    title: str
    edits: tuple[Edit, ...]
    asks: Literal["make", "sync"] = "sync"
    made_is_older: bool = False


class Tool(NamedTuple):
    """A tool: its two files, how to begin, and its commands."""

    name: str
    source: str
    made: str
    begin: Callable[[Path], None]
    make: tuple[tuple[str, ...], ...]
    sync: tuple[tuple[str, ...], ...]


_ALPHA = Edit("source", "alpha = 1", "alpha = 11")
_BETA = Edit("source", "beta = 2", "beta = 21")
_GONE = Edit("source", "second = 10", "")
_PROSE_EDIT = Edit("source", _PROSE, "Other words.")
_MADE_BETA = Edit("made", "beta = 2", "beta = 21")
_MADE_OTHER_BETA = Edit("made", "beta = 2", "beta = 22")
_MADE_DELTA = Edit("made", "delta = 4", "delta = 41")
_MADE_SECOND = Edit("made", "second = 10", "second = 11")
_MADE_THIRD = Edit("made", "third = 20", "third = 21")
_MADE_NEW = Edit("made", "", "fourth = 30")
_SITUATIONS = (
    Situation("a line in the source", (_BETA,), "make"),
    Situation("a line in what was made", (_MADE_BETA,)),
    Situation("a line in what was made; then made again", (_MADE_BETA,), "make"),
    Situation("different chunks", (_ALPHA, _MADE_THIRD)),
    Situation(
        "the same, what was made has the older time", (_ALPHA, _MADE_THIRD), made_is_older=True
    ),
    Situation("different lines of a chunk", (_ALPHA, _MADE_DELTA)),
    Situation("the same line, differently", (_BETA, _MADE_OTHER_BETA)),
    Situation("the same line, equally", (_BETA, _MADE_BETA)),
    Situation("prose in the source, code in what was made", (_PROSE_EDIT, _MADE_THIRD)),
    Situation("a new chunk in what was made", (_MADE_NEW,)),
    Situation("a chunk gone in the source, another edited", (_GONE, _MADE_THIRD)),
    Situation("a chunk gone in the source, edited in what was made", (_GONE, _MADE_SECOND)),
)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="the environment of the peers, kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        peers = _environment(options.peers or Path(scratch) / "venv")
        tools = [*_tools(peers)]
        rows = [[_outcome(tool, each, Path(scratch)) for tool in tools] for each in _SITUATIONS]
    print("| edited | " + " | ".join(tool.name for tool in tools) + " |")
    print("|---|" + "---|" * len(tools))
    for situation, row in zip(_SITUATIONS, rows, strict=True):
        print(f"| {situation.title} | " + " | ".join(row) + " |")
    lost = [sum("lost" in row[at] for row in rows) for at in range(len(tools))]
    print("| **loses an edit in** | " + " | ".join(f"**{number}**" for number in lost) + " |")
    return 0


# --- situations -----------------------------------------------------------------------------------


def _outcome(tool: Tool, situation: Situation, scratch: Path) -> str:
    """What became of the edits of a situation, in a few words."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    tool.begin(folder)
    for command in tool.make:
        code, said = _run(command, folder)
        if code:
            raise SystemExit(f"{tool.name}: {' '.join(command)}: {said}")
    files: dict[Side, Path] = {"source": folder / tool.source, "made": folder / tool.made}
    for edit in situation.edits:
        time.sleep(0.02)  # the tools compare times
        _apply(files[edit.side], edit)
    if situation.made_is_older:
        an_hour_ago = time.time() - 3600
        os.utime(files["made"], (an_hour_ago, an_hour_ago))
    commands = tool.make if situation.asks == "make" else tool.sync
    reported = any(map(_reports, (_run(command, folder) for command in commands)))
    have = {
        side: [_has(path, edit, situation.edits) for edit in situation.edits]
        for side, path in files.items()
    }
    return _judged(have["source"], have["made"], reported=reported)


def _reports(result: tuple[int, str]) -> bool:
    """Whether a command reports a fault, by its exit code or in words."""
    code, said = result
    return code != 0 or re.search(r"(?i)conflict|error|warning|refus", said) is not None


def _judged(source: Sequence[bool], made: Sequence[bool], *, reported: bool) -> str:
    note = "reported" if reported else "not reported"
    if not all(one or other for one, other in zip(source, made, strict=True)):
        return f"lost, {note}"
    if all(source) and all(made):
        return "merged"
    if all(source):
        return f"in the source, {note}"
    return f"both kept, {note}"


def _apply(path: Path, edit: Edit) -> None:
    if path.suffix == ".ipynb":
        _apply_to_notebook(path, edit)
        return
    text = path.read_text(encoding="utf-8")
    if not edit.old:
        text = _with_chunk(text, edit.new)
    elif edit.new:
        text = text.replace(edit.old, edit.new, 1)
    else:
        text = _without_chunk(text, edit.old, path.suffix)
    path.write_text(text, encoding="utf-8")


def _with_chunk(script: str, code: str) -> str:
    """A script with a chunk at its end, in the way in which its tool marks chunks."""
    if "# ~/~ end" in script:
        return re.sub(r"# ~/~ end\s*\Z", f"{code}\n# ~/~ end\n", script)
    return f"{script.rstrip()}\n\n# %%\n{code}\n"


def _without_chunk(text: str, code: str, suffix: str) -> str:
    if suffix == ".md":
        below_bullet = rf"(?m)^[ \t]*- ```python\n[ \t]*{re.escape(code)}\n[ \t]*```\n"
        named = rf"(?m)^``` \{{\.python #\w+\}}\n{re.escape(code)}\n```\n|^<<second>>\n"
        found, count = re.subn(f"{below_bullet}|{named[4:]}", "", text)
    else:
        found, count = re.subn(rf"(?m)^# %%.*\n{re.escape(code)}\n+", "", text)
    if not count:
        raise SystemExit(f"no chunk is {code!r}")
    return found


def _apply_to_notebook(path: Path, edit: Edit) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    if not edit.old:
        cell = next(cell for cell in reversed(cells) if cell["cell_type"] == "code")
        cells.append({**cell, "id": "added", "metadata": {}, "source": [edit.new]})
    for cell in [*cells] if edit.old else []:
        source = "".join(cell["source"])
        if edit.old not in source:
            continue
        if edit.new:
            cell["source"] = source.replace(edit.old, edit.new, 1).splitlines(keepends=True)
        else:
            cells.remove(cell)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def _has(path: Path, edit: Edit, edits: Sequence[Edit]) -> bool:
    """Whether a file holds an edit; of prose, scripts and modules need not have any."""
    text = path.read_text(encoding="utf-8")
    if edit.old == _PROSE and path.suffix == ".py" and _PROSE not in text:
        return True
    if edit.new:
        return re.search(rf"(?<![\w\d]){re.escape(edit.new)}(?!\d)", text) is not None
    return not any(
        other.old == edit.old and other.new and other.new in text for other in edits
    ) and (re.search(rf"{re.escape(edit.old)}(?!\d)", text) is None)


# --- tools ----------------------------------------------------------------------------------------


def _tools(peers: Path) -> Iterator[Tool]:
    tangle = (sys.executable, "-m", "tangle_cli")
    page = "pages/a.md"
    export = (*tangle, "export", "1.1", "-o", "a.ipynb")
    build = (*tangle, "build")
    yield Tool(
        "tangle, scripts", page, "generated/book/sections/sec_1_1.py", _begin_tangle,
        (build,), ((*tangle, "sync"), build),
    )  # fmt: skip
    yield Tool(
        "tangle, notebooks", page, "a.ipynb", _begin_tangle,
        (export,), ((*tangle, "import", "a.ipynb"), export),
    )  # fmt: skip
    to_module = (str(peers / "nbdev-export"),)
    yield Tool(
        "nbdev", "nbs/core.ipynb", "notes/core.py", _begin_nbdev,
        (to_module,), ((str(peers / "nbdev-update"),), to_module),
    )  # fmt: skip
    entangled = str(peers / "entangled")
    yield Tool(
        "Entangled", "a.md", "a.py", _begin_entangled,
        ((entangled, "tangle"),), ((entangled, "sync"),),
    )  # fmt: skip
    paired = (str(peers / "jupytext"), "--sync", "a.ipynb")
    yield Tool("jupytext", "a.ipynb", "a.py", _begin_jupytext, (paired,), (paired,))


def _begin_tangle(folder: Path) -> None:
    chunks = "".join(f"- ```python\n{chunk}\n```\n" for chunk in _CHUNKS)
    outline = f"- {_PROSE}\n{chunks}"
    below = "".join(
        f"  {line}\n" if line.startswith("- ") else f"    {line}\n" for line in outline.splitlines()
    )
    _write(folder / "logseq/config.edn", "{}")
    _write(folder / "tangle.toml", 'graph = "."\nbook = ["*"]\npackage = "book.saved"\n')
    _write(folder / "pages/a.md", f"- # 1.1 A\n{below}")


def _begin_nbdev(folder: Path) -> None:
    _write(
        folder / "pyproject.toml",
        '[project]\nname = "notes"\nversion = "0.1"\n'
        '[tool.nbdev]\nnbs_path = "nbs"\nlib_path = "notes"\n',
    )
    _write(folder / "notes/__init__.py", '__version__ = "0.1"\n')
    code = ["#| default_exp core", *(f"#| export\n{chunk}" for chunk in _CHUNKS)]
    _write(folder / "nbs/core.ipynb", _notebook(code))


def _begin_jupytext(folder: Path) -> None:
    _write(folder / "a.ipynb", _notebook(_CHUNKS, jupytext={"formats": "ipynb,py:percent"}))


def _begin_entangled(folder: Path) -> None:
    first, second, third = _CHUNKS
    _write(folder / "entangled.toml", 'version = "2.0"\nwatch_list = ["*.md"]\n')
    _write(
        folder / "a.md",
        f"# A\n\n{_PROSE}\n\n``` {{.python file=a.py}}\n{first}\n<<second>>\n<<third>>\n```\n\n"
        f"``` {{.python #second}}\n{second}\n```\n\n``` {{.python #third}}\n{third}\n```\n",
    )


def _notebook(code: Sequence[str], **metadata: object) -> str:
    def cell(number: int, kind: str, text: str) -> dict[str, object]:
        more: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
        source = text.splitlines(keepends=True)
        return {"cell_type": kind, "id": f"c{number}", "metadata": {}, "source": source, **more}

    cells = [cell(number, "code", text) for number, text in enumerate(code, 1)]
    cells.insert(1, cell(0, "markdown", _PROSE))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {
            "cells": cells,
            "metadata": {"kernelspec": kernel, **metadata},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _environment(folder: Path) -> Path:
    """The folder of the programs of an environment that has the peers."""
    if not (folder / "bin" / "entangled").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *_PEERS], check=True)
    return folder / "bin"


if __name__ == "__main__":
    raise SystemExit(main())
