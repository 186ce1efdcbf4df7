"""The parts of a server: threads that go on, events that are text, addresses of the interface."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tangle.http.documents import json_bytes
from tangle.http.feed import Feed
from tangle.verbs.desk import Desk
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import find_project
from tangle.verbs.serving import opening_page
from tests.graphs import MakeNotes
from tests.http.serving import Server


def test_a_task_that_fails_keeps_no_later_one_waiting() -> None:
    failed: list[Exception] = []
    desk = Desk("tests", failed.append)

    def fail() -> None:
        raise ValueError("no")

    desk.post(fail)
    assert asyncio.run(desk.ask(lambda: 5)) == 5
    assert [str(error) for error in failed] == ["no"]
    with pytest.raises(ValueError, match="no"):
        asyncio.run(desk.ask(fail))
    assert asyncio.run(desk.ask(lambda: 6)) == 6


def test_a_failure_that_no_future_can_hold_is_raised_where_it_was_asked_for() -> None:
    desk = Desk("tests", lambda _: None)

    async def ask() -> object:
        return await asyncio.wait_for(desk.ask(lambda: next(iter(()))), 30)

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(ask())


def test_waiting_for_a_desk_has_a_bound() -> None:
    desk, go_on = Desk("tests", lambda _: None), threading.Event()

    def hold() -> None:
        go_on.wait(60)

    desk.post(hold)
    desk.finish(0.05)
    go_on.set()
    desk.finish(60)


def test_what_is_no_text_is_published_all_the_same() -> None:
    name = b"na\xef".decode("utf-8", "surrogateescape")
    assert json_bytes({"page": name}) == b'{"page":"na?"}'
    Feed("e").publish("changed", {"pages": [name]})


def test_each_thread_has_notes_that_no_other_asks(notes: MakeNotes) -> None:
    project = find_project(start=notes({"One": "- one\n"}).root)
    found: list[Notes] = [read_notes(project), read_notes(project)]
    thread = threading.Thread(target=lambda: found.append(read_notes(project)))
    thread.start()
    thread.join()
    first, second, third = found
    assert first is second
    assert third is not first
    assert third.core is not first.core


def test_the_page_that_opens_the_site_is_private(notes: MakeNotes) -> None:
    project = find_project(start=notes({"One": "- one\n"}).root)
    (project.state / ".tangle").mkdir()
    path: Path = opening_page(project, "http://127.0.0.1:8470/", "secret")
    assert path.stat().st_mode & 0o077 == 0
    assert "http://127.0.0.1:8470/#token=secret" in path.read_text("utf-8")


def test_pages_of_a_namespace_are_not_taken_for_the_interface(server: Server) -> None:
    page = server.root / "pages" / "Jobs.md"
    with server.events() as events:
        page.write_text("title:: api/jobs\n\n- a page about jobs\n", encoding="utf-8")
        next(event for event in events if event.kind == "changed")
    no_token = {"Authorization": ""}
    assert b"a page about jobs" in server.ask("/api/jobs.html", headers=no_token).body
    for path in ("/api/jobs", "/api/jobs/x", "/api/state", "/api/events"):
        assert server.ask(path, headers=no_token).status in (401, 429)
    page.unlink()
