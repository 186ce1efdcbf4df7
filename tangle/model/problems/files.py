"""Problems of generated files."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

STALE_GENERATED: Final = ProblemKind(
    code="stale-generated",
    severity="error",
    hint="run `tangle build`",
    explanation=(
        "A generated file is missing, is not what the notes come to, or belongs to a "
        "section that is gone. Run `tangle build`. Where nothing was ever built, nothing is "
        "reported."
    ),
)

FOREIGN_FILE: Final = ProblemKind(
    code="foreign-file",
    severity="error",
    explanation=(
        "A file that tangle did not write stands where it wants to write: in the output "
        "folder, or in `assets/tangle/` where a figure belongs. Move it, or choose another "
        "`output`."
    ),
)
