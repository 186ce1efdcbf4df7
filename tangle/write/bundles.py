"""Choose what a note shows of a MIME bundle, the form that says most first."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Final

from tangle.model import ALTERNATIVE_TEXT, MimeBundle, MimeType
from tangle.write.html_forms import HtmlForm, HtmlTable, is_public, read_html, steady, titles_of
from tangle.write.parts import (
    EXTENSIONS,
    HTML,
    JSON,
    PLAIN,
    File,
    Part,
    Piece,
)
from tangle.write.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARKDOWN: Final = MimeType("text/markdown")
_LATEX: Final = MimeType("text/latex")
_WIDGET: Final = MimeType("application/vnd.jupyter.widget-view+json")
_MEDIA: Final = tuple(
    mime for mime in EXTENSIONS if mime.startswith(("image/", "video/", "audio/"))
)
_SHOWN: Final = (*_MEDIA, MimeType("application/pdf"))
_ALIASES: Final = {"audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "audio/mp3": "audio/mpeg"}
_SPECIFICATION: Final = re.compile(r"application/[\w.+-]*(?:json|\+json)", re.ASCII)

_NAMELESS: Final = re.compile(r"<[\w.]+(?: object| at 0x| instance)[^\n]*>|<[\w.]+>")
_ABBREVIATED: Final = re.compile(r"[\w.]+\((?:\.\.\.|id=[^\n]*)\)|Figure\(\{.*\}\)", re.DOTALL)
_WIDGET_REPR: Final = re.compile(r"(\w+)\(.*\)", re.DOTALL)
_FORMULA: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\$\$(?P<tex>(?:(?!\$\$).)+)\$\$",
        r"\$(?:\\displaystyle\s?)?(?P<tex>[^$]+)\$",
        r"\\\[(?P<tex>.+)\\\]",
        r"\\\((?P<tex>.+)\\\)",
        r"(?P<tex>\\begin\{(?P<name>[\w*]+)\}.*\\end\{(?P=name)\})",
    )
)
_FENCE: Final = re.compile(
    r"^[ \t]*(?:```|~~~)[^\n]*\n(?P<code>.*?)(?:\n[ \t]*(?:```|~~~)[^\n]*$|\Z)"
    r"|^[ \t]*\$\$(?P<tex>(?:(?!\$\$).)+)\$\$[ \t]*$"
    r"|^[ \t]*(?P<environment>\\begin\{(?P<name>[A-Za-z]{1,30}\*?)\}"
    r"(?:(?!\n[ \t]*(?:\n|\\begin\{(?P=name)\})).){0,8000}?\\end\{(?P=name)\})[ \t]*$"
    r"|^[ \t]*\\\[(?P<bracket>(?:(?!\\\]|\n[ \t]*\\\[).)+)\\\][ \t]*$"
    r"|!\[[^\]\n]*\]\(data:(?P<mime>image/[\w.+-]+);base64,(?P<data>[A-Za-z0-9+/=]+)\)",
    re.DOTALL | re.MULTILINE,
)
_LONGEST: Final = 300
"""Characters of text around a table, or of HTML without any, that stand in the note."""


def bundle_parts(bundle: MimeBundle) -> tuple[Part, ...]:
    """Return what a note shows of a bundle; at least a sentence, where it has anything.

    Args:
        bundle: what was shown, in its forms.
    """
    forms = dict(bundle.data)
    plain = _meaningful(forms)
    parts = tuple(_best(forms, plain))
    if parts or not any(forms.values()):
        return parts
    kinds = ", ".join(sorted(set(forms) - {PLAIN, ALTERNATIVE_TEXT}))
    if not kinds:
        return (Piece(kind="text", text=forms.get(PLAIN, "")),)
    words = f"{kinds} cannot be shown in a note: print what matters, or save it to a file"
    return (Piece(kind="sentence", text=words),)


def _meaningful(forms: Mapping[MimeType, str]) -> str:
    """The text form; empty where it is but the name of a class."""
    plain = forms.get(PLAIN, "")
    others = len(forms) > 1
    nameless = others and (_NAMELESS.fullmatch(plain.strip()) or _ABBREVIATED.fullmatch(plain))
    return "" if nameless else plain


def _best(forms: Mapping[MimeType, str], plain: str) -> Iterator[Part]:
    if _WIDGET in forms:
        yield from _widget(forms.get(PLAIN, ""))
        return
    if _LATEX in forms and HTML not in forms:
        written = tuple(latex_parts(forms[_LATEX]))
        # A formula says more than a picture of it; other LaTeX may be the picture's caption.
        is_formula = len(written) == 1 and getattr(written[0], "kind", "") == "math"
        if is_formula or not any(mime in forms for mime in _MEDIA):
            yield from written
            return
    media = next(filter(None, (_file(forms, mime) for mime in _SHOWN)), None)
    specification = next((m for m in forms if _SPECIFICATION.fullmatch(m) and m != JSON), None)
    if media is not None:
        yield media
    if HTML in forms and (media is None or specification is not None or "<script" in forms[HTML]):
        yield from _html(forms[HTML], "" if media is not None else plain)
    elif media is None:
        yield from _written(forms, plain, specification)


def _written(
    forms: Mapping[MimeType, str], plain: str, specification: MimeType | None
) -> Iterator[Part]:
    """What is text, one way or another."""
    if _MARKDOWN in forms:
        yield from markdown_parts(forms[_MARKDOWN])
    elif _LATEX in forms:
        yield from latex_parts(forms[_LATEX])
    elif JSON in forms:
        yield Piece(kind="text", text=_tree(forms[JSON]))
    elif specification is not None:
        yield from [Piece(kind="text", text=plain)] if plain else []
        data = _tree(forms[specification]).encode("utf-8", "replace")
        yield File(mime=JSON, data=data, link=f"specification, {size(data)}")
        yield Piece(
            kind="sentence",
            text=f"{specification} has neither a picture nor HTML here: "
            "show it as HTML, or save it as a picture",
        )
    elif plain:
        yield Piece(kind="text", text=plain)


def _file(forms: Mapping[MimeType, str], mime: MimeType) -> File | None:
    """A figure, sound or film of a bundle, never decoded; None where it is not base64."""
    source = next((text for kind, text in forms.items() if _ALIASES.get(kind, kind) == mime), None)
    if source is None:
        return None
    shows = forms.get(ALTERNATIVE_TEXT, "")
    if mime.endswith("+xml"):
        return File(mime=mime, data=source.encode("utf-8", "replace"), shows=shows)
    try:
        data = base64.b64decode("".join(source.split()), validate=True)
    except (binascii.Error, ValueError):
        return None  # the bundle's other forms may do
    return File(mime=mime, data=data, shows=shows)


def _widget(plain: str) -> Iterator[Part]:
    """A widget's text, which needs a sentence where it is but the code that would make it."""
    if plain:
        yield Piece(kind="text", text=plain)
    if not plain or (found := _WIDGET_REPR.fullmatch(plain.strip())):
        name = found[1] if plain and found else "This"
        yield Piece(
            kind="sentence",
            text=f"{name} is a widget, which only a running notebook shows: print its value",
        )


