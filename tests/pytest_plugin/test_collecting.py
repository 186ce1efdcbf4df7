"""What is collected, when, and under which names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .pages import Graph, section

Make = Callable[..., Graph]

PAGE = section("3.6", "x = 1", ("tangle.skip:: yes", "1 / 0"), "x + 1") + section("3.7", "y = 2")
NAMES = ["3.6::chunk 1", "3.6::chunk 2", "3.7::chunk 1"]


def names(*pages: tuple[str, str]) -> list[str]:
    return [f"notes/pages/{page}.md::{name}" for page, name in pages]


def test_pages_sections_and_chunks_in_order(graph: Make) -> None:
    made = graph(x=PAGE, prose="- no code here\n", y=section("", "z = 3", title="Heading"))
    found = made.pytest("notes", "--collect-only", "-q").names
    assert found == names(*(("x", name) for name in NAMES), ("y", "y::chunk 1"))


def test_chunks_say_where_they_stand(graph: Make) -> None:
    made = graph(x=PAGE)
    made.pytester.makeconftest(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        print(item.location)\n"
    )
    said = made.pytest("notes", "--collect-only", "-q", "-s")
    assert "('notes/pages/x.md', 1, '3.6 chunk 1')" in said.out  # lines count from 0 here
    assert "('notes/pages/x.md', 8, '3.6 chunk 2')" in said.out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["notes"], NAMES),
        (["notes/pages"], NAMES),
        (["notes/pages/x.md"], NAMES),
        (["notes/pages/../pages/x.md"], NAMES),
        (["notes/pages/x.md::3.6"], NAMES[:2]),
        (["notes/pages/x.md::3.6::chunk 2"], NAMES[1:2]),
        ([], []),
        (["."], []),
        ([".", "--tangle"], NAMES),
        ([".", "-o", "tangle=true"], NAMES),
        (["-o", "tangle=true"], NAMES),
        (["notes", "-p", "no:tangle"], []),
    ],
    ids=" ".join,
)
def test_what_decides(graph: Make, arguments: list[str], found: list[str]) -> None:
    said = graph(x=PAGE).pytest(*arguments, "--collect-only", "-q")
    assert said.names == names(*(("x", name) for name in found))
    assert said.code == (0 if found else 5)


def test_in_the_graph_plain_pytest_collects_nothing_of_it(graph: Make) -> None:
    made = graph(x=PAGE)
    made.pytester.chdir()
    inside = made.folder
    said = made.pytester.run("sh", "-c", f"cd {inside} && exec python -m pytest -q -p no:xdist")
    assert said.ret == 5


def test_testpaths_can_name_the_notes(graph: Make) -> None:
    made = graph(x=PAGE)
    made.pytester.makeini("[pytest]\ntestpaths = notes\n")
    assert made.pytest("--collect-only", "-q").names == names(*(("x", name) for name in NAMES))


def test_the_configured_graph(graph: Make) -> None:
    made = graph(x=PAGE)
    (made.folder / "tangle.toml").unlink()
    (made.pytester.path / "tangle.toml").write_text('graph = "notes"\nbook = ["**"]\n')
    made.pytester.makepyfile("def test_other():\n    pass\n")
    said = made.pytest("--tangle", "--collect-only", "-q")
    assert said.names == names(*(("x", name) for name in NAMES))
    assert "test_other" not in said.out


def test_tests_and_notes_together(graph: Make) -> None:
    made = graph(x=PAGE)
    made.pytester.makepyfile("def test_other():\n    pass\n")
    said = made.pytest("-v", "-o", "tangle=true")
    assert "4 passed" in said.out


def test_a_section_that_goes_on_on_another_page(graph: Make) -> None:
    made = graph(a=section("3.6.2", "x"), b=section("3.6.1", "x = 1"))
    said = made.pytest("notes", "-v")
    assert said.outcomes == ["passed 3.6::chunk 2", "passed 3.6::chunk 1"]


def test_names_that_mean_something_to_pytest(graph: Make) -> None:
    made = graph(x="title:: C++::x [1]\n\n- ```python\n  1\n  ```\n")
    (name,) = made.pytest("notes", "--collect-only", "-q").names
    assert name == "notes/pages/x.md::C++:x (1)::chunk 1"
    assert "1 passed" in made.pytest(name).out


@pytest.mark.parametrize(
    ("words", "found"),
    [("chunk2", NAMES[1:2]), ("3.7", NAMES[2:]), ("words", NAMES[2:]), ("x.md", NAMES)],
)
def test_words_that_choose(graph: Make, words: str, found: list[str]) -> None:
    text = PAGE.replace("3.7. A section", "3.7. Other words")
    said = graph(x=text).pytest("notes", "--collect-only", "-q", "-k", words)
    assert said.names == names(*(("x", name) for name in found))


# --- what cannot be collected ---------------------------------------------------------------------


def test_a_page_outside_any_graph(graph: Make) -> None:
    made = graph(x=PAGE)
    (made.pytester.path / "alone.md").write_text(PAGE)
    said = made.pytest("alone.md")
    assert said.code == 2
    assert "this page is in no Logseq graph" in said.out
    assert "Traceback" not in said.out


def test_a_page_that_is_no_text_is_reported_and_others_are_collected(graph: Make) -> None:
    made = graph(x=PAGE)
    (made.folder / "pages" / "bad.md").write_bytes(b"- a\n- \xff\n")
    said = made.pytest("notes", "--continue-on-collection-errors")
    assert said.code == 1
    assert "notes/pages/bad.md:2:" in said.out or "pages/bad.md:2:" in said.out
    assert "3 passed, 1 error" in said.out
    assert "Traceback" not in said.out


def test_a_configuration_that_is_wrong(graph: Make) -> None:
    made = graph(x=PAGE)
    (made.folder / "tangle.toml").unlink()
    (made.pytester.path / "tangle.toml").write_text('graph = "notes"\ncolour = 1\n')
    said = made.pytest("notes")
    assert said.code == 2
    assert "unknown option 'colour'" in said.out
    assert "INTERNALERROR" not in said.out + said.err


def test_no_graph_to_be_configured(graph: Make) -> None:
    made = graph(x=PAGE)
    said = made.pytest("--tangle")
    assert said.code == 4
    assert "there is no Logseq graph here" in said.err


def test_a_device_that_is_none(graph: Make) -> None:
    said = graph(x=PAGE).pytest("notes", "--tangle-device", "abacus")
    assert said.code == 4
    assert "'abacus' is not one of auto, cpu" in said.err


def test_what_logseq_keeps_for_itself_is_no_page(graph: Make) -> None:
    made = graph(x=PAGE)
    (made.folder / "logseq" / "bak").mkdir()
    (made.folder / "logseq" / "bak" / "x.md").write_text(PAGE)
    assert made.pytest("notes", "--collect-only", "-q").names == names(
        *(("x", name) for name in NAMES)
    )


# --- chunks by name -------------------------------------------------------------------------------

NAMED = "- # One\n\t- ```python\n\t  1\n\t  ```\n- # Two\n\t- ```python\n\t  2\n\t  ```\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--tangle-select", "My page"], ["My page::chunk 1", "My page::chunk 2"]),
        (["--tangle-select", "My page#One"], ["My page::chunk 1"]),
        (["--tangle-select", "My page:6"], ["My page::chunk 2"]),
        (["--tangle-select", "my", "--tangle-select", "3.6", "-k", "not chunk2"], None),
        (["notes", "--tangle-select", "My page:2"], ["My page::chunk 1"]),
    ],
)
def test_chunks_are_named_as_for_run(
    graph: Make, arguments: list[str], found: list[str] | None
) -> None:
    made = graph(**{"My page": NAMED, "x": PAGE, "other": NAMED})
    (made.pytester.path / "tangle.toml").write_text('graph = "notes"\n')
    said = made.pytest(*arguments, "--collect-only", "-q")
    assert said.code == 0
    tests = [line.partition("::")[2] for line in said.out.split("\n") if "::" in line]
    if found is None:
        assert "My page::chunk 1" in tests
        assert any(test.startswith("3.6::") for test in tests)
    else:
        assert tests == found


def test_a_name_that_names_nothing(graph: Make) -> None:
    made = graph(**{"My page": NAMED})
    (made.pytester.path / "tangle.toml").write_text('graph = "notes"\n')
    for arguments in (["--tangle-select", "My paeg"], ["notes", "--tangle-select", "My paeg"]):
        said = made.pytest(*arguments)
        assert said.code == 4
        sentence = "--tangle-select: no section or page 'My paeg'; did you mean 'My page'?"
        assert sentence in said.err + said.out
