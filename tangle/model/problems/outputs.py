"""Problems of outputs in the notes, and of writing them."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

STALE_OUTPUT: Final = ProblemKind(
    code="stale-output",
    severity="error",
    explanation=(
        "The output is from older code, or it no longer belongs to any chunk. Run the section "
        "again; if it belongs to no chunk, delete the block, or run `tangle clean --orphans`. If "
        "it was also edited by hand, delete it or add `--force`; the hint says to which command."
    ),
    example=(
        "- ```python\n"
        "  1 + 1\n"
        "  ```\n"
        "\t- tangle.output:: 0123456789ab.01234567\n"
        "\t  ```text\n"
        "\t  2\n"
        "\t  ```\n"
    ),
)

FAILED_OUTPUT: Final = ProblemKind(
    code="failed-output",
    severity="error",
    explanation=(
        "The chunk failed when it was last run, and the block below it says why. Repair the "
        "code and run the section again: the output of a chunk that passes replaces the failure."
    ),
)

EDITED_OUTPUT: Final = ProblemKind(
    code="edited-output",
    severity="warning",
    explanation=(
        "A person changed the output, or the file of a figure that it shows, so it is not "
        "overwritten. Delete the block (for a figure, the file) and run the section again, or "
        "use `--force` with `run` or `clean`. A block with a first line of words, or with "
        "code, is the user's text: not even `--force` touches it. Remove its line "
        "`tangle.output::`, and the next run writes an output beside it."
    ),
)

KEPT_TEXT: Final = ProblemKind(
    code="kept-text",
    severity="warning",
    hint="copy from it what the page lacks, then delete it",
    explanation=(
        "Reported by `run` and `clean`: an editor saved the page twice at the moment when "
        "tangle replaced it, or tangle was killed at that moment. The later text is in the "
        "page; the earlier one is in the named file, a hidden file beside the page. Copy from "
        "it what the page lacks, then delete it."
    ),
)

FOREIGN_DRAFT: Final = ProblemKind(
    code="foreign-draft",
    severity="warning",
    hint="copy from it what the page lacks, if you trust it, then delete it",
    explanation=(
        "Reported by `run` and `clean`: a hidden file beside the pages has the name of a "
        "draft that tangle uses while it replaces a page. Another user or machine left it, or "
        "it came with a clone, a copy or a sync client, or it is a link. tangle finishes only "
        "its own interrupted writes, so it left this file alone. If you trust it, copy from "
        "it what the page lacks; then delete it."
    ),
)

CHANGED_MEANWHILE: Final = ProblemKind(
    code="changed-meanwhile",
    severity="error",
    explanation=(
        "Reported by `run` (exit code 3): a chunk changed while it ran, so its output would "
        "be beside other code. It was not written; other outputs were. Run the section again; "
        "or undo the change, and `tangle run --write-pending` writes the kept output."
    ),
)

PAGE_IN_USE: Final = ProblemKind(
    code="page-in-use",
    severity="error",
    hint="they are kept: save and leave the page, then run `tangle run --write-pending`",
    explanation=(
        "Reported by `run` (exit code 3): another program was using the page, so that "
        "replacing it could have cost you words or made your editor ask. It had the page open "
        "for writing, held unsaved changes to it, or kept saving it. `run` waited some "
        "seconds; the outputs are kept. Save and leave the page; then the next `run` or "
        "`watch` writes them, or `tangle run --write-pending` does. With `--eager`, tangle "
        "waits only for a page that is open for writing."
    ),
)

UNPLACEABLE_OUTPUT: Final = ProblemKind(
    code="unplaceable-output",
    severity="error",
    hint="close what is open in it: a fence, a drawer, a quote, `$$`, `<!--` or `---`",
    explanation=(
        "Reported by `run` (exit code 3): with the outputs in it, Logseq would read the rest "
        "of the page differently than now, because something in the page is not closed: a "
        "fence, a drawer, a quote, `$$`, `<!--` or front matter. Nothing was written to that "
        "page. Close it."
    ),
    example=("- <div>\n- ~~~\n- #+BEGIN_EXAMPLE\n- #+BEGIN_SRC python\n  1\n  #+END_SRC\n"),
)
