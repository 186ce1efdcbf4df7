"""Make sdists and wheels of the same sources byte for byte the same, wherever they are built.

pyproject.toml says what is in them. setuptools reads the times, owners and modes of files into
its archives; here the time is that of `SOURCE_DATE_EPOCH`, and the rest is fixed. Without the
variable the time is that of the build.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import time
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist


class ReproducibleSdist(sdist):
    """The usual sdist, in an archive that depends on its files alone."""

    def make_archive(  # noqa: PLR0913, PLR0917 -- the arguments are those of setuptools
        self,
        base_name: str,
        format: str,  # noqa: A002
        root_dir: str | os.PathLike[str] | None = None,
        base_dir: str | None = None,
        owner: str | None = None,
        group: str | None = None,
    ) -> str:
        """Write the archive of a folder; return its path."""
        if format != "gztar" or base_dir is None:
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)
        moment = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
        top = Path(root_dir or ".", base_dir)
        target = Path(f"{base_name}.tar.gz")
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            target.open("wb") as stream,
            gzip.GzipFile("", "wb", fileobj=stream, mtime=moment) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in sorted(top.rglob("*")):
                if path.is_file():
                    name = Path(base_dir, path.relative_to(top)).as_posix()
                    _add(archive, path, name, moment)
        return str(target)


def _add(archive: tarfile.TarFile, path: Path, name: str, moment: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = path.stat().st_size
    entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    entry.mtime = moment
    with path.open("rb") as content:
        archive.addfile(entry, content)


os.umask(0o022)  # the modes of files in the wheel are those with which they are created
setup(cmdclass={"sdist": ReproducibleSdist})
