"""Pages as Logseq leaves them: what check says, what runs, what is written."""

from __future__ import annotations

import json
import re

import pytest

from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

UUID = "65a0b6f2-0000-4000-8000-000000000001"
OTHER = "65a0b6f2-0000-4000-8000-000000000002"


def problems(graph: Notes) -> list[tuple[str, str, int]]:
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    return [(problem["code"], problem["severity"], problem["line"]) for problem in found]


def codes(graph: Notes) -> list[str]:
    return [code for code, _, _ in problems(graph)]


# --- code -----------------------------------------------------------------------------------------

SLICES = f"""\
- ## 3.1. A
	- id:: {UUID}
	  ```python
	  total = 0
	  x = list(range(6))
	  x[::2]=[9,9,9]
	  print(x)
	  ```
"""
MOVED = SLICES.replace("\t  x[::2]=[9,9,9]\n", "").replace(
    "\t  ```python", "\t  x[::2]=[9,9,9]\n\t  ```python"
)


def test_a_line_that_logseq_would_move_is_warned_of(notes: MakeNotes) -> None:
    graph = notes({"a": SLICES})
    assert problems(graph) == [("code-like-property", "warning", 6)]
    graph.write("a", SLICES.replace("x[::2]", "x[ ::2]"))
    assert problems(graph) == []
    assert "[9, 1, 9, 3, 9, 5]" in graph.tangle("run", "3.1").out


def test_a_program_that_lost_a_line_is_not_run(notes: MakeNotes) -> None:
    later = "\t- ```python\n\t  print('later')\n\t  ```\n"
    graph = notes({"a": MOVED + later})
    assert problems(graph) == [("moved-code", "error", 3)]
    said = graph.tangle("run", "3.1")
    assert said.code == 1
    assert "a.md:3: MovedCode: Logseq moved this line out of the chunk below" in said.out
    assert "[9, 1" not in said.out
    assert "later" in said.out  # it needs nothing of the other
    assert graph.tangle("clean").code == 0
    assert graph.text("a") == MOVED + later
    assert (
        graph.tangle("check", "--all", "--fix").code == 1
    )  # where the line stood, only a person knows
    assert graph.text("a") == MOVED + later


@pytest.mark.parametrize(
    "line",
    [
        "print(x[::2])",
        "x[1:: 2] = 0, 0",
        "rows[f(x)[::-1]],",
        "'a::b'.split()",
        "y[::2], z[::2] = 1, 2",
    ],
)
def test_moved_lines_of_every_kind_are_recognised(notes: MakeNotes, line: str) -> None:
    page = f"- a\n- words\n  id:: {UUID}\n  {line}\n  ```python\n  x = [1, 2]\n  ```\n"
    assert ("moved-code", "error", 4) in problems(notes({"a": page}))


@pytest.mark.parametrize(
    "line",
    [
        "std::vector is what C++ has",
        "std::string",
        "see:: what comes",
        "a::b in words",
        "tags:: x, y",
        "[label](a::b) and words",
    ],
)
def test_words_above_code_are_words(notes: MakeNotes, line: str) -> None:
    page = f"- a\n- words\n  id:: {UUID}\n  {line}\n  ```python\n  x = [1, 2]\n  ```\n"
    assert problems(notes({"a": page})) == []


COLLAPSED = """\
## 3.1. A
	- some text
	- tangle.timeout:: 9
	  collapsed:: true
	  ```python
	  print('ab'[::-1])
	  collapsed:: true
	  x = list(range(6))
	  print(x[::2])
	  collapsed:: true
	  ```
"""


