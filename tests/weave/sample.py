"""A small site with all that content may hold, in the HTML that content makes."""

# ruff: noqa: E501 - long lines of HTML are easier to read than cut ones

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from markupsafe import Markup

from tangle.weave.search import divide, index_file, segment_files
from tangle.weave.templates import (
    ALL_PAGES,
    HOME,
    SEARCH_PAGE,
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
    SearchEntry,
    SiteView,
    TocEntry,
)

FIGURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='420' height='220'%3E"
    "%3Crect width='420' height='220' fill='white'/%3E%3Cpath d='M30 190 C120 40 250 170 400 30' "
    "fill='none' stroke='%231f77b4' stroke-width='3'/%3E%3Cpath d='M30 20V190H400' fill='none' "
    "stroke='black'/%3E%3C/svg%3E"
)
CODE = (
    '<span class="k">def</span> <span class="nf">cross_entropy</span><span class="p">(</span>'
    '<span class="n">y_hat</span><span class="p">,</span> <span class="n">y</span><span class="p">):'
    '</span>\n    <span class="c1"># the loss of each example, 每个样本的损失</span>\n    '
    '<span class="k">return</span> <span class="o">-</span> <a href="#net"><span class="n">torch</span>'
    '</a><span class="o">.</span><span class="n">log</span><span class="p">(</span><span class="n">'
    'y_hat</span><span class="p">[</span><span class="nb">range</span><span class="p">(</span><span '
    'class="mi">10</span><span class="p">),</span> <span class="n">y</span><span class="p">])</span>'
    '  <span class="c1"># a line that is much longer than the column, and scrolls inside its box</span>'
)


def _block(anchor: str, text: str, below: str = "") -> str:
    heading, output = text.startswith("<h"), text.startswith('<div class="output')
    kind = " heading" if heading else " output-block" if output else ""
    inner = f'<ul class="blocks">{below}</ul>' if below else ""
    return f'<li class="block{kind}" id="{anchor}" data-line="3"><div class="block-text">{text}</div>{inner}</li>'


def _chunk(state: str, words: str) -> str:
    return (
        f'<figure class="chunk" data-state="{state}"><figcaption class="chunk-head"><span class="language">'
        f'python</span><span class="state" data-state="{state}">{words}</span><span class="line">softmax.md:12</span>'
        f'</figcaption><div class="highlight"><pre><code>{CODE}</code></pre></div></figure>'
    )


def _content() -> Markup:
    chunks = "".join(
        _block(f"chunk-{state}", _chunk(state, words), output)
        for state, words, output in (
            (
                "fresh",
                "最新",
                _block(
                    "out-1",
                    '<div class="output" data-state="fresh"><pre class="text">tensor([2.3026, 0.1054])\n'
                    f'epoch 10, loss 0.0042</pre><img class="figure" alt="损失随轮数下降" src="{FIGURE}"></div>',
                ),
            ),
            (
                "stale",
                "过时：上面的代码变了",
                _block(
                    "out-2",
                    '<div class="output" data-state="stale"><table><thead><tr><th>epoch</th><th>loss</th>'
                    "</tr></thead><tbody><tr><td>1</td><td>0.786</td></tr><tr><td>2</td><td>0.570</td></tr>"
                    "</tbody></table></div>",
                ),
            ),
            (
                "failed",
                "失败",
                _block(
                    "out-3",
                    '<div class="output" data-state="failed"><div class="failure"><strong>ZeroDivisionError'
                    "</strong>: division by zero<pre>softmax.md:14: 1 / 0</pre></div></div>",
                ),
            ),
            ("not-run", "没有运行", ""),
            ("skipped", "跳过", ""),
        )
    )
    prose = (
        '<p>回归估计一个连续的量，分类则在若干个类别里选一个。<a class="page-link" href="../pages/交叉熵.html">'
        "交叉熵</a>（cross entropy）衡量两个分布的差距，softmax 把未规范化的预测变成概率：它们都是正数，"
        '和为 1。输出层有 10 个神经元，权重的形状是 <code>(784, 10)</code>，见<a class="block-ref" '
        'href="#inner">这一条</a>；标签 <a class="tag" href="../pages/交叉熵.html">#损失</a>，<mark>重点</mark>。</p>'
        '<div class="math display">H(y, ŷ) = −∑ yⱼ log ŷⱼ</div>'
    )
    inline = (
        '<p><span class="task" data-state="todo">todo</span><span class="priority">[#A]</span> 比较两种实现 '
        '<time datetime="2024-05-01">2024 年 5 月 1 日</time></p><p><span class="task" data-state="done">done'
        '</span> 读完这一节 <span class="broken" title="no such block">((65f0))</span></p>'
        '<dl class="properties"><div><dt>source</dt><dd>lecture 3</dd></div></dl>'
    )
    boxes = (
        '<aside class="admonition note" role="note"><p>数值太大时指数会溢出，先减去最大值。</p></aside>'
        '<aside class="admonition warning" role="note"><p>Do not take the logarithm of zero.</p></aside>'
        "<blockquote><p>A quotation from somewhere else.</p></blockquote>"
        '<blockquote class="embed"><p>An embedded block of another page.</p></blockquote>'
    )
    fold = (
        '<li class="block" id="folded"><div class="block-text"><p>折叠的块</p></div>'
        '<details class="fold"><summary>已折叠 (1)</summary><ul class="blocks">'
        + _block("inner", "<p>里面的块，锚点会打开它。</p>")
        + "</ul></details></li>"
    )
    solution = (
        '<details class="solution"><summary>Solution</summary>'
        "<p>Subtract the largest logit before taking exponentials.</p></details>"
    )
    first = _block(
        "model", "<h2>模型</h2>", _block("intro", prose) + _block("tasks", inline) + chunks
    )
    second = _block(
        "outline",
        "<h2>An outline of notes</h2>",
        _block(
            "one",
            "<p>The first thought has two thoughts below it.</p>",
            _block("two", "<p>One of them</p>")
            + _block("three", "<p>and the other.</p>", _block("four", "<p>And a third level.</p>")),
        )
        + fold
        + _block("exercise", "<p>Why does it overflow?</p>" + solution),
    )
    third = _block("boxes", "<h2>提示与引用</h2>", _block("some", boxes))
    wide = "".join(f"<th>column {number}</th>" for number in range(14))
    fourth = _block(
        "net", "<h3>A wide table</h3>", _block("wide", f"<table><tr>{wide}</tr></table>")
    )
    return Markup(f'<ul class="blocks">{first}{second}{third}{fourth}</ul>')


