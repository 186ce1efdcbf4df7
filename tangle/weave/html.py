"""Write the tokens of a block's text as HTML.

Whatever the text holds, what is written is well-formed, and holds only elements that this module,
`line_html` and the cleaning of HTML write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Final

from tangle.weave.content_words import ContentWords
from tangle.weave.inline import Token
from tangle.weave.line_html import PHRASING, LineWriter, note_anchor
from tangle.weave.lookups import Here, Site
from tangle.weave.markdown import RAW
from tangle.weave.plain_words import escaped
from tangle.weave.raw_html import Element, paired

_ADMONITIONS: Final = frozenset({"note", "tip", "important", "caution", "warning", "pinned"})


class Writer(LineWriter):
    """Writes HTML of one page.

    Attributes:
        embed: writes what `{{embed ...}}` shows; None if that is a link at most.
    """

    def __init__(self, site: Site, words: ContentWords, footnotes: Iterable[str] = ()) -> None:
        """Begin a page."""
        super().__init__(site, words, footnotes)
        self.embed: Callable[[str], str | None] = lambda _: None

    def tokens(self, tokens: Iterable[Token], here: Here) -> str:
        """Tokens of blocks."""
        return "".join([self._block(token, here) for token in tokens])

    def _block(self, token: Token, here: Here) -> str:
        write = self._by_kind.get(token["type"])
        return write(self, token, here) if write is not None else self._inline(token, here)

    def _paragraph(self, token: Token, here: Here) -> str:
        """A paragraph, divided where it holds something that no paragraph can."""
        return self._divided(token["children"], here, "<p>", "</p>")

    def _block_text(self, token: Token, here: Here) -> str:
        return self._divided(token["children"], here, "", "")

    def _divided(self, tokens: Sequence[Token], here: Here, start: str, end: str) -> str:
        parts: list[str] = []
        line: list[str] = []

        def close() -> None:
            text = "".join(line)
            line.clear()
            text = text.removeprefix("<br>").removesuffix("<br>")
            if text.strip():
                parts.append(f"{start}{text}{end}")

        for token in paired(tokens):
            if self._flows(token):
                close()
                parts.append(self._flow(token, here))
            else:
                line.append(self._inline(token, here))
        close()
        return "".join(parts)

    def _flows(self, token: Token) -> bool:
        kind = token["type"]
        if kind == "void":
            return bool(token["name"] == "hr")
        if kind == "element":
            element: Element = token["element"]
            return element.name not in PHRASING or any(map(self._flows, element.children))
        if kind == "macro":
            return bool(token["name"] == "embed")
        return bool(kind == "formula" and token["display"])

    def _flow(self, token: Token, here: Here) -> str:
        if token["type"] == "macro":
            shown = self.embed(token["rest"])
            return shown if shown is not None else self._inline(token, here)
        if token["type"] == "formula":
            self.features.add("formulas")
            return self.site.formula(token["tex"], here, display=True)
        within = Here(here.page, here.block, links=here.links, depth=here.depth, flow=True)
        return self._inline(token, within)

    def _list(self, token: Token, here: Here) -> str:
        attrs = token.get("attrs", {})
        name = "ol" if attrs.get("ordered") else "ul"
        start = attrs.get("start")
        first = f' start="{int(start)}"' if start not in (None, 1) and name == "ol" else ""
        items = self.tokens(token["children"], here)
        return f"<{name}{first}>{items}</{name}>"

    def _item(self, token: Token, here: Here) -> str:
        return f"<li>{self.tokens(token['children'], here)}</li>"

    def _task_item(self, token: Token, here: Here) -> str:
        state = "done" if token["attrs"]["checked"] else "todo"
        mark = f'<span class="task" data-state="{state}"></span> '
        return f'<li class="task-item">{mark}{self.tokens(token["children"], here)}</li>'

    def _quote(self, token: Token, here: Here) -> str:
        return f"<blockquote>{self.tokens(token['children'], here)}</blockquote>"

    def _begin(self, token: Token, here: Here) -> str:
        kind = token["kind"]
        if kind in RAW:
            return self._raw(kind, token["raw"], here)
        within = self.tokens(token.get("children", ()), here)
        if kind == "quote":
            return f"<blockquote>{within}</blockquote>"
        if kind in _ADMONITIONS:
            return f'<aside class="admonition {kind}" role="note">{within}</aside>'
        return f'<div class="special {"center" if kind == "center" else "verse"}">{within}</div>'

    def _raw(self, kind: str, text: str, here: Here) -> str:
        """A special block whose text is no Markdown."""
        if kind == "query":
            return f'<p class="left-out">{escaped(self.words.query)}</p>'
        if kind == "export":
            return self.site.clean(text, here)
        return "" if kind == "comment" else f"<pre><code>{escaped(text)}</code></pre>"

    def _hole(self, token: Token, here: Here) -> str:
        if token["number"] >= len(here.block.codes):
            return ""
        return self.site.code(here.page, here.block, here.block.codes[token["number"]])

    def _block_formula(self, token: Token, here: Here) -> str:
        self.features.add("formulas")
        return self.site.formula(token["tex"], here, display=True)

    def _hiccup(self, token: Token, _here: Here) -> str:
        return f'<pre class="hiccup"><code>{escaped(token["raw"])}</code></pre>'

    def _html(self, token: Token, here: Here) -> str:
        return self.site.clean(token["raw"], here)

    def _rule(self, _token: Token, _here: Here) -> str:
        return "<hr>"

    def _nothing(self, _token: Token, _here: Here) -> str:
        return ""

    def _footnote(self, token: Token, here: Here) -> str:
        key = token["key"]
        anchor = note_anchor(key)
        own = f' id="{anchor}"' if anchor not in self.ids else ""
        self.ids.add(anchor)
        back = f'<a href="#{anchor}-mark">{escaped(key)}</a>'
        if f"{anchor}-mark" not in self.ids:
            back = escaped(key)
        return (
            f'<p class="footnote"{own}><sup>{back}</sup> {self.inline(token["children"], here)}</p>'
        )

    def _table(self, token: Token, here: Here) -> str:
        head, *bodies = token["children"]
        rows = "".join(
            f"<tr>{self._cells(row, here)}</tr>" for body in bodies for row in body["children"]
        )
        return (
            f'<div class="table"><table><thead><tr>{self._cells(head, here)}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )

    def _cells(self, row: Token, here: Here) -> str:
        cells: list[str] = []
        for cell in row["children"]:
            name = "th" if cell["attrs"]["head"] else "td"
            align = cell["attrs"]["align"]
            style = f' style="text-align: {align}"' if align else ""
            cells.append(f"<{name}{style}>{self.inline(cell['children'], here)}</{name}>")
        return "".join(cells)

    _by_kind: ClassVar[Mapping[str, Callable[[Writer, Token, Here], str]]] = {
        "paragraph": _paragraph,
        "block_text": _block_text,
        "list": _list,
        "list_item": _item,
        "task_list_item": _task_item,
        "block_quote": _quote,
        "begin": _begin,
        "hole": _hole,
        "hiccup": _hiccup,
        "block_html": _html,
        "thematic_break": _rule,
        "blank_line": _nothing,
        "footnote": _footnote,
        "table": _table,
        "formula": _block_formula,
    }