def test_lines_that_logseq_wrote_into_code_are_skipped_and_taken_out(notes: MakeNotes) -> None:
    graph = notes({"a": COLLAPSED})
    assert ("property-in-code", "error", 7) in problems(graph)
    assert "syntax-error" not in codes(graph)
    assert "ba\n[0, 2, 4]" in graph.tangle("run", "3.1", "--no-write").out
    assert "collapsed" not in graph.tangle("show", "3.1").out
    said = graph.tangle("check", "--all", "--diff")
    assert said.out.count("-\t  collapsed:: true") == 2
    assert graph.text("a") == COLLAPSED
    said = graph.tangle("check", "--all", "--fix")
    assert "a.md:5: " in said.err
    assert "Logseq wrote properties of the block into the code" in said.err
    assert graph.text("a") == re.sub(r"(?<=[)]\n)\t  collapsed:: true\n", "", COLLAPSED)
    assert codes(graph) == ["code-like-property"]


def test_other_repairs_come_after_the_lines_are_out(notes: MakeNotes) -> None:
    broken = COLLAPSED.replace("x = list(range(6))", "x = list(range(**6**))")
    graph = notes({"a": broken})
    assert graph.tangle("check", "--all", "--fix").err.count("a.md:5: ") == 2
    assert "x = list(range(6))" in graph.text("a")
    assert "ba\n[0, 2, 4]" in graph.tangle("run", "3.1").out


def test_a_line_that_repeats_no_property_is_an_error_without_a_repair(notes: MakeNotes) -> None:
    page = COLLAPSED.replace("\t  collapsed:: true\n\t  ```python", "\t  ```python")
    graph = notes({"a": page})
    assert ("property-in-code", "error", 6) in problems(graph)
    graph.tangle("check", "--all", "--fix")
    assert graph.text("a") == page


def test_a_chunk_whose_first_line_a_reference_deletes_is_warned_of(notes: MakeNotes) -> None:
    code = "```python\n\t  print('ab'[::-1])\n\t  x = list(range(6))\n\t  ```\n"
    graph = notes({"a": f"## 3.1. A\n\t- some text\n\t- {code}"})
    assert problems(graph) == [("code-like-property", "warning", 4)]
    graph.write("a", f"## 3.1. A\n\t- some text\n\t- a line of words\n\t  {code}")
    assert problems(graph) == []


def test_the_result_of_a_session_stays_as_it_was_printed(notes: MakeNotes) -> None:
    session = ">>> print('a.py::b')\n\t  a.py::b\n"
    page = "## 3.1. A\n\t- some text\n\t  tangle.reads:: x\n\t  ```python\n\t  {}\t  ```\n"
    (problem,) = json.loads(
        notes({"a": page.format(session)}).tangle("check", "--all", "--format", "json").out
    )["problems"]
    assert problem["code"] == "code-like-property"
    assert "Logseq takes this result for a property" in problem["message"]
    assert problem["hint"].startswith("give the block a first line of words and no properties")


# --- the first block ------------------------------------------------------------------------------

FIRST = """\
- tangle.name:: one step
  tangle.skip:: yes
  ```python
  w = w - 1
  ```
- ```python
  w = 3
  <<one step>>
  w
  ```
"""
LOST = (
    FIRST.replace("\n  ", "\n")
    .replace("- tangle", "tangle")
    .replace(
        "```\n- ```python\nw = 3\n<<one step>>\nw\n```",
        "```\n\n- ```python\n  w = 3\n  <<one step>>\n  w\n  ```",
    )
)


def test_a_first_block_that_would_lose_its_bullet_is_warned_of(notes: MakeNotes) -> None:
    graph = notes({"a": FIRST})
    assert problems(graph) == [("first-block-property", "warning", 1)]
    for before in ("- a block\n", "title:: a\n\n"):
        graph.write("a", before + FIRST)
        assert problems(graph) == []
    graph.write("a", FIRST.replace("- tangle.name", "- words\n  tangle.name"))
    assert problems(graph) == []


def test_a_first_block_that_lost_its_bullet_keeps_its_properties(notes: MakeNotes) -> None:
    graph = notes({"a": LOST})
    assert problems(graph) == [("lost-bullet", "error", 1)]
    assert graph.tangle("run", "a").code == 0
    assert graph.text("a").endswith("```text\n\t  2\n\t  ```\n")


