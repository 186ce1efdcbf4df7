"""What a person who types in Logseq meets while `tangle watch` writes into the same pages.

    python -m benchmarks.typing                         # --seconds 60 --pauses 0.5,1,1.5,...
    python -m benchmarks.typing --seconds 30 --pauses 1.5

A model of Logseq 0.10 types into a chunk, in bursts with pauses between them: what was typed goes
into its database half a second after the last key, and from there into the file at the next full
second; the text on disk must then be the text that it knows, else it asks and the typing is ended.
A file changed from outside is taken up once its size has been the same for two seconds, and
what was typed and not saved by then is replaced. Each pause has its page, all in one graph, which
one `tangle watch` watches; first with `--eager`, which writes as soon as a section has run, then
without. Prints a Markdown table.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 12.0, 20.0)
_BURST = 1.2
_KEY = 0.12
_TO_DATABASE = 0.5
_FLUSH = 1.0
_STABLE = 2.0
_POLL = 0.1
_STEP = 0.01
_WAIT = 60.0
_PAGE = (
    "- ## 1.{number}. Typed\n"
    "\t- ```python\n\t  X = 1\n\t  ```\n"
    '\t- ```python\n\t  print("x is", X)\n\t  ```\n'
)


@dataclass(slots=True, kw_only=True)
class Met:
    """What a typist met.

    Attributes:
        saves: how often the page was saved.
        questions: how often Logseq asked, since the text on disk was not the one that it knew.
        replaced: how often what was typed and not saved gave way to what stood on disk.
        written: how often tangle wrote into the page while it was typed in.
        late: seconds from the last save to the output of what was typed; None if it never came.
    """

    saves: int = 0
    questions: int = 0
    replaced: int = 0
    written: int = 0
    late: float | None = None


class Logseq:
    """The model: a page that is open, and a person who types digits into its first chunk."""

    def __init__(self, page: Path, *, pause: float, start: float) -> None:
        """Open a page.

        Args:
            page: its file.
            pause: seconds between two bursts.
            start: when the first burst begins.
        """
        self.met = Met()
        self._page, self._pause = page, pause
        self._known = self._database = page.read_text(encoding="utf-8")
        self._typed, self._unsaved = _digits(self._database), False
        self._box = False
        self._last_key, self._next_key, self._keys = 0.0, start, 0
        self._next_flush, self._next_poll = start, start
        self._file, self._changed_at = _stamp(page), 0.0
        self._saved_at = start
        self.met.late = 0.0

    def step(self, now: float, *, typing: bool) -> None:
        """Do what is due.

        Args:
            now: the time.
            typing: whether the person goes on typing.
        """
        if typing and now >= self._next_key:
            self._press(now)
        if self._box and now - self._last_key >= _TO_DATABASE:
            self._database = re.sub(r"X = \d+", f"X = {self._typed}", self._database)
            self._box, self._unsaved = False, True
        if now >= self._next_flush:
            self._next_flush += _FLUSH
            self._flush(now)
        if now >= self._next_poll:
            self._next_poll += _POLL
            self._look(now, typing=typing)

    def is_through(self) -> bool:
        """Whether all that was typed is saved, and its output has come."""
        return not (self._box or self._unsaved) and self.met.late is not None

    def _press(self, now: float) -> None:
        self._typed = "3" if len(self._typed) > 13 else f"{self._typed}{self._keys % 9 + 1}"
        self._keys += 1
        self._box, self._last_key = True, now
        burst_ends = self._keys % round(_BURST / _KEY) == 0
        self._next_key = now + _KEY + (self._pause if burst_ends else 0.0)

    def _flush(self, now: float) -> None:
        if not self._unsaved:
            return
        self._unsaved = False
        disk = self._page.read_text(encoding="utf-8")
        if disk.strip() != self._known.strip():
            self.met.questions += 1
            self._take_up(disk)
            return
        self._page.write_text(self._database, encoding="utf-8")
        self._known, self._saved_at, self.met.late = self._database, now, None
        self.met.saves += 1

    def _look(self, now: float, *, typing: bool) -> None:
        """Do as chokidar does with `awaitWriteFinish`."""
        found = _stamp(self._page)
        if found != self._file:
            self.met.written += typing and found[0] != self._file[0]
            self._file, self._changed_at = found, now
            text = self._page.read_text(encoding="utf-8")
            if self.met.late is None and f"x is {_digits(text)}\n" in text:
                self.met.late = now - self._saved_at
        elif self._changed_at and now - self._changed_at >= _STABLE:
            self._changed_at = 0.0
            disk = self._page.read_text(encoding="utf-8")
            if disk.strip() != self._known.strip():
                self.met.replaced += self._box or self._unsaved
                self._take_up(disk)

    def _take_up(self, disk: str) -> None:
        self._known = self._database = disk
        self._typed, self._box, self._unsaved = _digits(disk), False, False


def _digits(text: str) -> str:
    found = re.search(r"X = (\d+)", text)
    return found[1] if found else "1"


def _stamp(page: Path) -> tuple[int, int, int]:
    found = page.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def type_beside(
    options: Sequence[str], pauses: Sequence[float], seconds: float
) -> dict[float, Met]:
    """Type into a page for each pause while `tangle watch` watches them; what was met.

    Args:
        options: of `tangle watch`.
        pauses: seconds between two bursts, for each page.
        seconds: for how long is typed.
    """
    with tempfile.TemporaryDirectory(prefix="tangle-typing-") as name:
        graph = Path(name).resolve()
        (graph / "pages").mkdir()
        (graph / "logseq").mkdir()
        (graph / "logseq" / "config.edn").write_text("{}\n")
        (graph / "tangle.toml").write_text('book = ["**"]\n')
        pages = [graph / "pages" / f"p{number}.md" for number in range(len(pauses))]
        for number, page in enumerate(pages):
            page.write_text(_PAGE.format(number=number), encoding="utf-8")
        with _watching(graph, ["1", *options]):
            until = time.monotonic() + _WAIT
            while not all("x is 1\n" in page.read_text(encoding="utf-8") for page in pages):
                if time.monotonic() > until:
                    raise SystemExit(f"no output came: {(graph / 'said').read_text()}")
                time.sleep(0.05)
            time.sleep(_STABLE + 1.0)
            return _typed(pages, pauses, seconds)


def _typed(pages: Sequence[Path], pauses: Sequence[float], seconds: float) -> dict[float, Met]:
    start = time.monotonic()
    open_pages = [
        Logseq(page, pause=pause, start=start) for page, pause in zip(pages, pauses, strict=True)
    ]
    left = list(open_pages)
    while left and (now := time.monotonic()) < start + seconds + _WAIT:
        typing = now < start + seconds
        for editor in open_pages:
            editor.step(now, typing=typing)
        if not typing:
            left = [editor for editor in left if not editor.is_through()]
        time.sleep(_STEP)
    return {pause: editor.met for pause, editor in zip(pauses, open_pages, strict=True)}


@contextlib.contextmanager
def _watching(graph: Path, arguments: Sequence[str]) -> Iterator[None]:
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(graph), "watch", *arguments]
    with (graph / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of typing (60)")
    parser.add_argument("--pauses", default=",".join(f"{p:g}" for p in PAUSES))
    parser.add_argument("--quiet-seconds", help="as `tangle watch` takes it")
    given = parser.parse_args()
    pauses = [float(pause) for pause in given.pauses.split(",")]
    quiet = ["--quiet-seconds", given.quiet_seconds] if given.quiet_seconds else []
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.seconds:g} s of typing\n")
    before = type_beside(["--eager"], pauses, given.seconds)
    after = type_beside(quiet, pauses, given.seconds)
    print(
        "| pause | `--eager`: saves, asked, replaced | default: saves, asked, replaced "
        "| written while typing | output after the last save |"
    )
    print("|--:|--:|--:|--:|--:|")
    for pause in pauses:
        one, two = before[pause], after[pause]
        late = "never" if two.late is None else f"{two.late:.1f} s"
        print(
            f"| {pause:g} s | {one.saves}, {one.questions}, {one.replaced} "
            f"| {two.saves}, {two.questions}, {two.replaced} | {two.written} | {late} |"
        )


if __name__ == "__main__":
    main()
