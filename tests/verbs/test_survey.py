"""A survey that was remembered says what one made anew would say."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.model import Page, PagePath
from tangle.parse import parse
from tangle.store import FINDINGS
from tangle.verbs.build import build
from tangle.verbs.check import CheckReport, check, check_report
from tangle.verbs.incremental.findings import Findings
from tangle.verbs.incremental.memory import Memory
from tangle.verbs.incremental.survey import Survey
from tangle.verbs.project import Project, find_project
from tangle.write.block import output_digest
from tests.verbs.graphs import plain

EXAMPLES = int(os.environ.get("TANGLE_EXAMPLES", "40"))
"""How many graphs are tried; thousands found nothing new."""

IDS = [f"{number}0000000-0000-4000-8000-000000000000" for number in range(3)]

BLOCKS = [
    "- prose",
    "- prose with [[b]] and #tag\n  over two lines",
    f"- with an id\n  id:: {IDS[0]}",
    f"- with another\n  id:: {IDS[1]}",
    f"- says (({IDS[0]})) and (({IDS[2]}))",
    f"- (({IDS[0]}))",
    f"- {{{{embed (({IDS[1]}))}}}}",
    "- # 4",
    "- ## 3.1. Section",
    "- ### 3.1.2. Part",
    "- ```python\n  x = 1  #@save\n  ```",
    f"- ```python\n  y = x + z\n  ```\n  id:: {IDS[2]}",
    "- ```python\n  z = (\n  ```",
    "- ```text\n  not code\n  ```",
    "- ```python\n  never closed",
    "- tangle.skip:: yes\n  ```python\n  1\n  ```",
    "- tangle.skp:: yes",
    "- tangle.xfail:: a reason\n  ```python\n  y = x\n  ```",
    "- tangle.cache:: no\n  tangle.rtol:: 0.1\n  ```python\n  z = 1  #@save\n  ```",
    "- tangle.output:: 0123456789ab.01234567\n  ```text\n  1\n  ```",
    "- 1. `<<name>>`\n  ```python\n  <<name>>\n  ```",
    "- tangle.name:: name\n  ```python\n  w = 2\n  ```",
    "  late:: property",
    "title:: b",
    "alias:: c, b",
    "",
]
PAGE = st.lists(st.sampled_from(BLOCKS), max_size=5).map(lambda parts: "\n".join(parts) + "\n")
NAMES = ("a", "b", "c d")


@contextmanager
def _project() -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "logseq").mkdir()
        (root / "logseq" / "config.edn").write_text("{}")
        (root / "pages").mkdir()
        (root / ".tangle").mkdir()
        yield find_project(start=root)


def _write(project: Project, name: str, text: str) -> None:
    (project.graph / "pages" / f"{name}.md").write_text(text, encoding="utf-8")


def _told(found: Survey) -> Any:
    """All that a survey tells, as plain values."""
    return (
        plain(found.findings),
        found.problems,
        found.rows(),
        tuple(found.modules()),
        dict(found.files),
        found.changes(),
    )


def _anew(project: Project) -> Any:
    """What is found without a memory."""
    kept = project.state / FINDINGS
    hidden = kept.with_name("hidden")
    if kept.exists():
        kept.rename(hidden)
    try:
        return _told(Survey(project))
    finally:
        if hidden.exists():
            hidden.rename(kept)


def _same(project: Project) -> Findings:
    """What is found with the memory, which must be the same as without."""
    found = Survey(project)
    assert _told(found) == _anew(project)
    found.remember()
    return found.findings


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, PAGE)),
    st.lists(st.tuples(st.sampled_from((*NAMES, "new")), st.none() | PAGE), max_size=6),
)
@settings(max_examples=EXAMPLES)
def test_a_memory_says_what_is(pages: dict[str, str], edits: list[tuple[str, str | None]]) -> None:
    """Pages are written anew, come and go."""
    with _project() as project:
        for name, text in pages.items():
            _write(project, name, text)
        _same(project)
        for name, new in edits:
            if new is not None:
                _write(project, name, new)
            else:
                (project.graph / "pages" / f"{name}.md").unlink(missing_ok=True)
            _same(project)


@given(PAGE, st.lists(st.integers(0, 40), min_size=1, max_size=4), st.sampled_from(BLOCKS))
@settings(max_examples=EXAMPLES)
def test_a_line_put_into_a_page(page: str, at: list[int], block: str) -> None:
    """The edit that is met most: some prose in one of many pages."""
    with _project() as project:
        _write(project, "a", "- ## 3.1. Section\n\t- ```python\n\t  x = 1\n\t  ```\n")
        _write(project, "b", page)
        _same(project)
        lines = page.split("\n")
        for line in at:
            lines.insert(min(line, len(lines)), block)
            _write(project, "b", "\n".join(lines))
            _same(project)


def _graph(project: Project) -> None:
    _write(project, "a", "- ## 3.1. Section\n\t- ```python\n\t  x = 1\n\t  ```\n")
    _write(project, "b", "- prose\n- ((30000000-0000-4000-8000-000000000000))\n")


def _is_recalled(project: Project) -> bool:
    settings_text = (project.graph / "logseq" / "config.edn").read_text()
    return Memory(project, settings_text).recall() is not None


def test_only_what_an_edit_touches_is_read() -> None:
    parsed: list[str] = []

    def counting(data: bytes, path: PagePath) -> Page:
        parsed.append(path)
        return parse(data, path)

    with _project() as project:
        _graph(project)
        _write(project, "c", "- ## 3.2. Next\n\t- ```python\n\t  y = x\n\t  ```\n")
        _write(project, "d", "- ## 3.3. Last\n\t- ```python\n\t  z = 0\n\t  ```\n")
        Survey(project, parse=counting).remember()
        assert parsed == [f"pages/{name}.md" for name in "abcd"]
        for name, text, again in (
            ("b", "- other prose\n- ((40000000-0000-4000-8000-000000000000))\n", "b"),
            ("a", "- ## 3.1. Section\n\t- ```python\n\t  x = 2\n\t  ```\n", "ac"),
            ("d", "- ## 3.3. Last\n\t- ```python\n\t  z = 1\n\t  ```\n", "d"),
        ):
            _write(project, name, text)
            parsed.clear()
            Survey(project, parse=counting).remember()
            assert sorted(parsed) == [f"pages/{other}.md" for other in again]
            _same(project)


def _checked(project: Project) -> CheckReport:
    """What checking comes to with the memory, which must be the same as without."""
    remembered = check_report(project)
    for file in (project.state / FINDINGS).rglob("*.json"):
        file.unlink()
    assert check_report(project) == remembered
    return remembered


def test_what_outputs_are_worth_is_remembered() -> None:
    """Two outputs: the second depends on the first section's code, too."""
    sections = (
        ("a", "- ## 3.1. Section\n\t- ```python\n\t  {}\n\t  ```\n"),
        ("b", "- ## 3.2. Next\n\t- tangle.xfail:: {}\n\t  ```python\n\t  print(x)\n\t  ```\n"),
    )
    shown = ("```text", "1", "```")
    with _project() as project:
        for (name, text), said in zip(sections, ("x = 1", "a reason"), strict=True):
            _write(project, name, text.format(said))
        outputs = {
            unit.pages[0]: f"\t\t- tangle.output:: {unit.digests[0][2]}.{output_digest(shown)}\n"
            + "".join(f"\t\t  {line}\n" for line in shown)
            for unit in Survey(project).findings.units
        }
        # The last column: how many of the two are fresh then.
        for first, second, printed, fresh in (
            ("x = 1", "a reason", "1", 2),
            ("x = 2", "a reason", "1", 0),
            ("x = 1", "another", "1", 2),
            ("x = 1", "another", "2", 1),
            ("x = 1", "another", "1", 2),
        ):
            for (name, text), said in zip(sections, (first, second), strict=True):
                output = outputs[PagePath(f"pages/{name}.md")]
                if name == "b":
                    output = output.replace("\t  1\n", f"\t  {printed}\n")
                _write(project, name, text.format(said) + output)
            found = _checked(project)
            assert (found.outputs, found.fresh) == (2, fresh)


