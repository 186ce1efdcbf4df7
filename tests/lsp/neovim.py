"""Neovim without a screen, with `editors/neovim` and nothing else of its user's."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 60.0
NVIM: Final = shutil.which("nvim")
_PLUGIN: Final = Path(__file__).parents[2] / "editors" / "neovim"


def _quoted(text: str) -> str:
    """A string of Lua."""
    return json.dumps(text, ensure_ascii=False)


class Neovim:
    """A running Neovim."""

    def __init__(self, socket: Path, folder: Path) -> None:
        """Speak to the one that listens at a socket.

        Args:
            socket: its file.
            folder: for chunks of Lua.
        """
        self._socket = socket
        self._chunk = folder / "chunk.lua"

    def lua(self, code: str) -> Any:
        """Run a chunk of Lua and return what it returns."""
        self._chunk.write_text(code, encoding="utf-8")
        asked = f"json_encode(luaeval('dofile(_A)', '{self._chunk}'))"
        command = [str(NVIM), "--server", str(self._socket), "--remote-expr", asked]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or done.stderr)  # 0.7 prints it as an error

    def until(self, code: str, met: Callable[[Any], bool] = bool) -> Any:
        """Run a chunk of Lua until what it returns meets a condition, and return that."""
        end = time.monotonic() + PATIENCE
        while not met(found := self.lua(code)):
            assert time.monotonic() < end, (found, self.lua("return vim.fn.execute('messages')"))
            time.sleep(0.05)
        return found

    def edit(self, page: Path) -> None:
        """Open a page and wait until the server answers for it."""
        self.lua(f"vim.cmd('edit ' .. vim.fn.fnameescape({_quoted(str(page))}))")
        self.until("return next(vim.lsp.buf_get_clients(0)) ~= nil")

    def go(self, text: str, within: int = 0) -> None:
        """Put the cursor on the first place of a text."""
        self.lua(
            f"""
            local text, within = {_quoted(text)}, {within}
            for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, true)) do
              local start = line:find(text, 1, true)
              if start then
                vim.api.nvim_win_set_cursor(0, {{ number, start - 1 + within }})
                return
              end
            end
            error("there is no " .. text)
            """
        )

    def ask(self, method: str, extra: str = "{}") -> Any:
        """Send a request about the cursor's place and return the answer."""
        return self.lua(
            f"""
            local params = vim.lsp.util.make_position_params(0, "utf-16")
            params = vim.tbl_extend("force", params, {extra})
            local found = vim.lsp.buf_request_sync(0, "{method}", params, {int(PATIENCE * 1000)})
            for _, answer in pairs(found or {{}}) do
              return answer.result
            end
            """
        )


@contextlib.contextmanager
def neovim(folder: Path, root: Path) -> Iterator[Neovim]:
    """Start Neovim in a graph, with this Python's tangle, and end it.

    Args:
        folder: for its files.
        root: the folder of the graph.
    """
    command = folder / "tangle"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tangle_cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    start = folder / "init.lua"
    start.write_text(
        f"vim.opt.runtimepath:prepend({_quoted(str(_PLUGIN))})\n"
        f"require('tangle').setup({{ command = {_quoted(str(command))}, python = 'off' }})\n",
        encoding="utf-8",
    )
    socket = folder / "nvim.sock"
    homes = {
        f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    arguments = [
        str(NVIM),
        "--headless",
        "--listen",
        str(socket),
        "-u",
        str(start),
        "-n",
        "-i",
        "NONE",
    ]
    with subprocess.Popen(
        arguments,
        cwd=root,
        env={**os.environ, **homes},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            end = time.monotonic() + PATIENCE
            while not socket.exists():
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < end
                time.sleep(0.05)
            yield Neovim(socket, folder)
        finally:
            # In good order, so that it ends the server.
            with contextlib.suppress(subprocess.TimeoutExpired):
                quitting = [
                    str(NVIM),
                    "--server",
                    str(socket),
                    "--remote-send",
                    "<C-\\><C-N>:qall!<CR>",
                ]
                subprocess.run(quitting, capture_output=True, timeout=PATIENCE, check=False)
                process.wait(PATIENCE)
            process.kill()
