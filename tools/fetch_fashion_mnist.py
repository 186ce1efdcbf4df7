"""Put the four files of Fashion-MNIST where the notes' own code looks for them.

The notes load the data with torchvision's `FashionMNIST(root="../data", download=True)`, which
downloads nothing when the four unpacked files are in `notes/data/FashionMNIST/raw`. This fills
that folder from the first source that works, and is done at once when the files are there.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

TARGET = Path("notes", "data", "FashionMNIST", "raw")
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("usr", "share", "datasets", "fashion-mnist")
TIME_LIMIT = 600.0
"""Seconds for one command: a network that answers nothing must not hold up a set-up for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdxFile:
    """One file of the data set: an array of bytes under an idx header.

    The format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, 8 for "unsigned byte", the
    number of dimensions, then each dimension in four bytes, all big-endian).
    """

    name: str
    shape: tuple[int, ...]

    @property
    def header(self) -> bytes:
        """The bytes that the file begins with."""
        dimensions = len(self.shape)
        return struct.pack(f">{dimensions + 1}I", 0x0800 + dimensions, *self.shape)

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return len(self.header) + math.prod(self.shape)


FILES = (
    IdxFile(name="train-images-idx3-ubyte", shape=(60000, 28, 28)),
    IdxFile(name="train-labels-idx1-ubyte", shape=(60000,)),
    IdxFile(name="t10k-images-idx3-ubyte", shape=(10000, 28, 28)),
    IdxFile(name="t10k-labels-idx1-ubyte", shape=(10000,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Somewhere to have the files from.

    Attributes:
        name: what a person calls it.
        fetch: puts the four unpacked files into the folder it is given, which is empty; raises
            `SourceFailed` or `OSError` where it cannot.
    """

    name: str
    fetch: Callable[[Path], None]


class SourceFailed(Exception):
    """A source did not give the files; its message says why."""


class NoSourceWorked(Exception):
    """Every source failed.

    Attributes:
        target: the folder that still lacks the files.
        reasons: one line a source.
    """

    def __init__(self, target: Path, files: Iterable[IdxFile], reasons: tuple[str, ...]) -> None:
        """Keep the facts and put them into the message, the way out last."""
        self.target = target
        self.reasons = reasons
        wanted = "".join(f"\n  {file.name}  ({file.size} bytes)" for file in files)
        super().__init__(
            f"{target}: Fashion-MNIST is not there, and no source gave it:"
            + "".join(f"\n  {reason}" for reason in reasons)
            + "\nPut these files there, as they are or with their .gz, and run this again:"
            + wanted
        )


def faults(folder: Path, files: Iterable[IdxFile] = FILES) -> tuple[str, ...]:
    """What is wrong with the files in `folder`, one line a file; empty if nothing is."""
    return tuple(line for file in files if (line := fault(folder / file.name, file)))


def fault(path: Path, file: IdxFile) -> str:
    """What is wrong with the file at `path`, which should be `file`; empty if nothing is."""
    if not path.is_file():
        return f"{path.name} is missing"
    size = path.stat().st_size
    if size != file.size:
        return f"{path.name} has {size} bytes, not {file.size}"
    with path.open("rb") as stream:
        if stream.read(len(file.header)) != file.header:
            return f"{path.name} does not begin as an idx file of shape {file.shape}"
    return ""


def fill(target: Path, sources: Sequence[Source], files: tuple[IdxFile, ...] = FILES) -> str:
    """Make `target` hold the files; the name of the source they came from.

    Each source works in a draft folder beside the target, and only what proves whole is moved in,
    so that the target never holds half a file that was not there before.

    Raises:
        NoSourceWorked: no source gave the files.
        OSError: the folder cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources:
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=target.parent) as name:
            draft = Path(name)
            reason = attempt(source, draft, files)
            if not reason:
                for file in files:
                    (draft / file.name).replace(target / file.name)
                return source.name
            reasons.append(f"{source.name}: {reason}")
    raise NoSourceWorked(target, files, tuple(reasons))


def attempt(source: Source, draft: Path, files: Iterable[IdxFile]) -> str:
    """Let `source` fill `draft`; why the files are not there whole, empty if they are."""
    try:
        source.fetch(draft)
    except (SourceFailed, OSError) as error:
        return str(error)
    return "; ".join(faults(draft, files))


def standard_sources(target: Path) -> tuple[Source, ...]:
    """Where to have the files from, the cheapest first."""
    return (
        Source(name="packed files in the folder", fetch=partial(unpack, target)),
        Source(name=f"Debian's package {DEBIAN_PACKAGE}", fetch=fetch_debian_package),
        Source(name="torchvision's download", fetch=download_with_torchvision),
    )


def unpack(packed: Path, into: Path, files: Iterable[IdxFile] = FILES) -> None:
    """Unpack the `.gz` of each file from the folder `packed`.

    Raises:
        SourceFailed: one of them is missing or damaged.
    """
    for file in files:
        path = packed / f"{file.name}.gz"
        if not path.is_file():
            message = f"{path.name} is missing"
            raise SourceFailed(message)
        try:
            with gzip.open(path) as source, (into / file.name).open("wb") as sink:
                shutil.copyfileobj(source, sink)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            message = f"{path.name} is damaged: {error}"
            raise SourceFailed(message) from error


def fetch_debian_package(into: Path) -> None:
    """Download Debian's package, without installing it, and unpack its files.

    torchvision would not take the package's files as they are: Debian packed them again, so their
    digests are not those of the originals. Unpacked, they are the same.

    Raises:
        SourceFailed: there is no apt, or it cannot get the package.
    """
    with tempfile.TemporaryDirectory(prefix=".package-", dir=into) as name:
        work = Path(name)
        download_package(work)
        archives = sorted(work.glob("*.deb"))
        if not archives:
            message = "apt-get downloaded no package"
            raise SourceFailed(message)
        run(["dpkg", "-x", archives[0].name, "unpacked"], work)
        unpack(work / "unpacked" / DEBIAN_FOLDER, into)


def download_package(work: Path) -> None:
    """Download the package into `work`, with a fresh index if the one there does not serve.

    Raises:
        SourceFailed: the package cannot be had; or the index is no use, and only root may renew it.
    """
    download = ["apt-get", "download", DEBIAN_PACKAGE]
    try:
        run(download, work)
    except SourceFailed:
        run(["apt-get", "update"], work)
        run(download, work)


def download_with_torchvision(into: Path) -> None:
    """Let torchvision download the originals.

    Raises:
        SourceFailed: torchvision is not installed, or has no network.
    """
    code = "import sys, torchvision; torchvision.datasets.FashionMNIST(sys.argv[1], download=True)"
    run([sys.executable, "-P", "-c", code, "."], into)
    for path in (into / "FashionMNIST" / "raw").iterdir():
        path.replace(into / path.name)


def run(command: Sequence[str], folder: Path) -> None:
    """Run `command` in `folder`.

    Raises:
        SourceFailed: it is not there, fails or takes too long; the message is its last line.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT,
            check=False,
        )
    except FileNotFoundError as error:
        message = f"there is no {command[0]} here"
        raise SourceFailed(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]} did not end within {TIME_LIMIT:.0f} s"
        raise SourceFailed(message) from error
    if done.returncode != 0:
        last = done.stderr.strip().split("\n")[-1]
        message = f"{Path(command[0]).name}: {last or f'exit status {done.returncode}'}"
        raise SourceFailed(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the folder that the command line names; the exit status."""
    parser = argparse.ArgumentParser(description="Put the files of Fashion-MNIST into a folder.")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET, help="default: %(default)s")
    target: Path = parser.parse_args(arguments).target
    try:
        if faults(target):
            print(f"{target}: Fashion-MNIST from {fill(target, standard_sources(target))}")
    except (NoSourceWorked, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