def test_properties_of_a_page_are_the_pages(notes: MakeNotes) -> None:
    chunk = "```python\nprint('one')\n```\n\n- ```python\n  print('two')\n  ```\n"
    graph = notes({"a": f"tangle.run:: no\n\n{chunk}", "b": f"title:: b\ntangle.run:: no\n{chunk}"})
    assert problems(graph) == []
    said = graph.tangle("run", "--all")
    assert said.code == 0
    assert "two" not in said.out


# --- a stray fence --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        "- text\n  ```\n- ```python\n  print(1)\n  ```\n- more\n",
        "- ```\n- words\n\t- ```python\n\t  print(1)\n\t  ```\n",
        "- ```js\n  x\n- ```python\n  print(1)\n  ```\n",
        "- ~~~\n- TODO ```python\n  print(1)\n  ```\n",
    ],
)
def test_a_fence_that_swallows_python_is_an_error(notes: MakeNotes, page: str) -> None:
    assert "unclosed-fence" in codes(notes({"a": page}))


@pytest.mark.parametrize(
    "page",
    [
        "- ```\n  - ```js\n  ```\n",
        "- #+BEGIN_SRC markdown\n  - ```python\n  #+END_SRC\n",
        "- ```text\n  a - ```python\n  ```\n",
    ],
)
def test_a_fence_that_shows_a_bullet_is_none(notes: MakeNotes, page: str) -> None:
    assert problems(notes({"a": page})) == []


def test_an_output_that_shows_a_page_is_none(notes: MakeNotes) -> None:
    graph = notes({"a": "- ```python\n  print('- ```python\\n  x')\n  ```\n"})
    graph.tangle("run", "a")
    assert problems(graph) == []


# --- outputs --------------------------------------------------------------------------------------

PASSED = "- ## 3.1. A\n\t- words\n\t  ```python\n\t  print('t.py::test_a PASSED')\n\t  ```\n"


def test_an_output_with_colons_is_renewed_whatever_logseq_adds(notes: MakeNotes) -> None:
    graph = notes({"a": PASSED})
    graph.tangle("run", "3.1")
    assert "t.py:\u200b:test_a PASSED" in graph.text("a")
    assert graph.tangle("run", "3.1", "--verify").code == 0
    plain = graph.text("a").replace("\u200b", "")  # as an older tangle wrote it
    value = re.search(r"tangle.output:: (\S+)", plain)
    assert value is not None
    from tangle.write.block import output_digest

    digest = output_digest(["```text", "t.py::test_a PASSED", "```"])
    old = value[1].partition(".")[0] + "." + digest
    saved = plain.replace(value[1], f"{old}\n\t\t  id:: {UUID}").replace(
        "PASSED\n\t\t", f"PASSED\n\t\t  id:: {UUID}\n\t\t"
    )
    assert saved.count(UUID) == 2
    graph.write("a", saved + f"\n\t- see (({UUID}))\n")
    assert problems(graph) == []
    assert graph.tangle("run", "3.1", "--verify").code == 0
    assert graph.tangle("run", "3.1").code == 0
    assert graph.text("a").count(f"id:: {UUID}") == 1
    assert problems(graph) == []


FIGURE = """\
- ## 3.1. A
	- ```python
	  import matplotlib.pyplot as plt
	  N = 3
	  plt.plot(range(N));
	  ```
"""


def test_the_size_of_a_figure_is_logseqs(notes: MakeNotes) -> None:
    graph = notes({"a": FIGURE})
    graph.tangle("run", "3.1")
    size = "{:height 200, :width 300}"
    graph.write("a", graph.text("a").replace(".svg)", f".svg){size}"))
    assert problems(graph) == []
    assert graph.tangle("run", "3.1", "--verify").code == 0
    before = graph.text("a")
    graph.tangle("run", "3.1", "--fresh")
    assert graph.text("a") == before
    graph.write("a", before.replace("N = 3", "N = 4"))
    said = graph.tangle("run", "3.1")
    assert "edited" not in said.out + said.err
    assert graph.text("a").count(size) == 1
    assert problems(graph) == []
    assert graph.tangle("run", "3.1", "--force").code == 0
    assert graph.text("a").count(size) == 1
    assert graph.tangle("clean").code == 0
    assert "svg" not in graph.text("a")


