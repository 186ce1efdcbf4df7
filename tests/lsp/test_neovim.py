"""Neovim as a real client, with the files of `editors/neovim`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debugging.dap import Client
from tests.graphs import MakeNotes, Notes
from tests.lsp.neovim import NVIM, Neovim, neovim

pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(NVIM is None, reason="needs Neovim (Debian: apt install neovim)"),
]

LENDER = """\
- ## 1.1. 出借
	- ```python
	  def twice(x):  #@save
	      return 2 * x
	  ```
- ## 1.2. More
	- ```python
	  base = 20
	  ```
"""  # fmt: skip
BUFFER = 'return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\\n")'
MESSAGES = "return vim.fn.execute('messages')"
USER = """\
- ## 1.3. 使用 😀
	- ```python
	  first = twice(4)
	  print(first)
	  ```
	- ```python
	  print('😀', twice(first) + base)
	  ```
	- ```python
	  print("third")
	  ```
"""  # fmt: skip


@pytest.fixture
def graph(notes: MakeNotes) -> Notes:
    return notes({"线性 出借": LENDER, "使用": USER})


@pytest.fixture
def nvim(graph: Notes, tmp_path: Path) -> Iterator[Neovim]:
    folder = tmp_path / "neovim"
    folder.mkdir()
    with neovim(folder, graph.root) as found:
        found.edit(graph.page("使用"))
        yield found


def test_hover_definition_and_completion_cross_pages(graph: Notes, nvim: Neovim) -> None:
    nvim.go("twice(first)", 1)
    assert "def twice(x)" in nvim.ask("textDocument/hover")["contents"]["value"]
    labels = [item["label"] for item in nvim.ask("textDocument/completion")["items"]]
    assert "twice" in labels
    nvim.lua("vim.lsp.buf.definition()")
    nvim.until(
        "return { vim.fn.expand('%:t'), vim.fn.line('.'), vim.fn.expand('<cword>') }",
        lambda found: found == [graph.page("线性 出借").name, 3, "twice"],
    )


def test_a_rename_changes_the_open_pages_and_others(graph: Notes, nvim: Neovim) -> None:
    nvim.go("twice(first)")
    nvim.lua("vim.lsp.buf.rename('双倍')")
    nvim.until(
        "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n')",
        lambda text: text.count("双倍(") == 2,
    )
    nvim.lua("vim.cmd('wall')")
    assert graph.text("线性 出借") == LENDER.replace("twice", "双倍")
    assert graph.text("使用") == USER.replace("twice", "双倍")


def test_problems_of_all_pages_are_listed(nvim: Neovim) -> None:
    nvim.lua("vim.fn.setline(3, '\\t  first = twice(absent)')")
    nvim.until("return #vim.diagnostic.get(0)", lambda count: count == 1)
    nvim.lua("vim.cmd('TangleCheck')")
    listed = nvim.lua("return vim.fn.getqflist()")
    assert [(entry["lnum"], "absent" in entry["text"]) for entry in listed] == [(3, True)]
    nvim.lua("vim.cmd('wincmd p') vim.cmd('silent undo')")
    nvim.until("return #vim.diagnostic.get(0)", lambda count: count == 0)
    nvim.lua("vim.cmd('TangleCheck')")
    assert nvim.lua("return vim.fn.getqflist()") == []


def test_a_code_action_writes_the_supplied_import(nvim: Neovim) -> None:
    nvim.lua("vim.fn.setline(10, '\\t  print(math.pi)')")
    nvim.go("math.pi")
    nvim.lua("vim.ui.select = function(items, _, choose) choose(items[1]) end")
    nvim.lua("vim.lsp.buf.code_action()")
    nvim.until(BUFFER, lambda text: "\t  import math\n\t  print(math.pi)\n" in text)


def test_the_block_at_the_cursor_is_saved_and_runs(graph: Notes, nvim: Neovim) -> None:
    nvim.lua("vim.fn.setline(7, '\\t  print(\"sum\", twice(first) + base)')")
    nvim.go("twice(first)")
    nvim.lua("vim.cmd('TangleRun')")
    nvim.until(BUFFER, lambda text: "sum 36" in text)
    assert "\t\t  sum 36\n" in graph.text("使用")
    assert "\t\t  third\n" not in graph.text("使用")


def test_the_blocks_above_and_the_section_run(graph: Notes, nvim: Neovim) -> None:
    nvim.go('"third"')
    nvim.lua("vim.cmd('TangleRunAbove')")
    nvim.until(BUFFER, lambda text: "\t\t  😀 36\n" in text)
    assert "\t\t  third\n" not in graph.text("使用")
    nvim.go("1.3.")
    nvim.lua("vim.cmd('TangleRunSection')")
    nvim.until(BUFFER, lambda text: "\t\t  third\n" in text)


def test_a_lens_runs_its_section(graph: Notes, nvim: Neovim) -> None:
    nvim.go("1.3.")
    nvim.until("return #vim.lsp.codelens.get(0)")
    nvim.lua("vim.lsp.codelens.run()")
    nvim.until(BUFFER, lambda text: "\t\t  😀 36\n" in text)
    assert "\t\t  third\n" in graph.text("使用")


def test_a_changed_chunk_has_a_mark_that_its_output_is_stale(nvim: Neovim) -> None:
    nvim.lua("vim.cmd('TangleRunSection')")
    nvim.until(BUFFER, lambda text: "\t\t  third\n" in text)
    nvim.lua("vim.cmd('silent %s/\"third\"/\"other\"/') vim.cmd('write')")
    marks = """
        local space = vim.api.nvim_get_namespaces().tangle_hints
        local marks = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })
        return vim.tbl_map(function(mark)
          return { vim.fn.getline(mark[2] + 2), mark[4].virt_text[1][1] }
        end, marks)
    """
    nvim.until(marks, lambda found: found == [['\t  print("other")', "stale"]])


def test_saving_runs_the_page_if_the_options_say_so(nvim: Neovim) -> None:
    nvim.lua("require('tangle').setup({ run_on_save = true }) vim.cmd('write')")
    nvim.until(BUFFER, lambda text: "\t\t  third\n" in text)


def test_a_page_outside_of_graphs_is_left_alone(nvim: Neovim, tmp_path: Path) -> None:
    page = tmp_path / "alone.md"
    page.write_text("- words\n", encoding="utf-8")
    nvim.lua(f"vim.cmd('edit {page}')")
    assert nvim.lua("return vim.bo.filetype") == "markdown"
    assert nvim.lua("return #vim.tbl_keys(vim.lsp.buf_get_clients(0))") == 0
    nvim.lua("vim.cmd('TangleRun')")
    nvim.until(MESSAGES, lambda text: "this buffer is no page of a graph" in text)


def test_a_command_that_is_not_there_is_reported(graph: Notes, nvim: Neovim) -> None:
    nvim.lua("require('tangle').setup({ command = '/nowhere/tangle' })")
    nvim.lua(f"vim.cmd('edit ' .. vim.fn.fnameescape('{graph.page('线性 出借')}'))")
    nvim.until(MESSAGES, lambda text: "there is no /nowhere/tangle; name it" in text)


def test_a_program_beside_the_notes_starts_only_if_the_user_agrees(
    graph: Notes, nvim: Neovim, tmp_path: Path
) -> None:
    def command(root: Path, answer: str) -> object:
        return nvim.lua(
            f"""
            vim.fn.confirm = function() {answer} end
            require("tangle").setup({{ command = false }})
            return require("tangle").command_for({str(root)!r})
            """
        )

    other = tmp_path / "other"
    for root in (graph.root, other):
        program = root / ".venv" / "bin" / "tangle"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
    assert command(graph.root, "return 2") == "tangle"
    assert command(graph.root, "error('asked again')") == "tangle"
    assert command(other, "return 1") == str(other / ".venv" / "bin" / "tangle")
    nvim.lua("package.loaded.tangle = nil")  # as after a new start
    assert command(other, "error('asked again')") == str(other / ".venv" / "bin" / "tangle")


def test_the_section_at_the_cursor_is_debugged(graph: Notes, nvim: Neovim) -> None:
    """A client attaches where `tangle debug` listens, and stops in the page."""
    nvim.lua(
        f"""
        address, printed = nil, ""
        require("tangle").with_lens("Run section", function(_, what)
          require("tangle.dap").launch({str(graph.root)!r}, what[1], function(host, port)
            address = {{ host, port }}
          end, function(text)
            printed = printed .. text
          end)
        end)
        """
    )
    host, port = nvim.until("return address")
    assert host == "127.0.0.1"
    with Client(port) as client:
        client.attach({str(graph.page("使用")): [{"line": 7}]})
        assert client.stop() == ("breakpoint", str(graph.page("使用")), 7)
        assert client.value("first") == "8"
        client.go_on()
    nvim.until("return printed", lambda text: "third" in text)
