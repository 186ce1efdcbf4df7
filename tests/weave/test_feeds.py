"""What a published site offers to programs: the feed, the list of pages, and pictures."""

from __future__ import annotations

import io
import itertools
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tangle.weave.cards import Card, draw, is_drawable
from tangle.weave.feeds import FeedEntry, absolute, feed, robots, sitemaps

BASE = "https://notes.example/book/"
ATOM = "{http://www.w3.org/2005/Atom}"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def parsed(*entries: FeedEntry, title: str = "Notes") -> ET.Element:
    return ET.fromstring(feed(title, BASE, "en", entries))


def texts(element: ET.Element, name: str) -> list[str]:
    return [found.text or "" for found in element.findall(f"{ATOM}{name}")]


FIRST = FeedEntry(href="journals/2024-05-01.html", title="May 1st", day=date(2024, 5, 1))
SECOND = FeedEntry(
    href="journals/2024-05-02.html",
    title="五月 & <2>",
    day=date(2024, 5, 2),
    summary="a ]]> b \x00 \ufffe",
    html='<p class="x">a &amp; b</p>',
)


def test_a_feed_has_what_rfc_4287_requires() -> None:
    root = parsed(SECOND, FIRST)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(texts(root, name)) == 1
    assert texts(root, "updated") == ["2024-05-02T00:00:00Z"]
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE}feed.xml", "alternate": BASE}
    entries = root.findall(f"{ATOM}entry")
    assert [texts(entry, "id") for entry in entries] == [
        [f"{BASE}journals/2024-05-02.html"],
        [f"{BASE}journals/2024-05-01.html"],
    ]
    for entry in entries:
        assert len(texts(entry, "title")) == len(texts(entry, "updated")) == 1
        assert len(texts(entry, "summary")) == 1


def test_texts_of_a_feed_are_what_the_notes_say() -> None:
    (entry,) = parsed(SECOND, title="a < b").findall(f"{ATOM}entry")
    assert texts(entry, "title") == ["五月 & <2>"]
    assert texts(entry, "summary") == ["a ]]> b  "]
    assert texts(entry, "content") == ['<p class="x">a &amp; b</p>']


def test_a_feed_is_the_same_each_time() -> None:
    assert feed("a", BASE, "en", [FIRST]) == feed("a", BASE, "en", [FIRST])


@pytest.mark.parametrize(
    ("base", "href", "address"),
    [
        (BASE, "交叉熵.html", f"{BASE}%E4%BA%A4%E5%8F%89%E7%86%B5.html"),
        (BASE, "a b.html", f"{BASE}a%20b.html"),
        (BASE, "50%.html", f"{BASE}50%25.html"),
        (BASE, "C#.html", f"{BASE}C%23.html"),
        (BASE, "", BASE),
        ("https://笔记.example/", "a.html", "https://xn--uvz335a.example/a.html"),
        ("https://a.example/%E4%BA%A4/", "a.html", "https://a.example/%E4%BA%A4/a.html"),
        ("http://localhost:8000/", "a.html", "http://localhost:8000/a.html"),
    ],
)
def test_addresses_are_absolute_and_ascii(base: str, href: str, address: str) -> None:
    assert absolute(base, href) == address


def test_a_site_map_lists_the_pages() -> None:
    (data,) = sitemaps(BASE, ["", "a&b.html", "交.html"]).values()
    assert [found.text for found in ET.fromstring(data).iter(LOC)] == [
        BASE,
        f"{BASE}a&b.html",
        f"{BASE}%E4%BA%A4.html",
    ]


def test_a_large_site_map_is_divided() -> None:
    hrefs = [f"{number}.html" for number in range(50_001)]
    files = sitemaps(BASE, hrefs)
    assert list(files) == ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]
    found = {name: list(ET.fromstring(data).iter(LOC)) for name, data in files.items()}
    assert [len(locs) for locs in found.values()] == [2, 50_000, 1]
    assert found["sitemap.xml"][0].text == f"{BASE}sitemap-1.xml"


def test_rules_for_robots_are_at_the_root_of_a_host_only() -> None:
    assert robots(BASE) is None
    assert b"Sitemap: https://a.example/sitemap.xml\n" in (robots("https://a.example/") or b"")


@pytest.mark.parametrize(
    ("text", "latin", "wide"),
    [
        ("Cross entropy – “loss”", True, True),
        ("Größe", True, True),
        ("交叉熵 loss，", False, True),
        ("Ключ", False, False),
        ("🎉", False, False),
    ],
)
def test_a_title_is_drawn_only_with_a_font_that_has_its_letters(
    text: str, latin: bool, wide: bool
) -> None:
    assert is_drawable(text, wide=False) is latin
    assert is_drawable(text, wide=True) is wide


@pytest.mark.parametrize(
    "title", ["Softmax", "A title " * 30, "W" * 300, "", "a\nb", "Long words " + "x" * 80]
)
def test_a_picture_has_the_size_that_networks_ask_for(title: str) -> None:
    card = Card(title=title, site="Notes", number="3.6")
    picture = Image.open(io.BytesIO(draw(card)))
    assert picture.size == (1200, 630)
    assert draw(card) == draw(card)
    # Nothing is drawn over the edge: the outer columns and rows are paper.
    edges = itertools.chain(
        (picture.getpixel((1199, y)) for y in range(630)),
        (picture.getpixel((x, 629)) for x in range(20, 1200)),
    )
    assert set(edges) == {(250, 249, 246)}


def test_pictures_say_the_number() -> None:
    assert draw(Card(title="a", site="b", number="3.6")) != draw(Card(title="a", site="b"))
