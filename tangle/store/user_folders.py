"""Folders of the user's own, by the XDG Base Directory specification."""

from __future__ import annotations

import os
from pathlib import Path


def user_folder(variable: str, usual: str) -> Path | None:
    """Tangle's folder in one of the user's base folders; None where the user has no home.

    Args:
        variable: names the base folder. A relative path counts as none.
        usual: the base folder where the variable is not set, relative to the home folder.
    """
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named / "tangle"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / usual / "tangle" if home.is_absolute() else None