def site(language: str = "zh-CN") -> SiteView:
    return SiteView(
        title="动手学深度学习笔记",
        language=language,
        home=Link(href=HOME, text="首页"),
        chapters=(
            Chapter(
                link=Link(href="引言.html", text="引言"),
                number="1",
            ),
            Chapter(
                link=Link(href="线性/index.html", text="线性神经网络"),
                number="3",
                parts=(
                    Chapter(link=Link(href="线性/回归.html", text="线性回归"), number="3.1"),
                    Chapter(link=Link(href="线性/softmax.html", text="softmax 回归"), number="3.4"),
                ),
            ),
        ),
        version="abc",
    )


def softmax() -> PageView:
    return PageView(
        href="线性/softmax.html",
        title="softmax 回归",
        number="3.4",
        content=_content(),
        description="从零实现 softmax 回归：模型、交叉熵损失和训练。",
        properties=(("source", Markup("lecture 3")),),
        toc=(
            TocEntry(anchor="model", text="模型", level=1),
            TocEntry(anchor="outline", text="An outline of notes", level=1),
            TocEntry(anchor="boxes", text="提示与引用", level=1),
            TocEntry(anchor="net", text="A wide table", level=2),
        ),
        backlinks=(
            Backlinks(
                page=Link(href="pages/交叉熵.html", text="交叉熵"),
                blocks=(
                    (
                        Link(href="pages/交叉熵.html#a", text="交叉熵"),
                        Markup("<p>配上 softmax，求导很简单。</p>"),
                    ),
                ),
            ),
        ),
        previous=Link(href="线性/回归.html", text="线性回归"),
        next=Link(href="pages/交叉熵.html", text="交叉熵"),
        downloads=(Link(href="files/3.4.py", text=".py"),),
    )


def plain(href: str, title: str, text: str, number: str = "") -> PageView:
    content = Markup(
        '<ul class="blocks"><li class="block" id="a"><div class="block-text"><p>{}</p></div></li></ul>'
    )
    return PageView(href=href, title=title, content=content.format(text), number=number)


def pages() -> Iterator[PageView]:
    yield softmax()
    yield plain("引言.html", "引言", "机器学习要解决什么。", "1")
    yield plain("线性/index.html", "线性神经网络", "这一章走完一遍训练。", "3")
    yield plain("线性/回归.html", "线性回归", "平方误差，解析解。", "3.1")
    yield plain(
        "pages/交叉熵.html", "交叉熵", "用一个分布去描述另一个分布的代价。 Cross entropy loss."
    )
    yield PageView(href="pages/空.html", title="空", content=Markup(""))


def search_entries() -> list[SearchEntry]:
    return [
        SearchEntry(
            link=Link(href="线性/softmax.html", text="softmax 回归"),
            text="回归估计一个连续的量，分类则在若干个类别里选一个。",
        ),
        SearchEntry(
            link=Link(href="线性/softmax.html#model", text="模型"),
            page="softmax 回归",
            text="交叉熵（cross entropy）衡量两个分布的差距。",
            code="def cross_entropy(y_hat, y): return -torch.log(y_hat)",
        ),
        SearchEntry(
            link=Link(href="pages/交叉熵.html", text="交叉熵"),
            text="用一个分布去描述另一个分布的代价。 Cross entropy loss.",
        ),
        SearchEntry(
            link=Link(href="引言.html", text="引言"), text="机器学习要解决什么 <b>不是标记</b>。"
        ),
        SearchEntry(
            link=Link(href="线性/回归.html", text="线性回归"),
            text="平方误差，解析解；networks of one output.",
            code="class LinearRegression(nn.Module): __proto__ = 1",
        ),
    ]


def search_files(entries: Iterable[SearchEntry]) -> dict[str, bytes]:
    """Return the whole index, as a site has it."""
    segments, texts, parts = divide(entries)
    files = {"search/index.js": index_file(segments)}
    for segment, members in parts.items():
        files |= segment_files(segment, members, texts)
    return files


def home() -> HomeView:
    listed = Listed(
        link=Link(href="pages/交叉熵.html", text="交叉熵"),
        day=date(2024, 5, 1),
    )
    return HomeView(journals=(listed,))


def write_site(folder: Path, language: str = "zh-CN") -> Path:
    """Write all kinds of pages; return the folder."""
    view = site(language)
    files = {page.href: render_page(page, view).encode() for page in pages()}
    files[HOME] = render_home(home(), view).encode()
    files[SEARCH_PAGE] = render_search(view).encode()
    files[ALL_PAGES] = render_all_pages(
        [Listed(link=Link(href=page.href, text=page.title)) for page in pages()], view
    ).encode()
    files |= {f"static/{name}": text for name, text in static_files().items()}
    files |= search_files(search_entries())
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return folder
