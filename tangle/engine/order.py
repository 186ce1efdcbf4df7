"""Orders between tangle's processes: each kind is a type, decoded strictly.

The sides of a connection share a union of such types, and match on it exhaustively. The
connections and their packets are in `tangle.engine.forkserver.protocol`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

from tangle.engine.forkserver.protocol import BadOrder, close_all, receive_packet, send_packet
from tangle.typed_json import DamagedDocument, decode, encode

Cookie = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{16}\Z")]
"""What the processes of a session are recognized by: 64 bits, in hexadecimal."""


class Order(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="do",
    tag=str.lower,
):
    """An order, or an answer to one.

    Attributes:
        descriptors: how many travel with it.
    """

    descriptors: ClassVar[int] = 0


AnyOrder = TypeVar("AnyOrder", bound=Order)


class Receiver(Generic[AnyOrder]):
    """Receives the orders of one union."""

    def __init__(self, union: Any) -> None:
        """Prepares for a union of subclasses of `Order`."""
        self._union = union

    def receive(self, channel: socket.socket) -> tuple[AnyOrder, list[int]]:
        """The next order, and its descriptors, which the caller has to close.

        Raises:
            Hangup: the other end is closed.
            BadOrder: it sent something else.
        """
        data, fds = receive_packet(channel)
        try:
            order = self.decode(data)
            if len(fds) != order.descriptors:
                raise BadOrder(f"{len(fds)} descriptors with {type(order).__name__}")
        except BadOrder:
            close_all(fds)
            raise
        return order, fds

    def decode(self, data: bytes) -> AnyOrder:
        """The order that JSON stands for.

        Raises:
            BadOrder: it stands for none.
        """
        try:
            order: AnyOrder = decode(data, self._union)
        except DamagedDocument as error:
            raise BadOrder(str(error)) from error
        return order


def send_order(channel: socket.socket, order: Order, fds: Sequence[int] = ()) -> None:
    """Sends an order.

    Raises:
        OSError: the other end is closed, or its queue is full.
    """
    assert len(fds) == order.descriptors, type(order).__name__
    send_packet(channel, encode(order), fds)
