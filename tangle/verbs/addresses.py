"""What an argument on the command line may name: a title, a number, a path, a tag, ..."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.link import GLOB_SIGNS, GraphConfig, journal_day, read_number
from tangle.model import PagePath, Uuid
from tangle.verbs.project import Project


class Title(Struct, frozen=True, kw_only=True):
    """A page or a section by its title, an alias, or the name of a section.

    Attributes:
        linked: whether it stands in brackets, so that pages come before sections.
    """

    title: str
    linked: bool = False


class Number(Struct, frozen=True, kw_only=True):
    """A section, or all sections of a chapter, by number."""

    number: tuple[int, ...]


class File(Struct, frozen=True, kw_only=True):
    """A page or a folder of pages, by a path as a shell completes it."""

    path: str


class Day(Struct, frozen=True, kw_only=True):
    """The journal page of a day."""

    day: date


class Part(Struct, frozen=True, kw_only=True):
    """A part of a page: `Page#Heading`, `Page#3`."""

    page: str
    part: str


class LineOf(Struct, frozen=True, kw_only=True):
    """The block at a line of a page: `Page:12`."""

    page: str
    line: int


class BlockOf(Struct, frozen=True, kw_only=True):
    """A block by its id: `((id))`."""

    uuid: Uuid


class Tag(Struct, frozen=True, kw_only=True):
    """The pages whose code stands under a tag."""

    tag: str


class Glob(Struct, frozen=True, kw_only=True):
    """The pages whose title or path matches."""

    glob: str


Address = Title | Number | File | Day | Part | LineOf | BlockOf | Tag | Glob

_LINE: Final = re.compile(r"(.*\S)\s*:\s*([0-9]+)", re.ASCII | re.DOTALL)
_BLOCK: Final = re.compile(r"\(\(\s*([^()\s]+)\s*\)\)")
_LINKED: Final = re.compile(r"\[\[(.+)\]\]", re.DOTALL)
_LINKED_PART: Final = re.compile(r"\[\[(.+?)\]\]([#:].+)", re.DOTALL)


def readings(wanted: str, config: GraphConfig) -> tuple[Address, ...]:
    """Return all that an argument may mean, the likeliest first.

    A title that exists counts before any other reading, so that a page is always named by its
    title, whatever that looks like.

    Args:
        wanted: the argument.
        config: the graph's settings.
    """
    text = wanted.strip()
    if (linked := _LINKED.fullmatch(text)) and "[[" not in linked[1]:
        return (Title(title=linked[1].strip(), linked=True),)
    if part := _LINKED_PART.fullmatch(text):
        text = part[1].strip() + part[2]
    return (Title(title=text), *_others(text, config))


def _others(text: str, config: GraphConfig) -> Iterator[Address]:
    if number := read_number(unicodedata.normalize("NFKC", text)):
        yield Number(number=number)
    if match := _BLOCK.fullmatch(text):
        yield BlockOf(uuid=Uuid(match[1].lower()))
    if text:
        yield File(path=text)
    if (day := journal_day(unicodedata.normalize("NFKC", text), config.journal_format)) is not None:
        yield Day(day=day)
    yield from _within(text)
    if not GLOB_SIGNS.isdisjoint(text):
        yield Glob(glob=text)


def _within(text: str) -> Iterator[Address]:
    """Yield the readings that begin or go on with a sign: a tag, a line, a part."""
    if text.startswith("#") and len(text) > 1:
        tag = _LINKED.fullmatch(text[1:])
        yield Tag(tag=(tag[1] if tag else text[1:]).strip())
    if match := _LINE.fullmatch(text):
        yield LineOf(page=match[1], line=int(match[2]))
    for mark in re.finditer("#", text):  # titles may have the sign, and so may headings
        title, part = text[: mark.start()].strip(), text[mark.end() :].strip()
        if title and part:
            yield Part(page=title, part=part)


def comparable(title: str) -> str:
    """Return what is equal for titles that a person takes for the same.

    Case, full-width characters, and blanks around and between words do not count.
    """
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def paths_of(project: Project, path: str) -> tuple[PagePath, ...]:
    """Return the paths in the graph that a path on the command line may mean; "" is the graph.

    It is relative to the current folder, to the graph or to the project's root, as messages are.

    Args:
        project: whose graph.
        path: absolute or relative.
    """
    found: dict[PagePath, None] = {}
    bases = (Path.cwd(), project.graph, project.root)
    for base in bases:
        given = os.path.normpath(base / path)
        folder, name = os.path.split(given)
        for candidate in (Path(given), Path(os.path.realpath(folder), name)):
            if candidate.is_relative_to(project.graph):
                relative = candidate.relative_to(project.graph).as_posix()
                found[PagePath("" if relative == "." else relative)] = None
    return tuple(found)


def globs_of(project: Project, glob: str) -> tuple[str, ...]:
    """Return the globs over paths in the graph that one on the command line may mean.

    Args:
        project: whose graph.
        glob: as it was typed.
    """
    return tuple(path for path in paths_of(project, glob) if path)
