"""Results that answer on another machine, and those that must not."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import jsonschema
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tangle.store.remote.object_store import ObjectStore
from tangle.verbs.results.shared import Shared
from tests.machines import Machines, forget, two_machines, who


def page(*chunks: str) -> str:
    fences = ("```python\n" + chunk + "\n```" for chunk in chunks)
    return "".join("- " + fence.replace("\n", "\n  ") + "\n" for fence in fences)


def text(section: dict[str, Any]) -> str:
    return "".join(out.get("text", "") for c in section["chunks"] for out in c["outputs"])


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return two_machines(tmp_path, monkeypatch, {"a": page("print(open('../data.txt').read())")})


def with_data(shared: Machines, one: str, other: str) -> None:
    (shared.alice.notes.root / "data.txt").write_text(one)
    (shared.bob.notes.root / "data.txt").write_text(other)


# --- what answers elsewhere -----------------------------------------------------------------------


def test_another_folder_home_and_user_are_answered(shared: Machines) -> None:
    with_data(shared, "same", "same")
    first = shared.alice.run()
    assert (first["cached"], who(first)) == (False, None)
    second = shared.bob.run()
    assert (second["cached"], who(second)) == (True, "alice")
    assert second["chunks"] == first["chunks"]
    assert second["cached_from"]["device"] == first["device"]
    forgotten = shared.store.with_name("gone")
    shared.store.rename(forgotten)
    assert who(shared.bob.run()) == "alice"  # it is kept here now


def test_a_run_says_whose_result_it_is(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    files = [shared.bob.notes.root / name for name in ("report.html", "report.md")]
    reports = ("--html", str(files[0]), "--summary", str(files[1]))
    said = shared.bob.tangle("run", "a", "--no-write", *reports)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"a: passed, from the cache of alice, cpu, {day}" in said.out
    texts = (file.read_text().replace("\\", "") for file in files)
    assert all(f"cached, by alice on {day}" in text for text in texts)


def test_the_report_has_its_schema(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    schemas = Path(__file__).parents[2] / "docs" / "schemas"
    for name, arguments in (("run", ("run", "a", "--no-write")), ("cache", ("cache", "status"))):
        said = shared.bob.tangle(*arguments, "--format", "json")
        schema = json.loads((schemas / f"{name}.json").read_text())
        jsonschema.validate(json.loads(said.out), schema)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs a system that can restrict a process to one of several processors",
)
@pytest.mark.parametrize(
    ("code", "answered"),
    [
        ("print(1)", True),
        ("import os\nprint(len(str(os.cpu_count())) > 0)", False),
        ("print('4 worker processes')", False),
    ],
)
def test_the_number_of_processors_counts_where_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, answered: bool
) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page(code)})
    shared.alice.run()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert (who(shared.bob.run()) == "alice") is answered
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("code", "answered"),
    [
        ("import os\nprint(os.path.exists('x'))", True),
        ("import os\nprint(len(os.getcwd()) > 0)", False),
        ("from pathlib import Path\nprint(len(str(Path.home())) > 0)", False),
        ("print(__import__('helper').where)", False),
        ("import warnings\nwarnings.warn('careful')", True),
        ("import time\nprint(time.localtime(0).tm_year)", True),
    ],
)
def test_a_place_counts_where_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, answered: bool
) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page(code)})
    for machine in (shared.alice, shared.bob):
        helper = machine.notes.root / "pages" / "helper.py"
        helper.write_text("where = __file__\n")
        shared.alice.run() if machine is shared.alice else None
    assert (who(shared.bob.run()) == "alice") is answered


@pytest.mark.parametrize(("zone", "answered"), [("UTC-3", False), (None, True)])
def test_the_time_zone_counts_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str | None, answered: bool
) -> None:
    code = "from datetime import datetime\nprint(datetime.fromtimestamp(0))"
    shared = two_machines(tmp_path, monkeypatch, {"a": page(code)})
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    shared.alice.run()
    monkeypatch.setenv("TZ", zone or "UTC")
    time.tzset()
    assert (who(shared.bob.run()) == "alice") is answered
    monkeypatch.undo()
    time.tzset()


# --- what does not --------------------------------------------------------------------------------


def test_other_data_is_run_and_both_answer_from_then_on(shared: Machines) -> None:
    with_data(shared, "one", "two")
    shared.alice.run()
    section = shared.bob.run()
    assert (who(section), text(section)) == (None, "two\n")
    with_data(shared, "two", "one")
    assert text(shared.alice.run()) == "two\n"
    forget(shared.bob)
    section = shared.bob.run()
    assert (who(section), text(section)) == ("alice", "one\n")


def test_a_device_that_is_asked_for_is_not_answered_by_any(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    assert who(shared.bob.run("--device", "cpu")) is None
    forget(shared.alice)
    shared.alice.run("--device", "cpu")
    forget(shared.bob)
    assert who(shared.bob.run("--device", "cpu")) == "alice"


@pytest.mark.parametrize(
    ("old", "new", "answered"),
    [("1.0", "2.0", False), ("1.0+cpu", "1.0+cu128", True), ("1.0+cpu", "1.1+cu128", False)],
)
def test_the_version_of_a_package_counts_and_its_build_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, answered: bool
) -> None:
    site = tmp_path / "lib" / "site-packages"
    (site / "mathpkg").mkdir(parents=True)
    (site / "mathpkg" / "__init__.py").write_text("x, __version__ = 1, 'of no build'")
    info = site / f"mathpkg-{old}.dist-info"
    info.mkdir()
    (info / "top_level.txt").write_text("mathpkg\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    shared = two_machines(tmp_path, monkeypatch, {"a": page("import mathpkg\nprint(mathpkg.x)")})
    shared.alice.run()
    info.rename(site / f"mathpkg-{new}.dist-info")
    assert (who(shared.bob.run()) == "alice") is answered


def test_what_a_section_leaves_behind_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"a": page("_ = open('made.txt', 'w').write('made')")}
    shared = two_machines(tmp_path, monkeypatch, pages)
    shared.alice.run()
    assert who(shared.bob.run()) is None
    assert (shared.bob.notes.root / "pages" / "made.txt").read_text() == "made"


def test_code_that_no_cache_answers_for_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page("import time\nprint(time.time())")})
    shared.alice.run()
    assert shared.entries() == []


def test_a_failure_is_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page("print(1)", "1 / 0")})
    assert shared.alice.tangle("run", "a", "--no-write").code == 1
    assert shared.entries() == []


# --- whom to trust --------------------------------------------------------------------------------


def test_a_key_that_is_not_listed_does_not_count(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    shared.bob.run()
    monkeypatch.setenv("TANGLE_CACHE_KEYS", shared.bob.key("bob"))
    section = shared.bob.run()
    assert (section["cached"], who(section)) == (False, None)  # nor what was taken over before


def test_an_entry_that_was_swapped_or_damaged_does_not_count(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    (entry,) = shared.entries()
    good = entry.read_bytes()
    shared.alice.notes.write("a", page("print('other')"))
    shared.alice.run()
    (other,) = set(shared.entries()) - {entry}
    for bad in (other.read_bytes(), good[:-1], b"", b"x" * 1000, good + b"x"):
        entry.write_bytes(bad)
        forget(shared.bob)
        assert who(shared.bob.run()) is None
    shared.alice.notes.write("a", page("print(open('../data.txt').read())"))
    shared.alice.tangle("cache", "push")
    forget(shared.bob)
    assert who(shared.bob.run()) == "alice"  # the damaged one was replaced


@pytest.mark.parametrize("consent", ["none", "trust", "variable"])
def test_a_configuration_alone_makes_nobody_ask_a_store(
    shared: Machines, monkeypatch: pytest.MonkeyPatch, consent: str
) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    keys = [os.environ["TANGLE_CACHE_KEYS"]]
    config = f'cache = "file://{shared.store}"\ncache_keys = {json.dumps(keys)}\n'
    (shared.bob.notes.root / "tangle.toml").write_text(config)
    monkeypatch.delenv("TANGLE_CACHE")
    monkeypatch.delenv("TANGLE_CACHE_KEYS")
    if consent == "trust":
        shared.bob.tangle("trust", str(shared.bob.notes.root))
    if consent == "variable":
        monkeypatch.setenv("TANGLE_TRUSTED", str(shared.bob.notes.root))
    said = shared.bob.tangle("run", "a", "--no-write")
    assert ("from the cache of alice" in said.out) is (consent != "none")
    assert ("tangle trust" in said.err) is (consent == "none")
    assert (shared.bob.tangle("cache", "status").code == 3) is (consent == "none")


def test_keys_of_a_configuration_do_not_count_beside_the_users_own_store(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    keys = json.dumps([os.environ["TANGLE_CACHE_KEYS"]])
    (shared.bob.notes.root / "tangle.toml").write_text(f"cache_keys = {keys}\n")
    monkeypatch.delenv("TANGLE_CACHE_KEYS")
    assert who(shared.bob.run()) is None


def test_a_key_that_others_can_read_is_refused(shared: Machines) -> None:
    path = shared.alice.home / "state" / "tangle" / "cache-key"
    path.chmod(0o644)
    said = shared.alice.tangle("cache", "key")
    assert (said.code, "other users can read" in said.err) == (3, True)
    with_data(shared, "same", "same")
    said = shared.alice.tangle("run", "a", "--no-write")
    assert (said.code, "other users can read" in said.err) == (0, True)
    assert shared.entries() == []


def test_a_ci_reads_and_writes_only_if_it_is_told_to(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_data(shared, "same", "same")
    monkeypatch.delenv("TANGLE_CACHE_WRITE")
    shared.alice.run()
    assert shared.entries() == []
    monkeypatch.setenv("TANGLE_CACHE_WRITE", "1")
    forget(shared.alice)
    shared.alice.run()
    assert len(shared.entries()) == 1
    monkeypatch.delenv("TANGLE_CACHE_WRITE")
    assert who(shared.bob.run()) == "alice"


# --- by hand --------------------------------------------------------------------------------------


def test_push_and_pull(shared: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    with_data(shared, "same", "same")
    monkeypatch.delenv("TANGLE_CACHE_WRITE")
    shared.alice.run()
    assert "1 result pushed, 0 there already" in shared.alice.tangle("cache", "push").out
    assert "0 results pushed, 1 there already" in shared.alice.tangle("cache", "push").out
    assert "1 in the store, 1 answer here" in shared.bob.tangle("cache", "status").out
    assert "a: alice, cpu, " in shared.bob.tangle("cache", "pull").out
    monkeypatch.setenv("TANGLE_CACHE", "file:///nowhere/at/all")
    assert who(shared.bob.run()) == "alice"


def test_status_says_what_does_not_answer_here(shared: Machines) -> None:
    with_data(shared, "one", "two")
    shared.alice.run()
    assert "does not answer here" in shared.bob.tangle("cache", "status").out


def test_prune_removes_what_is_old_and_leaves_what_is_no_entry(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    (entry,) = shared.entries()
    other = shared.store / "README"
    other.write_text("ours")
    assert "0 results removed" in shared.alice.tangle("cache", "prune").out
    old = time.time() - 100 * 24 * 3600
    os.utime(entry, (old, old))
    os.utime(other, (old, old))
    assert "1 result would be removed" in shared.alice.tangle("cache", "prune", "--dry-run").out
    assert entry.exists()
    assert "1 result removed" in shared.alice.tangle("cache", "prune").out
    assert shared.entries() == [other]


def test_prune_removes_what_a_process_left_that_was_ended_while_it_wrote(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    (entry,) = shared.entries()
    draft = entry.with_name(f".{entry.name}.{'0a' * 8}.draft")
    draft.write_bytes(b"tangle")
    assert who(shared.bob.run()) == "alice"
    old = time.time() - 100 * 24 * 3600
    os.utime(draft, (old, old))
    assert "1 result removed" in shared.alice.tangle("cache", "prune").out
    assert shared.entries() == [entry]


def test_those_who_may_write_in_a_folder_may_write_beside_the_entries_of_others(
    shared: Machines,
) -> None:
    with_data(shared, "same", "same")
    shared.store.mkdir()
    shared.store.chmod(0o770)
    before = os.umask(0o077)
    try:
        shared.alice.run()
    finally:
        os.umask(before)
    (entry,) = shared.entries()
    modes = [path.stat().st_mode & 0o777 for path in (entry.parent.parent, entry.parent, entry)]
    assert modes == [0o770, 0o770, 0o660]


def test_prune_keeps_a_size(shared: Machines) -> None:
    with_data(shared, "same", "same")
    shared.alice.run()
    assert "0 results removed" in shared.alice.tangle("cache", "prune", "--size", "1M").out
    assert "1 result removed" in shared.alice.tangle("cache", "prune", "--size", "1K").out
    assert shared.alice.tangle("cache", "prune", "--size", "much").code == 2


@pytest.mark.parametrize(
    "address", ["nothing", "s3:/x", "file://relative", "simplecache::s3://x", "s3://x y", "://"]
)
def test_what_is_no_address_is_a_usage_error(
    shared: Machines, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", address)
    said = shared.bob.tangle("cache", "status")
    assert (said.code, "TANGLE_CACHE cannot be" in said.err) == (2, True)
    with_data(shared, "same", "same")
    assert shared.bob.tangle("run", "a", "--no-write").code == 0


def test_without_a_shared_cache_there_is_nothing_to_show(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", "off")
    for command in ("status", "push", "pull", "prune"):
        said = shared.bob.tangle("cache", command)
        assert (said.code, "no shared cache is configured" in said.err) == (2, True)


def test_the_package_that_a_store_needs_is_named(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", "webdav://example/")
    with_data(shared, "same", "same")
    said = shared.bob.tangle("run", "a", "--no-write")
    assert (said.code, said.err.count("pip install webdav4")) == (0, 1)


# --- stores in trouble ----------------------------------------------------------------------------


class Throttled(Exception):
    """What a store of HTTP says that has too much to do."""

    status = 503


class OfNoBytes(Exception):
    """What S3 says where the first bytes of an object are asked for that has none."""

    def __init__(self) -> None:
        self.response = {"ResponseMetadata": {"HTTPStatusCode": 416}}


class TroubledStore(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose address says what is wrong with it: `troubled://hangs/`."""

    protocol = "troubled"
    store: dict[str, Any] = {}  # noqa: RUF012 -- fsspec's own form
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("troubled://").strip("/")

    def cat_file(self, path: str, **options: Any) -> bytes:
        self._fail(path, reading=True)
        return bytes(super().cat_file(path, **options))

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        self._fail(path, reading=False)
        super().pipe_file(path, value, **options)

    def find(self, path: str, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().find(path, **options)
        if path.split("/")[1] == "timeless":
            return {name: {"size": facts["size"]} for name, facts in found.items()}
        return found

    def _fail(self, path: str, *, reading: bool) -> None:
        kind = path.split("/")[1]
        if kind == "hangs" or (kind == "hangs-writing" and not reading):
            time.sleep(30)
        if kind == "slow":
            time.sleep(0.4)
        if kind == "empty" and reading:
            raise OSError(errno.EINVAL, "Invalid range") from OfNoBytes()
        if kind == "throttles":
            raise Throttled("Slow Down")
        if kind == "denies":
            raise PermissionError("Access Denied")
        if kind == "full" and not reading:
            raise OSError(errno.ENOSPC, "No space left on device")
        if kind == "read-only" and not reading:
            raise PermissionError("Access Denied")


@pytest.fixture
def troubled() -> Iterator[None]:
    fsspec.register_implementation("troubled", TroubledStore, clobber=True)
    TroubledStore.store.clear()
    yield
    TroubledStore.store.clear()


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("hangs", "did not answer within 1 s"),
        ("hangs-writing", "did not answer within 1 s"),
        ("throttles", "Slow Down"),
        ("denies", "Access Denied"),
        ("full", "No space left"),
        ("read-only", "Access Denied"),
    ],
)
def test_a_store_in_trouble_costs_one_notice_and_the_section_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    pages = {"a": page("print(1)"), "b": page("print(2)")}
    shared = two_machines(tmp_path, monkeypatch, pages, f"troubled://{kind}/x")
    shared.bob.key("bob")
    run = shared.bob.tangle("run", "--all", "--no-write")
    assert run.code == 0
    assert [said in line for line in run.err.split("\n") if "shared cache:" in line] == [True]


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize(("patience", "enough"), [(None, False), (1.5, True)])
def test_only_a_run_counts_all_that_it_waits(patience: float | None, enough: bool) -> None:
    shared = Shared(ObjectStore("troubled://slow/x"), {"a" * 43: "alice"}, patience=patience)
    shared.fetch([f"{number:064x}" for number in range(100)], lambda *_: True)
    assert (shared.trouble == "") is enough


