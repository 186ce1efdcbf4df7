"""What the kernels of a Jupyter server run, as they report it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from jupyter_client.session import Session

ACTIONS: Final = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
"""The schema of the events that say what happens to kernels."""

_MOST: Final = 64
"""Kernels whose code is remembered, those that ended included."""


class KernelLogs:
    """The code that each kernel ran, by its execution count; a restart begins another log."""

    def __init__(self, kernels: Any) -> None:
        """Watch no kernel yet.

        Args:
            kernels: the server's manager of kernels.
        """
        self._kernels = kernels
        self._logs: OrderedDict[str, list[dict[int, str]]] = OrderedDict()
        self._streams: dict[str, Any] = {}

    def of(self, kernel: str) -> tuple[dict[int, str], ...] | None:
        """Return the logs of a kernel, one for each of its starts; None if none was watched.

        Args:
            kernel: its id.
        """
        found = self._logs.get(kernel)
        return None if found is None else tuple(found)

    async def notice(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """Take in an event of a kernel; the signature is that of listeners of events."""
        del logger, schema_id
        kernel = data.get("kernel_id")
        if not kernel or data.get("status") == "error":
            return
        if data["action"] in ("start", "restart"):
            self._watch(kernel)
        elif data["action"] == "shutdown":
            self._close(kernel)

    def _watch(self, kernel: str) -> None:
        """Watch a kernel that has started, or started again."""
        self._close(kernel)
        try:
            manager = self._kernels.get_kernel(kernel)
        except KeyError:  # it starts: its manager is listed when that is done
            return
        stream = manager.connect_iopub()
        session = Session(config=manager.session.config, key=manager.session.key)
        log: dict[int, str] = {}
        self._logs.setdefault(kernel, []).append(log)
        while len(self._logs) > _MOST:
            self._logs.popitem(last=False)

        def take(parts: list[bytes]) -> None:
            _, rest = session.feed_identities(parts)
            if session.deserialize(rest, content=False)["msg_type"] == "execute_input":
                content = session.deserialize(rest)["content"]
                log[content["execution_count"]] = content["code"].rstrip("\n")

        stream.on_recv(take)
        self._streams[kernel] = stream

    def _close(self, kernel: str) -> None:
        stream = self._streams.pop(kernel, None)
        if stream is not None and not stream.closed():
            stream.close()
