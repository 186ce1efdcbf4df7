"""Write the pages of docs/reference that the code itself can tell; `make docs` runs this.

- `commands.md`: the commands and their options, from click
- `configuration.md`: the options of `tangle.toml`, from the models
- `properties.md`: the `tangle.` properties, from the table that reads them
- `schemas.md`: the JSON Schemas, from docs/schemas
- `parse-api.md`: the functions and values of `tangle.parse`, from their docstrings
"""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

import tangle.model
import tangle.parse
from tangle.link.settings import BOOK, KNOWN, SOLUTION, WRITTEN
from tangle.model import Settings
from tangle.verbs.project import Options, SiteOptions
from tangle_cli.main import cli

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "reference"

_VALUES: Final = ("Page", "Block", "Property", "Fence", "Reference", "PageEmbed", "Span")
"""The values of `tangle.model` that a page consists of."""
_SECTIONS: Final = {"Args:": "Arguments", "Raises:": "Raises", "Attributes:": "Attributes"}
_GENERATED: Final = "This page is generated from the code by `make docs`."
# Properties that steer no chunk, and so are no fields of `Settings`.
_OF_PAGES: Final = {
    BOOK: "at the top of a page: the book that the page belongs to",
    SOLUTION: "whether the block is the solution of an exercise, which the site folds",
}


def documents() -> Mapping[str, str]:
    """The text of each page, by its name in docs/reference."""
    return {
        "commands.md": "\n".join(_commands()),
        "configuration.md": "\n".join(_configuration()),
        "properties.md": "\n".join(_properties()),
        "schemas.md": "\n".join(_schemas()),
        "parse-api.md": "\n".join(_parse_api()),
    }


# --- commands ------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands and options\n"
    yield f"{_GENERATED} [The command line](../cli.md) describes what each command does.\n"
    context = click.Context(cli, info_name="tangle")
    yield from _command(cli, context, [])
    for name in cli.list_commands(context):
        yield from _one_or_group(cli, name, context, [name])


def _one_or_group(
    group: click.Group, name: str, context: click.Context, path: list[str]
) -> Iterator[str]:
    command = group.get_command(context, name)
    assert command is not None
    inner = click.Context(command, info_name=name, parent=context)
    yield from _command(command, inner, path)
    if isinstance(command, click.Group):
        for each in command.list_commands(inner):
            yield from _one_or_group(command, each, inner, [*path, each])


def _command(command: click.Command, context: click.Context, path: list[str]) -> Iterator[str]:
    yield f"{'#' * (len(path[1:]) + 2)} {' '.join(['tangle', *path])}\n"
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"    {context.command_path} {pieces}\n"
    yield f"{_prose(inspect.cleandoc(command.help or ''))}\n"
    records = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
    ]
    yield from _table(
        ("option", ""),
        # Arguments have no help: they are in the synopsis.
        ((f"`{names}`", text) for names, text in records if text and names != "--help"),
    )


def _prose(text: str) -> str:
    """The help of a command without click's mark for paragraphs that are not wrapped."""
    return "\n".join(line for line in text.splitlines() if line != "\b")


# --- configuration -------------------------------------------------------------------------------


def _configuration() -> Iterator[str]:
    yield "# Configuration\n"
    yield (
        f"{_GENERATED} The options belong in `tangle.toml`, or in the table `[tool.tangle]` of\n"
        "`pyproject.toml`. All are optional. [Configuration](../cli.md#configuration) describes\n"
        "their effects, and which values are refused.\n"
    )
    yield from _options(Options)
    yield "## The table `[site]`\n"
    yield "For `tangle weave` and `tangle serve`; see [Publishing](../how-to/publishing.md).\n"
    yield from _options(SiteOptions)


def _options(model: type[msgspec.Struct]) -> Iterator[str]:
    described = _parts(inspect.getdoc(model) or "").get("Attributes", {})
    yield from _table(
        ("option", "values", "default", ""),
        (
            (f"`{field.name}`", _type(field.type), _default(field.default), described[field.name])
            for field in msgspec.structs.fields(model)
            if field.type is not SiteOptions
        ),
    )


