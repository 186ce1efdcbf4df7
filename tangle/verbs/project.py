"""Find the project: its notes, output folder, state folder and options."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tangle.analyse import package_after
from tangle.model import CONFIG, DEVICE, DEVICE_WORDS, SIZE, PackageName, PagePath
from tangle.near_names import device_meant, did_you_mean
from tangle.store import environment_around, find_graph, is_graph, read_bytes
from tangle.verbs.config_errors import BadConfig, NoGraph
from tangle.verbs.config_limits import leads_outside, taken_by
from tangle.verbs.graph_sources import Source, source_at
from tangle.verbs.trust import check_owner, is_own

CONFIG_NAME: Final = "tangle.toml"


class SiteOptions(Struct, frozen=True, kw_only=True):
    """Options of the table `[site]`, with their defaults.

    Attributes:
        title: title of the site; empty for the name of the graph's folder.
        base: the address under which the site is published; empty if unknown.
        language: BCP 47 tag of the prose; empty to find it from the notes.
        student: whether solutions are left out.
        mermaid: the file of mermaid.js that draws diagrams, relative to the configuration; empty
            to show their source.
    """

    title: str = ""
    base: str = ""
    language: str = ""
    student: bool = False
    mermaid: str = ""


class Options(Struct, frozen=True, kw_only=True):
    """Options of a configuration, with their defaults.

    Attributes:
        graph: folder of the notes, relative to the configuration's.
        output: folder of the generated files, relative to the configuration's.
        package: the module that saved code goes into; empty for the one that the notes import, or
            one named after the graph.
        seed: seed of every random generator, at the start of each session.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        figures: format of the figures.
        timeout: seconds that a section may take; 0 for no limit.
        max_memory: memory that a section's processes may hold: `2G`, `500M`, `90%`; `0` for no
            limit.
        book: globs of the pages that are one book; an empty list for no book, and without it, a
            book is found by its numbers.
        borrow: with `off`, a name taken from an earlier section is an error.
        supply: with `off`, an import that the notes leave out is an error.
        server: whether `run` starts a background server for the next run.
        quiet_seconds: seconds without a save before outputs go into a page that is being edited; 0
            to write at once.
        include: globs of the pages that take part, relative to the graph; empty for all.
        exclude: globs of pages that do not take part.
        exclude_tags: values of the page property `tags` that exclude a page.
        cache: the address of a shared cache; empty for none.
        cache_keys: the public keys whose results there count, each after a name and a colon.
        site: how `weave` makes the site.
        cluster_files: bytes of files that a run sends to workers which do not share the project's
            folder: `256M`; `0` for no limit.
    """

    graph: str = "."
    output: str = "generated"
    package: str = ""
    seed: int = 0
    device: str = "auto"
    figures: Literal["svg", "png"] = "svg"
    timeout: float = 0.0
    max_memory: str = "90%"
    book: tuple[str, ...] | None = None
    borrow: Literal["on", "off"] = "on"
    supply: Literal["on", "off"] = "on"
    server: bool = True
    quiet_seconds: float = 4.5
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    cache: str = ""
    cache_keys: tuple[str, ...] = ()
    site: SiteOptions = SiteOptions()
    cluster_files: str = "256M"


class Project(Struct, frozen=True, kw_only=True):
    """A graph with the place of its generated files, and the options.

    Attributes:
        root: the folder that paths are shown relative to: the configuration's, or the graph's.
        graph: the notes.
        output: the folder of generated files.
        state: the folder that holds `.tangle`.
        package: the configured name, or one after the graph: `Notes.named_project` has the one
            that the notes mean.
        config: the configuration that it obeys, where there is one.
        source: what the graph was made from, where it is one of Logseq 2.
    """

    root: Path
    graph: Path
    output: Path
    state: Path
    package: PackageName
    options: Options
    config: Path | None = None
    source: Source | None = None

    @property
    def self_contained(self) -> bool:
        """Whether notes and output both lie in the root, so that one can find the other."""
        return self.graph.is_relative_to(self.root) and self.output.is_relative_to(self.root)

    @property
    def is_there(self) -> bool:
        """Whether there is a graph, still, where it was."""
        return is_graph(self.graph)

    @property
    def shown_from(self) -> Path:
        """The folder that paths in messages are relative to: the root, if the notes are in it."""
        return self.root if self.graph.is_relative_to(self.root) else self.graph

    def shown(self, path: PagePath) -> str:
        """A page's path as messages name it."""
        return _shown(self.root, self.graph, path)


