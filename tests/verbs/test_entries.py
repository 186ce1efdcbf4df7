"""Entries of a shared cache: what was signed comes back, and nothing else does."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.model import CellEnd, MimeBundle, MimeType, Output, ReadFile, Seen, Stream
from tangle.store.remote.signing import KeyPair, make_key, own_key, public_bytes, sign
from tangle.verbs.results import entries
from tangle.verbs.results.entries import EntryRefused, EntryTooLarge, pack, unpack
from tangle.verbs.results.kept_runs import KeptCell, KeptRun, KeptRuns, pooled

NAME = "ab" * 32
OUTPUTS: tuple[Output, ...] = (
    Stream("stdout", "1\n"),
    MimeBundle(kind="display", data=((MimeType("image/png"), "iVBORw0KGgo="),)),
)


def new_key(folder: Path) -> KeyPair:
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    try:
        return make_key()
    finally:
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return new_key(tmp_path_factory.mktemp("key"))


def kept(outputs: tuple[Output, ...] = OUTPUTS) -> KeptRuns:
    pool: dict[str, Output] = {}
    seen = Seen(reads=(ReadFile(path="{project}/x.csv", digest="0" * 64),))
    end = CellEnd(seen=seen, seconds=1.5, device="cuda", device_memory=7, peak_memory=9)
    cell = KeptCell(
        outputs=pooled(outputs, pool),
        seconds=1.0,
        exact=False,
        packages=(("numpy", "2.4"),),
        code=(),
        machine=(("zone", "00"),),
        end=end,
        revised=(),
    )
    run = KeptRun(
        module="", texts=("t",), meanings=("m",), cells=(cell,), made="2026-11-20T10:00:00+00:00"
    )
    return KeptRuns(runs=(run,), outputs=pool, code={})


def test_a_result_comes_back_with_whose_it_is(pair: KeyPair) -> None:
    found = unpack(pack(NAME, kept(), pair), NAME, {pair.public})
    (run,) = found.runs
    assert run.signer == pair.public
    assert (run.made, run.cells[0].end.device) == ("2026-11-20T10:00:00+00:00", "cuda")
    assert found.shown(run.cells) == [OUTPUTS]


@given(data=st.data())
def test_no_byte_of_an_entry_can_be_another(pair: KeyPair, data: st.DataObject) -> None:
    entry = bytearray(pack(NAME, kept(), pair))
    at = data.draw(st.integers(0, len(entry) - 1))
    entry[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EntryRefused):
        unpack(bytes(entry), NAME, {pair.public})


@given(data=st.data())
def test_an_entry_cut_short_or_longer_counts_for_nothing(
    pair: KeyPair, data: st.DataObject
) -> None:
    entry = pack(NAME, kept(), pair)
    cut = entry[: data.draw(st.integers(0, len(entry) - 1))]
    longer = entry + data.draw(st.binary(min_size=1, max_size=20))
    for damaged in (cut, longer):
        with pytest.raises(EntryRefused):
            unpack(damaged, NAME, {pair.public})


@given(junk=st.binary(max_size=300))
def test_anything_else_is_refused(pair: KeyPair, junk: bytes) -> None:
    with pytest.raises(EntryRefused):
        unpack(b"tangle result 1\n" + junk, NAME, {pair.public})


def test_an_entry_under_another_name_is_refused(pair: KeyPair) -> None:
    with pytest.raises(EntryRefused, match="signature"):
        unpack(pack(NAME, kept(), pair), "cd" * 32, {pair.public})


def test_the_key_of_another_user_is_refused(pair: KeyPair, tmp_path: Path) -> None:
    other = new_key(tmp_path)
    entry = pack(NAME, kept(), other)
    with pytest.raises(EntryRefused, match="not trusted"):
        unpack(entry, NAME, {pair.public})
    # with the trusted key in the head, and the other one's signature
    forged = entry.replace(public_bytes(other.public), public_bytes(pair.public))
    with pytest.raises(EntryRefused, match="signature"):
        unpack(forged, NAME, {pair.public})


def signed(pair: KeyPair, body: bytes, name: str = NAME) -> bytes:
    """An entry of any body, with a signature that is right."""
    magic, public = b"tangle result 1\n", public_bytes(pair.public)
    signature = sign(pair, b"\0".join((magic, name.encode(), public, body)))
    return magic + public + signature + body


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name":"x"}',
        b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",  # a pickle
    ],
)
def test_what_a_trusted_key_signs_must_be_a_document_all_the_same(
    pair: KeyPair, text: bytes
) -> None:
    for body in (zlib.compress(text), text):
        with pytest.raises(EntryRefused):
            unpack(signed(pair, body), NAME, {pair.public})


def test_a_small_entry_of_a_huge_document_is_not_read(pair: KeyPair) -> None:
    inflate = zlib.compressobj()
    body = b"".join(inflate.compress(b" " * 2**20) for _ in range(300)) + inflate.flush()
    with pytest.raises(EntryRefused, match="too large"):
        unpack(signed(pair, body), NAME, {pair.public})


def test_outputs_under_a_digest_that_is_not_theirs_are_refused(pair: KeyPair) -> None:
    good = kept()
    names = list(good.outputs)
    swapped = dict(zip(names, [*good.outputs.values()][::-1], strict=True))
    bad = KeptRuns(runs=good.runs, outputs=swapped, code={})
    with pytest.raises(EntryRefused, match="digest"):
        unpack(pack(NAME, bad, pair), NAME, {pair.public})


def test_what_is_too_large_is_not_packed(pair: KeyPair) -> None:
    figure = os.urandom(entries.MOST_BYTES).hex()
    with pytest.raises(EntryTooLarge):
        pack(NAME, kept((Stream("stdout", figure),)), pair)


def test_a_key_is_kept_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert own_key() is None
    assert make_key() == own_key()
    assert (tmp_path / "tangle" / "cache-key").stat().st_mode & 0o777 == 0o600
