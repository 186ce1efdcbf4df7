"""Set the number of threads of numerical libraries to the worker's share.

A fresh process needs no help with that. A forked one has libraries that read the variable when its
parent was started. It was not known then how many sections would run at a time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
from types import ModuleType

from tangle.engine.worker.after_import import AfterImport

_VARIABLE = "OMP_NUM_THREADS"
_OPENBLAS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_")


def share_threads(after: AfterImport) -> None:
    """Has NumPy and torch use as many threads as the environment says, once they are imported."""
    said = os.environ.get(_VARIABLE, "")
    if not said.isdecimal() or said == "0":
        return
    count = int(said)

    def limit_numpy(numpy: ModuleType) -> None:
        for path in Path(numpy.__file__ or "").parents[1].glob("numpy.libs/libscipy_openblas*"):
            _tell_openblas(path, count)

    def limit_torch(torch: ModuleType) -> None:
        if torch.get_num_threads() != count:
            torch.set_num_threads(count)

    after.add("numpy", limit_numpy)
    after.add("torch", limit_torch)


def _tell_openblas(path: Path, count: int) -> None:
    """Calls the setter of the library, which is loaded already, whatever it is called in it."""
    with contextlib.suppress(OSError):
        library = ctypes.CDLL(str(path))
        for name in _OPENBLAS:
            if hasattr(library, name):
                getattr(library, name)(ctypes.c_int(count))
                return
