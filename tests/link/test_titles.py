"""Titles from file names, in both of Logseq's formats."""

from __future__ import annotations

from typing import Literal

import pytest

from tangle.link import GraphConfig, title_from_path, title_key
from tangle.model import PagePath

from .graphs import graph


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("pages/a.md", "a"),
        ("pages/a___b.md", "a/b"),
        ("pages/CON___.md", "CON"),
        ("pages/___.md", "___"),
        ("pages/a.b.md", "a.b"),
        ("pages/a.markdown", "a"),
        ("pages/what%3F.md", "what?"),
        ("pages/%E4%BD%A0.md", "%E4%BD%A0"),
        ("pages/50%.md", "50%"),
        ("journals/2023_07_01.md", "2023_07_01"),
        ("pages/动手学.md", "动手学"),
    ],
)
def test_triple_lowbar(path: str, title: str) -> None:
    assert title_from_path(PagePath(path), "triple-lowbar") == title


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("pages/a.md", "a"),
        ("pages/a.b.md", "a/b"),
        ("pages/a___b.md", "a___b"),
        ("pages/%E4%BD%A0.md", "你"),
        ("pages/a%2Eb.md", "a.b"),
        ("pages/%FF.md", "\ufffd"),
    ],
)
def test_legacy(path: str, title: str) -> None:
    assert title_from_path(PagePath(path), "legacy") == title


def test_one_title_in_other_letters() -> None:
    assert title_key("Résumé") == title_key("RE\u0301SUME\u0301")
    assert title_key("a") != title_key("b")


@pytest.mark.parametrize(("name_format", "title"), [("legacy", "a___b"), ("triple-lowbar", "a/b")])
def test_a_graph_has_the_titles_of_its_format(
    name_format: Literal["legacy", "triple-lowbar"], title: str
) -> None:
    notes = {"pages/a___b.md": "- x\n", "pages/c.md": "title:: T\n\n- x\n"}
    linked = graph(notes, GraphConfig(name_format=name_format))
    assert linked.titles == {"pages/a___b.md": title, "pages/c.md": "T"}
