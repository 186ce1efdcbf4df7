"""IPython's shell without terminal, kernel, history or profile: cells in, messages out."""

from __future__ import annotations

import base64
import builtins
import codecs
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from IPython.core import page
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from tangle.engine.output_limits import SHOW_LESS, SHOWN_DATA
from tangle.engine.wire import Showed
from tangle.engine.worker.compiler import CellCompiler
from tangle.engine.worker.displays import WIDGET, failed_method, widget_texts
from tangle.engine.worker.reporter import OutputLimit, Reporter, clean
from tangle.model import Cell, MimeType

if TYPE_CHECKING:
    import ast

    from tangle.engine.worker.unshown_values import UnshownValues

_CHUNK = 1 << 14


class CellPublisher(DisplayPublisher):
    """`display`, `update_display` and `clear_output` as messages."""

    shell: CellShell

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,  # noqa: ARG002 -- the interface
        source: object = None,  # noqa: ARG002
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Shows a bundle.

        The figures that are open at a cell's end are shown then; one that the cell has shown
        already, just so, is not shown twice.
        """
        bundle = _bundle(data)
        digest = hashlib.sha256(repr(bundle).encode("utf-8", "replace")).digest()
        if self._in_post_execute and digest in self.shell.shown:
            return
        self.shell.shown.add(digest)
        name = (transient or {}).get("display_id") or self.shell.widget_name(data)
        display = None if name is None else str(name)
        self.shell.reporter.show(
            Showed(kind="display", data=bundle, display=display, update=bool(update))
        )

    def clear_output(self, wait: bool = False) -> None:
        """Clears what the cell has put out; with `wait`, when the next output comes."""
        self.shell.shown.clear()
        self.shell.reporter.clear(bool(wait))


class CellDisplayHook(DisplayHook):
    """The value of a cell's last expression as a message."""

    shell: CellShell

    def __call__(self, result: Any = None) -> None:
        """Shows a value."""
        if self.shell.shows(result):
            super().__call__(result)  # type: ignore[no-untyped-call]

    def compute_format_data(self, result: Any) -> Any:
        """The value's bundle; a text past the limit is not even made into one."""
        if isinstance(result, str | bytes) and len(result) > SHOWN_DATA:
            raise OutputLimit(f"the cell shows more than {SHOWN_DATA // 2**20} MiB; {SHOW_LESS}")
        return super().compute_format_data(result)  # type: ignore[no-untyped-call]

    def write_output_prompt(self) -> None:
        """Writes none."""

    def write_format_data(
        self, format_dict: Mapping[str, Any], _: Mapping[str, Any] | None = None
    ) -> None:
        """Sends the value's bundle."""
        data = _bundle(format_dict)
        name = self.shell.widget_name(format_dict)
        self.shell.reporter.show(Showed(kind="result", data=data, display=name, update=False))

    def log_output(self, format_dict: Mapping[str, Any]) -> None:
        """Keeps no log."""

    def finish_displayhook(self) -> None:
        """Writes nothing more."""
        self._is_active = False


