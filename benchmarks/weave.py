"""Compares `tangle weave` with other generators of sites on the same text.

    python -m benchmarks.weave [--pages 300] [--peers FOLDER] [--rounds 3]

Makes pages as plain Markdown, which all of them read, and has each generator build the site from
nothing, and again after one line of one page has changed. FOLDER is a virtual environment with
those peers that are wanted: `pip install mkdocs-material zensical sphinx myst-parser`. Seconds are
those of the processor, of the process and its children, median of the rounds.
"""
# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import gzip
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.site_pages import write_markdown

_PATIENCE: Final = 900.0
"""Seconds that one site may take."""
_CHANGED: Final = "Note-0.md"
_MKDOCS: Final = "site_name: Notes\ndocs_dir: pages\nsite_dir: site\ntheme: {name: material}\n"
_SPHINX: Final = (
    "project = 'Notes'\nextensions = ['myst_parser']\nmyst_enable_extensions = ['dollarmath']\n"
)


class Peer(NamedTuple):
    """A generator.

    Attributes:
        program: its executable; empty for tangle.
        settings: name and text of its configuration.
        arguments: what builds `site` from `pages`.
    """

    name: str
    program: str
    settings: tuple[str, str]
    arguments: tuple[str, ...]


_PEERS: Final = (
    Peer("tangle weave", "", ("logseq/config.edn", "{}\n"), ("weave", "--output", "site")),
    Peer("MkDocs Material", "mkdocs", ("mkdocs.yml", _MKDOCS), ("build", "-q", "-f", "mkdocs.yml")),
    Peer("Zensical", "zensical", ("mkdocs.yml", _MKDOCS), ("build", "-f", "mkdocs.yml")),
    Peer("Sphinx with MyST", "sphinx-build", ("pages/conf.py", _SPHINX), ("-q", "pages", "site")),
)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{options.pages} pages of plain Markdown\n")
    print("| generator | from nothing | one page changed | site | a page, gzip |")
    print("|---|--:|--:|--:|--:|")
    for peer in _PEERS:
        program = _program(peer, options.peers)
        if program is None:
            print(f"| {peer.name} | not installed | | | |")
            continue
        rounds = [_round(peer, program, options.pages) for _ in range(options.rounds)]
        cold, warm, size, page = map(statistics.median, zip(*rounds, strict=True))
        cells = f"{cold:.1f} s | {warm:.1f} s | {size / 1e6:.1f} MB | {page / 1e3:.1f} kB"
        print(f"| {peer.name} | {cells} |", flush=True)
    return 0


def _program(peer: Peer, folder: Path | None) -> list[str] | None:
    if not peer.program:
        return [sys.executable, "-m", "tangle_cli", "--graph", "."]
    path = folder.absolute() / "bin" / peer.program if folder is not None else None
    return [str(path)] if path is not None and path.exists() else None


def _round(peer: Peer, program: list[str], pages: int) -> tuple[float, float, float, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_markdown(folder / "pages", pages)
        settings, text = peer.settings
        (folder / settings).parent.mkdir(parents=True, exist_ok=True)
        (folder / settings).write_text(text, encoding="utf-8")
        command = [*program, *peer.arguments]
        cold = _seconds(command, folder)
        with (folder / "pages" / _CHANGED).open("a", encoding="utf-8") as page:
            page.write("\nOne more line.\n")
        warm = _seconds(command, folder)
        site = folder / "site"
        shutil.rmtree(site / ".doctrees", ignore_errors=True)
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        made = sorted(site.rglob("*.html"))
        shown = statistics.median(len(gzip.compress(path.read_bytes())) for path in made)
        return cold, warm, size, shown


def _seconds(command: list[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
