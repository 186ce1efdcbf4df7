"""Usage errors as one sentence each, and the types of values that options take."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final

import click

from tangle_cli.messages import _, is_english
from tangle_cli.printing import print_lines

_MOST_SECONDS: Final = 1e9


class OneSentence(click.UsageError):
    """A usage error that prints as one sentence, with the command whose help explains more."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence."""
        del file
        print_lines([f"tangle: {_(self.message)}"], err=True)


def one_sentence(error: click.UsageError) -> OneSentence:
    """Return a usage error of click as one sentence.

    Args:
        error: as click raised it.
    """
    return error if isinstance(error, OneSentence) else OneSentence(_sentence(error), error.ctx)


def _sentence(error: click.UsageError) -> str:
    """Return what is wrong; the parser describes some mistakes in words alone."""
    path = error.ctx.command_path if error.ctx is not None else "tangle"
    command, see = path.removeprefix("tangle "), f"`{path} --help` shows what it takes"
    match error:
        case click.NoSuchOption(option_name=name):
            options = _options(error.ctx) if name.startswith("--") else ()
            return f"{command} has no option {name}; {_meant(name, options) or see}"
        case click.MissingParameter(param=param, ctx=click.Context() as context) if param:
            return f"{command} needs {param.make_metavar(context)}; {see}"
        case click.BadParameter(param=param):
            option = f"{max(param.opts, key=len)}: " if isinstance(param, click.Option) else ""
            return f"{option}{error.message}"
        case click.BadOptionUsage(option_name=name, message=message):
            return f"{name} {'needs a' if 'requires' in message else 'takes no'} value; {see}"
        case click.UsageError(message=message) if "unexpected extra argument" in message:
            extra = message[message.find("(") :].rstrip(".")
            return f"{command} takes no further argument {extra}; {_extra(error.ctx) or see}"
    return _plain(error.message)


def _extra(context: click.Context | None) -> str:
    """Return what is wrong with one argument more, where a command takes one."""
    parameters = context.command.params if context is not None else []
    takes_one = any(isinstance(parameter, click.Argument) for parameter in parameters)
    return "put a name with blanks into quotes" if takes_one else ""


class Context(click.Context):
    """A context whose help is in the language of the person who reads it."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what writes the help of the command."""
        if is_english():
            return super().make_formatter()
        from tangle_cli.help import TranslatedHelp

        return TranslatedHelp(width=self.terminal_width, max_width=self.max_content_width)


class Group(click.Group):
    """A group of commands that suggests one for an unknown name."""

    context_class = Context

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command."""
        cmd.context_class = Context
        super().add_command(cmd, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the commands."""
        if is_english():
            super().format_commands(ctx, formatter)
            return
        from tangle_cli.help import short_help

        room = formatter.width - 6 - max(map(len, self.commands), default=0)
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, short_help(self.commands[name], room)) for name in self.list_commands(ctx)]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name.

        Raises:
            OneSentence: there is no such command.
        """
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        asked = _meant(name, self.list_commands(ctx)) or f"`{ctx.command_path} --help` lists them"
        raise OneSentence(f"no command {name!r}; {asked}", ctx)


def _plain(message: str) -> str:
    """Return a message of click as part of a sentence."""
    return (message[:1].lower() + message[1:]).rstrip(".")


def _options(context: click.Context | None) -> list[str]:
    parameters = context.command.params if context is not None else []
    return [name for option in parameters for name in (*option.opts, *option.secondary_opts)]


def _meant(wanted: str, known: Iterable[str]) -> str:
    from tangle.near_names import did_you_mean

    return did_you_mean(wanted, known, quoted=False)


# --- types ----------------------------------------------------------------------------------------


class OneOf(click.Choice[str]):
    """One of some words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is wrong with another word."""
        del ctx
        asked = _meant(str(value), self.choices)
        return f"{value!r} is not one of {', '.join(self.choices)}{asked and f'; {asked}'}"


class WholeNumber(click.ParamType):  # type: ignore[type-arg]  # click 8.2 has no argument
    """A whole number above zero."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if not str(value).isdecimal() or int(value) < 1:
            self.fail(f"{value!r} is not a whole number above zero", param, ctx)
        return int(value)


class Seconds(click.ParamType):  # type: ignore[type-arg]  # as above
    """A number of seconds above zero."""

    name = "seconds"

    def __init__(self, *, zero: bool = False) -> None:
        """Allow zero, too, if `zero`."""
        self._zero = zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        number = _number(value)
        if not (0 < number < _MOST_SECONDS or (self._zero and number == 0)):
            self.fail(f"{value!r} is not a number of seconds above zero", param, ctx)
        return number


def _number(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        return -1.0


class ExistingPath(click.Path):
    """A file or a folder that is there."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        path = Path(value)
        if not path.exists():
            beside = path.parent.iterdir() if path.parent.is_dir() else ()
            near = _meant(path.name, sorted(entry.name for entry in beside))
            self.fail(f"no file or folder {str(value)!r}{near and f'; {near}'}", param, ctx)
        return super().convert(value, param, ctx)
