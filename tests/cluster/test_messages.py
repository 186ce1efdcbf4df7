from __future__ import annotations

import pytest

from tangle.engine.cluster.address import address_error, by_worker
from tangle.engine.cluster.live import LiveSender
from tangle.engine.cluster.messages import (
    LIVE_TEXT,
    EventMessage,
    LiveEvent,
    decode_event,
    encode_event,
)
from tangle.engine.cluster.routes import Route
from tangle.engine.events import (
    CellFinished,
    CellOutput,
    CellStarted,
    Event,
    Noticed,
    SessionFinished,
    SessionStarted,
)
from tangle.model import MimeBundle, MimeType, Result, SectionName, Stream
from tangle.typed_json import DamagedDocument

NAME = SectionName("3.6")


def message(event: LiveEvent, attempt: str = "a", worker: str = "tcp://w:1") -> EventMessage:
    return EventMessage(section=NAME, attempt=attempt, worker=worker, event=event)


def output(*outputs: Stream | MimeBundle, index: int = 0) -> CellOutput:
    return CellOutput(section=NAME, index=index, outputs=outputs)


# --- messages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        SessionStarted(section=NAME, cells=3),
        CellStarted(section=NAME, index=1, name="3.6 chunk 2"),
        output(Stream("stdout", "图\x00\udcff".replace("\udcff", "?"))),
        CellFinished(
            section=NAME,
            index=0,
            result=Result(outcome="passed", outputs=(), failure=None, seconds=1.0),
        ),
        Noticed(text="x", trouble=True),
    ],
)
def test_an_event_arrives_as_it_was_sent(event: LiveEvent) -> None:
    assert decode_event(encode_event(message(event))) == message(event)


@pytest.mark.parametrize("data", [b"", b"[]", b'["3.6","a","w","Exit","{}"]', b"\x80\x04K\x01."])
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedDocument):
        decode_event(data)


def test_a_live_event_holds_little_of_a_long_output() -> None:
    figure = MimeBundle(
        kind="display",
        data=((MimeType("image/png"), "x" * 10**6), (MimeType("text/plain"), "<Figure>")),
    )
    sent = encode_event(message(output(figure, *[Stream("stdout", "y" * 10**5)] * 9)))
    assert len(sent) < 2 * LIVE_TEXT
    received = decode_event(sent).event
    assert isinstance(received, CellOutput)
    assert received.outputs[0] == MimeBundle(
        kind="display", data=((MimeType("text/plain"), "<Figure>"),)
    )


# --- the worker's end -------------------------------------------------------------------------


def sender(sent: list[Event], waiting: list[object]) -> LiveSender:
    return LiveSender(
        message(SessionStarted(section=NAME)),
        send=lambda data: sent.append(decode_event(data).event),
        later=lambda _, act: waiting.append(act),
    )


def test_output_within_a_moment_is_one_event_and_comes_before_what_follows_it() -> None:
    sent: list[Event] = []
    waiting: list[object] = []
    live = sender(sent, waiting)
    for text in "abcd":
        live.take(output(Stream("stdout", text)))
    live.take(CellStarted(section=NAME, index=1, name="2"))
    texts = [[o.text for o in e.outputs] for e in sent if isinstance(e, CellOutput)]  # type: ignore[union-attr]
    assert texts == [["a"], ["b", "c", "d"]]
    assert isinstance(sent[-1], CellStarted)
    assert len(waiting) == 1  # had nothing followed, it would have been sent soon


def test_results_are_kept_whole_and_those_of_a_session_that_was_lost_are_not() -> None:
    live = sender([], [])
    long = Result(
        outcome="passed", outputs=(Stream("stdout", "x" * 10**6),), failure=None, seconds=0.0
    )
    live.take(CellFinished(section=NAME, index=0, result=long))
    live.take(SessionStarted(section=NAME))
    live.take(CellFinished(section=NAME, index=0, result=long))
    assert live.finished == [long]


# --- the command's end ------------------------------------------------------------------------


def test_events_of_an_attempt_that_was_given_up_are_dropped() -> None:
    seen: list[Event] = []
    route = Route(NAME, seen.append)
    begun = SessionStarted(section=NAME, cells=1)
    route.take(message(output(Stream("stdout", "early")), "a"))  # of an unknown attempt
    route.take(message(begun, "a", "tcp://w:1"))
    route.take(message(output(Stream("stdout", "1")), "a"))
    route.take(message(begun, "b", "tcp://w:2"))
    route.take(message(output(Stream("stdout", "late")), "a"))
    route.take(message(begun, "a"))
    route.take(message(output(Stream("stdout", "2")), "b", "tcp://w:2"))
    texts = [o.text for e in seen if isinstance(e, CellOutput) for o in e.outputs]  # type: ignore[union-attr]
    assert texts == ["1", "2"]
    assert [e.text for e in seen if isinstance(e, Noticed)] == [
        "3.6: tcp://w:1 was lost; it runs again on tcp://w:2"
    ]
    assert route.worker == "tcp://w:2"
    route.given_up = "worker tcp://w:2 lost touch"
    route.take(message(begun, "c", "tcp://w:3"))
    assert isinstance(seen[-2], Noticed)
    assert seen[-2].text == "3.6: worker tcp://w:2 lost touch; it runs again on tcp://w:3"
    assert not route.given_up
    assert not any(isinstance(e, SessionFinished) for e in seen)


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["tcp://10.0.0.1:8786", "tls://host:8786", "host.example:1", "[::1]:8786", "ws://h:80"],
)
def test_addresses_of_schedulers_are_taken(address: str) -> None:
    assert address_error(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host",
        "tcp://host",
        "http://host:1",
        "host:0",
        "host:65536",
        "a b:1",
        "tcp://h:1/x",
        "h:x",
    ],
)
def test_what_is_no_address_is_refused_with_one_that_is(address: str) -> None:
    error = address_error(address)
    assert error is not None
    assert "tcp://HOST:PORT" in error or "65535" in error


def test_of_many_workers_a_few_are_named() -> None:
    text = by_worker([(f"w{i}", "Python 3.9, here 3.11") for i in range(40)], "install it")
    assert text.count("Python 3.9") == 5
    assert "and 35 more" in text
    assert text.endswith("install it")