class CellShell(InteractiveShell):
    """The shell that a session's cells run in."""

    displayhook_class = Type(CellDisplayHook)
    display_pub_class = Type(CellPublisher)
    compiler_class = Type(CellCompiler)

    compile: CellCompiler
    reporter: Reporter
    shown: set[bytes]

    def __init__(self, *, reporter: Reporter, **options: Any) -> None:
        """Makes the shell; its cells' outputs go to `reporter`."""
        self.reporter = reporter
        self.shown = set()
        self.widgets: dict[str, Mapping[str, Any]] = {}
        self._reported: BaseException | None = None
        self._dots = False
        self._values: UnshownValues | None = None
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.events.print_on_error = False
        pager = page.as_hook(page.display_page)  # type: ignore[no-untyped-call]
        self.set_hook("show_in_pager", pager, 99)  # type: ignore[no-untyped-call]
        self.user_ns_hidden.update(exit=_leave, quit=_leave)
        self.user_ns.update(exit=_leave, quit=_leave)

    def run(self, cell: Cell) -> BaseException | None:
        """Runs a cell; what it raised, or showed a traceback of, if anything."""
        self.compile.begin(cell)
        self.shown.clear()
        self.widgets.clear()
        self._reported = None
        self._dots = cell.code.rstrip().endswith("...")
        self._values = self._unshown(cell)
        if cell.examples is not None:
            return self._run_examples(cell)
        try:
            result = self.run_cell(  # type: ignore[no-untyped-call]
                cell.code, store_history=True
            )
        except BaseException as error:  # noqa: BLE001 -- a callback of the notes' own
            return error
        self._update_widgets()
        if self._values is not None:
            self._values.report()
        errors = (result.error_before_exec, result.error_in_exec, self._reported)
        return next((error for error in errors if error is not None), None)

    def _unshown(self, cell: Cell) -> UnshownValues | None:
        """What keeps the values of a cell that are asked for; None if none are."""
        if not cell.values:
            return None
        from tangle.engine.worker.unshown_values import UnshownValues  # few notes have any

        return UnshownValues(self, cell.values)

    async def run_ast_nodes(
        self,
        nodelist: list[ast.stmt],
        cell_name: str,
        interactivity: str = "last_expr",
        compiler: Any = builtins.compile,
        result: Any = None,
    ) -> bool:
        """Run the statements of a cell, and keep values that are asked for; True if one failed."""
        run = super().run_ast_nodes
        if self._values is None or cell_name != self.compile.file_name:
            return bool(await run(nodelist, cell_name, interactivity, compiler, result))
        failed = False
        for group, line in self._values.split(nodelist):
            if failed:
                break
            if line is not None:
                with self._values.kept(line):
                    failed = await run(group, cell_name, "last", compiler, result)
            else:
                mode = interactivity if group[-1:] == nodelist[-1:] else "none"
                failed = await run(group, cell_name, mode, compiler, result)
        return bool(failed)

    def widget_name(self, data: Mapping[str, Any]) -> str | None:
        """The name of the widget that a bundle shows, whose text may change; None of others."""
        view = data.get(WIDGET)
        model = view.get("model_id") if isinstance(view, Mapping) else None
        if model is None:
            return None
        self.widgets[str(model)] = data
        return str(model)

    def _update_widgets(self) -> None:
        """Shows the widgets' texts as they are at the end: a progress bar has come to it."""
        for name, text in widget_texts(self.widgets):
            if self.widgets[name].get("text/plain") not in (None, text):
                bundle = _bundle({**self.widgets[name], "text/plain": text})
                self.reporter.show(Showed(kind="display", data=bundle, display=name, update=True))

    def _run_examples(self, cell: Cell) -> BaseException | None:
        """Runs an interpreter session in place of a cell; what it raised that was not expected."""
        from tangle.engine.worker.examples import run_examples  # few notes have sessions

        assert self.history_manager is not None
        self.history_manager.store_inputs(self.execution_count, cell.code, cell.code)
        self.execution_count += 1
        self.events.trigger("pre_execute")
        error: BaseException | None = None
        try:
            with self.builtin_trap, self.display_trap:
                run_examples(self, cell)
        except BaseException as raised:  # noqa: BLE001 -- it is the cell's result
            error = raised
        self.events.trigger("post_execute")
        return error or self._reported

    def failed_line(self, error: BaseException | None) -> int | None:
        """The line of the current cell's code at which an error came up; None if not known."""
        trace = error.__traceback__ if error is not None else None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.compile.file_name:
                return trace.tb_lineno
            trace = trace.tb_next
        return None

    def shows(self, value: object) -> bool:
        """Whether the value of the cell's last expression is shown: not that of a bare `...`."""
        return value is not ... or not self._dots

    def init_history(self) -> None:
        """Keeps the history in memory, without a database."""
        self.history_manager = HistoryManager(
            shell=self, parent=self, enabled=False, hist_file=":memory:"
        )
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]

    def init_completer(self) -> None:
        """Completes nothing: there is no typing here."""

    def init_virtualenv(self) -> None:
        """Leaves `sys.path` alone: this is the Python that tangle was started with."""

    def init_logstart(self) -> None:
        """Keeps no log."""

    def forget_results(self) -> None:
        """Lets go of the values that cells came to, so that nothing but names keeps them."""
        for name in ("_", "__", "___", "exec_result"):
            setattr(self.displayhook, name, None)
        self.user_ns.get("_oh", {}).clear()
        self.user_ns_hidden.clear()
        self.last_execution_result = None
        self._reported = None

    def _atexit_once(self) -> None:
        """Leaves the session's names alone: exit handlers of the notes may still use them."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Has no event loop to offer, and needs none for inline figures."""
        if gui not in (None, "inline", "agg"):
            raise NotImplementedError(f"no window can be opened here: %gui {gui}")

    def should_run_async(self, raw_cell: str, **options: Any) -> bool:
        """Whether the cell awaits; asked without a second round of its syntax warnings."""
        if "await" not in raw_cell and "async" not in raw_cell:
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(super().should_run_async(raw_cell, **options))

    def showtraceback(self, *arguments: Any, **options: Any) -> None:
        """Keeps the exception for the cell's result, where its traceback will stand."""
        given = arguments[0] if arguments else options.get("exc_tuple")
        error = given[1] if given else sys.exc_info()[1]
        if (method := failed_method(error)) is not None:
            said = f"{type(error).__name__}: {error}".split("\n", 1)[0]
            sys.stderr.write(f"{method} failed, its other forms are shown: {said}\n")
            return
        if self._reported is None:
            self._reported = error
        if error is not None:
            sys.last_type, sys.last_value = type(error), error
            sys.last_traceback = error.__traceback__

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """As `showtraceback`."""
        self.showtraceback()

    def system(self, cmd: str) -> None:
        """Runs a shell command (`!cmd`); what it puts out is the cell's, in order."""
        shell = os.environ.get("SHELL") or "/bin/sh"
        expanded: str = self.var_expand(cmd, depth=1)  # type: ignore[no-untyped-call]
        command = [shell, "-c", expanded]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                _copy_text(process)
            except BaseException:
                process.kill()
                raise
        self.user_ns["_exit_code"] = process.returncode

    @contextlib.contextmanager
    def _tee(self, channel: Literal["stdout", "stderr"]) -> Iterator[None]:  # noqa: ARG002
        """Keeps no second copy of the output."""
        yield

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Keeps no tracebacks in the history."""
        return {}


def make_shell(reporter: Reporter) -> CellShell:
    """The session's shell; its namespace is the module `__main__`."""
    config = Config()
    config.HistoryManager.enabled = False
    config.CellShell.colors = "nocolor"
    config.CellShell.automagic = False  # `rm x` is no Python: `!rm x` says what is meant
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")
    shell = CellShell.instance(reporter=reporter, user_module=module, config=config)
    assert isinstance(shell, CellShell)
    return shell


def _leave(code: object = None) -> None:
    """Ends the session, which is a failure of the cell."""
    raise SystemExit(code)


def _copy_text(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(process.stdout.fileno(), _CHUNK):
        sys.stdout.write(decoder.decode(data))
    sys.stdout.write(decoder.decode(b"", final=True))


def _bundle(data: Mapping[str, Any]) -> tuple[tuple[MimeType, str], ...]:
    """The bundle as it travels: text for every type, base64 for bytes."""
    pairs = ((MimeType(str(kind)), _text(content)) for kind, content in data.items())
    return tuple(sorted(pairs))


def _text(content: object) -> str:
    if isinstance(content, bytes | bytearray):
        return base64.b64encode(content).decode("ascii")
    if isinstance(content, str):
        return clean(content)
    return clean(json.dumps(content, ensure_ascii=False, default=str))