# --- HTML -----------------------------------------------------------------------------------------


def _html(source: str, plain: str) -> Iterator[Part]:
    form = read_html(source)
    media = [_medium(mime, data) for mime, data in form.media]
    yield from filter(None, media)
    yield from (_picture(address) for address in form.addresses if is_public(address))
    yield from (Piece(kind="markdown", text=f"[{x}]({x})") for x in form.frames)
    if any(map(_says_something, form.tables)):
        yield from _tables(form, source, plain)
    elif form.lossy or not (form.media or form.addresses or form.frames) or None in media:
        if plain:
            yield Piece(kind="text", text=plain)
        elif form.text and len(form.text) <= _LONGEST and not form.media:
            yield Piece(kind="text", text=form.text)
        if not (plain and form.tables) or form.lossy:  # a table of nothing has nothing more to see
            yield html_file(source)
    else:
        yield from _words(form.text, source)
    for address in form.addresses:
        if not is_public(address):
            yield Piece(
                kind="sentence", text=f"{address} is not part of the output: embed it (embed=True)"
            )


def _words(text: str, source: str) -> Iterator[Part]:
    """The words beside media."""
    if text:
        yield Piece(kind="text", text=text) if len(text) <= _LONGEST else html_file(source)


def _says_something(table: HtmlTable) -> bool:
    return any(any(map(str.strip, row)) for row in (*table.head, *table.body))


