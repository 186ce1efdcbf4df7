"""Values that are made quickly are the model's own, and as frozen as those."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from tangle.model import Block, Fence, Property, Span, Uuid
from tangle.parse.make import make_block, make_fence, make_property, make_span

_SPAN = Span(start=1, end=9)
_PROPERTY = Property(key="k-k", name="K_k", value="v", span=_SPAN, line=3)
_BLOCK = Block(
    kind="bullet",
    span=_SPAN,
    indent=2,
    level=3,
    parent=1,
    title="t",
    heading=4,
    id=Uuid("6543ed3a-0000-4000-8000-0000000000aa"),
    properties=(_PROPERTY,),
    ignored=(),
    line=5,
    content=8,
)
_FENCE = Fence(
    block=1,
    language="py",
    options=("x",),
    span=_SPAN,
    body=Span(start=2, end=3),
    text=" a\n",
    code="a\n",
    line=7,
    margins=(3,),
    nested="list",
)


@pytest.mark.parametrize(
    ("made", "usual"),
    [
        (make_span(1, 9), _SPAN),
        (make_property("k-k", "K_k", "v", _SPAN, 3), _PROPERTY),
        (
            make_block(
                *("bullet", _SPAN, 2, 3, 1, "t", 4),
                *(Uuid("6543ed3a-0000-4000-8000-0000000000aa"), (_PROPERTY,), (), 5, 8),
            ),
            _BLOCK,
        ),
        (
            make_fence(
                *(1, "py", ("x",), _SPAN, Span(start=2, end=3), " a\n", "a\n", 7, (3,), "list")
            ),
            _FENCE,
        ),
    ],
    ids=["span", "property", "block", "fence"],
)
def test_made_is_the_usual_value(
    made: Span | Property | Block | Fence, usual: Span | Property | Block | Fence
) -> None:
    """Same type, equal, same hash and look; it cannot be changed, and can be copied and pickled."""
    assert type(made) is type(usual)
    assert made == usual
    assert hash(made) == hash(usual)
    assert repr(made) == repr(usual)
    assert copy.copy(made) == usual
    assert pickle.loads(pickle.dumps(made)) == usual
    for field in fields(made):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)
