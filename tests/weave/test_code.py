"""Code in the site: colours, links of names, what is saved and where it is used."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tangle.weave.chunks import mark_of
from tangle.weave.code import code_html
from tests.weave.pages import chunks, core, html

BOOK = {
    "a": """\
- # 1.1 Data
  - ```python
    import math
    half = math.pi / 2
    ```
  - ```python
    class Box:  #@save
        pass
    def area(side):  #@save
        return side * side
    ```
- # 1.2 Use
  - ```python
    from d2l import torch as d2l
    box = d2l.Box()
    print(half, d2l.area(2))
    ```
- # 1.3 Named
  - ```python
    from d2l.torch import area
    print(area(half))
    ```
""",
}


def text_of(shown: str) -> str:
    """The code that HTML shows."""
    code = re.search(r"<code[^>]*>(.*)</code></pre>", shown, re.DOTALL)
    assert code is not None
    return unescape(re.sub(r"<[^>]*>", "", code[1]))


def test_a_borrowed_name_links_to_its_statement() -> None:
    _, _, use, _ = chunks(core(BOOK), "a")
    assert '<a class="name borrowed" href="a.html#L4" title="from 1.1, line 4">half</a>' in html(
        use
    )


def test_the_title_is_in_the_language_of_the_site() -> None:
    _, _, use, _ = chunks(core(BOOK), "a")
    assert 'title="来自 1.1 第 4 行"' in html(use, "zh-CN")


def test_attributes_of_the_package_link_to_where_they_are_saved() -> None:
    _, _, use, named = chunks(core(BOOK), "a")
    shown = html(use)
    assert '<a class="name package" href="a.html#L7" title="from 1.1, line 7">Box</a>' in shown
    assert '<a class="name package" href="a.html#L9" title="from 1.1, line 9">area</a>' in shown
    assert 'href="a.html#L9" title="from 1.1, line 9">area</a>' in html(named)


def test_the_definition_lists_where_it_is_used() -> None:
    _, saves, _, _ = chunks(core(BOOK), "a")
    shown = html(saves, reference="api.html")
    assert '<a class="name saved" href="api.html#Box"' in shown
    box = '<dt><code>Box</code></dt><dd>used in <a href="a.html#L15">1.2</a></dd>'
    area = (
        '<dt><code>area</code></dt><dd>used in <a href="a.html#L16">1.2</a>, '
        '<a href="a.html#L20">1.3</a></dd>'
    )
    assert box in shown
    assert area in shown


def test_an_unused_name_is_marked() -> None:
    (saves,) = chunks(core({"a": "- # 1.1 A\n  - ```python\n    x = 1  #@save\n    ```\n"}), "a")
    assert "<dd>no other section uses it</dd>" in html(saves)


def test_each_line_has_the_anchor_of_its_line_in_the_page() -> None:
    first, saves, _, _ = chunks(core(BOOK), "a")
    assert re.findall(r'id="(L[0-9]+)"', html(first)) == ["L3", "L4"]
    assert re.findall(r'id="(L[0-9]+)"', html(saves)) == ["L7", "L8", "L9", "L10"]
    assert 'href="#L3">line 2</a>' in html(first)


def test_code_is_shown_as_the_note_has_it() -> None:
    for chunk in chunks(core(BOOK), "a"):
        assert text_of(html(chunk)) == "\n".join(chunk.lines)


def test_a_name_behind_letters_of_several_bytes_is_found() -> None:
    page = """\
- # 1.1 A
  - ```python
    数 = 1
    值 = 2
    ```
- # 1.2 B
  - ```python
    print("变量", 数, 值)
    ```
"""
    _, use = chunks(core({"a": page}), "a")
    shown = html(use)
    assert 'href="a.html#L3" title="from 1.1, line 3">数</a>' in shown
    assert 'href="a.html#L4" title="from 1.1, line 4">值</a>' in shown


def test_a_name_that_is_bound_again_is_the_sections_own() -> None:
    page = """\
- # 1.1 A
  - ```python
    x = 1
    ```
- # 1.2 B
  - ```python
    print(x)
    x = 2
    print(x)
    ```
