"""The examples of docs/reference/parse.md do what they say, and the package is that light."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

from tangle.parse import parse

_ROOT = Path(__file__).parents[2]
_DOC = _ROOT / "docs" / "reference" / "parse.md"


def test_examples() -> None:
    """Every example prints what stands below it; later ones use the names of earlier ones."""
    data = _DOC.read_bytes()
    bodies = [fence.body for fence in parse(data).fences]
    text = b"\n".join(data[body.start : body.end] for body in bodies).decode()
    example = doctest.DocTestParser().get_doctest(text, {}, "parse.md", str(_DOC), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert result.attempted > 15
    assert not result.failed, "".join(report)


def test_import_is_light() -> None:
    """The parser needs nothing but the standard library, msgspec and tangle's own model."""
    code = (
        "import sys, msgspec; before = set(sys.modules); import tangle.parse;"
        "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before}"
        " - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT
    )
    assert done.stdout.split() == ["tangle"]
