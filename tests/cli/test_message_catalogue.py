"""The catalogues of messages are complete and current, and each message is recognised."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

import messages
from message_templates import in_source, stale_entries
from message_words import stale_words
from tangle_cli.catalogue import Catalogue, read_catalogue
from tangle_cli.recognition import NUMBERS, PARTS, Recognizer

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message


def names(template: str) -> set[str]:
    """The placeholders of a template."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def examples(template: str) -> dict[str, str]:
    """A value for each placeholder; where two stand side by side, the second is empty."""
    found: dict[str, str] = {}
    for text, name, _, _ in Formatter().parse(template):
        if name is not None:
            value = str(len(found) + 2) if name in NUMBERS else f"v{len(found)}v"
            found[name] = value if text or not found else ""
    return found


def ids(catalogue: Catalog) -> list[str]:
    """The messages of a catalogue, in order."""
    return [str(entry.id) for entry in catalogue if entry.id]


def sources(entry: Message) -> tuple[str, ...]:
    """A message in English, and its plural."""
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """The messages in the code."""
    return messages.extracted()


@pytest.fixture(scope="module", params=messages.catalogues(), ids=lambda path: path.parts[-3])
def path(request: pytest.FixtureRequest) -> Path:
    """The catalogue of a language."""
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def compiled(path: Path) -> Catalogue:
    """A catalogue as the command line reads it."""
    found = read_catalogue(path.parts[-3])
    assert found is not None
    return found


def test_there_is_chinese() -> None:
    assert "zh_CN" in [path.parts[-3] for path in messages.catalogues()]


def test_the_template_has_what_the_code_says(extracted: Catalog) -> None:
    assert ids(messages.read(messages.TEMPLATE)) == ids(extracted), "run `make messages`"


def test_a_catalogue_has_every_message_and_no_other(path: Path, extracted: Catalog) -> None:
    assert sorted(ids(messages.read(path))) == sorted(ids(extracted)), "run `make messages`"


def test_every_message_is_translated(path: Path) -> None:
    catalogue = messages.read(path)
    assert messages.missing(catalogue) == []
    assert [entry.id for entry in catalogue if entry.id and entry.fuzzy] == []
    same = [e.id for e in catalogue if e.id and sources(e) == messages.forms(e)]
    assert same == [], "these are no messages: list them in tools/not_messages.txt"


def test_translations_have_the_placeholders_of_their_messages(path: Path) -> None:
    for entry in messages.read(path):
        if entry.id:
            found = [names(text) for text in messages.forms(entry)]
            assert all(name == names(sources(entry)[-1]) for name in found), entry.id


def test_there_are_as_many_plurals_as_the_language_has(path: Path) -> None:
    catalogue = messages.read(path)
    plurals = [entry for entry in catalogue if isinstance(entry.id, tuple)]
    assert plurals
    assert {len(messages.forms(entry)) for entry in plurals} == {catalogue.num_plurals}


def test_the_compiled_catalogue_is_current(path: Path) -> None:
    written = messages.compiled(messages.read(path))
    assert path.with_suffix(".mo").read_bytes() == written, "run `make messages`"


def test_what_is_listed_is_in_the_code() -> None:
    assert stale_entries() == []


def test_what_the_code_no_longer_says_is_reported() -> None:
    gone = stale_words({"fence", "skipped: "})
    assert {"quote", "cannot be read: {why}"} <= {*gone}
    assert not {"fence", "skipped: {reason}"} & {*gone}


def test_every_placeholder_with_a_meaning_is_in_some_message(extracted: Catalog) -> None:
    found = {name for entry in extracted for text in sources(entry) for name in names(text)}
    assert found >= PARTS | NUMBERS


def test_every_message_is_recognised(compiled: Catalogue) -> None:
    """A message is translated by its own template, or by one that says the same."""
    entries = compiled.entries()
    recognizer = Recognizer(entries)
    wrong = {}
    for template, translation in entries.items():
        values = examples(template)
        text = template.format(**values)
        if recognizer.translated(text) != translation.format(**values):
            wrong[template] = recognizer.translated(text)
    assert wrong == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise E(f"{path}: cannot be read: {why()}")', ["{path}: cannot be read: {why}"]),
        ('x = f"{a} and more of {b.a}"', ["{a} and more of {a2}"]),
        (
            """x = f"{n} {'page is' if n == 1 else 'pages are'} left" """,
            ["{n} page is left", "{n} pages are left"],
        ),
        (
            'x = "some words" + (f", {n} of them" if n else "")',
            ["some words, {n} of them", "some words"],
        ),
        ("""x = f"known: {', '.join(names)} only" """, ["known: {names} only"]),
        ('x = _("word")', ["word"]),
        ('x = _(f"{path}: {state}")', []),
        ('x = _(f"{count(n, \'line\')} left over")', ["{count} left over", "{number} line"]),
        ('x = "set {a} of braces"', ["set {{a}} of braces"]),
        ('def f():\n    """Some words."""', []),
        ('@click.command()\ndef f():\n    """Some words\n    on two lines.\n\n    More."""',
         ["Some words on two lines.", "More."]),
        ('x = re.compile("some pattern")', []),
        ('assert x, "some words"', []),
        ('x = "word"', []),
        ('x = "two lines\\nof a file"', []),
    ],
)  # fmt: skip
def test_messages_are_found_in_code(source: str, found: list[str]) -> None:
    assert [template.text for template in in_source(source, "x.py")] == found
