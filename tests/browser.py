"""A driver of headless Chromium: the DevTools protocol over a pair of pipes."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import pytest

from page_pictures import browser as chromium

PATIENCE: Final = 30.0
"""Seconds that one answer of the browser may take on a busy machine."""

needs_chromium = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """A running Chromium with a profile of its own, which ends with its `with` block.

    Attributes:
        patience: seconds that one answer may take.
    """

    def __init__(self, executable: str | Path) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Above 4, so that handing them over as 3 and 4 overwrites neither.
        ours_in, theirs_out = _high_pipe()
        theirs_in, ours_out = _high_pipe()
        silence = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
        self._process = os.posix_spawn(
            executable,
            [str(executable), *_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            os.environ,
            file_actions=[
                silence,
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            ],
            setpgroup=0,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = ours_in, ours_out
        os.set_blocking(self._out, False)
        self._buffer = b""
        self._number = 0
        self.patience = PATIENCE
        self._tabs: dict[str, Tab] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.call("Browser.close")
        self._end()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def _end(self) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if os.waitpid(self._process, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def call(self, method: str, session: str = "", **parameters: object) -> dict[str, Any]:
        """Return the answer to a command; `AssertionError` where the browser refuses it."""
        self._number += 1
        number = self._number
        order: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if session:
            order["sessionId"] = session
        end = time.monotonic() + self.patience
        self._send(json.dumps(order).encode() + b"\0", end)
        while True:
            message = self._receive(end)
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                result: dict[str, Any] = message["result"]
                return result
            if "method" in message:  # not the answer to a command whose time was over
                self._dispatch(message)

    def _send(self, data: bytes, end: float) -> None:
        while data:
            _, ready, _ = select.select([], [self._out], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium takes no commands")
            data = data[os.write(self._out, data) :]

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium does not answer")
            read = os.read(self._in, 1 << 16)
            if not read:
                raise BrokenPipeError("Chromium has ended")
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _dispatch(self, message: Mapping[str, Any]) -> None:
        tab = self._tabs.get(message.get("sessionId", ""))
        if tab is not None:
            tab.note(message["method"], message["params"])

    @contextmanager
    def tab(
        self, *, width: int = 1400, height: int = 900, dark: bool = False, script: bool = True
    ) -> Iterator[Tab]:
        """Open an empty tab.

        Args:
            width: of its window, in pixels.
            height: likewise.
            dark: the system's scheme.
            script: whether pages may run script.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        self._tabs[session] = tab
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.call("Emulation.setEmulatedMedia", features=[scheme])
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        if not script:
            tab.call("Emulation.setScriptExecutionDisabled", value=True)
        yield tab
        self.call("Target.closeTarget", targetId=target)
        del self._tabs[session]


@dataclass(slots=True)
class Tab:
    """A tab and what happened in it.

    Attributes:
        errors: what the console shows as an error, and exceptions.
        requests: addresses that pages asked for, without `data:`.
    """

    browser: Browser
    session: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Return the answer of this tab to a command."""
        return self.browser.call(method, self.session, **parameters)

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        """Keep what tests ask for."""
        if event == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.errors.append(details.get("exception", details).get("description", str(details)))
        elif event == "Runtime.consoleAPICalled" and facts["type"] in {"error", "assert"}:
            self.errors.append(" ".join(str(one.get("value")) for one in facts["args"]))
        elif event == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.errors.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}")
        elif event == "Network.requestWillBeSent":
            address = facts["request"]["url"]
            if not address.startswith("data:"):
                self.requests.append(address)

    def open(self, page: Path | str, after: str = "") -> None:
        """Load a page and wait until its scripts that are deferred have run.

        Args:
            page: a file or an address.
            after: what follows in the address, such as `#anchor`.
        """
        address = page.as_uri() if isinstance(page, Path) else page
        # The same address with another anchor would not load.
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.call("Page.navigate", url=address + after)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript; of a promise, what it gives."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"Boolean({condition})"):  # an element as a value is empty
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """Press a key; a letter or sign is also typed."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text: str) -> None:
        """Insert text where the focus is, as an input method does."""
        self.call("Input.insertText", text=text)

    def hover(self, selector: str) -> None:
        """Move the pointer over the first element that a selector finds."""
        place = self.evaluate(
            f"(async () => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            # The page hears of the scrolling a frame later.
            "for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);"
            "const box = e.getClientRects()[0];"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])

    def screenshot(self) -> bytes:
        """Return what the window shows as PNG."""
        return b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start Chromium; tests that use it are marked `needs_chromium`."""
    executable = chromium()
    assert executable is not None
    with Browser(executable) as browser:
        yield browser


def _high_pipe() -> tuple[int, int]:
    import fcntl

    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