def test_the_second_of_two_figures_keeps_its_size(notes: MakeNotes) -> None:
    code = "print(1)\n\t  for i in range(2):\n\t      plt.figure(); plt.plot([i]); plt.show()"
    graph = notes({"a": FIGURE.replace("plt.plot(range(N));", code)})
    graph.tangle("run", "3.1")
    second = f"{graph.figure('3.1-2').name})"
    graph.write("a", graph.text("a").replace(second, f"{second}{{:width 90}}"))
    graph.write("a", graph.text("a").replace("print(1)", "print(2)"))
    graph.tangle("run", "3.1")
    lines = [line for line in graph.text("a").split("\n") if ".svg" in line]
    assert [line.partition(".svg)")[2] for line in lines] == ["", "{:width 90}"]


@pytest.mark.parametrize(
    "block",
    [
        "- My own words\n\t\t  tangle.output:: 006d389b2fb8.517d6108",
        "- tangle.output:: 006d389b2fb8.517d6108\n\t\t  ```js\n\t\t  mine\n\t\t  ```",
    ],
)
def test_no_hint_says_force_where_it_does_nothing(notes: MakeNotes, block: str) -> None:
    page = f"- ## 3.1. A\n\t- ```python\n\t  print('two')\n\t  ```\n\t\t{block}\n\t- last\n"
    graph = notes({"a": page})
    assert problems(graph) == [("edited-output", "warning", 5)]
    for arguments in (["check"], ["run", "3.1"], ["run", "3.1", "--force"], ["clean", "--force"]):
        said = graph.tangle(*arguments)
        assert said.code == 0
        assert "--force" not in said.out + said.err
        assert "remove the line `tangle.output::`" in said.out + said.err
    assert graph.text("a") == page
    graph.write("a", re.sub(r"\n?\t*(- )?\s*tangle.output:: \S+\n", r"\n\t\t- ", page, count=1))
    graph.tangle("run", "3.1")
    assert "```text\n\t\t  two\n" in graph.text("a")


@pytest.mark.parametrize(("run", "hint"), [("yes", "with --force"), ("no", "`tangle.run:: no`")])
def test_hints_for_an_edited_output_help(notes: MakeNotes, run: str, hint: str) -> None:
    output = "\t- tangle.output:: 0123456789ab.01234567\n\t  ```text\n\t  mine\n\t  ```\n"
    graph = notes({"a": f"- words\n  tangle.run:: {run}\n  ```python\n  print(1)\n  ```\n{output}"})
    assert codes(graph) == ["stale-output"]
    assert hint in graph.tangle("check", "--all").out


def test_an_edited_output_of_no_chunk_is_cleans_affair(notes: MakeNotes) -> None:
    output = "\t- tangle.output:: 0123456789ab.01234567\n\t  ```text\n\t  mine\n\t  ```\n"
    graph = notes({"a": f"- words\n{output}"})
    assert "`tangle clean --orphans --force`" in graph.tangle("check", "--all").out
    graph.tangle("clean", "--orphans", "--force")
    assert graph.text("a") == "- words\n"


def test_an_output_stays_with_the_chunk_that_says_the_same(notes: MakeNotes) -> None:
    chunks = "\n".join(f"\t  ```python\n\t  print('{word}')\n\t  ```" for word in ("one", "two"))
    graph = notes({"a": f"## 3.1. A\n\t- a\n{chunks}\n\t- as in (({UUID}))\n"})
    graph.tangle("run", "3.1")
    text = re.sub(r"(tangle.output:: \S+)", rf"\1\n\t\t  id:: {UUID}", graph.text("a"), count=1)
    first = "\t- a\n\t  ```python\n\t  print('zero')\n\t  ```\n"
    graph.write("a", text.replace("\t- a\n", first))
    graph.tangle("run", "3.1")
    text = graph.text("a")
    assert re.findall(r"\t\t  (zero|one|two)\n", text) == ["zero", "one", "two"]
    assert re.search(rf"id:: {UUID}\n(\t\t  tangle.+\n)?\t\t  ```text\n\t\t  one\n", text)
    assert codes(graph) == []


