"""Laws of results kept by hand: they never change what runs, and layout does not matter."""

from __future__ import annotations

import pprint

from hypothesis import assume, given
from hypothesis import strategies as st

from tangle.analyse import PlannedChunk
from tangle.analyse.kept_comments import unshown_values
from tangle.model import Result, Stream
from tangle.verbs.results.kept_results import check_kept
from tests.analyse.plans import planned

LINE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=20)
TEXT = st.lists(LINE, min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.none() | st.text("abc '\"\\é\n", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


def block(code: list[str], *, info: str = "python", bullet: str = "- ") -> str:
    """A fence in a block, or behind one."""
    lines = "".join(f"  {line}\n" for line in code)
    return f"{bullet}```{info}\n{lines}  ```\n"


def chunk(page: str) -> PlannedChunk:
    """The first chunk of a page."""
    return planned("- x\n" + page).sessions[0].chunks[0]


def passed(text: str, values: tuple[tuple[int, str], ...] = ()) -> Result:
    """The result of a chunk that shows a text."""
    shown = (Stream(name="stdout", text=text),)
    return Result(outcome="passed", outputs=shown, failure=None, seconds=0.0, values=values)


@given(TEXT, st.sampled_from(["text", "", "output", "json", "console"]))
def test_the_text_of_a_fence_never_changes_what_runs(kept: list[str], info: str) -> None:
    assume(not any(line.strip().startswith(("```", "~~~")) for line in kept))
    alone = chunk(block(["print(1)"]))
    beside = chunk(block(["print(1)"]) + block(kept, info=info, bullet="  "))
    assert (beside.code.chunk.lines, beside.digest) == (alone.code.chunk.lines, alone.digest)


@given(LINE, st.sampled_from(["# => ", "# -> ", "# Output: ", "# prints "]))
def test_the_text_of_a_comment_never_changes_what_runs(kept: str, mark: str) -> None:
    assume("#@save" not in kept and "```" not in kept and "~~~" not in kept)
    page = block([f"print(1)  {mark}{kept}", "x = 2"])
    code = chunk(page).code
    assert [type(node).__name__ for node in code.parsed.tree.body] == ["Expr", "Assign"]
    assert code.obstacle is None
    assert set(unshown_values(code)) <= {1}


@given(VALUES, st.sampled_from([">>> ", "> ", "=> "]))
def test_a_marked_value_is_never_run(value: object, mark: str) -> None:
    code = chunk(block(["print(1)", f"{mark}{value!r}"])).code
    assert [type(node).__name__ for node in code.parsed.tree.body] == ["Expr"]
    assert code.parsed.examples is None


@given(VALUES, st.integers(1, 60))
def test_a_value_agrees_however_it_is_laid_out(value: object, width: int) -> None:
    lines = pprint.pformat(value, width=width, sort_dicts=False).split("\n")
    page = block(["print(value)"]) + block(lines, info="output", bullet="  ")
    found = check_kept(chunk(page), passed(f"{value!r}\n"))
    assert (found.covered, found.differences) == (True, ())


@given(VALUES)
def test_a_value_that_is_not_shown_agrees_with_itself_and_nothing_else(value: object) -> None:
    planned_chunk = chunk(block([f"f(1)  # => {value!r}", "x = 2"]))
    assert check_kept(planned_chunk, passed("", ((1, repr(value)),))).differences == ()
    assert len(check_kept(planned_chunk, passed("", ((1, "'another one'"),))).differences) == 1
