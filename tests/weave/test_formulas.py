"""Formulas as HTML: what KaTeX makes of them, and what it refuses."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tangle.weave.formulas import KATEX_VERSION, formula_files, rendered


def test_a_formula_is_html_and_mathml() -> None:
    html = rendered(r"\frac{a}{b}", display=False).html
    assert html.startswith('<span class="math"><span class="katex">')
    assert "<mfrac>" in html
    assert 'aria-hidden="true"' in html


def test_a_displayed_formula_is_on_lines_by_itself() -> None:
    html = rendered(r"\sum_{i=1}^n x_i", display=True).html
    assert html.startswith('<div class="math display"><span class="katex-display">')
    assert html.endswith("</div>")


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{交叉熵} = -\sum y \log \hat{y}",
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
        r"\def\R{\mathbb{R}} x \in \R^n",
        r"\newcommand{\norm}[1]{\lVert #1 \rVert} \norm{x}",
        r"损失 = x",
        r"\ce{Hg^2+ ->[I-] HgI2 ->[I-] [Hg^{II}I4]^2-}",
        r"\pu{1.2e3 kg//m3}",
        " x ",
        "",
        "\n\\mathbf{w}^\\top\n",
    ],
)
def test_what_logseq_shows_is_shown(tex: str) -> None:
    found = rendered(tex, display=True)
    assert 'class="katex"' in found.html
    assert found.refused == ""


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\frac{a", "Unexpected end of input"),
        (r"\nosuch", "Undefined control sequence: \\nosuch at position 1: \\nosuch"),
        ("a^b^c", "Double superscript"),
        (r"\def\a{\a\a}\a", "Too many expansions"),
        ("{" * 5_000, "nested too deeply"),
        (r"\sqrt{" * 1_200 + "}" * 1_200, "nested too deeply"),
        ("x+" * 10_000, "longer than 10000 characters"),
        (r"\def\a{" + "x" * 5_000 + "}" + r"\a" * 900, "Too many expansions"),
        (r"\def\a#1{\b{#1#1}}\def\b#1{\a{#1#1}}\a{x}", "expands to too much"),
        (r"\def\a{xxxxxxxxxxxxxxxxxxxxxxxxx}" + r"\a" * 900, "Too many expansions"),
    ],
    ids=lambda value: value[:24],
)
def test_what_katex_refuses_is_shown_as_its_source_with_the_reason(tex: str, reason: str) -> None:
    found = rendered(tex, display=False)
    assert reason in found.refused
    assert found.html.startswith('<span class="math refused" title="')
    assert "katex" not in found.html


def test_a_refused_formula_does_not_end_the_page() -> None:
    html = rendered('</code><script>"\\', display=True).html
    assert "<script" not in html
    assert html.count("</code>") == 1


def test_a_formula_after_one_that_took_all_memory_is_shown() -> None:
    rendered(r"\def\a#1{\b{#1#1}}\def\b#1{\a{#1#1}}\a{y}", display=False)
    assert 'class="katex"' in rendered("after", display=False).html


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:hit()}{x}",
        r"\href{https://evil.example}{x}",
        r"\url{javascript:hit()}",
        r"\includegraphics{https://evil.example/a.png}",
        r"\htmlId{main}{x}",
        r"\htmlClass{skip}{x}",
        r"\htmlStyle{position:fixed}{x}",
        r"\htmlData{a=b}{x}",
        r"\text{<script>hit()</script><img src=x onerror=hit()>}",
    ],
)
def test_a_formula_reaches_nothing_but_its_place(tex: str) -> None:
    html = rendered(tex, display=True).html
    # KaTeX shows the command in red.
    tags = " ".join(re.findall(r"<[^>]*>", html))
    assert not re.search(r"<(?:a|img|script)\b|(?:href|src|id|onerror|data-a)=|position", tags)


def test_a_formula_cannot_be_larger_than_a_page() -> None:
    html = rendered(r"\rule{1e9em}{1e9em}\kern1e9em", display=True).html
    sizes = [float(size) for size in re.findall(r"(\d+(?:\.\d+)?)em", html)]
    assert max(sizes) <= 50


def test_a_definition_holds_for_its_formula_alone() -> None:
    assert not rendered(r"\gdef\mine{1}\mine", display=False).refused
    assert rendered(r"\mine", display=False).refused


def test_half_a_surrogate_pair_is_no_error() -> None:
    shown = rendered("x\ud800", display=False)
    assert shown.html.encode("utf-8", "replace").startswith(b'<span class="math')


def test_formulas_are_rendered_on_any_thread() -> None:
    sources = [f"x_{{{number}}}" for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda tex: rendered(tex, display=False).html, sources))
    assert all('class="katex"' in html for html in pages)


def test_the_files_of_formulas_are_those_that_the_style_names() -> None:
    files = formula_files()
    style = files["katex/katex.min.css"].decode()
    named = set(re.findall(r"url\(([^)]*)\)", style))
    assert {f"katex/{name}" for name in named} == {*files} - {"katex/katex.min.css"}
    assert all(data.startswith(b"wOF2") for name, data in files.items() if "fonts/" in name)


def test_the_version_is_that_of_the_vendored_script() -> None:
    from importlib import resources

    script = resources.files("tangle.weave") / "vendor/katex/katex.min.js"
    assert f'"{KATEX_VERSION}"' in script.read_text(encoding="utf-8")
