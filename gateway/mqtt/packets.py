"""Cuts what a broker sends into MQTT 5 packets and makes messages of them: the hot path of the gateway.

Bytes in, messages out; no I/O and no clock. The network writes straight into the reader's buffer, and packets are
read from there in place.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass

import mqtt5
from mqtt5 import PublishPacket

from gateway.clock import STRIDE_NS
from gateway.models import Message
from gateway.mqtt.deliveries import Delivery
from gateway.mqtt.outcomes import ProtocolViolation
from gateway.mqtt.publish import (
    KEPT_BODY,
    NOT_UTF_8,
    PUBLISH,
    QOS_2,
    decode_carefully,
    explain,
    unreadable,
    variable_integer,
)
from gateway.status import SourceStatus

_DUPLICATE, _RETAINED = 0x08, 0x01

ROOM = 262_144
"""Bytes to take from the network at a time: as much as stays in the processor's cache."""

_new_tuple = tuple.__new__


def pubacks(packet_ids: list[int]) -> bytes:
    """Return a PUBACK packet for each identifier: `40 02`, and the identifier with its high byte first.

    That form, without reason code and properties, means success (MQTT 5.0, 3.4.2.1) and is that of MQTT 3.1.1 too.
    Made as one array, 15 ns each; `mqtt5.PubAckPacket(...).write()` takes 200.
    """
    numbers = array("H", packet_ids)
    if sys.byteorder == "little":
        numbers.byteswap()
    packets = array("H", b"\x40\x02") * (2 * len(packet_ids))
    packets[1::2] = numbers
    return packets.tobytes()


@dataclass
class _Skipped:
    """A packet that is too long: what is kept of it, and how much of it is still to come."""

    head: int
    length: int
    remaining: int
    body: bytearray


