"""The engine alone: what is worked out again, and what is not."""

from __future__ import annotations

import pytest

from tangle.notes.engine import Cycle, Query, Store, query

text: Query[str, str] = Query("text", None, kept=str)


class Counting(Store):
    """A store that notes which queries were worked out."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.done: list[str] = []


@query()
def words(store: Counting, key: str) -> list[str]:
    """The words of a text: passing."""
    store.done.append(f"words {key}")
    return text(store, key).split()


@query(kept=int)
def count(store: Counting, key: str) -> int:
    """How many words a text has."""
    store.done.append(f"count {key}")
    return len(words(store, key))


@query(hashed=True)
def longest(store: Counting, key: str) -> str:
    """The longest word of a text: too long to be kept."""
    store.done.append(f"longest {key}")
    return max(words(store, key), key=len)


@query(kept=str)
def report(store: Counting, key: str) -> str:
    """The facts about a text and about the one that it is compared with."""
    store.done.append(f"report {key}")
    return f"{count(store, key)} of {count(store, 'all')}, {longest(store, key)}"


@query(kept=int)
def round_and_round(store: Counting, key: str) -> int:
    """Asks for itself."""
    return round_and_round(store, key)


QUERIES = (text, count, longest, report)


def store_of(**texts: str) -> Counting:
    """A store of some texts."""
    found = Counting()
    for key, value in texts.items():
        found.set(text, key, value)
    return found


def reloaded(store: Counting) -> Counting:
    """A store from what another keeps on disk."""
    found = Counting()
    found.load(store.dump([(report, "a")]), QUERIES)
    return found


def test_an_answer_is_worked_out_once() -> None:
    store = store_of(a="one two", all="one two three")
    assert report(store, "a") == "2 of 3, one"
    done = list(store.done)
    assert report(store, "a") == "2 of 3, one"
    assert store.done == done


def test_a_change_goes_no_further_than_it_makes_a_difference() -> None:
    store = store_of(a="one two", all="one two three")
    report(store, "a")
    store.done.clear()
    store.set(text, "all", "three other words")
    assert report(store, "a") == "2 of 3, one"
    assert store.done == ["count all", "words all"]


def test_an_input_that_is_given_again_changes_nothing() -> None:
    store = store_of(a="one two", all="x")
    report(store, "a")
    revision = store.revision
    store.set(text, "a", "one two")
    assert store.revision == revision


def test_an_answer_on_disk_is_believed_as_long_as_its_look_ups_hold() -> None:
    store = store_of(a="one two", all="x")
    report(store, "a")
    found = reloaded(store)
    assert report(found, "a") == "2 of 1, one"
    assert found.done == []
    found.set(text, "a", "two one")
    assert report(found, "a") == "2 of 1, two"
    assert "count all" not in found.done


def test_an_answer_kept_by_its_digest_is_worked_out_when_it_is_wanted() -> None:
    store = store_of(a="one two", all="x")
    report(store, "a")
    found = reloaded(store)
    found.set(text, "a", "one too")
    assert report(found, "a") == "2 of 1, one"
    assert "report a" not in found.done
    assert longest(found, "a") == "one"


def test_what_is_not_needed_is_not_written_down() -> None:
    store = store_of(a="one two", all="x", b="y")
    report(store, "a")
    count(store, "b")
    assert reloaded(store).keys(count) == ["a", "all"]


def test_a_failure_is_no_answer() -> None:
    store = store_of(a="", all="x")
    with pytest.raises(ValueError, match="empty"):
        report(store, "a")
    store.set(text, "a", "word")
    assert report(store, "a") == "1 of 1, word"


def test_a_query_that_asks_for_itself_is_a_mistake() -> None:
    with pytest.raises(Cycle):
        round_and_round(store_of(), "a")


def test_a_document_with_unknown_queries_is_refused() -> None:
    store = store_of(a="one", all="x")
    report(store, "a")
    with pytest.raises(ValueError, match="longest"):
        Counting().load(store.dump([(report, "a")]), (text, count, report))
