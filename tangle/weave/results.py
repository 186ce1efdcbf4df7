"""Render what an output block shows as HTML: text, Markdown, figures, media and failures."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from tangle.weave.code import mark_html
from tangle.weave.code_words import CodeWords, code_words

if TYPE_CHECKING:
    from tangle.model import ShownFrame, ShownOutput, ShownPart

_IMAGES: Final = frozenset({"svg", "png", "jpg", "jpeg", "gif", "webp", "bmp", "avif"})
_AUDIO: Final = frozenset({"wav", "mp3", "ogg", "flac", "m4a"})
_VIDEO: Final = frozenset({"mp4", "webm", "ogv", "mov"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What an output needs of the site around it.

    Attributes:
        markdown: renders Markdown as the text of a block, as HTML that can be trusted.
        file: finds the address of a file, by its target as the note has it; None if it is
            missing.
        line: finds the address of a line of the page that has a title; None if the site has no
            such page.
        language: of the site.
    """

    markdown: Callable[[str], str]
    file: Callable[[str], str | None]
    line: Callable[[str, int], str | None]
    language: str = "en"


def output_html(output: ShownOutput, around: Around) -> Markup:
    """Return an output as a result under its chunk.

    Args:
        output: the output.
        around: what it needs of the site.
    """
    words = code_words(around.language)
    parts = Markup("").join(_part(part, around, words) for part in output.parts)
    reason = words.edited if output.edited else ""
    # The chunk's own head says whether it is current.
    shown = output.host < 0 or output.edited
    mark = mark_html(output.mark, reason, words) if shown else Markup("")
    head = Markup('<p class="output-head">{}</p>').format(mark) if shown else Markup("")
    return Markup('<div class="output" data-state="{}">{}{}</div>').format(output.mark, head, parts)


def _part(part: ShownPart, around: Around, words: CodeWords) -> Markup:
    match part.kind:
        case "text":
            return Markup('<pre class="text" tabindex="0">{}</pre>').format(part.text)
        case "markdown":
            return Markup('<div class="markdown">{}</div>').format(
                Markup(around.markdown(part.text))
            )
        case "failure":
            return _failure(part, around, words)
        case _:
            return _file(part, around, words)


def _file(part: ShownPart, around: Around, words: CodeWords) -> Markup:
    """A file: a figure, audio, a video, or a link to any other."""
    name = posixpath.basename(part.target)
    href = around.file(part.target)
    if href is None:
        why = words.missing_file.format(name)
        return Markup('<p><span class="broken" title="{}">{}</span></p>').format(
            why, part.label or name
        )
    label = part.label or name
    ending = name.rpartition(".")[2].lower()
    if part.kind == "image" and ending in _IMAGES:
        image = '<p><img class="figure" src="{}" alt="{}" loading="lazy"></p>'
        return Markup(image).format(href, label)
    if ending in _VIDEO:
        video = '<p><video class="media" controls preload="metadata" src="{}" aria-label="{}">'
        return Markup(video + "</video></p>").format(href, label)
    if ending in _AUDIO:
        audio = '<p><audio controls preload="metadata" src="{}" aria-label="{}"></audio></p>'
        return Markup(audio).format(href, label)
    return Markup('<p><a class="file" href="{}">{}</a></p>').format(href, label)


def _failure(part: ShownPart, around: Around, words: CodeWords) -> Markup:
    """A failure, each place of it a link to the line."""
    frames = {frame.row: frame for frame in part.frames}
    lines = (
        _frame(text, frames[row], around) if row in frames else escape(text)
        for row, text in enumerate(part.lines)
    )
    shown = Markup("\n").join(lines)
    failure = '<div class="failure" role="group" aria-label="{}"><pre tabindex="0">{}</pre></div>'
    return Markup(failure).format(words.failure, shown)


def _frame(text: str, frame: ShownFrame, around: Around) -> Markup:
    href = around.line(frame.title, frame.line)
    if href is None:
        return escape(text)
    return Markup('<a href="{}">{}</a>{}').format(href, text[: frame.end], text[frame.end :])
