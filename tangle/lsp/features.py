"""What an editor may send, and the function that answers it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tangle.lsp import lenses
from tangle.lsp.actions import code_actions
from tangle.lsp.completions import completion
from tangle.lsp.formatting import CannotFormat, Draft, draft, formatted
from tangle.lsp.hovers import hover
from tangle.lsp.navigation import definition, references
from tangle.lsp.python import MOST, completions, hover_text, places, signatures, uses
from tangle.lsp.renaming import CannotRename, prepare, rename
from tangle.lsp.server import FindProject, Server
from tangle.lsp.session import Session, file_of_uri
from tangle.lsp.symbols import document_symbols, folding_ranges, workspace_symbols
from tangle.model import PagePath

_T = TypeVar("_T")

CANCEL: Final = "tangle.cancel"
_TRIGGERS: Final = ("[", "(", "<", "#", ".", ":", " ")


# --- the connection -------------------------------------------------------------------------------


def _initialize(ls: Server, params: types.InitializeParams) -> None:
    settings = params.initialization_options
    if isinstance(settings, dict):
        ls.python = str(settings.get("python", ls.python))
    ls.find_graph(_folders(params))


def _folders(params: types.InitializeParams) -> Iterator[Path]:
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if params.root_uri is not None:
        uris.append(params.root_uri)
    for uri in uris:
        file = file_of_uri(uri)
        if file is not None:
            yield file
    if params.root_path is not None:
        yield Path(params.root_path)


def _initialized(ls: Server, _params: types.InitializedParams) -> None:
    ls.watch_files()
    ls.look()


async def _shutdown(ls: Server, _params: None = None) -> None:
    await ls.end()


def _cancel_progress(ls: Server, params: types.WorkDoneProgressCancelParams) -> None:
    ls.cancel(params.token)


def _watched(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    files = (file_of_uri(change.uri) for change in params.changes)
    ls.changed([file for file in files if file is not None])


# --- documents ------------------------------------------------------------------------------------


def _open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    file = file_of_uri(document.uri)
    if ls.session is None and file is not None:
        ls.find_graph(iter((file.parent,)), report=True)
        ls.watch_files()
    if ls.session is not None:
        ls.session.open(document.uri, document.version, document.text)
        ls.look()


def _change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    document = params.text_document
    if ls.session is not None:
        ls.session.change(document.uri, document.version, params.content_changes)
        ls.look()


def _save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    if ls.session is not None:
        ls.session.save(params.text_document.uri)
        ls.look()


def _close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    if ls.session is not None:
        ls.session.close(params.text_document.uri)
        ls.look()


# --- questions ------------------------------------------------------------------------------------


def _page(ls: Server, document: types.TextDocumentIdentifier) -> tuple[Session, PagePath] | None:
    """A page; None if the document is none."""
    session = ls.session
    path = session.path_of(document.uri) if session is not None else None
    return None if session is None or path is None else (session, path)


def _at(
    ls: Server, document: types.TextDocumentIdentifier, position: types.Position
) -> tuple[Session, PagePath, int] | None:
    """A place in a page; None if the document is no page."""
    found = _page(ls, document)
    return None if found is None else (*found, found[0].offset(found[1], position))


# Questions to the Python language server are made before the first `await`: the notes may change
# while it thinks.


async def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    at = _at(ls, params.text_document, params.position)
    if at is None:
        return None
    own, asked = hover(*at), ls.question(*at)
    if asked is None:
        return own
    text = await hover_text(*asked)
    if own is not None and isinstance(own.contents, types.MarkupContent) and text:
        own.contents.value += f"\n\n---\n\n{text}"
    if own is not None or not text:
        return own
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


async def _definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    at = _at(ls, params.text_document, params.position)
    if at is None:
        return []
    own, asked = definition(*at), ls.question(*at)
    if own or asked is None:
        return own
    return await places(*asked)


async def _signature(ls: Server, params: types.SignatureHelpParams) -> Any:
    at = _at(ls, params.text_document, params.position)
    asked = ls.question(*at) if at is not None else None
    if asked is None:
        return None
    return await signatures(*asked)


async def _references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    at = _at(ls, params.text_document, params.position)
    if at is None:
        return []
    declaration = params.context.include_declaration
    own, asked = references(*at, declaration=declaration), ls.question(*at)
    if own or asked is None:
        return own
    return await uses(*asked, declaration=declaration)


async def _completion(ls: Server, params: types.CompletionParams) -> types.CompletionList | None:
    at = _at(ls, params.text_document, params.position)
    if at is None:
        return None
    own, asked = completion(*at), ls.question(*at)
    if asked is None:
        return own
    known = {item.label for item in own.items}
    found = await completions(*asked)
    more = [item for item in found if item.label not in known]
    is_incomplete = own.is_incomplete or len(found) == MOST
    return types.CompletionList(is_incomplete, [*own.items, *more])


def _outline(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    page = _page(ls, params.text_document)
    return document_symbols(*page) if page else []


def _folding(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    page = _page(ls, params.text_document)
    return folding_ranges(*page) if page else []


def _symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    return workspace_symbols(ls.session, params.query) if ls.session is not None else []


def _hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    page = _page(ls, params.text_document)
    if page is None:
        return []
    session, path = page
    return lenses.inlay_hints(session, path, *session.lines(path, params.range))


def _code_lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    page = _page(ls, params.text_document)
    return lenses.code_lenses(*page) if page else []


# --- changes --------------------------------------------------------------------------------------


def _prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range | None:
    at = _at(ls, params.text_document, params.position)
    return _refusing(lambda: prepare(*at)) if at else None


def _rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    at = _at(ls, params.text_document, params.position)
    return _refusing(lambda: rename(*at, params.new_name)) if at else None


def _refusing(action: Callable[[], _T]) -> _T:
    try:
        return action()
    except CannotRename as error:
        raise JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed) from None


def _actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    page = _page(ls, params.text_document)
    if page is None:
        return []
    session, path = page
    start = session.offset(path, params.range.start)
    return code_actions(session, path, start, session.offset(path, params.range.end))


async def _format(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    page = _page(ls, params.text_document)
    made = draft(*page, 1, sys.maxsize) if page is not None else None
    return await _formatted(made)


async def _format_range(
    ls: Server, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    page = _page(ls, params.text_document)
    if page is None:
        return []
    session, path = page
    return await _formatted(draft(session, path, *session.lines(path, params.range)))


async def _formatted(made: Draft | None) -> list[types.TextEdit]:
    try:
        return await formatted(made) if made is not None else []
    except CannotFormat as error:
        raise JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed) from None


# --- commands -------------------------------------------------------------------------------------


async def _run(ls: Server, *what: Any) -> str | None:
    return await ls.run([str(argument) for argument in what])


def _cancel(ls: Server, *_: Any) -> bool:
    return ls.runner.cancel()


_FEATURES: Final[tuple[tuple[str, Callable[..., Any], Any], ...]] = (
    (types.INITIALIZE, _initialize, None),
    (types.INITIALIZED, _initialized, None),
    (types.SHUTDOWN, _shutdown, None),
    (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, _cancel_progress, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, _watched, None),
    (types.TEXT_DOCUMENT_DID_OPEN, _open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, _save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _close, None),
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        _signature,
        types.SignatureHelpOptions(trigger_characters=("(", ",")),
    ),
    (types.TEXT_DOCUMENT_REFERENCES, _references, None),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        _completion,
        types.CompletionOptions(trigger_characters=_TRIGGERS),
    ),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _outline, None),
    (types.TEXT_DOCUMENT_FOLDING_RANGE, _folding, None),
    (types.WORKSPACE_SYMBOL, _symbols, None),
    (types.TEXT_DOCUMENT_INLAY_HINT, _hints, None),
    (types.TEXT_DOCUMENT_CODE_LENS, _code_lenses, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, _prepare_rename, None),
    (types.TEXT_DOCUMENT_FORMATTING, _format, None),
    (types.TEXT_DOCUMENT_RANGE_FORMATTING, _format_range, None),
    (types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True)),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _actions,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
)


def made_server(find: FindProject) -> Server:
    """Return a server that answers all that an editor may ask.

    Args:
        find: finds the project of a folder.
    """
    server = Server(find)
    for method, answer, options in _FEATURES:
        server.feature(method, options)(answer)
    server.command(lenses.RUN)(_run)
    server.command(CANCEL)(_cancel)
    return server


def serve(find: FindProject) -> None:
    """Answer an editor over standard input and output until it ends the connection.

    Args:
        find: finds the project of a folder.
    """
    # What pygls would log, a refused rename as well, the editor gets as the answer.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    server = made_server(find)
    with server.closing:
        server.start_io()
