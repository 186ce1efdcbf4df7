"""The built plugin in Chromium, with a page that speaks Logseq's protocol and a real server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from tests.browser import PATIENCE, Browser, Tab, browsing, needs_chromium
from tests.graphs import MakeNotes, Notes
from tests.http.serving import Server, serving
from tests.plugin.building import PLUGIN, needs_packages
from tests.plugin.hosting import Proxy, forwarding, hosting

pytestmark = [needs_chromium, needs_packages]

BLOCK: Final = "6650f0aa-1111-4222-8333-444455556666"
PAGE: Final = (
    "- ## Primes\n"
    "\t- A sieve of small numbers.\n"
    "\t- ```python\n\t  limit = 30\n\t  ```\n"
    "\t- ```python\n\t  primes = [n for n in range(2, limit) if all(n % d for d in range(2, n))]\n"
    "\t  print(primes)\n\t  ```\n"
    "\t- ```python\n\t  print('unrelated')\n\t  ```\n"
    f"\t- ```python\n\t  print(len(primes))\n\t  ```\n\t  id:: {BLOCK}\n"
)
BAD: Final = "- words\n- ```python\n  #@save\n  def f(:\n      pass\n  ```\n"
PRIMES: Final = "[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    with browsing() as made:
        yield made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin, bundled as `npm run build` does."""
    folder = tmp_path_factory.mktemp("plugin") / "dist"
    subprocess.run(["node", "build.mjs", str(folder)], cwd=PLUGIN, check=True, timeout=PATIENCE)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A person's desk: Logseq's stand-in with the plugin, a server, and files.

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


Open = Callable[..., Desk]


@pytest.fixture
def desk(browser: Browser, built: Path, notes: MakeNotes) -> Iterator[Open]:
    """Opens a page of a graph in the host page; the settings default to those that work."""
    with ExitStack() as stack:

        def opened(
            pages: dict[str, str], page: str, *, token: str | None = None, **more: Any
        ) -> Desk:
            graph = notes(pages)
            server = stack.enter_context(serving(graph.root))
            port = stack.enter_context(hosting(built, graph.root))
            proxy = stack.enter_context(forwarding(port, server.port))
            known = server.token if token is None else token
            settings = {"port": proxy.port, "token": known, **(more.pop("more", None) or {})}
            plugin = f"http://localhost:{port}/plugin/index.html"
            facts = {
                "page": page,
                "pages": json.dumps([*pages]),
                "plugin": plugin,
                "graph": str(graph.root),
                **more,
            }
            query = urlencode({**facts, "settings": json.dumps(settings)})
            tab = stack.enter_context(browser.tab(width=1280, height=800))
            tab.open(f"http://127.0.0.1:{port}/host.html?{query}")
            frame = frame_of(browser, plugin)
            return Desk(tab=tab, frame=frame, notes=graph, proxy=proxy, server=server)

        yield opened


