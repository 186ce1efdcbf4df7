"""Problems of the code: syntax, names, borrowing, what is saved."""

from __future__ import annotations

from typing import Final

from tangle.model.basic import ProblemKind

SYNTAX_ERROR: Final = ProblemKind(
    code="syntax-error",
    severity="error",
    hint="repair the line in the note; the rest of the section is tangled without this chunk",
    explanation=(
        "The chunk is not valid Python. The other chunks of the section are tangled; the "
        "section's script ends at this one with a message, and a run fails there. If the "
        "cause is known, the message says it: tabs and spaces mixed by an editor, emphasis "
        "that Markdown put into the code, full-width punctuation, a prompt, pasted output, "
        "prose, a shell command, syntax of a newer Python. If the hint says so, `tangle check "
        "--fix` repairs it. No part of such a chunk ever runs. The same applies to an "
        "interpreter session (`>>> `) with a statement that does not parse, or with code that "
        "has no prompt."
    ),
    example=("- ```python\n  x = = 1\n  ```\n"),
)

SLIP: Final = ProblemKind(
    code="slip",
    severity="warning",
    hint="correct the line in the note; the chunk is not run until then",
    explanation=(
        "The chunk is one token away from Python: a colon, a bracket, a quotation mark or a comma "
        "is missing or there twice, `=` stands where `==` is meant, a keyword is misspelt, or the "
        "code is Python 2 (`print x`). If there is exactly one program that it can be, the hint "
        "says so, and `tangle check --fix` writes it. The chunk never runs before that."
    ),
    example=("- ```python\n  for i in range(3)\n      print(i)\n  ```\n"),
)

SKETCH: Final = ProblemKind(
    code="sketch",
    severity="notice",
    hint="complete it to have it run, or name its language if it is not Python",
    explanation=(
        "The chunk is not Python, and not meant to run: a signature or a decorator alone, a body "
        "that is only a comment, a `return` outside of a function, placeholders such as `<your "
        "key>`, words behind an ellipsis, pseudo-code, output, or another language. It is not "
        "run, as if it had `tangle.run:: no`, and the rest of the page runs without it. A chunk "
        "that is valid Python is never a sketch."
    ),
    example=("- ```python\n  def area(r):\n  ```\n"),
)

CALLOUTS: Final = ProblemKind(
    code="callouts",
    severity="notice",
    explanation=(
        "A book's callouts stand in the code: circled digits at the edges of its lines, or digits "
        "behind two blanks. The chunk is run without them. `tangle check --fix` removes them."
    ),
    example=("- ```python\n  ❶ total = 1 + 1\n  print(total)\n  ```\n"),
)

LIST_DASH: Final = ProblemKind(
    code="list-dash",
    severity="warning",
    hint="if it is a list mark, remove it",
    explanation=(
        "A call has a sign in front of it, and its value is not used. Most likely the sign is "
        "the dash of a list that got into the code. Remove it."
    ),
    example="- ```python\n  rows = [1, 2]\n  - rows.clear()\n  rows\n  ```\n",
)

MARKS_IN_TEXT: Final = ProblemKind(
    code="marks-in-text",
    severity="warning",
    hint="if an editor put the marks there, remove them: they become data",
    explanation=(
        "A string in the code has Markdown's marks for emphasis around a line end or a tab. "
        "An editor put them there, and the program would write them out. `--fix` leaves them, "
        "as the chunk parses. Remove them."
    ),
    example="- ```python\n  print('2,NA,106000**\\n**')\n  ```\n",
)

UNDEFINED_NAME: Final = ProblemKind(
    code="undefined-name",
    severity="error",
    explanation=(
        "The section uses a name that neither it defines, nor an earlier section of its book, nor "
        "a page that it needs (`tangle.needs`). The hint says where it is defined later, or which "
        "name is most similar. Define or import it above that line, or move the definition."
    ),
    example=(
        "tangle.book:: notes\n\n"
        "- ## 3.1. First\n"
        "\t- ```python\n"
        "\t  print(batch_size)\n"
        "\t  ```\n"
        "- ## 3.2. Second\n"
        "\t- ```python\n"
        "\t  batch_size = 10\n"
        "\t  ```\n"
    ),
    remark=(
        "The problem is not reported if tangle cannot know: after `from x import *`, or if a "
        "chunk that does not parse seems to define the name."
    ),
)

MISSPELT_NAME: Final = ProblemKind(
    code="misspelt-name",
    severity="warning",
    explanation=(
        "A section uses a name that it does not define, and defines one with the same "
        "letters, or a similar one that it never uses. Most likely one of the two is "
        "misspelt, and a name of an earlier section hides the mistake. Correct the spelling."
    ),
    example=(
        "tangle.book:: notes\n\n"
        "- ## 3.2. First\n\t- ```python\n\t  true_w = [2, 3]\n\t  ```\n"
        "- ## 3.3. Second\n\t- ```python\n\t  ture_w = [4, 5]\n\t  len(true_w)\n\t  ```\n"
    ),
)

