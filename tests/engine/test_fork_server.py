"""What forking from a fork server must not change, and when it steps aside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tangle.engine.events import Event, Noticed
from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.import_scan import modules_of
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
from tangle.model import SessionResult, Source

from .sessions import bundles, make_job, text

pytestmark = pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: each test here makes its own executors."""


@contextlib.contextmanager
def _loaded(modules: str, folder: str) -> Iterator[LocalExecutor]:
    """An executor whose fork server has imported modules."""
    with LocalExecutor(warm=True) as made:
        made.prepare([make_job(modules, directory=folder)])
        yield made


def _both(*cells: str, folder: Path, modules: str = "") -> tuple[SessionResult, SessionResult]:
    """A session in a fresh process, and forked by a fork server that has imported modules."""
    job = make_job(*cells, directory=str(folder))
    (fresh,) = run_jobs([job], executor=LocalExecutor())
    with _loaded(modules or cells[0], str(folder)) as warm:
        (forked,) = run_jobs([job], executor=warm)
    return fresh, forked


# --- what is imported ahead -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import math", ("math",)),
        ("import a.b.c", ("a", "a.b", "a.b.c")),
        ("from a import b as c, d", ("a", "a.b", "a.d")),
        ("from a.b import *", ("a", "a.b")),
        ("from . import x\nimport y", ("y",)),
        ("def f():\n    import late", ("late",)),
        ("%time x\nimport seen\n!ls\nfrom also import *", ("also", "seen")),
        ("import broken\nx = (", ("broken",)),
        ("x = 1", ()),
        ("from matplotlib_inline import backend_inline\nimport IPython.display", ()),
        ("import zlib, torch, numpy, ast", ("numpy", "torch", "ast", "zlib")),
        ("import pandas", ("numpy", "pandas")),
        ("import torch\ntorch.optim.SGD", ("numpy", "torch", "torch._dynamo")),
        (
            "import torch.nn, torch.backends\ntorch.optim.SGD",
            ("numpy", "torch", "torch._dynamo", "torch.backends", "torch.nn"),
        ),
        ("optim = 1", ()),
    ],
)
def test_modules_of_a_section(code: str, modules: tuple[str, ...]) -> None:
    assert modules_of(make_job(code)) == modules


def test_modules_of_all_its_cells() -> None:
    assert modules_of(make_job("import a", "import torch", "optim")) == (
        *("numpy", "torch", "torch._dynamo", "a"),
    )


def test_what_the_package_imports_counts_for_sections_that_import_it() -> None:
    sources = (Source(path="/tmp/d2l/torch.py", origins=()),)
    shared = "import a.c\nfrom d import e"
    assert modules_of(make_job("import b", sources=sources), shared) == ("b",)
    assert modules_of(make_job("from d2l import torch", sources=sources), shared) == (
        *("a", "a.c", "d", "d.e", "d2l", "d2l.torch"),
    )


# --- the same as a fresh process ------------------------------------------------------------------


def test_a_module_is_there_before_the_section_imports_it(tmp_path: Path) -> None:
    look = "import sys\nprint('fractions' in sys.modules)\nimport fractions"
    job = make_job(look, directory=str(tmp_path))
    with LocalExecutor(warm=True) as warm:
        (result,) = run_jobs([job], executor=warm)
    assert text(result.results[0]) == "True\n"


def test_what_another_section_imports_is_not_there(tmp_path: Path) -> None:
    folder = str(tmp_path)
    whole = make_job("import wsgiref.simple_server", directory=folder)
    part = make_job("import wsgiref\nwsgiref.simple_server", directory=folder)
    look = make_job("import sys\nprint('wsgiref' in sys.modules)", directory=folder)
    with LocalExecutor(warm=True) as warm:
        warm.prepare([whole, part, look])
        results = run_jobs([whole, part, look, part], executor=warm)
    assert [result.outcome for result in results] == ["passed", "failed", "passed", "failed"]
    assert text(results[2].results[0]) == "False\n"


IMPORTS = """\
import random
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib_inline import backend_inline
from torch import nn"""

TRAINING = """\
net = nn.Linear(8, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(5):
    opt.zero_grad()
    l = ((net(X) - y) ** 2).mean()
    l.backward()
    opt.step()
l.item(), net.weight"""


def test_figures_seeds_and_numbers_are_the_same(tmp_path: Path) -> None:
    cells = (
        IMPORTS,
        "X = torch.randn(64, 8); y = X.sum(1, keepdim=True)\nrandom.random(), np.random.rand()",
        TRAINING,
        "backend_inline.set_matplotlib_formats('svg')\nplt.plot([1, 3, 2]); plt.title('t');",
        "print(__import__('os').environ['TANGLE_DEVICE'], torch.get_num_threads())",
    )
    fresh, forked = _both(*cells, folder=tmp_path)
    assert [result.outcome for result in forked.results] == ["passed"] * 5
    assert bundles(forked.results) == bundles(fresh.results)
    assert [text(result) for result in forked.results] == [text(r) for r in fresh.results]
    assert forked.device == fresh.device


