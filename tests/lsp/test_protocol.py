"""`tangle lsp` as an editor meets it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.graphs import MakeNotes
from tests.lsp.editor import Editor, editor

LENDER = (
    "- ## 1.1. First\n\t- ```python\n\t  def twice(x):  #@save\n\t      return 2 * x\n\t  ```\n"
)
USER = (
    "- ## 1.2. Second 😀\n"
    "\t- see [[Lender]] 😀 and [[Lender]]\n"
    "\t- ```python\n\t  s = '😀'; print(twice(4))\n\t  ```\n"
)

LONG = """\
- ```python
  print("first")
  ```
- ```python
  import time; time.sleep(600)
  ```
"""

pytestmark = pytest.mark.book


def test_problems_come_while_typing_and_go_when_they_are_repaired(notes: MakeNotes) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/User.md")
            ed.edit(uri, "twice(4))", "twice(4)")
            await ed.until(lambda: ed.codes(uri) == ["slip"])
            assert ed.problems[uri].version == 2
            ed.edit(uri, "twice(4)", "twice(4))")
            await ed.until(lambda: ed.problems[uri].version == 3)
            assert ed.codes(uri) == []

    asyncio.run(session())


def test_an_unsaved_buffer_counts_for_other_pages(notes: MakeNotes) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root) as ed:
            lender, user = ed.open("pages/Lender.md"), ed.uri("pages/User.md")
            ed.edit(lender, "def twice", "def thrice")
            await ed.until(lambda: ed.codes(user) == ["undefined-name"])
            ed.close(lender)
            await ed.until(lambda: ed.codes(user) == [])

    asyncio.run(session())


@pytest.mark.parametrize("watches", [True, False])
def test_a_page_that_another_program_changes_is_read_again(notes: MakeNotes, watches: bool) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root, watches=watches) as ed:
            user = ed.open("pages/User.md")
            await ed.until(lambda: user in ed.problems)
            graph.write("Lender", LENDER.replace("twice", "other"))
            if watches:
                change = types.FileEvent(ed.uri("pages/Lender.md"), types.FileChangeType.Changed)
                params = types.DidChangeWatchedFilesParams([change])
                ed.client.workspace_did_change_watched_files(params)
            await ed.until(lambda: ed.codes(user) == ["undefined-name"])

    asyncio.run(session())


async def _definition(ed: Editor, uri: str, text: str, within: int = 0) -> Any:
    params = types.DefinitionParams(**ed.at(uri, text, within))
    return await ed.client.text_document_definition_async(params)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 21), ("utf-16", 19), ("utf-32", 18)])
def test_columns_count_as_the_editor_counts(notes: MakeNotes, encoding: str, column: int) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root, encodings=[encoding]) as ed:
            uri = ed.open("pages/User.md")
            found = await ed.client.text_document_definition_async(
                types.DefinitionParams(
                    text_document=types.TextDocumentIdentifier(uri),
                    position=types.Position(3, column),
                )
            )
            assert isinstance(found, list)
            [place] = found
            assert isinstance(place, types.Location)
            assert place.uri == ed.uri("pages/Lender.md")
            assert place.range.start == types.Position(2, 3 + len("def "))

    asyncio.run(session())


def test_a_rename_reaches_all_pages_and_a_refused_one_says_why(notes: MakeNotes) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        # An editor that reports changed files, and has not reported this one yet.
        async with editor(graph.root, watches=True) as ed:
            uri = ed.open("pages/User.md")
            params = types.RenameParams(new_name="double", **ed.at(uri, "twice", 2))
            edit = await ed.client.text_document_rename_async(params)
            assert edit is not None
            assert edit.document_changes is not None
            changes = {
                change.text_document.uri: change
                for change in edit.document_changes
                if isinstance(change, types.TextDocumentEdit)
            }
            assert {u: len(c.edits) for u, c in changes.items()} == {
                uri: 1,
                ed.uri("pages/Lender.md"): 1,
            }
            assert changes[uri].text_document.version == 1
            graph.write("Lender", LENDER + "- more\n")
            with pytest.raises(JsonRpcException, match=r"pages/Lender\.md was changed on disk"):
                await ed.client.text_document_rename_async(params)

    asyncio.run(session())


def test_a_lens_runs_a_section_and_its_output_is_in_the_page(notes: MakeNotes) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/User.md")
            document = types.TextDocumentIdentifier(uri)
            lenses = await ed.client.text_document_code_lens_async(types.CodeLensParams(document))
            commands = [lens.command for lens in lenses or () if lens.command is not None]
            assert [(c.title, c.arguments) for c in commands] == [
                ("Run section 1.2", ("1.2",)),
                ("Run", ("pages/User.md:3",)),
            ]
            answer = await ed.client.workspace_execute_command_async(
                types.ExecuteCommandParams(commands[0].command, commands[0].arguments)
            )
            assert answer == "1.2: passed"
            assert "8\n" in (graph.root / "pages" / "User.md").read_text(encoding="utf-8")
            kinds = [news.value["kind"] for news in ed.progress]
            assert kinds[0] == "begin"
            assert kinds[-1] == "end"

    asyncio.run(session())


def test_a_run_can_be_cancelled(notes: MakeNotes) -> None:
    graph = notes({"Long": LONG})
    (graph.root / "tangle.toml").unlink()

    async def session() -> None:
        async with editor(graph.root) as ed:
            ed.open("pages/Long.md")
            running = asyncio.ensure_future(
                ed.client.workspace_execute_command_async(
                    types.ExecuteCommandParams("tangle.run", ["[[Long]]"])
                )
            )
            await ed.until(lambda: ed.reports() == 2)
            token = ed.progress[0].token
            ed.client.window_work_done_progress_cancel(
                types.WorkDoneProgressCancelParams(token=token)
            )
            assert await asyncio.wait_for(running, 60) == "cancelled"
            assert "  first\n" in graph.text("Long")  # what had passed is written

    asyncio.run(session())


def test_the_end_of_the_connection_ends_what_runs(notes: MakeNotes) -> None:
    graph = notes({"Long": LONG})
    (graph.root / "tangle.toml").unlink()

    async def session() -> None:
        async with editor(graph.root) as ed:
            ed.open("pages/Long.md")
            command = types.ExecuteCommandParams("tangle.run", ["[[Long]]"])
            ed.client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, command)
            await ed.until(lambda: ed.reports() == 2)
            await ed.hang_up()

    asyncio.run(session())
    assert "  first\n" in graph.text("Long")


def test_unsaved_text_is_not_run(notes: MakeNotes) -> None:
    graph = notes({"Lender": LENDER, "User": USER})

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/User.md")
            ed.edit(uri, "twice(4)", "twice(5)")
            command = types.ExecuteCommandParams("tangle.run", ["1.2"])
            assert await ed.client.workspace_execute_command_async(command) is None
            await ed.until(lambda: bool(ed.messages))
            assert ed.messages == ["tangle: save pages/User.md first: outputs go into the files"]
            ed.save(uri, "pages/User.md")
            assert await ed.client.workspace_execute_command_async(command) == "1.2: passed"

    asyncio.run(session())


def test_a_folder_without_a_graph_is_reported_once_and_harms_nothing(
    notes: MakeNotes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    graph = notes({"Lender": LENDER})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.md").write_text("- [[b]]\n", encoding="utf-8")

    async def session() -> None:
        async with editor(elsewhere) as ed:
            uri = ed.open("a.md")
            assert await _definition(ed, uri, "[[b", 2) in ([], None)
            await ed.until(lambda: len(ed.messages) == 1)
            ed.root = graph.root  # a page of another folder, which has a graph
            lender = ed.open("pages/Lender.md", LENDER.replace("return", "retrun"))
            await ed.until(lambda: ed.codes(lender) == ["slip"])
            assert len(ed.messages) == 1

    asyncio.run(session())
