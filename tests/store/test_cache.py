from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.store import Cache, Records

from .disks import CODES, FailingDisk, snapshot

KEY = "ab" * 32
KEYS = [f"{number:02x}" * 8 for number in range(8)]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
documents = st.dictionaries(st.text(), json_values, max_size=5)


def test_nothing_was_put(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", dict)
    assert cache.get(KEY) is None
    cache.prune(0, 0)
    cache.clear()
    assert not (tmp_path / "cache").exists()


@settings(max_examples=50, deadline=None)
@given(documents)
def test_what_was_put_comes_back(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder), dict)
        cache.put(KEY, {"old": 1})
        cache.put(KEY, document)
        assert cache.get(KEY) == document


def test_lone_surrogates_survive(tmp_path: Path) -> None:
    Cache(tmp_path, dict).put(KEY, {"a": "\ud800"})
    assert Cache(tmp_path, dict).get(KEY) == {"a": "\ud800"}


@pytest.mark.parametrize("key", ["", "ab", "../../etc", "AB" * 32, "a" * 129, "abcdefg12", "ab/cd"])
def test_only_digests_are_keys(tmp_path: Path, key: str) -> None:
    cache = Cache(tmp_path, dict)
    with pytest.raises(ValueError, match="digest"):
        cache.get(key)
    with pytest.raises(ValueError, match="digest"):
        cache.put(key, {})


def test_only_json_is_kept(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        Cache(tmp_path, dict).put(KEY, {"a": object()})
    assert snapshot(tmp_path) == {}


def test_an_entry_cut_short_or_altered_is_dropped(tmp_path: Path) -> None:
    cache = Cache(tmp_path, dict)
    cache.put(KEY, {"text": "你好", "n": [1, 2]})
    (path,) = (tmp_path / name for name in snapshot(tmp_path))
    whole = path.read_bytes()
    damaged = [whole[:end] for end in range(len(whole))]
    damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    for content in [*damaged, whole + b"x", b"\xff" * 100]:
        path.write_bytes(content)
        assert cache.get(KEY) is None
        assert not path.exists()
    cache.put(KEY, {"a": 1})
    assert cache.get(KEY) == {"a": 1}


def test_a_whole_entry_that_is_no_document(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / KEY[:2] / f"{KEY}.json"
    path.parent.mkdir()
    for payload in (b"[1]", b"{", b"[" * 100_000):
        path.write_bytes(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
        assert Cache(tmp_path, dict).get(KEY) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A document of its own type."""

    x: int
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "document", [{"x": "1"}, {"x": 1.5}, {"y": 1}, {"x": 1, "names": "ab"}, {}, [1], None]
)
def test_a_document_of_another_type_is_dropped_and_replaced(
    tmp_path: Path, document: object
) -> None:
    Cache(tmp_path, object).put(KEY, document)
    points = Cache(tmp_path, Point)
    assert points.get(KEY) is None
    assert snapshot(tmp_path) == {}
    points.put(KEY, Point(x=1, names=("a", "\ud800")))
    assert points.get(KEY) == Point(x=1, names=("a", "\ud800"))


@pytest.mark.parametrize("document", [{"x": "1"}, {"y": 1}, [1], None])
def test_a_record_of_another_type_counts_as_none(tmp_path: Path, document: object) -> None:
    records = Records(tmp_path / "state" / "records", Point)
    Records(tmp_path / "state" / "records", object).put("key", document)
    assert (records.keys(), records.get("key")) == (("key",), None)
    records.put("key", Point(x=2))
    assert records.get("key") == Point(x=2)


def test_a_folder_that_cannot_be_used_works_as_empty(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    cache = Cache(blocked / "cache", dict)
    cache.put(KEY, {})
    assert cache.get(KEY) is None
    cache.prune(0, 0)
    cache.clear()
    assert blocked.read_text() == "mine"


@pytest.mark.parametrize("code", CODES)
def test_whatever_call_fails_nothing_is_lost(tmp_path: Path, code: int) -> None:
    counting = FailingDisk(-1, code)
    Cache(tmp_path, dict, files=counting).put(KEY, {"n": 1})
    for at in range(len(counting.calls)):
        Cache(tmp_path, dict).put(KEY, {"n": 1})
        Cache(tmp_path, dict, files=FailingDisk(at, code)).put(KEY, {"n": 2})
        assert Cache(tmp_path, dict).get(KEY) in ({"n": 1}, {"n": 2})
        assert len(snapshot(tmp_path)) == 1
    assert Cache(tmp_path, dict, files=FailingDisk(0, code)).get(KEY) is None
    assert Cache(tmp_path, dict).get(KEY) is not None


def test_prune_drops_what_was_used_least(tmp_path: Path) -> None:
    now = [1_000_000.0]
    cache = Cache(tmp_path, dict, clock=lambda: now[0])
    for number, key in enumerate(KEYS):
        cache.put(key, {"x": "y" * 1000})
        path = tmp_path / key[:2] / f"{key}.json"
        os.utime(path, (now[0] + number, now[0] + number))
    now[0] += 100
    assert cache.get(KEYS[0])  # used last from here on
    size = len(next(iter(snapshot(tmp_path).values())))
    cache.prune(max_bytes=3 * size, max_age=1000)
    assert [key for key in KEYS if cache.get(key)] == [KEYS[0], KEYS[6], KEYS[7]]
    now[0] += 2000
    cache.prune(max_bytes=10**9, max_age=1000)
    assert snapshot(tmp_path) == {}


def test_drafts_of_a_dead_process_are_pruned_in_the_end(tmp_path: Path) -> None:
    now = [1_000_000.0]
    cache = Cache(tmp_path, dict, clock=lambda: now[0])
    draft = tmp_path / "ab" / ".tangle-0123.draft"
    draft.parent.mkdir()
    draft.touch()
    os.utime(draft, (now[0], now[0]))
    cache.prune(10**9, 10**9)
    assert draft.exists()
    now[0] += 4000
    cache.prune(10**9, 10**9)
    assert not draft.exists()


def test_clear_leaves_what_is_not_the_caches(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", dict)
    cache.put(KEY, {})
    (tmp_path / "cache" / "ab" / "mine.txt").write_text("mine")
    (tmp_path / "cache" / "notes.json").write_text("mine")
    cache.clear()
    assert snapshot(tmp_path / "cache") == {"ab/mine.txt": b"mine", "notes.json": b"mine"}
    (tmp_path / "cache" / "ab" / "mine.txt").unlink()
    (tmp_path / "cache" / "notes.json").unlink()
    cache.clear()
    assert not (tmp_path / "cache").exists()


WORK = """
import sys
from pathlib import Path
from tangle.store import Cache
cache = Cache(Path(sys.argv[1]), dict)
for turn in range(60):
    key = f"{turn % 3:02x}" * 8
    cache.put(key, {"who": sys.argv[2], "text": sys.argv[2] * 5000})
    found = cache.get(key)
    assert found is None or found["text"] == found["who"] * 5000, "a torn entry"
    if turn % 20 == 19:
        cache.prune(10_000, 1000)
"""


def test_several_processes_share_one(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(tmp_path), who],
            env={**os.environ, "PYTHONPATH": root},
        )
        for who in "abcd"
    ]
    assert [worker.wait() for worker in workers] == [0, 0, 0, 0]
    assert not [name for name in snapshot(tmp_path) if ".draft" in name]
