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

UNMATCHED_GLOB: Final = ProblemKind(
    code="unmatched-glob",
    severity="warning",
    hint="globs are relative to the graph, such as pages/chapter*.md",
    explanation=(
        "A glob in `book`, `include` or `exclude` of the configuration matches no page. Correct "
        "it, or remove it. Globs are relative to the graph's folder and match whole paths: "
        "`pages/chapter*.md`, `journals/**`."
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
