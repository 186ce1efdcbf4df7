"""Problems of generated files."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

STALE_GENERATED: Final = ProblemKind(
    code="stale-generated",
    severity="error",
    hint="run `tangle build`",
    explanation=(
        "A generated file is missing, does not match the notes, or belongs to a section that "
        "no longer exists. Run `tangle build`. If nothing was ever built, nothing is "
        "reported."
    ),
)

FOREIGN_FILE: Final = ProblemKind(
    code="foreign-file",
    severity="error",
    explanation=(
        "A file that tangle did not write is in the way: in the output folder, or in "
        "`assets/tangle/` at the place of a figure. Move it, or choose a different `output`."
    ),
)
