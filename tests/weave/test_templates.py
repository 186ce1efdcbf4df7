"""Pages of the site as HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest
from markupsafe import Markup

from tangle.weave.templates import (
    render_all_pages,
    render_home,
    render_page,
    render_search,
    static_files,
)
from tangle.weave.views import (
    Backlinks,
    Chapter,
    HomeView,
    Link,
    Listed,
    PageView,
    TocEntry,
)
from tangle.weave.words import CHINESE, CHINESE_SCRIPT, ENGLISH, ENGLISH_SCRIPT, words
from tests.weave.checking import read_html
from tests.weave.sample import home, pages, plain, site, softmax


class Tags:
    """The elements of a page, by name and attributes."""

    def __init__(self, text: str) -> None:
        self.read = read_html(text)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [
            found
            for name, found in self.read.elements
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]


def every_page() -> list[str]:
    return [
        *(render_page(page, site()) for page in pages()),
        render_home(home(), site()),
        render_all_pages([Listed(link=Link(href="a.html", text="a"))], site()),
        render_search(site()),
    ]


@pytest.mark.parametrize("number", range(len(every_page())))
def test_elements_are_closed_and_ids_are_distinct(number: int) -> None:
    tags = Tags(every_page()[number])
    assert tags.read.faults == []
    assert len(tags.all("h1")) == 1
    assert tags.all("html", lang="zh-CN")
    assert tags.all("a", href="#main", **{"class": "skip"})
    assert tags.all("main", id="main")
    assert tags.all("meta", **{"http-equiv": "Content-Security-Policy"})


def test_no_page_holds_script_of_its_own() -> None:
    for text in every_page():
        tags = Tags(text)
        assert all("src" in found for found in tags.all("script"))
        assert not any(name.startswith("on") for _, found in tags.read.elements for name in found)


def test_links_lead_from_the_folder_of_the_page() -> None:
    deep = Tags(render_page(plain("a/b/c.html", "c", "text"), site()))
    sheets = [found["href"] for found in deep.all("link", rel="stylesheet")]
    assert sheets == ["../../static/site.css?abc"]
    assert [found["src"] for found in deep.all("script")] == [
        "../../static/theme.js?abc",
        "../../static/site.js?abc",
    ]
    assert deep.all("a", href="../../引言.html")


def test_a_page_that_is_called_like_a_scheme_is_a_page() -> None:
    view = replace(
        plain("x.html", "x", "text"), next=Link(href="javascript:alert(1).html", text="x")
    )
    assert 'href="./javascript:alert(1).html"' in render_page(view, site())


def test_text_is_escaped_and_content_is_not() -> None:
    view = plain("x.html", "<script>alert(1)</script>", "a < b", "<i>")
    view = replace(
        view,
        description='"><script>',
        downloads=(Link(href='"onclick="x', text="<b>"),),
        properties=(("<u>", Markup("<em>kept</em>")),),
        toc=(TocEntry(anchor='"x', text="<s>", level=1), TocEntry(anchor="b", text="b", level=1)),
        backlinks=(
            Backlinks(
                page=Link(href="y", text="<q>"),
                blocks=((Link(href="z", text="<p>"), Markup("<em>")),),
            ),
        ),
    )
    text = render_page(view, replace(site(), title="</title><script>", base='https://x/"><script>'))
    assert not re.search(r"<script(?! src=)|<(?:b|u|s|q|i)>|\"onclick", text)
    assert "<em>kept</em>" in text


def test_the_scripts_words_cannot_leave_their_attribute() -> None:
    text = render_search(site("en"))
    attribute = Tags(text).all("body")[0]["data-words"]
    assert '"search_failed":"The search index could not be loaded."' in attribute


def test_the_navigation_shows_the_place_in_the_book() -> None:
    tags = Tags(render_page(softmax(), site()))
    assert [found["href"] for found in tags.all("a", **{"aria-current": "page"})] == [
        "../线性/softmax.html"
    ]
    # The parts of a chapter are listed only on pages of that chapter.
    assert tags.all("a", href="../线性/回归.html")
    other = Tags(render_page(plain("引言.html", "引言", "text"), site()))
    assert not other.all("a", href="./线性/回归.html")


def chapter(href: str, text: str, number: str = "", *parts: Chapter) -> Chapter:
    return Chapter(link=Link(href=href, text=text), number=number, parts=parts)


def test_a_chapter_on_one_page_is_listed_once_with_its_number_and_sections() -> None:
    subsections = chapter(
        "a.html#s", "first section", "3.1", chapter("a.html#t", "detail", "3.1.1")
    )
    book = replace(
        site(),
        chapters=(
            chapter("a.html", "linear", "", chapter("a.html#c", "Linear", "3", subsections)),
        ),
    )
    for text in (render_home(HomeView(), book), render_page(plain("a.html", "x", "t"), book)):
        entries = re.findall(r'<span class="number">([\d.]+)</span> ([^<]+)</a>', text)
        assert list(dict.fromkeys(entries)) == [("3", "linear"), ("3.1", "first section")]


def test_sections_that_are_pages_may_be_at_any_depth() -> None:
    deep = chapter(
        "p.html", "part", "I", chapter("c.html", "chap", "1", chapter("s.html", "sect", "1.1"))
    )
    book = replace(site(), chapters=(deep,))
    text = render_page(plain("s.html", "x", "t"), book)
    assert re.findall(r"</span> (\w+)</a>", text) == ["part", "chap", "sect"]


def test_the_navigation_of_a_long_book_shows_the_part_around_the_page() -> None:
    chapters = tuple(
        Chapter(link=Link(href=f"{n}.html", text=f"chapter {n}"), number=str(n))
        for n in range(2000)
    )
    long = replace(site(), chapters=chapters)
    text = render_page(plain("1000.html", "x", "text"), long)
    shown = [int(n) for n in re.findall(r"chapter (\d+)</a>", text)]
    assert shown == list(range(980, 1020))
    assert (
        re.findall(r"chapter (\d+)</a>", render_page(plain("1999.html", "x", "t"), long))[-1]
        == "1999"
    )
    assert len(text) < 100_000
    listed = render_home(HomeView(), long).partition("data-progress")[2]
    assert len(re.findall("chapter \\d+</a>", listed)) == 2000


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ([2, 3, 4, 5], [1, 2, 3]),
        ([1, *[2, 3, 3] * 20], [1, *[2] * 20]),
        ([1, *[2] * 60], [1, *[2] * 60]),
        ([*[1, 2] * 30], [1] * 30),
    ],
    ids=["from the outermost", "a level less", "one title", "two levels"],
)
def test_the_contents_show_the_levels_that_fit(levels: list[int], shown: list[int]) -> None:
    toc = tuple(
        TocEntry(anchor=f"h{n}", text=f"h{n}", level=level) for n, level in enumerate(levels)
    )
    text = render_page(replace(softmax(), toc=toc), site())
    assert [int(level) for level in re.findall(r'class="level-(\d)"', text)] == shown


def test_a_base_address_gives_canonical_and_social_metadata() -> None:
    based = replace(site(), base="https://example.org/notes/")
    tags = Tags(render_page(replace(softmax(), card="cards/3.4.png"), based))
    assert tags.all("link", rel="canonical", href="https://example.org/notes/线性/softmax.html")
    assert tags.all("meta", property="og:image", content="https://example.org/notes/cards/3.4.png")
    assert tags.all("meta", name="description")
    plain_tags = Tags(render_page(softmax(), site()))
    assert not plain_tags.all("link", rel="canonical")
    assert not [found for found in plain_tags.all("meta") if "property" in found]


def test_features_bring_their_files() -> None:
    with_formulas = replace(softmax(), features=frozenset({"formulas", "mermaid"}))
    text = render_page(with_formulas, site())
    assert "static/katex/katex.min.css" in text
    assert "static/mermaid/mermaid.min.js" in text
    assert "katex" not in render_page(softmax(), site())


def test_a_style_of_the_user_comes_after_the_sites() -> None:
    tags = Tags(render_page(softmax(), replace(site(), styles=("static/custom.css",))))
    sheets = [found["href"] for found in tags.all("link", rel="stylesheet")]
    assert sheets == ["../static/site.css?abc", "../static/custom.css?abc"]


def test_many_backlinks_fold() -> None:
    group = softmax().backlinks[0]
    text = render_page(replace(softmax(), backlinks=(group,) * 20), site())
    assert "另外 12 页" in text
    assert text.count('class="backlink"') == 20


def test_the_list_of_pages_is_by_letters() -> None:
    names = ("banana", "Ähre", "apple", "交叉熵", "42", "Zebra")
    listed = [Listed(link=Link(href=f"{name}.html", text=name)) for name in names]
    text = render_all_pages(listed, site("en"))
    assert re.findall("<h2>(.*?)</h2>", text) == ["A", "B", "Z", "Other"]
    assert re.findall('page-link" href="./(.*?).html', text) == [
        "Ähre",
        "apple",
        "banana",
        "Zebra",
        "交叉熵",
        "42",
    ]


def test_days_are_written_in_the_language() -> None:
    view = HomeView(journals=(Listed(link=Link(href="a.html", text="a"), day=date(2024, 5, 1)),))
    assert "2024 年 5 月 1 日" in render_home(view, site())
    assert "1 May 2024" in render_home(view, site("en"))


def test_a_page_without_text_says_so() -> None:
    empty = PageView(href="a.html", title="a", content=Markup(""))
    assert "This page has no text yet." in render_page(empty, site("en"))


def test_the_frame_of_a_page_is_small() -> None:
    assert len(render_page(plain("a.html", "a", ""), site()).encode()) < 5_000
    assert sum(map(len, static_files().values())) < 80_000


def test_both_languages_have_all_words() -> None:
    assert words("zh-Hans") is CHINESE
    assert words("zh") is CHINESE
    assert words("en-GB") is words("de") is ENGLISH
    for ours, theirs in ((ENGLISH, CHINESE), (ENGLISH_SCRIPT, CHINESE_SCRIPT)):
        assert ours.keys() == theirs.keys()
        for name in ours:
            assert ours[name] != theirs[name], name
            assert ours[name].count("{}") == theirs[name].count("{}"), name


def test_every_word_is_shown_somewhere() -> None:
    folder = resources.files("tangle.weave")
    shown = "".join(
        file.read_text(encoding="utf-8")
        for part in ("templates", "static")
        for file in (folder / part).iterdir()
        if file.name.endswith((".html", ".js"))
    ) + (folder / "templates.py").read_text(encoding="utf-8")
    for name in ENGLISH:
        assert re.search(rf"\bwords(\.|\(site\.language\)\[\"){name}\b", shown), name
    for name in ENGLISH_SCRIPT:
        assert f"words.{name}" in shown or name.startswith("theme_"), name


# --- the theme -----------------------------------------------------------------------------------


def luminance(color: str) -> float:
    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colors_can_be_read_on_their_background(scheme: int) -> None:
    style = static_files()["site.css"].decode()
    colors = {
        name: pair[scheme]
        for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    }
    code = [name for name in colors if name.startswith("hl-")]
    assert len(code) == 8
    on = {
        "code-paper": [*code, "ink", "ink-soft", "good", "warn", "bad"],
        "paper": ["ink", "ink-soft", "accent", "good", "warn", "bad"],
        "raised": ["ink", "ink-soft", "accent"],
        "accent-soft": ["ink", "accent", "ink-soft"],
        "marked": ["ink"],
        "bad-soft": ["ink", "bad"],
        "warn-soft": ["ink", "warn"],
        "good-soft": ["ink", "good"],
    }
    for ground, names in on.items():
        for name in names:
            assert contrast(colors[name], colors[ground]) >= 4.5, (name, ground)


def test_every_property_of_the_theme_is_set_and_used() -> None:
    style = static_files()["site.css"].decode()
    used = set(re.findall(r"var\(--([\w-]+)", style))
    assert used == set(re.findall(r"--([\w-]+):", style))


def test_the_kinds_of_pygments_that_have_a_color_exist() -> None:
    from pygments.token import STANDARD_TYPES

    style = static_files()["site.css"].decode()
    colored = style.partition(".hll")[2].partition("/* --- after")[0]
    classes = set(re.findall(r"\.([a-z]+\d?)\b(?=[^{}]*\{)", colored)) - {"hll"}
    assert len(classes) > 40
    assert classes <= set(STANDARD_TYPES.values())