@lru_cache(maxsize=1 << 16)  # asked for every line of code
def _shown(root: Path, graph: Path, path: PagePath) -> str:
    return (graph / path).relative_to(root).as_posix() if graph.is_relative_to(root) else path


def find_project(
    *,
    start: Path,
    graph: Path | None = None,
    output: Path | None = None,
    config: Path | None = None,
) -> Project:
    """Find the project that a command is about.

    Args:
        start: the folder that the command was given in.
        graph: the graph that was named, if one was.
        output: the output folder that was named, if one was.
        config: the configuration file that was named, if one was.

    Raises:
        NoGraph: there is no graph where it should be.
        BadConfig: the configuration cannot be read or says what cannot be.
        NotTrusted: the configuration or the graph belongs to another user.
    """
    named = graph.resolve() if graph is not None else None
    found: Path | None
    if config is not None:
        found, options = _named_config(config)
    else:
        found, options = _nearest_config(start.resolve(), named)
    folder = named or _configured_graph(found, options, start)
    if (source := source_at(folder)) is not None:
        from tangle.verbs.converted_graph import convert  # few graphs are of Logseq 2

        check_owner(source.path, source.base)
        folder = convert(source)
    _check_graph(folder, given=named is not None or found is not None)
    if found is not None and output is None:
        _check_output(found, options)
    root = found.parent if found is not None else source.base if source else folder
    target = (output.resolve() if output is not None else root / options.output).absolute()
    return Project(
        root=root,
        graph=folder,
        output=target,
        state=target if found is None and output is not None else root,
        package=_package_name(options, found) or package_after(folder.name),
        options=options,
        config=found,
        source=source,
    )


def with_options(project: Project, data: bytes) -> Project:
    """Return the project with the options of a different configuration.

    Args:
        project: one that has a configuration.
        data: what that file says.

    Raises:
        BadConfig: it says what cannot be.
    """
    assert project.config is not None
    options = _parsed_options(project.config, data)
    if options.graph != project.options.graph:
        _configured_graph(project.config, options, project.root)
    configured = (project.root / project.options.graph).resolve() == project.graph
    graph = (project.root / options.graph).resolve() if configured else project.graph
    return replace(
        project,
        graph=graph,
        package=_package_name(options, project.config) or package_after(graph.name),
        options=options,
    )


def _named_config(config: Path) -> tuple[Path, Options]:
    """The configuration that was named on the command line, and what it says."""
    if not config.is_file():
        raise BadConfig(config, "there is no such file", "`tangle init` writes a tangle.toml")
    path = config.resolve()
    if path.name == "pyproject.toml" and not _tables(path):
        raise BadConfig(path, "it has no table [tool.tangle]", "add one, or name a tangle.toml")
    return path, _owned_options(path)


def _nearest_config(start: Path, named: Path | None) -> tuple[Path | None, Options]:
    """The configuration that is obeyed where none is named: none that is about another graph."""
    path = _config_above(named or start)
    if path is None:
        return None, Options()
    options = _owned_options(path)
    if named is not None and (path.parent / options.graph).resolve() != named:
        return None, Options()
    return path, options


def _config_above(start: Path) -> Path | None:
    """The nearest configuration at or above a folder: `tangle.toml`, or one in pyproject.toml.

    One above the graph that the folder is in counts only if it names that graph: in a folder that
    many share, it may be anyone's.

    Raises:
        BadConfig: one that may name the graph cannot be read.
    """
    graph: Path | None = None
    for folder in (start, *start.parents):
        for path in _configs_in(folder):
            if graph is None or _names_graph(path, graph):
                return path
        if graph is None and is_graph(folder):
            graph = folder
    return None


def _configs_in(folder: Path) -> Iterator[Path]:
    for name in (CONFIG_NAME, "pyproject.toml"):
        path = folder / name
        if path.is_file() and (name == CONFIG_NAME or "tool" in _tables(path)):
            yield path


