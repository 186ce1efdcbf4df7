"""The plugin's types and its tests without a browser."""

from __future__ import annotations

import subprocess

import pytest

from tests.plugin.building import PLUGIN, needs_packages


@needs_packages
@pytest.mark.parametrize("command", ["typescript/bin/tsc --noEmit", "vitest/vitest.mjs run"])
def test_the_plugin_passes(command: str) -> None:
    tool, *options = command.split()
    done = subprocess.run(
        ["node", str(PLUGIN / "node_modules" / tool), *options],
        cwd=PLUGIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
