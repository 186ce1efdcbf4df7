"""Seed the random generators that notes use, each before its first use."""

from __future__ import annotations

import random
from types import ModuleType

from tangle.engine.worker.after_import import AfterImport

_NUMPY_SEEDS = 1 << 32


def seed_generators(seed: int, after: AfterImport) -> None:
    """Seeds `random` now, NumPy and torch as soon as they are imported.

    A section that imports neither pays for neither.

    Args:
        seed: of all generators.
        after: runs actions after imports.
    """

    def seed_numpy(numpy: ModuleType) -> None:
        numpy.random.seed(seed % _NUMPY_SEEDS)

    def seed_torch(torch: ModuleType) -> None:
        torch.manual_seed(seed)

    random.seed(seed)
    after.add("numpy", seed_numpy)
    after.add("torch", seed_torch)
