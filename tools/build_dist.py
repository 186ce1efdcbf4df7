"""Write the wheel and the sdist of the last commit into a folder.

    python tools/build_dist.py FOLDER

They are built in a temporary copy of what git has, so that nothing else gets in, with the time of
the commit: every build of a commit gives the same bytes. It needs git and setuptools.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_BUILD: Final = """\
import sys, setuptools.build_meta as backend
into = sys.argv[1]  # setuptools replaces the arguments
backend.build_sdist(into)
backend.build_wheel(into)
"""


def build(into: Path, revision: str = "HEAD") -> None:
    """Build both archives.

    Args:
        into: the folder for them; it is created.
        revision: the commit.
    """
    into.mkdir(parents=True, exist_ok=True)
    moment = _git("log", "-1", "--format=%ct", revision).decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(_git("archive", revision))) as archive:
            archive.extractall(folder, filter="data")
        subprocess.run(
            [sys.executable, "-c", _BUILD, into.resolve()],
            cwd=folder,
            env={**os.environ, "SOURCE_DATE_EPOCH": moment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


if __name__ == "__main__":
    build(Path(sys.argv[1]))
