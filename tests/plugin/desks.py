"""A person's desk: Logseq's stand-in with the plugin in Chromium, a server, and files."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.browser import PATIENCE, Browser, Tab
from tests.graphs import Notes
from tests.http.serving import Server, serving
from tests.plugin.building import PLUGIN
from tests.plugin.hosting import Proxy, forwarding, hosting


def build_plugin(folder: Path) -> Path:
    """Bundle the plugin as `npm run build` does, and return its folder."""
    subprocess.run(["node", "build.mjs", str(folder)], cwd=PLUGIN, check=True, timeout=PATIENCE)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is on a desk.

    Attributes:
        tab: the host page.
        frame: the plugin's own page in it.
    """

    tab: Tab
    frame: Tab
    notes: Notes
    proxy: Proxy
    server: Server

    def click(self, text: str, label: str) -> None:
        """Choose an entry of the menu of the first block that has a text."""
        self.tab.evaluate(
            "document.querySelector("
            f"`[data-uuid='${{uuidOf({json.dumps(text)})}}'] > .dot`).click()"
        )
        self.tab.evaluate(
            "[...document.querySelectorAll('#menu button')]"
            f".find((one) => one.textContent === {json.dumps(label)}).click()"
        )

    def message(self, part: str, status: str) -> None:
        """Wait for a message."""
        self.tab.wait(
            f"host.messages.some((one) => one.content.includes({json.dumps(part)})"
            f" && one.status === '{status}')"
        )

    def state(self, wanted: str) -> None:
        """Wait until the toolbar shows a state."""
        self.tab.wait(f"document.querySelector('#plugin-item a')?.dataset.state === '{wanted}'")

    def panel(self, part: str) -> None:
        """Wait until the panel, which is open, shows a text."""
        self.tab.wait("document.querySelector('#frame.shown')")
        self.frame.wait(f"document.body.innerText.includes({json.dumps(part)})")

    def press(self, label: str) -> None:
        """Press a button of the panel that has a text."""
        self.frame.evaluate(
            "[...document.querySelectorAll('button')]"
            f".find((one) => one.textContent.includes({json.dumps(label)})).click()"
        )

    def written(self, name: str, part: str) -> str:
        """The text of a page's file once it has a part."""
        until = time.monotonic() + PATIENCE
        while part not in (text := self.notes.text(name)):
            assert time.monotonic() < until, text
            time.sleep(0.05)
        return text


def frame_of(browser: Browser, address: str) -> Tab:
    """The page of another origin in a frame."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for target in browser.call("Target.getTargets")["targetInfos"]:
            if target["type"] == "iframe" and target["url"].startswith(address):
                found = browser.call(
                    "Target.attachToTarget", targetId=target["targetId"], flatten=True
                )
                return Tab(browser, found["sessionId"])
        time.sleep(0.05)
    raise AssertionError(f"there is no frame of {address}")


@contextmanager
def desk_of(browser: Browser, built: Path, graph: Notes, page: str, **more: Any) -> Iterator[Desk]:
    """Open a page of a graph in the host page; the settings default to those that work.

    Args:
        browser: in which.
        built: the folder of the plugin.
        graph: whose pages.
        page: that is shown.
        more: `token`, `settings`, the size of the window (`width`, `height`), and parameters of
            the host page.
    """
    with ExitStack() as stack:
        server = stack.enter_context(serving(graph.root))
        port = stack.enter_context(hosting(built, graph.root))
        proxy = stack.enter_context(forwarding(port, server.port))
        token = more.pop("token", server.token)
        settings = {"port": proxy.port, "token": token, **more.pop("settings", {})}
        plugin = f"http://localhost:{port}/plugin/index.html"
        size = {"width": more.pop("width", 1280), "height": more.pop("height", 800)}
        pages = sorted(path.stem for path in (graph.root / "pages").glob("*.md"))
        facts = {"page": page, "pages": json.dumps(pages), "plugin": plugin, "graph": graph.root}
        query = urlencode({**facts, **more, "settings": json.dumps(settings)})
        tab = stack.enter_context(browser.tab(**size))
        tab.open(f"http://127.0.0.1:{port}/host.html?{query}")
        frame = frame_of(browser, plugin)
        yield Desk(tab=tab, frame=frame, notes=graph, proxy=proxy, server=server)
