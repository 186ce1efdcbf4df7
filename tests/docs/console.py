"""Run the commands that a page of the documentation shows, and compare what they print.

A page takes part by a comment, `<!-- runs in: examples/weather -->`: the commands below it run in a
copy of that folder, or in `an empty folder`, one after the other, on a terminal. On such a page

- a fence `console` holds commands after `$ `, continued after `> `, and below each what it prints.
  `...` stands for any text, and alone on a line for any lines. `^C` interrupts the command.
- a fence with `title="pages/A.md"` is written to that file; in `diff` it is a change of the file.
- a fence `console` with a title is not run, and the title says why.

`make docs-outputs` puts what is printed into the pages.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.terminal import Terminal, Tty

ROOT: Final = Path(__file__).resolve().parents[2]
EMPTY: Final = "an empty folder"

PLACE: Final = re.compile(r"^<!-- runs in: (.+) -->$", re.MULTILINE)
"""The line that says where the commands below it run."""

_FENCE: Final = re.compile(
    r"^(?P<marks>`{3,})(?P<language>\w*)(?P<more>[^`\n]*)\n(?P<body>.*?)^(?P=marks)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_TITLE: Final = re.compile(r' title="([^"]+)"')
_COMMAND: Final = re.compile(r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_COLUMNS, _LINES = 100, 50
_PATIENCE: Final = 180
_INTERRUPT: Final = "^C\n"
# What differs from run to run: times, memory, and the digests of outputs and of figures, which
# depend on the version of matplotlib.
_VOLATILE: Final = (
    (re.compile(r"\b\d+(?:\.\d+)? ?(ms|s|MB|KiB|MiB|GiB)\b"), r"1 \1"),
    (re.compile(r"\b([0-9a-f]{12})\.[0-9a-f]{8}\b"), r"\1"),
    (re.compile(r"-[0-9a-f]{8}(\.\w+)"), r"\1"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:0"),
)


class Fence(NamedTuple):
    """A fence of a page.

    Attributes:
        language: its first word.
        title: the file that it shows, or why it is not run; empty if there is none.
        body: its text.
        start: where its text begins in the page.
        line: the line in the page where its text begins.
    """

    language: str
    title: str
    body: str
    start: int
    line: int


class Command(NamedTuple):
    """A command of a fence, and what the page says that it prints.

    Attributes:
        text: as bash reads it.
        expected: the lines below it.
        start: where these begin in the page.
        line: the line of the command in the page.
    """

    text: str
    expected: str
    start: int
    line: int


def fences(page: str) -> Iterator[Fence]:
    """The fences of a page that begin at the start of a line."""
    for found in _FENCE.finditer(page):
        title = _TITLE.search(found["more"])
        start = found.start("body")
        line = page.count("\n", 0, start) + 1
        yield Fence(found["language"], title[1] if title else "", found["body"], start, line)


def commands(fence: Fence) -> Iterator[Command]:
    """The commands of a fence, in order."""
    for found in _COMMAND.finditer(fence.body):
        line = fence.line + fence.body.count("\n", 0, found.start())
        yield Command(found[1].replace("\n> ", "\n"), found[2], fence.start + found.start(2), line)


def agrees(expected: str, actual: str) -> bool:
    """Whether a command printed what a page says.

    Args:
        expected: the lines on the page; `...` stands for anything.
        actual: the lines that it printed.
    """
    lines = (
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else r".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in _normal(expected).splitlines()
    )
    return re.fullmatch("".join(lines), _normal(actual)) is not None


def _normal(text: str) -> str:
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


class Reader:
    """Someone who follows a page in a home folder of their own, on a terminal."""

    def __init__(self, home: Path, place: str) -> None:
        self.home = home
        name = "notes" if place == EMPTY else Path(place).name
        self.folder = self.start = home / name
        if place == EMPTY:
            self.folder.mkdir()
        else:
            ignored = shutil.ignore_patterns(".tangle", "__pycache__", "data", ".git")
            shutil.copytree(ROOT / place, self.folder, ignore=ignored)
        self._status = 0
        self._environment = _environment(home)

    def write(self, fence: Fence) -> None:
        """Put a fence with a title into its file, as a whole or as a change of it.

        Raises:
            ValueError: the file does not hold what the change replaces.
        """
        path = self.start / fence.title
        if fence.language != "diff":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fence.body, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        lines = fence.body.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        if text.count(before) != 1:
            raise ValueError(f"{fence.title} does not hold this once:\n{before}")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, command: Command) -> str:
        """Type a command, and return the text on the terminal afterwards."""
        state = self.home / "run" / "status"
        state.unlink(missing_ok=True)
        before, interrupted, _ = command.expected.partition(_INTERRUPT)
        shown: list[str] | None = None

        def watch(text: str, process: subprocess.Popen[bytes]) -> None:
            nonlocal shown
            screen = Terminal(_COLUMNS, _LINES)
            screen.feed(text[: text.rfind("\n") + 1])
            if interrupted and shown is None and agrees(before, _text(screen)):
                shown = _text(screen).splitlines()
                os.killpg(process.pid, signal.SIGINT)

        # The trap lets bash note the folder after a command that was interrupted.
        program = f"trap : INT; (exit {self._status})\n{command.text}\necho $? $PWD >{state}"
        with Tty(_COLUMNS, _LINES) as tty:
            shell = ["timeout", "--kill-after=5", str(_PATIENCE), "bash", "-c", program]
            tty.run(shell, self._environment, folder=self.folder, watch=watch)
        with suppress(FileNotFoundError):
            status, folder = state.read_text(encoding="utf-8").strip().split(" ", 1)
            self._status, self.folder = int(status), Path(folder)
        text = _text(tty.screen).replace(str(self.home), "/home/you")
        if shown is None:
            return text
        lines = text.splitlines(keepends=True)
        return "".join([*lines[: len(shown)], _INTERRUPT, *lines[len(shown) :]])

    def leave(self) -> None:
        """End the server that commands may have started."""
        for folder in {self.folder, self.start}:
            subprocess.run(
                ["tangle", "server", "stop"],
                cwd=folder,
                env=self._environment,
                capture_output=True,
                check=False,
                timeout=_PATIENCE,
            )


def _text(screen: Terminal) -> str:
    """The text on a terminal, with each line that it wrapped as one line."""
    text = "".join(row.text + "\n" * (not row.goes_on) for row in screen.rows)
    return text.rstrip("\n") + "\n" if text.strip() else ""


def _environment(home: Path) -> dict[str, str]:
    """The variables of a user whose home folder has nothing in it but the caches of libraries."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "USER": "you",
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "XDG_CACHE_HOME": cache,
        "XDG_RUNTIME_DIR": str(home / "run"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "You",
        "GIT_AUTHOR_EMAIL": "you@example.org",
        "GIT_COMMITTER_NAME": "You",
        "GIT_COMMITTER_EMAIL": "you@example.org",
    }


