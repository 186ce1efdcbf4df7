"""Random sessions that ask, read and leave files, and random changes between their runs.

What the cache answers, and what a copy of a session comes to, must be what a fresh run comes to: in
outputs, and in what is left in the folder.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.events import CellFinished, Event
from tangle.engine.local import LocalExecutor
from tangle.model import Cell, Job, Origin, PagePath, Result, SectionName, SessionResult
from tangle.verbs.results.cache import Answers
from tangle.verbs.results.cache_keys import Keys
from tangle.verbs.results.places import places_of
from tangle.verbs.results.world import World
from tangle.verbs.watch.read_files import ReadFiles

NAMES = ("a", "b", "c", ".h", "d", "d/a", "d/b", "e")

ASKS = (
    "print(os.path.exists({p!r}), os.path.lexists({p!r}))",
    "print(os.path.isfile({p!r}), os.path.isdir({q!r}), os.path.islink({p!r}))",
    "print(Path({p!r}).is_dir(), Path({q!r}).is_file(), Path({p!r}).is_symlink())",
    "show(lambda: open({p!r}).read())",
    "show(lambda: Path({p!r}).read_bytes())",
    "show(lambda: sorted(os.listdir({d!r})))",
    "show(lambda: sorted((e.name, e.is_dir()) for e in os.scandir({d!r})))",
    "show(lambda: sorted((e.name, e.stat().st_size) for e in os.scandir({d!r}) if e.is_file()))",
    "print(sorted(map(str, Path('.').rglob('*'))))",
    "print(sorted(glob.glob('**', recursive=True)), sorted(glob.glob('.*')))",
    "print(sorted((a, sorted(b), sorted(c)) for a, b, c in os.walk('.')))",
    "print(sorted((a, sorted(b), sorted(c)) for a, b, c, _ in os.fwalk('.')))",
    "show(lambda: os.path.getsize({p!r}))",
    "show(lambda: oct(os.stat({p!r}).st_mode))",
    "show(lambda: int(os.path.getmtime({q!r})))",
    "show(lambda: os.lstat({p!r}).st_size)",
    "show(lambda: os.readlink({p!r}))",
    "show(lambda: os.access({p!r}, os.X_OK))",
    "show(lambda: os.path.realpath({p!r}).rpartition('/')[2])",
    "with ThreadPoolExecutor(4) as pool: print(list(pool.map(read, NAMES * 5)))",
    "with ThreadPoolExecutor(4) as pool: print(list(pool.map(os.path.isfile, NAMES * 5)))",
    "with fork.Pool(2) as pool: print(pool.map(read, NAMES))",
    "show(lambda: importlib.import_module('m_{m}').V)",
    "show(lambda: hasattr(importlib.import_module('colorsys'), 'V'))",
    "show(lambda: history({p!r}))",
    "show(lambda: subprocess.check_output(['cat', {p!r}], stderr=subprocess.DEVNULL))",
    "show(lambda: shutil.copy({p!r}, 'copied') and open('copied').read())",
    "print(x := x * 2 + 1)",
    "print(random.random())",
)

LEAVES = (
    "open('made', 'w').write('made') and show(lambda: open('made').read())",
    "show(lambda: open({p!r}, 'a').write('+'))",
    "open('t', 'w').write('t') and os.replace('t', 'moved')",
    "os.makedirs('plots/x', exist_ok=True)",
    "Path('plots').mkdir(exist_ok=True)",
    "show(lambda: os.remove({p!r}))",
    "show(lambda: os.rename({p!r}, {q!r}))",
    "show(lambda: os.symlink('a', 'link'))",
    "show(lambda: os.mkdir({q!r}))",
    "show(lambda: shutil.move({p!r}, 'elsewhere'))",
)

SETUP = """\
import glob, importlib, multiprocessing, os, random, readline, shutil, subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
NAMES, x, fork = {names!r}, 1, multiprocessing.get_context('fork')
def show(ask):
    try: print(ask())
    except (OSError, ImportError) as error: print(type(error).__name__)
