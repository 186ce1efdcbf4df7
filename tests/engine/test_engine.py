"""Seeds, devices, figures, files, versions, and many sessions at a time."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal, get_args

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.engine.codec import result_from_json, result_to_json
from tangle.engine.events import CellFinished, CellStarted, Event, SessionStarted
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
from tangle.model import (
    ALTERNATIVE_TEXT,
    CellEnd,
    Failure,
    MimeBundle,
    Outcome,
    ReadFile,
    Result,
    Revised,
    SectionName,
    Seen,
    SessionResult,
    Stream,
)
from tangle.typed_json import DamagedDocument

from .sessions import bundles, make_job, run, run_all, run_one, text, workers

# --- the same each time ---------------------------------------------------------------------------


def test_generators_are_seeded_before_their_first_use() -> None:
    pytest.importorskip("numpy", reason="the notes' packages are not installed")
    code = "import random, numpy\nprint(random.random(), numpy.random.rand(), hash('x'))"
    first, second, other = (text(run_one(code, seed=seed)) for seed in (0, 0, 1))
    assert first == second != other


def test_torch_is_seeded_and_its_device_reported() -> None:
    pytest.importorskip("torch", reason="the notes' packages are not installed")
    import torch

    torch.manual_seed(3)
    wanted = str(torch.rand(1).item())
    session = run(
        "import os, torch\nprint(torch.rand(1).item(), os.environ['TANGLE_DEVICE'])",
        seed=3,
        imports=("torch",),
        device="cpu",
    )
    assert text(session.results[0]) == f"{wanted} cpu\n"
    assert session.device == "cpu"
    assert ("torch", torch.__version__) in session.versions


FIGURE = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots(2)
ax[0].plot([1, 2, 3], label='$x^2$')
ax[0].legend()
ax[0].set_title('图')
ax[1].imshow([[0, 1], [1, 0]])
ax[1].hist([1, 2, 2], clip_on=True);
"""


@pytest.mark.parametrize("chosen", ["svg", "png"])
def test_a_figure_has_the_same_bytes_each_time(chosen: Literal["svg", "png"]) -> None:
    pytest.importorskip("matplotlib", reason="the notes' packages are not installed")
    again = "plt.rcdefaults()" + FIGURE
    one, other = (run(FIGURE, again, figure_format=chosen) for _ in range(2))
    shown = bundles(one.results)
    kind = {"svg": "image/svg+xml", "png": "image/png"}[chosen]
    assert [set(bundle) for bundle in shown] == [{kind, ALTERNATIVE_TEXT, "text/plain"}] * 2
    assert shown == bundles(other.results)
    assert shown[0] == shown[1]
    assert "Matplotlib" not in shown[0][kind]


@pytest.mark.parametrize(
    "loop",
    [
        "    display.display(fig)\n    display.clear_output(wait=True)\n",
        "    display.clear_output(wait=True)\n    display.display(fig)\n",
    ],
)
def test_a_figure_drawn_again_and_again_is_one_figure(loop: str) -> None:
    pytest.importorskip("matplotlib", reason="the notes' packages are not installed")
    result = run_one(
        "%matplotlib inline\n"
        "from IPython import display\nfrom matplotlib_inline import backend_inline\n"
        "import matplotlib.pyplot as plt\n"
        "backend_inline.set_matplotlib_formats('png')\n"
        "fig, ax = plt.subplots()\nfor i in range(3):\n    ax.plot([i, 1])\n" + loop
    )
    assert result.outcome == "passed"
    assert [set(bundle) for bundle in bundles([result])] == [{"image/svg+xml", "text/plain"}]


POINTS = """
import numpy as np, matplotlib.pyplot as plt
x = np.random.rand({count})
plt.scatter(x, x ** 2, s=1, c=x)
plt.show()
"""


def test_a_figure_that_is_too_large_as_svg_is_a_png() -> None:
    pytest.importorskip("matplotlib", reason="the notes' packages are not installed")
    result = run(POINTS.format(count=200_000), POINTS.format(count=100), "print('after')")
    assert result.outcome == "passed"
    kinds = [set(bundle) for bundle in bundles(result.results)]
    assert kinds == [{"image/png", "text/plain"}, {"image/svg+xml", "text/plain"}]
    (notice,) = result.notices
    assert "4 MiB" in notice
    assert "rasterized=True" in notice


def test_a_limit_names_the_way_out() -> None:
    shows = run_one("from IPython.display import HTML, display\nfor _ in range(40):\n"
                    "    display(HTML('x' * 10**6))")  # fmt: skip
    prints = run_one("while True:\n    print('x' * 10**5)")
    for result, way in ((shows, "`figures"), (prints, "write to a file")):
        assert result.failure is not None
        assert result.failure.name == "OutputLimit"
        assert way in result.failure.message


