"""Reports of a run: what CI systems, people and programs read; no output does harm in any."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.graphs import MakeNotes, Notes, Said

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"

PAGE = r"""- ## 1.1. Hostile <script>alert(1)</script> | `pipe`
	- ```python
	  print('<script>alert(1)</script>', '\x1b[31mred\x1b[0m', '\x00\x0c\ufffe')
	  print('::error file=x::injected\n```\n]]>')
	  ```
	- ```python
	  from IPython.display import HTML, SVG, display
	  display(HTML('<script src="https://evil.example/x.js"></script><b onclick="x()">b</b>'))
	  display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>1</script></svg>'))
	  ```
	- ```python
	  y = 0; raise ValueError('<b>\x0b & "quotes" %0A ::, | `x`')
	  ```
	- ```python
	  'never', y
	  ```
- ## 1.2. 好
	- ```python
	  print('fine')
	  ```
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Notes, Path, Said]:
    """A graph that was run with every report asked for, the reports' folder, what was said."""
    folder = tmp_path_factory.mktemp("reports")
    graph = Notes(root=folder / "graph")
    (graph.root / "logseq").mkdir(parents=True)
    (graph.root / "pages").mkdir()
    (graph.root / "logseq" / "config.edn").write_text("{}")
    (graph.root / "tangle.toml").write_text('book = ["**"]\n')
    graph.write("x", PAGE)
    reports = [f"--{kind}={folder / kind}" for kind in ("junit-xml", "html", "summary")]
    said = graph.tangle("run", "--all", "--verify", "--format", "github", *reports)
    assert said.code == 1
    return graph, folder, said


# --- JUnit XML ------------------------------------------------------------------------------------

# What the schema of Jenkins' xUnit plugin (junit-10.xsd) has of each element: attributes, of
# which those with `!` must be there, and children.
JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name!", "tests!", "failures!", "errors!", "time", "skipped", "file"},
        {"testcase"},
    ),
    "testcase": (
        {"name!", "time", "classname"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}
TIME = re.compile(r"[0-9]+\.[0-9]{3}")


def check_junit(element: ElementTree.Element) -> None:
    attributes, children = JUNIT[element.tag]
    known = {name.rstrip("!") for name in attributes}
    assert element.attrib.keys() <= known, element.tag
    assert {name[:-1] for name in attributes if name.endswith("!")} <= element.attrib.keys()
    assert "time" not in element.attrib or TIME.fullmatch(element.attrib["time"])
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        check_junit(child)


def test_junit_is_what_the_common_schema_takes(ran: tuple[Notes, Path, Said]) -> None:
    _, folder, _ = ran
    root = ElementTree.fromstring((folder / "junit-xml").read_bytes())
    check_junit(root)
    cases = list(root.iter("testcase"))
    assert [(c.get("classname"), c.get("name"), [e.tag for e in c]) for c in cases] == [
        ("1.1", "chunk 1", ["failure", "system-out"]),
        ("1.1", "chunk 2", ["failure", "system-out"]),
        ("1.1", "chunk 3", ["failure"]),
        ("1.1", "chunk 4", ["skipped"]),
        ("1.2", "chunk 1", ["failure", "system-out"]),
    ]
    told = [c.find("failure") for c in cases]
    assert [t.get("type") for t in told if t is not None] == [
        "missing",
        "missing",
        "failed",
        "missing",
    ]
    assert told[2] is not None
    assert told[2].text is not None
    assert told[2].text.startswith("pages/x.md:11: ValueError: ")
    for element in (root, *root.iter("testsuite")):
        inside = list(element.iter("testcase"))
        assert element.get("tests") == str(len(inside))
        assert element.get("failures") == str(sum(c.find("failure") is not None for c in inside))
        skipped = sum(c.find("skipped") is not None for c in inside)
        assert element.get("skipped", str(skipped)) == str(skipped)


def test_the_check_of_junit_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_junit(ElementTree.fromstring('<testsuite name="x" tests="1" failures="0"/>'))


# --- GitHub ---------------------------------------------------------------------------------------


def test_annotations_of_a_run(ran: tuple[Notes, Path, Said]) -> None:
    _, _, said = ran
    lines = said.out.split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("::stop-commands::"))
    token = lines[start].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    # What the notes printed stands where GitHub obeys nothing.
    injected = [
        at for at, line in enumerate(lines) if line.strip(" +").startswith("::error file=x")
    ]
    assert injected
    assert all(start < at < end for at in injected)
    told = [line for line in lines[end + 1 :] if line]
    assert all(re.match(r"::(error|warning) file=[^:,]+,line=[0-9]+,[^:]*::\S", t) for t in told)
    (failed,) = [line for line in told if "chunk 3" in line]
    assert "pages/x.md,line=12,title=tangle%3A 1.1 chunk 3%3A failed::ValueError: <b>" in failed
    assert '& "quotes" %250A ::, | `x`%0ATraceback' in failed


def test_paths_are_those_of_the_checkout(notes: MakeNotes, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = notes({"x": "- ```python\n  1 / 0\n  ```\n- ```python\n  x = = 1\n  ```"})
    monkeypatch.setenv("GITHUB_WORKSPACE", str(graph.root.parent))
    assert (
        "::error file=graph/pages/x.md,line=2,"
        in graph.tangle("run", "x", "--no-write", "--format", "github").out
    )
    assert (
        "::error file=graph/pages/x.md,line=5,"
        in graph.tangle("check", "--all", "--format", "github").out
    )


# --- Markdown -------------------------------------------------------------------------------------


def test_the_summary_shows_hostile_text_as_text(ran: tuple[Notes, Path, Said]) -> None:
    _, folder, _ = ran
    text = (folder / "summary").read_text()
    assert text.startswith("### tangle: 0 of 2 sections passed\n")
    row = r"| ❌ failed | 1.1 Hostile \<script\>alert\(1\)\</script\> \| \`pipe\` | 3 of 4 |"
    assert row in text
    outside = re.sub(r"(`{3,})(\w*)\n.*?\n\1", "", text, flags=re.DOTALL)
    assert "<script" not in outside.replace(r"\<script", "")
    tags = set(re.findall(r"(?<!\\)<(/?\w+)", outside))
    assert tags == {"details", "/details", "summary", "/summary", "code", "/code"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
    assert "````diff\n+<script>" in text  # longer than the backquotes in it


def test_the_job_page_is_appended_to_and_other_files_are_replaced(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": "- ```python\n  print(1)\n  ```"})
    page, other = tmp_path / "job page.md", tmp_path / "other.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    for path in (page, other):
        graph.tangle("run", "x", "--summary", str(path))
        path.write_text(path.read_text() + "by another step")
        graph.tangle("run", "x", "--summary", str(path))
    assert page.read_text().count("### tangle: 1 of 1 section passed\n") == 2
    assert "by another step\n### tangle" in page.read_text()
    assert other.read_text().count("### tangle") == 1


def test_a_summary_stays_below_what_a_job_page_takes(notes: MakeNotes, tmp_path: Path) -> None:
    chunk = "- ```python\n  raise ValueError('x' * 60000)\n  ```\n"
    pages = {f"p{i}": chunk for i in range(20)}
    graph = notes(pages)
    target = tmp_path / "s.md"
    graph.tangle("run", "--all", "--jobs", "2", "--summary", str(target))
    assert target.stat().st_size < 1024 * 1024
    assert "longer than a job page takes" in target.read_text()


# --- HTML -----------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


LOADING = {"src", "href", "srcset", "data", "action", "formaction", "poster", "background"}


def test_the_page_holds_everything_and_runs_nothing(ran: tuple[Notes, Path, Said]) -> None:
    _, folder, _ = ran
    page = Page((folder / "html").read_text())
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "link", "object", "embed", "form", "base", "svg"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").startswith(("data:image/", "#")), attributes
    policies = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert "<script>alert(1)</script> red" in page.text
    assert "1.1 Hostile <script>alert(1)</script> | `pipe`" in page.text
    assert 'ValueError: <b>� & "quotes" %0A' in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffe]", page.text)
    images = [a for tag, a in page.tags if tag == "img"]
    assert [(a["src"] or "")[:26] for a in images] == ["data:image/svg+xml;base64,"]


def test_html_of_the_notes_stands_in_a_frame_that_may_do_nothing(
    ran: tuple[Notes, Path, Said],
) -> None:
    _, folder, _ = ran
    page = Page((folder / "html").read_text())
    (frame,) = [a for tag, a in page.tags if tag == "iframe"]
    assert frame["sandbox"] == ""
    source = frame["srcdoc"] or ""
    assert source.startswith('<meta http-equiv="Content-Security-Policy" content="default-src')
    assert '<script src="https://evil.example/x.js"></script>' in source


# --- JSON -----------------------------------------------------------------------------------------


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def valid(name: str, document: object) -> None:
    jsonschema.Draft202012Validator(schema(name)).validate(document)


def test_documents_are_as_their_schemas_say(ran: tuple[Notes, Path, Said]) -> None:
    graph, _, _ = ran
    run = json.loads(graph.tangle("run", "--all", "--verify", "--format", "json").out)
    valid("run", run)
    assert run["differences"]
    plain = json.loads(graph.tangle("run", "1.2", "--no-write", "--format", "json").out)
    valid("run", plain)
    assert (plain["differences"], plain["changes"]) == (None, None)
    valid("list", json.loads(graph.tangle("list", "--format", "json").out))
    graph.write("y", "- tangle.rnu:: no\n  ```python\n  x = nowhere\n  ```\n- ((nothing))")
    check = json.loads(graph.tangle("check", "--all", "--format", "json").out)
    valid("check", check)
    assert check["problems"]
    lines = graph.tangle("outline", str(graph.root / "pages"), "--format", "json").out
    for line in lines.splitlines():
        valid("outline", json.loads(line))
    graph.page("y").unlink()


def test_a_run_with_problems_is_as_the_schema_says(notes: MakeNotes) -> None:
    graph = notes({"x": "- ```python\n  print(1)\n  ```"})
    graph.tangle("run", "x")
    graph.write("x", graph.text("x").replace("  1\n", "  2\n"))
    document = json.loads(graph.tangle("run", "x", "--fresh", "--format", "json").out)
    assert [problem["code"] for problem in document["problems"]] == ["edited-output"]
    valid("run", document)


@pytest.mark.parametrize("name", ["run", "check", "list", "outline", "doctor"])
def test_a_schema_takes_nothing_else(name: str) -> None:
    documents: tuple[object, ...] = ({}, [], {"sections": 1}, {"more": True})
    for document in documents:
        with pytest.raises(jsonschema.ValidationError):
            valid(name, document)