@contextmanager
def reader(place: str) -> Iterator[Reader]:
    """Someone who follows a page that runs in a place.

    Args:
        place: a folder of the project, or `EMPTY`.
    """
    with tempfile.TemporaryDirectory(prefix="d") as folder:  # a socket's path has to be short
        found = Reader(Path(folder).resolve(), place)
        try:
            yield found
        finally:
            found.leave()


def follow(page: str) -> Iterator[tuple[Command, str]]:
    """Follow a page from top to bottom; each command, with what it printed.

    Each place that the page names begins with a copy as it is in the project.
    """
    places = [(found.end(), found[1]) for found in PLACE.finditer(page)]
    ends = [*(start for start, _ in places[1:]), len(page)]
    for (start, place), end in zip(places, ends, strict=True):
        with reader(place) as someone:
            for fence in fences(page):
                if start < fence.start < end:
                    yield from _follow(fence, someone)


def _follow(fence: Fence, someone: Reader) -> Iterator[tuple[Command, str]]:
    if fence.language != "console":
        if fence.title:
            someone.write(fence)
    elif not fence.title:
        for command in commands(fence):
            yield command, someone.run(command)


def corrected(page: str, followed: Sequence[tuple[Command, str]]) -> str:
    """A page with what its commands printed, where it says something else.

    Args:
        page: the text of the page.
        followed: what `follow` gave for it.
    """
    for command, actual in reversed(followed):
        if not agrees(command.expected, actual):
            end = command.start + len(command.expected)
            page = page[: command.start] + actual + page[end:]
    return page