def test_a_table_has_both_its_forms() -> None:
    pytest.importorskip("pandas", reason="the notes' packages are not installed")
    (bundle,) = bundles([run_one("import pandas as pd\npd.DataFrame({'a': [1]})")])
    assert set(bundle) == {"text/html", "text/plain"}


# --- devices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["cuda:77", "gpu", "cuda:x"])
def test_a_device_that_is_not_there(device: str) -> None:
    session = run("1", "2", device=device, imports=("torch",))
    assert session.outcome == "failed"
    assert [result.outcome for result in session.results] == ["failed", "skipped"]
    failure = session.results[0].failure
    assert failure is not None
    assert failure.name == "DeviceUnavailable"
    assert device in failure.message


def test_without_an_accelerator_auto_is_cpu_and_torch_is_not_imported() -> None:
    if any(Path("/dev").glob("nvidia[0-9]*")) or sys.platform == "darwin":
        pytest.skip("this machine may have an accelerator")
    result = run_one(
        "import os, sys\nprint(os.environ['TANGLE_DEVICE'], 'torch' in sys.modules)",
        imports=("torch",),
    )
    assert text(result) == "cpu False\n"


# --- what a session reads -------------------------------------------------------------------------


def test_files_read(tmp_path: Path) -> None:
    for name in ("pages", ".venv", "lib", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "data/a.csv").write_text("a")
    (tmp_path / "data/changed.csv").write_text("old")
    (tmp_path / ".venv/x.py").write_text("")
    (tmp_path / "lib/helper.py").write_text("x = 1")
    session = run(
        "import helper, os\n"
        "open('../data/a.csv').read(); open(b'../data/a.csv').read()\n"
        "from pathlib import Path\n"
        "Path('../data/changed.csv').read_text()\n"
        "Path('../data/changed.csv').write_text('new')\n"
        "Path('../data/made.csv').write_text('made'); Path('../data/made.csv').read_text()\n"
        "open('../.venv/x.py').close()\n"
        "os.close(os.open(os.devnull, os.O_RDONLY))\n"
        "try: open('../data/none.csv')\n"
        "except OSError: pass\n",
        directory=str(tmp_path / "pages"),
        path=(str(tmp_path / "lib"),),
        watched=str(tmp_path),
    )
    assert session.outcome == "passed"
    files = [read for read in session.reads if read.what == "content"]
    assert [read.path for read in files if not read.digest] == [str(tmp_path / "data/none.csv")]
    assert session.results[0].end is not None
    left = {"data/changed.csv": "new", "data/made.csv": "made"}
    assert {read.path: read.digest for read in session.results[0].end.seen.wrote} == {
        str(tmp_path / name): hashlib.sha256(content.encode()).hexdigest()
        for name, content in left.items()
    }
    wanted = {
        "data/a.csv": "a",
        "data/changed.csv": "old",
        ".venv/x.py": "",
        "lib/helper.py": "x = 1",
    }
    assert {read.path: read.digest for read in files if read.digest} == {
        str(tmp_path / name): hashlib.sha256(content.encode()).hexdigest()
        for name, content in wanted.items()
    }


def test_versions_of_what_was_imported_are_sorted_and_python_is_there() -> None:
    given = ("packaging", "iniconfig", "json", "nowhere")
    versions = run("import packaging, json", imports=given).versions
    assert [name for name, _ in versions] == ["packaging", "python"]


# --- many sessions --------------------------------------------------------------------------------


def test_results_stand_in_the_order_of_the_jobs() -> None:
    jobs = [
        make_job(f"import time\ntime.sleep({(5 - number) / 20})\nprint({number})")
        for number in range(5)
    ]
    events: list[tuple[Event, threading.Thread]] = []
    sessions = run_all(
        jobs,
        workers=3,
        observe=lambda event: events.append((event, threading.current_thread())),
    )
    assert [text(session.results[0]) for session in sessions] == [f"{n}\n" for n in range(5)]
    assert {thread for _, thread in events} == {threading.current_thread()}
    kinds = [type(event) for event, _ in events]
    assert [kinds.count(kind) for kind in (SessionStarted, CellStarted, CellFinished)] == [5] * 3


def test_an_observer_that_fails_ends_the_sessions() -> None:
    def observe(event: Event) -> None:
        if isinstance(event, CellStarted):
            raise LookupError

    before = time.monotonic()
    with pytest.raises(LookupError):
        run_all([make_job("while True: pass")], observe=observe)
    assert time.monotonic() - before < 30
    assert workers() == []


