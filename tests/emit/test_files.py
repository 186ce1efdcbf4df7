"""The generated files as text: what is kept to the byte, what is changed, and that all compile."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.emit import MARK, init, module
from tangle.emit.names import script_names
from tangle.model import SectionName
from tests.analyse.plans import fence, planned, sections

from .building import built, cells, python, script


def settings(properties: str, code: str) -> str:
    """A section with one chunk and what its properties say."""
    body = "".join(f"\t  {line}\n" for line in code.split("\n"))
    lines = "".join(f"{line}\n\t  " for line in properties.split("\n"))
    return f"- # 1.1 s\n\t- {lines}```python\n{body}\t  ```\n"


# --- the scripts ----------------------------------------------------------------------------------


def test_a_script() -> None:
    notes = sections("import numpy\nsize = 3", ["# 大小\nprint( size )  # kept\n\n", "size;"])
    assert built(notes, folder="../notes/pages")["d2l/sections/sec_1_2.py"] == (
        f"{MARK}\n"
        "# 1.2 s2 (pages/a.md)\n"
        "\n"
        "# %% so that this script runs by itself, from any folder\n"
        "import pathlib as _pathlib\n"
        "import sys as _sys\n"
        "\n"
        "_sys.path.insert(0, str(_pathlib.Path(__file__).resolve().parents[2]))\n"
        "import d2l as _d2l\n"
        "\n"
        "_d2l.enter('../notes/pages', 7, ())\n"
        "\n"
        "# %% borrowed from earlier sections\n"
        "# from 1.1 (pages/a.md)\n"
        "size = 3\n"
        "\n"
        "# %% 1.2 s2 (pages/a.md, chunk 1)\n"
        "# 大小\n"
        "print( size )  # kept\n"
        "\n"
        "\n"
        "# %% 1.2 s2 (pages/a.md, chunk 2)\n"
        "size;\n"
    )


def test_the_text_does_not_move_with_the_lines_of_the_note() -> None:
    notes = sections("x = 1", "x")
    moved = notes.replace("- # 1.2", "\t- a sentence\n\n- # 1.2").replace(
        "- # 1.1", "- words\n- # 1.1"
    )
    assert built(notes) == built(moved)


def test_each_cell_says_where_it_stands() -> None:
    notes = (
        "- # 1.1 s\n" + fence("a") + "\t- # 1.1.2 part\n" + fence("b", "\t\t") + fence("c", "\t\t")
        + fence("d") + "\t- tangle.run:: no\n\t  tangle.raises:: X\n\t  ```python\n\t  e\n\t  ```\n"
    )  # fmt: skip
    heads = [line for line in script(notes).split("\n") if line.startswith("# %%")][1:]
    assert heads == [
        "# %% 1.1 s (pages/a.md, chunk 1)",
        "# %% 1.1.2 part (pages/a.md, chunk 1)",
        "# %% 1.1.2 part (pages/a.md, chunk 2)",
        "# %% 1.1 s (pages/a.md, chunk 2)",
        "# %% 1.1 s (pages/a.md, chunk 3, not run, must raise X)",
    ]
    (found,) = built({"pages/Title.md": fence("a", "")}).keys() & {"d2l/sections/sec_Title.py"}
    assert (
        "# %% Title (pages/Title.md, chunk 1)" in built({"pages/Title.md": fence("a", "")})[found]
    )


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("%matplotlib inline\nx = 1", "pass  # IPython only: %matplotlib inline\nx = 1\n"),
        ("x = !ls -l", "x = None  # IPython only: x = !ls -l\n"),
        ("for i in x:\n    !echo {i}", "for i in x:\n    pass  # IPython only: !echo {i}\n"),
        ("%time y = f(x)", "y = f(x)  # IPython only: %time y = f(x)\n"),
        ("print?\nx", "pass  # IPython only: print?\nx\n"),
        ("!ls \\\n  -l\nx", "pass  # IPython only: !ls \\\n# -l\nx\n"),
        ("%cd x\ns = '''\n%d\n'''", "pass  # IPython only: %cd x\ns = '''\n%d\n'''\n"),
        ("%%bash\nls\n\nfi", "# %%bash\n# ls\n#\n# fi\n"),
        ("%%time\nx", "pass  # IPython only: %%time\nx\n"),
    ],
)
def test_lines_of_ipython_become_comments(code: str, cell: str) -> None:
    (found,) = cells(script("- # 1.1 s\n" + fence(code)))
    assert found == cell


def test_magics_are_masked_where_they_are_borrowed() -> None:
    text = script(sections("x = !ls\ndef f():\n    !ls\n    return 1", "x, f()"), "1_2")
    assert cells(text)[0] == (
        "# from 1.1 (pages/a.md)\n"
        "x = None  # IPython only: x = !ls\n"
        "def f():\n"
        "    pass  # IPython only: !ls\n"
        "    return 1\n"
    )


def test_what_is_not_run_is_a_comment() -> None:
    (found,) = cells(script(settings("tangle.run:: no", "x = = 1\n\ny")))
    assert found == "# x = = 1\n#\n# y\n"


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("f()", "with _d2l.raises('ValueError'):\n    f()\n"),
        ("# words", "with _d2l.raises('ValueError'):\n    pass\n    # words\n"),
        (
            "s = '''a\n  b\n'''\nif s:\n\tx = [\n1,\n]\n\nf(s)",
            """with _d2l.raises('ValueError'):
    s = '''a
  b
'''
    if s:
    \tx = [
    1,
    ]

    f(s)
