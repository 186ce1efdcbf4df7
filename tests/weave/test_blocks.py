"""Logseq's syntax as HTML: what each piece of it shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tangle.weave.content import content
from tests.weave.checking import read_html
from tests.weave.hostile import HOSTILE
from tests.weave.woven import ID, OTHER, html, path_of, site

B = f"- said [[a]] *so*\n  id:: {ID}\n\t- below\n"

IN_A_LINE = {
    "[[b]]": '<a class="page-link" href="\x02b.html">b</a>',
    "[[B]]": '<a class="page-link" href="\x02b.html">B</a>',
    "[[new one]]": '<a class="page-link" href="\x02new-one.html">new one</a>',
    "[some *words*]([[b]])": '<a class="page-link" href="\x02b.html">some <em>words</em></a>',
    "#b.": '<a class="tag" href="\x02b.html">#b</a>.',
    "#[[new one]]": '<a class="tag" href="\x02new-one.html">#new one</a>',
    f"(({ID}))": f'<a class="block-ref" href="\x02b.html#{ID}">said a <em>so</em></a>',
    f"[w]((({ID})))": f'<a class="block-ref" href="\x02b.html#{ID}">w</a>',
    f"(({OTHER}))": '<span class="broken" title="There is no block with the id '
    f'{OTHER}">(({OTHER}))</span>',
    "^^m^^ ==n==": "<mark>m</mark> <mark>n</mark>",
    "~~gone~~ **bold** `[[b]]`": "<del>gone</del> <strong>bold</strong> <code>[[b]]</code>",
    "x^{2} y_{i} snake_case_name": "x<sup>2</sup> y<sub>i</sub> snake_case_name",
    "{{video https://v.example/1}}": '<a class="video" href="https://v.example/1" '
    'rel="noreferrer">Video: https://v.example/1</a>',
    "{{youtube abc}}": '<a class="video" href="https://www.youtube.com/watch?v=abc" '
    'rel="noreferrer">Video: https://www.youtube.com/watch?v=abc</a>',
    "{{query (todo now)}}": '<span class="left-out">A query: Logseq works out its results, so '
    "they are left out here</span>",
    "{{unknown x, y}}": '<code class="macro" title="A macro that only Logseq can show">'
    "{{unknown x, y}}</code>",
    "SCHEDULED: <2024-01-02 Tue>": '<span class="scheduled">Scheduled '
    '<time datetime="2024-01-02">2024-01-02 Tue</time></span>',
    "<2024-02-30 Fri>": "&lt;2024-02-30 Fri&gt;",
    "[out](https://o.example)": '<a class="external" href="https://o.example" '
    'rel="noreferrer">out</a>',
    "[run](javascript:x)": '<span class="broken" title="An address that the site does not link '
    'to">run</span>',
    "![far](https://o.example/x.png)": '<a class="external image" '
    'href="https://o.example/x.png" rel="noreferrer">Image: far</a>',
    "![p](../assets/p q.png){:height 10, :width 20}": '<img src="\x02{p q}" alt="p" height="10" '
    'width="20" loading="lazy">',
    "![p](../assets/none.png)": '<span class="broken" title="There is no file '
    '../assets/none.png">p</span>',
    "[doc](../assets/doc.pdf)": '<a class="file" href="\x02assets/doc.pdf">doc</a>',
    "[b](b.md)": '<a class="file" href="\x02b.html">b</a>',
    "![](../assets/talk.mp4)": '<video src="\x02assets/talk.mp4" controls preload="metadata">'
    "</video>",
    "<b>raw **x**</b>": "<b>raw <strong>x</strong></b>",
    "a < b && c &amp; d &lt;": "a &lt; b &amp;&amp; c &amp; d &lt;",
    r"\[[b]] \#tag": "[[b]] #tag",
}


@pytest.mark.parametrize(("text", "shown"), IN_A_LINE.items())
def test_a_piece_in_a_line(text: str, shown: str) -> None:
    files = {f"assets/{name}": "1" for name in ("p q.png", "doc.pdf", "talk.mp4")}
    found = html(site({"a": f"- see {text} here", "b": B}, files))
    found = re.sub(r"assets/p-q~[0-9a-f]{6}\.png", "{p q}", found)
    inside = re.search(r"<p>see (.*) here</p>", found)
    assert inside is not None, found
    assert inside[1] == shown


BLOCKS = {
    "- TODO [#A] do it": '<p><span class="task" data-state="todo">TODO</span> '
    '<span class="priority">A</span> do it</p>',
    "- # DONE head\n  text": '<h2><span class="task" data-state="done">DONE</span> head</h2>'
    "<p>text</p>",
    "- big\n  heading:: 3": "<h2>big</h2>",
    "- one\n  two": "<p>one<br>two</p>",
    "- t\n  Key:: [[b]]\n  logseq.x:: y\n  tangle.timeout:: 3\n  id:: " + OTHER: "<p>t</p>"
    '<dl class="properties"><div><dt>Key</dt><dd><a class="page-link" href="\x02b.html">b</a>'
    "</dd></div></dl>",
    "- #+BEGIN_WARNING\n  **w**\n  #+END_WARNING": '<aside class="admonition warning" '
    'role="note"><p><strong>w</strong></p></aside>',
    "- #+BEGIN_QUOTE\n  q\n  #+END_QUOTE": "<blockquote><p>q</p></blockquote>",
    "- > q\n  > r": "<blockquote><p>q<br>r</p></blockquote>",
    "- #+BEGIN_EXAMPLE\n  *x*\n  #+END_EXAMPLE": "<pre><code>*x*\n</code></pre>",
    "- #+BEGIN_QUERY\n  {:query x}\n  #+END_QUERY": '<p class="left-out">A query: Logseq works '
    "out its results, so they are left out here</p>",
    "- #+BEGIN_COMMENT\n  x\n  #+END_COMMENT": "",
    "- a\n  :LOGBOOK:\n  CLOCK: x\n  :END:": "<p>a</p>",
    "- |a|b|\n  |:-:|-|\n  |1|2|": '<div class="table"><table><thead><tr>'
    '<th style="text-align: center">a</th><th>b</th></tr></thead><tbody><tr>'
    '<td style="text-align: center">1</td><td>2</td></tr></tbody></table></div>',
    "- * a\n  * [ ] b\n  * [x] c": '<ul><li>a</li><li class="task-item"><span class="task" '
    'data-state="todo"></span> b</li><li class="task-item"><span class="task" '
    'data-state="done"></span> c</li></ul>',
    "- 3. a\n  4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    '- [:div {:a 1} "x"]': '<pre class="hiccup"><code>[:div {:a 1} &quot;x&quot;]</code></pre>',
    "- a\n  ---\n  b": "<p>a</p><hr><p>b</p>",
    "- a\n  {{renderer :tangle-run}}\n  b": "<p>a<br>b</p>",
    "- {{renderer :tangle-run}}": "",
    "- w[^1]\n  [^1]: the note": '<p>w<sup id="fn-1-mark"><a class="footnote-mark" '
    'href="#fn-1">1</a></sup></p><p class="footnote" id="fn-1"><sup><a href="#fn-1-mark">1</a>'
    "</sup> the note</p>",
    "- none[^9]": "<p>none<sup>9</sup></p>",
    "- {{embed [[b]]}}": '<blockquote class="embed"><ul class="blocks"><li class="block">'
    '<div class="block-text"><p>said <a class="page-link" href="\x02a.html">a</a> <em>so</em></p>'
    '</div><ul class="blocks"><li class="block"><div class="block-text"><p>below</p></div></li>'
    '</ul></li></ul><a class="embed-source" href="\x02b.html">b ↗</a></blockquote>',
}


@pytest.mark.parametrize(("text", "shown"), BLOCKS.items())
def test_what_a_block_shows(text: str, shown: str) -> None:
    found = html(site({"a": text, "b": B}))
    assert re.sub(r"<li class=[^>]* id=[^>]*>", "<li>", found) == (
        f'<ul class="blocks"><li><div class="block-text">{shown}</div></li></ul>'
    )


def test_a_fold_opens_and_says_how_much_it_hides() -> None:
    found = html(site({"a": "- f\n  collapsed:: true\n\t- in\n\t\t- deeper\n\t- too"}))
    assert '<details class="fold"><summary>Folded (2)</summary><ul class="blocks">' in found


def test_a_folded_heading_is_open_for_readers() -> None:
    assert '<details class="fold" open>' in html(
        site({"a": "- # Part\n  collapsed:: true\n\t- text"})
    )


def test_numbered_blocks_are_a_list_apart() -> None:
    number = "\n  logseq.order-list-type:: number\n"
    found = html(site({"a": f"- plain\n- one{number}- two{number}- after"}))
    assert re.findall(r"</?(?:ul|ol)", found) == ["<ul", "</ul", "<ol", "</ol", "<ul", "</ul"]


def test_the_code_of_a_list_and_a_quote_stays_in_them() -> None:
    found = html(site({"a": "- * item\n    ```js\n    x\n    ```\n- > ```js\n  > y\n  > ```"}))
    page = read_html(found)
    assert not page.faults
    assert re.search(r"<li>item<figure.*?</figure></li>", found, re.DOTALL)
    assert re.search(r"<blockquote><figure.*?</figure></blockquote>", found, re.DOTALL)


def test_fences_are_those_that_logseq_reads() -> None:
    # Any fence line closes any fence: what is below the tildes is text again.
    found = html(site({"a": "- ```js\n  code\n  ~~~\n  **text**"}))
    assert "<strong>text</strong>" in found
    assert "code" in found


def test_properties_that_the_graph_hides_are_hidden() -> None:
    from tangle.link import graph_config

    config, problems = graph_config("{:block-hidden-properties #{:secret :Other}}")
    assert not problems
    found = html(site({"a": "- t\n  secret:: 1\n  other:: 2\n  shown:: 3"}, config=config))
    assert "<dt>shown</dt>" in found
    assert "secret" not in found
    assert "other" not in found


def test_blocks_of_another_place_have_no_anchors_here() -> None:
    page = read_html(html(site({"a": "- {{embed [[b]]}}\n- {{embed [[b]]}}", "b": B})))
    assert not page.faults
    assert ID not in page.ids


def test_a_missing_file_is_named_with_its_line() -> None:
    (warning,) = content(site({"a": "- one\n- ![x](../assets/x.png)"}), path_of("a")).warnings
    assert (warning.line, "../assets/x.png" in warning.message) == (2, True)


def test_a_quoted_mark_belongs_to_the_name_of_a_file() -> None:
    core = site({"a": "- ![x](../assets/a%23b.png#part)"}, {"assets/a#b.png": "stamp"})
    assert "<img" in html(core)


def test_an_outline_as_deep_as_it_may_be_is_whole() -> None:
    deep = "\n".join("\t" * depth + f"- level {depth}" for depth in range(500))
    page = read_html(html(site({"a": deep})))
    assert not page.faults
    assert "level 499" in "".join(page.words)


PIECES = [
    *IN_A_LINE,
    *(text.removeprefix("- ").replace("\n  ", "\n") for text in BLOCKS),
    *HOSTILE,
    *(
        "\n",
        "\n  ",
        "\n- ",
        "\n\t- ",
        "\n\n",
        "> ",
        "* ",
        "1. ",
        "# ",
        "|",
        "$$",
        "$",
        "`",
        "```\n",
    ),
    *("<b>", "</b>", "<div>", "</div>", "<p>", "</p>", "<a href=x>", "</a>", "<hr>", "<!--", "-->"),
    *(
        "<li>",
        "<td>",
        "<h1>",
        "<details>",
        "<summary>",
        "[",
        "]",
        "((",
        "))",
        "{{",
        "}}",
        "\\",
        "^^",
    ),
    *(
        "\x02",
        "\x03",
        "\x030\x03",
        "\x0b",
        "\u2028",
        "&#2;",
        "&#3;0&#3;",
        "中文",
        '"',
        "'",
        "<",
        "&",
    ),
    *(f"id:: {ID}\n", "collapsed:: true\n", "logseq.order-list-type:: number\n", "title:: <b>\n"),
    *("#+BEGIN_NOTE\n", "#+END_NOTE\n", "#+BEGIN_EXPORT html\n", ":X:\n", ":END:\n", "[^1]: "),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=20).map("".join)
ELEMENTS = frozenset(
    {"script", "style", "iframe", "object", "embed", "form", "input", "base", "link"}
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, texts)
def test_any_text_gives_html_that_is_whole_and_harmless(one: str, other: str) -> None:
    core = site({"a": one, "b": other})
    for name in ("a", "b"):
        text = html(core, name)
        page = read_html(text)
        assert not page.faults, text
        assert "\x03" not in text
        for element, attributes in page.elements:
            assert element not in ELEMENTS, text
            assert not any(key.startswith("on") for key in attributes), text
            for key in ("href", "src"):
                assert not attributes.get(key, "").lower().startswith(("javascript", "vbscript"))


def test_headings_leave_no_level_out() -> None:
    text = "- ## first\n- # a\n\t- ### b\n\t- ## c\n- # d\n"
    levels = re.findall(r"<(h\d)>(\w+)", html(site({"a": text})))
    assert levels == [("h2", "first"), ("h2", "a"), ("h3", "b"), ("h3", "c"), ("h2", "d")]
