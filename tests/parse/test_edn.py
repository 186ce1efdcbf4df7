"""EDN is read with the place of each form, and what Clojure's reader refuses is refused."""

from __future__ import annotations

import pytest

from tangle.parse.edn import BadEdn, EdnForm, read_edn


def shape(form: EdnForm | None) -> object:
    """A form as nested lists: its kind, then its items or its text."""
    if form is None:
        return None
    if form.kind in ("keyword", "string", "atom"):
        return form.text
    return [form.kind, *map(shape, form.items)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (" ; only a comment", None),
        ("#_ {:a 1}", None),
        ("{}", ["map"]),
        ("\ufeff{:a 1, :b #{x}}", ["map", ":a", "1", ":b", ["set", "x"]]),
        ("{:a ; {:b\n 1}", ["map", ":a", "1"]),
        ('{"a;b" "}\\""}', ["map", '"a;b"', '"}\\""']),
        ("[#_ :a :b]", ["vector", ":b"]),
        ("[#_ #_ a b c]", ["vector", "c"]),
        ('[#_ #inst "2026-11-29T05:00:00Z" y]', ["vector", "y"]),
        (
            '[#uuid #_ a "01234567-89ab-cdef-0123-456789abcdef"]',
            ["vector", ["tagged", '"01234567-89ab-cdef-0123-456789abcdef"']],
        ),
        ("[^{:m 1} x y]", ["vector", "x", "y"]),
        ('(:a"b"c)', ["list", ":a", '"b"', "c"]),
        (
            "[\\} \\newline ##Inf -1.5e3M nil]",
            ["vector", "\\}", "\\newline", "##Inf", "-1.5e3M", "nil"],
        ),
        ("#:page{:a 1}", ["tagged", ["map", ":a", "1"]]),
        ("{:a 1} } what stands behind is not read", ["map", ":a", "1"]),
        ("{:\u5b57 \u00a0\u3000[]}", ["map", ":\u5b57", ["vector"]]),
    ],
)
def test_forms(text: str, expected: object) -> None:
    assert shape(read_edn(text)) == expected


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\n{:a\n[}", 3, "closes nothing"),
        ("{:a 1", 1, "no '}' closes"),
        ("}", 1, "closes nothing"),
        ("{:a}", 1, "has no value"),
        ("{:a 1\n :a 2}", 2, "a second time"),
        ("#{:a\n:a}", 2, "a second time"),
        ('{:a "b}', 1, "no end"),
        ('{:a "\\d"}', 1, "unknown escape"),
        ("{:a 1x}", 1, "no number"),
        ("{: 1}", 1, "no keyword"),
        ("{:a/ 1}", 1, "no keyword"),
        ("{:a #_}", 1, "nothing follows"),
        ("#_", 1, "nothing follows"),
        ('{:a #"x"}', 1, "no tag"),
        ("{:a #(x)}", 1, "no tag"),
        ("{:a #foo {}}", 1, "no tag"),
        ('{:a\n#inst "x"}', 2, "cannot stand behind #inst"),
        ("{:a #uuid x}", 1, "cannot stand behind #uuid"),
        ("{:a #:n [1]}", 1, "cannot stand behind #:n"),
        ("{:a 1/0}", 1, "no number"),
    ],
)
def test_what_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadEdn, match=reason) as caught:
        read_edn(text)
    assert caught.value.line == line


def test_places_are_those_of_the_text() -> None:
    text = '{:a #{:b "c"} #_x :d [1 (2)]}'
    form = read_edn(text)
    assert form is not None

    def check(form: EdnForm) -> None:
        written = text[form.start : form.end]
        assert written == form.text if not form.items else written[-1] in "])}"
        for item in form.items:
            check(item)

    check(form)
    assert [key.text for key, _ in form.entries()] == [":a", ":d"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', ""),
        (r'"a\"b\\c\n\t\u00e9\101"', 'a"b\\c\n\t\u00e9A'),
        ('"two\nlines"', "two\nlines"),
        (":a/b", "a/b"),
        ("12", "12"),
    ],
)
def test_values(text: str, value: str) -> None:
    form = read_edn(text)
    assert form is not None
    assert form.value == value


def test_no_depth_and_no_length_is_too_much() -> None:
    depth = 100_000
    form = read_edn("[" * depth + "]" * depth)
    assert form is not None
    text = '"' + "a\\n" * 300_000 + '"'
    assert read_edn(text) == EdnForm(kind="string", start=0, end=len(text), text=text)
