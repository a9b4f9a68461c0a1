"""A tap on the line between gateway and broker: keeps account of what the gateway acknowledged.

    with MqttTap(broker.port) as tap:
        ...                                      # connect the gateway to tap.port instead of broker.port
        tap.acknowledged                         # {topic: {payload: times}}

A broker that is killed forgets what it kept in memory. Whether the gateway lost something can then be told only from
what it had acknowledged. The tap reads MQTT 5 and 3.1.1 as far as it needs: frames, PUBLISH to the gateway, PUBACK from
it. What the network can do (`proxy.Proxy`) it can do besides.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from weakref import WeakKeyDictionary

from tests.servers.proxy import Direction, End, Link, Proxy

_MQTT_5 = 5
_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5.0, 2.4)."""
_LENGTH_BYTES = 4
"""The most that a remaining length takes (MQTT 5.0, 1.5.5)."""


class Publication(NamedTuple):
    """A message that the broker sent at QoS 1.

    Attributes:
        topic: Where to.
        payload: Its bytes.
        duplicate: The broker says that it sent it before (DUP).
    """

    topic: str
    payload: bytes
    duplicate: bool


class Frames:
    """Cuts one direction of a connection into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the packets that are complete now: first byte, and all that follows the length."""
        data, packets, position = self._rest + data, [], 0
        while (body := _body_at(data, position)) is not None and body.stop <= len(data):
            packets.append((data[position], data[body.start : body.stop]))
            position = body.stop
        self._rest = data[position:]
        return packets


class _Conversation:
    """What was said over one connection."""

    def __init__(self) -> None:
        self.frames = {Direction.TO_SERVER: Frames(), Direction.TO_CLIENT: Frames()}
        self.version = _MQTT_5
        self.unacknowledged: dict[int, Publication] = {}


class MqttTap(Proxy):
    """A proxy that understands MQTT.

    Args:
        target_port: Of the broker, on 127.0.0.1.

    Attributes:
        acknowledged: Messages that the gateway acknowledged, by topic and payload. One that was acknowledged twice,
            because the broker sent it again and said so, is counted once.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.acknowledged: dict[str, Counter[bytes]] = {}
        self._conversations: WeakKeyDictionary[Link, _Conversation] = WeakKeyDictionary()
        self._last_under: dict[int, Publication] = {}
        """By packet identifier: what was acknowledged last under it."""

    async def _forward(self, link: Link, sink: End, data: bytes, direction: Direction) -> None:
        # Before it is passed on: an acknowledgement has been given when it leaves the gateway.
        conversation = self._conversations.setdefault(link, _Conversation())
        for first, body in conversation.frames[direction].feed(data):
            match first >> 4:  # the type of the packet: CONNECT, PUBLISH, PUBACK (MQTT 5.0, 2.1.2)
                case 1 if direction is Direction.TO_SERVER:
                    conversation.version = _protocol_level(body)
                case 3 if direction is Direction.TO_CLIENT and first & 0x06:
                    self._published(conversation, first, body)
                case 4 if direction is Direction.TO_SERVER:
                    self._acknowledged(conversation, body)
        await super()._forward(link, sink, data, direction)

    def _published(self, conversation: _Conversation, first: int, body: bytes) -> None:
        packet_id, publication = _publication(first, body, conversation.version)
        conversation.unacknowledged[packet_id] = publication

    def _acknowledged(self, conversation: _Conversation, body: bytes) -> None:
        packet_id = int.from_bytes(body[:2], "big")
        publication = conversation.unacknowledged.pop(packet_id, None)
        refused = len(body) > 2 and body[2] >= _FAILURE  # the reason code follows the identifier
        if publication is None or refused:
            return
        before = self._last_under.get(packet_id)
        self._last_under[packet_id] = publication
        if publication.duplicate and before is not None and before[:2] == publication[:2]:
            return
        self.acknowledged.setdefault(publication.topic, Counter())[publication.payload] += 1


def _body_at(data: bytes, position: int) -> range | None:
    """Return where the body of the packet at this position lies; None if its length is not there yet."""
    length = shift = 0
    for place in range(position + 1, min(position + 1 + _LENGTH_BYTES, len(data))):
        length |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:  # no more bytes follow (MQTT 5.0, 1.5.5)
            return range(place + 1, place + 1 + length)
        shift += 7
    return None


def _protocol_level(connect: bytes) -> int:
    """Return the version that a client asks for: the byte behind the protocol's name (MQTT 5.0, 3.1.2.2)."""
    return connect[2 + int.from_bytes(connect[:2], "big")]


def _publication(first: int, body: bytes, version: int) -> tuple[int, Publication]:
    """Return packet identifier and message of a PUBLISH (MQTT 5.0, 3.3)."""
    end = 2 + int.from_bytes(body[:2], "big")
    packet_id = int.from_bytes(body[end : end + 2], "big")
    start = end + 2
    if version == _MQTT_5:
        # The length of the properties is written as that of a packet, which has one byte before it.
        properties = _body_at(body, start - 1)
        start = start if properties is None else properties.stop
    return packet_id, Publication(body[2:end].decode(), body[start:], bool(first & 0x08))
