"""JupyterLab in Chromium on a graph: edit a cell, run, save, and the note has it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jupyterlab", reason="there is no JupyterLab here: make test-jupyter")

from tests.browser import Browser, Tab, browsing, needs_chromium
from tests.graphs import Notes, new_graph
from tests.jupyter.serving import TOKEN, Server, serving

pytestmark = needs_chromium

_PAGE = """\
- The figures of the *year*, by month.
- ```python
  months = [3, 5, 8, 13]
  print(sum(months))
  ```
- See [[Plan]] for what is next.
	- ```python
	  last = months[-1]
	  last
	  ```
"""
_CELLS = "document.querySelectorAll('.jp-Notebook .jp-Cell')"
_IDLE = "document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser whose answers may take as long as JupyterLab does."""
    with browsing() as found:
        found.patience = 60
        yield found


class Lab:
    """JupyterLab with a notebook open."""

    def __init__(self, tab: Tab, server: Server, path: str) -> None:
        self.tab = tab
        tab.open(f"{server.address}/lab/tree/{path}?token={TOKEN}&reset")
        self.wait(f"{_CELLS}.length > 3")
        self.wait(_IDLE)

    def wait(self, condition: str) -> None:
        """Wait until something is so; JupyterLab takes its time on a busy machine."""
        assert self._comes(condition, 90), f"never true: {condition}"

    def _comes(self, condition: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not self.tab.evaluate(f"Boolean({condition})"):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def edit(self, text: str, more: str) -> None:
        """Put the caret behind a line of code, and type."""
        line = f"[...document.querySelectorAll('.cm-line')].find(e => e.textContent === {text!r})"
        self.wait(line)
        x, y = self.tab.evaluate(
            f"(() => {{ const e = {line}; e.scrollIntoView({{block: 'center'}});"
            "const box = e.getBoundingClientRect();"
            "return [box.x + 9, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            event: dict[str, Any] = {"type": kind, "x": x, "y": y, "button": "left"}
            self.tab.call("Input.dispatchMouseEvent", clickCount=1, **event)
        self.wait("document.activeElement.classList.contains('cm-content')")
        self._key("End", "End", 35)
        self.tab.type(more)

    def run_all(self) -> None:
        """Run all cells, in the order of the notebook."""
        self._key("Escape", "Escape", 27)
        self.wait(_IDLE)
        self.wait("!document.activeElement.classList.contains('cm-content')")
        ran = (
            # The first cell, which is tangle's, is folded.
            "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].slice(1)"
            ".every(e => /[0-9]/.test(e.textContent))"
        )
        for _ in range(3):
            # A kernel that is still connecting takes no code, though JupyterLab calls it idle.
            self._select_all()
            self._key("Enter", "Enter", 13, control=True)
            if self._comes(ran, 15):
                break
        self.wait(ran)
        self.wait(_IDLE)

    def _select_all(self) -> None:
        self._key("a", "KeyA", 65, control=True)
        self.wait(f"[...{_CELLS}].every(e => e.classList.contains('jp-mod-selected'))")

    def save(self) -> None:
        """Save the notebook."""
        self._key("s", "KeyS", 83, control=True)

    def saved(self) -> None:
        """Save the notebook, and wait for that."""
        self.save()
        self.wait("!document.querySelector('.jp-mod-dirty')")

    def dialog(self) -> str:
        """What a dialog says."""
        self.wait("document.querySelector('.jp-Dialog-content')")
        text: str = self.tab.evaluate("document.querySelector('.jp-Dialog-content').textContent")
        return text

    def press(self, label: str) -> None:
        """Press a button of the dialog."""
        buttons = "[...document.querySelectorAll('.jp-Dialog button')]"
        self.tab.evaluate(f"{buttons}.find(b => b.textContent === {json.dumps(label)}).click()")
        self.wait("!document.querySelector('.jp-Dialog')")

    def _key(self, key: str, code: str, number: int, *, control: bool = False) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            event = {"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number}
            self.tab.call("Input.dispatchKeyEvent", modifiers=2 if control else 0, **event)


@pytest.fixture
def report(tmp_path: Path) -> Notes:
    """A graph with one page of code."""
    pages = {"Report": _PAGE, "Plan": "- Next year\n"}
    return new_graph(tmp_path / "graph", pages, book=False)


def test_a_cell_is_edited_run_and_saved_and_nothing_else_changes(
    report: Notes, browser: Browser
) -> None:
    with serving(report.root, "jupyterlab") as server, browser.tab() as tab:
        lab = Lab(tab, server, "pages/Report.ipynb")
        lab.edit("print(sum(months))", "\nprint(max(months))")
        lab.run_all()
        lab.saved()
        page = _PAGE.replace("print(sum(months))", "print(sum(months))\n  print(max(months))")
        shown = report.text("Report").split("\n")
        outputs = [at for at, line in enumerate(shown) if "tangle.output::" in line]
        # Each output is a block of four lines: its property, a fence, the text.
        for at in reversed(outputs):
            end = shown.index(shown[at + 1].replace("text", ""), at + 2)
            del shown[at : end + 1]
        assert "\n".join(shown).rstrip("\n") == page.rstrip("\n")
        assert len(outputs) == 2
        assert "\t  29\n\t  13\n" in report.text("Report")
        checked = report.tangle("check")
        assert checked.code == 0
        assert "2 stored outputs match the current code" in checked.out + checked.err

        # The code is edited and saved, and not run: the output is of older code, and says so.
        lab.edit("last = months[-1]", " + 1")
        lab.saved()
        assert "last = months[-1] + 1" in report.text("Report")
        checked = report.tangle("check")
        assert "of older code" in checked.out + checked.err
    assert {path.name for path in report.root.rglob("*") if ".tangle" not in path.parts} == {
        *("pages", "logseq", "config.edn", "Report.md", "Plan.md")
    }


def test_changes_of_others_are_merged_and_conflicts_are_shown(
    report: Notes, browser: Browser
) -> None:
    with serving(report.root, "jupyterlab") as server, browser.tab() as tab:
        lab = Lab(tab, server, "pages/Report.ipynb")
        page = _PAGE.replace("what is next", "what comes").replace("3, 5", "4, 5")
        report.write("Report", page)
        lab.edit("last = months[-1]", "  # a note")
        lab.saved()
        page = page.replace("months[-1]", "months[-1]  # a note")
        assert report.text("Report") == page
        # What the notebook does not show is a change on disk, a moment later.
        time.sleep(2.5)
        lab.edit("last = months[-1]  # a note", ", again")
        lab.save()
        assert "has changed on disk" in lab.dialog()
        lab.press("Overwrite")
        lab.wait("!document.querySelector('.jp-mod-dirty')")
        page = page.replace("# a note", "# a note, again")
        assert report.text("Report") == page

        report.write("Report", page.replace("a note, again", "theirs"))
        lab.edit("last = months[-1]  # a note, again", ", ours")
        lab.save()
        said = lab.dialog()
        assert "File Save Error for Report.ipynb" in said
        assert "the notes have `last = months[-1]  # theirs`" in said
        lab.press("Close")
        assert report.text("Report") == page.replace("a note, again", "theirs")
