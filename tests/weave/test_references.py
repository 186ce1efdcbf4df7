"""References, embeds and backlinks: what they show, and that none grows without bound."""

from __future__ import annotations

import uuid

from tangle.model import PagePath
from tangle.weave.graph import concepts
from tangle.weave.pages import beside, chapters, concept_view, page_view, site_view
from tangle.weave.templates import render_page
from tests.weave.checking import read_html
from tests.weave.woven import ID, OTHER, html, path_of, site


def name(number: int) -> str:
    return str(uuid.UUID(int=(4 << 76) | (8 << 60) | number))


def words(text: str) -> str:
    return "".join(read_html(text).words)


def test_a_reference_follows_references_but_not_round_in_a_circle() -> None:
    found = html(
        site(
            {
                "a": f"- see (({ID}))",
                "b": f"- one (({OTHER}))\n  id:: {ID}\n- two (({ID}))\n  id:: {OTHER}",
            }
        )
    )
    assert "see one two one" in words(found)
    assert words(found).count("one") == 2


def test_no_link_is_in_a_link() -> None:
    found = html(
        site(
            {
                "a": f"- (({ID})) [[[b]]](((({ID}))))",
                "b": f"- [[c]] #d <a href=x>e</a>\n  id:: {ID}",
            }
        )
    )
    assert not read_html(found).faults


def test_a_web_of_references_stays_small() -> None:
    lines = [
        f"- block {number} "
        + " ".join(f"(({name((number * 7 + at) % 50)}))" for at in range(50))
        + f"\n  id:: {name(number)}"
        for number in range(50)
    ]
    found = html(site({"a": "\n".join(lines)}))
    assert not read_html(found).faults
    assert len(found) < 2500 * 2000  # 2,500 references, of a bounded number of words each


def test_a_long_block_is_cut_where_it_is_referred_to() -> None:
    found = html(site({"a": f"- (({ID}))", "b": f"- {'word ' * 1000}\n  id:: {ID}"}))
    assert len(found) < 1000
    assert "…" in words(found)


def test_embeds_in_a_circle_end_with_a_link() -> None:
    found = html(site({"a": "- {{embed [[b]]}}", "b": "- of b\n- {{embed [[a]]}}"}))
    assert words(found).count("of b") == 1
    assert "blocks that show one another" in words(found)


def test_a_block_that_shows_itself_does_so_once() -> None:
    found = html(site({"a": f"- x\n  id:: {ID}\n\t- {{{{embed (({ID}))}}}}"}))
    assert words(found).count("x") == 2


def test_embeds_that_double_at_each_step_are_cut_off() -> None:
    lines = [
        f"- n {{{{embed (({name(at + 1)}))}}}} {{{{embed (({name(at + 1)}))}}}}\n  id:: {name(at)}"
        for at in range(30)
    ]
    found = html(site({"a": "\n".join(lines)}))
    assert not read_html(found).faults
    assert len(found) < 4_000_000
    assert "shows too much of others" in words(found)


def test_a_reference_that_stands_alone_shows_the_code_of_its_block() -> None:
    found = html(site({"a": f"- (({ID}))", "b": f"- ```js\n  let x\n  ```\n  id:: {ID}"}))
    assert "let" in words(found)
    assert "<figure" in found


def test_backlinks_show_the_blocks_that_name_a_page() -> None:
    core = site(
        {
            "a": "alias:: First\n\n- own [[a]]",
            "b": "- one [[A]] here\n- none\n- two #first",
            "c": f"tags:: a\n\n- (({ID})) of d",
            "d": f"- in d\n  id:: {ID}",
        }
    )
    (b, c) = page_view(core, path_of("a")).backlinks
    assert [b.page.text, c.page.text] == ["b", "c"]
    assert [str(text) for _, text in b.blocks] == ["one A here", "two #first"]
    assert all(link.href.startswith("b.html#b-") for link, _ in b.blocks)
    assert [(link.href, str(text)) for link, text in c.blocks] == [("c.html", "tags: a")]
    (other,) = page_view(core, path_of("d")).backlinks
    assert [str(text) for _, text in other.blocks] == ["in d of d"]


def test_backlinks_are_counted_where_there_are_too_many() -> None:
    pages = {f"p{number:03}": "- [[hub]]" for number in range(120)}
    pages |= {"many": "\n".join(["- [[hub]]"] * 50)}
    core = site(pages)
    view = concept_view(core, "hub.html")
    assert (len(view.backlinks), view.more_backlinks) == (100, 21)
    many = next(entry for entry in view.backlinks if entry.page.text == "many")
    assert (len(many.blocks), many.more) == (20, 30)
    text = render_page(view, site_view(core, ""))
    for said in ("113 more pages", "21 more pages", "30 more blocks"):
        assert text.count(f">{said}<") == 1


def test_a_concept_that_is_only_named_has_a_page() -> None:
    core = site({"a": "- [[New idea]] and #other"})
    assert concepts(core, "") == {"New-idea.html": "New idea", "other.html": "other"}
    view = concept_view(core, "New-idea.html")
    assert (view.title, str(view.content)) == ("New idea", "")
    assert [entry.page.text for entry in view.backlinks] == ["a"]


def test_days_of_the_journal_follow_each_other() -> None:
    core = site(dict.fromkeys(("2024_05_01", "2024_05_03", "2024_04_30", "other"), "- x"))
    before, after = beside(core, path_of("2024_05_01"))
    assert (before and before.href, after and after.href) == (
        "journals/2024-04-30.html",
        "journals/2024-05-03.html",
    )
    assert page_view(core, path_of("2024_05_03")).root == "../"
    assert beside(core, path_of("other")) == (None, None)


BOOK = (
    "- # 3. Nets\n\t- ## 3.1. One\n\t\t- ```python\n\t\t  def f(): ... #@save\n\t\t  ```\n"
    "\t- ## 3.2. Two\n"
)


def test_a_book_is_read_in_the_order_of_its_numbers() -> None:
    core = site({"z": BOOK, "y": BOOK.replace("3.", "4.").replace("def f", "def g"), "x": "- x"})
    three, four = chapters(core, "")
    assert (three.link.href, four.link.href) == ("z.html", "y.html")
    (top,) = three.parts
    assert (top.number, [part.number for part in top.parts]) == ("3", ["3.1", "3.2"])
    ids = read_html(html(core, "z")).ids
    assert [part.link.href.partition("#")[2] in ids for part in top.parts] == [True, True]
    assert beside(core, PagePath("pages/z.md"))[1] == four.link


def test_a_chapter_says_its_title_once() -> None:
    core = site({"Nets": "- # 3. Nets\n  what follows" + BOOK.removeprefix("- # 3. Nets")})
    view = page_view(core, path_of("Nets"))
    assert (view.title, view.number) == ("Nets", "3")
    assert [entry.text for entry in view.toc] == ["3.1. One", "3.2. Two"]
    assert "what follows" in words(str(view.content))
    assert "<h2>3. Nets</h2>" not in view.content
    (chapter,) = chapters(core, "")
    assert (chapter.number, [part.number for part in chapter.parts]) == ("3", ["3.1", "3.2"])
