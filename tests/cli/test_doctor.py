"""`tangle doctor`: what is there, what is missing, what to do; nothing runs, nothing hangs."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tangle.store import lock
from tangle.verbs.doctor.findings import Finding, within
from tangle.verbs.doctor.machine import programs, torch_finding
from tests.graphs import MakeNotes, Notes, Said, call

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "doctor.json"
PAGE = "- ```python\n  import json\n  x = 1\n  x\n  ```"
LACKING = "- ```python\n  x = 1\n  import no_such_package_here\n  ```"


def findings(said: Said) -> dict[tuple[str, str], Any]:
    """The findings of JSON by area and name; the document is as its schema says."""
    document = json.loads(said.out)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    found = {(each["area"], each["name"]): each for each in document["findings"]}
    assert len(found) == len(document["findings"])
    assert document["healthy"] == (said.code == 0)
    return found


def doctor(graph: Notes) -> dict[tuple[str, str], Any]:
    return findings(graph.tangle("doctor", "--format", "json"))


def tree(folder: Path) -> Mapping[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*")}


def test_it_describes_a_sound_project_and_writes_nothing(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE, "prose": "- words"})
    before = tree(graph.root)
    found = doctor(graph)
    assert tree(graph.root) == before
    ours = ("packages", "graph", "notes", "imports", "state", "server")
    assert {each["status"] for (area, _), each in found.items() if area in ours} == {"ok"}
    assert found["graph", "graph"]["detail"].startswith(str(graph.root))
    assert found["notes", "pages"]["detail"] == "2 read, 1 with Python, 0 adopted"
    assert found["server", "server"]["detail"].startswith("none")
    assert found["packages", "click"]["status"] == "ok"
    assert sys.executable in found["environment", "python"]["detail"]


def test_text_names_every_finding_and_ends_with_the_sum(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE})
    said = graph.tangle("doctor")
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("nothing that is needed is missing")
    for area, name in doctor(graph):
        assert f"\n{area}\n" in f"\n{said.out}"
        assert f"  {name} " in said.out


def test_it_executes_no_code_of_the_notes(notes: MakeNotes, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')"
    graph = notes({"x": f"- ```python\n  {code}\n  import helper\n  ```"})
    (graph.root / "helper.py").write_text(code)
    (graph.root / "pages" / "helper.py").write_text(code)
    assert graph.tangle("doctor").code == 0
    assert not mark.exists()


def test_it_works_where_there_is_no_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = findings(call("doctor", "--format", "json"))
    assert found["graph", "graph"]["status"] == "absent"
    assert "no Logseq graph here" in found["graph", "graph"]["detail"]
    assert not any(area in {"notes", "imports", "state", "server"} for area, _ in found)


def test_a_graph_that_was_named_and_is_none_is_an_error(tmp_path: Path) -> None:
    said = call("--graph", str(tmp_path), "doctor", "--format", "json")
    assert said.code == 1
    assert findings(said)["graph", "graph"]["status"] == "error"


@pytest.mark.parametrize(
    ("page", "status"),
    [
        pytest.param(LACKING, "warning", id="never run"),
        pytest.param(f"tangle.timeout:: 60\n\n{LACKING}", "error", id="adopted"),
    ],
)
def test_a_package_that_the_notes_lack_is_named_with_its_line(
    notes: MakeNotes, page: str, status: str
) -> None:
    graph = notes({"x": page, "y": LACKING})
    said = graph.tangle("doctor", "--format", "json")
    found = findings(said)["imports", "no_such_package_here"]
    assert found["status"] == status
    line = page[: page.index("import")].count("\n") + 1
    assert f"pages/x.md:{line} and on 1 other page" in found["detail"]
    assert "no_such_package_here.py" in found["action"]
    assert said.code == (status == "error")


def test_packages_that_only_untouched_pages_need_are_few_lines(notes: MakeNotes) -> None:
    code = "\n".join(f"  import absent_{number:02}" for number in range(40))
    graph = notes({"x": f"- ```python\n{code}\n  ```"})
    found = doctor(graph)
    assert len([name for area, name in found if area == "imports"]) < 20
    more = found["imports", "more packages"]
    assert more["detail"].startswith("28 more")
    assert more["action"].startswith("tangle check --all")


def test_settings_of_the_graph_that_cannot_be_read_are_named(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE}, config="{\n:hidden")
    found = doctor(graph)["notes", "config.edn"]
    assert found["status"] == "warning"
    assert found["detail"].startswith("logseq/config.edn:")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("grph = 'notes'", "unknown option 'grph'"),
        ("graph = [", "this is no TOML"),
        ("graph = 'elsewhere'", "elsewhere"),
    ],
)
def test_a_configuration_that_cannot_be_obeyed_is_an_error(
    notes: MakeNotes, config: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": PAGE})
    (graph.root / "tangle.toml").write_text(config)
    monkeypatch.chdir(graph.root)
    done = call("doctor", "--format", "json")
    assert done.code == 1
    found = findings(done)["graph", "graph"]
    assert found["status"] == "error"
    assert said in found["detail"]


def test_a_lock_that_is_held_is_reported_with_its_holder(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE})
    with lock(graph.root):
        found = doctor(graph)["state", "lock"]
    assert found["status"] == "warning"
    assert f"(process {os.getpid()})" in found["detail"]
    assert doctor(graph)["state", "lock"]["detail"] == "free"


def test_a_pipe_in_place_of_the_lock_is_not_waited_for(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE})
    (graph.root / ".tangle").mkdir()
    os.mkfifo(graph.root / ".tangle" / "lock")
    assert doctor(graph)["state", "lock"]["status"] == "ok"


def test_a_probe_that_fails_does_not_hide_the_others() -> None:
    def probe() -> Iterator[Finding]:
        yield Finding(area="disk", name="first", status="ok", detail="")
        raise RuntimeError("odd")

    first, second = within(5, "disk", probe)
    assert (first.name, second.status) == ("first", "error")
    assert second.detail == "this could not be examined: RuntimeError: odd"


def test_a_state_folder_that_leads_out_is_an_error(notes: MakeNotes, tmp_path: Path) -> None:
    graph = notes({"x": PAGE})
    (tmp_path / "outside").mkdir()
    (graph.root / ".tangle").symlink_to(tmp_path / "outside")
    said = graph.tangle("doctor", "--format", "json")
    assert said.code == 1
    assert findings(said)["state", "folder"]["action"] == "remove the link"


def test_a_disk_without_room_for_temporary_files_does_not_hide_the_others(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    graph = notes({"x": PAGE})
    monkeypatch.setattr(tempfile, "gettempdir", none)
    found = doctor(graph)
    assert found["disk", "temporary files"]["status"] == "error"
    assert found["disk", "temporary files"]["action"].endswith("TMPDIR")
    assert found["disk", "project"]["detail"].startswith(str(graph.root))


def test_a_page_from_the_future_is_a_matter_of_clocks(notes: MakeNotes) -> None:
    graph = notes({"x": PAGE})
    os.utime(graph.page("x"), (time.time() + 3600,) * 2)
    found = doctor(graph)["disk", "clock"]
    assert found["status"] == "warning"
    assert "in the future" in found["detail"]


def test_a_key_that_others_may_replace_is_reported(
    notes: MakeNotes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = notes({"x": PAGE})
    folder = tmp_path / "settings" / "tangle"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder.parent))
    found = doctor(graph)["state", "key"]
    assert found["status"] == "warning"
    assert str(folder) in found["detail"]
    assert not any(folder.iterdir())


@pytest.mark.parametrize(
    ("mark", "way"),
    [
        ("", "pip install 'click>=8.2'"),
        ("pipx_metadata.json", "pipx runpip logseq-tangle install 'click>=8.2'"),
        ("uv-receipt.toml", "uv pip install --python {prefix} 'click>=8.2'"),
    ],
)
def test_a_package_that_is_too_old_is_an_error(
    tmp_path: Path, mark: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "old" / "click-7.1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: click\nVersion: 7.1\n")
    monkeypatch.syspath_prepend(tmp_path / "old")
    monkeypatch.chdir(tmp_path)
    if mark:
        (tmp_path / mark).touch()
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
    said = call("doctor", "--format", "json")
    assert said.code == 1
    found = findings(said)["packages", "click"]
    assert (found["status"], found["action"]) == ("error", way.format(prefix=tmp_path))
    assert found["detail"] == "click 8.2 or newer, not 7.1"


def test_no_program_is_waited_for_without_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = {"git": "exec sleep 100", "node": "echo v99.1", "npm": "exit 3"}
    for name, text in scripts.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = {each.name: each for each in programs(1.0)}
    assert found["git"].status == found["npm"].status == "warning"
    assert "does not answer within 1 s" in found["git"].detail
    assert found["node"].detail == f"v99.1, {tmp_path / 'node'}"


def test_a_program_that_is_missing_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    git = next(each for each in programs(1.0) if each.name == "git")
    assert (git.status, git.action) == ("absent", "install git")


def test_a_probe_that_hangs_is_left_behind() -> None:
    released = threading.Event()

    def probe() -> Iterator[Finding]:
        yield Finding(area="disk", name="first", status="ok", detail="")
        released.wait(60)

    found = within(0.2, "disk", probe)
    released.set()
    assert [(each.name, each.status) for each in found][-1] == ("disk", "warning")
    assert "no answer within 0.2 s" in found[-1].detail


TORCH = """\
class cuda:
    is_available = staticmethod(lambda: {names} != [])
    device_count = staticmethod(lambda: len({names}))
    get_device_name = staticmethod(lambda n: {names}[n])
class backends:
    class mps:
        is_available = staticmethod(lambda: False)
class version:
    cuda = {cuda!r}
    hip = None
__version__ = "9.9"
print("a banner")
"""


@pytest.mark.parametrize(
    ("module", "status", "detail"),
    [
        (TORCH.format(names=["H1", "H2"], cuda="12.9"), "ok", "torch 9.9 uses H1, H2"),
        (TORCH.format(names=[], cuda="12.9"), "warning", "built for 12.9 and sees no GPU"),
        (TORCH.format(names=[], cuda=None), "warning", "built without CUDA"),
        ("raise OSError('libcudart.so')", "warning", "importing torch fails"),
        ("import os; os.abort()", "warning", "importing torch fails"),
    ],
    ids=["GPUs", "no driver", "CPU build", "broken", "crash"],
)
def test_torch_is_asked_in_a_separate_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, status: str, detail: str
) -> None:
    (tmp_path / "torch.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = torch_finding()
    assert found.status == status
    assert detail in found.detail
