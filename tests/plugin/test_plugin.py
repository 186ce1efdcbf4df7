"""The built plugin in Chromium, with a page that speaks Logseq's protocol and a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser import PATIENCE, Browser, browsing, needs_chromium
from tests.graphs import MakeNotes
from tests.http.serving import serving
from tests.plugin.building import needs_packages
from tests.plugin.desks import Desk, build_plugin, desk_of

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
    return build_plugin(tmp_path_factory.mktemp("plugin") / "dist")


Open = Callable[..., Desk]


@pytest.fixture
def desk(browser: Browser, built: Path, notes: MakeNotes) -> Iterator[Open]:
    """Opens a page of a graph that is made of some pages."""
    with ExitStack() as stack:

        def opened(pages: dict[str, str], page: str, **more: Any) -> Desk:
            return stack.enter_context(desk_of(browser, built, notes(pages), page, **more))

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


def test_logseq_rewrites_the_page_while_outputs_come(desk: Open) -> None:
    code = (
        "```python\nimport time\nfor n in range(3):\n    print('step', n)\n    time.sleep(1)\n```"
    )
    page = "- first words\n- " + code.replace("\n", "\n  ") + "\n- last words\n"
    here = desk({"Slow": page}, "Slow", save=100)
    here.state("connected")
    here.click("import time", "tangle: Run block")
    here.state("running")
    for words in ("first words", "last words"):
        here.tab.evaluate(f"edit('{words}')")
        here.tab.evaluate(f"document.querySelector('textarea').value = 'new {words}'")
        here.tab.evaluate("leaveEditing()")
        here.written("Slow", f"new {words}")
    # Above the code as well, so that its line is another one.
    here.tab.evaluate(
        "(() => { const page = host.pages.get('Slow');"
        " page.tree.unshift({ content: 'a block above', uuid: crypto.randomUUID(), children: [] });"
        " save(page); draw(); })()"
    )
    here.message("passed", "success")
    text = here.written("Slow", "step 2")
    assert text.startswith("- a block above\n- new first words\n- ```python\n")
    assert text.endswith("- new last words\n")
    here.tab.wait("document.getElementById('page').textContent.includes('step 2')")


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
    order = here.frame.evaluate("[...document.querySelectorAll('h2')].map((one) => one.innerText)")
    assert order == ["Script of Primes", "Problems"]
    here.panel("print(len(primes))")
    here.tab.evaluate("emit(host.pageMenu.get('tangle: Check page'), { page: 'Bad' })")
    here.panel("Problems of Bad")
    here.message("“Bad” has", "warning")


def test_code_that_fails_opens_the_panel_and_says_why(desk: Open) -> None:
    here = desk({"Fails": "- ```python\n  1 / 0\n  ```\n"}, "Fails")
    here.state("connected")
    here.click("1 / 0", "tangle: Run block")
    here.message("ZeroDivisionError: division by zero (pages/Fails.md:2)", "error")
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
    page = "- {{renderer :other}}\n- {{renderer}}\n- {{renderer :tangle-run}}\n"
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
    here = desk({"Marks": code}, "Marks", database="yes", settings={"databaseResults": True})
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
