"""How HTML and addresses of notes are cleaned."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.weave.sanitize import clean_html, clean_url
from tests.weave.hostile import HOSTILE

ALLOWED = re.compile(
    r"<(?P<close>/)?(?P<name>[a-z0-9]+)"
    r"(?P<attributes>(?: (?:dir|lang|title|href|controls|open|style|rel|class|src|alt)"
    r"=\"[^\"<>]*\")*)>"
)


def is_harmless(html: str) -> bool:
    """Whether HTML holds nothing but allowed elements with allowed attributes."""
    rest = ALLOWED.sub("", html)
    tags = [match.groupdict("") for match in ALLOWED.finditer(html)]
    sources = re.findall(r' src="([^"]*)"', "".join(tag["attributes"] for tag in tags))
    return (
        "<" not in rest
        and not {tag["name"] for tag in tags} & {"script", "style", "svg", "iframe", "object"}
        and not any(source.startswith(("http", "//", "javascript")) for source in sources)
        and not re.search(r'href="\s*(?:java|vb)script|href="data:', html, re.IGNORECASE)
        and not re.search(r"url\(|position|expression|\}", "".join(t["attributes"] for t in tags))
    )


@pytest.mark.parametrize("html", HOSTILE, ids=lambda html: html[:40].encode("ascii", "replace"))
def test_hostile_html_is_harmless(html: str) -> None:
    cleaned = clean_html(html, lambda address: f"assets/{address}")
    assert is_harmless(cleaned)
    assert clean_html(cleaned, lambda address: address) is not None


@pytest.mark.parametrize("html", HOSTILE[:60], ids=range(60))
def test_hostile_html_between_other_text_is_harmless(html: str) -> None:
    assert is_harmless(clean_html(f"<details><summary>a</summary>{html}<p>b</details>"))


@given(st.lists(st.sampled_from([*HOSTILE[:60], "<", ">", "'", '"', "<!--", "-->", "<p>"])))
def test_any_mixture_is_harmless(parts: list[str]) -> None:
    assert is_harmless(clean_html("".join(parts)))


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<kbd>Ctrl</kbd>", "<kbd>Ctrl</kbd>"),
        ("a<br/>b", "a<br>b"),
        ("H<sub>2</sub>O<sup>+</sup>", "H<sub>2</sub>O<sup>+</sup>"),
        (
            "<details open><summary>More</summary>text</details>",
            '<details open=""><summary>More</summary>text</details>',
        ),
        ('<span style="color: Red">x</span>', '<span style="color: Red">x</span>'),
        (
            '<p style="position:fixed; text-align:center; color:#f00">x</p>',
            '<p style="text-align: center; color: #f00">x</p>',
        ),
        ('<div class="note" id="main">x</div>', "<div>x</div>"),
        ('<a href="https://a.example/?q=1&amp;b=2">x</a>',
         '<a href="https://a.example/?q=1&amp;b=2" rel="noreferrer">x</a>'),
        ('<a href="#below">x</a>', '<a href="#below">x</a>'),
        ('<a href="javascript:hit()">x</a>', "<a>x</a>"),
        ('<img src="../assets/a.png" width="80">', '<img src="~../assets/a.png" width="80">'),
        ('<img src="missing.png" alt="A plot">', '<span class="broken">A plot</span>'),
        (
            '<img src="https://a.example/b.png" alt="Plot">',
            '<a class="external" href="https://a.example/b.png" rel="noreferrer">Plot</a>',
        ),
        (
            '<iframe src="https://v.example/1" width="560"></iframe>',
            '<a class="external" href="https://v.example/1" rel="noreferrer">https://v.example/1</a>',
        ),
        (
            '<video src="https://v.example/1.mp4">words</video>',
            ('<a class="external" href="https://v.example/1.mp4" rel="noreferrer">'
            "https://v.example/1.mp4</a>words"),
        ),
        ('<video controls src="a.mp4"></video>', '<video src="~a.mp4" controls=""></video>'),
        ("<table><tr><td colspan=2>x</table>",
         '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'),
        ("a&#2;b&#x3;c", "abc"),
        ("1 < 2 &amp; 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
        ("<b>not closed", "<b>not closed</b>"),
        # An item without a list would end the item of the page that the block is.
        ("<ol><li>a</ol></ol><li>b", "<ol><li>a</li></ol><div>b</div>"),
        ("<dl><dt>a<dd>b</dl><dd>c", "<dl><dt>a</dt><dd>b</dd></dl><div>c</div>"),
        ("</p></div>text", "<p></p>text"),
    ],
)  # fmt: skip
def test_what_notes_use_stays(html: str, shown: str) -> None:
    cleaned = clean_html(html, lambda url: None if "missing" in url else f"~{url}")
    assert cleaned == shown


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a?b=c#d",
        "http://localhost:8000/",
        "mailto:a@example.org",
        "#anchor",
        "../assets/图%20表.png",
        "pages/a.html#b",
        "?q=1",
        "data:image/png;base64,iVBORw0KGgo=",
        "https://zh.wikipedia.org/wiki/交叉熵",
    ],
)
def test_addresses_that_readers_may_follow_pass(url: str) -> None:
    assert clean_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:hit()",
        "JaVaScRiPt:hit()",
        " \tjavascript:hit()",
        "java\nscript:hit()",
        "java\x00script:hit()",
        "\u200bjavascript:hit()",
        "javascript&colon;hit()",
        "vbscript:x",
        "data:text/html,x",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png,<script>",
        "logseq://graph/notes?page=a",
        "file:///etc/passwd",
        "blob:https://a.example/1",
        "view-source:https://a.example",
        "zotero://select/1",
    ],
)
def test_addresses_that_run_or_mean_nothing_to_readers_do_not(url: str) -> None:
    assert clean_url(url) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ('https://a.example/"onclick="hit()', "https://a.example/%22onclick=%22hit()"),
        ("https://a.example/<b>", "https://a.example/%3Cb%3E"),
        ("https:\\\\a.example\\b", "https://a.example/b"),
        ("a b.png", "a%20b.png"),
    ],
)
def test_signs_that_no_address_holds_are_encoded(url: str, shown: str) -> None:
    assert clean_url(url) == shown


@given(st.text())
def test_cleaning_an_address_twice_changes_nothing(url: str) -> None:
    cleaned = clean_url(url)
    assert cleaned is None or clean_url(cleaned) == cleaned