def test_an_output_that_became_the_first_block_belongs_to_no_chunk(notes: MakeNotes) -> None:
    own = "- ```python\n  print(2)\n  ```\n"
    graph = notes({"a": own})
    graph.tangle("run", "a")
    whole = graph.text("a")
    graph.write("a", "tangle.output:: 7ea5fab8ced6.0b0119c9\n```text\n1\n```\n\n" + whole)
    assert problems(graph) == [("stale-output", "error", 1)]
    assert "belongs to no chunk" in graph.tangle("check", "--all").out
    assert graph.tangle("run", "a").code == 0
    assert graph.tangle("clean").code == 0
    assert graph.text("a") == own


# --- ids and embeds -------------------------------------------------------------------------------


def test_the_last_id_of_a_block_counts(notes: MakeNotes) -> None:
    chunk = "- ```python\n  1\n  ```\n"
    block = f"- a\n  id:: {UUID}\n  id:: {OTHER}\n"
    graph = notes({"a": f"{block}- (({OTHER}))\n{chunk}"})
    assert problems(graph) == []
    graph.write("a", f"{block}- (({UUID}))\n{chunk}")
    assert codes(graph) == ["unresolved-reference"]
    graph.write("a", f"- a\n  id:: {UUID}\n  id::\n- (({UUID}))\n{chunk}")
    assert codes(graph) == ["unresolved-reference"]
    graph.write("a", f"- a\n  id:: {OTHER}\n- b\n  id:: {UUID}\n  id:: {OTHER}\n{chunk}")
    assert problems(graph) == [("duplicate-id", "warning", 5)]


SECTION = f"- ## 3.1. A\n  id:: {UUID}\n\t- ```python\n\t  print(1)\n\t  ```\n- ## 3.2. B\n"


@pytest.mark.parametrize(
    "embed",
    [
        f"{{{{embed (({UUID}))}}}}",
        "{{embed [[a]]}}",
        "{{embed [[Other Name]]}}",
        f"words and {{{{embed (({UUID}))}}}}",
    ],
)
def test_an_embed_of_code_that_does_not_run_is_warned_of(notes: MakeNotes, embed: str) -> None:
    graph = notes({"a": f"alias:: Other name\n\n{SECTION}\t- {embed}\n", "b": f"- {embed}\n"})
    found = json.loads(graph.tangle("check", "--all", "--format", "json").out)["problems"]
    assert [(p["code"], p["path"]) for p in found] == [
        ("embed-shows-code", "pages/a.md"),
        ("embed-shows-code", "pages/b.md"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        f"- words\n  id:: {UUID}\n  ```python\n  print(1)\n  ```\n- {{{{embed (({UUID}))}}}}\n",
        f"- words\n  id:: {UUID}\n\t- below\n- {{{{embed (({UUID}))}}}}\n",
        "- {{embed [[none]]}}\n- {{embed [[a]]}}\n",
        SECTION.replace("- ```", "- s\n\t  tangle.skip:: yes\n\t  ```")
        + f"\t- {{{{embed (({UUID}))}}}}\n",
    ],
)
def test_an_embed_of_what_runs_or_of_words_is_none(notes: MakeNotes, page: str) -> None:
    assert problems(notes({"a": page})) == []


def test_an_embed_is_looked_at_again_when_the_other_page_gets_code(notes: MakeNotes) -> None:
    graph = notes({"a": "- {{embed [[b]]}}\n", "b": "- words\n"})
    assert problems(graph) == []
    graph.tangle("build")
    graph.write("b", "- ```python\n  print(1)\n  ```\n")
    assert "embed-shows-code" in codes(graph)
    graph.write("b", "- words again\n")
    assert "embed-shows-code" not in codes(graph)
