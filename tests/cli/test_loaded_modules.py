"""What the usual commands load: each module costs every start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.graphs import MakeNotes

WITH_DATACLASSES = """
import sys

sys.argv[0] = "tangle"
from tangle_cli.start import main

try:
    main()
finally:
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in {"tangle", "tangle_cli"}:
            own = [v for v in vars(module).values() if getattr(v, "__module__", "") == name]
            if any("__dataclass_fields__" in vars(v) for v in own if isinstance(v, type)):
                print(name, file=sys.stderr)
"""


@pytest.mark.parametrize("command", [["list"], ["check"], ["run", "A", "--no-server"]])
def test_usual_commands_load_no_dataclasses(notes: MakeNotes, command: list[str]) -> None:
    """Python compiles the methods of each when it is imported; `Struct`s cost nearly nothing."""
    graph = notes({"A": "- ```python\n  print(1)\n  ```\n"})
    done = subprocess.run(
        [sys.executable, "-c", WITH_DATACLASSES, *command],
        cwd=graph.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    named = [line for line in done.stderr.splitlines() if line.startswith("tangle.")]
    assert named == []
