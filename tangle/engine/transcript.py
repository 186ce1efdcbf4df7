"""Collect the output of the cells of a session, within the limits."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, assert_never

from msgspec import Struct, field

from tangle.engine.output_limits import CUT_NOTICE, KEPT_TEXT, SHOWN_DATA, SHOWN_OVERHEAD
from tangle.engine.wire import Cleared, Showed, Wrote
from tangle.model import MimeBundle, Output, Revised, Stream


class _Text(Struct):
    name: Literal["stdout", "stderr"]
    parts: list[str]

    def freeze(self) -> Stream:
        return Stream(name=self.name, text="".join(self.parts))


class _Display(Struct):
    bundle: MimeBundle
    display: str | None
    size: int

    def freeze(self) -> MimeBundle:
        return self.bundle


_ERASED = Stream(name="stdout", text="\r\x1b[2K")
"""What stands for cleared outputs in those that are new."""


class CellLog(Struct):
    """The outputs of one cell, as they come.

    Attributes:
        new: what was put out since it was last asked for.
    """

    items: list[_Text | _Display] = field(default_factory=list)
    kept: int = 0
    shown: int = 0
    cut: bool = False
    clear_next: bool = False
    changes: int = 0
    new: list[Output] = field(default_factory=list)

    @property
    def flooded(self) -> bool:
        """Whether more display data is held than a cell may show."""
        return self.shown > SHOWN_DATA

    def write(self, name: Literal["stdout", "stderr"], text: str) -> None:
        """Adds text to a stream, to the last output if that is the same stream."""
        if not text:
            return
        self.changes += 1
        self._settle()
        if self.cut:
            return
        data = text.encode("utf-8", "backslashreplace")
        room = KEPT_TEXT - self.kept
        if len(data) > room:
            self.cut = True
            data = data[:room]
        self.kept += len(data)
        kept = data.decode("utf-8", "ignore")
        self._append(name, kept)
        if self.cut:
            line_end = "" if self._at_line_start(name) else "\n"
            self._append(name, f"{line_end}{CUT_NOTICE}\n")

    def show(self, message: Showed) -> None:
        """Adds a bundle."""
        self.changes += 1
        self._settle()
        size = SHOWN_OVERHEAD + sum(len(text) for _, text in message.data)
        bundle = MimeBundle(kind=message.kind, data=message.data)
        self.items.append(_Display(bundle=bundle, display=message.display, size=size))
        self.new.append(bundle)
        self.shown += size

    def replace(self, message: Showed) -> None:
        """Puts the bundle in the place of those shown under its name."""
        for item in self.items:
            if isinstance(item, _Display) and item.display == message.display:
                size = SHOWN_OVERHEAD + sum(len(text) for _, text in message.data)
                self.changes += 1
                self.shown += size - item.size
                item.bundle = MimeBundle(kind=item.bundle.kind, data=message.data)
                item.size = size

    def clear(self, message: Cleared) -> None:
        """Forgets what was put out, now or when the next output comes."""
        self.changes += 1
        self.clear_next = True
        if not message.wait:
            self._settle()

    def displays(self) -> Iterator[str]:
        """The names under which bundles are shown."""
        for item in self.items:
            if isinstance(item, _Display) and item.display is not None:
                yield item.display

    def freeze(self) -> tuple[Output, ...]:
        """The outputs as values."""
        return tuple(item.freeze() for item in self.items)

    def _settle(self) -> None:
        if self.clear_next:
            self.items.clear()
            self.new.append(_ERASED)
            self.kept = self.shown = 0
            self.cut = self.clear_next = False

    def take_new(self) -> tuple[Output, ...]:
        """What was put out since this was last asked."""
        new = tuple(self.new)
        self.new.clear()
        return new

    def _append(self, name: Literal["stdout", "stderr"], text: str) -> None:
        if text:
            self.new.append(Stream(name=name, text=text))
        last = self.items[-1] if self.items else None
        if isinstance(last, _Text) and last.name == name:
            last.parts.append(text)
        elif text:
            self.items.append(_Text(name=name, parts=[text]))

    def _at_line_start(self, name: Literal["stdout", "stderr"]) -> bool:
        last = self.items[-1] if self.items else None
        if isinstance(last, _Text) and last.name == name:
            return last.parts[-1].endswith("\n")
        return True


class Transcript:
    """The logs of a session's cells; what comes before the first cell goes to the first.

    Attributes:
        late: what was put out after the last cell: by threads, exit handlers and finalizers.
    """

    def __init__(self, cells: int) -> None:
        """Begins with an empty log for each of `cells` cells."""
        self.logs = [CellLog() for _ in range(max(cells, 1))]
        self.late = CellLog()
        self.current = 0
        self._closed = False
        self._known: list[int] = []
        self._touched: set[int] = set()
        self._displays: defaultdict[str, set[int]] = defaultdict(set)

    def go_on_from(self, logs: Sequence[CellLog]) -> None:
        """Takes copies of the logs of the first cells, which later ones may change."""
        self.logs[: len(logs)] = copy.deepcopy(list(logs))
        self.current = min(len(logs), len(self.logs) - 1)
        for cell, log in enumerate(logs):
            for display in log.displays():
                self._displays[display].add(cell)

    @property
    def log(self) -> CellLog:
        """The log of the cell that runs; once the cells are over, that of what comes late."""
        return self.late if self._closed else self.logs[self.current]

    def close(self) -> None:
        """Has what comes from now on belong to no cell."""
        self._closed = True

    def revised(self) -> tuple[Revised, ...]:
        """The earlier cells whose outputs are others than when this was last asked.

        To be asked once a cell, at its end.
        """
        known, logs = self._known, self.logs
        # Between two cells, what comes late still goes to the one before.
        touched = sorted(cell for cell in self._touched if cell < len(known))
        changed = [cell for cell in touched if logs[cell].changes != known[cell]]
        for cell in changed:
            known[cell] = logs[cell].changes
        known.extend(log.changes for log in logs[len(known) : self.current + 1])
        self._touched = {self.current}
        return tuple(Revised(cell=cell, outputs=logs[cell].freeze()) for cell in changed)

    def _replace(self, message: Showed) -> None:
        """Puts a bundle in the place of those shown under its name, in whichever cell."""
        if self._closed or message.display is None:
            return  # the outputs of the cells are final
        for cell in self._displays.get(message.display, ()):
            self.logs[cell].replace(message)
            self._touched.add(cell)

    def take(self, message: Wrote | Showed | Cleared) -> None:
        """Adds what a worker's message says."""
        match message:
            case Wrote():
                self.log.write(message.name, message.text)
            case Showed(update=True):
                self._replace(message)
            case Showed():
                self.log.show(message)
                if message.display is not None and not self._closed:
                    self._displays[message.display].add(self.current)
            case Cleared():
                self.log.clear(message)
            case _:
                assert_never(message)
