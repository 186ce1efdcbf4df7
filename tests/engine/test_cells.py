"""Cells behave as those of a notebook do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tangle.model import Failure, MimeBundle, Stream, Touch

from .sessions import bundles, make_cell, run, run_one, text


def show(kind: str, plain: str) -> MimeBundle:
    return MimeBundle(kind=kind, data=(("text/plain", plain),))  # type: ignore[arg-type]


def say(words: str, name: str = "stdout") -> Stream:
    return Stream(name=name, text=words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "outputs"),
    [
        ("1 + 1", [show("result", "2")]),
        ("1 + 1;", []),
        ("x = 1", []),
        ("'a'  # the last; is a comment", [show("result", "'a'")]),
        ("'a'; # hidden", []),
        ("print(1)\nprint(2)", [say("1\n2\n")]),
        ("print('a', end='')\n'b'", [say("a"), show("result", "'b'")]),
        ("display(1)\nprint(2)\n3", [show("display", "1"), say("2\n"), show("result", "3")]),
        (
            "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)",
            [say("1\n"), say("2\n", "stderr"), say("3\n")],
        ),
        ("!echo hi", [say("hi\n")]),
        ("print('a')\n!echo b >&2\nprint('c')", [say("a\nb\nc\n")]),
        ("x = !echo hi\nprint(x)", [say("['hi']\n")]),
        ("%%bash\necho hi", [say("hi\n")]),
        ("%%capture out\nprint(1)", []),
        ("import asyncio\nawait asyncio.sleep(0, 'done')", [show("result", "'done'")]),
        ("print('a')\nfrom IPython.display import clear_output\nclear_output()\n1", None),
        ("", []),
        ("\n  \n", []),
        ("import sys\nsys.stdout.buffer.write('é'.encode());", [say("é")]),
        ("print('\\ud800')", [say("\\ud800\n")]),
        ("__name__", [show("result", "'__main__'")]),
        ("_x = 5\n_x", [show("result", "5")]),
        ("import sys\n'' in sys.path, sys.argv", [show("result", "(True, [''])")]),
        ("import os\nos.get_terminal_size", None),
    ],
)
def test_outputs(code: str, outputs: list[object] | None) -> None:
    result = run_one(code)
    assert result.outcome == "passed"
    if outputs is not None:
        assert list(result.outputs) == outputs


def test_raw_output_stands_where_it_was_written() -> None:
    result = run_one(
        "import os, subprocess, ctypes\n"
        "print('a')\nos.system('echo b')\nprint('c')\n"
        "os.write(1, b'd\\n')\nprint('e')\nsubprocess.run(['echo', 'f'])\nprint('g')\n"
        "ctypes.CDLL(None).printf(b'from C\\n');"
    )
    assert [type(output) for output in result.outputs] == [Stream]
    assert text(result) == "a\nb\nc\nd\ne\nf\ng\nfrom C\n"


def test_raw_output_belongs_to_the_cell_that_wrote_it() -> None:
    session = run(*[f"import os\nos.write(1, b'{number}');" for number in range(20)])
    assert [text(result) for result in session.results] == [str(number) for number in range(20)]


def test_clear_output_waits_for_the_next_output() -> None:
    head = "from IPython.display import clear_output\nprint('old')\nclear_output(wait=True)"
    kept, replaced = run(head, head + "\nprint('new')").results
    assert text(kept) == "old\n"
    assert text(replaced) == "new\n"


def test_update_display_replaces_what_an_earlier_cell_showed() -> None:
    session = run(
        "handle = display('one', display_id=True)",
        "handle.update('two')\nprint(1)",
    )
    assert bundles(session.results) == [{"text/plain": "'two'"}]
    assert text(session.results[1]) == "1\n"


def test_types_of_a_bundle_are_sorted_and_bytes_become_base64() -> None:
    result = run_one(
        "class Both:\n"
        "    def _repr_html_(self): return '<b>'\n"
        "    def _repr_png_(self): return b'\\x89PNG'\n"
        "    def _repr_json_(self): return {'k': [1]}\n"
        "    def __repr__(self): return 'both'\n"
        "Both()"
    )
    (bundle,) = result.outputs
    assert isinstance(bundle, MimeBundle)
    assert bundle.data == (
        ("application/json", '{"k": [1]}'),
        ("image/png", "iVBORw=="),
        ("text/html", "<b>"),
        ("text/plain", "both"),
    )


def test_namespace_is_a_real_main_module() -> None:
    session = run(
        "class A: pass\ndef f(x):\n    return x + 1",
        "import pickle, inspect, sys\ntype(pickle.loads(pickle.dumps(A()))) is A",
        "print(inspect.getsource(f))\nsys.modules['__main__'].f(1)",
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "    print(pool.map(f, [1, 2]))",
    )
    assert session.outcome == "passed"
    assert bundles(session.results) == [{"text/plain": "True"}, {"text/plain": "2"}]
    assert text(session.results[2]) == "def f(x):\n    return x + 1\n\n"
    assert text(session.results[3]) == "[2, 3]\n"


def test_output_of_a_forked_child_is_kept() -> None:
    result = run_one(
        "import os\nprint('parent')\nchild = os.fork()\n"
        "if not child:\n    print('child')\n    os._exit(0)\n"
        "os.waitpid(child, 0)\nprint('end')"
    )
    assert text(result) == "parent\nchild\nend\n"


def test_a_forked_child_does_not_go_on_with_the_session(tmp_path: Path) -> None:
    session = run(
        "import os\nchild = os.fork()",
        "if child: os.waitpid(child, 0)\nopen('ran', 'a').write('x');",
        directory=str(tmp_path),
    )
    assert session.outcome == "passed"
    assert (tmp_path / "ran").read_text() == "x"


def test_no_module_is_loaded_that_was_not_asked_for() -> None:
    result = run_one(
        "import sys\n[m for m in ('numpy', 'torch', 'matplotlib', 'nbformat') if m in sys.modules]"
    )
    assert bundles([result]) == [{"text/plain": "[]"}]


# --- cells that must fail, and cells that do ------------------------------------------------------


@pytest.mark.parametrize("name", ["ValueError", "Exception", "builtins.ValueError"])
def test_a_cell_that_must_fail_and_does_passes(name: str) -> None:
    session = run(make_cell("print(1)\nraise ValueError('no')", raises=name), "'next'")
    assert session.outcome == "passed"
    assert text(session.results[0], "stderr") == "ValueError: no\n"
    assert bundles(session.results) == [{"text/plain": "'next'"}]


def test_a_cell_that_must_fail_and_does_not_fails() -> None:
    session = run(make_cell("1", raises="ValueError"), "2")
    assert [result.outcome for result in session.results] == ["failed", "passed"]
    failure = session.results[0].failure
    assert failure is not None
    assert failure.name == "DidNotRaise"
    assert str(failure.place) == "pages/x.md:10:5"


def test_another_exception_than_the_one_asked_for_fails() -> None:
    result = run_one("1 / 0", raises="ValueError")
    assert result.failure is not None
    assert result.failure.name == "ZeroDivisionError"


def test_after_a_failure_what_needs_it_is_skipped() -> None:
    fails = make_cell("a = 1\n1 / 0\nb = 2", 2, touches=(touch("a", 1), touch("b", 3)))
    needs = [make_cell("print(a)", 3, needs=("a",)), make_cell("b", 4, needs=("b",))]
    session = run("1", fails, *needs, "print(4)")
    assert session.outcome == "failed"
    outcomes = [result.outcome for result in session.results]
    assert outcomes == ["passed", "failed", "passed", "skipped", "passed"]
    assert session.results[3].skip is not None
    assert session.results[3].skip.text == "needs b from line 22, which failed"
    assert (text(session.results[2]), text(session.results[4])) == ("1\n", "4\n")


def touch(name: str, last: int) -> Touch:
    """A name that a cell binds."""
    return Touch(name=name, last=last, sure=True)


def test_after_the_first_failure_all_is_skipped_where_that_was_asked_for() -> None:
    session = run("1", "print('x')\n1 / 0", "2", "3", exitfirst=True)
    assert session.outcome == "failed"
    outcomes = [result.outcome for result in session.results]
    assert outcomes == ["passed", "failed", "skipped", "skipped"]
    assert text(session.results[1]) == "x\n"


@pytest.mark.parametrize("code", ["import sys\nsys.exit(3)", "exit(3)", "raise SystemExit(3)"])
def test_leaving_is_a_failure(code: str) -> None:
    result = run_one(code)
    assert result.outcome == "failed"
    assert text(result, "stderr") == ""
    assert result.failure is not None
    assert result.failure.message == "the cell ended the session (SystemExit, code 3)"


def test_an_interrupt_from_within() -> None:
    session = run("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(9): pass")
    failure = session.results[0].failure
    assert session.outcome == "failed"
    assert failure is not None
    assert failure.name == "KeyboardInterrupt"


def test_a_failing_repr_is_a_failure() -> None:
    result = run_one("class A:\n    def __repr__(self): raise OSError('no')\nA()")
    assert result.failure is not None
    assert (result.failure.name, result.failure.message) == ("OSError", "no")


def test_a_session_without_cells_passes() -> None:
    session = run()
    assert (session.outcome, session.results) == ("passed", ())


def test_a_directory_that_is_not_there() -> None:
    session = run("1", "2", directory="/nonexistent/folder")
    assert [result.outcome for result in session.results] == ["died", "skipped"]
    failure = session.results[0].failure
    assert isinstance(failure, Failure)
    assert "/nonexistent/folder" in failure.message


REWRAPPED = [
    "sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')",
    "sys.stdout = io.TextIOWrapper(sys.stdout.detach() if False else sys.stdout.buffer)",
    "sys.stdout = io.open(1, 'w', closefd=False)",
    "sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', closefd=False)))",
    "sys.stdout = codecs.getwriter('utf-8')(sys.stdout.buffer)",
    "sys.stderr = io.TextIOWrapper(sys.stdout.buffer); sys.stdout = sys.stderr",
]


@pytest.mark.parametrize("rewrapping", REWRAPPED)
def test_a_stream_that_was_wrapped_again_loses_nothing(rewrapping: str) -> None:
    first = f"import codecs, io, sys\n{rewrapping}\nprint('one'); print('二')"
    result = run(first, "print('three')", "sys.stdout = sys.__stdout__\nprint('four')")
    assert [text(cell) for cell in result.results] == ["one\n二\n", "three\n", "four\n"]
    assert not result.late


def test_a_stream_that_cannot_be_flushed_changes_nothing() -> None:
    result = run("import io, sys\nsys.stdout = io.StringIO()\nsys.stdout.close()", "x = 1\nx")
    assert [cell.outcome for cell in result.results] == ["passed", "passed"]


FORKED = """
import multiprocessing as mp
def work(x):
    for k in range(200):
        print("worker", x, "step", k)
with mp.get_context("fork").Pool(4) as pool:
    pool.map(work, range(4), chunksize=1)
    pool.close(); pool.join()
"""


def test_forked_processes_print_whole_lines() -> None:
    lines = text(run_one(FORKED)).split("\n")[:-1]
    expected = {f"worker {x} step {k}" for x in range(4) for k in range(200)}
    assert len(lines) == len(expected)
    assert not set(lines) - expected


def test_a_fork_puts_out_no_line_of_its_parents_twice() -> None:
    code = (
        "import os\nprint('parent', end=' ')\npid = os.fork()\nif pid == 0:\n"
        "    print('child', end='')\n    import sys; sys.stdout.flush()\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\nprint('again')"
    )
    assert sorted(text(run_one(code)).replace("child", "child ").split()) == [
        "again",
        "child",
        "parent",
    ]
