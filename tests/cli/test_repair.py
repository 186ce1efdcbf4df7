"""`tangle check --fix` and `--diff`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tangle.model import PagePath
from tangle.parse import parse
from tests.graphs import MakeNotes, Notes

pytestmark = pytest.mark.book

BROKEN = """\
- ## 1.1. A
\t- prose
\t  ```python
\t  y = f(x, keepdims=**True**)
\t  ```
\t- ```python
\t  def g():
\t      a = 1
\t    \treturn a
\t  ```
\t- ```python
\t  for i in range(3)
\t  ```
\t  last words"""

REPAIRED = BROKEN.replace("**True**", "True").replace("\t    \treturn a", "\t      return a")
USER_NOTES = Path(__file__).parents[3] / "shared" / "user-notes"


def test_what_is_sure_is_repaired_and_nothing_else(notes: MakeNotes) -> None:
    graph = notes({"a": BROKEN})
    said = graph.tangle("check", "--all", "--fix")
    assert graph.text("a") == REPAIRED
    first, second, *_ = said.err.splitlines()
    assert first.endswith("a.md:3: repaired: Markdown's marks for emphasis stand in the code")
    assert second.endswith("a.md:6: repaired: tabs and spaces are mixed in its indentation")
    assert said.code == 1
    assert "a.md:12:21: error: this chunk does not parse: expected ':'" in said.out
    again = graph.tangle("check", "--all", "--fix")
    assert "repaired" not in again.err
    assert graph.text("a") == REPAIRED


def test_a_diff_writes_nothing(notes: MakeNotes) -> None:
    graph = notes({"a": BROKEN, "b": "- nothing"})
    for options in (["--diff"], ["--fix", "--diff"]):
        said = graph.tangle("check", "--all", *options)
        assert said.code == 1
        assert said.out.splitlines()[:2] == ["--- a/pages/a.md", "+++ b/pages/a.md"]
        assert "-\t  y = f(x, keepdims=**True**)" in said.out.splitlines()
        assert "+\t  y = f(x, keepdims=True)" in said.out.splitlines()
        assert "a.md:3: can be repaired: Markdown's marks" in said.err
        assert graph.text("a") == BROKEN


def test_the_problem_says_that_it_can_be_repaired(notes: MakeNotes) -> None:
    said = notes({"a": BROKEN}).tangle("check", "--all", "--format", "json")
    found = json.loads(said.out)["problems"]
    codes = ("syntax-error", "mixed-indentation")
    first, second, third = (entry for entry in found if entry["code"] in codes)
    assert (first["line"], first["column"]) == (4, 22)
    assert "--fix" in first["hint"]
    assert "--fix" in second["hint"]
    assert "--fix" not in third["hint"]


def test_what_json_tells_is_what_is_left(notes: MakeNotes) -> None:
    said = notes({"a": BROKEN}).tangle("check", "--all", "--fix", "--format", "json")
    found = json.loads(said.out)["problems"]
    assert [entry["line"] for entry in found if entry["code"] == "syntax-error"] == [12]
    assert "repaired" in said.err


def test_a_diff_is_text(notes: MakeNotes) -> None:
    said = notes({"a": BROKEN}).tangle("check", "--all", "--diff", "--format", "json")
    assert said.code == 2
    assert "--format text" in said.err


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
@pytest.mark.parametrize("start", ["\ufeff", ""])
def test_every_other_byte_stays(notes: MakeNotes, line_end: str, start: str) -> None:
    graph = notes({})
    text = start + BROKEN.replace("\n", line_end) + line_end + "\u2028- - \u00a0x\t"
    page = graph.root / "pages" / "a.md"
    page.write_bytes(text.encode())
    graph.tangle("check", "--all", "--fix")
    wanted = text.replace("**True**", "True").replace("\t    \treturn a", "\t      return a")
    assert page.read_bytes() == wanted.encode()


def test_a_chunk_that_another_takes_in_is_repaired_where_it_is(notes: MakeNotes) -> None:
    page = (
        "- ## 1.1. A\n\t- tangle.name:: part\n\t  ```python\n\t  x = f(**1**)\n\t  ```\n"
        "\t- ```python\n\t  def g():\n\t      <<part>>\n\t      return x\n\t  ```\n"
    )
    graph = notes({"a": page})
    graph.tangle("check", "--all", "--fix")
    assert graph.text("a") == page.replace("**1**", "1")


def test_what_is_no_python_is_left(notes: MakeNotes) -> None:
    page = (
        "- ## 1.1. A\n\t- ```python\n\t  %%bash\n\t  echo **x**\n\t  ```\n"
        "\t- tangle.raises:: SyntaxError\n\t  ```python\n\t  print（1）\n\t  ```\n"
        "\t- ```text\n\t  print（1）\n\t  ```\n\t- 1. ```python\n\t     print（1）\n\t     ```\n"
    )
    graph = notes({"a": page})
    graph.tangle("check", "--all", "--fix")
    assert graph.text("a") == page


def test_a_repaired_line_must_not_end_the_fence(notes: MakeNotes) -> None:
    """What would be read as another page is not written."""
    page = "- ```python\n  x = **1**\n  - ```**y**```\n  ```\n"
    graph = notes({"a": page})
    graph.tangle("check", "--all", "--fix")
    before, after = (parse(text.encode(), PagePath("a")) for text in (page, graph.text("a")))
    assert len(before.blocks) == len(after.blocks)


@pytest.mark.skipif(not USER_NOTES.exists(), reason="the user's notes are not beside the project")
def test_the_users_notes(tmp_path: Path) -> None:
    root = tmp_path / "graph"
    shutil.copytree(USER_NOTES, root)
    page = root / "pages" / "动手学深度学习.md"
    page.chmod(0o644)
    for folder in (root, root / "pages", root / "logseq"):
        folder.chmod(0o755)
    before = page.read_text(encoding="utf-8").split("\n")
    said = Notes(root=root).tangle("check", "--all", "--fix")
    assert said.err.count(": repaired: ") == 6
    assert "syntax-error" not in said.out
    after = page.read_text(encoding="utf-8").split("\n")
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new]
    assert changed == [47, 48, 54, 55, 184, *range(500, 504), *range(528, 532), 533, 548]
    assert after[183].endswith("sum_A = A.sum(axis=1, keepdims=True)")
    assert after[547].endswith('"""线性回归模型"""')


def _chunk(code: str) -> str:
    lines = "".join(f"\t  {line}\n" if line else "\t  \n" for line in code.split("\n"))
    return f"\t- ```python\n{lines}\t  ```\n"


def test_a_prompt_in_a_string_is_text(notes: MakeNotes) -> None:
    graph = notes(
        {"a": "- ## 1.1 A\n" + _chunk("text = '''\nIn [1]: x = 2\n'''\nprint(len(text))")}
    )
    assert graph.tangle("check", "--all").code == 0
