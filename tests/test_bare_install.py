"""tangle beside the packages that an installation brings, and no others: every command works.

Each extra in turn, pytest and coverage as well. What is missing here and there in development is
missing here.
"""

from __future__ import annotations

import json
import signal
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import click
import pytest
from packaging.utils import canonicalize_name

from tangle_cli.main import cli
from tests.installing import ROOT, Installed, bare_install, build_wheel, needed, run

PAGE = """\
- ## 3.1. One
	- ```python
	  x = 20  #@save
	  print("one", x)
	  ```
	- ```python
	  assert x == 20
	  x + 1
	  ```
- ## 3.2. Two
	- ```python
	  x + 2
	  ```
"""

IMPORTS_ALL = """
import importlib, pkgutil, tangle, tangle_cli
for package in tangle, tangle_cli:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                print(found.name, error.name.partition(".")[0])
"""

PLUGIN = {
    "tangle.pytest_plugin": {"pytest"},
    "tangle.testing": {"pytest", "_pytest", "xdist", "coverage"},
    "tangle.coverage_plugin": {"coverage"},
    "tangle.engine.cluster": {"dask", "distributed"},
    "tangle.verbs.cluster": {"dask", "distributed"},
    "tangle.lsp": {"lsprotocol", "pygls"},
    "tangle.jupyter": {"jupyter_client", "jupyter_server", "nbformat", "tornado"},
    "tangle.http": {"starlette", "uvicorn"},
    "tangle.weave": {"dukpy", "jinja2", "markupsafe", "mistune", "nh3", "pygments"},
}
"""The modules and packages that need an extra, and what they may miss without it."""


def may_miss(module: str) -> set[str]:
    """What a module may miss without an extra."""
    packages = (name for name in PLUGIN if f"{module}.".startswith(f"{name}."))
    return set().union(*(PLUGIN[name] for name in packages))


def _declared() -> Iterable[str]:
    """The extras of pyproject.toml."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras: dict[str, object] = document["project"]["optional-dependencies"]
    return extras


EXTRAS = {
    "base": ["logseq-tangle"],
    "base and pytest": ["logseq-tangle", "pytest"],
    **{each: [f"logseq-tangle[{each}]"] for each in _declared() if each != "pytest"},
}
"""By the test's name. The extra `pytest` brings what the second brings."""

EXTRAS_OF_USERS = {*_declared()} - {"dev"}
"""`dev` is for those who work on tangle itself."""

