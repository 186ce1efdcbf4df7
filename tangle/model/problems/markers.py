"""Problems of `<<name>>` references and `#@save` markers."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

UNKNOWN_CHUNK: Final = ProblemKind(
    code="unknown-chunk",
    severity="error",
    explanation=(
        "`<<name>>` or `<<((id))>>` stands where no block with code has that name or id. "
        "The chunk with the reference cannot be run."
    ),
    example=("- ```python\n  <<step>>\n  ```\n"),
)

AMBIGUOUS_CHUNK: Final = ProblemKind(
    code="ambiguous-chunk",
    severity="error",
    hint="give each block a name of its own, or refer by block id",
    explanation=(
        "`<<name>>` means two blocks (see [duplicate-name](#duplicate-name)). Rename one, "
        "or refer by block id."
    ),
    example=(
        "- one\n"
        "  tangle.name:: step\n"
        "  ```python\n"
        "  a = 1\n"
        "  ```\n"
        "- tangle.name:: step\n"
        "  ```python\n"
        "  b = 1\n"
        "  ```\n"
        "- ```python\n"
        "  <<step>>\n"
        "  ```\n"
    ),
)

REFERENCE_CYCLE: Final = ProblemKind(
    code="reference-cycle",
    severity="error",
    hint="take one reference out of the circle",
    explanation=(
        "A reference leads back to the chunk that it stands in. Take one out of the circle."
    ),
    example=(
        "- one\n"
        "  tangle.name:: a\n"
        "  ```python\n"
        "  <<b>>\n"
        "  ```\n"
        "- tangle.name:: b\n"
        "  ```python\n"
        "  <<a>>\n"
        "  ```\n"
    ),
)

TOO_LARGE: Final = ProblemKind(
    code="too-large",
    severity="error",
    explanation=(
        "References in references double the text at every step; here it would come to more "
        "than a million characters, or eight million in all chunks together. Write a loop "
        "or a function instead."
    ),
    example=("- the last\n  tangle.name:: n6\n  ```python\n  <<n5>>\n  <<n5>>\n  ```\n"),
    remark="and so on down to `n0`.",
)

NESTED_SAVE: Final = ProblemKind(
    code="nested-save",
    severity="error",
    explanation=(
        "`#@save` marks something inside a class or a function. Only what stands at the top "
        "level can be saved; mark that."
    ),
    example=("- ```python\n  class A:\n      def f(self):  #@save\n          return 1\n  ```\n"),
)

DANGLING_SAVE: Final = ProblemKind(
    code="dangling-save",
    severity="error",
    hint="put it on the statement's first line, or on a line of its own just above it",
    explanation=(
        "`#@save` on a line of its own, with nothing just below it. Put it on the "
        "statement's first line, or directly above."
    ),
    example=("- ```python\n  x = 1\n  \n  #@save\n  ```\n"),
)

UNCLEAR_SAVE: Final = ProblemKind(
    code="unclear-save",
    severity="error",
    hint="write #@save, or #@save replace, or put the words on a line of their own",
    explanation=(
        "A comment begins as the marker does and goes on with other words; only `replace` "
        "may follow."
    ),
    example=("- ```python\n  x = 1  #@save later\n  ```\n"),
)