def history(name):
    readline.clear_history()
    if os.path.isfile(name): readline.read_history_file(name)  # C looks in vain unseen
    return readline.get_history_item(1)
def read(name):
    try:
        with open(name) as file: return file.read()
    except OSError as error: return type(error).__name__"""


def program(chance: random.Random) -> list[str]:
    """The cells of a session; the last one prints a number that an edit changes."""
    cells = [SETUP.format(names=NAMES)]
    for _ in range(chance.randrange(1, 4)):
        lines = []
        for _ in range(chance.randrange(1, 4)):
            form = chance.choice(LEAVES if chance.random() < 0.2 else ASKS)
            lines.append(
                form.format(
                    p=chance.choice(NAMES),
                    q=chance.choice(NAMES),
                    d=chance.choice((".", "d", "e")),
                    m=chance.choice("ab"),
                )
            )
        cells.append("\n".join(lines))
    return [*cells, "print('end', 0)"]


def change(folder: Path, chance: random.Random) -> None:
    """Something else than the session changes a file, a folder, a link or a module."""
    path = folder / chance.choice(NAMES)
    with contextlib.suppress(OSError):
        chance.choice(CHANGES)(path, chance)


def _write(path: Path, chance: random.Random) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("x" * chance.randrange(4))


def _rewrite(path: Path, chance: random.Random) -> None:
    """Other text in a file of the same size, time and inode."""
    status = path.stat()
    with path.open("r+") as file:
        file.write(chance.choice("yz") * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _remove(path: Path, _: random.Random) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _remove_left(path: Path, chance: random.Random) -> None:
    _remove(path.parent / chance.choice(("made", "moved", "plots", "link", "copied")), chance)


def _link(path: Path, chance: random.Random) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(chance.choice("abc"))


def _touch(path: Path, chance: random.Random) -> None:
    os.utime(path, (10**9 + chance.randrange(3),) * 2)


def _module(path: Path, chance: random.Random) -> None:
    name = chance.choice(("m_a", "m_b", "colorsys"))
    if chance.random() < 0.5:
        path.with_name(f"{name}.py").write_text(f"V = {chance.randrange(9)}")
    else:
        path.with_name(name).mkdir(exist_ok=True)
        (path.with_name(name) / "__init__.py").write_text(f"V = {chance.randrange(9)}")


CHANGES: tuple[Callable[[Path, random.Random], object], ...] = (
    *(_write, _write, _write, _rewrite, _rewrite, _remove, _remove_left, _link, _touch, _module),
    lambda path, chance: path.mkdir(exist_ok=chance.random() < 0.5),
    lambda path, chance: path.chmod(chance.choice((0o644, 0o755, 0o600))),
    lambda path, chance: path.rename(path.with_name(chance.choice("abc"))),
)


@dataclass(slots=True)
class Counts:
    """What came of the comparisons so far."""

    runs: int = 0
    answered: int = 0
    resumed: int = 0
    mismatches: list[str] = field(default_factory=list)


class Comparison:
    """Runs one session again and again in one folder, in all the ways there are."""

    def __init__(
        self, folder: Path, number: int, fresh: LocalExecutor, copies: ResumingExecutor
    ) -> None:
        """Makes a session and a folder from a number."""
        self._chance = random.Random(number)
        self._number = number
        self._folder = folder / "graph"
        self._folder.mkdir()
        self._backup = folder / "backup"
        self._state = folder / "state"
        self._cells = program(self._chance)
        self._fresh, self._copies = fresh, copies
        self._files = ReadFiles()
        self._last: list[object] | None = None
        self._edits = 0
        for _ in range(4):
            change(self._folder, self._chance)

    def go(self, times: int, counts: Counts) -> None:
        """Changes something and compares, so many times."""
        for time in range(times):
            for _ in range(self._chance.randrange(3) if time else 0):
                change(self._folder, self._chance)
            self._compare(counts)

    def _compare(self, counts: Counts) -> None:
        job, keys = self._job()
        section = job.section
        told = any(name == section for name, _ in self._files.changed())
        before = contents(self._folder)
        answer = self._answers().answer(job, keys)
        answered = answer.result if answer is not None else None
        edited = self._edited(job)
        shutil.rmtree(self._backup, ignore_errors=True)
        shutil.copytree(self._folder, self._backup, symlinks=True)
        counts.resumed += self._copies.resumes_at(edited) is not None
        watched = self._copies.run(edited, _ignore)
        left = contents(self._folder)
        shutil.rmtree(self._folder)
        shutil.copytree(self._backup, self._folder, symlinks=True)
        result, finished = self._run(job)
        after = contents(self._folder)
        counts.runs += 1
        counts.answered += answered is not None
        if answered is not None and (shown(answered), before) != (shown(result), after):
            self._report(counts, "answered", shown(answered), shown(result))
        if (shown(watched)[:-1], left) != (shown(result)[:-1], after):
            self._report(counts, "resumed", shown(watched), shown(result))
        if self._last not in (None, shown(result)) and not told:
            self._report(counts, "not told", self._last, shown(result))
        self._answers().keep(job, keys, finished, result)
        self._files.note(section, result.learned)
        # A session that changes what it reads comes to something else each time.
        # What programs read is not seen.
        seen = all(r.end is not None and not r.end.seen.unseen for r in result.results)
        self._last = shown(result) if before == after and seen else None

    def _report(self, counts: Counts, how: str, one: object, other: object) -> None:
        code = "\n".join(self._cells[1:])
        counts.mismatches.append(f"{self._number}: {how}\n{code}\n{one}\n{other}")

    def _answers(self) -> Answers:
        return Answers(self._state, b"", World(places=places_of(self._folder)))

    def _job(self) -> tuple[Job, Keys]:
        job = self._made(self._cells)
        nothing = ((),) * len(job.cells)
        keys = Keys(
            base="0" * 64,
            module="",
            answerable=len(job.cells),
            _folder=job.directory,
            _cells=job.cells,
            _saved=nothing,
        )
        return job, keys

    def _edited(self, job: Job) -> Job:
        """The job with another last cell, so that its run goes on from a copy."""
        self._edits += 1
        cells = [*self._cells[:-1], f"print('end', {self._edits})"]
        return replace(job, cells=self._made(cells).cells)

    def _made(self, cells: list[str]) -> Job:
        origin = Origin(path=PagePath("x.md"), line=1, margin=0)
        return Job(
            section=SectionName(f"1.{self._number}"),
            cells=tuple(
                Cell(name=f"1 chunk {at}", code=code, origins=(origin,) * (code.count("\n") + 1))
                for at, code in enumerate(cells)
            ),
            directory=str(self._folder),
            watched=str(self._folder),
        )

    def _run(self, job: Job) -> tuple[SessionResult, list[Result]]:
        finished: list[Result] = []

        def notice(event: Event) -> None:
            if isinstance(event, CellFinished):
                finished.append(event.result)

        return self._fresh.run(job, notice), finished


def _ignore(_: Event) -> None:
    pass


def shown(result: SessionResult) -> list[object]:
    """What each cell came to, as far as it must be the same each time."""
    return [(r.outcome, r.outputs, r.failure) for r in result.results]


def contents(folder: Path) -> dict[str, str]:
    """All that is in a folder: kinds, texts and where links lead."""
    return dict(_contents(folder))


def _contents(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if "__pycache__" in name:
            continue
        if path.is_symlink():
            yield name, f"link {path.readlink()}"
        elif path.is_dir():
            yield name, "folder"
        else:
            yield name, path.read_text()
