"""Debug a session: for a client of the debug adapter protocol, or in a terminal."""

from __future__ import annotations

import os
import pdb  # noqa: T100 -- `tangle debug` in a terminal
import site
import sys
import sysconfig
from bdb import BdbQuit
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tangle.engine.wire import Listening
from tangle.engine.worker.generated_modules import load_generated
from tangle.engine.worker.page_code import PageLoader, move_to_page, parsed

if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import TextIO

    from tangle.engine.worker.reporter import Reporter
    from tangle.engine.worker.shell import CellShell
    from tangle.model import Cell, Debugging, Job


_LIBRARIES: Final = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    site.getusersitepackages(),
    str(Path(__file__).resolve().parents[2]),
)
"""Folders whose code is not the person's: where libraries are installed, and tangle."""

_SETTINGS: Final = {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else it writes about frozen modules
    "LIBRARY_ROOTS": os.pathsep.join(_LIBRARIES),
}
"""What debugpy reads from the environment as it is imported."""

_SKIPPED: Final = ("tangle.*", "IPython.*")
"""Modules in which stepping does not stop."""


class Debugger:
    """Makes a session one that can be debugged."""

    def __init__(self, debugging: Debugging, job: Job, shell: CellShell) -> None:
        """Have all code of the notes compiled under the paths of its pages."""
        self._debugging = debugging
        self._terminal: TerminalDebugger | None = None
        self._cells = job.cells
        shell.compile.pages = debugging.folder
        for source in job.sources:
            load_generated([source], partial(PageLoader, source=source, folder=debugging.folder))

    def start(self, reporter: Reporter) -> None:
        """Start to listen, or take the terminal.

        Raises:
            OSError: the address or the terminal cannot be used.
        """
        if self._debugging.address is not None:
            self._listen(self._debugging.address, reporter)
        elif self._debugging.terminal is not None:
            self._terminal = TerminalDebugger(self._debugging.terminal, self._debugging.folder)
            self._terminal.stop_in(self._cells)

    def _listen(self, address: tuple[str, int], reporter: Reporter) -> None:
        before = {name: os.environ.pop(name, None) for name in _SETTINGS}
        os.environ |= _SETTINGS
        import debugpy  # noqa: T100 -- `tangle debug --listen`

        # Another process as adapter could outlive this one.
        host, port = debugpy.listen(address, in_process_debug_adapter=True)  # noqa: T100
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value
        reporter.send(Listening(host=host, port=port))
        if self._debugging.wait:
            debugpy.wait_for_client()  # noqa: T100

    def failed(self, error: BaseException) -> BaseException:
        """Let a person look at where a cell failed, in a terminal; what the cell failed with."""
        if self._terminal is not None and self._terminal.look_at(error):
            return KeyboardInterrupt("you left the debugger")
        return error


class TerminalDebugger(pdb.Pdb):
    """Asks in a terminal that is not the session's own."""

    def __init__(self, terminal: str, folder: str) -> None:
        """Open the terminal.

        Args:
            terminal: its path.
            folder: that the pages' paths are relative to.

        Raises:
            OSError: that cannot be done.
        """
        path = Path(terminal)
        self._input: TextIO = path.open(encoding="utf-8")  # both as long as the session
        self._output: TextIO = path.open("w", encoding="utf-8")
        super().__init__(stdin=self._input, stdout=self._output, nosigint=True, skip=_SKIPPED)
        self._folder = folder
        self._left = False
        self.use_rawinput = False
        self.prompt = "(tangle) "
        sys.breakpointhook = self._breakpoint

    def stop_in(self, cells: tuple[Cell, ...]) -> None:
        """Stop at the first statement of the first chunk that runs."""
        for cell in cells:
            tree = parsed(cell.code) if cell.place is not None and cell.refusal is None else None
            if tree is None or not tree.body:
                continue
            page = move_to_page(tree.body[0], cell.origins, self._folder)
            if (
                page is not None
                and self.set_break(page, tree.body[0].lineno, temporary=True) is None
            ):
                break
        self._go_on()

    def _go_on(self) -> None:
        """Run until a breakpoint; `reset` alone would stop in the next function."""
        self.reset()
        self.botframe = sys._getframe()  # noqa: SLF001 -- below which nothing is looked at
        self.set_continue()  # which keeps tracing only while there is a breakpoint
        sys.settrace(self.trace_dispatch)

    def look_at(self, error: BaseException) -> bool:
        """Ask at the innermost frame of a traceback; whether the person wants to leave."""
        if isinstance(error, BdbQuit):
            return True
        if error.__traceback__ is None or isinstance(error, KeyboardInterrupt | SystemExit):
            return False
        sys.settrace(None)
        self.message(f"{type(error).__name__}: {error}")
        self.reset()
        self.interaction(None, error.__traceback__)
        self._go_on()
        return self._left

    def do_quit(self, arg: str) -> bool | None:
        """Leave the debugger, and end the section."""
        self._left = True
        return super().do_quit(arg)

    do_q = do_exit = do_quit

    def lookupmodule(self, filename: str) -> str | None:
        """Return the file that a person means: a page as messages name it, or as pdb does."""
        page = Path(self._folder, filename)
        return str(page) if page.is_file() else super().lookupmodule(filename)

    def get_stack(
        self, f: FrameType | None, t: TracebackType | None
    ) -> tuple[list[tuple[FrameType, int]], int]:
        """Return the frames from the first one in the notes on, and the current one's place."""
        stack, at = super().get_stack(f, t)
        files = (frame.f_code.co_filename for frame, _ in stack)
        first = next((i for i, file in enumerate(files) if file.startswith(self._folder)), 0)
        return stack[first:], max(0, at - first)

    def _breakpoint(self, *_: object, **__: object) -> None:
        self.set_trace(sys._getframe(1))  # noqa: SLF001 -- as `pdb.set_trace` does