""",
        ),
        (
            "s = f'''a\n {s}\n'''\nt = 'a\\\nb'",
            "with _d2l.raises('ValueError'):\n    s = f'''a\n {s}\n'''\n    t = 'a\\\nb'\n",
        ),
        ("%cd x", "with _d2l.raises('ValueError'):\n    pass  # IPython only: %cd x\n"),
    ],
)
def test_a_chunk_that_must_fail(code: str, cell: str) -> None:
    (found,) = cells(script(settings("tangle.raises:: ValueError", code)))
    assert found == cell
    compile(found, "cell", "exec")


@pytest.mark.parametrize(
    ("code", "place", "message"),
    [
        ("x = = 1", "3:8", "this chunk does not parse; see `tangle check`"),
        ("a\n) b", "4:4", "this chunk does not parse; see `tangle check`"),
        ("s = '\0'", "3:9", "this chunk does not parse; see `tangle check`"),
        ("await x", "2:1", "this chunk awaits outside a function, as only `tangle run` can"),
        ("<<nowhere>>", "2:1", "a reference in this chunk is open; see `tangle check`"),
    ],
)
def test_a_chunk_that_cannot_be_there_ends_the_script(code: str, place: str, message: str) -> None:
    (found,) = cells(script("- # 1.1 s\n" + fence(code)))
    *comments, last = found.removesuffix("\n").split("\n")
    assert comments == [f"# {line}".replace("\0", "\\x00") for line in code.split("\n")]
    assert last == f"raise SystemExit({f'pages/a.md:{place}: {message}'!r})"
    compile(found, "cell", "exec")


def test_a_syntax_error_that_must_happen_is_a_comment() -> None:
    (found,) = cells(script(settings("tangle.raises:: SyntaxError", "x = = 1")))
    assert found == "# x = = 1\n"


def test_expanded_references_are_part_of_the_text() -> None:
    notes = (
        "- # 1.1 s\n\t- tangle.name:: step\n\t  tangle.skip:: yes\n"
        "\t  ```python\n\t  x = 1\n\n\t  y\n\t  ```\n"
        + fence("def f():\n    <<step>>\n    return x")
    )
    assert cells(script(notes)) == ["def f():\n    x = 1\n\n    y\n    return x\n"]


def test_future_imports_stand_at_the_top() -> None:
    one = "from __future__ import annotations; y = 2"
    other = "from __future__ import (\n    division,\n    annotations,  # words\n); x = 1"
    text = script(sections(["z = 0", one, other]))
    assert text.index("from __future__ import division\n") < text.index("# %%")
    assert text.count("from __future__") == 2
    assert cells(text)[1:] == ["pass; y = 2\n", "pass; x = 1\n\n\n\n"]
    compile(text, "script", "exec", dont_inherit=True)


def test_what_ipython_gives_to_every_cell() -> None:
    text = script(sections("display(1)\nif get_ipython(): pass"))
    assert "display = _d2l.display\nget_ipython = _d2l.get_ipython\n" in text
    assert "display" not in script(sections("print(1)"))


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import random", ()),
        ("import numpy.linalg", ("numpy",)),
        ("import pandas", ("numpy",)),
        ("from torch import nn", ("numpy", "torch")),
        ("from d2l import torch as d2l\nd2l.f()", ("numpy", "torch")),
    ],
)
def test_only_what_is_used_is_seeded(code: str, modules: tuple[str, ...]) -> None:
    saved = "- # 1.2 t\n" + fence("import torch\ndef f(): return torch  #@save")
    assert f"_d2l.enter(None, 7, {modules!r})" in script(sections(code) + saved)


def test_words_of_the_notes_cannot_leave_their_comment() -> None:
    notes = {
        "pages/a\nimport evil.md": "- # 1.1 Encoding: one-hot\u2028import evil\x0cx\n" + fence("1")
        + fence("x = 1  #@save")
    }  # fmt: skip
    found = built(notes)
    text = found["d2l/sections/sec_1_1.py"]
    assert text.split("\n")[1] == ""
    assert "# 1.1 Encoding: one-hot import evil x (pages/a import evil.md)\n" in text
    for name, generated in found.items():
        compile(generated.encode(), name, "exec")
        imported = [node for node in ast.walk(ast.parse(generated)) if isinstance(node, ast.Import)]
        assert "evil" not in {entry.name for node in imported for entry in node.names}


# --- the package ----------------------------------------------------------------------------------


def package(notes: str | dict[str, str]) -> str:
    return built(notes)["d2l/torch.py"]


HEAD = f'{MARK}"""What the notes save with #@save, importable as `d2l.torch`."""\n'


