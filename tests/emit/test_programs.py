"""The generated files as programs, each run by a Python that has no tangle."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.notes import units
from tests.analyse.plans import fence, planned, sections

from .building import built, cells, python, write


def test_a_script_runs_from_anywhere_in_its_pages_folder(tmp_path: Path) -> None:
    notes = sections(
        "import os\ndef name(): return os.path.basename(os.getcwd())  #@save", "print(name())"
    )
    write(built(notes, folder="../notes/pages"), tmp_path / "out")
    (tmp_path / "notes" / "pages").mkdir(parents=True)
    script = tmp_path / "out" / "d2l" / "sections" / "sec_1_2.py"
    done = python(str(script), cwd=Path("/"))
    assert (done.stdout, done.stderr, done.returncode) == ("pages\n", "", 0)


def test_a_folder_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    out = write(built(sections("import os\nprint(os.getcwd())"), folder="../gone"), tmp_path)
    done = python(str(out / "d2l" / "sections" / "sec_1_1.py"), cwd=Path("/"))
    assert done.stdout == "/\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    notes = sections(
        "from d2l import torch as d2l\n"
        "def f(): return d2l.g() + g()  #@save\n"
        "def g(): return 1  #@save",
        "import sys\nprint('二', f(), sys.argv[1:])",
        ["print('before')", "x = = 1", "print('after')"],
    )
    return write(built({"pages/a.md": notes, "pages/题 目.md": fence("print('页')", "")}), tmp_path)


def test_the_package_lists_its_sections(package: Path) -> None:
    done = python("-m", "d2l", cwd=Path("/"), path=package)
    assert done.stdout == "1.1  s1\n1.2  s2\n1.3  s3\n题 目\n"
    assert done.returncode == 0
    narrow = python("-m", "d2l", cwd=Path("/"), path=package, PYTHONIOENCODING="ascii")
    assert "\\u9898" in narrow.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["1.2"], "二 2 []\n"), (["1.2."], "二 2 []\n"), (["题 目"], "页\n"), (["题", "目"], "页\n")],
)
def test_the_package_runs_a_section(package: Path, arguments: list[str], said: str) -> None:
    done = python("-m", "d2l", *arguments, cwd=Path("/"), path=package)
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)


@pytest.mark.parametrize(("wanted", "nearest"), [("1.9", "1."), ("nowhere", "see `python -m d2l`")])
def test_an_unknown_section(package: Path, wanted: str, nearest: str) -> None:
    done = python("-m", "d2l", wanted, cwd=Path("/"), path=package)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"there is no section {wanted} with code; nearest: {nearest}")


def test_a_broken_chunk_ends_its_script_with_its_place(package: Path) -> None:
    done = python("-m", "d2l", "1.3", cwd=Path("/"), path=package)
    assert done.stdout == "before\n"
    assert done.stderr == "pages/a.md:17:8: this chunk does not parse; see `tangle check`\n"
    assert done.returncode == 1


def test_helpers_of_the_scripts(tmp_path: Path) -> None:
    out = write(built(sections("x = 1")), tmp_path)
    code = (
        "import d2l\n"
        "with d2l.raises('ValueError'): int('a')\n"
        "with d2l.raises('builtins.Exception'): int('a')\n"
        "with d2l.raises('SystemExit'): raise SystemExit(3)\n"
        "d2l.display('a', 2)\n"
        "assert d2l.get_ipython() is None\n"
        "for bad in ('KeyError', 'ValueError'):\n"
        "    try:\n"
        "        with d2l.raises(bad):\n"
        "            if bad == 'KeyError': int('b')\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
    )
    done = python("-c", code, cwd=Path("/"), path=out)
    assert done.stderr == ""
    assert done.stdout.split("\n") == [
        "ValueError: invalid literal for int() with base 10: 'a'",
        "ValueError: invalid literal for int() with base 10: 'a'",
        "SystemExit: 3",
        "'a'",
        "2",
        "ValueError invalid literal for int() with base 10: 'b'",
        "AssertionError this code was to fail with ValueError, and did not",
        "",
    ]


def test_random_numbers_are_the_same_every_time(tmp_path: Path) -> None:
    out = write(built(sections("import random\nprint(random.random())")), tmp_path)
    script = str(out / "d2l" / "sections" / "sec_1_1.py")
    assert python(script, cwd=tmp_path).stdout == python(script, cwd=tmp_path).stdout != ""


# --- what the analysis calls defined is there when it runs ----------------------------------------

_NAME = st.sampled_from(["a", "b", "c", "d"])
_STATEMENT = st.one_of(
    st.builds("{0} = 1".format, _NAME),
    st.builds("{0} = {1}".format, _NAME, _NAME),
    st.builds("{0} = {1}, {2}".format, _NAME, _NAME, _NAME),
    st.builds("{0}, {1} = [{2}] * 2".format, _NAME, _NAME, _NAME),
    st.builds("{0} = [{1} for {1} in ({2},)]".format, _NAME, _NAME, _NAME),
    st.builds("for {0} in ({1},): {2} = {0}".format, _NAME, _NAME, _NAME),
    st.builds("import sys as {0}".format, _NAME),
    st.builds("import os.path, json as {0}; {1} = {0}".format, _NAME, _NAME),
    st.builds("class {0}:\n    {1} = {2}\n    b = {1}".format, _NAME, _NAME, _NAME),
    st.builds("def {0}(x={1}):\n    {2} = x\n    return {2}".format, _NAME, _NAME, _NAME),
    st.builds("if True:\n    {0} = {1}\nelse:\n    {0} = 2".format, _NAME, _NAME),
    st.builds("try:\n    {0} = {1}\nexcept KeyError as {2}:\n    pass".format, _NAME, _NAME, _NAME),
    st.builds("with open(__file__) as {0}: {1} = {2}".format, _NAME, _NAME, _NAME),
    st.builds("print({0} := {1}, {0})".format, _NAME, _NAME),
    st.builds("del {0}".format, _NAME),
    st.builds("{0} = 3  #@save".format, _NAME),
    st.builds("{0} = {1}  #@save".format, _NAME, _NAME),
    st.builds("{0} = {1}  #@save replace".format, _NAME, _NAME),
    st.builds("def {0}(): pass  #@save".format, _NAME),
    st.builds("import math as {0}  #@save".format, _NAME),
    st.just("from d2l import torch as d2l"),
    st.builds("d2l.{0}".format, _NAME),
    st.builds("from d2l.torch import {0}".format, _NAME),
    st.builds("from d2l.torch import {0} as {1}".format, _NAME, _NAME),
)
_SECTIONS = st.lists(
    st.lists(st.lists(_STATEMENT, max_size=4).map("\n".join), min_size=1, max_size=2),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300)
@given(_SECTIONS)
def test_no_name_is_missing_that_the_analysis_calls_defined(chunks: list[list[str]]) -> None:
    notes = sections(*chunks)
    found = planned(notes)
    if any(problem.code in _OF_THE_PACKAGE for problem in found.problems):
        return
    texts = built(notes)
    marked = (units.saved_in(found.core, place) for place in range(len(found.rows)))
    needed = {use.name for entry in marked for saved in entry.statements for use, _ in saved.uses}
    if needed & {word for p in found.problems for word in re.findall(r"\w+", p.message)}:
        return  # saved code needs undefined names: the package cannot be imported
    with _package(texts) as module:
        assert found.package.exports <= vars(module).keys()
        for session in found.sessions:
            if not session.problems:
                number = session.name.replace(".", "_")
                code = "".join(cells(texts[f"d2l/sections/sec_{number}.py"]))
                exec(code, {"__file__": __file__, "__name__": "__main__"})  # noqa: S102 - made above


_OF_THE_PACKAGE = {"saved-twice", "saved-later", "saved-needs-unsaved", "import-conflict"}


@contextmanager
def _package(texts: Mapping[str, str]) -> Iterator[ModuleType]:
    """The generated package, importable for a while."""
    package, module = ModuleType("d2l"), ModuleType("d2l.torch")
    before = {name: sys.modules.get(name) for name in ("d2l", "d2l.torch")}
    sys.modules.update({"d2l": package, "d2l.torch": module})
    try:
        exec(texts["d2l/torch.py"], vars(module))  # noqa: S102 - made above
        vars(package)["torch"] = module
        yield module
    finally:
        for name, old in before.items():
            sys.modules.pop(name)
            if old is not None:
                sys.modules[name] = old
