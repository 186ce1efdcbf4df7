"""Problems of outputs in the notes, and of writing them."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

STALE_OUTPUT: Final = ProblemKind(
    code="stale-output",
    severity="error",
    explanation=(
        "The output is of older code, or it belongs to no chunk any more. Run the section "
        "again; if it belongs to no chunk, delete the block, or run `tangle clean`. If it was "
        "also edited by hand, delete it or add `--force`; the hint says to which command."
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

EDITED_OUTPUT: Final = ProblemKind(
    code="edited-output",
    severity="warning",
    explanation=(
        "A person changed the output, or the file of a figure that it shows, so it is not "
        "written over. Delete the block (of a figure, the file) and run the section again, "
        "or use `--force` with `run` or `clean`. A block with a first line of words, or with "
        "code, is a person's own: not even `--force` touches it. Take its line "
        "`tangle.output::` out, and the next run writes an output beside it."
    ),
)

KEPT_TEXT: Final = ProblemKind(
    code="kept-text",
    severity="warning",
    hint="take from it what the page lacks, then delete it",
    explanation=(
        "Met by `run` and `clean`: an editor saved the page twice in the moment in which "
        "tangle replaced it, or tangle was killed in that moment. The later text stands in the "
        "page; the earlier one is in the file that is named, a hidden one beside the page. "
        "Take from it what the page lacks, then delete it."
    ),
)

FOREIGN_DRAFT: Final = ProblemKind(
    code="foreign-draft",
    severity="warning",
    hint="take from it what the page lacks, if you trust it, then delete it",
    explanation=(
        "Met by `run` and `clean`: a hidden file beside the pages is named as tangle names a "
        "draft while it replaces a page. Another user or machine left it, or it came with a "
        "clone, a copy or a sync client, or it is a link. tangle finishes its own interrupted "
        "writes only, so this file was left alone. If you trust it, take from it what the page "
        "lacks; then delete it."
    ),
)

CHANGED_MEANWHILE: Final = ProblemKind(
    code="changed-meanwhile",
    severity="error",
    explanation=(
        "Met by `run` (exit code 3): a chunk was changed while it ran, and its output would "
        "stand beside other code. It was not written; other outputs were. Run the section "
        "again; or undo the change, and `tangle run --write-pending` writes the output that "
        "was kept."
    ),
)

PAGE_IN_USE: Final = ProblemKind(
    code="page-in-use",
    severity="error",
    hint="they are kept: save and leave the page, then run `tangle run --write-pending`",
    explanation=(
        "Met by `run` (exit code 3): another program was using the page, so that replacing it "
        "could have cost you words or made your editor ask: it had the page open for writing, "
        "held unsaved changes of it, or kept saving it. `run` waited some seconds; the "
        "outputs are kept. Save and leave the page; then the next `run` or `watch` writes "
        "them, or `tangle run --write-pending` does. With `--eager` only a page that is open "
        "for writing is waited for."
    ),
)

UNPLACEABLE_OUTPUT: Final = ProblemKind(
    code="unplaceable-output",
    severity="error",
    hint="close what is left open in it: a fence, a drawer, a quote, `$$`, `<!--` or `---`",
    explanation=(
        "Met by `run` (exit code 3): with the outputs in it, Logseq would read the rest of "
        "the page otherwise than now, because something in the page is left open: a fence, "
        "a drawer, a quote, `$$`, `<!--` or front matter. Nothing was written to that page. "
        "Close what is open."
    ),
    example=("- <div>\n- ~~~\n- #+BEGIN_EXAMPLE\n- #+BEGIN_SRC python\n  1\n  #+END_SRC\n"),
)
