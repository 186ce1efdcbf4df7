"""Notes that are kept on disk say what notes read for the first time would say."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tangle.errors import ChangedMeanwhile
from tangle.model import PagePath
from tangle.store import NOTES, file_stamps, user_key
from tangle.store.cache import sealed
from tangle.verbs.build import EditedFiles, build
from tangle.verbs.check import CheckReport, check, check_report
from tangle.verbs.generated import generated
from tangle.verbs.notes import Notes, forget_notes, held_notes, read_notes, updated
from tangle.verbs.project import Project, find_project
from tangle.verbs.sources import PageFiles
from tangle.verbs.write_back.staleness import section_rows
from tangle.write.block import output_digest
from tests.graphs import MakeNotes

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
        (root / "tangle.toml").write_text('book = ["**"]\n')
        yield find_project(start=root)


def _write(project: Project, name: str, text: str) -> None:
    (project.graph / "pages" / f"{name}.md").write_text(text, encoding="utf-8")


def _told(found: Notes) -> Any:
    """All that verbs learn of notes."""
    return (
        found.rows,
        found.problems,
        tuple(section_rows(found)),
        dict(found.outputs),
        dict(generated(found)),
    )


def _from_disk(project: Project) -> Notes:
    """The notes, as a process reads them that knows nothing but what is on disk."""
    forget_notes()
    return read_notes(project)


def _anew(project: Project) -> Any:
    """What is found by a process that knows nothing at all."""
    kept = project.state / NOTES
    hidden = kept.with_name("hidden")
    if kept.exists():
        kept.rename(hidden)
    try:
        return _told(_from_disk(project))
    finally:
        if hidden.exists():
            hidden.rename(kept)


def _same(project: Project) -> Notes:
    """What is found with the store, which must be the same as without."""
    expected = _anew(project)
    assert _told(_from_disk(project)) == expected
    found = read_notes(project)
    assert _told(found) == expected
    found.remember()
    return found


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, PAGE)),
    st.lists(st.tuples(st.sampled_from((*NAMES, "new")), st.none() | PAGE), max_size=6),
)
@settings(max_examples=EXAMPLES)
def test_a_store_says_what_is(pages: dict[str, str], edits: list[tuple[str, str | None]]) -> None:
    """Pages are rewritten, come and go."""
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
    """Whether what is on disk spares all work."""
    found = _from_disk(project)
    _ = found.rows, found.problems
    return not found.core.news


def test_only_what_an_edit_touches_is_read() -> None:
    with _project() as project:
        _graph(project)
        _write(project, "c", "- ## 3.2. Next\n\t- ```python\n\t  y = x\n\t  ```\n")
        _write(project, "d", "- ## 3.3. Last\n\t- ```python\n\t  z = 0\n\t  ```\n")
        for path in (project.graph / "pages").iterdir():
            _age(path)
        _same(project)
        for name, text in (
            ("b", "- other prose\n- ((40000000-0000-4000-8000-000000000000))\n"),
            ("d", "- ## 3.3. Last\n\t- ```python\n\t  z = 1\n\t  ```\n"),
        ):
            _write(project, name, text)
            others = [p for p in (project.graph / "pages").iterdir() if p.stem != name]
            for path in others:
                path.chmod(0)  # opening it fails
            try:
                found = _from_disk(project)
                _ = found.rows, found.problems
                assert not found.sources.unread or os.geteuid() == 0
            finally:
                for path in others:
                    path.chmod(0o644)
            _same(project)


def _age(path: Path) -> None:
    """Make a file one that was not changed a moment ago, as far as its own time says so."""
    os.utime(path, (1_600_000_000, 1_600_000_000))


def test_a_file_has_a_stamp_once_it_was_left_alone_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("- a\n")
    page = PagePath("a.md")
    now = (tmp_path / "a.md").stat().st_ctime_ns
    assert not file_stamps(tmp_path, [page], clock=lambda: now + 10**9)
    assert file_stamps(tmp_path, [page], clock=lambda: now + 3 * 10**9)


def test_a_clock_that_was_put_back_hides_no_edit(tmp_path: Path) -> None:
    """A file from the future has no stamp, so that it is read each time."""
    (tmp_path / "a.md").write_text("- a\n")
    past = (tmp_path / "a.md").stat().st_ctime_ns - 3600 * 10**9
    assert not file_stamps(tmp_path, [PagePath("a.md")], clock=lambda: past)


def test_an_edit_that_keeps_size_and_time_is_seen() -> None:
    with _project() as project:
        _graph(project)
        page = project.graph / "pages" / "a.md"
        _age(page)
        before = _same(project)
        text = page.read_text()
        page.write_text(text.replace("x = 1", "x = 2"))
        _age(page)
        after = _same(project)
        assert after.rows[0].chunks != before.rows[0].chunks


def test_a_page_that_changes_before_it_is_read_is_not_taken_for_what_it_was() -> None:
    with _project() as project:
        _graph(project)
        _same(project)
        found = read_notes(project)
        lazy = Notes(project, _unread_again(found), found.core)
        _write(project, "a", "- ## 3.1. Section\n\t- ```python\n\t  x = 3\n\t  ```\n")
        with pytest.raises(ChangedMeanwhile, match=r"a\.md"):
            _ = lazy.sources.data[PagePath("pages/a.md")]


def _unread_again(notes: Notes) -> Any:
    """The same sources, without the bytes."""
    files = PageFiles(notes.project.graph, notes.sources.digests, {})
    return replace(notes.sources, data=files)


def test_earlier_notes_stay_what_they_were() -> None:
    with _project() as project:
        _graph(project)
        before = held_notes(project)
        text = before.sources.data[PagePath("pages/a.md")]
        _write(project, "a", "- ## 3.1. Other\n\t- ```python\n\t  x = 3\n\t  ```\n")
        after = updated(before, [project.graph / "pages" / "a.md"])
        assert [row.section.title for row in after.rows] == ["Other"]
        assert [row.section.title for row in before.rows] == ["Section"]
        assert before.pages[PagePath("pages/a.md")].data == text
        assert updated(after, [project.graph / "pages" / "a.md"]) is after


def _checked(project: Project) -> CheckReport:
    """What checking comes to with the memory, which must be the same as without."""
    remembered = check_report(project)
    forget_notes()
    for file in (project.state / NOTES).rglob("*.json"):
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
            row.section.page: (
                f"\t\t- tangle.output:: {row.chunks[0].digest}.{output_digest(shown)}\n"
            )
            + "".join(f"\t\t  {line}\n" for line in shown)
            for row in read_notes(project).rows
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


def test_generated_files_that_another_program_changed_are_seen() -> None:
    with _project() as project:
        _graph(project)
        build(project)
        (script,) = project.output.glob("*/sections/sec_3_1.py")
        text = script.read_text()
        script.write_text(text + "# mine\n")
        assert [problem.code for problem in check(project)][-1] == "stale-generated"
        with pytest.raises(EditedFiles):
            build(project)
        build(project, force=True)
        assert script.read_text() == text
        script.unlink()
        assert build(project).changes.added == (script.relative_to(project.output).as_posix(),)


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied", "other"])
def test_a_damaged_store_counts_as_none(damage: str) -> None:
    with _project() as project:
        _graph(project)
        build(project)
        (file,) = (project.state / NOTES).rglob("*.json")
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


def test_a_store_from_elsewhere_is_not_believed(tmp_path: Path) -> None:
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


def test_pages_that_cannot_be_read_are_reported_each_time() -> None:
    with _project() as project:
        _graph(project)
        (project.graph / "pages" / "bad.md").write_bytes(b"- \xff\n- ```python\n")
        for _ in range(2):
            forget_notes()
            assert "not-utf8" in [problem.code for problem in check(project)]
        (project.graph / "pages" / "bad.md").write_bytes(b"- fine\n")
        assert "not-utf8" not in [problem.code for problem in check(project)]


def test_a_store_of_another_version_counts_as_none() -> None:
    with _project() as project:
        _graph(project)
        build(project)
        (file,) = (project.state / NOTES).rglob("*.json")
        key = user_key()
        payload = msgspec.msgpack.encode({"files": {}, "store": b"\x81\xa1x\x01"})
        assert key is not None
        sealed_key = sealed(file, key)
        signature = hmac.digest(sealed_key, payload, "sha256").hex().encode()
        file.write_bytes(signature + b"\n" + payload)
        assert not _is_recalled(project)
        _same(project)


def test_a_run_that_changes_nothing_leaves_the_document_on_disk(notes: MakeNotes) -> None:
    graph = notes({"a b": "- ```python\n  print(1)\n  ```\n", "c": "- words\n"})
    for _ in range(2):
        assert graph.tangle("run", "a b").code == 0
        forget_notes()
    before = _files_of(graph.root / ".tangle/notes")
    assert graph.tangle("run", "A b").code == 0
    assert before
    assert _files_of(graph.root / ".tangle/notes") == before


def _files_of(folder: Path) -> dict[Path, int]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.stat().st_ino for path in files}