def _type(kind: Any) -> str:
    """What a TOML file may hold for a type."""
    words = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    if kind in words:
        return words[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return " or ".join(f'`"{value}"`' for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return ", ".join(_type(each) for each in arguments if each is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    raise TypeError(f"no words for {kind}")


def _default(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(repr, value))}]`"
    return f"`{msgspec.json.encode(value).decode()}`"


# --- properties ----------------------------------------------------------------------------------


def _properties() -> Iterator[str]:
    yield "# Properties\n"
    yield (
        f"{_GENERATED} [Writing notes that tangle](notes-format.md#properties) describes\n"
        "what each property does, and where it applies.\n"
    )
    described = _parts(inspect.getdoc(Settings) or "").get("Attributes", {})
    yield from _table(
        ("property", "values", ""),
        (
            (f"`{name}`", values, _OF_PAGES.get(name) or described[name.removeprefix("tangle.")])
            for name, values in KNOWN.items()
            if name not in WRITTEN
        ),
    )
    yield f"tangle writes these itself, at its output blocks: {_names(WRITTEN)}.\n"


# --- schemas -------------------------------------------------------------------------------------


def _schemas() -> Iterator[str]:
    yield "# JSON Schemas\n"
    yield (
        f"{_GENERATED} Each schema describes one document. Their fields are explained in\n"
        "[The command line](../cli.md) and [The HTTP interface](http.md).\n"
    )
    found = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER.parent / "schemas").glob("*.json"))
    }
    yield from _table(
        ("schema", "describes", "fields"),
        (
            (f"[{name}](../schemas/{name})", schema["title"], _names(schema["properties"]))
            for name, schema in found.items()
        ),
    )


def _names(names: typing.Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- tangle.parse --------------------------------------------------------------------------------


def _parse_api() -> Iterator[str]:
    yield "# `tangle.parse`: functions and values\n"
    yield f"{_GENERATED} [`tangle.parse`](parse.md) introduces the package with examples.\n"
    yield "## Functions\n"
    members = {name: getattr(tangle.parse, name) for name in sorted(tangle.parse.__all__)}
    for name, member in members.items():
        if inspect.isroutine(inspect.unwrap(member)):
            yield from _function(name, member)
    yield "## Values\n"
    for name, member in members.items():
        if inspect.isclass(member):
            yield from _value(name, member)
    yield "## Values of `tangle.model`\n"
    for name in _VALUES:
        yield from _value(name, getattr(tangle.model, name))


def _function(name: str, function: Any) -> Iterator[str]:
    yield f"### {name}\n"
    signature = str(inspect.signature(inspect.unwrap(function))).replace("'", "")
    yield f"```python\n{name}{signature}\n```\n"
    yield from _docstring(inspect.getdoc(function) or "")


def _value(name: str, kind: type) -> Iterator[str]:
    yield f"### {name}\n"
    yield from _docstring(inspect.getdoc(kind) or "")


def _docstring(text: str) -> Iterator[str]:
    found = _parts(text)
    yield f"{_summary(text)}\n"
    for title in _SECTIONS.values():
        if title in found:
            yield from _table(
                (title.lower(), ""), ((f"`{name}`", words) for name, words in found[title].items())
            )


# --- docstrings ----------------------------------------------------------------------------------


def _summary(text: str) -> str:
    """What a docstring says before its first section."""
    return re.split(r"\n\n(?:Args|Raises|Attributes|Yields|Returns):\n", text)[0]


def _parts(text: str) -> Mapping[str, Mapping[str, str]]:
    """The sections of a docstring in Google's form: name to description, by title."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line in _SECTIONS:
            section = found.setdefault(_SECTIONS[line], {})
        elif (begin := re.match(r"    (\w+): (.*)", line)) is not None:
            name = begin[1]
            section[name] = begin[2]
        elif line.startswith("     ") and name in section:
            section[name] += f" {line.strip()}"
    return found


def _table(head: Sequence[str], rows: typing.Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [" | ".join(cell.replace("|", r"\|").removesuffix(".") for cell in row) for row in rows]
    if lines:
        ruler = "|".join("---" for _ in head)
        yield "\n".join(
            [f"| {' | '.join(head)} |", f"|{ruler}|", *(f"| {line} |" for line in lines)]
        )
        yield ""


def main() -> None:
    """Write the pages."""
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