def test_generated_files_that_somebody_changed_are_seen() -> None:
    with _project() as project:
        _graph(project)
        build(project)
        script = project.output / "d2l" / "sections" / "sec_3_1.py"
        text = script.read_text()
        script.write_text(text + "# mine\n")
        assert [problem.code for problem in check(project)][-1] == "stale-generated"
        build(project)
        assert script.read_text() == text
        script.unlink()
        assert build(project).changes.added == ("d2l/sections/sec_3_1.py",)


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied", "other"])
def test_a_damaged_memory_counts_as_none(damage: str) -> None:
    with _project() as project:
        _graph(project)
        build(project)
        (file,) = (project.state / FINDINGS).rglob("*.json")
        content = file.read_bytes()
        document = json.dumps({"pages": 3}, separators=(",", ":")).encode()
        file.write_bytes(
            {
                "cut": content[:-40],
                "altered": content.replace(b"3.1", b"3.2"),
                "emptied": b"",
                "other": _signed(document),
            }[damage]
        )
        assert not _is_recalled(project)
        _same(project)
        assert _is_recalled(project)


def _signed(payload: bytes) -> bytes:

    return hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload


def test_a_memory_from_elsewhere_is_not_believed(tmp_path: Path) -> None:
    """A folder that came with the notes is not the one that was written here."""
    with _project() as project:
        _graph(project)
        build(project)
        assert _is_recalled(project)
        moved = tmp_path / "tangle"
        (project.state / ".tangle").rename(moved)
        (project.state / ".tangle").mkdir()
        for entry in moved.iterdir():
            entry.rename(project.state / ".tangle" / entry.name)
        assert not _is_recalled(project)


def test_checking_leaves_nothing_in_a_graph_without_a_folder_of_ours(tmp_path: Path) -> None:
    (tmp_path / "logseq").mkdir()
    (tmp_path / "logseq" / "config.edn").write_text("{}")
    (tmp_path / "a.md").write_text("- prose\n")
    assert check(find_project(start=tmp_path)) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "logseq"]


def test_pages_that_cannot_be_read_are_never_remembered() -> None:
    with _project() as project:
        _graph(project)
        (project.graph / "pages" / "bad.md").write_bytes(b"- \xff\n")
        assert "not-utf8" in [problem.code for problem in check(project)]
        assert not _is_recalled(project)
        assert "not-utf8" in [problem.code for problem in check(project)]
