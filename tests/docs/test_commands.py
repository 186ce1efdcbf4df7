"""Every command in the documentation does what the page says that it does."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.docs.console import PLACE, ROOT, agrees, corrected, fences, follow

PAGES = [path for path in sorted(ROOT.glob("docs/**/*.md")) if "console" in path.read_text("utf-8")]
README = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


RUN = [path for path in [*README, *PAGES] if PLACE.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_commands_print_what_the_page_shows(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    followed = list(follow(page))
    if os.environ.get("TANGLE_WRITE_DOCS"):  # make docs-outputs
        path.write_text(corrected(page, followed), encoding="utf-8")
        return
    wrong = [
        f"{name_of(path)}:{command.line}: $ {command.text}\n{actual}"
        for command, actual in followed
        if not agrees(command.expected, actual)
    ]
    assert followed
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("path", [*README, *PAGES], ids=name_of)
def test_commands_that_are_not_run_say_why(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    place = PLACE.search(page)
    first = place.end() if place is not None else len(page)
    silent = [
        f"{name_of(path)}:{fence.line}"
        for fence in fences(page)
        if fence.language == "console" and not fence.title
        # What is above the first place, or has no prompt, is not run either.
        if fence.start < first or not fence.body.startswith("$ ")
    ]
    assert silent == []


@pytest.mark.parametrize("path", [*README, *sorted(ROOT.glob("docs/**/*.md"))], ids=name_of)
def test_no_fence_holds_the_begin_of_another(path: Path) -> None:
    """One stray line of backquotes would turn what is below inside out, and run none of it."""
    swallowed = [
        f"{name_of(path)}:{fence.line}"
        for fence in fences(path.read_text(encoding="utf-8"))
        if fence.language != "markdown" and re.search(r"^```\w", fence.body, re.MULTILINE)
    ]
    assert swallowed == []


# --- the runner ----------------------------------------------------------------------------------

PAGE = """\
<!-- runs in: an empty folder -->

```text title="a.txt"
one
two
```

```diff title="a.txt"
 one
-two
+three
```

```console title="not run: an example"
$ false
```

```console
$ cat a.txt
one
three
$ for word in a b
> do echo $word
> done
a
...
$ cd / && false
$ echo $? $PWD
1 /
$ echo interrupt me; sleep 60
interrupt me
^C
```
"""


def test_a_page_is_followed_as_a_reader_follows_it() -> None:
    followed = list(follow(PAGE))
    assert [
        (each.line, each.text) for each, actual in followed if agrees(each.expected, actual)
    ] == [
        (19, "cat a.txt"),
        (22, "for word in a b\ndo echo $word\ndone"),
        (27, "cd / && false"),
        (28, "echo $? $PWD"),
        (30, "echo interrupt me; sleep 60"),
    ]


def test_a_change_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="does not hold this once"):
        list(follow(PAGE.replace("-two", "-four")))


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("passed, 2.7 s\n", "passed, 13.1 s\n", True),
        ("passed, 2.7 s\n", "failed, 2.7 s\n", False),
        ("a ... d\n", "a b c d\n", True),
        ("a ... d\n", "a b c\n", False),
        ("...\nz\n", "x\ny\nz\n", True),
        ("...\nz\n", "z\n", True),
        ("a\n...\nz\n", "a\nx\n", False),
        ("0123456789ab.01234567\n", "0123456789ab.89abcdef\n", True),
        ("0123456789ab.01234567\n", "1123456789ab.01234567\n", False),
    ],
)
def test_agreement(expected: str, actual: str, same: bool) -> None:
    assert agrees(expected, actual) is same