def test_a_block_runs_with_what_it_needs_and_logseq_shows_the_output(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.click("len(primes)", "tangle: Run block")
    here.message("passed", "success")
    text = here.written("Primes", "10")
    assert PRIMES in text
    assert "unrelated\n" not in text
    here.tab.wait(f"document.getElementById('page').textContent.includes('{PRIMES}')")
    assert any(b"Origin: http://localhost:" in head for head in here.proxy.heads)
    assert here.proxy.heads[0].startswith(b"OPTIONS /api/")


def test_the_block_being_edited_is_saved_first(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes", save=900)
    here.state("connected")
    here.tab.evaluate("edit('limit = 30')")
    here.tab.evaluate("document.querySelector('textarea').value = '```python\\nlimit = 12\\n```'")
    here.tab.evaluate("slash('tangle: Run section', 'limit = 30')")
    here.message("passed", "success")
    assert "[2, 3, 5, 7, 11]" in here.written("Primes", "unrelated\n")
    assert "limit = 12" in here.notes.text("Primes")


def test_equal_blocks_are_distinguished_by_their_order(desk: Open) -> None:
    block = "- ```python\n  count = globals().get('count', 0) + 1\n  print('run', count)\n  ```\n"
    here = desk({"Twice": block + "- between\n" + block}, "Twice")
    here.state("connected")
    here.tab.evaluate(
        "emit(host.menu.get('tangle: Run block'),"
        " { uuid: flat(host.pages.get('Twice').tree)[2].uuid })"
    )
    here.message("passed", "success")
    text = here.written("Twice", "tangle.output")
    assert text.index("between") < text.rindex("tangle.output")


def test_progress_output_and_stop_are_in_the_panel(desk: Open) -> None:
    code = "- ```python\n  import time\n  print('first line')\n  time.sleep(100)\n  ```\n"
    here = desk({"Slow": code}, "Slow")
    here.state("connected")
    here.tab.evaluate("document.querySelector('#plugin-item a').click()")
    here.tab.evaluate("palette('tangle: Run page')")
    here.state("running")
    here.panel("chunk 1: Slow, pages/Slow.md:1")
    here.panel("first line")
    here.press("Stop")
    here.message("Stopped", "error")
    here.state("connected")


def test_a_problem_leads_to_its_block(desk: Open) -> None:
    here = desk({"Primes": PAGE, "Bad": BAD}, "Primes")
    here.state("problems")
    here.tab.evaluate("document.querySelector('#plugin-item a').click()")
    here.panel("pages/Bad.md")
    here.press("pages/Bad.md")
    here.tab.wait("document.querySelector('.anchored pre')?.textContent.startsWith('#@save')")
    assert here.tab.evaluate("host.current") == "Bad"
    assert not here.tab.evaluate("Boolean(document.querySelector('#frame.shown'))")


def test_saves_change_the_problems_that_are_shown(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.notes.write("Late", BAD)
    here.state("problems")
    here.notes.page("Late").unlink()
    here.state("connected")


def test_check_page_and_show_script(desk: Open) -> None:
    here = desk({"Primes": PAGE, "Bad": BAD}, "Primes")
    here.state("problems")
    here.click("A sieve", "tangle: Check page")
    here.message("has no problems", "success")
    here.panel("Problems of Primes")
    here.click("A sieve", "tangle: Show script")
    here.panel("Script of Primes")
    here.panel("print(len(primes))")
    here.tab.evaluate("emit(host.pageMenu.get('tangle: Check page'), { page: 'Bad' })")
    here.panel("Problems of Bad")
    here.message("“Bad” has", "warning")


def test_code_that_fails_opens_the_panel_and_says_why(desk: Open) -> None:
    here = desk({"Fails": "- ```python\n  1 / 0\n  ```\n"}, "Fails")
    here.state("connected")
    here.click("1 / 0", "tangle: Run block")
    here.message("failed", "error")
    here.written("Fails", "ZeroDivisionError")
    here.tab.wait("document.querySelector('#frame.shown')")


def test_a_block_without_code_is_explained(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.click("A sieve", "tangle: Run block")
    here.message("This block has no Python code that runs", "error")


def test_a_button_that_a_person_inserts_runs_the_code_beside_it(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.tab.evaluate("edit('len(primes)')")
    here.tab.evaluate("document.querySelector('textarea').setSelectionRange(0, 0)")
    here.tab.evaluate("slash('tangle: Insert run button', 'len(primes)')")
    here.tab.wait("document.querySelector('textarea').value.startsWith('{{renderer')")
    here.tab.evaluate("leaveEditing()")
    macro = "- {{renderer :tangle-run}}\n\t  ```python\n\t  print(len(primes))"
    assert macro in here.written("Primes", macro)
    here.tab.wait("document.querySelectorAll('button[data-uuid]').length === 1")
    here.tab.evaluate("document.querySelector('button[data-uuid]').click()")
    here.message("passed", "success")
    text = here.written("Primes", "10")
    assert macro in text
    assert "unrelated\n" not in text


def test_a_macro_of_another_plugin_gets_no_button(desk: Open) -> None:
    page = "- {{renderer :other}}\n- {{renderer :tangle-run}}\n"
    here = desk({"Macros": page}, "Macros")
    here.tab.wait("document.querySelectorAll('button[data-uuid]').length === 1")
    assert here.tab.evaluate("document.querySelector('button[data-uuid]').dataset.uuid") == (
        here.tab.evaluate("uuidOf(':tangle-run')")
    )


def test_a_wrong_token_is_asked_for_and_the_right_one_taken(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes", token="wrong")
    here.state("unauthorized")
    here.message("does not accept the token", "warning")
    here.tab.evaluate("document.querySelector('#plugin-item a').click()")
    here.panel("Paste the one that it printed")
    asked = len(here.proxy.heads)
    time.sleep(2)
    assert len(here.proxy.heads) == asked  # a wrong token is not tried again and again
    here.frame.evaluate(
        f"document.querySelector('input[name=token]').value = 'token: {here.server.token}'"
    )
    here.press("Use this token")
    here.state("connected")
    assert here.tab.evaluate("host.settings.token") == here.server.token


def test_without_a_server_the_command_to_start_it_is_shown(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.proxy.target = None
    here.server.process.terminate()
    here.state("offline")
    here.message("No tangle server answers on port", "warning")
    here.click("len(primes)", "tangle: Run block")
    here.message(f"tangle --graph {here.notes.root} serve --port {here.proxy.port}", "error")


def test_a_server_that_is_back_is_used_again(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes")
    here.state("connected")
    here.proxy.target = None
    here.server.process.terminate()
    here.server.process.wait(PATIENCE)
    here.state("offline")
    with serving(here.notes.root) as second:
        here.proxy.target = second.port
        here.state("unauthorized")  # each start has another token
        here.tab.evaluate(f"set({{ token: '{second.token}' }})")
        here.state("connected")
        here.click("limit = 30", "tangle: Run section")
        here.message("passed", "success")
        here.written("Primes", PRIMES)


def test_events_that_were_missed_are_made_up_for(desk: Open) -> None:
    code = "- ```python\n  import time\n  time.sleep(3)\n  print('done')\n  ```\n"
    here = desk({"Slow": code}, "Slow")
    here.state("connected")
    here.click("time.sleep", "tangle: Run block")
    here.state("running")
    target, here.proxy.target = here.proxy.target, None
    here.proxy.drop()
    here.state("offline")
    here.written("Slow", "tangle.output")
    here.proxy.target = target
    here.message("passed", "success")
    here.state("connected")
    assert any(b"last-event-id: " in head.lower() for head in here.proxy.heads)


def test_a_graph_in_a_database_is_left_alone(desk: Open) -> None:
    here = desk({"Primes": PAGE}, "Primes", database="yes")
    here.state("connected")
    here.click("len(primes)", "tangle: Run block")
    here.message("This graph is a database", "error")
    assert "tangle.output" not in here.notes.text("Primes")


def test_results_in_a_database_are_inserted_and_then_replaced(desk: Open) -> None:
    code = "- Mark\n\t- ```python\n\t  import os\n\t  print('mark', os.urandom(9).hex())\n\t  ```\n"
    here = desk({"Marks": code}, "Marks", database="yes", more={"databaseResults": True})
    here.state("connected")
    results = (
        "flat(host.pages.get('Marks').tree).filter((one) => one.content.startsWith('```text'))"
    )
    before = []
    for _ in range(2):
        here.tab.evaluate("host.messages.length = 0")
        here.click("print('mark'", "tangle: Run block and what it needs")
        here.message("passed", "success")
        found = here.tab.evaluate(f"{results}.map((one) => [one.uuid, one.content])")
        assert len(found) == 1
        before.append(found[0])
    (first, one), (second, other) = before
    assert first == second
    assert one != other
    assert "mark " in other
    assert here.notes.text("Marks") == code