every_extra = pytest.mark.parametrize("installed", EXTRAS, indirect=True)
with_pytest = pytest.mark.parametrize(
    "installed", ["base and pytest", "coverage", "xdist", "dev"], indirect=True
)
with_coverage = pytest.mark.parametrize("installed", ["coverage", "dev"], indirect=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Installed:
    return bare_install(wheel, tmp_path_factory.mktemp("environment"), *EXTRAS[request.param])


def has_distribution(installed: Installed, name: str) -> bool:
    wanted = canonicalize_name(name)
    found = (path.name.partition("-")[0] for path in installed.site.glob("*.dist-info"))
    return any(canonicalize_name(each) == wanted for each in found)


def has(installed: Installed, module: str) -> bool:
    return (installed.site / module).exists()


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    folder = tmp_path / "graph"
    (folder / "logseq").mkdir(parents=True)
    (folder / "logseq" / "config.edn").write_text("{:preferred-format :markdown}")
    (folder / "pages").mkdir()
    (folder / "pages" / "page.md").write_text(PAGE)
    return folder


@every_extra
def test_every_module_that_needs_no_extra_is_imported(installed: Installed) -> None:
    said = run([installed.python, "-c", IMPORTS_ALL]).stdout
    missed = [line.split() for line in said.splitlines()]
    assert [f"{module} {name}" for module, name in missed if name not in may_miss(module)] == []
    assert [f"{module} {name}" for module, name in missed if has(installed, name)] == []


COMMANDS = [
    ("init", ["init"], 0, "wrote "),
    ("list", ["list"], 0, "2 sections with code"),
    ("list", ["list", "--format", "json"], 0, '"sections"'),
    ("build", ["build"], 0, "sec_3_1.py: added"),
    ("build", ["build", "--check"], 0, "up to date"),
    ("show", ["show", "3.1"], 0, "assert x == 20"),
    ("check", ["check"], 0, "no problems"),
    ("check", ["check", "--fix", "--diff"], 0, ""),
    ("run", ["run", "3.1"], 0, "3.1 One: passed"),
    ("run", ["run", "--all", "--fresh"], 0, "3.2 Two: passed"),
    ("run", ["run", "--all", "--verify"], 0, "the outputs match those in the notes"),
    ("run", ["run", "--all", "--junit-xml", "j.xml", "--html", "h.html"], 0, "passed"),
    ("run", ["run", "--all", "--format", "json", "--summary", "s.md"], 0, '"passed"'),
    ("outline", ["outline", "pages"], 0, "python"),
    ("merge-driver", ["merge-driver", "a", "b", "c", "pages/page.md"], 0, ""),
    ("server", ["server", "status"], 0, "no server runs"),
    ("server", ["server", "stop"], 0, "no server runs"),
    ("clean", ["clean"], 0, "outputs removed from pages/page.md"),
    ("trust", ["trust"], 0, ": trusted, as recorded in "),
    ("export", ["export", "3.1", "-o", "one.ipynb"], 0, "one.ipynb"),
    ("import", ["import", "one.ipynb", "--page", "Other"], 0, "Other"),
    ("sync", ["sync"], 0, ""),
    ("debug", ["debug", "3.1"], 2, "--listen"),
    ("cache", ["cache", "status"], 2, "no shared cache is configured"),
    ("completion", ["completion", "bash"], 0, "_tangle_completion"),
    ("doctor", ["doctor"], 0, "nothing that is needed is missing"),
]


@every_extra
def test_every_command_works(
    installed: Installed, graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(graph / "settings"))
    for name in "abc":
        (graph / name).write_text(PAGE)
    for _, arguments, code, text in COMMANDS:
        done = run([installed.script, *arguments], graph, check=False)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        assert text in done.stdout + done.stderr, arguments
        assert "Traceback" not in done.stderr, arguments


def test_the_commands_are_all_of_them() -> None:
    assert isinstance(cli, click.Group)
    assert {name for name, *_ in COMMANDS} | {"watch", "lsp", "weave", "serve"} == {*cli.commands}


@every_extra
def test_watch_works(installed: Installed, graph: Path) -> None:
    with subprocess.Popen(
        [installed.script, "watch", "3.1"],
        cwd=graph, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if "passed" in line:
                    process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130, said
        finally:
            process.kill()
    assert "Traceback" not in "".join(said)
    assert "one 20" in (graph / "pages" / "page.md").read_text()


@every_extra
def test_an_editor_is_served_or_the_extra_is_named(installed: Installed, graph: Path) -> None:
    done = run([installed.script, "lsp"], graph, check=False)
    if has(installed, "pygls"):
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 2
        assert done.stderr == (
            "tangle: lsp needs packages that are missing: pip install 'logseq-tangle[lsp]'\n"
        )


@every_extra
@pytest.mark.parametrize(
    ("arguments", "needs"),
    [
        (["weave"], "nh3"),
        (["serve", "--port", "x"], "uvicorn"),
        (["debug", "3.1", "--listen", "x"], "debugpy"),
        (["cache", "key"], "cryptography"),
    ],
)
def test_what_needs_an_extra_works_or_says_which(
    installed: Installed,
    graph: Path,
    arguments: list[str],
    needs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # a key is shown without packages
    done = run([installed.script, *arguments], graph, check=False)
    assert "Traceback" not in done.stderr
    extras = {"weave": "site", "cache": "cache"}
    if has(installed, needs) and arguments[0] in extras:
        assert done.returncode == 0, done.stderr
        assert arguments != ["weave"] or (graph / "site" / "index.html").is_file()
    else:
        assert done.returncode == 2
        extra = extras.get(arguments[0])
        assert extra is None or f"pip install 'logseq-tangle[{extra}]'" in done.stderr


@pytest.mark.parametrize("installed", ["base"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["weave"], "site"),
        (["serve", "--port", "0"], "serve"),
        (["debug", "3.1", "--listen", "127.0.0.1:0"], "debug"),
        (["lsp"], "lsp"),
    ],
)
def test_a_command_without_its_extra_names_the_command_that_installs_it(
    installed: Installed, graph: Path, arguments: list[str], extra: str
) -> None:
    done = run([installed.script, *arguments], graph, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f": pip install 'logseq-tangle[{extra}]'\n")


@every_extra
def test_doctor_names_the_command_that_installs_each_extra(
    installed: Installed, tmp_path: Path
) -> None:
    done = run([installed.script, "doctor", "--format", "json"], tmp_path)
    found = {f["name"]: f for f in json.loads(done.stdout)["findings"] if f["area"] == "extras"}
    assert {*found} == {*EXTRAS_OF_USERS}
    for extra, finding in found.items():
        packages = {package.name for package in needed([f"logseq-tangle[{extra}]"])}
        complete = all(has_distribution(installed, name) for name in packages)
        assert finding["status"] == ("ok" if complete else "absent"), finding
        way = None if complete else f"pip install 'logseq-tangle[{extra}]'"
        assert finding["action"] == way


@with_pytest
def test_pytest_runs_the_notes(installed: Installed, graph: Path) -> None:
    python: list[str | Path] = [installed.python, "-m", "pytest", "-p", "no:cacheprovider"]
    done = run([*python, "pages"], graph, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    run([installed.script, "run", "--all"], graph)
    verified = run([*python, "--tangle", "--tangle-verify"], graph, check=False)
    assert "3 passed" in verified.stdout, verified.stdout + verified.stderr
    page = graph / "pages" / "page.md"
    page.write_text(page.read_text().replace("x == 20", "x == 21"))
    failed = run([*python, "pages"], graph, check=False)
    assert failed.returncode == 1
    assert "assert 20 == 21" in failed.stdout
    if has(installed, "xdist"):
        spread = run([*python, "-n", "2", "pages", "-k", "not 3.1"], graph, check=False)
        assert "1 passed" in spread.stdout, spread.stdout + spread.stderr


@with_coverage
@pytest.mark.parametrize("configured", [False, True], ids=["no plugin", "plugin"])
def test_coverage_measures_the_notes(installed: Installed, graph: Path, configured: bool) -> None:
    settings = 'plugins = ["tangle.coverage_plugin"]\n' if configured else ""
    (graph / "pyproject.toml").write_text(f'[tool.coverage.run]\nsource = ["."]\n{settings}')
    pytest_run = ["-m", "pytest", "-p", "no:cacheprovider", "pages"]
    done = run([installed.python, "-m", "coverage", "run", *pytest_run], graph, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if not configured:
        assert "coverage of the notes" in done.stdout
        return
    report = run([installed.python, "-m", "coverage", "report"], graph, check=False)
    assert "pages/page.md" in report.stdout, report.stdout + report.stderr


def test_no_environment_here_has_more_than_it_should() -> None:
    """The bare one is bare: nothing of what only an extra or development brings."""
    base = {package.name.lower() for package in needed(["logseq-tangle"])}
    assert {"click", "ipython", "watchfiles"} <= base
    assert (
        base & {"pytest", "coverage", "torch", "matplotlib", "numpy", "nbformat", "mypy"} == set()
    )
