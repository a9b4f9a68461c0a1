"""A tap on the line between a client and a broker: every packet that passes, and what those of the client say.

    with MqttWire(broker.port) as wire:
        ...                                      # connect the client to wire.port instead of broker.port
        wire.conversations[0]                    # the packets of the first connection, in order

Reads MQTT 5 and 3.1.1 as far as tests ask: CONNECT with its Will, SUBSCRIBE, PUBLISH. Written from the specifications,
so that it shares no mistake with the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple
from weakref import WeakKeyDictionary

from tests.servers.mqtt_tap import Frames
from tests.servers.proxy import Direction, End, Link, Proxy

_MQTT_5 = 5
_SESSION_EXPIRY_INTERVAL = 0x11


class Kind(IntEnum):
    """The types of packets (MQTT 5.0, 2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Publish(NamedTuple):
    """A PUBLISH of the client, or the Will in its CONNECT."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Connect(NamedTuple):
    """A CONNECT.

    Attributes:
        level: 5 or 4 (which is MQTT 3.1.1).
        clean: Clean start or clean session.
        session_expiry: Seconds; None if it is not told, or cannot be.
        will: What the broker publishes when the client is gone.
    """

    level: int
    clean: bool
    session_expiry: int | None
    client_id: str
    will: Publish | None


class Packet(NamedTuple):
    """A packet as it passed.

    Attributes:
        kind: Its type.
        by_client: Whether the client sent it.
        first: Its first byte.
        body: All that follows the length.
        level: Of the connection.
    """

    kind: Kind
    by_client: bool
    first: int
    body: bytes
    level: int

    def connect(self) -> Connect:
        """Read a CONNECT (MQTT 5.0, 3.1)."""
        reader = _Reader(self.body)
        assert reader.text() == "MQTT"
        level, flags = reader.byte(), reader.byte()
        reader.number(2)  # keep alive
        expiry = None
        if level == _MQTT_5:
            properties = _Reader(reader.take(reader.length()))
            if properties.rest()[:1] == bytes([_SESSION_EXPIRY_INTERVAL]):
                expiry = int.from_bytes(properties.rest()[1:5], "big")
            else:
                assert _SESSION_EXPIRY_INTERVAL not in properties.rest()[:1]
        client_id, will = reader.text(), None
        if flags & 0x04:
            if level == _MQTT_5:
                reader.take(reader.length())
            will = Publish(reader.text(), reader.take(reader.number(2)), flags >> 3 & 3, bool(flags & 0x20))
        return Connect(level, bool(flags & 0x02), expiry, client_id, will)

    def publish(self) -> Publish:
        """Read a PUBLISH (MQTT 5.0, 3.3)."""
        reader, qos = _Reader(self.body), self.first >> 1 & 3
        topic = reader.text()
        if qos:
            reader.number(2)
        if self.level == _MQTT_5:
            reader.take(reader.length())
        return Publish(topic, reader.rest(), qos, bool(self.first & 1))

    def subscribe(self) -> Sequence[tuple[str, int]]:
        """Read the topic filters of a SUBSCRIBE, each with its QoS (MQTT 5.0, 3.8)."""
        reader = _Reader(self.body)
        reader.number(2)
        if self.level == _MQTT_5:
            reader.take(reader.length())
        asked = []
        while reader.rest():
            asked.append((reader.text(), reader.byte() & 3))
        return asked


class _Reader:
    """Reads a packet from its beginning (MQTT 5.0, 1.5)."""

    def __init__(self, body: bytes) -> None:
        self._body, self._position = body, 0

    def take(self, size: int) -> bytes:
        taken = self._body[self._position : self._position + size]
        assert len(taken) == size, "the packet is cut off"
        self._position += size
        return taken

    def rest(self) -> bytes:
        return self._body[self._position :]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def byte(self) -> int:
        return self.number(1)

    def text(self) -> str:
        return self.take(self.number(2)).decode()

    def length(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7


class MqttWire(Proxy):
    """A proxy that keeps every packet.

    Attributes:
        conversations: The packets of each connection, in the order in which they passed.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.conversations: list[list[Packet]] = []
        self._links_heard: WeakKeyDictionary[Link, tuple[dict[Direction, Frames], list[Packet]]] = WeakKeyDictionary()

    async def _forward(self, link: Link, sink: End, data: bytes, direction: Direction) -> None:
        if link not in self._links_heard:
            frames = {Direction.TO_SERVER: Frames(), Direction.TO_CLIENT: Frames()}
            self._links_heard[link] = (frames, [])
            self.conversations.append(self._links_heard[link][1])
        frames, packets = self._links_heard[link]
        for first, body in frames[direction].feed(data):
            level = packets[0].level if packets else body[2 + int.from_bytes(body[:2], "big")]
            packets.append(Packet(Kind(first >> 4), direction is Direction.TO_SERVER, first, body, level))
        await super()._forward(link, sink, data, direction)

    def published(self) -> Sequence[Publish]:
        """Return what the client has published over all connections."""
        return [packet.publish() for packets in list(self.conversations) for packet in list(packets) if said(packet)]


def said(packet: Packet) -> bool:
    """Whether it is a PUBLISH of the client."""
    return packet.by_client and packet.kind is Kind.PUBLISH
