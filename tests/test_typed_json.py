"""JSON by type: what was encoded comes back, and everything else is damaged."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.typed_json import DamagedDocument, convert, decode, encode

TEXT = st.text(st.characters())  # lone surrogates stand for the bytes of file names


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Part of a document."""

    pairs: tuple[tuple[str, int], ...]
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document."""

    kind: Literal["one", "two"]
    inner: Inner | None
    data: bytes
    by_name: dict[str, Inner]

    def __post_init__(self) -> None:
        """Refuse a size that cannot be; fail where the program is wrong."""
        for name, inner in self.by_name.items():
            if inner.size < 0:
                raise ValueError(f"{name} has a negative size")
        if "wrong" in self.by_name:
            raise KeyError("a slip in this code")


INNER = st.builds(
    Inner,
    pairs=st.lists(st.tuples(TEXT, st.integers())).map(tuple),
    size=st.floats(min_value=0, allow_infinity=False),
)
DOCUMENTS = st.builds(
    Document,
    inner=st.none() | INNER,
    data=st.binary(),
    by_name=st.dictionaries(TEXT.filter(lambda name: name != "wrong"), INNER, max_size=3),
)


@given(DOCUMENTS)
def test_what_was_encoded_comes_back(document: Document) -> None:
    data = encode(document)
    assert b"\n" not in data
    assert decode(data, Document) == document


@given(DOCUMENTS, st.data())
def test_what_is_cut_or_altered_is_damaged_or_another_document(
    document: Document, data: st.DataObject
) -> None:
    whole = encode(document)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DamagedDocument):
        decode(whole[:end], Document)
    altered = whole[:end] + bytes([whole[end] ^ data.draw(st.integers(1, 255))]) + whole[end + 1 :]
    with contextlib.suppress(DamagedDocument):
        assert isinstance(decode(altered, Document), Document)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b'"\xff"',
        b"[]",
        b'{"pairs":[],"size":1}x',
        b'{"pairs":[]}',
        b'{"pairs":[["a"]],"size":1}',
        b'{"pairs":[["a",true]],"size":1}',
        b'{"pairs":[["a",1.0]],"size":1}',
        b'{"pairs":[],"size":"1"}',
        b'{"pairs":[],"size":NaN}',
        b'{"pairs":[["\\udc80",1]],"size":NaN}',
        b'{"pairs":[["\\udc80",1]],"size":-Infinity}',
        b'{"pairs":[["\\udc80",1]]}',
        b'{"pairs":[],"size":1,"more":' + b"[" * 100_000,
        b'{"pairs":[],"size":1,"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_everything_else_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedDocument):
        decode(data, Inner)


@pytest.mark.parametrize("value", [None, [], {}, {"pairs": [], "size": object()}, object()])
def test_plain_values_of_another_form_are_damaged(value: Any) -> None:
    with pytest.raises(DamagedDocument):
        convert(value, Inner)


def test_what_a_document_says_of_itself_must_hold() -> None:
    inner = Inner(pairs=(), size=1.0)
    good = Document(kind="one", inner=inner, data=b"\0", by_name={"a": inner})
    with pytest.raises(DamagedDocument, match="a has a negative size"):
        decode(
            encode(good).replace(b'"a":{"pairs":[],"size":1.0', b'"a":{"pairs":[],"size":-1'),
            Document,
        )


def test_a_slip_in_the_program_is_no_damage() -> None:
    inner = encode(Inner(pairs=(), size=1.0)).decode()
    data = f'{{"kind":"one","inner":null,"data":"","by_name":{{"wrong":{inner}}}}}'
    with pytest.raises(KeyError, match="a slip"):
        decode(data.encode(), Document)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({"a": object()})


AT_ONCE = """
import os, sys, threading, types
from msgspec.msgpack import encode
from tangle.typed_json import convert, decode, msgpack_decoder

COUNT = 60
PACKED = encode({"one": {"a": 1}, "all": [{"a": 2}]})
module = sys.modules["made"] = types.ModuleType("made")
source = ["from __future__ import annotations", "from msgspec import Struct"]
for n in range(COUNT):
    source += [
        f"class Inner{n}(Struct):",
        "    a: int = 0",
        "    b: str | None = None",
        "    c: tuple[int, ...] = ()",
        f"class Outer{n}(Struct):",
        f"    one: Inner{n}",
        f"    all: tuple[Inner{n}, ...] = ()",
        f"    named: dict[str, Inner{n}] = {{}}",
    ]
exec("\\n".join(source), module.__dict__)
meet = threading.Barrier(4, timeout=60)
wrong = []

def read(number):
    for n in range(COUNT):
        kind = getattr(module, f"Outer{n}")
        meet.wait()
        if number == 0:
            found = decode(b'{"one": {"a": 1}, "all": [{"a": 2}]}', kind)
        elif number == 1:
            found = convert({"one": {"a": 1}, "all": [{"a": 2}]}, kind)
        elif number == 2:
            found = msgpack_decoder(kind).decode(PACKED)
        else:
            child = os.fork() if hasattr(os, "fork") else None
            found = decode(b'{"one": {"a": 1}, "all": [{"a": 2}]}', kind)
            if child == 0:
                os._exit(found.one.a != 1)
            if child and os.waitpid(child, 0)[1] != 0:
                wrong.append("a forked process failed")
        if (found.one.a, found.all[0].a) != (1, 2):
            wrong.append(found)

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(f"{wrong[0]}" if wrong else 0)
"""


def test_threads_may_meet_a_type_at_once() -> None:
    """Each of four threads decodes a type that none has decoded before; one of them forks."""
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
