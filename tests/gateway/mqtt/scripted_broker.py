"""A broker that says what a test tells it to, byte by byte: what no real one would send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mqtt5

from gateway.mqtt.publish import variable_integer

CONNACK = mqtt5.ConnAckPacket().write()
PINGRESP = b"\xd0\x00"


def publish(topic: bytes, payload: bytes, packet_id: int = 1, head: int = 0x32, properties: bytes = b"") -> bytes:
    """Write a PUBLISH packet of MQTT 5 without looking at what is in it."""
    identifier = packet_id.to_bytes(2, "big") if head & 0x06 else b""
    body = len(topic).to_bytes(2, "big") + topic + identifier + length(len(properties)) + properties + payload
    return bytes([head]) + length(len(body)) + body


def connack(**facts: object) -> bytes:
    """Write a CONNACK of MQTT 5 that says this."""
    return mqtt5.ConnAckPacket(**facts).write()  # type: ignore[arg-type]  # a fact that is none fails the test


def length(value: int) -> bytes:
    """Write a variable byte integer."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


class Peer:
    """One connection, as the broker sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def packet(self) -> bytes:
        """Return the next packet that is no PINGREQ."""
        while True:
            data = await self.reader.readexactly(2)
            while data[-1] & 0x80:
                data += await self.reader.readexactly(1)
            data += await self.reader.readexactly(variable_integer(data, 1)[0])
            if data[0] != 0xC0:
                return data

    def write(self, data: bytes) -> None:
        """Send bytes, whatever they are."""
        self.writer.write(data)

    async def accept(self, connack: bytes = CONNACK, subscriptions: int = 1, code: int = 1) -> None:
        """Do the handshake of MQTT 5."""
        assert (await self.packet())[0] == 0x10
        self.write(connack)
        for _ in range(subscriptions):
            packet = await self.packet()
            assert packet[0] == 0x82
            self.write(b"\x90\x04" + packet[2:4] + b"\x00" + bytes([code]))

    async def closed(self) -> None:
        """Read until the other side has closed the connection."""
        while await self.reader.read(65_536):
            pass


class ScriptedBroker:
    """Listens; a test takes the connections one by one and plays the broker on each."""

    def __init__(self) -> None:
        self.port = 0
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()

    @property
    def url(self) -> str:
        """As a source's `url` names it."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def peer(self) -> Peer:
        """Return the next connection."""
        async with asyncio.timeout(30):
            return await self._peers.get()


@asynccontextmanager
async def scripted_broker() -> AsyncIterator[ScriptedBroker]:
    """Listen on a free port of 127.0.0.1 until the block ends."""
    broker = ScriptedBroker()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await broker._peers.put(Peer(reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()
