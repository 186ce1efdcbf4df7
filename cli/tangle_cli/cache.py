"""`tangle cache`: the shared cache of results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from tangle_cli.common import Where, complete_sections, format_option
from tangle_cli.messages import _, plural
from tangle_cli.printing import print_json, print_lines
from tangle_cli.usage import Group, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tangle.verbs.shared_cache import CacheStatus, SharedEntry

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.IGNORECASE)
_NAME = re.compile(r"[\w.@+ -]{1,64}")
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


@click.group(cls=Group)
def cache() -> None:
    """Share results with other machines and other people, through a store that all can reach.

    The store is named in tangle.toml (cache = "s3://bucket/folder") or in the variable
    TANGLE_CACHE; how to set it up: docs/how-to/shared-cache.md.
    """


def _sections(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("sections", nargs=-1, shell_complete=complete_sections)(command)


@cache.command()
@_sections
@format_option()
@click.pass_obj
def status(where: Where, sections: tuple[str, ...], form: str) -> None:
    """Show the store, whose results count, and what it has for SECTIONS; default: all."""
    from tangle.verbs.shared_cache import status as do_status

    report = do_status(where.project(), sections or None)
    if form == "json":
        from tangle.verbs.reports.documents import cache_document

        print_json(cache_document(report))
    else:
        print_lines(_status_lines(report))
    if report.trouble:
        raise SystemExit(3)


@cache.command()
@_sections
@click.pass_obj
def push(where: Where, sections: tuple[str, ...]) -> None:
    """Put your results of SECTIONS into the store, as far as the cache here has them.

    Without SECTIONS, those of all. `tangle run` does so by itself, except in CI.
    """
    from tangle.verbs.shared_cache import push as do_push
    from tangle_cli.text import count

    pushed = do_push(where.project(), sections or None)
    lines = [_(f"{count(pushed.new, 'result')} pushed, {pushed.known} there already")]
    if pushed.large:
        lines.append(_(f"{count(pushed.large, 'result')} too large to be shared"))
    if not (pushed.new or pushed.known or pushed.large):
        lines = [_("nothing to push: `tangle run` first")]
    print_lines(lines)


@cache.command()
@_sections
@click.pass_obj
def pull(where: Where, sections: tuple[str, ...]) -> None:
    """Take over from the store the results of SECTIONS that answer here.

    Without SECTIONS, those of all. The next `tangle run` answers from them without the store.
    """
    from tangle.verbs.shared_cache import pull as do_pull
    from tangle_cli.text import count

    pulled = do_pull(where.project(), sections or None)
    print_lines(f"{entry.section}: {_whose(entry)}" for entry in pulled.new)
    results = count(len(pulled.new), "result")
    rest = f"{pulled.known} known here already, {pulled.absent} not there"
    print_lines([_(f"{results} pulled, {rest}")])


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    del ctx, param
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise click.BadParameter(f"{value!r} is not a size: it takes one such as 500M or 2G")
    return int(float(found[1]) * 2 ** _UNITS[found[2].upper()])


@cache.command()
@click.option(
    "--days", metavar="N", type=WholeNumber(), help="Remove what is older than N days; default: 90."
)
@click.option("--size", metavar="SIZE", callback=_bytes, help="Keep at most SIZE: 500M, 2G.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.pass_obj
def prune(where: Where, days: int | None, size: int | None, dry_run: bool) -> None:
    """Remove old results from the store, and the oldest beyond a size."""
    from tangle.verbs.shared_cache import PruneTerms
    from tangle.verbs.shared_cache import prune as do_prune
    from tangle_cli.text import count

    if days is None and size is None:
        days = 90
    age = None if days is None else days * 24 * 3600.0
    pruned = do_prune(where.project(), PruneTerms(age=age, size=size, dry_run=dry_run))
    freed, left = pruned.freed / 2**20, pruned.size / 2**20
    results = count(pruned.removed, "result")
    gone = _(f"{results} {'would be ' if dry_run else ''}removed ({freed:.1f} MiB)")
    print_lines([f"{gone}{_(f'; {pruned.left} left ({left:.1f} MiB)')}"])


def _name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx, param
    if value is not None and not _NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r}: a name has letters, digits, blanks and . @ + - _")
    return value


@cache.command()
@click.option(
    "--name",
    metavar="NAME",
    callback=_name,
    help="The name before the key; default: your user name.",
)
def key(name: str | None) -> None:
    """Print your public key, as it goes into `cache_keys`; make the key if there is none.

    The private key is kept in ~/.local/state/tangle/cache-key, which only you can read.
    """
    from tangle.verbs.shared_cache import key as do_key

    report = do_key(name)
    if report.made:
        print_lines([_(f"made a key in {report.path}")], err=True)
    print_lines([report.named])


def _status_lines(report: CacheStatus) -> Iterator[str]:
    yield _(f"store   {report.address}")
    yield _(f"state   {report.trouble}") if report.trouble else _("state   answers")
    if report.keys:
        yield _(f"trusts  {', '.join(report.keys)}")
    else:
        yield _("trusts  no key: nothing in the store counts")
    yield _(f"writes  {'yes, after each run' if report.writes else 'no'}")
    if report.trouble:
        return
    for entry in report.sections:
        if entry.maker is not None:
            differs = _("; does not answer here: files or packages differ")
            yield f"{entry.section}: {_whose(entry)}{'' if entry.answers else differs}"
    there = sum(entry.maker is not None for entry in report.sections)
    answer = sum(entry.answers for entry in report.sections)
    yield plural(
        len(report.sections),
        "{number} section, {there} in the store, {answer} answer here",
        "{number} sections, {there} in the store, {answer} answer here",
        there=str(there),
        answer=str(answer),
    )


def _whose(entry: SharedEntry) -> str:
    return "" if entry.maker is None else f"{entry.maker.who}, {entry.device}, {entry.maker.day}"
