"""The server: what an editor sends, and what is answered."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from tangle import __version__
from tangle.engine.interrupt import Interrupt
from tangle.errors import TangleError
from tangle.link import CONFIG
from tangle.lsp.backend import COMMANDS, Backend
from tangle.lsp.publisher import Publisher
from tangle.lsp.python import Question
from tangle.lsp.running import Outcome, Runner
from tangle.lsp.scripts import Files, spot_at
from tangle.lsp.session import Session
from tangle.model import PagePath
from tangle.verbs.job_builder import prepared_package
from tangle.verbs.open_notes import FileChanges
from tangle.verbs.project import Project

FindProject = Callable[[Path], Project]
"""Finds the project of a folder; raises a `TangleError` where there is none."""

_WATCHED: Final = ("**/*.md", "**/*.markdown", f"**/{CONFIG}", "**/tangle.toml")


class Protocol(LanguageServerProtocol):
    """The protocol, with the texts of documents left to the session.

    pygls ends lines wherever Python does, at a form feed, too; editors do not.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Pass a document on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Pass edits on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Pass on that a document was closed."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """End what runs, and refuse what comes later; a run that ends still gets its answer."""
        yield self.fm.features[types.SHUTDOWN], args, None
        self._shutdown = True


class Server(LanguageServer):
    """One editor, and one graph: that of its folder, or of the first page that it opens.

    Attributes:
        closing: removes what the server made beside the notes, however the connection ends.
    """

    def __init__(self, find: FindProject) -> None:
        """Find the graph with this; nothing is read before an editor says where it is."""
        super().__init__("tangle", __version__, protocol_cls=Protocol)
        self.session: Session | None = None
        self.runner = Runner()
        self.python = "ty"
        self._find = find
        self._backend: Backend | None = None
        self.closing = ExitStack()
        self._publisher = Publisher(self.text_document_publish_diagnostics, self.failed)
        self._failures: set[str] = set()
        self._watching: FileChanges | None = None
        self._interrupts: dict[str | int, Interrupt] = {}

    # --- the graph --------------------------------------------------------------------------------

    def find_graph(self, folders: Iterator[Path], *, report: bool = False) -> None:
        """Read the graph of the first folder that has one.

        Args:
            folders: where to look.
            report: whether to report why there is none.
        """
        for folder in folders:
            if self.session is not None:
                return
            try:
                self.session = Session(self._find(folder), self._encoding())
            except TangleError as error:
                if report:
                    self.failed(error)

    def _encoding(self) -> Any:
        found = self.protocol.workspace.position_encoding
        return found.value if isinstance(found, types.PositionEncodingKind) else found or "utf-16"

    def read_again(self) -> None:
        """Read the configuration again, and lay the open buffers over the graph that it names."""
        before = self.session
        if before is None or before.project.config is None:
            return
        try:
            project = self._find(before.project.config.parent)
            session = Session(project, before.encoding)
        except TangleError as error:
            self.failed(error)
            return
        for buffer in before.buffers.values():
            session.open(buffer.uri, buffer.version, buffer.text.string)
        self.session = session

    def failed(self, error: Exception) -> None:
        """Report why something could not be done, each reason once.

        Args:
            error: the reason.
        """
        message = str(error)
        if message not in self._failures:
            self._failures.add(message)
            self.show(message, types.MessageType.Warning)

    def show(self, message: str, kind: types.MessageType) -> None:
        """Show a message.

        Args:
            message: in a sentence.
            kind: how serious it is.
        """
        self.window_show_message(types.ShowMessageParams(type=kind, message=f"tangle: {message}"))

    def look(self) -> None:
        """Send the problems in a moment, as something may have changed."""
        if self.session is not None:
            self._publisher.schedule(self.session)

    # --- files ------------------------------------------------------------------------------------

    def watch_files(self) -> None:
        """Learn of changed files from the editor where it can, else from the system."""
        if self.session is None or self._watching is not None:
            return
        workspace = self.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        if watched is not None and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
            registration = types.Registration(
                id="tangle-files",
                method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                register_options=options,
            )
            self.client_register_capability(types.RegistrationParams([registration]))
            return
        try:
            self._watching = FileChanges(self.session.project)
        except TangleError as error:
            self.failed(error)
            return
        loop = asyncio.get_running_loop()
        changes = self._watching
        threading.Thread(
            target=lambda: changes.follow(
                lambda paths: loop.call_soon_threadsafe(self.changed, list(paths))
            ),
            daemon=True,
        ).start()

    def question(
        self, session: Session, path: PagePath, offset: int
    ) -> tuple[Backend, Question] | None:
        """Return what to ask about code, and whom; None if the settings want no answers.

        Args:
            session: the notes.
            path: of the page.
            offset: the character.
        """
        spot = spot_at(session, path, offset) if self.python in COMMANDS else None
        if spot is None:
            return None
        if self._backend is None:
            folder = self._generated(session)
            self._backend = Backend(
                self.python, folder, lambda why: self.show(why, types.MessageType.Warning)
            )
        return self._backend, Question(session, path, spot, Files(session, self._backend.folder))

    def _generated(self, session: Session) -> Path:
        """The folder of generated files; where nothing was generated, one that is soon removed."""
        notes = session.notes
        output = session.project.output
        if (output / notes.named_project.package.root).is_dir():
            return output
        return self.closing.enter_context(prepared_package(notes.plan.package)).folder

    async def end(self) -> None:
        """End what runs and what waits, and keep what is known of the notes."""
        self.runner.cancel()
        if self._backend is not None:
            await self._backend.stop()
        self.closing.close()
        if self._watching is not None:
            self._watching.close()
        if self.session is not None:
            self.session.end()

    def changed(self, paths: list[Path]) -> None:
        """Take in files that changed on disk.

        Args:
            paths: absolute.
        """
        if self.session is None:
            return
        if self.session.project.config in paths:
            self.read_again()
        try:
            self.session.look_at(paths)
        except TangleError as error:
            self.failed(error)
        self.look()

    # --- running ----------------------------------------------------------------------------------

    async def run(self, what: list[str]) -> str | None:
        """Run sections, with progress, and report how they ended.

        Args:
            what: as the arguments of `tangle run`.
        """
        session = self.session
        if session is None:
            return None
        unsaved = [session.project.shown(path) for path in session.unsaved()]
        if unsaved:
            self.show(
                f"save {', '.join(unsaved)} first: outputs go into the files",
                types.MessageType.Warning,
            )
            return None
        interrupt = Interrupt()
        token = await self._begin(", ".join(what) or "all", interrupt)

        def progress(text: str, percent: int) -> None:
            if token is not None and token in self._interrupts:
                news = types.WorkDoneProgressReport(message=text, percentage=percent)
                self.work_done_progress.report(token, news)

        try:
            outcome = await self.runner.run(session.project, what, progress, interrupt)
        finally:
            if token is not None:
                del self._interrupts[token]
                self.work_done_progress.end(token, types.WorkDoneProgressEnd())
        self._ended(outcome)
        return outcome.message

    async def _begin(self, what: str, interrupt: Interrupt) -> str | int | None:
        """Begin a progress that can be cancelled; None if the editor shows none."""
        window = self.client_capabilities.window
        if window is None or not window.work_done_progress:
            return None
        token = str(uuid.uuid4())
        await self.work_done_progress.create_async(token)
        self._interrupts[token] = interrupt
        value = types.WorkDoneProgressBegin(title=f"tangle run {what}", cancellable=True)
        self.work_done_progress.begin(token, value)
        return token

    def cancel(self, token: str | int) -> None:
        """Cancel the run that has a progress.

        Args:
            token: of the progress.
        """
        if (interrupt := self._interrupts.get(token)) is not None:
            interrupt.request()

    def _ended(self, outcome: Outcome) -> None:
        kind = types.MessageType.Warning if outcome.failed else types.MessageType.Info
        self.show(outcome.message, kind)
        if self.session is not None:
            project = self.session.project
            self.changed([project.root / page for page in outcome.pages])
        self._refresh()

    def _refresh(self) -> None:
        """Have the editor ask for lenses and marks again, where it can."""
        workspace = self.client_capabilities.workspace
        if workspace is None:
            return
        if workspace.code_lens is not None and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)
        if workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