BORROWED_NAME: Final = ProblemKind(
    code="borrowed-name",
    severity="error",
    explanation=(
        'An earlier section defines the name, but `tangle.borrow:: off` or `borrow = "off"` '
        "in `tangle.toml` forbids borrowing it. Define it in the section, or turn borrowing "
        "on."
    ),
    example=(
        "tangle.book:: notes\n\n"
        "- ## 3.1. First\n"
        "\t- ```python\n"
        "\t  size = 3\n"
        "\t  ```\n"
        "- ## 3.2. Second\n"
        "  tangle.borrow:: off\n"
        "\t- ```python\n"
        "\t  print(size)\n"
        "\t  ```\n"
    ),
)

COSTLY_BORROWING: Final = ProblemKind(
    code="costly-borrowing",
    severity="warning",
    hint="define it here, save it with #@save, or set tangle.borrow:: off",
    explanation=(
        "A statement that the section borrows is expensive or has outside effects: a loop, a "
        "call of something named `train`, a file, a program. It is still borrowed, and runs "
        "again each time. Define it in the section, save it with `#@save`, or stop borrowing "
        "with `tangle.borrow:: off`."
    ),
    example=(
        "tangle.book:: notes\n\n"
        "- ## 3.1. A\n"
        "\t- ```python\n"
        "\t  total = 0\n"
        "\t  for i in range(10): total += i\n"
        "\t  ```\n"
        "- ## 3.2. B\n"
        "\t- ```python\n"
        "\t  print(total)\n"
        "\t  ```\n"
    ),
)

UNSAVED_NAME: Final = ProblemKind(
    code="unsaved-name",
    severity="error",
    explanation=(
        "The notes use `d2l.something`, or import it from the package, and no section saves "
        "it. If a section defines it, the hint says where: mark it there with `#@save`."
    ),
    example=(
        "- ```python\n"
        "  def area(r): return 3 * r * r\n"
        "  ```\n"
        "- ```python\n"
        "  from d2l import torch as d2l\n"
        "  d2l.area(2)\n"
        "  ```\n"
    ),
)

SAVED_NEEDS_UNSAVED: Final = ProblemKind(
    code="saved-needs-unsaved",
    severity="error",
    explanation=(
        "Saved code uses a name that the notes define but do not save, so it would be missing "
        "in the package. Save that name too, or pass it as an argument."
    ),
    example=("- ```python\n  rate = 0.1\n  def step(w):  #@save\n      return w - rate\n  ```\n"),
)

SAVED_LATER: Final = ProblemKind(
    code="saved-later",
    severity="error",
    explanation=(
        "Saved code needs a name at once (a base class, a decorator, a default value) that is "
        "saved only later. Move one of the two."
    ),
    example=(
        "- ## 3.1. First\n"
        "\t- ```python\n"
        "\t  Base = dict\n"
        "\t  class Child(Base):  #@save\n"
        "\t      pass\n"
        "\t  ```\n"
        "- ## 3.2. Second\n"
        "\t- ```python\n"
        "\t  class Base: pass  #@save\n"
        "\t  ```\n"
    ),
)

SAVED_TWICE: Final = ProblemKind(
    code="saved-twice",
    severity="error",
    hint="rename one, remove one marker, or write `#@save replace` on this one",
    explanation=(
        "A name is saved a second time; the message names the first place. Rename one, remove "
        "one marker, or write `#@save replace` on the second if it is meant to replace the "
        "first. Overloads (`@typing.overload`), variants (`@name.register`, `@name.setter`) "
        "and definitions in an `if` or a `try` do not count as a second time."
    ),
    example=("- ```python\n  x = 1  #@save\n  ```\n- ```python\n  x = 2  #@save\n  ```\n"),
)

IMPORT_CONFLICT: Final = ProblemKind(
    code="import-conflict",
    severity="error",
    explanation=(
        "Two pieces of saved code import different things under the same name, and the "
        "package is one module. Give one of them a different name with `as`."
    ),
    example=(
        "- ## 3.1. First\n"
        "\t- ```python\n"
        "\t  import math as m\n"
        "\t  def f(): return m.pi  #@save\n"
        "\t  ```\n"
        "- ## 3.2. Second\n"
        "\t- ```python\n"
        "\t  import cmath as m\n"
        "\t  def g(): return m.pi  #@save\n"
        "\t  ```\n"
    ),
)

MISSING_IMPORT: Final = ProblemKind(
    code="missing-import",
    severity="warning",
    explanation=(
        "The code imports a module that no package installed for tangle's Python provides, "
        "and that is not beside the page. It depends on the machine, so it is a warning. "
        "Imports in a `try` that catches `ImportError`, or under `if TYPE_CHECKING:`, do not "
        "count. tangle imports nothing to find this out."
    ),
    example=("- ```python\n  import nunpy\n  ```\n"),
)

UNSAVEABLE: Final = ProblemKind(
    code="unsaveable",
    severity="error",
    hint="the package is plain Python: remove those lines, or the #@save",
    explanation=(
        "A marked statement has lines that only IPython understands. The package is plain "
        "Python: remove those lines, or the `#@save`."
    ),
    example=("- ```python\n  def f():  #@save\n      %time x = 1\n  ```\n"),
)
