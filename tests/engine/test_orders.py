"""Orders between processes arrive as they were sent, and nothing else passes for an order."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.engine.checkpoint import checkpoint_orders
from tangle.engine.checkpoint.checkpoint_orders import CHECKPOINT_ORDERS, CheckpointOrder
from tangle.engine.forkserver import replies, server_orders, template_orders
from tangle.engine.forkserver.protocol import BadOrder, Hangup, pair, send_packet
from tangle.engine.forkserver.replies import REPLIES, Reply
from tangle.engine.forkserver.server_orders import SERVER_ORDERS, Command, ServerOrder
from tangle.engine.forkserver.template_orders import (
    TEMPLATE_NEWS,
    TEMPLATE_ORDERS,
    TemplateNews,
    TemplateOrder,
)
from tangle.engine.order import Order, Receiver, send_order
from tangle.typed_json import encode

COOKIE = "0123456789abcdef"
ENVIRONMENT = {"HOME": "/home/用户", "RAW": "\udcff\udc80", "EMPTY": ""}
COMMAND = Command(
    arguments=("run", "3.6", "\udcfe"),
    directory="/notes",
    environment=ENVIRONMENT,
    identity="{}",
    cookie=COOKIE,
    streams=(("utf-8", "strict"), ("ascii", "surrogateescape"), ("utf-8", "backslashreplace")),
)
STATUS = replies.TemplateStatus(pid=7, modules=("numpy",), ready=True, front=False, workers=2)

UNIONS: list[tuple[Receiver[Any], Any, list[Order]]] = [
    (
        SERVER_ORDERS,
        ServerOrder,
        [
            server_orders.Hello(identity="a" * 64, notes="/notes"),
            server_orders.GetStatus(),
            server_orders.Stop(),
            server_orders.Preload(
                sets=((), ("numpy", "torch")), directory="/", environment=ENVIRONMENT, share=True
            ),
            server_orders.ForkWorker(
                modules=("numpy",),
                directory="/notes",
                environment=ENVIRONMENT,
                share=False,
                cookie=COOKIE,
            ),
            COMMAND,
            server_orders.Release(pid=1 << 22),
        ],
    ),
    (
        REPLIES,
        Reply,
        [
            replies.Welcome(family=COOKIE, pid=3),
            replies.Stale(commands=0),
            replies.Stopped(commands=2),
            replies.Status(
                pid=3, began=1.5, idle=0.0, commands=1, python="3.11.7", templates=(STATUS, STATUS)
            ),
        ],
    ),
    (
        TEMPLATE_ORDERS,
        TemplateOrder,
        [
            template_orders.StartWorker(
                client=1, directory="/notes", environment=ENVIRONMENT, cookie=COOKIE
            ),
            template_orders.StartCommand(client=1, command=COMMAND),
            template_orders.Reap(client=1, pid=5),
            template_orders.EndClient(client=1),
            template_orders.BuildTemplate(
                aim=("numpy",), whole=True, directory="/", environment=ENVIRONMENT, notes=""
            ),
            template_orders.ReadNotes(notes="/notes"),
        ],
    ),
    (
        TEMPLATE_NEWS,
        TemplateNews,
        [
            template_orders.Born(pid=9),
            template_orders.Importing(name="torch"),
            template_orders.Unfit(name="antigravity"),
            template_orders.Ready(
                modules=("numpy",), stamps={"/a.py": (1, 2, 3), "/gone\udcff": None}
            ),
            template_orders.WorkerGone(),
        ],
    ),
    (
        CHECKPOINT_ORDERS,
        CheckpointOrder,
        [
            checkpoint_orders.Resume(cookie=COOKIE),
            checkpoint_orders.Reap(pid=5),
        ],
    ),
]
EVERY = [(receiver, order) for receiver, _, orders in UNIONS for order in orders]


@pytest.fixture(autouse=True)
def executor() -> None:
    """No session runs here."""


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = pair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def files() -> Iterator[list[int]]:
    """Six descriptors of different files."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(tempfile.TemporaryFile()).fileno() for _ in range(6)]


@pytest.mark.parametrize(("union", "orders"), [(union, orders) for _, union, orders in UNIONS])
def test_every_kind_of_order_is_tried_here(union: Any, orders: list[Order]) -> None:
    assert {type(order) for order in orders} == set(get_args(union))


