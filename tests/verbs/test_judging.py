"""Results of interpreter sessions, compared with what the statements show."""

from __future__ import annotations

import pytest

from tests.graphs import MakeNotes


@pytest.mark.parametrize(
    ("kept", "code"), [("{'c', 'a', 'b'}", 0), ("{'b', 'c', 'a'}", 0), ("{'a', 'b'}", 1)]
)
def test_a_set_is_shown_in_any_order(notes: MakeNotes, kept: str, code: int) -> None:
    page = f"- ```python\n  >>> {{'a', 'b', 'c'}}\n  {kept}\n  ```\n"
    assert notes({"Sets": page}).tangle("run", "Sets", "--no-write").code == code


def test_a_set_of_other_types_is_another(notes: MakeNotes) -> None:
    page = "- ```python\n  >>> {True, 2}\n  {2, 1}\n  ```\n"
    assert notes({"Sets": page}).tangle("run", "Sets", "--no-write").code == 1
