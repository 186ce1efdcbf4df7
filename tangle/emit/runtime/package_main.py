"""`python -m PACKAGE` lists the sections, `python -m PACKAGE 3.6` runs one."""

import difflib
import pathlib
import runpy
import sys

SECTIONS = (
    ("1.1", "First", "sec_1_1"),
    ("1.2", "Second", "sec_1_2"),
)


def main(arguments):
    """List the sections, or run the one that is named; returns the exit code."""
    sys.stdout.reconfigure(errors="backslashreplace")
    if not arguments:
        for name, title, _ in SECTIONS:
            print(name if name == title else f"{name}  {title}")
        return 0
    scripts = {name: script for name, _, script in SECTIONS}
    wanted = " ".join(arguments).removesuffix(".")
    if wanted not in scripts:
        near = ", ".join(difflib.get_close_matches(wanted, scripts)) or "see `python -m PACKAGE`"
        print(f"there is no section {wanted} with code; nearest: {near}", file=sys.stderr)
        return 2
    folder = pathlib.Path(__file__).resolve().parent / "sections"
    sys.argv = [str(folder / f"{scripts[wanted]}.py")]
    runpy.run_path(sys.argv[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
