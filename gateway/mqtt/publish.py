"""Reads MQTT 5 PUBLISH packets by hand: those that cannot, or must not, go through the fast way.

The fast way (`mqtt5.read`) takes whole packets only, and gives up on a text that is not UTF-8 without saying whose
packet it was. Here a packet may be cut off, and only what is needed to quarantine and to acknowledge it is read.
Layout: MQTT 5.0, section 3.3; properties: section 2.2.2.
"""

from __future__ import annotations

from typing import NamedTuple

import mqtt5

from gateway.interfaces import Unreadable

PUBLISH = 3
"""Type of the packet: the upper half of its first byte; the lower half is DUP, QoS and RETAIN."""

QOS_2 = 0x04
"""Set in the first byte at QoS 2, and at 3, which is none."""

NOT_UTF_8 = "the packet has text that is not UTF-8"

KEPT_PAYLOAD = 65_536
"""Bytes of a payload that are kept for quarantine."""

KEPT_BODY = 3 * 65_536
"""Bytes of a packet to keep: a topic and properties of 64 KiB each, and the payload."""

_QOS = 0x06

_FIXED_PROPERTIES = {0x01: 1, 0x02: 4, 0x23: 2}
_TEXTS = {0x03: 1, 0x08: 1, 0x09: 0, 0x26: 2}
"""Property to the number of UTF-8 strings in it; 0x09, correlation data, is one of bytes."""
_SUBSCRIPTION_IDENTIFIER = 0x0B


class Publish(NamedTuple):
    """The parts of a PUBLISH packet, as bytes. `properties` and `payload` end where the packet was cut off."""

    topic: bytes
    packet_id: int
    properties: bytes
    payload: bytes


def variable_integer(data: bytes | bytearray | memoryview, begin: int) -> tuple[int, int]:
    """Read a variable byte integer (MQTT 5.0, 1.5.5) at `begin`; return it and where it ends.

    Raises:
        IndexError: It is not whole yet.
        ValueError: It is longer than four bytes, or than it need be.
    """
    value = 0
    for number in range(4):
        byte = data[begin + number]
        value |= (byte & 0x7F) << 7 * number
        if not byte & 0x80:
            if number and not byte:
                raise ValueError("a length is written with more bytes than it needs")
            return value, begin + number + 1
    raise ValueError("a length takes more than four bytes")


def dissect(head: int, body: bytes) -> Publish:
    """Take a PUBLISH packet apart, given its first byte and what follows its remaining length.

    Raises:
        IndexError: It ends before the packet identifier does.
    """
    end_of_topic = 2 + (body[0] << 8 | body[1])
    topic, rest = body[2:end_of_topic], end_of_topic
    packet_id = 0
    if head & _QOS:
        packet_id = body[rest] << 8 | body[rest + 1]
        rest += 2
    elif len(topic) < end_of_topic - 2:
        raise IndexError("the topic is longer than the packet")
    try:
        length, rest = variable_integer(body, rest)
    except (IndexError, ValueError):  # no properties to be made out: what is left is evidence all the same
        length = 0
    return Publish(topic, packet_id, body[rest : rest + length], body[rest + length :])


def unreadable(head: int, body: bytes, received_ns: int, reason: str) -> Unreadable:
    """Make of a packet what is kept of it, and what it takes to acknowledge it.

    Raises:
        IndexError: The packet is too short to say whose it is.
    """
    packet = dissect(head, body)
    topic = packet.topic.decode(errors="backslashreplace")
    return Unreadable(topic, packet.payload[:KEPT_PAYLOAD], received_ns, packet.packet_id, reason)


def explain(error: BaseException) -> str:
    """Return why a packet cannot be read.

    Raises:
        BaseException: The error is none of `mqtt5`.
    """
    if type(error).__name__ == "PanicException":
        return NOT_UTF_8
    if isinstance(error, ValueError):
        return f"the packet is malformed: {error}"
    raise error


def decode_carefully(view: memoryview) -> tuple[mqtt5.Packet, int]:
    """Do as `mqtt5.read` does, but refuse a message with text that is not UTF-8 by ValueError."""
    if view[0] >> 4 == PUBLISH:
        remaining, body = variable_integer(view, 1)
        if body + remaining <= len(view) and _has_invalid_text(view[0], bytes(view[body : body + remaining])):
            raise ValueError(NOT_UTF_8)
    return mqtt5.read(view)


def _has_invalid_text(head: int, body: bytes) -> bool:
    """Whether a topic or a property is not UTF-8. A packet that is wrong in another way is none of that."""
    try:
        packet = dissect(head, body)
        packet.topic.decode()
        properties, position = packet.properties, 0
        while position < len(properties):
            kind, position = properties[position], position + 1
            if kind == _SUBSCRIPTION_IDENTIFIER:
                position = variable_integer(properties, position)[1]
                continue
            position += _FIXED_PROPERTIES.get(kind, 0)
            for _ in range(max(1, _TEXTS[kind]) if kind in _TEXTS else 0):
                end = position + 2 + (properties[position] << 8 | properties[position + 1])
                if _TEXTS[kind]:
                    properties[position + 2 : end].decode()
                position = end
    except UnicodeDecodeError:
        return True
    except (IndexError, ValueError):
        return False
    return False
