"""`--changed-since` and data: whatever a section may have read counts, and nothing else does."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ci.git_notes import GitNotes, git_notes

pytestmark = pytest.mark.book

ALONE = "- ## 9.9. Alone\n\t- ```python\n\t  import math\n\t  print('alone', math.pi)\n\t  ```\n"
Edit = Callable[[GitNotes], None]


def section(*lines: str) -> str:
    code = "".join(f"\t  {line}\n" for line in lines)
    return f"- ## 1.1. Reads\n\t- ```python\n{code}\t  ```\n"


def writes(path: str, text: str = "2\n") -> Edit:
    return lambda graph: graph.write(path, text)


def removes(path: str) -> Edit:
    def remove(graph: GitNotes) -> None:
        target = graph.project / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return remove


def relinks(path: str, target: str) -> Edit:
    def relink(graph: GitNotes) -> None:
        (graph.project / path).unlink()
        (graph.project / path).symlink_to(target)

    return relink


def commits(edit: Edit) -> Edit:
    def commit(graph: GitNotes) -> None:
        edit(graph)
        graph.commit("edit")

    return commit


def inner(graph: GitNotes, *arguments: str) -> None:
    """Call git in the submodule."""
    graph.git("-C", str(graph.project / "notes" / "sub"), *arguments)


def in_submodule(graph: GitNotes) -> None:
    graph.write("notes/sub/s.csv", "2\n")
    inner(graph, "commit", "--quiet", "--all", "--message", "inner")


def submodule_advances(graph: GitNotes) -> None:
    in_submodule(graph)
    graph.commit("outer")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with data in every sort of place, all committed where git takes it."""
    tmp_path = tmp_path_factory.mktemp("template")
    made = git_notes(tmp_path, {"x": ALONE})
    for path in (
        *("notes/data/table.csv", "notes/data/deep/er/d.csv", "notes/data/my table.csv"),
        *("shared/x.csv", "other/x.csv", "notes/pages/beside.csv", "notes/logseq/custom.css"),
        *("notes/ignored/i.csv", "../top.csv", "../../outside/o.csv"),
    ):
        made.write(path, "1\n")
    made.write("notes/pages/other.md", "- words\n")
    made.write("notes/pages/helper.py", "import second\nV = 1\n")
    made.write("notes/pages/second.py", "V = 1\nopen('../data/table.csv').close()\n")
    made.write("notes/pages/pack/__init__.py", "from . import part\n")
    made.write("notes/pages/pack/part.py", "V = 1\n")
    made.write("lib/far.py", "V = 1\n")
    made.write(".gitignore", ".tangle/\nnotes/ignored/\n__pycache__/\n")
    (made.project / "notes/linked").symlink_to("../shared")
    (made.project / "notes/away").symlink_to("../../../outside")
    inside = tmp_path / "inner"
    inside.mkdir()
    (inside / "s.csv").write_text("1\n")
    made.git("init", "--quiet", "--initial-branch=main", str(inside))
    made.git("-C", str(inside), "add", "--all")
    made.git("-C", str(inside), "commit", "--quiet", "--message", "inner")
    add = ["-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(inside)]
    made.git(*add, "sub dir/notes/sub")
    made.commit("data")
    return tmp_path


@pytest.fixture
def graph(template: Path, tmp_path: Path) -> GitNotes:
    """A copy of that project."""
    shutil.copytree(template, tmp_path, symlinks=True, dirs_exist_ok=True)
    return GitNotes(top=tmp_path / "repo", project=tmp_path / "repo" / "sub dir")


LITERAL = {
    "data": "print(open('../data/table.csv').read())",
    "blank": "print(open('../data/my table.csv').read())",
    "linked": "print(open('../linked/x.csv').read())",
    "away": "print(open('../away/o.csv').read())",
    "ignored": "print(open('../ignored/i.csv').read())",
    "outside": "print(open('../../../../outside/o.csv').read())",
    "above": "print(open('../../../top.csv').read())",
    "submodule": "print(open('../sub/s.csv').read())",
    "page": "print(open('other.md').read())",
    "settings": "print(open('../logseq/config.edn').read())",
    "style": "print(open('../logseq/custom.css').read())",
    "gitignore": "print(len(open('../../.gitignore').read()))",
    "list": "import os; print(sorted(os.listdir('../data')))",
    "list linked": "import os; print(sorted(os.listdir('../linked')))",
    "list away": "import os; print(sorted(os.listdir('../away')))",
    "walk": "import os; print(sorted(os.walk('../data')))",
    "rglob": "from pathlib import Path; print(sorted(Path('../data').rglob('*.csv')))",
    "helper": "import helper; print(helper.V)",
    "pack": "from pack import part; print(part.V)",
    "far": "import sys; sys.path.insert(0, '../../lib'); import far; print(far.V)",
    "builtin": "import colorsys; print(1)",
}

EDITS: list[tuple[str, str, Edit]] = [
    ("data", "a file", writes("notes/data/table.csv")),
    ("data", "committed", commits(writes("notes/data/table.csv"))),
    ("data", "removed", removes("notes/data/table.csv")),
    ("data", "all of it removed", removes("notes/data")),
    ("blank", "a name with a blank", writes("notes/data/my table.csv")),
    ("linked", "behind a link", writes("shared/x.csv")),
    ("linked", "the link", relinks("notes/linked", "../other")),
    ("linked", "removed", removes("shared")),
    ("away", "behind a link that leads out", writes("../../outside/o.csv")),
    ("away", "the link", relinks("notes/away", "../shared")),
    ("ignored", "what git ignores", writes("notes/ignored/i.csv")),
    ("outside", "outside of git", writes("../../outside/o.csv")),
    ("outside", "removed", removes("../../outside/o.csv")),
    ("above", "above the project", writes("../top.csv")),
    ("submodule", "in a submodule", writes("notes/sub/s.csv")),
    ("submodule", "committed there", in_submodule),
    ("submodule", "committed here, too", submodule_advances),
    ("submodule", "removed", removes("notes/sub")),
    ("page", "a page as data", writes("notes/pages/other.md", "- other words\n")),
    ("settings", "settings as data", writes("notes/logseq/config.edn", "{:a 1}")),
    ("style", "logseq's own folder", writes("notes/logseq/custom.css")),
    ("gitignore", "a file of git's", writes(".gitignore", ".tangle/\n*.tmp\n__pycache__/\n")),
    ("list", "a new file", writes("notes/data/new.csv")),
    ("list", "a new folder", writes("notes/data/new/x.csv")),
    ("list", "a new folder of folders", writes("notes/data/new/er/x.csv")),
    ("list", "a folder removed", removes("notes/data/deep")),
    ("list", "committed", commits(writes("notes/data/new/x.csv"))),
    ("list linked", "behind a link", writes("shared/new.csv")),
    ("list linked", "a new folder behind a link", writes("shared/new/x.csv")),
    ("list away", "outside of git", writes("../../outside/new.csv")),
    ("walk", "deep down", writes("notes/data/deep/new/x.csv")),
    ("rglob", "deep down", writes("notes/data/deep/er/new.csv")),
    ("helper", "a module", writes("notes/pages/helper.py", "V = 2\n")),
    ("helper", "what it imports", writes("notes/pages/second.py", "V = 2\n")),
    ("pack", "a part of a package", writes("notes/pages/pack/part.py", "V = 2\n")),
    ("far", "a module on a path of its own", writes("lib/far.py", "V = 2\n")),
    ("builtin", "a module that is in the way now", writes("notes/pages/colorsys.py", "V = 2\n")),
]
CASES = [pytest.param(code, edit, id=f"{code}: {what}") for code, what, edit in EDITS]


@pytest.mark.parametrize(("code", "edit"), CASES)
def test_what_the_last_run_read(graph: GitNotes, code: str, edit: Edit) -> None:
    graph.write("notes/pages/reads.md", section(LITERAL[code]))
    assert graph.tangle("run", "--all").code == 0
    first = graph.commit("run")
    edit(graph)
    assert graph.changed(first) == ["1.1"]


@pytest.mark.parametrize(("code", "edit"), CASES)
def test_what_the_code_names_where_nothing_ran(graph: GitNotes, code: str, edit: Edit) -> None:
    graph.write("notes/pages/reads.md", section(LITERAL[code]))
    first = graph.commit("never run")
    edit(graph)
    assert graph.changed(first) == ["1.1"]


@pytest.mark.parametrize("ran", [True, False])
def test_nothing_changed_since_the_last_commit(graph: GitNotes, ran: bool) -> None:
    """Of what git does not know, the disk says that nothing touched it since."""
    for number, code in enumerate(LITERAL.values(), 1):
        graph.write(f"notes/pages/r{number}.md", section(code).replace("1.1.", f"1.{number}."))
    assert not ran or graph.tangle("run", "--all").code == 0
    graph.git("add", "--all")
    graph.git("commit", "--quiet", "--message", "x", GIT_COMMITTER_DATE="4000000000 +0000")
    graph.write("notes/unread/new.txt", "1\n")
    assert graph.changed() == []


ABOVE = "import os; print(os.path.exists('../../../../outside'))"
SETTINGS = "import os; print(os.path.exists('../../../../nowhere/settings.toml'))"
BESIDE = "import os; print(os.path.exists('../../../../outside/settings.toml'))"
NO_LIST = "import glob; print(glob.glob('../../../../nowhere/*'))"


@pytest.mark.parametrize(
    ("code", "edit", "counts"),
    [
        pytest.param(ABOVE, writes("../../outside/new.csv"), False, id="a name comes into it"),
        pytest.param(ABOVE, removes("../../outside"), True, id="it is removed"),
        pytest.param(SETTINGS, writes("../../another/x"), False, id="settings of another program"),
        pytest.param(SETTINGS, writes("../../nowhere/settings.toml"), True, id="settings are made"),
        pytest.param(BESIDE, writes("../../outside/new.csv"), True, id="its folder is there"),
        pytest.param(NO_LIST, writes("../../another/x"), False, id="no folder to list"),
        pytest.param(NO_LIST, writes("../../nowhere/x"), True, id="a folder to list is made"),
    ],
)
def test_folders_outside_of_git_in_which_names_come_and_go(
    graph: GitNotes, code: str, edit: Edit, counts: bool
) -> None:
    """Libraries look for settings in the home folder; that another name is there is no change."""
    graph.write("notes/pages/reads.md", section(code))
    assert graph.tangle("run", "--all").code == 0
    graph.git("add", "--all")
    committed = int(time.time()) + 1  # after all that the test has made
    graph.git("commit", "--quiet", "--message", "x", GIT_COMMITTER_DATE=f"{committed} +0000")
    time.sleep(max(0.0, committed + 0.1 - time.time()))  # the clock of files may be late
    edit(graph)
    assert graph.changed() == (["1.1"] if counts else [])


@pytest.mark.parametrize(
    "lines",
    [
        ["name = 'ta' + 'ble'", "print(open(f'../data/{name}.csv').read())"],
        ["print(open('../da' + 'ta/' + 'table.csv').read())"],
        ["print(open(chr(46) * 2 + '/da' 'ta/' + 'table' + '.csv').read())"],
        ["import os", "print(open(os.environ.get('TABLE', chr(47))).read())"],
        ["def load(name):", "    return open(name).read()", "print(load)"],
        ["import json", "where = json.loads('[]')", "print([open(at).read() for at in where])"],
        ["from pathlib import Path", "print(sum(1 for p in Path('..').iterdir()))"],
        ["import os", "print(len(os.listdir()))"],
        ["import os", "print(len(list(os.walk('.'))))"],
        ["import glob", "print(len(glob.glob('../*')))"],
        ["import subprocess", "subprocess.run(['make', '--version'])"],
        ["import os", "os.system('true')"],
        ["!python --version"],
        ["%run tool.py"],
        ["import importlib", "print(importlib.import_module('ma' + 'th'))"],
        ["exec('x = 1')"],
        ["import worker", "print(worker.V)"],
        ["for read in map(open, ()):", "    print(read)"],
    ],
    ids=lambda lines: lines[-1],
)
def test_where_nobody_can_know_the_section_counts(graph: GitNotes, lines: list[str]) -> None:
    graph.write("notes/pages/reads.md", section(*lines))
    graph.write("notes/pages/worker.py", "V = 1\nopen('a'.join('bc'), 'a').close()\n")
    graph.commit("never run")
    assert graph.changed() == []
    graph.write("notes/elsewhere/q.bin", "2\n")
    assert graph.changed() == ["1.1"]
    said = graph.tangle("list", "--changed-since", "HEAD")
    assert "1.1: changed since HEAD: may read notes/elsewhere/q.bin: " in said.err


@pytest.mark.parametrize(
    "lines",
    [
        ["print(f'{1 + 1} of {2 * 3}')"],
        ["import math", "print('a' + 'b', math.sqrt(2))"],
        ["print(open('../data/table.csv').read())"],
        [
            "from pathlib import Path",
            "root = Path('../data')",
            "print((root / 'table.csv').stat())",
        ],
        ["for name in ['table.csv', 'my table.csv']:", "    print(open(name))"],
        ["!cat ../data/table.csv"],
        ["%matplotlib inline"],
    ],
    ids=lambda lines: lines[-1],
)
def test_code_that_says_what_it_reads_does_not_count(graph: GitNotes, lines: list[str]) -> None:
    graph.write("notes/pages/reads.md", section(*lines))
    graph.commit("never run")
    graph.write("notes/elsewhere/q.bin", "2\n")
    graph.write("README.md", "words\n")
    assert graph.changed() == []


# --- contents that git stores otherwise -----------------------------------------------------------


def test_line_ends_of_data_that_git_converts(graph: GitNotes) -> None:
    graph.write("notes/pages/reads.md", section(LITERAL["data"]))
    graph.commit("never run")
    graph.write("notes/data/table.csv", "1\r\n")
    assert graph.changed() == ["1.1"]
    graph.write(".gitattributes", "*.csv text\n")
    assert graph.changed() == []
    graph.write("notes/data/table.csv", "2\r\n")
    assert graph.changed() == ["1.1"]


def test_large_files_by_the_pointers_that_git_has(graph: GitNotes) -> None:
    graph.write("notes/pages/reads.md", section(LITERAL["data"]))
    digest = "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 2\n"
    graph.write("notes/data/table.csv", pointer)
    graph.commit("a pointer")
    graph.write("notes/data/table.csv", "2\n")
    assert graph.changed() == []
    graph.write("notes/data/table.csv", "3\n")
    assert graph.changed() == ["1.1"]


# --- programs that a repository brings ------------------------------------------------------------


def test_no_program_of_the_repository_runs(graph: GitNotes, tmp_path: Path) -> None:
    graph.write("notes/pages/reads.md", section(LITERAL["data"]))
    graph.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    graph.git("add", "--all")
    graph.git("commit", "--quiet", "--message", "x")
    sentinel = tmp_path / "ran"
    program = tmp_path / "program.sh"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{sentinel}"\ncat\n')
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
        (hooks / name).symlink_to(program)
    shutil.copytree(hooks, graph.top / ".git" / "hooks", dirs_exist_ok=True, symlinks=True)
    for option in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy"),
        *("core.alternateRefsCommand", "core.askPass", "credential.helper", "diff.external"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "sequence.editor"),
        *("diff.evil.textconv", "diff.evil.command", "merge.evil.driver", "gpg.program"),
        *("pager.diff", "pager.log", "uploadpack.packObjectsHook", "interactive.diffFilter"),
    ):
        graph.git("config", option, str(program))
    graph.git("config", "core.hooksPath", str(hooks))
    graph.git("config", "log.showSignature", "true")
    for name in ("diff", "ls-tree", "rev-parse", "cat-file", "ls-files"):
        graph.git("config", f"alias.{name}", f"!{program}")
    graph.git("config", "filter.evil.required", "true")
    sentinel.unlink(missing_ok=True)
    path = graph.project / "notes/data/table.csv"
    path.write_bytes(b"2\n")
    os.utime(path, (1, 1))
    assert graph.changed() == ["1.1"]
    path.write_bytes(b"1\n")
    os.utime(path, (2, 2))
    assert graph.changed() == []
    assert graph.tangle("run", "--changed-since", "HEAD").code == 0
    assert graph.tangle("merge-driver", "--install").code == 0
    assert not sentinel.exists()
    # git itself would have run them.
    subprocess.run(["git", "diff", "HEAD"], cwd=graph.top, capture_output=True, check=False)
    assert sentinel.exists()