def test_nothing_saved() -> None:
    assert package("- x\n") == HEAD


def test_the_module() -> None:
    notes = sections(
        [
            "#@save\nimport sys\nimport os  # kept\n\nfrom a import b",
            "from d2l import torch as d2l\ndef f(x,\n      y):  #@save\n    return d2l, b, sys",
        ],
        "import sys\ndef g(): return sys  #@save\nx = 1; y = 2  #@save\nimport os  #@save",
    )
    assert package(notes) == (
        HEAD + "\n"
        "from a import b\n"
        "import sys\n"
        "\n"
        "d2l = sys.modules[__name__]\n"
        "\n\n# Defined in 1.1 s1 (pages/a.md)\n"
        "import os  # kept\n"
        "\n\n# Defined in 1.1 s1 (pages/a.md)\n"
        "def f(x,\n      y):  #@save\n    return d2l, b, sys\n"
        "\n\n# Defined in 1.2 s2 (pages/a.md)\n"
        "def g(): return sys  #@save\n"
        "\n\n# Defined in 1.2 s2 (pages/a.md)\n"
        "x = 1\n"
        "\n\n# Defined in 1.2 s2 (pages/a.md)\n"
        "y = 2\n"
    )


def test_a_run_of_imports_has_one_heading() -> None:
    notes = sections(
        "#@save\nimport a\nfrom b import (\n    c,\n    d)\nimport a", "import e  #@save"
    )
    assert package(notes).removeprefix(HEAD) == (
        "\n\n# Defined in 1.1 s1 (pages/a.md)\nimport a\nfrom b import (\n    c,\n    d)\n"
        "\n\n# Defined in 1.2 s2 (pages/a.md)\nimport e  #@save\n"
    )


def test_the_heading_names_an_unnumbered_page_once() -> None:
    saved = package(f"- Areas\n{fence('def f(): pass  #@save')}")
    assert saved.removeprefix(HEAD) == "\n\n# Defined in a (pages/a.md)\ndef f(): pass  #@save\n"


def test_saved_imports_of_the_module_itself() -> None:
    notes = sections(
        "def f(): pass  #@save",
        "#@save\nfrom d2l import torch as d2l\nfrom d2l.torch import f\n"
        "from d2l.torch import f as g\nfrom d2l.torch import *\nimport os",
    )
    assert package(notes).removeprefix(HEAD) == (
        "\nimport sys\n\nd2l = sys.modules[__name__]\n"
        "\n\n# Defined in 1.1 s1 (pages/a.md)\ndef f(): pass  #@save\n"
        "\n\n# Defined in 1.2 s2 (pages/a.md)\ng = f\nimport os\n"
    )


def test_annotations_that_are_not_evaluated() -> None:
    notes = sections("from __future__ import annotations  #@save\nclass A:  #@save\n    x: B")
    assert package(notes).removeprefix(HEAD) == (
        "\nfrom __future__ import annotations\n"
        "\n\n# Defined in 1.1 s1 (pages/a.md)\nclass A:  #@save\n    x: B\n"
    )


def test_each_line_knows_its_place_in_the_notes() -> None:
    found = module(
        planned(sections("import a\n#@save\ndef f():\n    return a", "import b  #@save")).package
    )
    lines = found.text.split("\n")[:-1]
    assert len(lines) == len(found.origins)
    places = {
        line: (origin.path, origin.line, origin.margin)
        for line, origin in zip(lines, found.origins, strict=True)
        if origin is not None
    }
    assert places == {
        "def f():": ("pages/a.md", 5, 3),
        "    return a": ("pages/a.md", 6, 3),
        "import b  #@save": ("pages/a.md", 10, 3),
    }


