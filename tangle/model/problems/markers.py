"""Problems of `<<name>>` references and `#@save` markers."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

UNKNOWN_CHUNK: Final = ProblemKind(
    code="unknown-chunk",
    severity="error",
    explanation=(
        "No block with code has the name or id in `<<name>>` or `<<((id))>>`. The chunk with "
        "the reference cannot run."
    ),
    example=("- ```python\n  <<step>>\n  ```\n"),
)

AMBIGUOUS_CHUNK: Final = ProblemKind(
    code="ambiguous-chunk",
    severity="error",
    hint="give each block a unique name, or refer by block id",
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
    hint="remove one reference from the cycle",
    explanation="A reference leads back to its own chunk. Remove one reference from the cycle.",
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
        "`#@save` marks a statement inside a class or a function. Only top-level statements "
        "can be saved; mark the outer one."
    ),
    example=("- ```python\n  class A:\n      def f(self):  #@save\n          return 1\n  ```\n"),
)

DANGLING_SAVE: Final = ProblemKind(
    code="dangling-save",
    severity="error",
    hint="put it on the statement's first line, or on a separate line just above it",
    explanation=(
        "`#@save` is on a separate line, with nothing just below it. Put it on the "
        "statement's first line, or directly above."
    ),
    example=("- ```python\n  x = 1\n  \n  #@save\n  ```\n"),
)

UNCLEAR_SAVE: Final = ProblemKind(
    code="unclear-save",
    severity="error",
    hint="write #@save, or #@save replace, or put the words on a separate line",
    explanation=(
        "A comment begins like the marker and continues with other words; only `replace` may "
        "follow."
    ),
    example=("- ```python\n  x = 1  #@save later\n  ```\n"),
)
