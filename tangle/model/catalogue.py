"""Every kind of problem: what it means, what to do, and notes that have it.

`docs/problems.md` is made of this (`make docs`); a test looks that each example has its problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tangle.model.basic import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem.

    Attributes:
        area: where it is met, as a heading.
        text: what it means and what to do, in Markdown.
        notes: an example, as pages: `=== NAME` begins another than the first, which is called `A`.
        note: what is to be said behind the example.
    """

    code: str
    severity: Severity
    area: str
    text: str
    notes: str = ""
    note: str = ""


_PAGE: Final = "The page's text"
_GRAPH: Final = "The graph"
_CODE: Final = "The code"
_MARKS: Final = "References and markers"
_OUTPUTS: Final = "Outputs"
_FILES: Final = "Generated files"

KINDS: Final = (
    Kind(
        code="unclosed-fence",
        severity="error",
        area=_PAGE,
        text=(
            "A Python fence has no end, and Logseq shows it as text; or a fence, in whatever "
            "language, goes on over a bullet with a Python fence. Code in it is not tangled as it "
            "was meant. End it with a line of three backquotes, before the next bullet."
        ),
        notes=("- ```python\n  x = 1\n- the next block\n"),
    ),
    Kind(
        code="nested-code",
        severity="error",
        area=_PAGE,
        text=(
            "The code stands in a list (`1.`, `*`, `+`) or in a quote (`>`). Logseq trims every "
            "line there, so its indentation is lost, and it is not tangled. Put it into a block "
            "of its own."
        ),
        notes=("- > ```python\n  > if x:\n  >     print(x)\n  > ```\n"),
    ),
    Kind(
        code="fence-closed-by-stranger",
        severity="warning",
        area=_PAGE,
        text=(
            "Any line that begins with three backquotes or tildes closes any fence in Logseq. "
            "Here a Python fence is closed by one that looks as if it was to open another. "
            "Close the first one where it ends."
        ),
        notes=("- ```python\n  x = 1\n  ```python\n"),
    ),
    Kind(
        code="mixed-indentation",
        severity="warning",
        area=_PAGE,
        text=(
            "A line of code stands further left than the text of its block. Logseq strips all "
            "of its indentation, and the code means something else than it seems to in the "
            "file. Indent every line at least as far as the block."
        ),
        notes=("- a\n\t- ```python\n\t  x = 1\n  y = 2\n\t  ```\n"),
    ),
    Kind(
        code="misspelt-language",
        severity="warning",
        area=_PAGE,
        text=(
            "The language of a fence is one letter off Python's, and Python can read the code, "
            "which is not tangled. Correct the word."
        ),
        notes=("- ```pyton\n  x = 1\n  ```\n"),
    ),
    Kind(
        code="ignored-property",
        severity="warning",
        area=_PAGE,
        text=(
            "A `tangle.*` property comes after other text. Logseq obeys only the first run of "
            "properties in a block. Move the line up to the others."
        ),
        notes=("- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n  some words\n  tangle.run:: no\n"),
    ),
    Kind(
        code="code-like-property",
        severity="warning",
        area=_PAGE,
        text=(
            "Logseq's editor takes every line of a block for a property if its first word has `::` "
            "and at most one blank before it, in code as well. In a block with `id::` or another "
            "property that Logseq keeps to itself, the next edit moves such a line out of the "
            "code. In a block with other properties, collapsing it or referring to it writes a "
            "line into the code. If such a line is the first of a block that begins with code, a "
            "reference to the block deletes it. Put a blank before `::`, indent all lines of the "
            "code by two more blanks, or give the block a first line of words and no properties."
        ),
        notes=(
            "- words\n- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
            "  ```python\n  x = [1, 2, 3]\n  x[::2] = 0, 0\n  ```\n"
        ),
    ),
    Kind(
        code="moved-code",
        severity="error",
        area=_PAGE,
        text=(
            "Logseq moved a line of code out of its fence (see "
            "[code-like-property](#code-like-property)). What is left is another program, so the "
            "chunk is not run. Put the line back, in a form that Logseq leaves alone."
        ),
        notes=(
            "- words\n- id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n  x[::2] = 0, 0\n"
            "  ```python\n  x = [1, 2, 3]\n  ```\n"
        ),
    ),
    Kind(
        code="property-in-code",
        severity="error",
        area=_PAGE,
        text=(
            "Logseq wrote a property of the block into the code, below a line with `::` in its "
            "first word (see [code-like-property](#code-like-property)). If the line repeats a "
            "property that the block has, `tangle check --fix` takes it out, and tangle reads the "
            "code without it. Otherwise take it out yourself."
        ),
        notes=(
            "- words\n- tangle.timeout:: 9\n  collapsed:: true\n"
            "  ```python\n  print('ab'[::-1])\n  collapsed:: true\n  ```\n"
        ),
    ),
    Kind(
        code="first-block-property",
        severity="warning",
        area=_PAGE,
        text=(
            "The first block of the page has code, and a property on its first line. When Logseq "
            "saves the page, it writes the block without its bullet, and the property becomes the "
            "page's. Give the block a first line of words, or put another block before it."
        ),
        notes="- tangle.timeout:: 9\n  ```python\n  x = 1\n  ```\n",
    ),
    Kind(
        code="lost-bullet",
        severity="error",
        area=_PAGE,
        text=(
            "Logseq wrote the first block of the page without its bullet (see "
            "[first-block-property](#first-block-property)). The properties right above the code "
            "are read as the chunk's still, but Logseq takes them for the page's. Put `- ` and a "
            "line of words above them, and indent the block. If they are the page's, leave a blank "
            "line between them and the code."
        ),
        notes="tangle.timeout:: 9\n```python\nx = 1\n```\n",
    ),
    Kind(
        code="unknown-property",
        severity="error",
        area=_PAGE,
        text=(
            "There is no property of this name; the hint names the nearest one. Nothing "
            "of the section is run until it is corrected: what was meant as `tangle.run:: no` "
            "must not run."
        ),
        notes="- tangle.rnu:: no\n",
    ),
    Kind(
        code="bad-property",
        severity="error",
        area=_PAGE,
        text=(
            "The property cannot have this value; the hint says which it can. Nothing of the "
            "section is run until it is corrected."
        ),
        notes="- tangle.timeout:: soon\n",
    ),
    Kind(
        code="not-utf8",
        severity="error",
        area=_PAGE,
        text=(
            "The page holds a byte that is not UTF-8, and the page is left out. Save it as "
            "UTF-8 in your editor."
        ),
    ),
    Kind(
        code="unreadable-page",
        severity="error",
        area=_PAGE,
        text=(
            "The page cannot be read: no right to it, or more than 16 MiB. It is left out. The "
            "message says why."
        ),
    ),
    Kind(
        code="merge-conflict",
        severity="error",
        area=_PAGE,
        text=(
            "The marker lines of an unresolved merge stand in the page, between blocks or inside "
            "code. Two versions of the page are there at once, so the page is left out: none of it "
            "runs, and nothing is written to it. Choose what is to stay and delete the marker "
            "lines. A fence in another language that shows such lines is no conflict."
        ),
        notes=(
            "- one\n<<<<<<< HEAD\n- ```python\n  print(1)\n  ```\n"
            "=======\n- ```python\n  print(2)\n  ```\n>>>>>>> topic\n"
        ),
    ),
    Kind(
        code="not-downloaded",
        severity="error",
        area=_PAGE,
        text=(
            "iCloud has taken the page off this machine and left a placeholder (`.B.md.icloud`) in "
            "its place. The page is left out. `tangle build` refuses to write (exit code 3) while "
            "generated files hold code from the page, and `tangle run` does not run its sections. "
            "Download the page."
        ),
    ),
    Kind(
        code="sync-copy",
        severity="warning",
        area=_PAGE,
        text=(
            "A sync tool left a copy of a page beside the page: `B (conflicted copy 2024-01-05)`, "
            "`B.sync-conflict-20240105-101112-ABCDEFG`, or `B 2` and `B (1)` where most lines are "
            "those of `B`. The copy is left out: it is not run, built, or packaged. Take from it "
            "what the page lacks, then delete it. If it is a page in its own right, rename it."
        ),
        notes="- one\n- two\n=== A 2\n- one\n- two\n- three\n",
    ),
    Kind(
        code="duplicate-title",
        severity="error",
        area=_GRAPH,
        text="Two files have the same page title (case aside). Rename one.",
        notes=("title:: softmax\n\n- one\n=== B\ntitle:: softmax\n\n- two\n"),
    ),
    Kind(
        code="duplicate-alias",
        severity="warning",
        area=_GRAPH,
        text=(
            "Two pages go by the same name: an `alias::` is the title, or an alias, of another "
            "page. `tangle run NAME` takes the page of that title, or else the first. Take it "
            "from one of the two pages."
        ),
        notes=("alias:: minibatch\n\n- one\n=== B\nalias:: minibatch\n\n- two\n"),
    ),
    Kind(
        code="duplicate-section",
        severity="error",
        area=_GRAPH,
        text=(
            "Two blocks, or page titles, have the same section number. The message names the "
            "first. Renumber one. Until then the chunks of both run as one section."
        ),
        notes=("- ## 3.1. First\n- ## 3.1. Again\n"),
    ),
    Kind(
        code="duplicate-name",
        severity="error",
        area=_GRAPH,
        text="Two blocks have the same `tangle.name`. Give each its own.",
        notes=(
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
    ),
    Kind(
        code="duplicate-id",
        severity="warning",
        area=_GRAPH,
        text=(
            "Two blocks have the same `id::`; references mean the first. It happens when a "
            "block is copied outside of Logseq. Remove the second."
        ),
        notes=(
            "- one\n"
            "  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
            "- two\n"
            "  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
        ),
    ),
    Kind(
        code="unresolved-reference",
        severity="warning",
        area=_GRAPH,
        text=(
            "A `((id))` in the text points at no block of this graph: the block was deleted, or "
            "its page is elsewhere."
        ),
        notes="- see ((5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11))\n",
    ),
    Kind(
        code="embed-shows-code",
        severity="warning",
        area=_GRAPH,
        text=(
            "An embed shows code that does not run where it is shown. An embed stands for the "
            "chunks of the block that it names, if it is alone in its block: not for what is below "
            "that block, and not for a page. Embed each block that has code."
        ),
        notes=(
            "- ## 3.1. First\n  id:: 5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11\n"
            "\t- ```python\n\t  x = 1\n\t  ```\n"
            "- ## 3.2. Second\n\t- {{embed ((5f1b8e1c-6a0e-4f0e-9b1a-0d6f3c2a7e11))}}\n"
        ),
    ),
    Kind(
        code="unknown-section",
        severity="error",
        area=_GRAPH,
        text=(
            "`tangle.needs` names a section that there is not. Name a unit: a section with two "
            "numbers, such as 3.5."
        ),
        notes=(
            "- ## 3.6. Softmax regression\n"
            "  tangle.needs:: 9.9\n"
            "\t- ```python\n"
            "\t  x = 1\n"
            "\t  ```\n"
        ),
    ),
    Kind(
        code="nested-graph",
        severity="warning",
        area=_GRAPH,
        text=(
            "A folder inside the graph has a `logseq/config.edn`, so it is a graph as well. Its "
            "pages belong to that graph and are left out of this one. Run tangle in that folder "
            "for them. If it should be one graph, move the inner `logseq` folder away."
        ),
    ),
    Kind(
        code="unreadable-config",
        severity="warning",
        area=_GRAPH,
        text=(
            "`logseq/config.edn` cannot be read, and Logseq's defaults are used instead. Open "
            "the graph in Logseq and let it write the file anew."
        ),
    ),
    Kind(
        code="syntax-error",
        severity="error",
        area=_CODE,
        text=(
            "The chunk is not Python. The other chunks of the section are tangled; the script "
            "of the section ends at this one with a message, and a run fails there. Where the "
            "cause is known the message says it: tabs and spaces mixed by an editor, emphasis "
            "that Markdown put into the code, full-width punctuation, a prompt, pasted output, "
            "prose, a shell command, syntax of a newer Python. Where the hint says so, "
            "`tangle check --fix` repairs it. Nothing of such a chunk is ever run, nor of an "
            "interpreter session (`>>> `) with a statement that does not parse, or with code "
            "that has no prompt."
        ),
        notes=("- ```python\n  print(x\n  ```\n"),
    ),
    Kind(
        code="list-dash",
        severity="warning",
        area=_CODE,
        text=(
            "A call has a sign in front of it, and nobody uses its value: most likely the dash of "
            "a list that got into the code. Take it away."
        ),
        notes="- ```python\n  rows = [1, 2]\n  - rows.clear()\n  rows\n  ```\n",
    ),
    Kind(
        code="marks-in-text",
        severity="warning",
        area=_CODE,
        text=(
            "A text in the code has Markdown's marks for emphasis around a line end or a tab: an "
            "editor put them there, and the program would write them out. `--fix` leaves them, "
            "as the chunk parses. Take them away."
        ),
        notes="- ```python\n  print('2,NA,106000**\\n**')\n  ```\n",
    ),
    Kind(
        code="undefined-name",
        severity="error",
        area=_CODE,
        text=(
            "The section uses a name that neither it nor an earlier numbered section defines. "
            "The hint says where it is defined later, or which name comes nearest. Define or "
            "import it above that line, or move the definition."
        ),
        notes=(
            "- ## 3.1. First\n"
            "\t- ```python\n"
            "\t  print(batch_size)\n"
            "\t  ```\n"
            "- ## 3.2. Second\n"
            "\t- ```python\n"
            "\t  batch_size = 10\n"
            "\t  ```\n"
        ),
        note=(
            "It is not reported where it cannot be known: after `from x import *`, or where a "
            "chunk that does not parse seems to define the name."
        ),
    ),
    Kind(
        code="misspelt-name",
        severity="warning",
        area=_CODE,
        text=(
            "A section uses a name that it does not define, and defines one of the same letters, "
            "or one much like it that it never uses: most likely a slip, which an earlier "
            "section's name hides. Write the name that is meant."
        ),
        notes=(
            "- ## 3.2. First\n\t- ```python\n\t  true_w = [2, 3]\n\t  ```\n"
            "- ## 3.3. Second\n\t- ```python\n\t  ture_w = [4, 5]\n\t  len(true_w)\n\t  ```\n"
        ),
    ),
    Kind(
        code="borrowed-name",
        severity="error",
        area=_CODE,
        text=(
            "As above, but an earlier section does define the name, and `tangle.borrow:: off` "
            'or `borrow = "off"` in `tangle.toml` forbids to take it from there. Define it in '
            "the section, or turn borrowing on."
        ),
        notes=(
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
    ),
    Kind(
        code="costly-borrowing",
        severity="warning",
        area=_CODE,
        text=(
            "What the section borrows takes more than a moment to make, or reaches outside: a "
            "loop, a call of something called `train`, a file, a program. It is borrowed all "
            "the same, and run again each time. Define it in the section, save it with "
            "`#@save`, or stop borrowing with `tangle.borrow:: off`."
        ),
        notes=(
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
    ),
    Kind(
        code="unsaved-name",
        severity="error",
        area=_CODE,
        text=(
            "The notes use `d2l.something`, or import it from the package, and no section saves "
            "it. If a section defines it, the hint says where: mark it there with `#@save`."
        ),
        notes=(
            "- ```python\n"
            "  def area(r): return 3 * r * r\n"
            "  ```\n"
            "- ```python\n"
            "  from d2l import torch as d2l\n"
            "  d2l.area(2)\n"
            "  ```\n"
        ),
    ),
    Kind(
        code="saved-needs-unsaved",
        severity="error",
        area=_CODE,
        text=(
            "Saved code uses a name that the notes define and do not save; in the package it "
            "would be missing. Save that name too, or hand it over as an argument."
        ),
        notes=("- ```python\n  rate = 0.1\n  def step(w):  #@save\n      return w - rate\n  ```\n"),
    ),
    Kind(
        code="saved-later",
        severity="error",
        area=_CODE,
        text=(
            "Saved code needs a name at once (a base class, a decorator, a default value) that "
            "is saved only further down. Move one of the two."
        ),
        notes=(
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
    ),
    Kind(
        code="saved-twice",
        severity="error",
        area=_CODE,
        text=(
            "A name is saved a second time; the message names the first place. Rename one, take "
            "one marker away, or write `#@save replace` on the second if it is to take the "
            "place of the first. Overloads (`@typing.overload`), variants (`@name.register`, "
            "`@name.setter`) and definitions in an `if` or a `try` do not count as a second time."
        ),
        notes=("- ```python\n  x = 1  #@save\n  ```\n- ```python\n  x = 2  #@save\n  ```\n"),
    ),
    Kind(
        code="import-conflict",
        severity="error",
        area=_CODE,
        text=(
            "Two pieces of saved code import different things under one name, and the package "
            "is one module. Give one of them another name with `as`."
        ),
        notes=(
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
    ),
    Kind(
        code="missing-import",
        severity="warning",
        area=_CODE,
        text=(
            "The code imports a module that no installed package provides, in the Python that "
            "runs tangle, and that does not lie beside the page. It depends on the machine, so "
            "it is a warning. Imports in a `try` that catches `ImportError`, or under `if "
            "TYPE_CHECKING:`, do not count. Nothing is imported to find out."
        ),
        notes=("- ```python\n  import nunpy\n  ```\n"),
    ),
    Kind(
        code="unsaveable",
        severity="error",
        area=_CODE,
        text=(
            "A marked statement has lines that only IPython understands. The package is plain "
            "Python: take those lines out, or take `#@save` away."
        ),
        notes=("- ```python\n  def f():  #@save\n      %time x = 1\n  ```\n"),
    ),
    Kind(
        code="unknown-chunk",
        severity="error",
        area=_MARKS,
        text=(
            "`<<name>>` or `<<((id))>>` stands where no block with code has that name or id. "
            "The chunk with the reference cannot be run."
        ),
        notes=("- ```python\n  <<step>>\n  ```\n"),
    ),
    Kind(
        code="ambiguous-chunk",
        severity="error",
        area=_MARKS,
        text=(
            "`<<name>>` means two blocks (see [duplicate-name](#duplicate-name)). Rename one, "
            "or refer by block id."
        ),
        notes=(
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
    ),
    Kind(
        code="reference-cycle",
        severity="error",
        area=_MARKS,
        text="A reference leads back to the chunk that it stands in. Take one out of the circle.",
        notes=(
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
    ),
    Kind(
        code="too-large",
        severity="error",
        area=_MARKS,
        text=(
            "References in references double the text at every step; here it would come to more "
            "than a million characters, or eight million in all chunks together. Write a loop "
            "or a function instead."
        ),
        notes=("- the last\n  tangle.name:: n6\n  ```python\n  <<n5>>\n  <<n5>>\n  ```\n"),
        note="and so on down to `n0`.",
    ),
    Kind(
        code="nested-save",
        severity="error",
        area=_MARKS,
        text=(
            "`#@save` marks something inside a class or a function. Only what stands at the top "
            "level can be saved; mark that."
        ),
        notes=("- ```python\n  class A:\n      def f(self):  #@save\n          return 1\n  ```\n"),
    ),
    Kind(
        code="dangling-save",
        severity="error",
        area=_MARKS,
        text=(
            "`#@save` on a line of its own, with nothing just below it. Put it on the "
            "statement's first line, or directly above."
        ),
        notes=("- ```python\n  x = 1\n  \n  #@save\n  ```\n"),
    ),
    Kind(
        code="unclear-save",
        severity="error",
        area=_MARKS,
        text=(
            "A comment begins as the marker does and goes on with other words; only `replace` "
            "may follow."
        ),
        notes=("- ```python\n  x = 1  #@save later\n  ```\n"),
    ),
    Kind(
        code="stale-output",
        severity="error",
        area=_OUTPUTS,
        text=(
            "The output is of older code, or it belongs to no chunk any more. Run the section "
            "again; if it belongs to no chunk, delete the block, or run `tangle clean`. If it was "
            "also edited by hand, delete it or add `--force`; the hint says to which command."
        ),
        notes=(
            "- ```python\n"
            "  1 + 1\n"
            "  ```\n"
            "\t- tangle.output:: 0123456789ab.01234567\n"
            "\t  ```text\n"
            "\t  2\n"
            "\t  ```\n"
        ),
    ),
    Kind(
        code="edited-output",
        severity="warning",
        area=_OUTPUTS,
        text=(
            "A person changed the output, or the file of a figure that it shows, so it is not "
            "written over. Delete the block (of a figure, the file) and run the section again, "
            "or use `--force` with `run` or `clean`. A block with a first line of words, or with "
            "code, is a person's own: not even `--force` touches it. Take its line "
            "`tangle.output::` out, and the next run writes an output beside it."
        ),
    ),
    Kind(
        code="kept-text",
        severity="warning",
        area=_OUTPUTS,
        text=(
            "Met by `run` and `clean`: an editor saved the page twice in the moment in which "
            "tangle replaced it, or tangle was killed in that moment. The later text stands in the "
            "page; the earlier one is in the file that is named, a hidden one beside the page. "
            "Take from it what the page lacks, then delete it."
        ),
    ),
    Kind(
        code="foreign-draft",
        severity="warning",
        area=_OUTPUTS,
        text=(
            "Met by `run` and `clean`: a hidden file beside the pages is named as tangle names a "
            "draft while it replaces a page. Another user or machine left it, or it came with a "
            "clone, a copy or a sync client, or it is a link. tangle finishes its own interrupted "
            "writes only, so this file was left alone. If you trust it, take from it what the page "
            "lacks; then delete it."
        ),
    ),
    Kind(
        code="changed-meanwhile",
        severity="error",
        area=_OUTPUTS,
        text=(
            "Met by `run` (exit code 3): a chunk was changed while it ran, and its output would "
            "stand beside other code. It was not written; other outputs were. Run the section "
            "again; or undo the change, and `tangle run --write-pending` writes the output that "
            "was kept."
        ),
    ),
    Kind(
        code="page-in-use",
        severity="error",
        area=_OUTPUTS,
        text=(
            "Met by `run` (exit code 3): another program was using the page, so that replacing it "
            "could have cost you words or made your editor ask: it had the page open for writing, "
            "held unsaved changes of it, or kept saving it. `run` waited some seconds; the "
            "outputs are kept. Save and leave the page; then the next `run` or `watch` writes "
            "them, or `tangle run --write-pending` does. With `--eager` only a page that is open "
            "for writing is waited for."
        ),
    ),
    Kind(
        code="unplaceable-output",
        severity="error",
        area=_OUTPUTS,
        text=(
            "Met by `run` (exit code 3): with the outputs in it, Logseq would read the rest of "
            "the page otherwise than now, because something in the page is left open: a fence, "
            "a drawer, a quote, `$$`, `<!--` or front matter. Nothing was written to that page. "
            "Close what is open."
        ),
        notes=("- <div>\n- ~~~\n- #+BEGIN_EXAMPLE\n- #+BEGIN_SRC python\n  1\n  #+END_SRC\n"),
    ),
    Kind(
        code="stale-generated",
        severity="error",
        area=_FILES,
        text=(
            "A generated file is missing, is not what the notes come to, or belongs to a "
            "section that is gone. Run `tangle build`. Where nothing was ever built, nothing is "
            "reported."
        ),
    ),
    Kind(
        code="foreign-file",
        severity="error",
        area=_FILES,
        text=(
            "A file that tangle did not write stands where it wants to write: in the output "
            "folder, or in `assets/tangle/` where a figure belongs. Move it, or choose another "
            "`output`."
        ),
    ),
)
