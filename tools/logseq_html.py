"""Draws pages of a graph as HTML, about as Logseq 0.10 shows them.

Blocks, properties and inline markup are what mldoc finds (`logseq_page`). The rest is ours: the
style sheet, and which node becomes which element. Plugins, themes, queries and embeds are not
drawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from logseq_page import BUILT_IN, KATEX, OF_PAGE, Node, Settings, Shown

_FORMATTER: Final = HtmlFormatter(style="friendly", nowrap=True)
_STYLE: Final = Path(__file__).with_name("logseq_page.css")
_NO_SCRIPTS: Final = '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
"""Logseq sanitises the HTML in notes."""

_EMPHASIS: Final = {
    "Bold": "strong",
    "Italic": "em",
    "Strike_through": "del",
    "Highlight": "mark",
    "Underline": "u",
}
_VIDEOS: Final = (".mp4", ".webm", ".mov")
_SOUNDS: Final = (".wav", ".mp3", ".ogg", ".m4a", ".flac")


def page_html(blocks: Iterable[Shown], settings: Settings, *, base: Path) -> str:
    """Return the document that shows a page.

    Args:
        blocks: the outline, or a part of it.
        settings: of the graph.
        base: the folder that addresses of images are relative to.
    """
    sheet = KATEX / "node_modules/katex/dist/katex.min.css"
    colours = str(_FORMATTER.get_style_defs(".code"))  # type: ignore[no-untyped-call]
    style = colours + _STYLE.read_text(encoding="utf-8")
    parts = "".join(_block(block, settings) for block in blocks)
    return (
        f'<!DOCTYPE html><html><meta charset="utf-8">{_NO_SCRIPTS}<base href="{base.as_uri()}/">'
        f'<link rel="stylesheet" href="{sheet.as_uri()}"><style>{style}</style>'
        f"<main><ul>{parts}</ul></main></html>"
    )


def _block(block: Shown, settings: Settings) -> str:
    box = _properties(block, settings)
    body = "".join(
        _element(node) for node in block.nodes if node[0] not in ("Heading", "Property_Drawer")
    )
    content = f'<div class="block">{_title(block.title)}{box}{body}</div>'
    if block.kind == "pre":
        return f'<li class="pre">{content}</li>' if box or body else ""
    children = "".join(_block(child, settings) for child in block.children)
    # Logseq folds the children of a collapsed block, and never its own text.
    collapsed = any(key == "collapsed" and value == "true" for key, value, _ in block.properties)
    inner = f"<ul>{children}</ul>" if children and not collapsed else ""
    folded = ' class="folded"' if children and collapsed else ""
    return f"<li{folded}>{content}{inner}</li>"


def _properties(block: Shown, settings: Settings) -> str:
    hidden = BUILT_IN | settings.hidden | (OF_PAGE if block.kind == "pre" else frozenset())
    rows = "".join(
        _property(key, value, linked=settings.pages)
        for key, value, _ in block.properties
        if key not in hidden
    )
    return f'<div class="properties">{rows}</div>' if rows else ""


def _property(key: str, value: str, *, linked: bool) -> str:
    shown = f'<a class="page">{escape(key)}</a>' if linked else escape(key)
    return f'<div><span class="key">{shown}</span>: {escape(value)}</div>'


def _title(title: Mapping[str, Any]) -> str:
    inline = _inlines(title.get("title", ()))
    marker = title.get("marker")
    marked = f'<span class="marker">{escape(marker)}</span> ' if marker else ""
    size = title.get("size")
    if not inline and not marked:
        return ""
    return f"<h{size}>{marked}{inline}</h{size}>" if size else f"<div>{marked}{inline}</div>"


# --- nodes on separate lines -------------------------------------------------------------------


def _element(node: Node) -> str:
    draw = _ELEMENTS.get(node[0])
    if draw is None:
        return f'<pre class="unknown">{escape(json.dumps(node))}</pre>'
    return draw(*node[1:2])


def _code(source: Mapping[str, Any]) -> str:
    language = source.get("language") or ""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    html = highlight("".join(source["lines"]).rstrip("\n"), lexer, _FORMATTER)
    label = f'<span class="language">{escape(language)}</span>'
    return f'<div class="code">{label}<pre>{html}</pre></div>'


def _list(items: Sequence[Mapping[str, Any]]) -> str:
    tag = "ol" if items and items[0].get("ordered") else "ul"
    start = f' start="{items[0]["number"]}"' if tag == "ol" else ""
    rows = (
        f"<li>{''.join(map(_element, item['content']))}{_list(item['items'])}</li>"
        for item in items
    )
    return f'<{tag} class="list"{start}>{"".join(rows)}</{tag}>' if items else ""


def _table(table: Mapping[str, Any]) -> str:
    head = "".join(f"<th>{_inlines(cell)}</th>" for cell in table.get("header") or ())
    rows = "".join(
        f"<tr>{''.join(f'<td>{_inlines(cell)}</td>' for cell in row)}</tr>"
        for group in table["groups"]
        for row in group
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


_ELEMENTS: Final[Mapping[str, Callable[..., str]]] = {
    "Paragraph": lambda inline: f"<p>{_inlines(inline)}</p>",
    "Src": _code,
    "Example": lambda lines: f'<pre class="example">{escape("".join(lines))}</pre>',
    "Quote": lambda inner: f"<blockquote>{''.join(map(_element, inner))}</blockquote>",
    "List": _list,
    "Table": _table,
    "Formula": lambda html: f'<div class="html">{html}</div>',
    "Raw_Html": lambda html: f'<div class="html">{html}</div>',
    "Displayed_Math": lambda source: f"<p><code>{escape(source)}</code></p>",
    "Horizontal_Rule": lambda: "<hr>",
}


# --- nodes inside a line -----------------------------------------------------------------------


def _inlines(nodes: Iterable[Node]) -> str:
    return "".join(map(_inline, nodes))


def _inline(node: Node) -> str:
    draw = _INLINE.get(node[0])
    return f"<code>{escape(json.dumps(node))}</code>" if draw is None else draw(*node[1:2])


def _emphasis(parts: Sequence[Any]) -> str:
    (kind, *_), inner = parts
    tag = _EMPHASIS.get(kind, "span")
    return f"<{tag}>{_inlines(inner)}</{tag}>"


def _macro(macro: Mapping[str, Any]) -> str:
    text = " ".join((macro["name"], ", ".join(macro["arguments"])))
    return f"<code>{{{{{escape(text)}}}}}</code>"


def _link(link: Mapping[str, Any]) -> str:
    kind, target = link["url"]
    label = _inlines(link["label"])
    if kind in ("Page_ref", "Block_ref"):
        return f'<a class="page">{label or escape(str(target))}</a>'
    if isinstance(target, dict):
        target = f"{target.get('protocol')}://{target.get('link')}"
    if not link["full_text"].startswith("!"):
        return f'<a href="{escape(quote(str(target), safe=":/%#?&=."))}">{label}</a>'
    return _media(str(target), link.get("metadata", ""))


def _media(target: str, size: str) -> str:
    source = escape(target)
    if target.endswith(_VIDEOS):
        return f'<video controls src="{source}"></video>'
    if target.endswith(_SOUNDS):
        return f'<audio controls src="{source}"></audio>'
    width = size.partition(":width ")[2].strip("}").partition(",")[0]
    return f'<img src="{source}"{f" width={int(width)}" if width.isdigit() else ""}>'


_INLINE: Final[Mapping[str, Callable[..., str]]] = {
    "Plain": escape,
    "Code": lambda text: f"<code>{escape(text)}</code>",
    "Verbatim": lambda text: f"<code>{escape(text)}</code>",
    "Break_Line": lambda: "<br>",
    "Hard_Break_Line": lambda: "<br>",
    "Emphasis": _emphasis,
    "Formula": str,
    "Inline_Html": str,
    "Latex_Fragment": lambda parts: f"<code>{escape(parts[1])}</code>",
    "Tag": lambda inner: f'<a class="tag">#{_inlines(inner)}</a>',
    "Link": _link,
    "Macro": _macro,
    "Footnote_Reference": lambda note: f"<sup>{escape(note['name'])}</sup>",
    "Entity": lambda entity: escape(entity.get("unicode", "")),
}