# --- names ----------------------------------------------------------------------------------------


def named(*titles: str) -> list[str]:
    return list(script_names((SectionName(title), ()) for title in titles).values())


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Notes", "sec_Notes"),
        ("预备知识", "sec_预备知识"),
        ("a_b", "sec_a_b"),
        ("a/b", "sec_a_b_#"),
        ("a b", "sec_a_b_#"),
        ("3 6", "sec_3_6_#"),
        ("3_6", "sec_3_6_#"),
        ("", "sec_#"),
        ("???", "sec_#"),
        ("ﬁ", "sec_fi_#"),
        ("x" * 300, f"sec_{'x' * 120}_#"),
        ("文" * 300, f"sec_{'文' * 40}_#"),
    ],
)
def test_module_names_of_titles(title: str, name: str) -> None:
    digest = hashlib.sha256(title.encode()).hexdigest()[:8]
    assert named(title) == [name.replace("#", digest)]


def test_names_that_differ_in_case_alone() -> None:
    one, other, third = named("Notes", "notes", "NOTES")
    assert one == "sec_Notes"
    assert len({one.casefold(), other.casefold(), third.casefold()}) == 3


def test_numbers_and_titles_do_not_meet() -> None:
    names = script_names([(SectionName("3.6"), (3, 6)), (SectionName("3_6"), ())])
    assert names[SectionName("3.6")] == "sec_3_6"
    assert len(set(names.values())) == 2


@given(st.lists(st.text(max_size=300), unique=True))
def test_every_title_has_a_file_of_its_own(titles: list[str]) -> None:
    names = named(*titles)
    assert len({name.casefold() for name in names}) == len(titles)
    for name in names:
        assert re.fullmatch(r"\w+", name)
        assert len(f"{name}.py".encode()) <= 255


def test_where_a_script_goes() -> None:
    notes = sections("x = 1") + "=== T\n- x\n"
    found = built(notes)
    assert set(found) == {
        "d2l/__init__.py",
        "d2l/__main__.py",
        "d2l/torch.py",
        "d2l/sections/__init__.py",
        "d2l/sections/sec_1_1.py",
    }
    assert all(text.startswith(MARK) for text in found.values())
    assert init(planned(notes).package.name).startswith(MARK)


# --- laws -----------------------------------------------------------------------------------------

_LINES = st.sampled_from(
    ["x = 1", "  y", "%cd", "!ls \\", "'''", "a = b?", "(", ")", "def f():  #@save", "    return x",
     "#@save", "return", "from __future__ import annotations", "import os", "\x0c", "\0", "await x",
     "中 = '文'", "%%time", "f'''{x}", "\\", "<<step>>", "class A: pass", "\tz", "import a; b = 1"]
)  # fmt: skip
_PROPERTIES = st.sampled_from(["", "tangle.run:: no\n\t  ", "tangle.raises:: E\n\t  "])


@given(st.lists(st.tuples(_PROPERTIES, st.lists(_LINES, max_size=6)), max_size=4))
def test_whatever_stands_in_the_notes_every_file_compiles(
    chunks: list[tuple[str, list[str]]],
) -> None:
    notes = "- # 1.1 s\n" + "".join(
        f"\t- {properties}```python\n" + "".join(f"\t  {line}\n" for line in lines) + "\t  ```\n"
        for properties, lines in chunks
    )
    assert [name for name, text in built(notes).items() if not _compiles(text)] == []


def _compiles(text: str) -> bool:
    try:
        compile(text.encode(), "generated", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def test_the_same_bytes_in_every_process() -> None:
    code = (
        "import sys, types\n"
        "sys.path[:0] = [sys.argv[1]]\n"
        # An installed package may bring a top-level `tests` of its own.
        "sys.modules['tests'] = types.ModuleType('tests')\n"
        "sys.modules['tests'].__path__ = [sys.argv[1] + '/tests']\n"
        "from tests.emit.building import built\n"
        "from tests.analyse.plans import sections\n"
        "notes = sections('import a, b, c, d, e\\ndef f(): return a, b, c, d, e  #@save',\n"
        "    'f, a, b, c, x, y, z', 'from d2l import torch as d\\nd.f')\n"
        "print(sorted(built(notes).items()))\n"
    )
    root = Path(__file__).resolve().parents[2]
    said = {python("-c", code, str(root), cwd=root, PYTHONHASHSEED=s).stdout for s in "0123"}
    assert len(said) == 1
    assert "Defined in" in said.pop()
