"""Configurations that came with a clone, or that another user put somewhere above."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.test_hostile_graphs import everything
from tests.graphs import MakeNotes, Notes, call
from tests.logseq2 import block, page, write_database

STRANGER = 54_321
CODE = "- 1.1 Case\n\t- ```python\n\t  def f(): return 41  #@save\n\t  print('{0} ran')\n\t  ```\n"
COMMANDS = (
    ["list"],
    ["check"],
    ["check", "--fix"],
    ["build"],
    ["build", "--check"],
    ["show", "1.1"],
    ["clean"],
    ["run", "--all", "--no-server"],
    ["run", "--write-pending"],
    ["list", "--changed-since", "HEAD"],
    ["merge-driver", "--install"],
    ["server", "status"],
)
only_root_gives_files_away = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.delenv("TANGLE_TRUSTED", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return folder / "tangle" / "config.toml"


@pytest.fixture
def clone(notes: MakeNotes, monkeypatch: pytest.MonkeyPatch) -> Notes:
    made = notes({"x": CODE.replace("{0}", "mine")})
    monkeypatch.chdir(made.root)
    return made


def configure(folder: Path, text: str) -> Path:
    path = folder / "tangle.toml"
    path.write_text(text, encoding="utf-8")
    return path


def give_away(*paths: Path) -> None:
    for path in paths:
        os.chown(path, STRANGER, -1, follow_symlinks=False)


def assert_refused(folder: Path, code: int, *texts: str, options: tuple[str, ...] = ()) -> None:
    """Every command ends with a code, says these texts, and changes nothing in a folder."""
    before = everything(folder)
    for command in COMMANDS:
        said = call(*options, *command)
        assert said.code == code, (command, said)
        assert [text for text in texts if text not in said.err] == [], (command, said)
    assert everything(folder) == before


# --- paths that lead out --------------------------------------------------------------------------


def outputs(folder: Path) -> list[str]:
    """Names of outputs that lead out of a folder: by steps up, from the root, and by links."""
    outside = folder.parent / "outside"
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "circle").symlink_to("circle")
    up = ["..", "../home/lib", "a/../../b", "link/../b", "link", "link/deep/er", "circle"]
    return [*up, str(outside), "/", str(folder.parent)]


def test_an_output_holds_outside_only_from_the_command_line(clone: Notes, tmp_path: Path) -> None:
    for name in outputs(clone.root):
        configure(clone.root, f'output = "{name}"\npackage = "mine.tools"')
        assert_refused(tmp_path, 2, "leads out of its folder", "--output")
    target = tmp_path / "home" / "lib"
    said = call("--output", str(target), "build")
    assert (said.code, (target / "mine" / "tools.py").is_file()) == (0, True)


@pytest.mark.parametrize("name", ["../notes", "link", "{0}"])
def test_a_graph_holds_outside_only_from_the_command_line(tmp_path: Path, name: str) -> None:
    theirs, clone = tmp_path / "notes", tmp_path / "clone"
    for folder in (theirs / "logseq", theirs / "pages", clone):
        folder.mkdir(parents=True)
    (theirs / "logseq" / "config.edn").write_text("{}")
    (theirs / "pages" / "x.md").write_text(CODE.replace("{0}", "mine"))
    (clone / "link").symlink_to(theirs)
    config = configure(clone, f'graph = "{name.format(theirs)}"')
    options = ("--config", str(config))
    assert_refused(tmp_path, 2, "graph leads out of its folder", "--graph", options=options)
    said = call("--config", str(config), "--graph", str(theirs), "run", "--all")
    assert (said.code, "mine ran" in said.out) == (0, True)


def test_links_inside_the_folder_are_no_way_out(clone: Notes) -> None:
    (clone.root / "made").mkdir()
    (clone.root / "link").symlink_to("made")
    configure(clone.root, 'output = "link/../made/here"')
    assert call("build").code == 0
    assert (clone.root / "made" / "here" / "graph" / "__init__.py").is_file()


@pytest.mark.parametrize(
    "name",
    [
        ".venv/lib/python3.11/site-packages",
        ".venv/lib/python3.11/site-packages/numpy",
        ".venv/generated",
        "usr/lib/python3/dist-packages",
        "SITE-PACKAGES",
        "conda/lib",
        ".git",
        ".git/hooks",
        "sub/.git/x",
    ],
)
def test_no_output_in_an_environment_or_in_git(clone: Notes, tmp_path: Path, name: str) -> None:
    (clone.root / ".venv").mkdir()
    (clone.root / ".venv" / "pyvenv.cfg").touch()
    (clone.root / "conda" / "conda-meta").mkdir(parents=True)
    configure(clone.root, f'output = "{name}"')
    assert_refused(tmp_path, 2, f"output cannot be '{name}'")


def test_a_link_into_the_environment_of_this_python(clone: Notes) -> None:
    (clone.root / "lib").symlink_to(Path(sys.prefix))
    configure(clone.root, 'output = "lib"')
    assert call("build").code == 2


def test_a_project_in_an_environment_of_its_own(clone: Notes) -> None:
    """`python -m venv .` in the project's folder: its notes may be built."""
    (clone.root / "pyvenv.cfg").touch()
    configure(clone.root, 'output = "generated"')
    assert call("build").code == 0


