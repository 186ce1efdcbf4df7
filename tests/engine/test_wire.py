"""The lines that a worker sends: each message comes back, and anything else is damaged."""

from __future__ import annotations

from typing import get_args

import pytest

from tangle.engine.wire import (
    Begun,
    Cleared,
    Closed,
    Ended,
    Flooded,
    Left,
    Listening,
    Measured,
    Message,
    Noted,
    Showed,
    Skipped,
    Snapshotted,
    UnseenWrite,
    Usage,
    Wrote,
    decode,
    encode,
    encoded_size,
)
from tangle.model import Failure, MimeType, PagePath, Place, ReadFile, Seen, Skip
from tangle.typed_json import DamagedDocument

READ = ReadFile(path="/data/na\udcefve", digest="0" * 64, stamp="1:2")  # a name in Latin 1
SEEN = Seen(reads=(READ,), modules=("numpy",), code=("/site\nnumpy/x.py",), own_text=True)
USAGE = Usage(device="cpu", device_memory=0, peak_memory=1 << 33)
FAILURE = Failure(
    name="E", message="m", traceback="t\n", place=Place(path=PagePath("x.md"), line=3)
)
MESSAGES: list[Message] = [
    Begun(index=0),
    Wrote(name="stderr", text='\0\x1b[31m"quoted"\u2028\n你好'),
    Showed(kind="result", data=((MimeType("text/plain"), "1"),), display=None, update=False),
    Cleared(wait=True),
    Flooded(),
    Measured(lines=(("x.md", (1, 2)), ("y.md", ()))),
    Ended(index=1, outcome="failed", failure=FAILURE, seconds=0.5, usage=USAGE, seen=SEEN),
    Skipped(index=2, skip=Skip(before="needs x from ", place=FAILURE.place, blamed=1)),
    Snapshotted(index=1, pid=7, name="\0tangle", imported=True, world=(READ,)),
    UnseenWrite(time=1732800000.25),
    Noted(text="a note"),
    Listening(host="127.0.0.1", port=5678),
    Closed(usage=USAGE, versions=(("torch", "2"),), failure=None),
    Left(seen=SEEN),
]
by_type = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)


@by_type
def test_a_message_comes_back_on_one_line(message: Message) -> None:
    for marks in ((), (1,), (1, 2)):
        line = encode(message, marks)
        assert line.count(b"\n") == 1
        assert decode(line[:-1]) == (marks, message)


def test_each_type_of_message_is_tried() -> None:
    assert {type(message) for message in MESSAGES} == {*get_args(Message)}


@by_type
def test_a_line_that_is_cut_is_damaged(message: Message) -> None:
    line = encode(message, (2,))[:-1]
    for end in range(len(line)):
        with pytest.raises(DamagedDocument):
            decode(line[:end])


@pytest.mark.parametrize(
    "line",
    [
        b"rubbish",
        b"\xff\xfe",
        b"[]",
        b"[[],[],{}]",
        b'[[],{"type":"Unknown"}]',
        b'[[],{"index":1}]',
        b'[[],{"type":"Begun"}]',
        b'[[],{"type":"Begun","index":"1"}]',
        b'[[],{"type":"Begun","index":true}]',
        b'[[],{"type":"Begun","index":1,"more":1}]',
        b'[[3],{"type":"Begun","index":1}]',
        b'[[1],{"type":"Begun","index":1},1]',
        b'[[],{"type":"Wrote","name":"stdin","text":""}]',
        b'[[],{"type":"Wrote","name":"stdout","text":"\xff"}]',
        b'[[],{"type":"Ended","index":0,"outcome":"great"}]',
        b"[" * 100_000,
    ],
)
def test_garbage_is_damaged(line: bytes) -> None:
    with pytest.raises(DamagedDocument):
        decode(line)


@pytest.mark.parametrize("text", ["", "plain", "\0\x01\x1b", '"\\\n', "你好\U0001f600"])
def test_a_text_has_the_size_that_it_takes_on_a_line(text: str) -> None:
    empty = len(encode(Noted(text=""), ()))
    assert len(encode(Noted(text=text), ())) == empty + encoded_size(text) - 2
