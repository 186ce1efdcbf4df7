"""Python's answers by ty, brought back to the notes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest
from lsprotocol import types

from tests.graphs import MakeNotes
from tests.lsp.editor import Editor, editor

pytestmark = pytest.mark.book

PAGES = {
    "A": (
        "- ## 1.1. First 😀\n"
        "\t- ```python\n\t  def twice(number: int) -> int:  #@save\n"
        "\t      '''Two times a number.'''\n\t      return 2 * number\n\t  ```\n"
    ),
    "B": (
        "- ## 1.2. Second [[A]]\n"
        "\t- ```python\n\t\timport string\n\t\tmark = '😀'; s = twice(3); string.ca\n"
        "\t\tlocal = [one.bit_length() for one in [3]]\n\t\ttwice(\n\t\t```\n"
    ),
}


async def _ask(ed: Editor, what: str, uri: str, text: str, within: int) -> Any:
    client: Any = ed.client
    kind = {
        "completion": types.CompletionParams,
        "hover": types.HoverParams,
        "definition": types.DefinitionParams,
        "signature_help": types.SignatureHelpParams,
    }[what]
    params = kind(**ed.at(uri, text, within))
    return await getattr(client, f"text_document_{what}_async")(params)


def _children(name: str) -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [process for process in found if name in Path(process.exe()).name]


def test_python_answers_in_a_chunk_that_does_not_parse(notes: MakeNotes) -> None:
    graph = notes(PAGES)

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/B.md")
            found = await _ask(ed, "completion", uri, "string.ca", 9)
            item = next(item for item in found.items if item.label == "capwords")
            line = ed.texts[uri].split("\n")[3]
            start = len(line[: line.index("ca")].encode("utf-16-le")) // 2
            assert item.text_edit.range.start == types.Position(3, start)
            assert item.text_edit.range.end == types.Position(3, start + 2)
            seen = await _ask(ed, "hover", uri, "one.bit", 5)
            assert "bit_length" in seen.contents.value
            assert await _ask(ed, "hover", uri, "s = twice", 0) is None  # nothing is known of it
            [place] = await _ask(ed, "definition", uri, "[one.", 2)
            assert place.uri == uri
            start = len("\t\tlocal = [one.bit_length() for ")
            assert place.range.start == types.Position(4, start)
            client: Any = ed.client
            params = types.ReferenceParams(
                context=types.ReferenceContext(True), **ed.at(uri, "[one.", 2)
            )
            named = await client.text_document_references_async(params)
            columns = [entry.range.start.character for entry in named]
            assert sorted(columns) == [len("\t\tlocal = ["), start]

    asyncio.run(session())


def test_a_saved_function_has_its_signature_in_other_pages(notes: MakeNotes) -> None:
    pages = {**PAGES, "B": PAGES["B"].replace("\t\ttwice(\n", "").replace("; string.ca", "")}
    graph = notes(pages)

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/B.md")
            found = await _ask(ed, "signature_help", uri, "twice(3)", 6)
            assert "number: int" in found.signatures[0].label
            seen = await _ask(ed, "hover", uri, "twice(3)", 2)
            text = seen.contents.value
            assert "1.1 (pages/A.md:3)" in text
            assert "Two times a number." in text

    asyncio.run(session())


@pytest.mark.parametrize("trouble", ["kill", "suspend"])
def test_a_server_that_ends_or_hangs_is_started_again_and_ours_goes_on(
    notes: MakeNotes, trouble: str
) -> None:
    graph = notes(PAGES)

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/B.md")
            await _ask(ed, "hover", uri, "one.bit", 5)
            [child] = _children("ty")
            getattr(child, trouble)()
            own = await _ask(ed, "definition", uri, "[[A]]", 2)
            assert [place.uri for place in own] == [ed.uri("pages/A.md")]
            seen = None
            for _ in range(3):
                seen = await _ask(ed, "hover", uri, "one.bit", 5)
                if seen is not None:
                    break
            assert seen is not None
            assert "bit_length" in seen.contents.value
            assert [process.pid for process in _children("ty")] != [child.pid]

    asyncio.run(session())
    assert _children("ty") == []


def test_a_server_that_is_missing_is_reported_once(notes: MakeNotes) -> None:
    graph = notes(PAGES)

    async def session() -> None:
        async with editor(graph.root, settings={"python": "basedpyright"}) as ed:
            uri = ed.open("pages/B.md")
            for _ in range(2):
                found = await _ask(ed, "completion", uri, "string.ca", 9)
                assert found.items == ()
            assert ed.messages == [
                (
                    "tangle: basedpyright-langserver is not installed or cannot be started: there "
                    "are no answers about Python beyond those of the notes"
                )
            ]

    asyncio.run(session())


def test_a_connection_that_breaks_leaves_neither_files_nor_programs(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes(PAGES)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))

    async def session() -> None:
        async with editor(graph.root) as ed:
            uri = ed.open("pages/B.md")
            await _ask(ed, "hover", uri, "one.bit", 5)
            [child] = _children("ty")
            assert any(folder.iterdir())
            await ed.hang_up()
            child.wait(20)

    asyncio.run(session())
    assert list(folder.iterdir()) == []
