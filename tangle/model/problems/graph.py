"""Problems between pages: titles, ids, names, references."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

DUPLICATE_TITLE: Final = ProblemKind(
    code="duplicate-title",
    severity="error",
    hint="rename one of the two",
    explanation="Two files have the same page title, ignoring case. Rename one.",
    example=(
        "title:: softmax\n\n- ```python\n  print(1)\n  ```\n"
        "=== B\ntitle:: softmax\n\n- ```python\n  print(2)\n  ```\n"
    ),
)

DUPLICATE_ALIAS: Final = ProblemKind(
    code="duplicate-alias",
    severity="warning",
    hint="remove it from one of the two pages",
    explanation=(
        "Two pages have the same name: an `alias::` is the title, or an alias, of another "
        "page. `tangle run NAME` uses the page with that title, or else the first. Remove the "
        "alias from one of the two pages."
    ),
    example=(
        "alias:: minibatch\n\n- ```python\n  print(1)\n  ```\n"
        "=== B\nalias:: minibatch\n\n- ```python\n  print(2)\n  ```\n"
    ),
)

DUPLICATE_SECTION: Final = ProblemKind(
    code="duplicate-section",
    severity="error",
    hint="renumber one of the two",
    explanation=(
        "Two blocks, or page titles, of a book have the same section number. The message names "
        "the first. Renumber one. Until then the chunks of both run as one section. Outside of a "
        "book, numbers may be used as often as you like."
    ),
    example=("tangle.book:: notes\n\n- ## 3.1. First\n- ## 3.1. Again\n"),
)

UNCLEAR_BOOK: Final = ProblemKind(
    code="unclear-book",
    severity="warning",
    hint="renumber one of the two, or name the book's pages: tangle.book:: NAME",
    explanation=(
        "Pages that use `#@save` or a `tangle.` property, and whose headings are numbered (3, "
        "3.1, ...), are one book if no number is used on two of them, or often twice on one. Here "
        "one is, so numbers count within each page only, and no section borrows from another. "
        "Renumber one of the two headings, "
        "or say which pages are a book: `tangle.book:: NAME` at the top of each, or "
        '`book = ["pages/chapter*.md"]` in `tangle.toml`. `book = []` means that there is none.'
    ),
    example=(
        "- ## 3.1. First\n"
        "\t- ```python\n"
        "\t  x = 1  #@save\n"
        "\t  ```\n"
        "=== B\n"
        "- ## 3.1. Again\n"
        "\t- ```python\n"
        "\t  y = 1  #@save\n"
        "\t  ```\n"
    ),
)

DUPLICATE_NAME: Final = ProblemKind(
    code="duplicate-name",
    severity="error",
    hint="give each block of code a unique name",
    explanation="Two blocks have the same `tangle.name`. Give each a unique name.",
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
    ),
)

DUPLICATE_ID: Final = ProblemKind(
    code="duplicate-id",
    severity="warning",
    hint="remove one of the two ids",
    explanation=(
        "Two blocks have the same `id::`; references mean the first. This happens when a "
        "block is copied outside of Logseq. Remove the second."
    ),
    example=(
        "- one\n"
        "  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
        "- two\n"
        "  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
        "- ```python\n  print(1)\n  ```\n"
    ),
)

UNRESOLVED_REFERENCE: Final = ProblemKind(
    code="unresolved-reference",
    severity="warning",
    hint="the block was deleted, or its page is not in this graph",
    explanation=(
        "A `((id))` in the text points to no block of this graph: the block was deleted, or "
        "its page is elsewhere."
    ),
    example=("- see ((5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11))\n- ```python\n  print(1)\n  ```\n"),
)

EMBED_SHOWS_CODE: Final = ProblemKind(
    code="embed-shows-code",
    severity="warning",
    hint="embed each block that has code by its id, alone in a block",
    explanation=(
        "An embed shows code that does not run there. An embed that is alone in its block "
        "stands for the chunks of the block that it names, but not for what is below that "
        "block, and not for a page. Embed each block that has code."
    ),
    example=(
        "- ## 3.1. First\n  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
        "\t- ```python\n\t  x = 1\n\t  ```\n"
        "- ## 3.2. Second\n\t- {{embed ((5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11))}}\n"
    ),
)

UNKNOWN_SECTION: Final = ProblemKind(
    code="unknown-section",
    severity="error",
    hint="name a page, such as [[Data]], or a section with two numbers, such as 3.5",
    explanation=(
        "`tangle.needs` names a section or page that does not exist or has no code. Name a unit: a "
        "page, such as `[[Data]]`, or a section of a book with two numbers, such as 3.5."
    ),
    example=(
        "- ## 3.6. Softmax regression\n  tangle.needs:: 9.9\n\t- ```python\n\t  x = 1\n\t  ```\n"
    ),
)

NESTED_GRAPH: Final = ProblemKind(
    code="nested-graph",
    severity="warning",
    explanation=(
        "A folder inside the graph has a `logseq/config.edn`, so it is also a graph. Its "
        "pages belong to that graph and are left out of this one. To run them, use tangle in "
        "that folder. If it should be one graph, move the inner `logseq` folder away."
    ),
)

UNREADABLE_CONFIG: Final = ProblemKind(
    code="unreadable-config",
    severity="warning",
    hint="open the graph in Logseq and let it rewrite the file",
    explanation=(
        "`logseq/config.edn` cannot be read, and Logseq's defaults are used instead. Open the "
        "graph in Logseq and let it rewrite the file."
    ),
)
