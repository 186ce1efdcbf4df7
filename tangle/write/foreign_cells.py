"""Read the cells of notebooks and of scripts in percent format, from any program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from tangle.model import MimeBundle, MimeType, Output, Stream
from tangle.parse.languages import PROGRAMS

_OLD_TYPES: Final = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "latex": "text/latex",
    "markdown": "text/markdown",
    "text": "text/plain",
    "json": "application/json",
    "javascript": "application/javascript",
}
"""What nbformat 3 calls the forms of an output."""

_WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_RAW: Final = {
    "text/html": "html",
    "text/latex": "latex",
    "text/markdown": "markdown",
    "text/restructuredtext": "rst",
    "text/x-python": "python",
}
CELL_HEAD: Final = re.compile(r"#[ \t]*%%+(?P<rest>.*)")
"""The line above each cell of a script in percent format."""

_KIND: Final = re.compile(r"\[(?P<kind>markdown|md|raw)\]|\b(?P<bare>markdown|raw)\b")
_HEADER: Final = re.compile(r"\A# ---\n(?:#.*\n)*?# ---\n")
_EXPORTED: Final = re.compile(r"\A# Exported by tangle[^\n]*\n(?:# tangle: [^\n]*\n)?")
_ESCAPED: Final = re.compile(r"(?m)^# ?(?=[%!])")
_LANGUAGE: Final = re.compile(r"[\w+#.-]{1,40}")
_SETUP: Final = "tangle-setup"


class NotANotebook(ValueError):
    """A file is no notebook; the message says why, and what to do."""


class SourceCell(Struct, frozen=True, kw_only=True):
    """A cell.

    Attributes:
        text: its lines, without a line feed at the end.
        language: of code; of other text the language of its fence.
        attachments: images in it by name, base64.
        raises: the exception that a code cell is marked to raise.
        failure: name and message of the exception that it raised.
        widgets: whether an output is a widget, of which only the text is kept.
    """

    kind: Literal["markdown", "code", "raw"]
    text: str
    language: str = ""
    attachments: tuple[tuple[str, str], ...] = ()
    outputs: tuple[Output, ...] = ()
    raises: str = ""
    failure: tuple[str, str] | None = None
    widgets: bool = False


def cells_of_notebook(data: bytes) -> tuple[SourceCell, ...]:
    """Return the cells of a notebook of nbformat 3 or 4.

    Args:
        data: the file.

    Raises:
        NotANotebook: it is damaged, or something else.
    """
    notebook = _loaded(data)
    version = notebook["nbformat"]
    if version not in (3, 4):
        raise NotANotebook(f"nbformat {version!r} is not read; save it with a current Jupyter")
    try:
        sheets = (notebook.get("worksheets") or []) if version == 3 else [notebook]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
        language = _language(notebook)
        return tuple(_cell(cell, language) for cell in cells if not _is_setup(cell))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotANotebook(
            f"a cell is damaged ({error!r}); open it in Jupyter, and save it"
        ) from error


def _loaded(data: bytes) -> Mapping[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotANotebook("it is not UTF-8; save it with a current Jupyter") from error
    if re.search(r"(?m)^(<{7}|>{7}) ", text):
        raise NotANotebook("it has the marks of a merge conflict; resolve that first")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise NotANotebook(f"it is not JSON{where}; take an earlier version of the file") from error
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise NotANotebook("it is JSON, but no notebook; choose another file")
    return notebook


def _language(notebook: Mapping[str, Any]) -> str:
    """The language of code cells, as fences name it."""
    about = notebook.get("metadata") or {}
    kernel, info = about.get("kernelspec") or {}, about.get("language_info") or {}
    found = _word(info.get("name") or kernel.get("language") or "python")
    return "python" if found in PROGRAMS else found


def _word(language: object) -> str:
    """A language as a fence can name it; a notebook may say anything there."""
    found = str(language).lower()
    return found if _LANGUAGE.fullmatch(found) else "text"


def _is_name(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _is_setup(cell: Mapping[str, Any]) -> bool:
    return _SETUP in ((cell.get("metadata") or {}).get("tags") or ())


def _cell(cell: Mapping[str, Any], language: str) -> SourceCell:
    kind = cell.get("cell_type")
    about = cell.get("metadata") or {}
    text = cell_text(cell["source"] if "source" in cell else cell["input"])
    if kind == "heading":  # nbformat 3
        level = int(min(max(cell.get("level") or 1, 1), 6))
        return SourceCell(kind="markdown", text=f"{'#' * level} {text}")
    if kind in ("markdown", "html"):
        found = (cell.get("attachments") or {}).items()
        images = ((name, next(iter(forms.values()))) for name, forms in found if forms)
        attachments = tuple((name, cell_text(data)) for name, data in images)
        return SourceCell(kind="markdown", text=text, attachments=attachments)
    if kind != "code":
        form = str(about.get("raw_mimetype") or about.get("format") or "")
        return SourceCell(kind="raw", text=text, language=_RAW.get(form, "text"))
    outputs = cell.get("outputs") or []
    errors = [each for each in outputs if each.get("output_type") in ("error", "pyerr")]
    failure = None
    if errors:
        name, message = errors[0].get("ename"), errors[0].get("evalue")
        failure = cell_text(str(name)), cell_text(str(message or ""))
    raised = failure[0] if failure is not None and _is_name(failure[0]) else ""
    return SourceCell(
        kind="code",
        text=text,
        language=_word(cell.get("language") or language),
        outputs=tuple(found for each in outputs if (found := _output(each)) is not None),
        raises=raised if "raises-exception" in (about.get("tags") or ()) else "",
        failure=failure,
        widgets=any(_WIDGET in (each.get("data") or {}) for each in outputs),
    )


def _output(output: Mapping[str, Any]) -> Output | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = output.get("name", output.get("stream"))
        return Stream("stderr" if name == "stderr" else "stdout", cell_text(output.get("text", "")))
    if kind not in ("display_data", "execute_result", "pyout"):
        return None
    forms = output.get("data")
    if forms is None:  # nbformat 3
        forms = {_OLD_TYPES[name]: output[name] for name in _OLD_TYPES if name in output}
    data = tuple(
        sorted(
            (MimeType(cell_text(str(mime))), _form(value))
            for mime, value in forms.items()
            if mime != _WIDGET
        )
    )
    shown: Literal["result", "display"] = "display" if kind == "display_data" else "result"
    return MimeBundle(kind=shown, data=data) if data else None


def _form(value: Any) -> str:
    if isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ):
        return cell_text(value)
    return cell_text(json.dumps(value, ensure_ascii=False, sort_keys=True))


def cell_text(source: str | Sequence[str]) -> str:
    """Return a text that a page can hold.

    Args:
        source: as a notebook keeps it: one string, or lines.
    """
    text = source if isinstance(source, str) else "".join(source)
    # Half of a surrogate pair has no bytes in a page.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def cells_of_script(data: bytes) -> tuple[SourceCell, ...]:
    """Return the cells of a script in percent format; any other script is one cell.

    Args:
        data: the file.

    Raises:
        NotANotebook: it is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotANotebook("it is not UTF-8; save it as UTF-8") from error
    text = _EXPORTED.sub("", _HEADER.sub("", text))
    return tuple(cell for cell in _script_cells(text) if cell.text.strip())


def _script_cells(text: str) -> Iterator[SourceCell]:
    head, lines = "", list[str]()
    for line in [*text.split("\n"), None]:
        found = None if line is None else CELL_HEAD.fullmatch(line)
        if line is not None and found is None:
            lines.append(line)
            continue
        if _SETUP not in head:
            yield script_cell(head, "\n".join(lines).strip("\n"))
        head, lines = (found["rest"] if found else ""), []


def script_cell(head: str, body: str) -> SourceCell:
    """Return a cell of a script in percent format.

    Args:
        head: the line above it.
        body: its lines.
    """
    kind = _KIND.search(head)
    name = (kind["kind"] or kind["bare"]) if kind else ""
    if not name:
        return SourceCell(kind="code", text=_ESCAPED.sub("", body), language="python")
    shown: Literal["markdown", "raw"] = "raw" if name == "raw" else "markdown"
    language = "text" if name == "raw" else ""
    return SourceCell(kind=shown, text=_uncommented(body), language=language)


def _uncommented(text: str) -> str:
    for quotes in ('"""', "'''"):
        if text.startswith(quotes) and text.endswith(quotes) and len(text) >= 6:
            return text[3:-3].strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in text.split("\n"))
