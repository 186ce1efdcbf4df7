from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from tangle.engine.cluster.folders import Folders
from tangle.engine.cluster.messages import Proof, RunContext, SentFile, Task, digest_of
from tangle.model import Cell, Job, SectionName, Source
from tangle.typed_json import encode

DATA = b"a,b\n1,2\n"
ROOT = "/nowhere/project"
FILE = SentFile(path=f"{ROOT}/data/t.csv", digest=digest_of(DATA), size=len(DATA), modified=10**18)


def context(**changes: object) -> RunContext:
    plain = RunContext(
        run="r1",
        roots=(ROOT,),
        proof=None,
        package="/nowhere/package",
        files=(("d2l/torch.py", "x = 1\n"),),
        module="x = 1\n",
        sources=(Source(path="/nowhere/package/d2l/torch.py", origins=(None,)),),
        slots=(),
        same_machine=False,
        fresh=False,
    )
    return replace(plain, **changes)


def task(of: RunContext, *files: SentFile) -> Task:
    cell = Cell(name="1", code="1", origins=(), reads=(f"{ROOT}/data/*.csv",))
    job = Job(section=SectionName("1"), cells=(cell,), directory=f"{ROOT}/pages", watched=ROOT)
    return Task(run=of.run, context=digest_of(encode(of)), job=job, files=files)


def test_a_worker_asks_for_what_it_lacks_and_for_nothing_twice(tmp_path: Path) -> None:
    of, folders = context(), Folders(str(tmp_path))
    wanted = task(of, FILE, replace(FILE, path=f"{ROOT}/copy.csv"))
    assert folders.lacking(wanted) == (wanted.context,)
    folders.take({wanted.context: encode(of)})
    assert folders.lacking(wanted) == (FILE.digest,)
    folders.take({FILE.digest: DATA})
    assert folders.lacking(wanted) == ()
    place = folders.place(wanted)
    for file in wanted.files:
        here = Path(place.here(file.path))
        assert here.read_bytes() == DATA
        assert here.stat().st_mtime_ns == FILE.modified


def test_content_that_was_changed_on_the_way_is_dropped(tmp_path: Path) -> None:
    of, folders = context(), Folders(str(tmp_path))
    wanted = task(of, FILE)
    folders.take({wanted.context: encode(of), FILE.digest: DATA + b"!"})
    assert folders.lacking(wanted) == (FILE.digest,)


def test_a_job_leads_to_the_files_here_and_what_comes_back_to_those_there(tmp_path: Path) -> None:
    of, folders = context(), Folders(str(tmp_path))
    wanted = task(of)
    folders.take({wanted.context: encode(of)})
    folders.lacking(wanted)
    place = folders.place(wanted)
    job = place.job(wanted.job)
    assert Path(job.directory).is_dir()
    assert job.directory.startswith(str(tmp_path))
    assert job.cells[0].reads == (f"{place.here(ROOT)}/data/*.csv",)
    assert Path(job.sources[0].path).read_text() == "x = 1\n"
    assert job.path == (place.package,)
    back = place.original(encode([job.directory, job.watched, job.sources[0].path]))
    assert back == encode([wanted.job.directory, ROOT, "/nowhere/package/d2l/torch.py"])
    assert place.here("/elsewhere/x") == "/elsewhere/x"
    assert place.here(f"{ROOT}-other/x") == f"{ROOT}-other/x"


@pytest.mark.parametrize("text", ["right", "wrong"])
def test_only_a_worker_that_reads_the_proof_works_in_the_projects_folder(
    tmp_path: Path, text: str
) -> None:
    proof = tmp_path / "proof"
    proof.write_text("right")
    of, folders = context(proof=Proof(path=str(proof), text=text)), Folders(str(tmp_path / "w"))
    wanted = task(of, FILE)
    folders.take({wanted.context: encode(of)})
    assert (folders.lacking(wanted) == ()) == (text == "right")
    if text == "right":
        assert folders.place(wanted).job(wanted.job).directory == wanted.job.directory


def test_what_an_earlier_section_wrote_stays_and_a_run_leaves_nothing(tmp_path: Path) -> None:
    of, folders = context(), Folders(str(tmp_path))
    wanted = task(of, FILE)
    folders.take({wanted.context: encode(of), FILE.digest: DATA})
    folders.lacking(wanted)
    here = Path(folders.place(wanted).here(FILE.path))
    here.write_bytes(b"changed")
    assert folders.lacking(wanted) == ()
    assert Path(folders.place(wanted).here(FILE.path)).read_bytes() == b"changed"
    folders.forget("r1")
    assert not here.exists()
    left = [name for _, _, names in os.walk(tmp_path) for name in names]
    assert left == [FILE.digest]  # which another run may want
