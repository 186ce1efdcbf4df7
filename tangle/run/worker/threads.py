"""How many threads the mathematics of a process uses, where its libraries are loaded already.

`OMP_NUM_THREADS` is read when a library is loaded: in a forked process it comes too late.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)


def share_threads(share: str) -> None:
    """Has torch, OpenMP and NumPy's OpenBLAS use so many threads, as far as they are loaded.

    Before the first operation, so that no pool is there yet that a fork would have halved.

    Args:
        share: what `OMP_NUM_THREADS` says; anything but a number leaves all as it is.
    """
    count = share.partition(",")[0].strip()
    if not count.isdigit() or int(count) < 1:
        return
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(int(count))
    for path in _loaded("openblas", "libgomp", "libomp"):
        with contextlib.suppress(OSError):
            _set(ctypes.CDLL(path), int(count))


def _set(library: ctypes.CDLL, count: int) -> None:
    for name in (*_SETTERS, "omp_set_num_threads"):
        with contextlib.suppress(AttributeError):
            getattr(library, name)(ctypes.c_int(count))
            return


def _loaded(*names: str) -> list[str]:
    """Shared libraries of this process whose file is called so."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/maps").read_text(errors="replace").splitlines()
        paths = {line.split(maxsplit=5)[5] for line in lines if "/" in line and ".so" in line}
        return sorted(path for path in paths if any(n in Path(path).name for n in names))
    return []
