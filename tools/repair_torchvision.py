"""Install `torchvision_repair.py` into this virtual environment, where it is needed.

Run it with the environment's own Python. It imports torchvision in a separate process and looks
at what happens: the repair is installed only against the one fault that it cures, brought up to
date where it is installed already, and removed where torchvision does without.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import assert_never

SOURCE = Path(__file__).with_name("torchvision_repair.py")
START_LINE = "import torchvision_repair; torchvision_repair.activate()\n"
"""What the `.pth` file holds: the interpreter runs a line that begins with `import`."""

IMPORT = "import torchvision"
IMPORT_UNREPAIRED = f"""
import sys
sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != "{SOURCE.stem}"]
{IMPORT}
"""

MISMATCH = "operator torchvision::"
ABSENT = "No module named 'torchvision'"


class State(Enum):
    """What importing torchvision came to."""

    WORKS = "works"
    ABSENT = "absent"
    MISMATCHED = "mismatched"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The outcome of one import in a fresh process, and the last line that it said."""

    state: State
    said: str


class RepairFailed(Exception):
    """torchvision does not work here, and this tool cannot help."""


def probe(python: str, code: str) -> Probe:
    """What comes of running `code`, which imports torchvision, with the interpreter `python`."""
    done = subprocess.run(
        [python, "-P", "-c", code],
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    lines = done.stderr.strip().split("\n")
    return Probe(state=classify(done.returncode, lines[-1]), said=lines[-1])


def classify(exit_status: int, last_line: str) -> State:
    """The state, from an interpreter's exit status and its last line on standard error."""
    if exit_status == 0:
        return State.WORKS
    if ABSENT in last_line:
        return State.ABSENT
    if MISMATCH in last_line and "does not exist" in last_line:
        return State.MISMATCHED
    return State.BROKEN


def install(site: Path) -> bool:
    """Write the module, then the line that starts it; return whether either was not so before."""
    changed = replace_if_different(site / SOURCE.name, SOURCE.read_bytes())
    return replace_if_different(site / f"{SOURCE.stem}.pth", START_LINE.encode()) or changed


def remove(site: Path) -> bool:
    """Remove what `install` writes, the starting line first; return whether anything was there."""
    found = False
    for path in (site / f"{SOURCE.stem}.pth", site / SOURCE.name):
        found = path.exists() or found
        path.unlink(missing_ok=True)
    return found


def replace_if_different(path: Path, content: bytes) -> bool:
    """Make `path` hold `content`, replacing it whole; return whether it held something else."""
    if path.is_file() and path.read_bytes() == content:
        return False
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def repair(python: str, site: Path) -> str:
    """Bring the repair to where it should be, and say what was done.

    Args:
        python: the interpreter of the environment to repair.
        site: its site-packages.

    Raises:
        RepairFailed: torchvision is broken in another way, or still is after the repair.
    """
    found = probe(python, IMPORT_UNREPAIRED)
    match found.state:
        case State.WORKS:
            return "torchvision fits torch" + (": repair removed" if remove(site) else "")
        case State.ABSENT:
            remove(site)
            return "torchvision is not installed: nothing to repair"
        case State.MISMATCHED:
            return repair_mismatch(python, site)
        case State.BROKEN:
            message = (
                f"torchvision cannot be imported: {found.said}\nmake clean, and set it up again."
            )
            raise RepairFailed(message)
        case _:
            assert_never(found.state)


def repair_mismatch(python: str, site: Path) -> str:
    """Install the repair, see that torchvision works with it, and say what was done.

    Raises:
        RepairFailed: torchvision does not work with the repair either, which was removed again.
    """
    changed = install(site)
    after = probe(python, IMPORT)
    if after.state is not State.WORKS:
        remove(site)
        message = (
            f"torchvision was built for another torch, and the repair does not help: {after.said}\n"
            "Install builds of torch and torchvision that belong together."
        )
        raise RepairFailed(message)
    return "torchvision was built for another torch: repair " + (
        "installed (its Python parts work; nms and the like do not)" if changed else "in place"
    )


def main() -> int:
    """Repair the environment of the running interpreter; the exit status."""
    if sys.prefix == sys.base_prefix:
        message = f"{sys.executable}: not a virtual environment. Run this with .venv/bin/python."
        print(message, file=sys.stderr)
        return 2
    try:
        print(repair(sys.executable, Path(sysconfig.get_path("purelib"))))
    except RepairFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