@pytest.mark.usefixtures("troubled")
def test_an_empty_object_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page("print(1)")}, "troubled://empty/x")
    said = shared.alice.tangle("run", "a", "--no-write")
    assert (said.code, "shared cache:" in said.err) == (0, False)


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize("kind", ["fine", "timeless"])
def test_prune_removes_nothing_of_which_it_does_not_know_that_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page("print(1)")}, f"troubled://{kind}/x")
    shared.alice.run()
    assert "0 results removed (0.0 MiB); 1 left" in shared.alice.tangle("cache", "prune").out
    assert "1 result removed" in shared.alice.tangle("cache", "prune", "--size", "1").out


@pytest.mark.usefixtures("troubled")
def test_what_a_store_took_before_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = two_machines(tmp_path, monkeypatch, {"a": page("print(1)")}, "troubled://fine/x")
    shared.alice.run()
    assert who(shared.bob.run()) == "alice"
    monkeypatch.setenv("TANGLE_CACHE", "troubled://full/x")
    said = shared.alice.tangle("cache", "push")
    assert (said.code, "No space left" in said.err) == (3, True)


def test_a_password_in_an_address_is_not_printed(
    shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGLE_CACHE", "nowhere://me:secret@example/x")
    said = shared.bob.tangle("cache", "status")
    assert said.code == 3
    assert "secret" not in said.out + said.err