"""
    _, use = chunks(core({"a": page}), "a")
    assert html(use).count('class="name borrowed"') == 1


def test_a_function_called_later_borrows_only_what_the_section_lacks() -> None:
    page = """\
- # 1.1 A
  - ```python
    x = 1
    y = 2
    ```
- # 1.2 B
  - ```python
    def f():
        return x + y
    y = 3
    f()
    ```
"""
    _, use = chunks(core({"a": page}), "a")
    shown = html(use)
    assert 'title="from 1.1, line 3">x</a>' in shown
    assert ">y</a>" not in shown


def test_a_line_that_stands_for_a_chunk_links_to_it() -> None:
    page = """\
- # 1.1 A
  - tangle.name:: setup
    ```python
    x = 1
    y = 2
    ```
  - ```python
    <<setup>>
    print(x)
    ```
"""
    _, use = chunks(core({"a": page}), "a")
    shown = html(use)
    assert '<a class="noweb" href="a.html#L4" title="stands for the chunk in line 4">' in shown
    assert text_of(shown) == "<<setup>>\nprint(x)"


@pytest.mark.parametrize(
    "body",
    ["%matplotlib inline\nx = 1", ">>> x = 1\n>>> x\n1", "def f(:\n    pass", "%%bash\necho <b>"],
)
def test_any_chunk_is_shown_as_it_stands(body: str) -> None:
    indented = "".join(f"    {line}\n" for line in body.split("\n"))
    (chunk,) = chunks(core({"a": f"- # 1.1 A\n  - ```python\n{indented}    ```\n"}), "a")
    assert text_of(html(chunk)) == body


def test_a_chunk_that_is_not_run_is_skipped_with_the_reason() -> None:
    page = """\
- # 1.1 A
  - tangle.run:: no
    ```python
    x = 1
    ```
  - ```python
    def f(:
        pass
    ```
  - ```python
    y = 1
    ```
"""
    off, broken, fine = chunks(core({"a": page}), "a")
    assert mark_of(off, None, was_run=True) == ("skipped", "tangle.run:: no")
    mark, reason = mark_of(broken, None, was_run=True)
    assert mark == "skipped"
    assert reason
    assert mark_of(fine, None, was_run=False) == ("not-run", "")
    assert mark_of(fine, None, was_run=True) == ("none", "")
    assert mark_of(fine, "stale", was_run=True) == ("stale", "")


def test_code_in_the_notes_is_no_markup() -> None:
    page = '- # 1.1 A\n  - ```python\n    x = "</code><script>alert(1)</script>"\n    ```\n'
    (chunk,) = chunks(core({"a": page}), "a")
    assert "<script" not in html(chunk)
    assert "<script" not in code_html("</code><script>", 'x"><script>')


@pytest.mark.parametrize(
    ("language", "code", "part"),
    [
        ("clojure", "(def a 1)", '<span class="nv">a</span>'),
        ("edn", "{:a 1}", '<span class="ss">:a</span>'),
        ("jsonc", '{"a": 1}', '<span class="nt">&#34;a&#34;</span>'),
        ("JS", "let a = 1", '<span class="kd">let</span>'),
        ("no-such-language", "let a = 1", ">let a = 1</code>"),
        ("", "let a = 1", "<code>let a = 1</code>"),
    ],
)
def test_any_language_is_coloured_if_it_is_known(language: str, code: str, part: str) -> None:
    assert part in code_html(code, language)


@pytest.mark.parametrize("language", ["python", "text", "html", "bash", "diff", "nope"])
@pytest.mark.parametrize("code", ["", "\n\na\n", "a\r\nb\r\n", "\ta\n  \n b", "\x0c\u2028x", "é\0"])
def test_no_character_of_a_fence_is_lost(language: str, code: str) -> None:
    shown = text_of(code_html(code, language))
    assert shown == code.replace("\r\n", "\n").removesuffix("\n")


def test_a_long_fence_is_shown() -> None:
    code = "x = [1, 2]\n" * 60_000
    assert text_of(code_html(code, "python")) == code.removesuffix("\n")
