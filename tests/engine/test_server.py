"""The server that outlives the command: never more than one, never another's, never in the way."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.forkserver.server import ServerStatus, ServerWanted, server_status, stop_server
from tangle.engine.forkserver.socket_path import ServerUnavailable, address_of
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
from tangle.model import SessionResult

from .sessions import make_job, text

pytestmark = pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: each test here makes its own executors."""


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerWanted]:
    """A server of a project of its own; whatever is left of it at the end is killed."""
    runtime = tempfile.mkdtemp(prefix="t")  # a socket's path has to be short
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    monkeypatch.setenv("SERVER_TEST", runtime)
    project = tmp_path / "project"
    project.mkdir()
    yield ServerWanted(project=project)
    for process in servers(runtime):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    shutil.rmtree(runtime)


def servers(runtime: str) -> list[psutil.Process]:
    """The processes of fork servers that have a variable of this test's in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if (
                process.status() != psutil.STATUS_ZOMBIE
                and process.environ().get("SERVER_TEST") == runtime
                and any("tangle.engine.forkserver.root" in part for part in process.cmdline())
            ):
                found.append(process)
    return found


def first_processes() -> list[psutil.Process]:
    """The servers themselves, without what they forked."""
    all_of_them = servers(os.environ["SERVER_TEST"])
    pids = {process.pid for process in all_of_them}
    return [process for process in all_of_them if process.ppid() not in pids]


def run(wanted: ServerWanted, *cells: str, **options: str) -> tuple[SessionResult, str]:
    """What came of a session of a command that would use the server, and what it says of that."""
    folder = options.pop("directory", str(wanted.project))
    with LocalExecutor(warm=True, server=wanted, settings=options) as made:
        (result,) = run_jobs([make_job(*cells, directory=folder)], executor=made)
        return result, "; ".join(note.text for note in made.notes)


def said(wanted: ServerWanted, *cells: str, **options: str) -> str:
    """What a session wrote, which must pass."""
    result, _ = run(wanted, *cells, **options)
    assert [cell.failure for cell in result.results] == [None] * len(cells)
    return "".join(map(text, result.results))


def status(wanted: ServerWanted) -> ServerStatus:
    found = server_status(wanted.project)
    assert found is not None
    return found


def until(done: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# --- one server, for all commands -----------------------------------------------------------------


def test_the_next_command_uses_it(wanted: ServerWanted) -> None:
    assert server_status(wanted.project) is None
    first, note = run(wanted, "import fractions\n1 + 1")
    assert (first.outcome, note) == ("passed", "started a server")
    pid = status(wanted).pid
    again, note = run(wanted, "import fractions\n1 + 1")
    assert note == f"used the server, process {pid}"
    assert again.results[0].outputs == first.results[0].outputs
    assert ("fractions",) in status(wanted).loaded
    assert psutil.Process().children(recursive=True) == []


def test_only_its_owner_can_open_it(wanted: ServerWanted) -> None:
    run(wanted, "1")
    path = status(wanted).socket
    assert path.is_socket()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.stat().st_uid == os.getuid()


def test_it_keeps_nothing_of_the_command(wanted: ServerWanted) -> None:
    def links(process: psutil.Process) -> list[str]:
        with contextlib.suppress(OSError):
            return [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in (0, 1, 2)]  # noqa: PTH115
        return []

    run(wanted, "1")
    there = servers(os.environ["SERVER_TEST"])
    # A template that is being made has its descriptors for a moment yet.
    assert until(lambda: all(links(process) == ["/dev/null"] * 3 for process in there))
    for process in there:
        assert process.cwd() == "/"
        assert process.terminal() is None


def test_two_that_start_at_once_have_one_server(wanted: ServerWanted) -> None:
    results: list[tuple[SessionResult, str]] = []
    threads = [
        threading.Thread(target=lambda: results.append(run(wanted, "print(1)"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [text(result.results[0]) for result, _ in results] == ["1\n"] * 4
    assert [note for _, note in results].count("started a server") == 1
    assert until(lambda: len(first_processes()) == 1)


def test_it_ends_when_it_is_idle(wanted: ServerWanted) -> None:
    run(msgspec.structs.replace(wanted, idle=0.1), "1")
    folder = address_of(wanted.project).socket.parent
    assert until(lambda: not servers(os.environ["SERVER_TEST"]))
    assert not folder.exists()


def test_it_ends_with_the_projects_folder(wanted: ServerWanted) -> None:
    run(wanted, "1", directory="/")
    wanted.project.rename(wanted.project.with_name("elsewhere"))
    assert until(lambda: not servers(os.environ["SERVER_TEST"]))


def test_it_is_asked_to_stop(wanted: ServerWanted) -> None:
    assert stop_server(wanted.project) is None
    run(wanted, "import fractions")
    path = status(wanted).socket
    assert stop_server(wanted.project) == 0
    assert not path.exists()
    assert until(lambda: not servers(os.environ["SERVER_TEST"]))


def test_it_serves_a_command_to_its_end_when_asked_to_stop(wanted: ServerWanted) -> None:
    with LocalExecutor(warm=True, server=wanted) as made:
        run_jobs([make_job("1", directory="/")], executor=made)
        assert stop_server(wanted.project) == 1
        assert server_status(wanted.project) is None
        (result,) = run_jobs([make_job("print(2)", directory="/")], executor=made)
        assert text(result.results[0]) == "2\n"
    assert until(lambda: not servers(os.environ["SERVER_TEST"]))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_was_killed_is_replaced(wanted: ServerWanted, number: int) -> None:
    run(wanted, "import fractions")
    pid = status(wanted).pid
    os.kill(pid, number)
    assert until(lambda: not servers(os.environ["SERVER_TEST"]))
    result, note = run(wanted, "1")
    assert (result.outcome, note) == ("passed", "started a server")
    assert status(wanted).pid != pid


def test_one_that_does_not_answer_is_done_without_and_can_be_stopped(wanted: ServerWanted) -> None:
    run(wanted, "1")
    pid = status(wanted).pid
    os.kill(pid, signal.SIGSTOP)
    result, note = run(wanted, "1")
    assert result.outcome == "passed"
    assert note == "no server: the server does not answer; `tangle server stop` ends it"
    assert stop_server(wanted.project) == 0
    assert is_gone(pid)
    assert run(wanted, "1")[1] == "started a server"


@pytest.mark.parametrize("data", [b"", b"x", b"!", b"!" * 1000])
def test_nonsense_ends_the_connection_alone(wanted: ServerWanted, data: bytes) -> None:
    run(wanted, "1")
    before = status(wanted)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        channel.connect(str(before.socket))
        channel.send(data)
        assert channel.recv(10) == b""
    for order in (b"[]", b"{", b'{"do": "fork"}', b'{"do": "release", "pid": {}}'):
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel,
            tempfile.TemporaryFile() as file,
        ):
            file.write(order)
            file.flush()
            channel.connect(str(before.socket))
            socket.send_fds(channel, [b"!"], [file.fileno()])
    assert run(wanted, "1")[1] == f"used the server, process {before.pid}"


# --- another user's place -------------------------------------------------------------------------


def _open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)


def _link(folder: Path) -> None:
    other = folder.with_name("other")
    other.mkdir(mode=0o700)
    folder.symlink_to(other)


def _file(folder: Path) -> None:
    folder.write_text("")


@pytest.mark.parametrize("prepare", [_open_to_others, _link, _file])
def test_a_folder_that_another_user_made_ready_is_refused(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path], None]
) -> None:
    runtime = os.environ["XDG_RUNTIME_DIR"]
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(tempfile, "tempdir", runtime)
    folder = Path(runtime) / f"tangle-{os.getuid()}"
    prepare(folder)
    result, note = run(wanted, "1")
    assert result.outcome == "passed"
    assert note == f"no server: {folder} is not a folder of this user's alone"
    with pytest.raises(ServerUnavailable):
        server_status(wanted.project)


def test_a_runtime_folder_that_is_not_ones_own_is_not_used(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Path(os.environ["XDG_RUNTIME_DIR"])
    runtime.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(runtime))
    assert address_of(wanted.project).socket.parent == runtime / f"tangle-{os.getuid()}"


def test_a_path_that_is_too_long_is_done_without(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = os.environ["XDG_RUNTIME_DIR"]
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    folder = Path(runtime) / ("long" * 20)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    result, note = run(wanted, "1")
    assert result.outcome == "passed"
    assert "would be too long" in note


def test_a_lock_that_is_held_elsewhere_is_respected(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(wanted, "1")
    (pid,) = [process.pid for process in first_processes()]
    elsewhere = tempfile.mkdtemp(prefix="t")
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", elsewhere)
        result, note = run(wanted, "1")
        assert result.outcome == "passed"
        assert note.startswith("no server: another process has the lock of")
        assert os.listdir(elsewhere) == []  # noqa: PTH208
    finally:
        shutil.rmtree(elsewhere)
    assert [process.pid for process in first_processes()] == [pid]


# --- as a fresh process would be ------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # compiled, it might be taken for the new
    return folder


def test_another_identity_has_another_server(wanted: ServerWanted) -> None:
    run(wanted, "1")
    pid = status(wanted).pid
    newer = msgspec.structs.replace(wanted, facts=("numpy-3.0.dist-info",))
    assert run(newer, "1")[1] == "started a server"
    assert status(wanted).pid != pid
    assert until(lambda: is_gone(pid))


def test_a_variable_of_pythons_makes_another_server(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(wanted, "1")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    assert run(wanted, "1")[1] == "started a server"


def test_a_worker_has_the_environment_of_its_command(
    wanted: ServerWanted, monkeypatch: pytest.MonkeyPatch, site: Path
) -> None:
    (site / "reading.py").write_text("import os\nSEEN = os.environ.get('SEEN')\n")
    code = "import os, sys\nwarm = 'reading' in sys.modules\nimport reading\n"
    code += "print(os.environ.get('SEEN'), reading.SEEN, warm)"
    assert said(wanted, code) == "None None True\n"
    pid = status(wanted).pid
    monkeypatch.setenv("SEEN", "now")
    assert said(wanted, code) == "now now True\n"
    monkeypatch.delenv("SEEN")
    assert said(wanted, code) == "None None True\n"
    assert status(wanted).pid == pid


def test_a_library_that_was_changed_is_imported_again(wanted: ServerWanted, site: Path) -> None:
    library = site / "library.py"
    library.write_text("VERSION = 1\n")
    code = "import library\nprint(library.VERSION)"
    assert said(wanted, code) == "1\n"
    library.write_text("VERSION = 22\n")
    assert said(wanted, code) == "22\n"


def test_a_package_that_is_installed_meanwhile_is_found(wanted: ServerWanted, site: Path) -> None:
    code = "try:\n    import added\nexcept ImportError:\n    print('none')\nelse:\n    print('one')"
    assert said(wanted, code) == "none\n"
    (site / "added.py").write_text("")
    assert said(wanted, code) == "one\n"


def test_what_an_earlier_command_imported_is_not_there(wanted: ServerWanted) -> None:
    run(wanted, "import wsgiref.simple_server")
    result, _ = run(wanted, "import wsgiref\nwsgiref.simple_server")
    assert result.outcome == "failed"
    assert said(wanted, "import sys\nprint('wsgiref' in sys.modules)") == "False\n"


def test_a_module_that_dies_while_imported_dies_in_the_section(
    wanted: ServerWanted, site: Path
) -> None:
    (site / "deadly.py").write_text("import os\nos._exit(3)\n")
    result, _ = run(wanted, "import fractions, deadly")
    assert result.outcome == "died"
    assert said(wanted, "import fractions\nprint(1)") == "1\n"


def test_threads_are_the_commands_share(wanted: ServerWanted) -> None:
    work = "X = torch.randn(256, 256, requires_grad=True)\n(X @ X).sum().backward()"
    code = f"import torch\n{work}\nprint(torch.get_num_threads())"
    assert said(wanted, code, OMP_NUM_THREADS="1") == "1\n"
    assert said(wanted, code, OMP_NUM_THREADS="2") == "2\n"
    assert ("numpy", "torch") in status(wanted).loaded


# --- whatever sections do -------------------------------------------------------------------------

LEFT = (
    "import subprocess, os\nif os.fork() == 0:\n    os.setsid()\n    import time; time.sleep(60)\n"
)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("import os\nos.closerange(0, 256)", "passed"),
        ("import os\nos._exit(7)", "died"),
        ("import os\nos.abort()", "died"),
        ("import os, tempfile\nos.chdir(tempfile.mkdtemp())", "passed"),
        ("import sys\nsys.stdout = sys.stderr = None", "passed"),
        ("import signal\nfor n in (2, 15): signal.signal(n, lambda *_: None)", "passed"),
        ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))", "passed"),
        (
            (
                "import threading, time\nfor _ in range(20): "
                "threading.Thread(target=time.sleep, args=(60,)).start()"
            ),
            "passed",
        ),
        (LEFT, "passed"),
        (
            "import subprocess\nsubprocess.Popen(['sleep', '60.125'], start_new_session=True)",
            "passed",
        ),
        ("import ctypes\nctypes.string_at(0)", "died"),
        ("import os\nos.environ.clear()", "passed"),
        ("import os\nos.umask(0)", "passed"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))", "passed"),
    ],
)
def test_the_server_survives_its_sections(wanted: ServerWanted, code: str, outcome: str) -> None:
    run(wanted, "1")
    before = status(wanted)
    result, _ = run(wanted, code)
    assert result.outcome == outcome
    assert said(wanted, "import os\nprint(os.getcwd())") == f"{wanted.project}\n"
    assert until(lambda: status(wanted).workers == 0)
    after = status(wanted)
    assert (after.pid, after.commands) == (before.pid, 0)
    assert until(lambda: _others(after) == [])


def _others(state: ServerStatus) -> list[int]:
    """What is left of the sessions: processes of this test's that are no server's."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("SERVER_TEST") == os.environ["SERVER_TEST"]
            leads = os.getpgid(process.pid) == process.pid
            if mine and leads and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return [pid for pid in found if pid not in (os.getpid(), state.pid)]


