"""What is taken from `config.edn`, and what is made of one that is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.link import GraphConfig, graph_config


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("{}", GraphConfig()),
        ('{:meta/version 1 :pages-directory "notes" :preferred-format "Markdown"}', GraphConfig()),
        ("{:file/name-format :triple-lowbar}", GraphConfig(name_format="triple-lowbar")),
        ("{:file/name-format :legacy}", GraphConfig()),
        ("{:file/name-format nil}", GraphConfig()),
        ('\ufeff;; words\n{:hidden ["/a" "b.md"]}', GraphConfig(hidden=("/a", "b.md"))),
        ('{:hidden #{"c" "a" "b"}}', GraphConfig(hidden=("a", "b", "c"))),
        ('{:hidden ["" " " 3 nil "x"]}', GraphConfig(hidden=("x",))),
        ('{:hidden "x"}', GraphConfig()),
        ("{:hidden 3}", GraphConfig()),
        ("{:export/bullet-indentation :four-spaces}", GraphConfig(unit="    ")),
        ("{:export/bullet-indentation :odd}", GraphConfig()),
        ("{:block/content-max-length 5000}", GraphConfig(block_limit=5000)),
        ("{:block/content-max-length -1}", GraphConfig()),
        ('{:block/content-max-length "9"}', GraphConfig()),
        ("{:a #_ 1 2, :hidden #_ x []}", GraphConfig()),
        ('{:a 1 ; one\r\n :hidden ["/a\\u0062"]}\r\n', GraphConfig(hidden=("/ab",))),
        ('{:journal/page-title-format "yyyy/MM/dd"}', GraphConfig(journal_format="yyyy/MM/dd")),
        ("{:journal/page-title-format :day}", GraphConfig()),
    ],
)
def test_what_is_taken(text: str, config: GraphConfig) -> None:
    assert graph_config(text) == (config, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "}",
        "[1]",
        "{:a}",
        "{:a #foo {}}",
        '{:a #inst "x"}',
        '{:a #uuid "x"}',
        "{:a 1/0}",
        '{:a #"re"}',
        "\x00",
        "[" * 3000,
    ],
)
def test_a_broken_file_gives_the_defaults_and_a_warning(text: str) -> None:
    config, problems = graph_config(text)
    assert config == GraphConfig()
    (problem,) = problems
    assert (problem.code, problem.severity) == ("unreadable-config", "warning")
    assert str(problem.place) == "logseq/config.edn:1:1"
    assert problem.hint
    assert "\n" not in problem.message


def test_the_warning_names_the_line() -> None:
    _, (problem,) = graph_config("{:a 1\n :b [}\n")
    assert str(problem.place) == "logseq/config.edn:2:1"
    assert "closes nothing" in problem.message


@given(st.text(alphabet='{}[]()#_:;"\\^@1/. abnil', max_size=30))
def test_any_text_gives_a_configuration(text: str) -> None:
    config, _ = graph_config(text)
    assert config.name_format in {"legacy", "triple-lowbar"}