@pytest.mark.parametrize(
    ("receiver", "order"), EVERY, ids=lambda value: type(value).__name__.lower()
)
def test_an_order_arrives_as_it_was_sent(
    receiver: Receiver[Any],
    order: Order,
    ends: tuple[socket.socket, socket.socket],
    files: list[int],
) -> None:
    fds = files[: order.descriptors]
    send_order(ends[0], order, fds)
    received, arrived = receiver.receive(ends[1])
    try:
        assert received == order
        assert [os.fstat(fd).st_ino for fd in arrived] == [os.fstat(fd).st_ino for fd in fds]
        assert not any(os.get_inheritable(fd) for fd in arrived)
    finally:
        for fd in arrived:
            os.close(fd)


def _open_count() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _changes(good: dict[str, Any]) -> Iterator[object]:
    """What an order looks like that is not quite one."""
    yield good | {"surplus": 1}
    yield good | {"do": "else"}
    yield good | {"do": 1}
    yield {name: value for name, value in good.items() if name != "do"}
    for name in good.keys() - {"do"}:
        yield {other: value for other, value in good.items() if other != name}
        yield good | {name: None}
        yield good | {name: [[1]]}
    if "cookie" in good:
        for cookie in ("", "0x" + COOKIE[2:], COOKIE.upper(), COOKIE + "\n", COOKIE * 2, "g" * 16):
            yield good | {"cookie": cookie}
    if "environment" in good:
        yield good | {"environment": {"A": 1}}


@pytest.mark.parametrize(
    ("receiver", "order"), EVERY, ids=lambda value: type(value).__name__.lower()
)
def test_what_is_not_quite_an_order_is_refused(
    receiver: Receiver[Any],
    order: Order,
    ends: tuple[socket.socket, socket.socket],
    files: list[int],
) -> None:
    good = json.loads(json.dumps(msgspec.to_builtins(order)))
    open_before = _open_count()
    for wrong in _changes(good):
        send_packet(ends[0], json.dumps(wrong).encode(), files[: order.descriptors])
        with pytest.raises(BadOrder):
            receiver.receive(ends[1])
    for count in {0, 1, 5, 6} - {order.descriptors}:
        send_packet(ends[0], json.dumps(good).encode(), files[:count])
        with pytest.raises(BadOrder):
            receiver.receive(ends[1])
    assert _open_count() == open_before


def test_an_order_of_another_union_is_refused() -> None:
    known = {
        receiver: {order.__struct_config__.tag for order in orders}
        for receiver, _, orders in UNIONS
    }
    for receiver, tags in known.items():
        for other, order in EVERY:
            if other is not receiver and order.__struct_config__.tag not in tags:
                with pytest.raises(BadOrder):
                    receiver.decode(encode(order))


@pytest.mark.parametrize("receiver", [receiver for receiver, _, _ in UNIONS])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.just("do") | st.text(), inner),
    )
)
def test_other_json_is_no_order(receiver: Receiver[Any], data: object) -> None:
    with pytest.raises(BadOrder):
        receiver.decode(json.dumps(data).encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"do": ' + b"[" * 100_000, b'{"do": "stop"} x'],
    ids=["empty", "cut off", "list", "null", "bytes", "deep", "more"],
)
def test_a_packet_with_something_else_is_refused(
    content: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        socket.send_fds(ends[0], [b"!"], [file.fileno()])
    with pytest.raises(BadOrder):
        SERVER_ORDERS.receive(ends[1])


@pytest.mark.parametrize("data", [b"x", b"!", b"!!", b"!" * 1000])
def test_a_packet_without_a_file_is_refused(
    data: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    ends[0].send(data)
    with pytest.raises(BadOrder):
        SERVER_ORDERS.receive(ends[1])


def test_the_end_of_the_connection_is_no_bad_order(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[0].close()
    with pytest.raises(Hangup):
        SERVER_ORDERS.receive(ends[1])


def test_the_command_line_sends_the_order_that_the_server_knows() -> None:
    """It has no types: importing them would take longer than all else that it does."""
    code = "import json; from tangle_cli.server_call import command_order as order"
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; print(json.dumps(order(['run', '3.6'])))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RAW": "\udcff"},
        cwd="/",
    )
    sent = json.loads(told.stdout)
    command = SERVER_ORDERS.decode(told.stdout.encode())
    assert isinstance(command, Command)
    assert json.loads(json.dumps(msgspec.to_builtins(command))) == sent
    assert (command.arguments, command.directory) == (("run", "3.6"), "/")
    assert command.environment["RAW"] == "\udcff"