COMMAND = """\
import sys
from pathlib import Path
from tangle.model import Cell, Job, SectionName
from tangle.engine.forkserver.server import ServerWanted
from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
project, code = sys.argv[1:]
job = Job(section=SectionName("1.1"), cells=(Cell(name="c", code=code, origins=()),), directory="/")
with LocalExecutor(warm=True, server=ServerWanted(project=Path(project))) as executor:
    run_jobs([job], executor=executor)
"""


def test_workers_end_with_a_command_that_is_killed(wanted: ServerWanted, tmp_path: Path) -> None:
    mark = tmp_path / "pids"
    code = (
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60.5'], start_new_session=True)\n"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}\\n')\n"
        "time.sleep(60)"
    )
    run(wanted, "1")
    pid = status(wanted).pid
    arguments = [sys.executable, "-c", COMMAND, str(wanted.project), code]
    with subprocess.Popen(arguments) as command:
        assert until(lambda: mark.exists() and mark.read_text().endswith("\n"))
        assert status(wanted).workers == 1
        command.kill()
    worker, child = map(int, mark.read_text().split())
    assert until(lambda: is_gone(worker) and is_gone(child))
    assert until(lambda: status(wanted).workers == 0)
    assert status(wanted).pid == pid


def test_a_command_that_is_killed_leaves_the_other_ones_sections(wanted: ServerWanted) -> None:
    with LocalExecutor(warm=True, server=wanted) as other:
        run_jobs([make_job("1", directory="/")], executor=other)
        results: list[SessionResult] = []
        job = make_job("import time\ntime.sleep(2)\nprint('whole')", directory="/")
        thread = threading.Thread(target=lambda: results.extend(run_jobs([job], executor=other)))
        thread.start()
        arguments = [
            sys.executable,
            "-c",
            COMMAND,
            str(wanted.project),
            "import time\ntime.sleep(60)",
        ]
        with subprocess.Popen(arguments) as command:
            assert until(lambda: status(wanted).workers == 2, 30) or results
            command.kill()
        thread.join()
    assert text(results[0].results[0]) == "whole\n"