def test_threads_of_a_parent_that_imported_torch_do_not_hang(tmp_path: Path) -> None:
    work = "X = torch.randn(256, 256, requires_grad=True)\n(X @ X).sum().backward()\nX.grad.shape"
    job = make_job("import torch\ntorch.set_num_threads(2)", work, directory=str(tmp_path))
    with _loaded("import torch", str(tmp_path)) as warm:
        results = run_jobs([job] * 6, executor=warm, workers=2)
    assert [result.outcome for result in results] == ["passed"] * 6


def test_sections_do_not_see_each_other(tmp_path: Path) -> None:
    folder = str(tmp_path)
    spoil = make_job("import json\njson.spoilt = 1\nx = 1", directory=folder)
    look = make_job("import json\nprint(hasattr(json, 'spoilt'), 'x' in dir())", directory=folder)
    with _loaded("import json", folder) as warm:
        results = run_jobs([spoil, look], executor=warm)
    assert text(results[1].results[0]) == "False False\n"


# --- when it steps aside --------------------------------------------------------------------------


def test_a_module_beside_the_notes_stands_before_an_installed_one(tmp_path: Path) -> None:
    (tmp_path / "fractions.py").write_text("MINE = 1\n")
    fresh, forked = _both("import fractions\nfractions.MINE", folder=tmp_path)
    assert bundles(fresh.results) == bundles(forked.results) == [{"text/plain": "1"}]


def test_an_import_that_says_something_says_it_in_the_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "loud.py").write_text("print('hello from loud')\n")
    (site / "silent.py").write_text("COUNT = []\n")
    (site / "pool.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    pages = tmp_path / "pages"
    pages.mkdir()
    code = "import sys\nbefore = set(sys.modules)\nimport loud, pool, silent"
    after = "print(sorted({'loud', 'pool', 'silent'} - before))"
    _, forked = _both(code, after, folder=pages)
    assert [text(result) for result in forked.results] == [
        "hello from loud\n",
        "['loud', 'pool']\n",
    ]


def test_the_users_own_modules_are_not_imported_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, pages = tmp_path / "own", tmp_path / "pages"
    own.mkdir()
    pages.mkdir()
    (own / "mine.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'a').write('x')\n")
    monkeypatch.setenv("PYTHONPATH", str(own))
    with _loaded("import mine", str(pages)) as warm:
        (result,) = run_jobs([make_job("1", directory=str(pages))], executor=warm)
    assert result.outcome == "passed"
    assert not (tmp_path / "trace").exists()


def test_a_dead_fork_server_is_done_without(tmp_path: Path) -> None:
    with LocalExecutor(warm=True) as warm:
        (server,) = psutil.Process().children()
        server.kill()
        results = run_jobs([make_job("1 + 1", directory=str(tmp_path))], executor=warm)
    assert bundles(results[0].results) == [{"text/plain": "2"}]


def test_a_session_that_is_lost_with_its_fork_server_runs_again(tmp_path: Path) -> None:
    with LocalExecutor(warm=True) as warm:
        (server,) = psutil.Process().children()
        mark = tmp_path / "begun"
        code = (
            "import os, time\n"
            f"with open({str(mark)!r}, 'a') as begun: begun.write('x')\n"
            "print('once')\n"
            f"if os.path.getsize({str(mark)!r}) == 1:\n"
            f"    os.kill({server.pid}, 9); time.sleep(60)"
        )
        events: list[Event] = []
        job = make_job(code, directory=str(tmp_path))
        (result,) = run_jobs([job], executor=warm, observe=events.append)
    assert (result.outcome, text(result.results[0])) == ("passed", "once\n")
    assert mark.read_text() == "xx"
    (notice,) = [event for event in events if isinstance(event, Noticed)]
    assert notice.trouble
    assert "runs again in a fresh process" in notice.text


# --- nothing is left ------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["os.setsid()", "os.setpgid(0, 0)", "pass"])
def test_a_fork_that_hides_is_found(tmp_path: Path, leave: str) -> None:
    mark = tmp_path / "pid"
    code = (
        "import os, time, pathlib\nif os.fork() == 0:\n"
        f"    {leave}\n    pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n"
        f"    time.sleep(60)\nwhile not os.path.exists({str(mark)!r}): time.sleep(0.01)\n"
        "time.sleep(0.1)"
    )
    with LocalExecutor(warm=True) as warm:
        (result,) = run_jobs([make_job(code, directory=str(tmp_path))], executor=warm)
        assert result.outcome == "passed"
        assert not _alive(int(mark.read_text()))


def test_closing_ends_the_fork_server_and_its_workers(tmp_path: Path) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    warm = LocalExecutor(warm=True)
    run_jobs([make_job("1", directory=str(tmp_path))] * 3, executor=warm, workers=2)
    warm.close()
    warm.close()
    del warm
    assert psutil.Process().children(recursive=True) == []
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("count", ["1", "3"])
def test_a_worker_has_its_own_number_of_threads(tmp_path: Path, count: str) -> None:
    pytest.importorskip("torch", reason="the notes' packages are not installed")
    code = "import numpy, torch\ntorch.get_num_threads()"
    share = (("OMP_NUM_THREADS", count),)
    job = make_job(code, directory=str(tmp_path), environment=share)
    with _loaded("import numpy, torch", str(tmp_path)) as warm:
        (forked,) = run_jobs([job], executor=warm)
    assert bundles(forked.results) == [{"text/plain": count}]