def _names_graph(path: Path, graph: Path) -> bool:
    """Whether a configuration is about a graph; of another user's bad one nothing is said."""
    try:
        return (path.parent / _read_options(path).graph).resolve() == graph
    except BadConfig:
        if is_own(path):
            raise
        return False


def _tables(path: Path) -> Mapping[str, Any]:
    """`{"tool": ...}` where a pyproject.toml configures tangle, else nothing."""
    return _tables_in(read_bytes(path))


def _tables_in(data: bytes) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    tool = document.get("tool", {})
    return {"tool": tool["tangle"]} if isinstance(tool, dict) and "tangle" in tool else {}


def _configured_graph(config: Path | None, options: Options, start: Path) -> Path:
    if config is not None:
        if leads_outside(config.parent, options.graph):
            hint = "name it on the command line: tangle --graph DIR ..."
            message = f"graph leads out of its folder: {options.graph!r}"
            raise BadConfig(config, message, hint, option="graph")
        return (config.parent / options.graph).resolve()
    found = find_graph(start.resolve())
    if found is None:
        raise NoGraph(start, given=False)
    return found


def _check_graph(folder: Path, *, given: bool) -> None:
    """See that a folder is a graph, and one to be obeyed."""
    if not is_graph(folder):
        raise NoGraph(folder, given=given)
    for path in (folder, folder / CONFIG):
        check_owner(path, folder)


def _check_output(config: Path, options: Options) -> None:
    """See that a configuration sends what is generated to a place that it may name."""
    if leads_outside(config.parent, options.output):
        hint = "name it on the command line: tangle --output DIR ..."
        message = f"output leads out of its folder: {options.output!r}"
        raise BadConfig(config, message, hint, option="output")
    found = environment_around(config.parent / options.output, config.parent)
    if found is not None:
        message = f"output cannot be {options.output!r}: {found} is not for notes to write into"
        hint = "choose a folder of the project, such as generated"
        raise BadConfig(config, message, hint, option="output")


def _owned_options(config: Path) -> Options:
    """What a configuration says, if it is one to be obeyed."""
    check_owner(config, config.parent)
    return _read_options(config)


def _read_options(path: Path) -> Options:
    return _parsed_options(path, read_bytes(path))


def _parsed_options(path: Path, data: bytes) -> Options:
    try:
        document: Mapping[str, Any] = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig.of_toml(path, error) from error
    table = document if path.name != "pyproject.toml" else _tables_in(data).get("tool", {})
    return _options(path, table)


MOST_SECONDS: Final = 1e9
SIZE_HINT: Final = "it takes a size such as 2G or 500M, a share such as 90%, or 0 for no limit"
CACHE_ADDRESS: Final = re.compile(r"(?!file://[^/])[a-z][a-z0-9+.-]*://[^\s:]*(?::(?!:)[^\s:]*)*")
"""One address, absolute where it is a file's; fsspec would follow several joined by `::`."""

CACHE_HINT: Final = (
    "it takes the address of a store, such as s3://bucket/folder, file:///srv/cache or "
    "https://cache.example/"
)
_PATTERNS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "max_memory": (SIZE, SIZE_HINT),
    "cache": (re.compile(rf"(?:{CACHE_ADDRESS.pattern})?"), CACHE_HINT),
    "cluster_files": (
        re.compile(r"[0-9]+(?:\.[0-9]+)?\s*[KMGTkmgt]?(?:[iI]?[bB])?"),
        "it takes a size such as 256M or 2G, or 0 for no limit",
    ),
    "site.base": (
        re.compile(r"(?:https?://[^\s\"'<>]+)?"),
        "it takes the address of the site, such as https://notes.example/",
    ),
    "site.language": (
        re.compile(r"(?:[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)?"),
        "it takes the tag of a language, such as en or zh-CN",
    ),
}
_RESERVED: Final = ("__init__", "__main__", "sections")
_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "text in quotes",
    tuple: "a list of patterns or names, none of them blank",
}
_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "figures": ("svg", "png"),
    "borrow": ("on", "off"),
    "supply": ("on", "off"),
}


def _options(path: Path, table: Mapping[str, Any]) -> Options:
    known = _kinds(Options()) | {"book": tuple, "site": SiteOptions}
    site = _site_options(path, table["site"]) if "site" in table else SiteOptions()
    rest = {name: value for name, value in table.items() if name != "site"}
    return Options(**_checked(path, rest, known), site=site)