def _tables(form: HtmlForm, source: str, plain: str) -> Iterator[Part]:
    caption = form.text if len(form.text) <= _LONGEST else ""
    left_out = form.lossy or len(form.text) > _LONGEST or "<style type" in source
    for number, whole in enumerate(form.tables):
        titles, table = titles_of(whole)
        yield from (Piece(kind="sentence", text=title) for title in titles)
        lines, said = table_lines(table, caption if not number else "")
        yield Piece(kind="table", text="\n".join(lines), plain=plain if not number else "")
        for words in dict.fromkeys(filter(None, (said, caption if not number else ""))):
            if words == said or words not in said:
                yield Piece(kind="sentence", text=words.replace("\n", ", "))
        left_out = left_out or ("left out" in said and said != caption and " of " in said)
    if left_out:
        yield html_file(source)


def html_file(source: str) -> File:
    """Return HTML as a file that a browser opens, with a link.

    Args:
        source: the HTML, a whole page or part of one.
    """
    page = steady(source)
    if "<html" not in page[:1000].lower():
        head = '<!DOCTYPE html>\n<meta charset="utf-8">\n<title>output</title>\n'
        page = f"{head}{page}\n"
    data = page.encode("utf-8", "replace")
    return File(mime=HTML, data=data, link=f"HTML, {size(data)}")


def _medium(mime: MimeType, data: bytes) -> File | None:
    kind = MimeType(_ALIASES.get(mime, mime))
    return File(mime=kind, data=data) if kind in _MEDIA else None


def _picture(address: str) -> Piece:
    return Piece(kind="markdown", text=f"![]({address})")


# --- Markdown, LaTeX, JSON ------------------------------------------------------------------------


def markdown_parts(source: str) -> Iterator[Part]:
    """Yield Markdown, with its code, formulas and embedded pictures as parts of their own.

    Args:
        source: the Markdown.
    """
    done = 0
    for found in _FENCE.finditer(source):
        yield from _prose(source[done : found.start()])
        done = found.end()
        if formula := found["tex"] or found["environment"] or found["bracket"]:
            yield Piece(kind="math", text=formula.strip())
        elif found["data"]:
            part = _medium(MimeType(found["mime"]), _bytes(found["data"]))
            yield part or Piece(
                kind="sentence", text=f"a picture ({found['mime']}) that a note cannot show"
            )
        else:
            yield Piece(kind="text", text=found["code"] or "")
    yield from _prose(source[done:])


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return b""


def _prose(text: str) -> Iterator[Part]:
    if text.strip():
        yield Piece(kind="markdown", text=text.strip("\n"))


def latex_parts(source: str) -> Iterator[Part]:
    """Yield LaTeX as a formula, or as Markdown with formulas in it.

    Args:
        source: the LaTeX.
    """
    for pattern in _FORMULA:
        if found := pattern.fullmatch(source.strip()):
            yield Piece(kind="math", text=found["tex"].strip())
            return
    yield from markdown_parts(source)


def _tree(text: str) -> str:
    """JSON on lines, indented; as it is where it is none."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def size(data: bytes) -> str:
    """Return the size of a file in words: `3 KiB`.

    Args:
        data: its content.
    """
    for unit, limit in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if len(data) >= limit:
            return f"{len(data) / limit:.0f} {unit}"
    return f"{len(data)} bytes"
