"""Which pages are in the site, and that nothing of the others is."""

from __future__ import annotations

import pytest

from tangle.link import GraphConfig, graph_config
from tangle.weave.graph import concepts, href_of_title, woven_pages
from tangle.weave.pages import page_view
from tangle.weave.searchable import search_entries
from tests.weave.woven import ID, html, path_of, site

PAGES = {
    "open": f"public:: true\n\n- see [[closed]], (({ID})) and {{{{embed [[closed]]}}}}",
    "closed": f"public:: false\n\n- a secret [[hidden idea]] [[open]]\n  id:: {ID}",
    "unsaid": "- nothing said",
}


@pytest.mark.parametrize(
    ("edn", "woven"),
    [
        ("{}", {"open"}),
        ("{:publishing/all-pages-public? false}", {"open"}),
        ("{:publishing/all-pages-public? true}", {"open", "unsaid"}),
    ],
)
def test_the_pages_that_the_graph_makes_public(edn: str, woven: set[str]) -> None:
    core = site(PAGES, config=graph_config(edn)[0])
    assert set(woven_pages(core, "")) == {path_of(name) for name in woven}


def test_a_graph_that_says_nothing_is_woven_whole() -> None:
    core = site({"a": "- x", "b": "public:: false\n\n- y"})
    assert woven_pages(core, "") == (path_of("a"),)
    assert len(woven_pages(site({"a": "- x", "b": "- y"}), "")) == 2


def test_a_graph_in_which_only_the_configuration_speaks_publishes_nothing() -> None:
    config, _ = graph_config("{:publishing/all-pages-public? false}")
    assert woven_pages(site({"a": "- x"}, config=config), "") == ()


def test_excluded_pages_are_not_woven() -> None:
    core = site({"a": "- x", "b": "- y"}, config=GraphConfig(exclude=("pages/b.md",)))
    assert woven_pages(core, "") == (path_of("a"),)


def test_nothing_of_a_page_that_is_not_public_is_shown() -> None:
    core = site(PAGES)
    found = html(core, "open")
    assert "secret" not in found
    assert '<span class="page-link">closed</span>' in found
    assert 'class="broken"' in found
    assert page_view(core, path_of("open")).backlinks == ()
    assert href_of_title(core, "closed") is None
    assert concepts(core, "") == {}


SOLVED = (
    f"- exercise\n\t- the answer [[a]]\n\t  tangle.solution:: yes\n\t  id:: {ID}\n"
    f"\t\t- below\n- (({ID}))"
)


def test_a_solution_is_folded() -> None:
    found = html(site({"a": SOLVED}))
    assert '<details class="fold solution"><summary>Solution</summary>' in found
    assert "the answer" in found


def test_the_edition_for_students_has_no_solutions() -> None:
    core = site({"a": SOLVED, "b": "tangle.solution:: yes\n\n- the answer"}, student=True)
    assert woven_pages(core, "") == (path_of("a"),)
    shown = html(core) + repr(search_entries(core, path_of("a")))
    assert "exercise" in shown
    assert "answer" not in shown
    assert "below" not in shown
