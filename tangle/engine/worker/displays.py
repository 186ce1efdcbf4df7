"""What objects show beside their text: formatters that fail, and widgets."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tangle.engine.worker.shell import CellShell

WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_METHOD: Final = re.compile(r"_ipython_display_|_repr_(?!pretty_)\w+_")


def failed_method(error: BaseException | None) -> str | None:
    """Return the method of an object's own that failed to show it; None of any other error.

    Its text can stand for it. What a text form raises is a failure.

    Args:
        error: that came up.
    """
    trace: TracebackType | None = error.__traceback__ if error is not None else None
    while trace is not None:
        name = trace.tb_frame.f_code.co_name
        if _METHOD.fullmatch(name):
            return name
        trace = trace.tb_next
    return None


def value_text(shell: CellShell, value: object) -> str:
    """Return a value as text, as the shell shows it; raise what its `__repr__` raises.

    Args:
        shell: whose settings apply, such as `%precision`.
        value: of an expression.
    """
    assert shell.display_formatter is not None
    plain = shell.display_formatter.formatters["text/plain"]
    # The formatter itself reports an exception as the cell's failure, and returns nothing.
    made: object = type(plain).__call__.__wrapped__(plain, value)  # type: ignore[attr-defined]
    return str(made)


def widget_texts(shown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts of widgets as they are now, by the names that their models have.

    Args:
        shown: the widgets' models that a cell has shown, by name.
    """
    module = sys.modules.get("ipywidgets.widgets.widget")
    instances = getattr(module, "_instances", None) or {}
    for name in shown:
        widget = instances.get(name)
        if widget is not None:
            yield name, repr(widget)
