"""What a terminal shows of a section that is debugged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tangle.engine.events import CellFinished, CellOutput, DebuggerListens
from tangle_cli.messages import _
from tangle_cli.printing import print_lines
from tangle_cli.streaming import OutputScreen

if TYPE_CHECKING:
    from tangle.engine.events import Event


class DebugOutput:
    """Prints what the code prints as it comes, and where the debugger listens."""

    def __init__(self) -> None:
        """Begin with an empty screen."""
        self._screen = OutputScreen()

    def __call__(self, event: Event) -> None:
        """Print an event."""
        match event:
            case DebuggerListens(section=section, host=host, port=port):
                print_lines([_(f"{section}: the debugger listens at {host}:{port}")], err=True)
            case CellOutput(outputs=outputs):
                self._screen.take(outputs)
                print_lines(self._screen.finished())
            case CellFinished():
                print_lines(self._screen.end())
            case _:
                return
