"""What the interface answers, and the events of runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.graphs import MakeNotes
from tests.http.serving import PATIENCE, Event, Server, serving
from tests.logseq2 import CODE, block, page, write_database

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
BLOCK = "6650f0aa-1111-4222-8333-444455556666"


REGISTRY: Registry[Any] = Registry().with_resources(
    (document["$id"], Resource.from_contents(document))
    for document in (json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json"))
)


def valid(name: str, document: Any) -> None:
    """Check a document against its published schema."""
    schema = {"$ref": f"urn:logseq-tangle:schema:{name}"}
    jsonschema.Draft202012Validator(schema, registry=REGISTRY).validate(document)


def test_the_state_names_the_sections(server: Server) -> None:
    found = server.ask("/api/state").document
    valid("state", found)
    assert {"One", "Fails", "Slow", "名字"} <= {section["number"] for section in found["sections"]}


def test_a_page_is_found_by_title_and_by_block(server: Server) -> None:
    by_title = server.ask("/api/page?title=one").document
    valid("page", by_title)
    assert by_title == server.ask(f"/api/page?block={BLOCK}").document
    assert by_title["page"] == "pages/One.md"
    assert by_title == server.ask("/api/page?path=pages/One.md").document
    assert [(chunk["block"], chunk["line"]) for chunk in by_title["chunks"]] == [(BLOCK, 2)]
    assert by_title["blocks"] == [
        {"id": None, "line": 1, "text": "## One"},
        {"id": BLOCK, "line": 2, "text": f"```python\n  print('hello')\n  ```\n  id:: {BLOCK}"},
    ]


def test_a_script_is_as_the_command_shows_it(server: Server) -> None:
    found = server.ask("/api/script?section=One").document
    valid("script", found)
    command = [sys.executable, "-m", "tangle_cli", "--graph", str(server.root), "show", "One"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert found == {"section": "One", "script": shown.stdout}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/page", 400), ("/api/page?title=One&block=x", 400), ("/api/page?title=No", 404),
        ("/api/page?path=pages/No.md", 404), ("/api/script", 400), ("/api/script?section=No", 404),
        ("/api/page?block=nothing", 404), ("/api/jobs/no", 404), ("/api/no", 404),
    ],
)  # fmt: skip
def test_what_is_not_there(server: Server, path: str, status: int) -> None:
    answer = server.ask(path)
    assert answer.status == status
    assert answer.document["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"what": "One"}',
        b'{"what": []}',
        b'{"what": ["One"], "shell": "x"}',
        b"\xff",
        b'{"what": ["One"], "device": "toaster"}',
        b'{"what": ["One"], "timeout": -1}',
    ],
)
def test_a_wrong_body_is_refused(server: Server, body: bytes) -> None:
    answer = server.ask("/api/run", body)
    assert answer.status == 400
    assert answer.document["error"]


def test_a_run_writes_its_output_and_reports_it(server: Server) -> None:
    with server.events() as events:
        job = server.run("One")
        seen = until_end(events, job)
    ended = server.ended(job)
    valid("job", ended)
    assert (ended["state"], ended["exit_code"]) == ("finished", 0)
    assert "hello" in (server.root / "pages" / "One.md").read_text("utf-8")
    for event in seen:
        valid("events", {event.kind: event.data})
    kinds = [kind for kind, _ in groupby(event.kind for event in seen)]
    assert kinds == ["started", "output", "finished", "written", "finished"]
    shown = [event.data for event in seen if event.kind == "output"]
    assert {(output["page"], output["line"]) for output in shown} == {("pages/One.md", 2)}
    texts = [piece["text"] for output in shown for piece in output["outputs"]]
    assert "".join(texts) == "hello\n"
    assert seen[-2].data["pages"] == ["pages/One.md"]


def test_a_failure_is_reported_with_its_place(server: Server) -> None:
    job = server.run("Fails", write=False)
    ended = server.ended(job)
    assert ended["exit_code"] == 1
    (chunk,) = ended["report"]["sections"][0]["chunks"]
    assert (chunk["error"]["name"], chunk["error"]["line"]) == ("ZeroDivisionError", 2)


def test_an_unknown_name_is_refused_with_its_reason(server: Server) -> None:
    ended = server.ended(server.run("Nothing like it"))
    assert (ended["state"], ended["exit_code"]) == ("refused", 2)
    assert "Nothing like it" in ended["error"]


def test_a_run_is_stopped_in_the_middle(server: Server) -> None:
    with server.events() as events:
        job = server.run("Slow", write=False)
        waiting = server.run("One", write=False)
        next(e for e in events if e.kind == "started" and e.data.get("line") == 1)
        assert server.ask("/api/stop", {"job": job}).status == 202
        until_end(events, waiting)
    assert server.ended(job)["state"] == "stopped"
    assert server.ended(waiting)["state"] == "finished"


def test_runs_that_wait_can_be_taken_back(server: Server) -> None:
    jobs = [server.run("Slow", write=False) for _ in range(3)]
    stopped = server.ask("/api/stop", {}).document["stopped"]
    assert set(stopped) == set(jobs)
    assert {server.ended(job)["state"] for job in jobs} == {"stopped"}


def test_no_more_than_fifty_runs_wait(server: Server) -> None:
    found = [server.ask("/api/run", {"what": ["Slow"], "write": False}) for _ in range(60)]
    server.ask("/api/stop", {})
    assert {answer.status for answer in found} == {202, 429}
    assert sum(answer.status == 202 for answer in found) in (50, 51)
    for answer in found:
        if answer.status == 202:
            server.ended(answer.document["job"])


def test_check_and_build_answer_while_a_run_goes_on(server: Server) -> None:
    job = server.run("Slow", write=False)
    checked = server.ask("/api/check", {"all": True})
    valid("check", checked.document)
    built = server.ask("/api/build", {"check": True})
    valid("build", built.document)
    assert not (server.root / "generated").exists()
    assert server.ask(f"/api/jobs/{job}").document["state"] in ("queued", "running")
    server.ask("/api/stop", {"job": job})
    server.ended(job)


def test_a_reader_that_reconnects_misses_nothing(server: Server) -> None:
    with server.events() as events:
        first = server.run("One", write=False)
        seen = until_end(events, first)
    second = server.run("One", write=False)
    server.ended(second)
    with server.events(seen[-1].id) as events:
        assert {event.data["job"] for event in until_end(events, second)} == {second}


@pytest.mark.parametrize("last", ["other-1", "nonsense", "-1"])
def test_events_of_another_server_are_reported_as_lost(server: Server, last: str) -> None:
    with server.events(last) as events:
        assert next(events).kind == "reset"


def test_a_save_is_reported_with_the_problems(server: Server) -> None:
    page = server.root / "pages" / "Saved.md"
    with server.events() as events:
        page.write_text("- ```python\n  #@save\n  def f(:\n      pass\n  ```\n", encoding="utf-8")
        changed = next(event for event in events if event.kind == "changed")
        assert changed.data == {"pages": ["pages/Saved.md"]}
    page.unlink()


def until_end(events: Any, job: str) -> list[Event]:
    """The events of jobs until one is over."""
    found: list[Event] = []
    for event in events:
        if "job" in event.data:
            found.append(event)
            if (
                event.kind == "finished"
                and event.data["job"] == job
                and "section" not in event.data
            ):
                return found
    raise AssertionError("the stream ended")


def test_a_second_server_is_refused_and_a_third_follows_the_first(notes: MakeNotes) -> None:
    graph = notes({"One": "- ```python\n  1\n  ```\n"})
    with serving(graph.root) as first:
        said = graph.tangle("serve", "--port", "0")
        assert said.code == 3
        assert f"http://127.0.0.1:{first.port}/" in said.err
    assert not (graph.root / ".tangle" / "token").exists()
    with serving(graph.root) as second:
        assert second.token != first.token
        old = {"Authorization": f"Bearer {first.token}"}
        assert second.ask("/api/state", headers=old).status == 401


def test_a_port_in_use_and_a_token_that_others_can_read(notes: MakeNotes, server: Server) -> None:
    graph = notes({"One": "- ```python\n  1\n  ```\n"})
    said = graph.tangle("serve", "--port", str(server.port))
    assert said.code == 3
    assert "--port" in said.err
    token = graph.root / ".tangle" / "token"
    token.write_text("known\n", encoding="utf-8")
    token.chmod(0o644)
    said = graph.tangle("serve", "--port", "0")
    assert said.code == 3
    assert str(token) in said.err


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_a_server_whose_graph_is_gone_ends_and_says_so(notes: MakeNotes, how: str) -> None:
    code = "- ```python\n  import time\n  time.sleep(100)\n  ```\n"
    graph = notes({"Slow": code})
    place = graph.root.with_name("elsewhere")
    with serving(graph.root) as server:
        with server.events() as events:
            server.run("Slow")
            next(event for event in events if event.data.get("line") == 1)
            if how == "moved":
                graph.root.rename(place)
            else:
                shutil.rmtree(graph.root)
            list(events)  # the stream ends
        assert server.process.wait(PATIENCE) == 3
        assert server.process.stdout is not None
        *_, said = server.process.stdout.read().splitlines()
    assert said.startswith(f"tangle: {graph.root}: this graph was moved or deleted")
    if how == "moved":
        assert (place / "pages" / "Slow.md").read_text("utf-8") == code
        with serving(place) as server:
            assert server.ask("/api/state").document["sections"][0]["number"] == "Slow"


def test_a_graph_that_is_away_for_a_moment_is_served_on(notes: MakeNotes) -> None:
    graph = notes({"One": "- ```python\n  1\n  ```\n"})
    place = graph.root.with_name("elsewhere")
    with serving(graph.root) as server:
        graph.root.rename(place)
        time.sleep(1.2)
        place.rename(graph.root)
        time.sleep(5.5)
        assert server.ask("/api/state").status == 200


def test_a_run_that_is_stopped_keeps_what_was_there_and_what_it_has(notes: MakeNotes) -> None:
    first = "- ```python\n  print('first', 7)\n  ```\n"
    slow = "- ```python\n  import time\n  time.sleep(100)\n  ```\n"
    graph = notes({"Both": first + slow + "- words\n"})
    with serving(graph.root) as server:
        with server.events() as events:
            job = server.run("Both")
            next(event for event in events if event.data.get("line") == 4)
            assert server.ask("/api/stop", {"job": job}).status == 202
        ended = server.ended(job)
    assert ended["state"] == "stopped"
    assert [one["outcome"] for one in ended["report"]["sections"][0]["chunks"]] == [
        "passed",
        "interrupted",
    ]
    text = graph.text("Both")
    assert "first 7" in text
    assert text.endswith(slow + "- words\n")


def test_the_client_in_the_documentation_works(server: Server) -> None:
    text = (SCHEMAS.parent / "reference" / "http.md").read_text("utf-8")
    program = text.partition("```python\n")[2].partition("```")[0]
    assert program.count("\n") <= 35
    program = program.replace('"3.6"', '"One"')
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=server.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "started" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("finished")


def test_a_database_is_served_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    code = {20: page("Sum"), 21: block("print(20 + 22)", 20, "a", **CODE)}
    write_database(path, code)
    before = path.read_bytes()
    with serving(path) as served:
        found = served.ask("/api/page?title=Sum").document
        job = served.ended(served.run(found["page"]))
        assert job["exit_code"] == 0
        assert b"42" in served.ask("/Sum.html").body
        (section,) = served.ask("/api/state").document["sections"]
        assert section["state"] == "fresh"
    assert path.read_bytes() == before


def test_a_mirror_is_read_again_when_logseq_has_written_it(tmp_path: Path) -> None:
    mirror = tmp_path / "graph" / "mirror" / "markdown"
    (mirror / "pages").mkdir(parents=True)
    page = mirror / "pages" / "Sum.md"
    text = "id:: b413bae2-d618-4c94-b364-bc35c0548cb9\n\n- ```python\n  print(1 + 1)\n  ```\n"
    page.write_text(text, encoding="utf-8")
    with serving(mirror) as served:
        first = served.ask("/api/page?title=Sum").document
        page.write_text(text.replace("1 + 1", "20 + 2"), encoding="utf-8")
        second = served.ask("/api/page?title=Sum").document
        job = served.ended(served.run(second["page"], write=False))
    assert [page["blocks"][-1]["text"].splitlines()[1] for page in (first, second)] == [
        "  print(1 + 1)",
        "  print(20 + 2)",
    ]
    (chunk,) = job["report"]["sections"][0]["chunks"]
    assert chunk["outputs"][0]["text"] == "22\n"
    assert page.read_text("utf-8") == text.replace("1 + 1", "20 + 2")


def test_a_database_is_read_again_when_it_was_exported_again(tmp_path: Path) -> None:
    path, draft = tmp_path / "graph.sqlite", tmp_path / "draft.sqlite"
    write_database(path, {20: page("Sum"), 21: block("print(20 + 22)", 20, "a", **CODE)})
    write_database(draft, {20: page("Sum"), 21: block("print(1 + 1)", 20, "a", **CODE)})
    with serving(path) as served:
        before = served.ask("/api/page?title=Sum").document
        assert "20 + 22" in before["blocks"][-1]["text"]
        path.write_bytes(draft.read_bytes()[:1000])  # in the middle of an export
        answer = served.ask("/api/page?title=Sum")
        assert answer.status >= 400
        assert "graph.sqlite" in json.dumps(answer.document)
        path.write_bytes(draft.read_bytes())
        job = served.ended(served.run(served.ask("/api/page?title=Sum").document["page"]))
    (chunk,) = job["report"]["sections"][0]["chunks"]
    assert chunk["outputs"][0]["text"] == "2\n"