class PacketReader:
    """Reads MQTT 5 packets from a stream of bytes that comes in pieces of any size.

        size = socket.recv_into(reader.space())
        others = reader.read(size, delivery, now_ns)

    Args:
        max_packet: Longer packets are not read; the start of each becomes an `Unreadable`.
        status: Where copies and packets that are too long are counted.
        is_copy: Whether a message, by topic and subscription identifiers, is a copy of one that comes besides.
        careful: Whether to look at the text in a message before `mqtt5` does. It panics where that is not UTF-8, which
            is caught but leaves a page on standard error; so a reader becomes careful then, and tells it here.
    """

    def __init__(
        self,
        max_packet: int,
        status: SourceStatus,
        is_copy: Callable[[str, list[int]], bool] | None = None,
        *,
        careful: bool = False,
    ) -> None:
        self._max_packet, self._status, self._is_copy = max_packet, status, is_copy
        self._buffer = bytearray(max(max_packet, ROOM) + ROOM)  # what is never used costs no memory
        self._view = memoryview(self._buffer)
        self._end = 0
        self._awaited = 0
        """Length of the packet that the buffer starts with, once it is known: with less there is nothing to do."""
        self._skipped: _Skipped | None = None
        self.careful = careful

    def space(self) -> memoryview:
        """Return where the next bytes are to be written."""
        return self._view[self._end : self._end + ROOM]

    def read(self, size: int, delivery: Delivery, now_ns: int) -> list[mqtt5.Packet]:
        """Read what has become whole by `size` more bytes, and return the packets that are no message.

        Messages are added to `delivery`, stamped `now_ns`, `now_ns + STRIDE_NS` and so on, with the identifiers to
        acknowledge: their own and those of copies, in order of arrival.

        Raises:
            ProtocolViolation: This is not MQTT 5. The reader is of no use any more.
        """
        others: list[mqtt5.Packet] = []
        messages, take, take_packet_id = delivery.messages, delivery.messages.append, delivery.packet_ids.append
        stamp = now_ns - len(messages) * STRIDE_NS
        end = self._end + size
        begin = start = self._skip(self._skipped, end, delivery, now_ns) if self._skipped else 0
        if end - begin < self._awaited:
            self._end = end
            return others
        stamp += len(messages) * STRIDE_NS
        view, buffer, decode = self._view, self._buffer, decode_carefully if self.careful else mqtt5.read
        new, is_copy, max_packet, stride = _new_tuple, self._is_copy, self._max_packet, STRIDE_NS
        # Per packet 0.8 us, of which `mqtt5.read` takes 0.3: hence the local names, and no call that can be spared.
        while begin < end:
            try:
                packet, length = decode(view[begin:end])
            except IndexError:  # half a packet; the rest is still on the wire
                break
            except BaseException as error:  # noqa: BLE001  # `mqtt5` panics at invalid text, with no Exception
                problem = explain(error)
                self.careful = self.careful or problem == NOT_UTF_8
                decode = decode_carefully if self.careful else mqtt5.read
                length = self._set_aside(begin, end, delivery, stamp, problem)
                if not length:
                    break
                begin += length
                stamp += stride
                continue
            if type(packet) is not PublishPacket:
                others.append(packet)
                begin += length
                continue
            head, topic = buffer[begin], packet.topic
            if length > max_packet or not topic or head & QOS_2:
                begin += self._set_aside(
                    begin, end, delivery, stamp, "the packet has a topic alias, which nobody allowed"
                )
                stamp += stride
                continue
            begin += length
            packet_id, properties = packet.packet_id or 0, packet.user_properties
            if packet_id:
                take_packet_id(packet_id)
            if is_copy is not None and is_copy(topic, packet.subscription_ids):
                self._status.copies += 1
                continue
            take(
                new(  # a third of the time of Message(...)
                    Message,
                    (
                        topic,
                        packet.payload,
                        stamp,
                        packet_id,
                        head & _DUPLICATE != 0,
                        head & _RETAINED != 0,
                        packet.content_type or "",
                        tuple(properties) if properties else (),
                    ),
                )
            )
            stamp += stride
        delivery.size += begin - start
        self._keep(begin, end)
        return others

    def _frame(self, begin: int, end: int) -> tuple[int, int]:
        """Return how long the packet at `begin` is, and where its body begins.

        Raises:
            IndexError: Not even its length is there yet.
            ProtocolViolation: Its length is malformed, or more than this kind of packet may have.
        """
        try:
            remaining, body = variable_integer(self._view[begin:end], 1)
        except ValueError as error:
            raise ProtocolViolation(f"a packet is malformed: {error}") from error
        length = body + remaining
        if length > ROOM and not self._is_message(begin):
            raise ProtocolViolation(f"a packet of {length} bytes came that is no message, or one at QoS 2")
        return length, begin + body

    def _is_message(self, begin: int) -> bool:
        head = self._buffer[begin]
        return head >> 4 == PUBLISH and not head & QOS_2

    def _set_aside(self, begin: int, end: int, delivery: Delivery, stamp: int, problem: str = "") -> int:
        """Add a message that cannot be read, or may not, to `delivery`; return its length, 0 if it is not whole.

        Raises:
            ProtocolViolation: It is no message, or does not say which.
        """
        try:
            length, body = self._frame(begin, end)
        except IndexError:
            return 0
        if begin + length > end:
            return 0
        if not self._is_message(begin):
            raise ProtocolViolation(f"a packet came that is malformed, or a message at QoS 2: {problem}")
        self._quarantine(
            self._buffer[begin], bytes(self._view[body : begin + length]), length, delivery, stamp, problem
        )
        return length

    def _quarantine(
        self, head: int, body: bytes, length: int, delivery: Delivery, stamp: int, problem: str = ""
    ) -> None:
        if length > self._max_packet:
            self._status.oversized += 1
            problem = f"the packet has {length} bytes, more than max_packet ({self._max_packet})"
        try:
            delivery.add(unreadable(head, body, stamp, problem))
        except IndexError as error:
            raise ProtocolViolation("a message ends before its packet identifier") from error

    def _keep(self, begin: int, end: int) -> None:
        """Move what is left to the start of the buffer, and see how much is missing of the packet it belongs to."""
        rest = end - begin
        if begin and rest:
            self._view[:rest] = self._view[begin:end]
        self._end, self._awaited = rest, 0
        try:
            length, body = self._frame(0, rest)
        except IndexError:
            return
        if length <= self._max_packet or not self._is_message(0):
            self._awaited = length
            return
        kept = bytearray(self._view[body:rest][:KEPT_BODY])
        self._skipped, self._end = _Skipped(self._buffer[0], length, length - rest, kept), 0

    def _skip(self, skipped: _Skipped, end: int, delivery: Delivery, stamp: int) -> int:
        """Pass over more of a packet that is too long, quarantine it at its end; return where what follows begins."""
        taken = min(end, skipped.remaining)
        skipped.remaining -= taken
        skipped.body += self._view[: min(taken, KEPT_BODY - len(skipped.body))]
        if not skipped.remaining:
            self._skipped = None
            delivery.size += len(skipped.body)
            self._quarantine(skipped.head, bytes(skipped.body), skipped.length, delivery, stamp)
        return taken