def _site_options(path: Path, table: Any) -> SiteOptions:
    if not isinstance(table, dict):
        hint = "it is a table: [site], and below it title, base, language, student or mermaid"
        raise BadConfig(path, f"site cannot be {table!r}", hint, option="site")
    found = SiteOptions(**_checked(path, table, _kinds(SiteOptions()), "site."))
    return replace(found, base=f"{found.base.rstrip('/')}/" if found.base else "")


def _checked(
    path: Path, table: Mapping[str, Any], known: Mapping[str, type], within: str = ""
) -> dict[str, Any]:
    """The values of a table, each of which an option takes."""
    for name, value in table.items():
        option = f"{within}{name}"
        if name not in known:
            hint = did_you_mean(name, known, quoted=False) or f"the options are {', '.join(known)}"
            raise BadConfig(path, f"unknown option {option!r}", hint, option=name)
        if (refusal := _refusal(option, value, known[name])) is not None:
            raise BadConfig(path, f"{option} cannot be {value!r}", refusal, option=name)
    return {n: tuple(v) if isinstance(v, list) else v for n, v in table.items()}


def _refusal(name: str, value: Any, kind: type) -> str | None:
    """Return what an option takes if a value of TOML is not that; None if it is."""
    if not _is_of(value, kind):
        listed = f", such as [{value!r}]" if kind is tuple and isinstance(value, str) else ""
        return f"it takes {_KINDS[kind]}{listed}"
    if name in _ALLOWED and value not in _ALLOWED[name]:
        # `no` is not `on`: so few letters suggest nothing.
        near = did_you_mean(value, _ALLOWED[name], quoted=False) if len(value) > 2 else ""
        return f"{near} it takes one of {', '.join(_ALLOWED[name])}".lstrip()
    if name == "device" and not DEVICE.fullmatch(value):
        return f"{device_meant(value)} it takes {DEVICE_WORDS}".lstrip()
    if name in ("timeout", "quiet_seconds") and not 0 <= value < MOST_SECONDS:
        return "it takes 0 or more seconds"
    if name in _PATTERNS and not _PATTERNS[name][0].fullmatch(value):
        return _PATTERNS[name][1]
    return None


def _is_of(value: object, kind: type) -> bool:
    """Whether a value of TOML is of the type of an option."""
    if kind is tuple:
        return isinstance(value, list) and all(isinstance(e, str) and e.strip() for e in value)
    kinds: tuple[type, ...] = (int, float) if kind is float else (kind,)
    return isinstance(value, kinds) and isinstance(value, bool) is (kind is bool)


def _kinds(options: Options | SiteOptions) -> dict[str, type]:
    """The types of the values that options take."""
    return {name: type(getattr(options, name)) for name in options.__struct_fields__}


def _package_name(options: Options, config: Path | None) -> PackageName | None:
    """The configured package; None where none is.

    Raises:
        BadConfig: it is no name of a package, or the name of another one.
    """
    if not options.package:
        return None
    root, _, module = options.package.partition(".")
    usable = all(part.isidentifier() and not keyword.iskeyword(part) for part in (root, module))
    if not usable or module in _RESERVED:
        hint = "it takes a package and a module in it, such as d2l.torch"
        message = f"package cannot be {options.package!r}"
        raise BadConfig(config or Path(CONFIG_NAME), message, hint, option="package")
    if config is not None and (taken := taken_by(root, config.parent)) is not None:
        message = f"package cannot be {options.package!r}: it would hide {taken}"
        hint = "choose a name that nothing else uses"
        raise BadConfig(config, message, hint, option="package")
    return PackageName(root=root, module=module)


def config_of(folder: Path, graph: Path) -> Path | None:
    """Return the configuration of a graph that stands in a folder, or above the graph.

    Args:
        folder: where a new one would stand.
        graph: the graph.
    """
    return next(_configs_in(folder), None) or _config_above(graph)


def check_config(path: Path, data: bytes) -> None:
    """Check that a configuration can be obeyed.

    Args:
        path: of its file.
        data: what the file is to hold.

    Raises:
        BadConfig: it cannot.
    """
    _package_name(_parsed_options(path, data), path)