# --- packages that would hide others --------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("json.decoder", "random.torch", "os.x", "site.x", "string.x", "test.x", "_socket.x"),
        *("numpy.random", "torch.x", "matplotlib.x", "tangle.x", "tangle_cli.x"),
        *("yaml.loader", "attr.x", "hypothesis.x"),
        *("conftest.x", "sitecustomize.x", "usercustomize.x"),
    ],
)
def test_a_package_that_hides_a_module_is_refused(clone: Notes, tmp_path: Path, name: str) -> None:
    configure(clone.root, f'package = "{name}"')
    why = f"tangle.toml:1: package cannot be '{name}': it would hide"
    assert_refused(tmp_path, 2, why, "choose a name that nothing else uses")


def test_a_package_that_tangle_generated_is_no_stranger(
    clone: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(clone.root, 'package = "my_own_notes.tools"')
    assert call("build").code == 0
    monkeypatch.syspath_prepend(str(clone.root / "generated"))
    assert call("build", "--check").code == 0


def test_the_books_package_may_be_installed_and_is_named(
    clone: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib" / "d2l").mkdir(parents=True)
    (tmp_path / "lib" / "d2l" / "__init__.py").write_text("of a distribution\n")
    configure(clone.root, 'package = "d2l.torch"')
    assert "d2l" not in call("build").err
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    said = call("build")
    assert said.code == 0
    assert "notice: a package d2l is installed" in said.err
    monkeypatch.syspath_prepend(str(clone.root / "generated"))
    assert "d2l" not in call("build").err


# --- configurations above a graph -----------------------------------------------------------------


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that many write to: a stranger's graph and configuration, and a graph of mine."""
    for name in ("evil", "a/notes"):
        (tmp_path / name / "logseq").mkdir(parents=True)
        (tmp_path / name / "pages").mkdir()
        (tmp_path / name / "logseq" / "config.edn").write_text("{}")
        (tmp_path / name / "pages" / "x.md").write_text(CODE.replace("{0}", name))
    configure(tmp_path, 'graph = "evil"')
    return tmp_path


@pytest.mark.parametrize("below", ["", "pages"])
def test_a_configuration_above_a_graph_counts_only_if_it_names_it(
    shared: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    monkeypatch.chdir(shared / "a" / "notes" / below)
    said = call("run", "--all", "--no-server")
    assert (said.code, "a/notes ran" in said.out) == (0, True)
    assert not (shared / ".tangle").exists()
    # One further up that names it does.
    configure(shared, 'graph = "a/notes"\npackage = "named.here"')
    assert call("build").code == 0
    assert (shared / "generated" / "named" / "here.py").is_file()


def test_a_bad_configuration_of_mine_above_my_graph_is_an_error(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(shared, "graph = [")
    monkeypatch.chdir(shared / "a" / "notes")
    assert (call("list").code, "no TOML" in call("list").err) == (2, True)


@only_root_gives_files_away
@pytest.mark.parametrize("text", ['graph = "evil"', "graph = [", "grap = 1"])
def test_a_strangers_configuration_above_my_graph_is_not_obeyed(
    shared: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    give_away(configure(shared, text), *(shared / "evil").rglob("*"), shared / "evil")
    monkeypatch.chdir(shared / "a" / "notes")
    said = call("run", "--all", "--no-server")
    assert (said.code, "a/notes ran" in said.out) == (0, True)


# --- owners ---------------------------------------------------------------------------------------


@only_root_gives_files_away
@pytest.mark.parametrize("of", ["configuration", "pyproject", "graph", "settings", "link"])
def test_what_belongs_to_another_user_is_refused_until_it_is_trusted(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str, own_settings: Path
) -> None:
    (shared / "sub").mkdir()
    monkeypatch.chdir(shared / "sub")
    path = {
        "graph": shared / "evil",
        "settings": shared / "evil" / "logseq" / "config.edn",
        "pyproject": shared / "pyproject.toml",
    }.get(of, shared / "tangle.toml")
    if of in {"pyproject", "link"}:
        text = "[tool.tangle]\n" if of == "pyproject" else ""
        (shared / "tangle.toml").rename(shared / "aside.toml")
        (shared / "aside.toml").write_text(f'{text}graph = "evil"\n')
        if of == "link":
            path.symlink_to("aside.toml")
        else:
            (shared / "aside.toml").rename(path)
    give_away(path)
    why = f"{path}: belongs to another user (uid {STRANGER})"
    assert_refused(tmp_path, 3, why, f"run: tangle trust {shared}", "TANGLE_TRUSTED=")
    # Another folder is no reason.
    assert call("trust", str(shared / "a")).code == 0
    assert call("list").code == 3
    assert call("trust", str(shared)).code == 0
    assert tomllib.loads(own_settings.read_text())["trusted"] == [
        str(shared),
        str(shared / "a"),
    ]
    assert call("list").code == 0


@only_root_gives_files_away
@pytest.mark.parametrize(
    ("trusted", "code"),
    [
        *((value, 0) for value in ("{0}", "{0}/", "/nowhere:{0}", "*", "{1}")),
        *((value, 3) for value in ("", "evil", ".", "{0}x", "{0}/a")),
    ],
)
def test_a_variable_trusts_the_folders_that_it_names(
    shared: Path, monkeypatch: pytest.MonkeyPatch, trusted: str, code: int
) -> None:
    give_away(shared / "tangle.toml")
    monkeypatch.setenv("TANGLE_TRUSTED", trusted.format(shared, shared.parent))
    monkeypatch.chdir(shared)
    assert call("list").code == code


@only_root_gives_files_away
def test_root_by_sudo_obeys_the_caller(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_away(shared / "tangle.toml")
    monkeypatch.chdir(shared)
    monkeypatch.setenv("SUDO_UID", str(STRANGER))
    assert call("list").code == 0


@only_root_gives_files_away
def test_a_database_graph_of_another_user_is_refused_until_it_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    write_database(path, {20: page("Numbers"), 21: block("words", 20, "a")})
    give_away(path)
    said = call("--graph", str(path), "list")
    assert said.code == 3
    assert f"{path}: belongs to another user" in said.err
    assert [file.name for file in tmp_path.iterdir()] == ["graph.sqlite"]
    assert call("trust", str(tmp_path)).code == 0
    assert call("--graph", str(path), "list").code == 0


@only_root_gives_files_away
def test_settings_of_another_user_trust_nothing(
    shared: Path, monkeypatch: pytest.MonkeyPatch, own_settings: Path
) -> None:
    give_away(shared / "tangle.toml")
    monkeypatch.chdir(shared)
    assert call("trust", str(shared)).code == 0
    assert call("list").code == 0
    give_away(own_settings)
    assert call("list").code == 3


def test_trusting_keeps_what_a_person_wrote(
    own_settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_settings.parent.mkdir(parents=True)
    own_settings.write_text('# mine\ntrusted = ["/one"]  # why\n')
    odd = tmp_path / 'a "b" \\ c'
    odd.mkdir()
    monkeypatch.chdir(odd)
    assert call("trust").code == 0
    assert call("trust").code == 0
    text = own_settings.read_text()
    assert text.startswith("# mine\ntrusted = [")
    assert text.endswith("# why\n")
    assert tomllib.loads(text)["trusted"] == [str(odd), "/one"]


@pytest.mark.parametrize("text", ["trusted = ", "trusted = 1", "trusted = [1]", "trust = []"])
def test_bad_settings_are_named(own_settings: Path, tmp_path: Path, text: str) -> None:
    own_settings.parent.mkdir(parents=True)
    own_settings.write_text(text)
    said = call("trust", str(tmp_path))
    assert said.code == 2
    assert str(own_settings) in said.err
    assert own_settings.read_text() == text


# --- init -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("where", ["", "graph"])
def test_init_sees_a_table_in_pyproject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[tool.tangle]\ngraph = "graph"\n')
    monkeypatch.chdir(tmp_path / where)
    said = call("init")
    assert said.code == 3
    assert f"{pyproject}: exists already" in said.err
    assert not list(tmp_path.rglob("tangle.toml"))
    pyproject.write_text("[tool.other]\n")
    assert call("init").code == 0
    assert call("list").code == 0


def test_init_writes_nothing_that_would_not_be_obeyed(
    clone: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = call("--graph", str(clone.root), "--output", str(tmp_path / "out"), "init")
    assert (said.code, "output leads out" in said.err) == (2, True)
    assert call("--graph", str(clone.root), "init").code == 0
    assert (clone.root / "tangle.toml").is_file()
    monkeypatch.chdir(clone.root)
    assert call("list").code == 0
