"""Highlight code as HTML: Pygments' classes on each token, links laid over some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from markupsafe import escape

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

_LONGEST: Final = 300_000
"""Characters of code above which it is shown without colours: it is data, mostly."""

_PLAIN: Final = frozenset({"w", "n", "p"})
"""Classes of tokens that look as plain text does: blanks, names, punctuation."""

_ALIASES: Final = {
    "edn": "clojure",
    "jsonc": "json",
    "plain": "text",
    "pycon3": "pycon",
    "txt": "text",
}
"""Languages by words that Pygments does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """HTML that stands for a token of the code.

    Attributes:
        start, end: tags around the token.
    """

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of one line of code.

    Attributes:
        column: characters before it.
        css: its class; empty if it has none.
        is_name: whether it may be a name.
    """

    text: str
    column: int
    css: str
    is_name: bool


def lexer_of(language: str) -> Lexer:
    """Return the lexer of a language; that of plain text where none is known.

    Args:
        language: as a fence names it.
    """
    from pygments.lexers import get_lexer_by_name
    from pygments.lexers.special import TextLexer
    from pygments.util import ClassNotFound

    name = language.strip().lower()
    options = {"stripnl": False, "ensurenl": False}
    try:
        return get_lexer_by_name(_ALIASES.get(name, name), **options)
    except ClassNotFound:
        return TextLexer(**options)


def token_lines(code: str, language: str) -> list[list[Token]]:
    """Return the tokens of code, line by line; their texts are the code again.

    Args:
        code: lines with line feeds between them.
        language: as a fence names it.
    """
    return [*map(list, _token_lines(code, language))]


@lru_cache(maxsize=1024)  # the live site makes a page again when one chunk of it changes
def _token_lines(code: str, language: str) -> tuple[tuple[Token, ...], ...]:
    from pygments.token import Token as Root
    from pygments.token import is_token_subtype

    lines: list[list[Token]] = [[]]
    column = 0
    for kind, text in _tokens(code, language):
        css = _css(kind)
        is_name = is_token_subtype(kind, Root.Name) or is_token_subtype(kind, Root.Keyword)
        for at, piece in enumerate(text.split("\n")):
            if at:
                lines.append([])
                column = 0
            if piece:
                lines[-1].append(Token(piece, column, css, is_name))
                column += len(piece)
    return tuple(map(tuple, lines))


def _tokens(code: str, language: str) -> Iterable[tuple[_TokenType, str]]:
    from pygments.token import Token as Root

    plain = [(Root.Text, code)]
    if len(code) > _LONGEST:
        return plain
    found = list(lexer_of(language).get_tokens(code))
    # A lexer that leaves characters out would show another program.
    return found if "".join(text for _, text in found) == code else plain


@cache
def _css(kind: _TokenType) -> str:
    from pygments.token import STANDARD_TYPES

    found = next((STANDARD_TYPES[k] for k in reversed(kind.split()) if k in STANDARD_TYPES), "")
    return "" if found in _PLAIN else found


def lines_html(
    lines: Sequence[Sequence[Token]], laid: Mapping[tuple[int, int], Laid]
) -> Iterator[str]:
    """Yield each line as HTML.

    Args:
        lines: the tokens.
        laid: what is laid over tokens, by line (from 0) and column.
    """
    for row, tokens in enumerate(lines):
        yield "".join(_token_html(token, laid.get((row, token.column))) for token in tokens)


def _token_html(token: Token, laid: Laid | None) -> str:
    text = str(escape(token.text))
    if token.css:
        text = f'<span class="{token.css}">{text}</span>'
    return text if laid is None else f"{laid.start}{text}{laid.end}"
