"""Problems of a page's own text: fences, properties, encoding, merges."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

UNCLOSED_FENCE: Final = ProblemKind(
    code="unclosed-fence",
    severity="error",
    hint="end the code with a line of three backquotes, before the next bullet",
    explanation=(
        "A Python fence has no end, and Logseq shows it as text; or a fence, in whatever "
        "language, continues over a bullet with a Python fence. The code in it is not tangled "
        "as intended. End it with a line of three backquotes, before the next bullet."
    ),
    example=("- ```python\n  x = 1\n- the next block\n"),
)

NESTED_CODE: Final = ProblemKind(
    code="nested-code",
    severity="error",
    hint="put the code into a separate block, outside the list or quote",
    explanation=(
        "The code is in a list (`1.`, `*`, `+`) or in a quote (`>`). Logseq trims every line "
        "there, so its indentation is lost, and it is not tangled. Put it into a separate "
        "block."
    ),
    example=("- > ```python\n  > if x:\n  >     print(x)\n  > ```\n"),
)

FENCE_CLOSED_BY_STRANGER: Final = ProblemKind(
    code="fence-closed-by-stranger",
    severity="warning",
    hint="close the code with a line like its opener, at its end",
    explanation=(
        "In Logseq, any line that begins with three backquotes or tildes closes any fence. "
        "Here a Python fence is closed by a line that looks like the opening of another "
        "fence. Close the first one where it ends."
    ),
    example=("- ```python\n  x = 1\n  ```python\n"),
)

MIXED_INDENTATION: Final = ProblemKind(
    code="mixed-indentation",
    severity="warning",
    hint="indent every line of the code at least as far as the text of its block",
    explanation=(
        "A line of code starts further left than the text of its block. Logseq strips all of "
        "its indentation, so the code means something different than it seems to in the file. "
        "Indent every line at least as far as the block. If only the file's text is a program, "
        "that is run, and `tangle check --fix` indents it. The same problem is reported if tabs "
        "and spaces are mixed and exactly one width of a tab makes a program of the code: it is "
        "run, and `--fix` writes spaces. If several do, it is an error (`syntax-error`)."
    ),
    example=("- a\n\t- ```python\n\t  x = 1\n  y = 2\n\t  ```\n"),
)

MISSPELT_LANGUAGE: Final = ProblemKind(
    code="misspelt-language",
    severity="notice",
    hint="correct the word, then the code is tangled",
    explanation=(
        "The language of a fence differs from Python's by one letter, and its code is valid "
        "Python, but it is not tangled. Correct the word."
    ),
    example=("- ```pyton\n  x = 1\n  ```\n"),
)

IGNORED_PROPERTY: Final = ProblemKind(
    code="ignored-property",
    severity="warning",
    hint="move the line up to the block's other properties",
    explanation=(
        "A `tangle.*` property comes after other text. Logseq obeys only the first group of "
        "properties in a block. Move the line up to the others."
    ),
    example=(
        "- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n  some words\n  tangle.run:: no\n"
        "  ```python\n  print(1)\n  ```\n"
    ),
)

CODE_LIKE_PROPERTY: Final = ProblemKind(
    code="code-like-property",
    severity="warning",
    hint=(
        "put a blank before `::` (`x[ ::2]`), or indent all lines of the code by two more blanks"
    ),
    explanation=(
        "Logseq's editor treats every line of a block as a property if its first word has "
        "`::` and at most one blank before it, even in code. In a block with `id::` or "
        "another property that Logseq hides, the next edit moves such a line out of the code. "
        "In a block with other properties, collapsing it or referring to it writes a line "
        "into the code. If such a line is the first of a block that begins with code, a "
        "reference to the block deletes it. Put a blank before `::`, indent all lines of the "
        "code by two more blanks, or give the block a first line of words and no properties. A "
        "result in an interpreter session must stay as it was printed, so there only the last of "
        "these helps, or removing the result."
    ),
    example=(
        "- words\n- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
        "  ```python\n  x = [1, 2, 3]\n  x[::2] = 0, 0\n  ```\n"
    ),
)

MOVED_CODE: Final = ProblemKind(
    code="moved-code",
    severity="error",
    hint="put the line back into the code, with a blank before `::` (`x[ ::2]`)",
    explanation=(
        "Logseq moved a line of code out of its fence (see "
        "[code-like-property](#code-like-property)). The rest is a different program, so the "
        "chunk does not run. Put the line back, in a form that Logseq leaves alone."
    ),
    example=(
        "- words\n- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n  x[::2] = 0, 0\n"
        "  ```python\n  x = [1, 2, 3]\n  ```\n"
    ),
)

PROPERTY_IN_CODE: Final = ProblemKind(
    code="property-in-code",
    severity="error",
    hint="remove the line from the code",
    explanation=(
        "Logseq wrote a property of the block into the code, below a line with `::` in its "
        "first word (see [code-like-property](#code-like-property)). If the line repeats a "
        "property that the block has, `tangle check --fix` removes it, and tangle reads the "
        "code without it. Otherwise remove it yourself."
    ),
    example=(
        "- words\n- tangle.timeout:: 9\n  collapsed:: true\n"
        "  ```python\n  print('ab'[::-1])\n  collapsed:: true\n  ```\n"
    ),
)

FIRST_BLOCK_PROPERTY: Final = ProblemKind(
    code="first-block-property",
    severity="warning",
    hint="give the block a first line of words, or put another block before it",
    explanation=(
        "The first block of the page has code, and a property on its first line. When Logseq "
        "saves the page, it writes the block without its bullet, and the property becomes the "
        "page's. Give the block a first line of words, or put another block before it."
    ),
    example="- tangle.timeout:: 9\n  ```python\n  x = 1\n  ```\n",
)

LOST_BULLET: Final = ProblemKind(
    code="lost-bullet",
    severity="error",
    hint=(
        "put `- ` and a line of words above the properties, and indent all of the block by two; "
        "or, if they are the page's, leave a blank line below them"
    ),
    explanation=(
        "Logseq wrote the first block of the page without its bullet (see "
        "[first-block-property](#first-block-property)). tangle still reads the properties "
        "right above the code as the chunk's, but Logseq treats them as the page's. Put `- ` "
        "and a line of words above them, and indent the block. If they are the page's, leave "
        "a blank line between them and the code."
    ),
    example="tangle.timeout:: 9\n```python\nx = 1\n```\n",
)

UNKNOWN_PROPERTY: Final = ProblemKind(
    code="unknown-property",
    severity="error",
    explanation=(
        "No property has this name; the hint names the most similar one. The section does not "
        "run until it is corrected: code that was meant to have `tangle.run:: no` must not "
        "run."
    ),
    example="- tangle.rnu:: no\n",
)

BAD_PROPERTY: Final = ProblemKind(
    code="bad-property",
    severity="error",
    explanation=(
        "The property cannot have this value; the hint lists the allowed ones. The section "
        "does not run until it is corrected."
    ),
    example="- tangle.timeout:: soon\n",
)

NOT_UTF8: Final = ProblemKind(
    code="not-utf8",
    severity="error",
    explanation=(
        "The page contains a byte that is not UTF-8, and the page is left out. Save it as "
        "UTF-8 in your editor."
    ),
)

UNREADABLE_PAGE: Final = ProblemKind(
    code="unreadable-page",
    severity="error",
    explanation=(
        "The page cannot be read: missing permission, or more than 16 MiB. It is left out. "
        "The message says why."
    ),
)

MERGE_CONFLICT: Final = ProblemKind(
    code="merge-conflict",
    severity="error",
    hint="choose which text stays, and delete the lines with the markers",
    explanation=(
        "The page has the marker lines of an unresolved merge, between blocks or inside code. "
        "It contains two versions at once, so it is left out: none of it runs, and nothing is "
        "written to it. Choose which text stays and delete the marker lines. A fence in "
        "another language that shows such lines is not a conflict."
    ),
    example=(
        "- one\n<<<<<<< HEAD\n- ```python\n  print(1)\n  ```\n"
        "=======\n- ```python\n  print(2)\n  ```\n>>>>>>> topic\n"
    ),
)

NOT_DOWNLOADED: Final = ProblemKind(
    code="not-downloaded",
    severity="error",
    hint="open its folder in the Finder and download it, or run `brctl download` on it",
    explanation=(
        "iCloud has removed the page from this machine and left a placeholder "
        "(`.B.md.icloud`) in its place. The page is left out. `tangle build` refuses to write "
        "(exit code 3) while generated files contain code from the page, and `tangle run` "
        "does not run its sections. Download the page."
    ),
)

SYNC_COPY: Final = ProblemKind(
    code="sync-copy",
    severity="warning",
    hint="copy from it what the page lacks, then delete it; or rename it to keep it as a page",
    explanation=(
        "A sync tool left a copy of a page beside the page: `B (conflicted copy 2024-01-05)`, "
        "`B.sync-conflict-20240105-101112-ABCDEFG`, or `B 2` and `B (1)` if most lines are "
        "those of `B`. The copy is left out: it is not run, built, or packaged. Copy from it "
        "what the page lacks, then delete it. If it is a separate page, rename it."
    ),
    example=(
        "- ```python\n  a = 1\n  ```\n- one\n=== A 2\n- ```python\n  a = 1\n  ```\n- one\n- two\n"
    ),
)
