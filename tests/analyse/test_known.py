"""A plan that builds on the last one is the plan that is made anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.analyse import Known, Plan, plan
from tests.link.graphs import graph

from .plans import NAME, describe, digests, fence

CHUNKS = (
    "x = 1",
    "x = 2",
    "print(x)",
    "def f(n):  #@save\n    return n + 1",
    "def f(n):  #@save\n    return n + 2",
    "import torch  #@save",
    "from d2l import torch as d2l\nd2l.f(1)",
    "from __future__ import annotations",
    "def g(n: later): return n",
    "y = g(x)",
    "x.append(1)",
    "z = (",
    "<<named>>",
    "lsos = 1\nloss + 1",
    "- print(x)\n1",
    "print('a**\\n**')",
    "%matplotlib inline",
)

Sections = tuple[tuple[str, ...], ...]

sections = st.lists(
    st.lists(st.sampled_from(CHUNKS), max_size=4).map(tuple), min_size=1, max_size=4
).map(tuple)


def _notes(found: Sections, shift: int) -> str:
    text = "- prose\n" * shift
    for number, codes in enumerate(found, start=1):
        text += f"- # 1.{number} s{number}\n" + "".join(map(fence, codes))
    return text


def _told(found: Plan) -> tuple[object, ...]:
    return (
        describe(found),
        digests(found),
        found.problems,
        [session.problems for session in found.sessions],
        [session.imports for session in found.sessions],
        [session.package for session in found.sessions],
        [[entry.place for entry in session.prelude] for session in found.sessions],
        [[c.occurrence for c in session.chunks] for session in found.sessions],
        [(saved.names, saved.place) for saved in found.package.saved],
    )


@settings(max_examples=150)
@given(st.lists(st.tuples(sections, st.integers(0, 2)), min_size=2, max_size=4), st.data())
def test_what_was_known_changes_nothing(
    states: list[tuple[Sections, int]], data: st.DataObject
) -> None:
    known = Known()
    before: Sections = ()
    for drawn, shift in states:
        # Most of a state is that of the one before: that is what is known.
        kept = data.draw(st.integers(0, len(before)))
        now = (*before[:kept], *drawn[: max(4 - kept, 1)])
        before = now
        notes = graph(_notes(now, shift))
        assert _told(plan(notes, NAME, known=known)) == _told(plan(notes, NAME))