def test_a_stopped_executor_runs_nothing() -> None:
    executor = LocalExecutor()
    executor.stop()
    (session,) = run_jobs([make_job("1", "2")], executor=executor)
    assert session.outcome == "interrupted"
    assert [result.outcome for result in session.results] == ["skipped", "skipped"]


INTERRUPTED = """
import signal, sys
from pathlib import Path
from tangle.model import Cell, Job
from tangle.engine.events import CellStarted
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs

def job(*codes):
    cells = tuple(Cell(name=f"c{i}", code=code, origins=()) for i, code in enumerate(codes))
    return Job(section="1.1", cells=cells, directory="/")

def observe(event):
    if isinstance(event, CellStarted) and event.index == 1:
        print("running", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
loop = "import subprocess\\nsubprocess.Popen(['sleep', '62.5'])\\nwhile True: pass"
sessions = run_jobs(
    [job("1", loop, "2"), job("1", loop), job("1")],
    executor=LocalExecutor(), workers=2, observe=observe,
)
for session in sessions:
    print(session.outcome, *[result.outcome for result in session.results])
"""


def test_an_interrupt_ends_all_workers() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(2)] == ["running\n"] * 2
        below = psutil.Process(child.pid).children(recursive=True)
        assert len(below) >= 2
        before = time.monotonic()
        child.send_signal(signal.SIGINT)
        told, _ = child.communicate(timeout=10)
    assert time.monotonic() - before < 30
    assert child.returncode == 0
    assert told.splitlines() == [
        "interrupted passed interrupted skipped",
        "interrupted passed interrupted",
        "interrupted skipped",
    ]
    _, alive = psutil.wait_procs(below, timeout=2)
    assert alive == []


def test_a_worker_dies_with_its_parent() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.replace("subprocess.Popen(['sleep', '62.5'])", "0")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(2)] == ["running\n"] * 2
        below = psutil.Process(child.pid).children(recursive=True)
        child.kill()
    _, alive = psutil.wait_procs(below, timeout=2)
    assert alive == []


def test_importing_the_engine_loads_nothing_heavy() -> None:
    modules = "tangle.engine.checkpoint.executor, tangle.engine.pool"
    code = f"import sys, {modules}; print(*sys.modules)"
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    heavy = {"IPython", "torch", "nbformat", "traitlets", "numpy", "click", "rich"}
    assert heavy.isdisjoint(told.stdout.split())


# --- JSON -----------------------------------------------------------------------------------------


def several(kind: type[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.from_type(kind), max_size=3).map(tuple)


SECONDS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
OUTCOMES = st.sampled_from(get_args(Outcome))
TRACES = st.builds(
    CellEnd,
    seen=st.builds(Seen, reads=several(ReadFile)),
    seconds=SECONDS,
    revised=st.lists(st.builds(Revised, outputs=several(Stream)), max_size=2).map(tuple),
)
RESULTS = st.builds(
    SessionResult,
    results=st.lists(
        st.builds(
            Result,
            outcome=OUTCOMES,
            outputs=several(Stream) | several(MimeBundle),
            failure=st.none() | st.from_type(Failure),
            seconds=SECONDS,
            end=st.none() | TRACES,
        ),
        max_size=3,
    ).map(tuple),
    seconds=SECONDS,
    peak_memory=st.integers(),
    versions=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
)


@given(RESULTS)
def test_a_result_survives_json(result: SessionResult) -> None:
    data = json.loads(json.dumps(result_to_json(result), allow_nan=False))
    assert result_from_json(data) == result


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in the data."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found = [path]
    for key, value in items if isinstance(data, dict | list) else ():
        found += places(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
    return found


@given(RESULTS, st.data())
def test_a_malformed_result_is_refused(result: SessionResult, data: st.DataObject) -> None:
    wrong: Any = result_to_json(result)
    path = data.draw(st.sampled_from(places(wrong)[1:]))
    inner = wrong
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = object()
    with pytest.raises(DamagedDocument):
        result_from_json(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "great"},
        {"seconds": "1"},
        {"seconds": float("nan")},
        {"peak_memory": True},
        {"peak_memory": 1.5},
        {"results": {}},
        {"versions": [["a"]]},
        {"extra": 1},
        {"results": [{}]},
    ],
)
def test_wrong_fields_are_refused(change: dict[str, object]) -> None:
    section = SectionName("1.1")
    good = SessionResult(section=section, outcome="passed", results=(), seconds=1.0, device="cpu")
    with pytest.raises(DamagedDocument):
        result_from_json(result_to_json(good) | change)


@pytest.mark.parametrize("data", [None, [], "x", 1, {}])
def test_other_things_are_refused(data: object) -> None:
    with pytest.raises(DamagedDocument):
        result_from_json(data)
