"""A `config.edn` is edited by span: it then hides the property, and nothing else has changed."""

from __future__ import annotations

import re
from typing import Any

import edn_format
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangle.parse.edn import BadEdn
from tangle.write import apply
from tangle.write.settings_edits import EXCLUDED, HIDDEN, hiding_edits

BOTH = (HIDDEN, EXCLUDED)
ADDED = ":block-hidden-properties #{:tangle.output}"
ALSO = ":property-pages/excludelist #{:tangle.output :tangle.chunk}"


def in_full(text: str) -> str:
    """A text with the entries' names for the letters that stand for them."""
    names = {"H": HIDDEN, "E": EXCLUDED, "P": ":property-pages/enabled?"}
    return re.sub(r"\b[HEP](?= )", lambda found: names[found[0]], text)


def edited(text: str) -> str:
    return apply(text.encode(), hiding_edits(text).edits).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"{{{ADDED}\n {ALSO}}}\n"),
        ("; none\n", f"; none\n{{{ADDED}\n {ALSO}}}\n"),
        ("{}", f"{{{ADDED}\n {ALSO}}}"),
        ("{:a 1}", f"{{:a 1\n {ADDED}\n {ALSO}}}"),
        ("{:a 1 ; of a\n ;; end\n }\n", f"{{:a 1 ; of a\n {ADDED}\n {ALSO}\n ;; end\n }}\n"),
        ("{\r\n\t:a 1\r\n}", f"{{\r\n\t:a 1\r\n\t{ADDED}\r\n\t{ALSO}\r\n}}"),
        ('{:a "x"#_:b #_2}', f'{{:a "x"\n {ADDED}\n {ALSO}#_:b #_2}}'),
        (
            "{H #{:a :b} ; c\n E #{}}",
            "{H #{:a :b :tangle.output} ; c\n E #{:tangle.output :tangle.chunk}}",
        ),
        (
            "{H #{:a ; first\n  :b ; last\n  }\n E [:x]}",
            (
                "{H #{:a ; first\n  :b :tangle.output ; last\n  }\n "
                "E [:x :tangle.output :tangle.chunk]}"
            ),
        ),
        (
            "{H #{;none\n}, E #{#_:tangle.output}}",
            "{H #{:tangle.output ;none\n}, E #{:tangle.output :tangle.chunk #_:tangle.output}}",
        ),
        (
            "{H #{:tangle.output} E #{:tangle.output}}",
            "{H #{:tangle.output} E #{:tangle.output :tangle.chunk}}",
        ),
        ("{H nil P false}", "{H #{:tangle.output} P false}"),
        ("{;; H #{:tangle.output}\n P false}", f"{{;; H #{{:tangle.output}}\n P false\n {ADDED}}}"),
        ("{#_H #_#{} :a {H #{}}}", f"{{#_H #_#{{}} :a {{H #{{}}}}\n {ADDED}\n {ALSO}}}"),
    ],
)
def test_edits(text: str, expected: str) -> None:
    assert edited(in_full(text)) == in_full(expected)


@pytest.mark.parametrize(
    "text",
    [
        f"{{{ADDED} {ALSO}}}",
        "{H [:tangle.output] P false}",
        '{H #{:tangle.output} E #{"tangle.output" tangle.chunk}}',
    ],
)
def test_nothing_is_edited_where_it_is_hidden_already(text: str) -> None:
    found = hiding_edits(in_full(text))
    assert (found.entries, found.edits) == ((), ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[:a]", 1),
        ("{:a 1\n H :all}", 2),
        ('{H #{}\n\n E "x"}', 3),
        ("{:a 1\n", 1),
    ],
)
def test_what_cannot_be_edited(text: str, line: int) -> None:
    with pytest.raises(BadEdn) as caught:
        hiding_edits(in_full(text))
    assert caught.value.line == line


BLANK = st.sampled_from(
    [" ", "\n", "\r\n", "\t", ", ", " ;; c }\n", " ; \u5b57 {\n", " #_ :gone ", " #_[1 2]\n"]
)
LEAF = st.sampled_from(
    [
        "1",
        "-2.5",
        "nil",
        "true",
        '"a b"',
        '"}\\"{"',
        '"; no"',
        ":k",
        ":n/k",
        "sym",
        "\\a",
        '"\u5b57"',
    ]
)


def collection(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A vector or a list with white space, comments and discarded forms in it."""
    inner = st.lists(st.tuples(parts, BLANK).map("".join), max_size=4).map("".join)
    return st.tuples(st.sampled_from(["[]", "()"]), BLANK, inner).map(
        lambda made: f"{made[0][0]}{made[1]}{made[2]}{made[0][1]}"
    )


VALUE = st.recursive(LEAF, collection, max_leaves=8)


@st.composite
def keywords(draw: st.DrawFn) -> str:
    """A value that the two entries may have."""
    names = draw(
        st.lists(
            st.sampled_from(["public", "icon", "author", "tangle.output", "tangle.chunk"]),
            unique=True,
        )
    )
    inside = "".join(f"{draw(BLANK)}:{name}{draw(BLANK)}" for name in names)
    return draw(st.sampled_from(["#{%s}", "[%s]", "(%s)"])) % (inside or draw(BLANK))


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """A map as people write them, with either entry in it or not."""
    others = draw(st.dictionaries(st.sampled_from([":a", ":b/c", ":d?", '"e"']), VALUE))
    own = {key: draw(keywords() | st.just("nil")) for key in BOTH if draw(st.booleans())}
    if draw(st.booleans()):
        own[":property-pages/enabled?"] = draw(st.sampled_from(["true", "false", "nil"]))
    items = draw(st.permutations([*others.items(), *own.items()]))
    pairs = (f"{key}{draw(BLANK)}{value}{draw(BLANK)}" for key, value in items)
    return f"{draw(BLANK)}{{{draw(BLANK)}{''.join(pairs)}}}{draw(BLANK)}"


def meaning(text: str) -> dict[str, Any]:
    """The map as another reader reads it."""
    value = edn_format.loads(text.replace("\r\n", "\n"))  # it knows no carriage return
    return {str(key): entry for key, entry in value.items()}


@given(configurations())
@example("{:block-hidden-properties #{#_ #_ :a :b} #_ #_ :c :d}")
def test_after_the_edit_the_entries_hide_it_and_all_else_is_the_same(text: str) -> None:
    found = hiding_edits(text)
    after = apply(text.encode(), found.edits).decode()
    rest, done = [], 0
    for edit in sorted(found.edits, key=lambda edit: edit.span.start):
        rest.append(text.encode()[done : edit.span.start])
        done = edit.span.end
        assert text.encode()[edit.span.start : done] in (b"", b"nil")
    # What was there is still there, in order, and only entries stand between.
    kept = map(re.escape, [*rest, text.encode()[done:]])
    between = rb"[\s]*(?::(?:block-hidden|property-pages)\S+ #\{)?:?[^;]*?"
    assert re.fullmatch(between.join(kept), after.encode(), re.DOTALL)
    old, new = meaning(text), meaning(after)
    pages = old.get(":property-pages/enabled?") is not False
    for key in BOTH if pages else BOTH[:1]:
        before = set(map(str, old.pop(key, None) or ()))
        ours = {":tangle.output"} | ({":tangle.chunk"} if key == EXCLUDED else set())
        assert set(map(str, new.pop(key))) == before | ours
    assert new == old
    assert hiding_edits(after).entries == ()
