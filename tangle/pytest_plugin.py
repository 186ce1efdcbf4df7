"""The pytest plugin: sections of the notes as groups of tests, each chunk a test.

Nothing of tangle is imported here but with the first page: pytest loads this at every start.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tangle import PAGE_SUFFIXES

if TYPE_CHECKING:
    from tangle.testing.suite import Suite

_MINE = pytest.StashKey["_Notes"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options, and the setting of the same name."""
    group = parser.getgroup("tangle", "code in Logseq notes (tangle)")
    group.addoption(
        "--tangle",
        action="store_true",
        help="collect the notes below the arguments, or the configured graph if there are none",
    )
    group.addoption(
        "--tangle-select",
        metavar="WHAT",
        action="append",
        default=[],
        help="collect only these chunks, by a name that `tangle run` takes: 3.6, Page#Part; "
        "may be repeated",
    )
    group.addoption(
        "--tangle-device",
        metavar="DEVICE",
        type=_device,
        help="where the notes run: auto, cpu, cuda, cuda:N or mps",
    )
    group.addoption(
        "--tangle-verify",
        action="store_true",
        help="a chunk also fails if its output differs from the one in its note",
    )
    parser.addini("tangle", "collect notes wherever they are met", type="bool", default=False)


def _device(value: str) -> str:
    """A device that `tangle run` knows too."""
    from tangle.near_names import device_error

    if (error := device_error(value)) is not None:
        raise argparse.ArgumentTypeError(error)
    return value


def pytest_configure(config: pytest.Config) -> None:
    """Works out which notes were asked for."""
    config.stash[_MINE] = notes = _Notes(config)
    selected = config.getoption("tangle_select")
    if not (config.getoption("tangle") or selected) or hasattr(config, "workerinput"):
        return
    if not notes.arguments:
        from tangle.testing.suite import configured_files

        files = configured_files(config, selected)
        config.args[:] = map(str, files)
        notes.arguments = files


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what runs."""
    notes = config.stash.get(_MINE, None)
    if notes is not None and notes.suite is not None:
        notes.suite.close()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collects a page, where notes were asked for."""
    found = yield
    if not file_path.name.endswith(PAGE_SUFFIXES):
        return found
    mine = parent.config.stash[_MINE].collect(file_path, parent, alone=not found)
    return [*found, *mine]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the chunks that were named."""
    suite, selected = config.stash[_MINE].suite, config.getoption("tangle_select")
    if suite is not None and selected:
        left_out = suite.left_out(items, selected)
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Has each section run no further than its last chosen chunk."""
    notes = session.config.stash[_MINE]
    if notes.suite is not None:
        notes.suite.choose(session.items)


@pytest.hookimpl(trylast=True, wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Gives coverage the lines that were run, before it is notified of the end."""
    outcome = yield
    notes = session.config.stash[_MINE]
    if notes.suite is not None:
        notes.suite.hand_over_lines()
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Has a chunk's test take the time that the chunk took, and tell its failures in its way."""
    report = yield
    suite = item.config.stash[_MINE].suite
    if suite is not None:
        suite.amend(report, item, call)
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tells which lines were run, where coverage cannot."""
    notes = config.stash[_MINE]
    if notes.suite is not None:
        notes.suite.summarize(terminalreporter)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist which notes were asked for."""
    arguments = node.config.stash[_MINE].arguments
    node.workerinput["tangle"] = [str(path) for path in arguments]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps a section on one worker, where pytest-xdist would tear it apart."""
    torn = config.getvalue("dist") in ("load", "loadgroup", "worksteal")
    if not torn or not config.stash[_MINE].possible:
        return None
    from tangle.testing.xdist_scheduler import section_scheduling

    return section_scheduling(config, log)


class _Notes:
    """Which notes a run of pytest is about."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._graphs: dict[Path, Path | None] = {}
        self.arguments = tuple(_arguments(config))
        self.suite: Suite | None = None

    @property
    def everywhere(self) -> bool:
        """Whether every graph below the arguments is meant."""
        options = (self._config.getoption(name) for name in ("tangle", "tangle_select"))
        return any(options) or bool(self._config.getini("tangle"))

    @property
    def possible(self) -> bool:
        """Whether there may be notes among the tests."""
        return self.everywhere or any(self.graph_of(path) for path in self.arguments)

    def collect(
        self, file: Path, parent: pytest.Collector, *, alone: bool
    ) -> list[pytest.Collector]:
        """The nodes of a page.

        Args:
            file: the page.
            parent: the folder's node.
            alone: whether nothing else collects this file.
        """
        graph = self.graph_of(file)
        if graph is None:
            if file not in self.arguments or not alone:
                return []
        elif not self._is_meant(file, graph):
            return []
        if self.suite is None:
            from tangle.testing.suite import Suite

            self.suite = Suite(self._config)
        node = self.suite.node(file, graph, parent)
        return [] if node is None else [node]

    def graph_of(self, path: Path) -> Path | None:
        """The graph that a path is in, or that it is."""
        folder = path if path.is_dir() else path.parent
        if folder not in self._graphs:
            near = (at for at in (folder, *folder.parents) if _is_graph(at))
            self._graphs[folder] = next(near, None)
        return self._graphs[folder]

    def _is_meant(self, file: Path, graph: Path) -> bool:
        return self.everywhere or any(
            file.is_relative_to(path) and path.is_relative_to(graph) for path in self.arguments
        )


def _is_graph(folder: Path) -> bool:
    return (folder / "logseq" / "config.edn").is_file()


def _arguments(config: pytest.Config) -> Iterator[Path]:
    """The paths that the command names, or the setting `testpaths` in its place."""
    if hasattr(config, "workerinput"):
        yield from map(Path, config.workerinput.get("tangle", []))
    elif config.args_source is not config.ArgsSource.INVOCATION_DIR:
        for argument in config.args:
            path = config.invocation_params.dir / argument.partition("::")[0]
            # Without `..`, its links left as they are, as pytest names files.
            yield Path(os.path.abspath(path))  # noqa: PTH100