def test_a_partial_clone_fetches_nothing(graph: GitNotes, tmp_path: Path) -> None:
    graph.write("notes/pages/x.md", ALONE.replace("alone", "lonely"))
    graph.commit("second")
    graph.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    graph.git("clone", "--quiet", "--filter=blob:none", f"file://{graph.top}", str(clone))
    sentinel = tmp_path / "ran"
    program = tmp_path / "upload.sh"
    program.write_text(f'#!/bin/sh\ntouch "{sentinel}"\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    graph.git("-C", str(clone), "config", "remote.origin.uploadpack", str(program))
    made = GitNotes(top=clone, project=clone / "sub dir")
    said = made.tangle("list", "--changed-since", "HEAD~1")
    assert said.code == 1
    assert "git fetch --refetch" in said.err
    assert not sentinel.exists()


def test_a_repository_that_names_another_work_tree(graph: GitNotes, tmp_path: Path) -> None:
    graph.git("config", "core.worktree", str(tmp_path / "outside"))
    said = graph.tangle("list", "--changed-since", "HEAD")
    assert said.code == 2
    assert "git has no repository here (it names" in said.err


def test_installing_the_driver_writes_no_other_repository(graph: GitNotes, tmp_path: Path) -> None:
    other = git_notes(tmp_path / "another", {})
    config = other.top / ".git" / "config"
    before = config.read_bytes()
    shutil.rmtree(graph.top / ".git")
    (graph.top / ".git").write_text(f"gitdir: {other.top}/.git\n")
    said = graph.tangle("merge-driver", "--install")
    assert (said.code, "of another repository" in said.err) == (3, True)
    assert config.read_bytes() == before
    (graph.top / ".git").unlink()
    graph.git("init", "--quiet")
    (graph.top / ".git" / "config").rename(tmp_path / "aside")
    (graph.top / ".git" / "config").symlink_to(tmp_path / "aside")
    before = (tmp_path / "aside").read_bytes()
    assert graph.tangle("merge-driver", "--install").code == 3
    assert (tmp_path / "aside").read_bytes() == before


def test_linked_work_trees_and_submodules_have_the_driver(graph: GitNotes, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    graph.git("worktree", "add", "--quiet", "--detach", str(tree))
    linked = GitNotes(top=tree, project=tree / "sub dir")
    assert linked.tangle("merge-driver", "--install").code == 0
    assert "merge-driver" in graph.git("config", "merge.tangle.driver")
    holder = git_notes(tmp_path / "holder", {})
    holder.git(
        *("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(graph.top), "sub")
    )
    inside = GitNotes(top=holder.top / "sub", project=holder.top / "sub" / "sub dir")
    assert inside.tangle("merge-driver", "--install").code == 0
